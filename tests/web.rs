//! The HTTP interface: the real router on real sockets over a real store; only the engine
//! behind the queue of orders is a stand-in that answers as the engine would.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod access;
mod accounts;
mod calls;
mod campaigns;
mod changes;
pub mod cli;
mod console;
mod console_desk;
mod console_tickets;
mod console_audit;
mod console_reports;
mod console_customers;
mod console_lists;
mod canaries;
mod console_plenty;
mod console_settings;
mod legs;
mod lists;
mod paging;
mod phrases;
mod rehearsals;
mod repeats;
mod roles;
mod routes;
mod routes_of_books;
pub mod site;
mod sockets;
mod streams;
