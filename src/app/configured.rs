//! All settings of a daemon: what the configuration says itself, and what the files of its folders say.

use super::{Settings, audit, books, evidence, keeper, lower, notices, planner, roles, tickets};
use crate::config;

/// Settings of a daemon after this configuration, with its policies, texts, tickets, registers, scorecards,
/// forms and roles read.
///
/// # Errors
/// What cannot be used of them, in words.
pub(super) fn settings(config: &config::Settings) -> Result<Settings, String> {
    Ok(Settings {
        planner: planner::settings(config)?,
        notices: notices::settings(config)?,
        tickets: tickets::settings(config)?,
        books: books::settings(config)?,
        evidence: evidence::settings(config)?,
        audit: audit::settings(config)?,
        access: roles::settings(config)?,
        keeping: keeper::settings(config)?,
        ..lower::lower(config)
    })
}
