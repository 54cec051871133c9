//! The SIP trace of one call: each message as it crossed the wire, kept with the call.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// One message of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TraceItem {
    /// When it was sent or received.
    #[schema(value_type = i64)]
    pub at: Timestamp,
    /// True where we sent it.
    pub sent: bool,
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    /// Address and port of the other side.
    pub peer: String,
    /// The whole message; credentials are masked.
    pub text: String,
}
