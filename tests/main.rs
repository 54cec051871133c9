//! The integration tests: one binary, so that they link once.

mod ivr;
mod torture;
mod torture_mutants;
