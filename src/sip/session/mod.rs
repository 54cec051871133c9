//! A call as SIP sees it.

mod trace;

pub use trace::{TRACE_BYTES, TRACE_MESSAGES, Trace};
