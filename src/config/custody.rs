//! `[custody]`: how the evidence is looked after.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::lower::Lowering;

/// `[custody]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Custody {
    /// From the beginning of one look at all files of the recordings to that of the next: what is
    /// missing, altered or unknown is an alarm. Default 24 h; 1 s to 90 days, 0 for none.
    pub check_every: Span,
    /// Megabytes that such a look reads in a second. Default 8; 1 to 10000.
    pub check_rate_mb: u32,
}

impl Default for Custody {
    fn default() -> Self {
        Custody { check_every: Span::seconds(86_400), check_rate_mb: 8 }
    }
}

/// The same, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodySettings {
    /// From one look to the next; zero: none.
    pub check_every: Duration,
    /// Bytes a second.
    pub check_rate: u64,
}

impl Lowering<'_> {
    pub(super) fn custody(&mut self, raw: &Custody) -> CustodySettings {
        let range = Span::seconds(1)..=Span::seconds(90 * 86_400);
        CustodySettings {
            check_every: self.span("custody.check_every", raw.check_every, range, true),
            check_rate: u64::from(self.number("custody.check_rate_mb", raw.check_rate_mb, 1..=10_000))
                * 1_000_000,
        }
    }
}
