//! SIP without its sockets: RFC 3261, 3262, 3264, 3311, 3263, 4028, 6026, 7616, 8760.

mod destination;
pub mod endpoint;
pub mod session;
mod srtp;
mod trace;

pub use destination::{Destination, Transport, UnknownTransport};
pub use endpoint::{Credentials, Endpoint, Settings};
pub use srtp::Srtp;
pub use trace::TraceItem;
