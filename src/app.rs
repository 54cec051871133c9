//! Composition root: the only place that knows every part of the daemon.

/// Runs the program named on the command line; returns its exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
