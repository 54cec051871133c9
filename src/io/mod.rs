//! Everything that touches the world: sockets, files, clock, database, HTTP.

pub mod recorder;
pub mod rtp;
pub mod store;
pub mod telemetry;
pub mod web;
