//! People who log in: what their passwords must be, how they are kept, one-time codes, how long
//! a session lasts, and how long somebody waits who guesses.

mod lockout;
mod password;
mod session;
mod totp;

pub use lockout::{FREE_FAILURES, LONGEST_WAIT, opens_at};
pub use password::{LONGEST, SHORTEST, Weak, check, hash, verify};
pub use session::{ABSOLUTE, IDLE, SEEN_EVERY, is_open};
pub use totp::{SECRET_BYTES, STEP_SECONDS, accepted, base32, code_at, otpauth, secret_of};

/// Whether a text can be the name of an account: 1 to 60 letters, digits and `.-_@`, so that it can
/// be typed, said, and stand in a log.
pub fn is_name(text: &str) -> bool {
    (1..=60).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_typed_and_logged() {
        assert!(is_name("li.wei") && is_name("李伟") && is_name("a@b"));
        for bad in ["", "a b", "a\n", "<x>", &"x".repeat(61)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
