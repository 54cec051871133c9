//! Digest authentication (RFC 7616, RFC 8760, RFC 2617 where the peer is older).

mod client;

pub use client::{ChallengeError, ClientAuth};
