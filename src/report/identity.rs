//! Sums that must come out: where one does not, the report says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Counted;

/// What must be equal: the sum of the figures on either side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// What it says, in Chinese: `应回访 = 已回访 + 未回访 + 免回访`.
    pub title: String,
    /// Figures, by their words, whose numerators are added.
    pub left: Vec<String>,
    /// The same.
    pub right: Vec<String>,
}

/// Whether it came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Verdict {
    /// What it says.
    pub title: String,
    /// Sum of the left side.
    pub left: u64,
    /// Sum of the right side.
    pub right: u64,
    /// Whether they are equal.
    pub holds: bool,
}

impl Identity {
    /// Whether it holds for these figures.
    pub fn judge(&self, figures: &[Counted]) -> Verdict {
        let of = |id: &String| figures.iter().find(|f| f.id == *id).map_or(0, |f| f.numerator);
        let (left, right) = (self.left.iter().map(of).sum(), self.right.iter().map(of).sum());
        Verdict { title: self.title.clone(), left, right, holds: left == right }
    }
}
