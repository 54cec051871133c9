//! What several tests need.

pub mod databases;
