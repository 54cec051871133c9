//! The audit of calls: a draw that nobody can rig, and a score that everybody can retrace.
//!
//! ```text
//!  calls of a month --> list, hashed and published --+
//!                                                    +--> draw --> picks --> assign --> cases
//!  a figure that nobody could choose (seed) ---------+                                   |
//!                                                                                        v
//!  form (file) + what was found in the call --> prefill --> a person's marks --> score --> estimate
//! ```
//!
//! The list is fixed, and its hash is known, before there is a seed: whoever chose the seed would
//! have to choose a public figure. Everything after it is arithmetic that [`HOW`] tells in words, so that
//! anybody can do it again with the published list.

mod assign;
mod draw;
mod estimate;
mod form;
mod forms;
mod found;
mod list;
mod score;
mod series;

use crate::base::hex;

pub use assign::{Assignment, NoAuditor, Plan, Work, assign};
pub use draw::{AgentPart, Drawn, Pick, draw, order};
pub use estimate::{Agreement, Estimate, Pair, Stratum, agreement, stratified};
pub use form::{
    Critical, DrawRule, Form, Grade, Group, How, Item, Measure, Must, Sign, Source, When, schema,
};
pub use forms::Forms;
pub use found::{CallFacts, Found, Prefill, candidates, is_candidate, prefill};
pub use list::{Line, hash, key, parse, text};
pub use score::{Lack, Mark, Note, Ruling, Score, SheetBody, score};
pub use series::{Entry, suspicious};

/// How a draw is done again, for whoever has the list and the seed.
pub const HOW: &str = include_str!("how.txt");

/// SHA-256 of a text in lower-case hex.
pub fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(text.as_bytes()))
}
