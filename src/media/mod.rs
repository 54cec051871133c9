//! The media plane without its sockets: RTP sessions that take packets and ticks and give
//! packets and events (RFC 3550, 3551, 4733, 3711).

mod command;

pub use command::*;

/// Placeholder until the module is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AmdSettings;
/// Placeholder until the module is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AmdVerdict;
/// Placeholder until the module is written.
#[derive(Debug)]
pub struct Prompt;
/// Placeholder until the module is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality;
/// Placeholder until the module is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SrtpKeys;
