//! `ringback simulate`: a policy on a virtual clock.

use std::path::PathBuf;

use clap::Args;

/// `simulate`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// The policy: a file, or the name of a pack.
    #[arg(long, value_name = "FILE")]
    pub policy: String,
    /// First day: 2026-03-01.
    #[arg(long, value_name = "DAY")]
    pub from: String,
    /// Last day: 2026-03-31.
    #[arg(long, value_name = "DAY")]
    pub to: String,
    /// Customers and what happens to them, as `ringback intake` reads it: CSV or Excel.
    #[arg(long, value_name = "FILE")]
    pub customers: PathBuf,
    /// List of the pack by which the file is read.
    #[arg(long, default_value = "", value_name = "NAME")]
    pub intake: String,
    /// The same seed gives the same days.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Calls at once.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub lines: u32,
    /// Percent of calls that a person answers.
    #[arg(long, default_value_t = 70, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub answer_rate: u32,
    /// Write the registers of the pack into this folder, as CSV.
    #[arg(long, value_name = "FOLDER")]
    pub registers: Option<PathBuf>,
}
