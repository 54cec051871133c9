//! The integration tests: one binary, so that they link once.
#![allow(missing_docs, clippy::disallowed_methods, clippy::disallowed_types, clippy::too_many_lines)]
// A test that cannot go on fails where it stands.
#![allow(clippy::unwrap_used)]

mod audits;
mod books;
mod bridge;
mod browser;
mod clocks;
mod custody;
mod demo;
mod evidence;
mod fuzz;
mod guard;
mod intake;
mod ivr;
mod keeping;
mod ladders;
mod months;
mod notices;
mod peers;
mod policies;
mod plan;
mod reload;
mod rosters;
mod soak;
mod store;
mod support;
mod tickets;
mod tidy;
mod torture;
mod torture_mutants;
mod web;
mod world;
