//! Reading and writing the fields: `Digest name=value, name="value"`.

use super::Algorithm;
use crate::sip::header::{is_token, quote, read_quoted, split_list};

/// A challenge: one WWW-Authenticate or Proxy-Authenticate line (RFC 7616 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose password is asked for.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// To be given back as it came.
    pub opaque: Option<String>,
    /// The password was right, the nonce was old.
    pub stale: bool,
    /// MD5 where none is named (RFC 2617).
    pub algorithm: Algorithm,
    /// True where qop=auth is offered; false for the scheme of RFC 2069.
    pub qop_auth: bool,
}

impl Challenge {
    /// Reads a line; None where the scheme, the algorithm or every qop is unknown, or realm
    /// or nonce is missing.
    pub fn parse(line: &str) -> Option<Challenge> {
        let fields = Fields::parse(line)?;
        let qop = fields.get("qop");
        let qop_auth = qop.is_some_and(|list| list.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some_and(|list| !list.trim().is_empty()) && !qop_auth {
            return None;
        }
        Some(Challenge {
            realm: fields.get("realm")?.to_owned(),
            nonce: fields.get("nonce")?.to_owned(),
            opaque: fields.get("opaque").map(str::to_owned),
            stale: fields.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            algorithm: Algorithm::from_name(fields.get("algorithm").unwrap_or("MD5"))?,
            qop_auth,
        })
    }
}

/// The line as it is sent.
impl std::fmt::Display for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest realm={}, nonce={}", quote(&self.realm), quote(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        write!(f, ", algorithm={}", self.algorithm.as_str())?;
        if self.qop_auth { f.write_str(", qop=\"auth\"") } else { Ok(()) }
    }
}

/// Credentials: one Authorization or Proxy-Authorization line (RFC 7616 section 3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Who.
    pub user: String,
    /// For which realm.
    pub realm: String,
    /// With which nonce of ours.
    pub nonce: String,
    /// The URI the proof is about.
    pub uri: String,
    /// The proof, hexadecimal.
    pub response: String,
    /// The algorithm, MD5 where none is named.
    pub algorithm: Algorithm,
    /// With qop=auth: count and the client's nonce.
    pub counted: Option<(u32, String)>,
    /// Given back as it went.
    pub opaque: Option<String>,
}

impl Response {
    /// Reads a line; None where anything needed is missing or unknown.
    pub fn parse(line: &str) -> Option<Response> {
        let fields = Fields::parse(line)?;
        let counted = match fields.get("qop") {
            Some(qop) if qop.eq_ignore_ascii_case("auth") => {
                let count = fields.get("nc").filter(|nc| nc.len() == 8)?;
                Some((u32::from_str_radix(count, 16).ok()?, fields.get("cnonce")?.to_owned()))
            }
            Some(_) => return None,
            None => None,
        };
        Some(Response {
            user: fields.get("username")?.to_owned(),
            realm: fields.get("realm")?.to_owned(),
            nonce: fields.get("nonce")?.to_owned(),
            uri: fields.get("uri")?.to_owned(),
            response: fields.get("response")?.to_ascii_lowercase(),
            algorithm: Algorithm::from_name(fields.get("algorithm").unwrap_or("MD5"))?,
            counted,
            opaque: fields.get("opaque").map(str::to_owned),
        })
    }
}

/// The line as it is sent: quotes as RFC 7616 section 3.4 prescribes for each field.
impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest username={}, realm={}", quote(&self.user), quote(&self.realm))?;
        write!(f, ", nonce={}, uri={}", quote(&self.nonce), quote(&self.uri))?;
        write!(f, ", response=\"{}\", algorithm={}", self.response, self.algorithm.as_str())?;
        if let Some((count, cnonce)) = &self.counted {
            write!(f, ", qop=auth, nc={count:08x}, cnonce={}", quote(cnonce))?;
        }
        match &self.opaque {
            Some(opaque) => write!(f, ", opaque={}", quote(opaque)),
            None => Ok(()),
        }
    }
}

/// Names and values without quotes, in order.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(line: &str) -> Option<Fields> {
        let (scheme, rest) = line.trim().split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        split_list(rest)
            .map(|item| {
                let (name, value) = item.split_once('=')?;
                let (name, value) = (name.trim(), value.trim());
                let value = if value.starts_with('"') { read_quoted(value)?.0 } else { value.to_owned() };
                is_token(name).then(|| (name.to_owned(), value))
            })
            .collect::<Option<Vec<_>>>()
            .map(Fields)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_in_all_their_spellings() {
        fn check(line: &str, expect: Option<(Algorithm, bool, bool)>) {
            let read = Challenge::parse(line).map(|c| (c.algorithm, c.qop_auth, c.stale));
            assert_eq!(read, expect, "{line}");
        }
        check(r#"Digest realm="a", nonce="n""#, Some((Algorithm::Md5, false, false)));
        check(
            r#"Digest realm="a",nonce="n",qop="auth,auth-int",algorithm=SHA-256"#,
            Some((Algorithm::Sha256, true, false)),
        );
        check(
            r#"digest  Realm = "a, b" , NONCE = "n" , qop = auth , stale = TRUE"#,
            Some((Algorithm::Md5, true, true)),
        );
        check(r#"Digest realm="a", nonce="n", qop="auth-int""#, None);
        check(r#"Digest realm="a", nonce="n", algorithm=SHA-512"#, None);
        check(r#"Digest realm="a""#, None);
        check(r#"Basic realm="a""#, None);
        check("NoOneKnowsThisScheme opaque-data=here", None);
    }

    #[test]
    fn lines_read_as_they_were_written() {
        let challenge = Challenge {
            realm: r#"a "quoted" realm"#.to_owned(),
            nonce: "n,1".to_owned(),
            opaque: Some("o".to_owned()),
            stale: true,
            algorithm: Algorithm::Sha256Sess,
            qop_auth: true,
        };
        assert_eq!(Challenge::parse(&challenge.to_string()), Some(challenge));
        let response = Response {
            user: "1001".to_owned(),
            realm: "r".to_owned(),
            nonce: "n".to_owned(),
            uri: "sip:a,b@c".to_owned(),
            response: "00ff".to_owned(),
            algorithm: Algorithm::Md5,
            counted: Some((10, "c".to_owned())),
            opaque: None,
        };
        let line = response.to_string();
        assert!(line.contains("nc=0000000a, "), "{line}");
        assert_eq!(Response::parse(&line), Some(response));
    }
}
