//! Rosters over both databases: by the API, with time that the tests set.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod day;
mod month;
mod night;
mod world;
