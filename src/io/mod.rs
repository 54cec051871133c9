//! Everything that touches the world: sockets, files, clock, database, HTTP.

pub mod store;
