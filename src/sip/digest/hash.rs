//! The arithmetic of RFC 7616 section 3.4 and RFC 8760.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::base::hex;

/// The algorithms that are spoken, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5, what RFC 3261 made mandatory.
    Md5,
    /// MD5 over a session key.
    Md5Sess,
    /// SHA-256.
    Sha256,
    /// SHA-256 over a session key.
    Sha256Sess,
}

impl Algorithm {
    /// The name on the wire (RFC 7616 section 6.1).
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Md5Sess => "MD5-sess",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha256Sess => "SHA-256-sess",
        }
    }

    /// The algorithm of a name; `SHA256` is what older peers write.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "md5" => Some(Algorithm::Md5),
            "md5sess" => Some(Algorithm::Md5Sess),
            "sha256" => Some(Algorithm::Sha256),
            "sha256sess" => Some(Algorithm::Sha256Sess),
            _ => None,
        }
    }

    const fn is_session(self) -> bool {
        matches!(self, Algorithm::Md5Sess | Algorithm::Sha256Sess)
    }

    /// H(text) in lower-case hexadecimal.
    pub(super) fn hash(self, text: &str) -> String {
        match self {
            Algorithm::Md5 | Algorithm::Md5Sess => hex(&Md5::digest(text)),
            Algorithm::Sha256 | Algorithm::Sha256Sess => hex(&Sha256::digest(text)),
        }
    }

    /// H(user:realm:password): what a store may keep in the password's stead.
    pub fn secret(self, user: &str, realm: &str, password: &str) -> String {
        self.hash(&format!("{user}:{realm}:{password}"))
    }
}

/// Everything that goes into a response.
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    /// H(user:realm:password).
    pub(super) secret: &'a str,
    pub(super) nonce: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    /// qop=auth: the count as eight hexadecimal digits, and the client's nonce. None is
    /// the response of RFC 2069, which has neither.
    pub(super) counted: Option<(&'a str, &'a str)>,
    /// The client's nonce for `-sess`, also where there is no qop.
    pub(super) cnonce: &'a str,
}

impl Proof<'_> {
    /// The response value.
    pub(super) fn response(&self) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let a1 = if self.algorithm.is_session() {
            hash(&format!("{}:{}:{}", self.secret, self.nonce, self.cnonce))
        } else {
            self.secret.to_owned()
        };
        let a2 = hash(&format!("{}:{}", self.method, self.uri));
        match self.counted {
            Some((count, cnonce)) => hash(&format!("{a1}:{}:{count}:{cnonce}:auth:{a2}", self.nonce)),
            None => hash(&format!("{a1}:{}:{a2}", self.nonce)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 section 3.9.1 and RFC 2617 section 3.5.
    #[test]
    fn the_vectors_of_the_rfcs_come_out() {
        fn check(algorithm: Algorithm, password: &str, realm: &str, nonce: &str, cnonce: &str, expect: &str) {
            let secret = algorithm.secret("Mufasa", realm, password);
            let proof = Proof {
                algorithm,
                secret: &secret,
                nonce,
                method: "GET",
                uri: "/dir/index.html",
                counted: Some(("00000001", cnonce)),
                cnonce,
            };
            assert_eq!(proof.response(), expect, "{algorithm:?}");
        }
        const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        const SHA: &str = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        check(
            Algorithm::Md5,
            "Circle of Life",
            "http-auth@example.org",
            NONCE,
            CNONCE,
            "8ca523f5e9506fed4657c9700eebdbec",
        );
        check(Algorithm::Sha256, "Circle of Life", "http-auth@example.org", NONCE, CNONCE, SHA);
        check(
            Algorithm::Md5,
            "Circle Of Life",
            "testrealm@host.com",
            "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
        );
    }

    #[test]
    fn names_are_read_in_their_old_spellings() {
        for (name, expect) in [
            ("md5", Some(Algorithm::Md5)),
            ("SHA-256", Some(Algorithm::Sha256)),
            ("SHA256", Some(Algorithm::Sha256)),
            ("MD5-sess", Some(Algorithm::Md5Sess)),
            ("sha-256-SESS", Some(Algorithm::Sha256Sess)),
            ("SHA-512-256", None),
        ] {
            assert_eq!(Algorithm::from_name(name), expect, "{name}");
        }
    }
}
