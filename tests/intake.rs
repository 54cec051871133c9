//! Facts coming in: files and items through the real interface into the real store.

#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod archive;
mod command_line;
mod excel;
mod folder;
mod privacy;
mod slips;
mod speed;
mod undo;
mod world;
