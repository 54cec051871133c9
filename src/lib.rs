//! ringback: a telephony daemon for after-sales departments.
//!
//! The modules stand in their order of dependence: a module uses only modules above it.
//! Everything above the line is pure: no IO, no clock, no randomness, no lock, no spawn,
//! no await. Bytes and [`base::Now`] come in; bytes, events and the next deadline go out.
//! `tests/tidy.rs` reads the imports and holds the order. `src/ARCHITECTURE.md` says why.

pub mod base;
pub mod written;
pub mod access;
pub mod account;
pub mod calendar;
pub mod table;
pub mod media;
pub mod sip;
pub mod archive;
pub mod policy;
pub mod plan;
pub mod notice;
pub mod roster;
pub mod ticket;
pub mod register;
pub mod report;
pub mod ivr;
pub mod dialer;
pub mod agent;
pub mod queue;
pub mod intake;
pub mod call;
pub mod canary;
pub mod evidence;
pub mod audit;
pub mod custody;
pub mod retention;
pub mod engine;
pub mod config;
pub mod sim;
// ---- pure above, IO below ----
pub mod io;
pub mod app;
