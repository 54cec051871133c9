//! One customer of the archive.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{CustomerId, PhoneNumber, Timestamp};
use crate::calendar::Offset;

/// Whether a customer may still be called back.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As usual.
    #[default]
    Active,
    /// Asked never to be called back; complaints and tickets are another matter.
    OptedOut,
    /// Moved away, sold the thing, or the number is somebody else's.
    Gone,
    /// Deceased.
    Deceased,
    /// Erased on request: name, numbers and fields are empty, figures stay.
    Erased,
}

impl Standing {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::OptedOut => "opted_out",
            Standing::Gone => "gone",
            Standing::Deceased => "deceased",
            Standing::Erased => "erased",
        }
    }

    /// The standing of that word.
    pub fn parse(word: &str) -> Option<Self> {
        use Standing::*;
        [Active, OptedOut, Gone, Deceased, Erased].into_iter().find(|s| s.as_str() == word)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One number of a customer, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Canonical number.
    pub phone: PhoneNumber,
    /// Extension dialled as keys after the answer; empty for none.
    pub extension: String,
    /// Whose or what it is: `mobile`, `wife`, `office`; may be empty.
    pub label: String,
}

/// One customer of the archive (客户档案).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Row id; 0 for one that is not stored yet.
    pub id: CustomerId,
    /// Policy pack that applies, by its id.
    pub pack: String,
    /// The company's own key; unique in its pack where it is not empty.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Numbers, best first; each is called only where the ones before it do not answer.
    pub contacts: Vec<Contact>,
    /// Prompt language; empty for the pack's.
    pub language: String,
    /// Grade: `A`, `B`, `C`; may be empty.
    pub grade: String,
    /// Windows in which this customer prefers to be called; empty for the pack's.
    pub preferred_hours: String,
    /// Windows in which this customer must not be called.
    pub quiet_hours: String,
    /// Key account: has a plan of its own.
    pub key_account: bool,
    /// How often a key account is called, if by a plan of its own.
    pub plan_every: Option<Offset>,
    /// First day of that plan.
    pub plan_from: Option<Timestamp>,
    /// Named owner of the account; calls are assigned to this person.
    pub owner: String,
    /// E-mail address for questionnaires; may be empty.
    pub email: String,
    /// Whether they may be called back.
    pub standing: Standing,
    /// Everything else, by column: address, product, warranty end, budget.
    pub fields: BTreeMap<String, String>,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl Customer {
    /// The number to call first.
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.contacts.first().map(|contact| &contact.phone)
    }

    /// A field of theirs, or one of the customer's own: `grade`, `language`, `owner`, `name`,
    /// `email`, `key_account`.
    pub fn field(&self, name: &str) -> Option<&str> {
        let written = self.fields.get(name).filter(|value| !value.trim().is_empty());
        written.map(String::as_str).or_else(|| match name {
            "grade" => Some(self.grade.as_str()),
            "language" => Some(&self.language),
            "owner" => Some(&self.owner),
            "name" => Some(&self.name),
            "email" => Some(&self.email),
            "key_account" => Some(if self.key_account { "true" } else { "false" }),
            _ => None,
        })
    }
}

/// Words by which the column `vip` says that somebody is one.
const VIP: [&str; 5] = ["yes", "是", "VIP", "true", "1"];

/// Whether the columns of a customer say that they are a VIP (ARC-07).
pub fn is_vip(fields: &BTreeMap<String, String>) -> bool {
    fields.get("vip").is_some_and(|text| VIP.contains(&text.trim()))
}
