//! Words of the command line about the customer archive.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::pair;

/// `intake`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct IntakeArgs {
    /// The file: CSV (UTF-8 or GB18030), xlsx or xls; `-` reads from stdin.
    pub file: Option<PathBuf>,
    /// Policy pack.
    #[arg(long, value_name = "PACK")]
    pub pack: Option<String>,
    /// Section `[intake.<NAME>]` of the pack; without it rows tell of customers alone.
    #[arg(long, value_name = "NAME")]
    pub intake: Option<String>,
    /// System or person it comes from; its column mapping is remembered.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Column to field: `--map 客户电话=phone`. May be repeated.
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Who collected the slips.
    #[arg(long, value_name = "WHO")]
    pub collected_by: Option<String>,
    /// Who handed them over.
    #[arg(long, value_name = "WHO")]
    pub handed_over_by: Option<String>,
    /// Count what would happen and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write the rows that were not taken, with their reasons, into this CSV file.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub rejected: Option<PathBuf>,
    /// What with earlier ones.
    #[command(subcommand)]
    pub command: Option<IntakeCommand>,
}

/// What with earlier intakes.
#[derive(Clone, Debug, Subcommand)]
pub enum IntakeCommand {
    /// Take an intake back; refused where calls were made since.
    Undo {
        /// Its id.
        id: i64,
        /// Why.
        #[arg(long, default_value = "undone from the command line")]
        reason: String,
    },
    /// Intakes, newest first.
    List,
}

/// `customers`.
#[derive(Clone, Debug, Subcommand)]
pub enum CustomerCommand {
    /// Find by number, name or the company's own key.
    Find {
        /// The number, or a part of the name or key.
        text: String,
        /// Only of this policy pack.
        #[arg(long)]
        pack: Option<String>,
    },
    /// One customer's card.
    Show {
        /// Row id.
        id: i64,
    },
    /// Merge two records that are one customer.
    Merge {
        /// The record that stays.
        keep: i64,
        /// The record that becomes part of it.
        other: i64,
        /// Why they are one customer.
        #[arg(long, default_value = "merged from the command line")]
        reason: String,
    },
    /// Erase what names a customer, on request; figures stay.
    Erase {
        /// Row id.
        id: i64,
        /// Why, and who asked for it.
        #[arg(long)]
        reason: String,
    },
    /// Everything that is stored of a customer, as JSON.
    Export {
        /// Row id.
        id: i64,
    },
}
