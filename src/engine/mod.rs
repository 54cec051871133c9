//! The switchboard: owns every machine, does no IO.

mod settings;
mod write;

pub use settings::{InboundRule, Server, Settings, TrunkSettings};
pub use write::{Report, Reserved, Write};
