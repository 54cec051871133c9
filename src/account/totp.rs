//! One-time codes by time (RFC 6238 over HMAC-SHA-1, six digits, as authenticator apps have them).

use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::base::Timestamp;

/// Seconds of one code.
pub const STEP_SECONDS: i64 = 30;
/// Bytes of a secret: the length of the hash (RFC 4226, R6).
pub const SECRET_BYTES: usize = 20;
const DIGITS: u32 = 6;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a step, with so many digits (RFC 4226, 5.3).
fn code(secret: &[u8], step: u64, digits: u32) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 15);
    let four: [u8; 4] = hash[offset..offset + 4].try_into().expect("offset is at most 15 of 20");
    (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 10_u32.pow(digits)
}

fn step_of(now: Timestamp) -> i64 {
    now.0.div_euclid(STEP_SECONDS * 1_000)
}

/// The code at `now`, as an app shows it.
pub fn code_at(secret: &[u8], now: Timestamp) -> String {
    format!("{:06}", code(secret, step_of(now).unsigned_abs(), DIGITS))
}

/// The step whose code `text` is, if that is the present one or one of its neighbours (clocks
/// differ) and lies after `used`, so that no code works twice.
pub fn accepted(secret: &[u8], text: &str, now: Timestamp, used: i64) -> Option<i64> {
    let typed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let here = step_of(now);
    (here - 1..=here + 1)
        .filter(|step| *step > used)
        .find(|step| format!("{:06}", code(secret, step.unsigned_abs(), DIGITS)) == typed)
}

/// Base 32 (RFC 4648) without padding, as apps take secrets.
pub fn base32(bytes: &[u8]) -> String {
    let bit = |place: usize| bytes.get(place / 8).map_or(0, |byte| byte >> (7 - place % 8) & 1);
    let letter = |at: usize| ALPHABET[(0..5).fold(0, |sum, i| sum << 1 | usize::from(bit(at * 5 + i)))];
    (0..(bytes.len() * 8).div_ceil(5)).map(|at| char::from(letter(at))).collect()
}

/// The bytes of such a text; None: it is none.
pub fn secret_of(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for c in text.bytes() {
        let value = ALPHABET.iter().position(|a| *a == c.to_ascii_uppercase())?;
        bits = bits << 5 | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

/// What a QR code of an app holds (Key Uri Format). `secret` is base 32.
pub fn otpauth(name: &str, secret: &str) -> String {
    let name = form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    format!("otpauth://totp/ringback:{name}?secret={secret}&issuer=ringback")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of RFC 6238, appendix B, for SHA-1.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        for (seconds, expect) in [
            (59_i64, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let step = (seconds / STEP_SECONDS).unsigned_abs();
            assert_eq!(code(b"12345678901234567890", step, 8), expect, "{seconds}");
        }
        assert_eq!(code_at(b"12345678901234567890", Timestamp(59_000)), "287082");
    }

    #[test]
    fn a_code_holds_for_its_neighbours_and_works_once() {
        let secret = b"12345678901234567890";
        let now = Timestamp(1_111_111_111_000);
        let code = code_at(secret, now);
        let step = accepted(secret, &code, now, 0).expect("the present code");
        assert_eq!(accepted(secret, &format!(" {} {}", &code[..3], &code[3..]), now, 0), Some(step));
        assert_eq!(accepted(secret, &code, now, step), None, "used");
        let later = |seconds: i64| Timestamp(now.0 + seconds * 1_000);
        assert_eq!(accepted(secret, &code, later(STEP_SECONDS), 0), Some(step), "a slow clock");
        assert_eq!(accepted(secret, &code, later(-STEP_SECONDS), 0), Some(step), "a fast clock");
        assert_eq!(accepted(secret, &code, later(2 * STEP_SECONDS), 0), None);
        assert_eq!(accepted(secret, "", now, 0), None);
    }

    /// RFC 4648, section 10.
    #[test]
    fn secrets_are_written_in_base_32() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(secret_of(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(secret_of("MZ!"), None);
        assert_eq!(otpauth("li wei", "MY"), "otpauth://totp/ringback:li%20wei?secret=MY&issuer=ringback");
    }
}
