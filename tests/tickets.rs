//! Tickets from calls, people and callbacks to their close, over both databases, by the files that
//! are shipped.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod calls;
mod closing;
mod dialled;
mod found;
mod departments;
mod live;
mod missed;
pub mod office;
mod people;
mod recording;
mod reports;
mod roles;
mod shipped;
mod types;
mod week;
