//! SRTP master keys as SDES carries them (RFC 4568 section 6.1, RFC 3711 section 8.2).

use std::fmt;

/// The protection profiles of RFC 4568 section 6.2 that are spoken: AES in counter mode
/// with a 128-bit key, HMAC-SHA1 with a tag of 80 or 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SrtpProfile {
    /// `AES_CM_128_HMAC_SHA1_80`: 10-byte tags, the one everybody must know.
    #[default]
    Aes128CmSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: 4-byte tags on RTP; RTCP keeps 10 bytes (RFC 4568 section 6.2.2).
    Aes128CmSha1_32,
}

impl SrtpProfile {
    /// The name in an SDES `a=crypto` line.
    pub const fn sdes_name(self) -> &'static str {
        match self {
            SrtpProfile::Aes128CmSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            SrtpProfile::Aes128CmSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// The profile of an SDES name; None where it is one we do not speak.
    pub fn from_sdes_name(name: &str) -> Option<Self> {
        [SrtpProfile::Aes128CmSha1_80, SrtpProfile::Aes128CmSha1_32]
            .into_iter()
            .find(|profile| profile.sdes_name().eq_ignore_ascii_case(name))
    }
}

/// One direction's master key and salt. `Debug` shows neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SrtpKeys {
    /// What is protected how.
    pub profile: SrtpProfile,
    /// Master key, 128 bits.
    pub key: [u8; 16],
    /// Master salt, 112 bits.
    pub salt: [u8; 14],
}

impl fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKeys").field("profile", &self.profile).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_keys_stay_out_of_logs() {
        for profile in [SrtpProfile::Aes128CmSha1_80, SrtpProfile::Aes128CmSha1_32] {
            assert_eq!(SrtpProfile::from_sdes_name(profile.sdes_name()), Some(profile));
        }
        assert_eq!(SrtpProfile::from_sdes_name("AEAD_AES_256_GCM"), None);
        let keys = SrtpKeys { profile: SrtpProfile::default(), key: [0xAB; 16], salt: [0xCD; 14] };
        assert_eq!(format!("{keys:?}"), "SrtpKeys { profile: Aes128CmSha1_80, .. }");
    }
}
