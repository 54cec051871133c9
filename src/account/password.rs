//! Passwords: what is too weak, and how they are kept (argon2id, RFC 9106).

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// Fewest characters. Length is what counts (NIST SP 800-63B, 3.1.1.2), so nothing is asked about
/// kinds of characters.
pub const SHORTEST: usize = 10;
/// Most characters: bounds the work of one try.
pub const LONGEST: usize = 200;
/// Memory of one hash in KiB, passes and lanes: the first recommendation of OWASP for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Fewer than [`SHORTEST`] characters.
    Short,
    /// More than [`LONGEST`] characters.
    Long,
    /// It holds the name of the account.
    Name,
    /// Fewer than five different characters.
    Few,
}

impl Weak {
    /// The stable word, for texts in the reader's language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Weak::Short => "short",
            Weak::Long => "long",
            Weak::Name => "name",
            Weak::Few => "few",
        }
    }
}

/// Whether a password may be that of the account `name`.
///
/// # Errors
/// What is wrong with it.
pub fn check(password: &str, name: &str) -> Result<(), Weak> {
    let count = password.chars().count();
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    let (low, name) = (password.to_lowercase(), name.to_lowercase());
    match () {
        () if count < SHORTEST => Err(Weak::Short),
        () if count > LONGEST => Err(Weak::Long),
        () if name.chars().count() >= 3 && low.contains(&name) => Err(Weak::Name),
        () if different.len() < 5 => Err(Weak::Few),
        () => Ok(()),
    }
}

/// The hash of a password with that salt, as a PHC string. Takes some 30 ms.
///
/// # Errors
/// None with a salt of 16 bytes; the text is for the log.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, String> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| e.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password.as_bytes(), salt).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}

/// Whether `password` is that of the PHC string; the parameters are those of the string.
pub fn verify(password: &str, phc: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), phc).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_weak_is_named() {
        let check = |password: &str, expect: Result<(), Weak>| {
            assert_eq!(super::check(password, "LiWei"), expect, "{password}");
        };
        check("short", Err(Weak::Short));
        check("好好学习天天向上啊", Err(Weak::Short));
        check("好好学习天天向上，每一天", Ok(()));
        check(&"ab".repeat(101), Err(Weak::Long));
        check("my-liwei-pass", Err(Weak::Name));
        check("aaaaaaaaaaaa", Err(Weak::Few));
        check("correct horse battery", Ok(()));
    }

    #[test]
    fn a_password_opens_its_own_hash_and_no_other() {
        let phc = hash("correct horse battery", &[7; 16]).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify("correct horse battery", &phc));
        assert!(!verify("correct horse batterx", &phc));
        assert!(!verify("correct horse battery", "not a hash"));
        assert_ne!(phc, hash("correct horse battery", &[8; 16]).unwrap(), "the salt counts");
    }
}
