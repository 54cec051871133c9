//! The configuration: TOML text -> [`raw`] -> checked [`Settings`].
//!
//! Each module owns its settings; this one assembles them, and nothing below the line of
//! IO imports it. It reads no files: the text, the environment and a reader of secrets come in.

mod agent;
mod calendar;
mod canary;
mod diff;
mod duration;
mod environment;
mod error;
mod custody;
mod evidence;
mod hotline;
mod keeping;
mod log;
mod lower;
mod notices;
mod phones;
mod policy;
pub mod raw;
mod rosters;
mod schema;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;
mod trunk;

use std::path::Path;

use crate::written::{Mistake, Place};
pub use agent::{Agent, Agents};
pub use custody::CustodySettings;
pub use diff::{Change, Effect, diff, merge};
pub use duration::Span;
pub use environment::PREFIX;
pub use error::ConfigError;
pub use evidence::Evidence;
pub use hotline::{Hotline, Queue};
pub use keeping::Keeping;
pub use log::LogFormat;
pub use lower::ReadSecret;
pub use notices::Notices;
pub use phones::{PhoneContact, Phones};
pub use policy::Policy;
pub use raw::{Environment, Raw};
pub use rosters::Roster;
pub use schema::schema;
pub use settings::{Api, DatabaseUrl, Log, Recording, Rtp, Settings, Signal};
pub use trunk::MAX_TRUNKS;

/// Largest configuration file that is read.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// A configuration as text, with where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The text.
    pub text: &'a str,
    /// File name for messages; `built in` for the embedded default.
    pub origin: &'a str,
    /// Folder that relative paths start from.
    pub folder: &'a Path,
}

/// A configuration that was read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the daemon is built from.
    pub settings: Settings,
    /// The file with its defaults filled in, for `config show` and [`diff`].
    pub raw: Raw,
    /// What is allowed but deserves a look.
    pub warnings: Vec<String>,
    /// Where it came from.
    pub origin: String,
}

/// Reads and checks a configuration. Variables of the environment such as
/// `RINGBACK_SIP__T1` or `RINGBACK_TRUNK__0__SERVER` go before the file.
///
/// # Errors
/// Every mistake that can be found in one go, with its place.
pub fn load(
    source: Source<'_>,
    environment: &Environment,
    read_secret: ReadSecret<'_>,
) -> Result<Loaded, Vec<ConfigError>> {
    if source.text.len() > MAX_TEXT_BYTES {
        let problem = format!("the file is larger than {MAX_TEXT_BYTES} bytes: this is no configuration");
        return Err(vec![plain(source, "", problem)]);
    }
    let written: Raw = toml::from_str(source.text).map_err(|e| vec![explain(source, &e)])?;
    let raw = environment::overlay(source.text, written, environment)?;
    let mut lowering = lower::Lowering {
        folder: source.folder,
        read: read_secret,
        mistakes: Vec::new(),
        warnings: Vec::new(),
    };
    let settings = lowering.settings(&raw);
    if lowering.mistakes.is_empty() {
        let (warnings, origin) = (lowering.warnings, source.origin.to_owned());
        return Ok(Loaded { settings, raw, warnings, origin });
    }
    let place = |mistake: lower::Mistake| {
        let variable = environment::variable_of(&mistake.key, environment);
        let mut error = plain(source, &mistake.key, mistake.problem);
        error.hint = mistake.hint;
        match variable {
            Some(variable) => error.origin = format!("${variable}"),
            None => {
                // `trunk[1].server` as steps.
                let steps: Vec<&str> =
                    mistake.key.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
                error.place = Place::find(source.text, &steps);
            }
        }
        error
    };
    Err(lowering.mistakes.into_iter().map(place).collect())
}

fn plain(source: Source<'_>, key: &str, problem: String) -> ConfigError {
    ConfigError { origin: source.origin.to_owned(), place: None, key: key.to_owned(), problem, hint: None }
}

/// An error of the TOML reader, with what was probably meant.
fn explain(source: Source<'_>, error: &toml::de::Error) -> ConfigError {
    let mut shown = plain(source, "", error.message().replace('\n', "; "));
    shown.place = error.span().map(|span| Place::of(source.text, span));
    let in_words =
        Mistake::in_words(error.message()).or_else(|| not_a_table(error.message(), shown.place.as_ref()));
    if let Some((problem, hint)) = in_words {
        (shown.problem, shown.hint) = (problem, Some(hint));
    }
    shown
}

/// Takes serde's sentence about a value that stands where a section belongs apart, for people
/// who know no structs.
fn not_a_table(message: &str, place: Option<&Place>) -> Option<(String, String)> {
    let (found, _) = message.strip_prefix("invalid type: ")?.split_once(", expected struct ")?;
    let key = place.and_then(|place| place.text.split('=').next()).map_or("", str::trim);
    let problem = format!("{found} stands where a section belongs");
    Some((problem, format!("write `[{key}]` on a line of its own, and its settings below it")))
}
