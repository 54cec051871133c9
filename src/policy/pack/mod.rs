//! A policy pack: the callback policy of one kind of organisation, as a file that an operator
//! can read and change.
//!
//! These structs are the file: what is read, what editors complete by the JSON schema, and
//! what the planner works on. Every rule names the requirement it comes from, or `ours` where
//! the source is silent.

mod check;
mod choice;
mod condition;
mod policies;
mod policy;
mod read;
mod rule;
mod setting;
#[cfg(test)]
mod tests;
mod trigger;
mod words;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{Around, Finding, Severity, check};
pub use condition::{field_of, holds_all, holds_for};
pub use policies::Policies;
pub use policy::Policy;
pub use rule::{
    Anchor, Caller, Condition, Merge, Method, Mode, OncePer, Purpose, Rule, ScriptChoice, Target,
};
pub use setting::{
    Attempts, ByCall, Calls, Caps, Conflict, Intake, PackCalendar, Rate, Reject, Scale, Spacing, SpacingWord,
    Visits, WarrantyRules, Windows,
};
pub use trigger::{After, Every, OutcomeWord, Period, Sample, Trigger, Yearly};

/// The JSON Schema of a pack, for editors, in the draft that TOML plugins know (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Pack>();
    schema.insert("title".into(), "Callback policy of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// One policy pack: `config/policies/<pack>.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Its id; events and customers name it. Letters, digits and `_`.
    pub pack: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Where in the sources the policy stands: `000:5-25`.
    #[serde(default)]
    pub source: String,
    /// The first day on which this text is in force: `2026-03-01`. Callbacks that exist
    /// already keep the version they were made by (SCH-14, SCH-37).
    #[serde(default)]
    pub effective: Option<String>,
    /// Prompt language of customers who name none.
    #[serde(default = "mandarin")]
    pub language: String,
    /// Name said and shown to customers, where a rule names none.
    #[serde(default)]
    pub brand: String,
    /// Number shown to customers; empty means the trunk's own.
    #[serde(default)]
    pub caller_id: String,
    /// Who keeps closed records: those of a month are put away under this name when it is over;
    /// empty: only when somebody asks for it (ARC-08).
    #[serde(default)]
    pub keeper: String,
    /// Holidays and weekends.
    #[serde(default)]
    pub calendar: PackCalendar,
    /// When calls may be placed.
    #[serde(default)]
    pub windows: Windows,
    /// How often and how far apart one callback is tried, and what one customer is spared.
    #[serde(default)]
    pub attempts: Attempts,
    /// The scale of scores and where dissatisfaction begins.
    #[serde(default)]
    pub scale: Scale,
    /// How the callback rate is counted.
    #[serde(default)]
    pub rate: Rate,
    /// Which deadline holds where two rules of one `group` want the same callback (X03).
    #[serde(default)]
    pub conflict: Conflict,
    /// Columns of the customer archive, each with what it holds (ARC-01): conditions may ask for
    /// them.
    #[serde(default)]
    pub customer: BTreeMap<String, String>,
    /// What is taken along on visits, and what they may cost.
    #[serde(default)]
    pub visits: Visits,
    /// Until when service is free of charge.
    #[serde(default)]
    pub warranty: WarrantyRules,
    /// The events this pack knows, by kind: `install.finished`.
    pub event: BTreeMap<String, EventKind>,
    /// What is asked of slips and lists before they are taken in, by name.
    #[serde(default)]
    pub intake: BTreeMap<String, Intake>,
    /// The rules, by id.
    pub rule: BTreeMap<String, Rule>,
    /// Switches whole sets of rules on and off: `series = true` (X05).
    #[serde(default)]
    pub rule_sets: BTreeMap<String, bool>,
}

/// One kind of event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventKind {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Fields an event of this kind must have.
    #[serde(default)]
    pub required: Vec<String>,
    /// Fields it may have, each with what it holds.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// A call that came in makes it (REM-09).
    #[serde(default)]
    pub by_call: Option<ByCall>,
}

fn mandarin() -> String {
    "zh-CN".into()
}
