//! What several tests need.

pub mod databases;
pub mod plenty;
