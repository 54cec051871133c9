//! The media plane without its sockets: RTP sessions that take packets and ticks and give
//! packets and events (RFC 3550, 3551, 4733, 3711).

pub mod bridge;
pub mod codec;
pub mod g711;
pub mod jitter;
pub mod level;
pub mod noise;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod telephone_event;
pub mod tone;
pub mod vad;

mod amd;
mod command;
mod prompt;
mod quality;
mod session;
mod srtp_keys;
mod tap;

pub use amd::{AmdDetector, AmdKind, AmdReason, AmdSettings, AmdVerdict};
pub use bridge::{Group, GroupId, Groups, MAX_MEMBERS, Members, Mix};
pub use command::*;
pub use level::Loudness;
pub use prompt::{Prompt, PromptError, PromptLibrary};
pub use quality::Quality;
pub use session::{Outgoing, Session};
pub use srtp_keys::{SrtpKeys, SrtpProfile};
pub use tap::TapFrame;

/// Sampling rate of everything inside the plane, in Hz; also the RTP clock of every codec spoken.
pub const SAMPLE_RATE: u32 = 8_000;

/// Samples in one 20 ms frame at [`SAMPLE_RATE`]; bytes too, as all three codecs give 64 kbit/s.
pub const FRAME_SAMPLES: usize = 160;
