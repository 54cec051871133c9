//! SIP without its sockets: RFC 3261, 3262, 3264, 3311, 3263, 4028, 6026, 7616, 8760.

mod destination;
pub mod digest;
pub mod endpoint;
pub mod header;
pub mod locate;
pub mod message;
pub mod offer;
pub mod registrar;
pub mod sdp;
pub mod session;
mod srtp;
mod timer;
mod trace;
mod transaction;
pub mod uri;

pub use destination::{Destination, Transport, UnknownTransport};
pub use digest::ClientAuth;
pub use endpoint::{Credentials, Endpoint, Settings};
pub use header::{CSeq, Headers, NameAddr, Params, RAck, Reason, Refresher, SessionExpires, Via};
pub use message::{Message, Method, Request, Response, StreamFramer};
pub use srtp::Srtp;
pub use trace::TraceItem;
pub use uri::{Host, Scheme, Uri};
