//! RTCP for two parties (RFC 3550 section 6) over `rtcp-types`: reports, their timing, and
//! what the peer's reports say about us.

mod mos;
mod report;
mod session;

pub use mos::mos;
pub use report::{MAX_REPORT, PeerReport, RtcpError, parse};
pub use session::RtcpSession;

#[cfg(test)]
mod tests;
