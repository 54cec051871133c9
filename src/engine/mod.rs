//! The switchboard: owns every machine, does no IO.

mod write;

pub use write::{Report, Reserved, Write};
