//! A scorecard file: `config/scorecards/<name>.toml`. By which thresholds a finding is grave, and
//! which phrases are wanted or forbidden.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Detector, Severity, Side};

/// The JSON Schema of a scorecard file, for editors (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Scorecard>();
    schema.insert("title".into(), "Scorecard of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// The scorecard of one policy pack. What a file does not say is as the one of `default` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    /// Policy pack whose calls it is for; `default` for all that have no file.
    pub pack: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Where in the sources it stands.
    #[serde(default)]
    pub source: String,
    /// What `{brand}` of a phrase stands for where neither rule nor policy names one.
    #[serde(default)]
    pub brand: String,
    /// What `{title}` of a phrase stands for.
    #[serde(default)]
    pub titles: Titles,
    /// What counts as speech.
    #[serde(default)]
    pub speech: SpeechRule,
    /// What counts as an interruption.
    #[serde(default)]
    pub interruption: InterruptionRule,
    /// What counts as shouting.
    #[serde(default)]
    pub shouting: ShoutingRule,
    /// What counts as a possible dispute.
    #[serde(default)]
    pub dispute: DisputeRule,
    /// Whoever hangs up within this time after a word of the customer cuts them off, in seconds.
    #[serde(default = "one")]
    pub cut_off_s: f64,
    /// Thresholds by detector.
    #[serde(default)]
    pub limit: BTreeMap<Detector, Limit>,
    /// Phrases, by id.
    #[serde(default)]
    pub phrase: BTreeMap<String, PhraseRule>,
    /// Orders in which phrases should come.
    #[serde(default)]
    pub order: BTreeMap<String, OrderRule>,
}

fn one() -> f64 {
    1.0
}

/// How customers are addressed (ETI-16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Titles {
    /// A man.
    pub male: String,
    /// A woman: 女士, or 小姐.
    pub female: String,
}

impl Default for Titles {
    fn default() -> Self {
        Titles { male: "先生".into(), female: "女士".into() }
    }
}

impl Titles {
    /// Names of the field that tells it, as archives call it.
    const FIELDS: [&str; 4] = ["gender", "sex", "性别", "性別"];

    /// How a customer is addressed of whom these fields are known; empty: nobody knows.
    pub fn of<'a>(&self, field: impl Fn(&str) -> Option<&'a str>) -> &str {
        let word = Titles::FIELDS.iter().find_map(|name| field(name)).map(|text| text.trim().to_lowercase());
        match word.as_deref() {
            Some("男" | "m" | "male" | "先生") => &self.male,
            Some("女" | "f" | "female" | "女士" | "小姐") => &self.female,
            _ => "",
        }
    }
}

/// What counts as speech.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechRule {
    /// A frame of 20 ms holds speech if it is louder than the noise floor by this much, in dB.
    pub above_floor_db: f32,
    /// What is not above this is never speech, in dBov.
    pub least_dbov: f32,
    /// Shorter gaps are closed, in ms.
    pub merge_ms: u32,
    /// What is shorter is no speech, in ms.
    pub least_ms: u32,
}

impl Default for SpeechRule {
    fn default() -> Self {
        SpeechRule { above_floor_db: 9.0, least_dbov: -55.0, merge_ms: 200, least_ms: 200 }
    }
}

/// What counts as an interruption: our person begins a turn of at least `agent_s` while the
/// customer has been speaking for `customer_s`, and both go on for `overlap_s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InterruptionRule {
    /// Least length of our turn, in seconds.
    pub agent_s: f64,
    /// Least time that the customer has been speaking, in seconds.
    pub customer_s: f64,
    /// Least time that both speak, in seconds.
    pub overlap_s: f64,
    /// A shorter turn of ours is an acknowledgement (是, 对) and never counts, in seconds.
    pub back_channel_s: f64,
}

impl Default for InterruptionRule {
    fn default() -> Self {
        InterruptionRule { agent_s: 1.0, customer_s: 0.5, overlap_s: 0.6, back_channel_s: 0.8 }
    }
}

/// What counts as shouting: a turn of ours of at least `seconds` that is louder than our own median
/// by `over_median_db`, and above `above_dbov`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShoutingRule {
    /// Least length of the turn, in seconds.
    pub seconds: f64,
    /// How far over the median level of our turns, in dB.
    pub over_median_db: f32,
    /// Level that it must reach in any case, in dBov.
    pub above_dbov: f32,
}

impl Default for ShoutingRule {
    fn default() -> Self {
        ShoutingRule { seconds: 1.0, over_median_db: 8.0, above_dbov: -16.0 }
    }
}

/// What counts as a possible dispute: `overlaps` within `within_s`, while both sides are louder
/// than their own medians by `over_median_db`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DisputeRule {
    /// Times that both spoke.
    pub overlaps: usize,
    /// In this time, in seconds.
    pub within_s: f64,
    /// How far over their medians, in dB.
    pub over_median_db: f32,
}

impl Default for DisputeRule {
    fn default() -> Self {
        DisputeRule { overlaps: 5, within_s: 30.0, over_median_db: 8.0 }
    }
}

/// From where on a value is how grave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limit {
    /// Where the value is greater than this.
    pub above: Steps,
    /// Where the value is less than this.
    pub below: Steps,
}

/// The values at which it becomes graver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Steps {
    /// A hint.
    pub hint: Option<f64>,
    /// A warning.
    pub warn: Option<f64>,
    /// A failure.
    pub fail: Option<f64>,
    /// A candidate for a critical item.
    pub critical: Option<f64>,
}

impl Steps {
    fn gravest_first(&self) -> [(Severity, Option<f64>); 4] {
        [
            (Severity::Critical, self.critical),
            (Severity::Fail, self.fail),
            (Severity::Warn, self.warn),
            (Severity::Hint, self.hint),
        ]
    }

    fn given(&self) -> Vec<f64> {
        self.gravest_first().iter().filter_map(|(_, at)| *at).collect()
    }
}

impl Limit {
    /// How grave a value is.
    pub fn severity(&self, value: f64) -> Severity {
        let above = self.above.gravest_first().into_iter().find(|(_, at)| at.is_some_and(|at| value > at));
        let below = self.below.gravest_first().into_iter().find(|(_, at)| at.is_some_and(|at| value < at));
        let either = above.into_iter().chain(below).map(|(severity, _)| severity);
        either.max().unwrap_or_default()
    }

    /// The value from which on it is more than measured, where large values are.
    pub fn first_above(&self) -> Option<f64> {
        self.above.given().into_iter().min_by(f64::total_cmp)
    }

    /// Whether graver steps lie further out.
    pub(super) fn is_in_order(&self) -> bool {
        self.above.given().is_sorted_by(|a, b| a >= b) && self.below.given().is_sorted_by(|a, b| a <= b)
    }
}

/// What a phrase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhraseKind {
    /// It must be said.
    Required,
    /// It is good to say it.
    Bonus,
    /// It must not be said.
    Forbidden,
    /// It promises something to the customer, which must be written down.
    Promise,
    /// It must be said where something calls for it.
    Situational,
}

/// What calls for a situational phrase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Occasion {
    /// A silence or hold of ours of more than so many seconds.
    SilenceOver(f64),
    /// The customer says one of these.
    CustomerSays(Vec<String>),
}

/// What makes a phrase stand out on the card of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// The customer gave a score that counts as dissatisfied.
    LowScore,
    /// The customer praises.
    Praise,
    /// The customer complains.
    Complaint,
}

/// One phrase: `[phrase.<id>]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhraseRule {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Requirement or phrase ids, or `ours`.
    #[serde(default)]
    pub source: String,
    /// What it is for.
    pub kind: PhraseKind,
    /// Whose words are looked at.
    #[serde(default = "agent")]
    pub side: Side,
    /// One of these is enough. `*` stands for up to twelve letters; `{brand}`, `{department}` and
    /// `{title}` (see `titles`) for those of the call.
    pub any: Vec<String>,
    /// None of these; `{department}` is taken out of them first.
    #[serde(default)]
    pub none: Vec<String>,
    /// Whoever says one of these means something else: 一定会给您满意答复 is no promise.
    #[serde(default)]
    pub except: Vec<String>,
    /// Only in the first seconds, counted from the first word of ours.
    #[serde(default)]
    pub first_s: Option<f64>,
    /// Only in the last seconds, counted back from the last word of ours.
    #[serde(default)]
    pub last_s: Option<f64>,
    /// What calls for it, of a situational phrase.
    #[serde(default)]
    pub after: Option<Occasion>,
    /// What makes it stand out on the card before and during a call (ETI-12, ETI-23).
    #[serde(default)]
    pub cue: Option<Cue>,
    /// In which calls.
    #[serde(default)]
    pub when: CallKind,
    /// How grave it is where it is missing, or where it was said and is forbidden.
    #[serde(default)]
    pub severity: Severity,
}

fn agent() -> Side {
    Side::Agent
}

/// Which calls a phrase belongs to; what is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallKind {
    /// `inbound` or `outbound`.
    pub direction: Option<crate::call::Direction>,
    /// Whether the call is about a complaint.
    pub complaint: Option<bool>,
    /// Whether a department is named for it.
    pub department: Option<bool>,
    /// One of these rules of the policy.
    pub rules: Vec<String>,
    /// One of these types of ticket.
    pub tickets: Vec<String>,
}

/// An order: `[order.<id>]`. A phrase that is said at all comes after those before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRule {
    /// Requirement or phrase ids, or `ours`.
    #[serde(default)]
    pub source: String,
    /// Ids of phrases, first to last.
    pub phrases: Vec<String>,
    /// In which calls.
    #[serde(default)]
    pub when: CallKind,
    /// How grave it is where one comes too early.
    #[serde(default)]
    pub severity: Severity,
}
