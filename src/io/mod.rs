//! Everything that touches the world: sockets, files, clock, database, HTTP.

pub mod assets;
pub mod audit;
pub mod books;
pub mod certificate;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod desk;
pub mod descriptors;
pub mod dns;
pub mod evidence;
pub mod https;
pub mod intake;
pub mod notices;
pub mod pipes;
pub mod planner;
pub mod reading;
pub mod recorder;
pub mod rosters;
pub mod rtp;
pub mod signal;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod web;
