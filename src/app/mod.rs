//! Composition root: the only place that knows every part of the daemon.

mod catalogue;
mod daemon;
mod drain;
mod driver;
mod library;
mod orders;
mod outside;
mod publish;
mod reload;

pub use daemon::{Daemon, Error, Settings};
pub use library::{Folders, Loaded, load as load_library};

/// Runs the program named on the command line; returns its exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
