//! Signatures of messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// HMAC-SHA256 (RFC 2104); keys of any length.
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text);
            mac.finalize().into_bytes().into()
        }
        // HMAC takes keys of every length.
        Err(_) => [0; 32],
    }
}

/// `v1=` and the hex digits over `<seconds>.<id>.<body>`: the time and the id are signed with the
/// body, so that none of the three can be put to another.
pub fn webhook_signature(secret: &str, seconds: i64, id: &str, body: &[u8]) -> String {
    let mut text = format!("{seconds}.{id}.").into_bytes();
    text.extend_from_slice(body);
    let digits = hmac_sha256(secret.as_bytes(), &text);
    digits.iter().fold(String::from("v1="), |hex, byte| hex + &format!("{byte:02x}"))
}

/// DingTalk: HMAC over `<milliseconds>\n<secret>` with the secret as key, in base64.
pub(super) fn dingtalk(secret: &str, millis: i64) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), format!("{millis}\n{secret}").as_bytes()))
}

/// Feishu: `<seconds>\n<secret>` is the key, and nothing is signed, in base64.
pub(super) fn feishu(secret: &str, seconds: i64) -> String {
    STANDARD.encode(hmac_sha256(format!("{seconds}\n{secret}").as_bytes(), b""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hex;

    #[test]
    fn the_vectors_of_rfc_4231_hold() {
        let first = hmac_sha256(&[0x0b; 20], b"Hi There");
        assert_eq!(hex(&first), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        let second = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&second), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    // Computed with the Python samples that the makers of both robots publish.
    #[test]
    fn robots_are_signed_as_their_makers_say() {
        let ding = dingtalk("this is secret", 1_577_262_236_757);
        assert_eq!(ding, "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=");
        assert_eq!(feishu("demo", 1_599_360_473), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
    }

    #[test]
    fn a_webhook_signs_time_id_and_body() {
        let signed = webhook_signature("s3cret", 1_772_413_200, "abc", b"{\"a\":1}");
        assert_eq!(signed, "v1=577b1bdcd8d65d18dc8ff60d8311ac92f4b224115a39c010ec857b73d89dbde3");
        assert_ne!(signed, webhook_signature("s3cret", 1_772_413_201, "abc", b"{\"a\":1}"));
    }
}
