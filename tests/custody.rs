//! The chain of custody: what is linked, what verifying finds, who was given what, and what an erasure
//! leaves.

mod access;
mod chain;
mod checks;
mod erasure;
mod files;
mod live;
mod roots;
pub mod world;
