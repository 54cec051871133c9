//! Transactions: RFC 3261 section 17 with RFC 6026, without IO and clock.

mod client;
mod outputs;
mod owner;
mod server;

pub(crate) use client::{Clients, Outcome, Outgoing, Upcall};
pub(crate) use outputs::{Flow, Outputs, Pace, TimerKey};
pub(crate) use owner::Owner;
pub(crate) use server::{Arrival, Servers, response_flow};
