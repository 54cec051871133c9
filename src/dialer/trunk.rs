//! Choice of trunk: group, priority, weight, limits, health, failover.

use std::sync::Arc;
use std::time::Duration;

use crate::base::NumberFormat;

/// What the choice of a trunk stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkSettings {
    /// Unique name.
    pub name: Arc<str>,
    /// Group it belongs to; campaigns name groups.
    pub group: String,
    /// Lower is tried first (as in RFC 2782).
    pub priority: u16,
    /// Share among trunks of equal priority; 0 only when no other is left.
    pub weight: u16,
    /// Calls at once, both directions; 0 means no limit.
    pub max_calls: u32,
    /// New outbound calls a second; 0 means no limit.
    pub max_cps: f64,
    /// Whether it must have answered OPTIONS or REGISTER before it is dialled.
    pub health_check: bool,
    /// How it wants numbers.
    pub number_format: NumberFormat,
}

/// What the health check of a trunk says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not asked yet, or no answer yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not, and why.
    Down(String),
}

/// Why a way failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFailure {
    /// A final response that speaks of the trunk: 5xx, 408 and the like.
    Status {
        /// 300-699.
        status: u16,
        /// Its Retry-After.
        retry_after: Option<Duration>,
    },
    /// No response (timer B).
    Timeout,
    /// No connection, no address.
    Unreachable,
}
