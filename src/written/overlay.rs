//! Files that say only what differs from another.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use toml::{Table, Value};

/// Hex digits of a version, as policies have them.
const VERSION_DIGITS: usize = 12;

/// Lays `own` over `base`: tables key by key, everything else as a whole.
pub fn lay_over(base: &mut Table, own: Table) {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(own)) => lay_over(base, own),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The version that names what is in force: the first 12 hex digits of the SHA-256 of its text.
pub fn version(table: &Table) -> String {
    let text = toml::to_string(table).unwrap_or_default();
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
    }
    hex.truncate(VERSION_DIGITS);
    hex
}
