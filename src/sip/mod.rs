//! SIP without its sockets: RFC 3261, 3262, 3264, 3311, 3263, 4028, 6026, 7616, 8760.

mod destination;
pub mod endpoint;
pub mod session;
mod trace;

pub use destination::{Destination, Transport, UnknownTransport};
pub use trace::TraceItem;
