//! What is known of a user's password: never the password itself.

use crate::sip::digest::Algorithm;

/// H(user:realm:password) of each algorithm that a phone may answer with (RFC 8760).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    md5: Option<String>,
    sha256: Option<String>,
}

/// A file of HA1 values cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no HA1: write `MD5:` and 32 or `SHA-256:` and 64 hexadecimal digits")]
pub struct BadHa1 {
    /// From 1.
    pub line: usize,
}

impl Secrets {
    /// Of a password, for every algorithm.
    pub fn of_password(user: &str, realm: &str, password: &str) -> Secrets {
        Secrets {
            md5: Some(Algorithm::Md5.secret(user, realm, password)),
            sha256: Some(Algorithm::Sha256.secret(user, realm, password)),
        }
    }

    /// Reads lines such as `SHA-256:0f...`; the name may be left out, for the length tells
    /// the algorithm. Empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// The first line that is no HA1, or line 1 where there is none.
    pub fn read(text: &str) -> Result<Secrets, BadHa1> {
        let mut secrets = Secrets::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = BadHa1 { line: index + 1 };
            let digits = line.rsplit(':').next().unwrap_or_default().trim().to_ascii_lowercase();
            let named = line.split_once(':').map(|(name, _)| Algorithm::from_name(name.trim()));
            let by_length = match digits.len() {
                32 => Some(Algorithm::Md5),
                64 => Some(Algorithm::Sha256),
                _ => None,
            };
            if !digits.bytes().all(|b| b.is_ascii_hexdigit()) || named.is_some_and(|n| n != by_length) {
                return Err(bad);
            }
            match by_length {
                Some(Algorithm::Md5) => secrets.md5 = Some(digits),
                Some(_) => secrets.sha256 = Some(digits),
                None => return Err(bad),
            }
        }
        if secrets == Secrets::default() { Err(BadHa1 { line: 1 }) } else { Ok(secrets) }
    }

    /// The value of an algorithm; None where it is not known.
    pub fn of(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Md5 | Algorithm::Md5Sess => self.md5.as_deref(),
            Algorithm::Sha256 | Algorithm::Sha256Sess => self.sha256.as_deref(),
        }
    }

    /// True where phones of either algorithm can prove who they are.
    pub fn is_complete(&self) -> bool {
        self.md5.is_some() && self.sha256.is_some()
    }
}

/// Without the values: they are as good as the password.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets")
            .field("md5", &self.md5.is_some())
            .field("sha256", &self.sha256.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_ha1_are_read_by_name_or_length_and_others_are_refused() {
        let (short, long) = ("0123456789abcdef0123456789ABCDEF", "0".repeat(64));
        let both = Secrets::read(&format!("# agent\nMD5:{short}\n\nSHA-256: {long}\n")).unwrap();
        assert!(both.is_complete());
        assert_eq!(both.of(Algorithm::Md5Sess), Some(short.to_ascii_lowercase().as_str()));
        assert!(!Secrets::read(short).unwrap().is_complete());
        for (text, line) in [
            ("", 1),
            ("password", 1),
            (&format!("{short}\nSHA-256:{short}"), 2),
            (&format!("SHA-512-256:{long}"), 1),
        ] {
            assert_eq!(Secrets::read(text), Err(BadHa1 { line }), "{text}");
        }
        assert!(!format!("{both:?}").contains("0123"), "{both:?}");
    }
}
