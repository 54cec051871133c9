//! SDES: SRTP keys in `a=crypto` lines (RFC 4568).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::Rng;
use crate::media::{SrtpKeys, SrtpProfile};
use crate::sip::sdp::MediaLine;

/// The profiles that are offered, the stronger first.
pub(super) const PROFILES: [SrtpProfile; 2] = [SrtpProfile::Aes128CmSha1_80, SrtpProfile::Aes128CmSha1_32];

/// One usable crypto line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Crypto {
    /// Names the line; the answer repeats it.
    pub(super) tag: u32,
    /// The writer's sending keys.
    pub(super) keys: SrtpKeys,
}

impl Crypto {
    /// Fresh keys under a tag.
    pub(super) fn draw(tag: u32, profile: SrtpProfile, rng: &mut Rng) -> Self {
        let mut bytes = [0; 32];
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&rng.next_u64().to_le_bytes());
        }
        let mut keys = SrtpKeys { profile, ..SrtpKeys::default() };
        keys.key.copy_from_slice(&bytes[..16]);
        keys.salt.copy_from_slice(&bytes[16..30]);
        Crypto { tag, keys }
    }

    /// The value of the attribute.
    pub(super) fn value(&self) -> String {
        let inline = STANDARD.encode([self.keys.key.as_slice(), self.keys.salt.as_slice()].concat());
        format!("{} {} inline:{inline}", self.tag, self.keys.profile.sdes_name())
    }

    /// Reads a value; None where the suite is unknown or the line asks for what we cannot:
    /// several keys, an MKI in each packet, a key derivation rate, no encryption.
    fn parse(value: &str) -> Option<Crypto> {
        let mut fields = value.split_ascii_whitespace();
        let tag = fields.next()?.parse().ok()?;
        let profile = SrtpProfile::from_sdes_name(fields.next()?)?;
        let inline = fields.next()?.strip_prefix("inline:")?;
        // The window size hint binds nobody; every other session parameter changes packets.
        if inline.contains(';') || !fields.all(|parameter| parameter.starts_with("WSH=")) {
            return None;
        }
        let mut parts = inline.split('|');
        let bytes = STANDARD.decode(parts.next()?).ok()?;
        if parts.any(|part| part.contains(':')) || bytes.len() != 30 {
            return None;
        }
        let mut keys = SrtpKeys { profile, ..SrtpKeys::default() };
        keys.key.copy_from_slice(&bytes[..16]);
        keys.salt.copy_from_slice(&bytes[16..]);
        Some(Crypto { tag, keys })
    }

    /// The usable crypto lines of a media line, in the order of preference.
    pub(super) fn of(line: &MediaLine) -> Vec<Crypto> {
        line.attributes("crypto").filter_map(Crypto::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crypto_lines_are_used_only_where_they_ask_for_nothing_else() {
        // The key of RFC 4568 section 6.1's first example.
        const KEY: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        for (value, expect) in [
            (format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}|2^20"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_32 {KEY}|1048576 WSH=64"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}|2^20|1:4"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {KEY} UNENCRYPTED_SRTP"), false),
            (format!("1 F8_128_HMAC_SHA1_80 {KEY}"), false),
            (format!("x AES_CM_128_HMAC_SHA1_80 {KEY}"), false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:AAAA".to_owned(), false),
            ("1 AES_CM_128_HMAC_SHA1_80".to_owned(), false),
        ] {
            assert_eq!(Crypto::parse(&value).is_some(), expect, "{value}");
        }
        let drawn = Crypto::draw(7, SrtpProfile::Aes128CmSha1_32, &mut Rng::seeded(1));
        assert_eq!(Crypto::parse(&drawn.value()), Some(drawn));
    }
}
