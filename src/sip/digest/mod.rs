//! Digest authentication (RFC 7616, RFC 8760, RFC 2617 where the peer is older).

mod client;
mod fields;
mod hash;
mod server;

pub use client::{ChallengeError, ClientAuth};
pub use fields::{Challenge, Response};
pub use hash::Algorithm;
pub use server::{MAX_NONCES, NONCE_LIFE, ServerAuth, Verdict};

#[cfg(test)]
mod tests;
