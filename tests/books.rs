//! Registers, reports and the sheets of people over what calls, callbacks and tickets left behind,
//! by the files that are shipped, over both databases.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod cards;
pub mod excel;
mod forms;
mod golden;
mod locks;
mod registers;
mod reports;
mod rows;
mod sheets;
mod steps;
pub mod world;
