//! From facts to callbacks, from callbacks to the day's list, from the list to the dialler and
//! back: the planner over both databases, with the dialler played by the tests.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod card;
mod channels;
mod crash;
mod days;
mod dials;
mod edits;
pub mod firm;
mod kept;
mod live;
mod policies;
mod replay;
mod shipped;
mod said;
pub mod shop;
mod ticks;
mod visits;
mod warnings;
mod withdrawn;
