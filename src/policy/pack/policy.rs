//! A pack together with the text it was read from and the version that names this text.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::Pack;
use crate::written::{Mistake, Place};

/// Hex digits of a version: 48 bits tell all texts of one company apart.
const VERSION_DIGITS: usize = 12;

/// A pack as it was read, with its version (SCH-14, SCH-37: every callback keeps the version it
/// was made by).
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What the file says.
    pub pack: Pack,
    /// The first 12 hex digits of the SHA-256 of the text.
    pub version: String,
    /// File as given.
    pub file: String,
    text: Arc<str>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// The first mistake, with its place and how to mend it.
    pub fn parse(file: &str, text: &str) -> Result<Policy, Mistake> {
        let pack = Pack::parse(file, text)?;
        Ok(Policy { pack, version: Pack::version(text), file: file.into(), text: text.into() })
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first day on which it is in force; None for always.
    pub fn effective(&self) -> Option<Date> {
        self.pack.effective.as_ref().and_then(|day| day.parse().ok())
    }

    /// The line, from 1, at which the value at `path` stands.
    pub fn line_of(&self, path: &[&str]) -> Option<usize> {
        Place::find(&self.text, path).map(|place| place.line)
    }
}

impl Pack {
    /// The version of a text: the first 12 hex digits of its SHA-256.
    pub fn version(text: &str) -> String {
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(text.as_bytes()) {
            // Writing to a string cannot fail.
            write!(hex, "{byte:02x}").ok();
        }
        hex.truncate(VERSION_DIGITS);
        hex
    }
}
