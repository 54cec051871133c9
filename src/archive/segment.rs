//! A segment: customers chosen by what is known of them, under a name (ARC-05). Whether a customer
//! belongs to it is a fact like any other, so that rules of a policy may ask for it.

use serde::{Deserialize, Serialize};

use super::Customer;

/// What a field of a customer must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentTest {
    /// Name of the field: `warranty_end`; or `grade`, `language`, `owner`, `name`, `email`,
    /// `key_account` (`true`, `false`).
    pub field: String,
    /// One of these; empty: anything.
    pub is: Vec<String>,
    /// This or, as text, later. Dates are written as 2026-03-01.
    pub from: Option<String>,
    /// This or, as text, earlier.
    pub to: Option<String>,
}

/// Customers of a pack for whom all tests hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its name, unique in the pack.
    pub name: String,
    /// All of them.
    pub tests: Vec<SegmentTest>,
}

impl Segment {
    /// What stands before its name where it is looked at like a field: `segment.march`.
    pub const PREFIX: &'static str = "segment.";

    /// Whether a customer belongs to it.
    pub fn has(&self, customer: &Customer) -> bool {
        self.tests.iter().all(|test| test.holds(customer.field(&test.field)))
    }
}

impl SegmentTest {
    fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { return false };
        (self.is.is_empty() || self.is.iter().any(|word| word.trim() == value))
            && self.from.as_deref().is_none_or(|from| value >= from)
            && self.to.as_deref().is_none_or(|to| value <= to)
    }
}
