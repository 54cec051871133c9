//! Identifiers. A call's id exists before the call: it names the attempt in the store,
//! the recording on disk and the trace, so that none of them is ever matched by guess.

use std::fmt;
use std::str::FromStr;

use super::{Rng, Timestamp};

/// Crockford's base 32: no I, L, O, U, so that a spoken or handwritten id survives.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a [`CallId`] in text: 128 bits in groups of five.
const TEXT_LEN: usize = 26;

/// One call, for ever: 48 bits of milliseconds, then 80 random bits, so ids sort by time.
///
/// Text form: 26 characters of Crockford base 32 (the ULID layout).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(u128);

impl CallId {
    /// A new id for a call that begins at `at`.
    pub fn new(at: Timestamp, rng: &mut Rng) -> Self {
        let millis = u128::from(at.0.max(0).unsigned_abs() & 0xFFFF_FFFF_FFFF);
        let random = (u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())) & ((1 << 80) - 1);
        CallId(millis << 80 | random)
    }

    /// The lowest id of a call that begins at `at` or later: where a list of that time starts.
    pub fn first_of(at: Timestamp) -> Self {
        CallId(u128::from(at.0.max(0).unsigned_abs() & 0xFFFF_FFFF_FFFF) << 80)
    }

    /// When the id was made, by the wall clock of that moment.
    pub fn timestamp(self) -> Timestamp {
        Timestamp(i64::try_from(self.0 >> 80).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; TEXT_LEN];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a call id: 26 characters of 0-9 and A-Z without I, L, O, U are expected")]
pub struct ParseIdError(String);

impl FromStr for CallId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let bad = || ParseIdError(text.chars().take(64).collect());
        if text.len() != TEXT_LEN || text.as_bytes()[0] > b'7' {
            return Err(bad());
        }
        text.bytes()
            .try_fold(0u128, |id, c| {
                let digit = ALPHABET.iter().position(|a| *a == c.to_ascii_uppercase())?;
                Some(id << 5 | digit as u128)
            })
            .map(CallId)
            .ok_or_else(bad)
    }
}

impl serde::Serialize for CallId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for CallId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

row_id! {
    /// A row of `campaigns`.
    CampaignId;
    /// A row of `lists`.
    ListId;
    /// A row of `entries`: one customer to call, in one list.
    EntryId;
    /// A row of `imports`: one file brought in.
    ImportId;
    /// A row of `customers`: one customer of the archive.
    CustomerId;
    /// A row of `events`: something that happened and may call for a callback.
    EventId;
    /// A row of `callbacks`: one callback that is owed.
    CallbackId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_id_round_trips_and_sorts_by_time() {
        let mut rng = Rng::seeded(7);
        let early = CallId::new(Timestamp(1_772_413_200_000), &mut rng);
        let late = CallId::new(Timestamp(1_772_413_200_001), &mut rng);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.timestamp(), Timestamp(1_772_413_200_000));
        assert!("8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<CallId>().is_err(), "beyond 128 bits");
    }
}
