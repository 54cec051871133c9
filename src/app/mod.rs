//! Composition root: the only place that knows every part of the daemon.

mod catalogue;
mod client;
mod daemon;
mod demo;
mod demo_view;
mod drain;
mod driver;
mod embedded;
mod library;
mod orders;
mod outside;
mod publish;
mod reload;
mod signals;

pub use daemon::{Daemon, Error, Settings};
pub use library::{Folders, Loaded, load as load_library};

/// Runs the program named on the command line; returns its exit code.
pub fn main() -> std::process::ExitCode {
    let once = std::env::args().any(|a| a == "--once");
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into())).init();
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return std::process::ExitCode::FAILURE };
    match runtime.block_on(demo::run(demo::Options { once, seed: crate::io::demo::DEMO_SEED, lines: 48 })) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            std::process::ExitCode::FAILURE
        }
    }
}
