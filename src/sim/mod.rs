//! Simulated customers: telephones named by behaviour, for the demo and for tests.
//!
//! A phone shares the message type and the codecs with the daemon, never its state
//! machines: it is a deliberately simple server of its own, so that a mistake of ours is
//! not mirrored by its counterpart. It works without IO: SIP messages, RTP packets and the
//! time come in, bytes go out.

mod behaviour;
mod caller;
mod desk;
mod dialog;
mod ear;
mod mouth;
mod phone;
mod requests;
mod sdp;
mod world;

pub use behaviour::{Act, Behaviour, Keying, Person};
pub use caller::Calling;
pub use desk::{Mix, Share};
pub use ear::Heard;
pub use phone::{Output, Phone};
pub use world::{Books, Fetch, TrunkMood, World, recorded, settings, trunk, trunk_addr};

#[cfg(test)]
mod tests;
