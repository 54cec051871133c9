//! Notices from what happened to real sockets on the other side: the outbox over both databases,
//! with sinks that the tests own.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod acks;
mod api;
mod authority;
mod callbacks;
mod customers;
mod delivery;
mod events;
mod mailbox;
pub mod questionnaires;
mod sink;
pub mod world;
