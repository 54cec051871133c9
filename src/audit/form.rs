//! An audit form: `config/audit/<name>.toml`. What is scored and how, and how calls are drawn for it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Direction;
use crate::evidence::Severity;

/// The JSON Schema of a form file, for editors (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Form>();
    schema.insert("title".into(), "Audit form of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// The form of one policy pack. What a file does not say is as the one of `default` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Form {
    /// Policy pack whose calls it is for; `default` for all that have no file.
    pub pack: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Where in the sources it stands.
    pub source: String,
    /// How calls are drawn.
    pub draw: DrawRule,
    /// Days in which an agent may appeal, counted from the day after the sheet was submitted.
    pub appeal_days: i64,
    /// What is suspicious in a row of results.
    pub series: SeriesRule,
    /// Grades, the best first.
    pub grade: Vec<Grade>,
    /// Groups of items, by id.
    pub group: BTreeMap<String, Group>,
    /// Items, by id. The points of those that can apply to one call are 100 together.
    pub item: BTreeMap<String, Item>,
    /// Critical items, by id.
    pub critical: BTreeMap<String, Critical>,
}

/// How calls are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DrawRule {
    /// Day of the month on which the calls of the month before are frozen, 1 to 28; 0: only when asked.
    pub day: i8,
    /// Day of the month until which the sheets are submitted.
    pub close_day: i8,
    /// Calls of each agent at least.
    pub least: u64,
    /// Share of each agent's calls at least, in percent.
    pub share: f64,
    /// Share of the sheets that two auditors score without knowing of each other, in percent.
    pub twice: f64,
    /// A score of a customer up to this is low.
    pub low_score: i64,
    /// Where the seed comes from, said before anybody can know it.
    pub seed_from: String,
    /// What the sample is spread over within an agent's calls, the first first.
    pub strata: Vec<Column>,
    /// What is audited in any case.
    pub must: Vec<Must>,
}

impl Default for DrawRule {
    fn default() -> Self {
        DrawRule {
            day: 1,
            close_day: 10,
            least: 5,
            share: 5.0,
            twice: 10.0,
            low_score: 2,
            seed_from: "a public figure of a later day".into(),
            strata: vec![Column::Rule, Column::Weekday, Column::Hour, Column::Risk],
            must: Must::ALL.to_vec(),
        }
    }
}

/// A column of the published list that the sample is spread over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Rule of the policy.
    Rule,
    /// 1 Monday to 7 Sunday.
    Weekday,
    /// Hour of the day.
    Hour,
    /// How grave the gravest finding is.
    Risk,
}

macro_rules! musts {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)*) => {
        /// Why a call is audited in any case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Must { $($(#[$doc])* #[serde(rename = $word)] $variant,)* }

        impl Must {
            /// Every reason.
            pub const ALL: &[Must] = &[$(Must::$variant),*];

            /// The word in files, the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Must::$variant => $word),* }
            }

            /// The reason of a word.
            pub fn of(word: &str) -> Option<Must> {
                Must::ALL.iter().copied().find(|must| must.as_str() == word)
            }
        }
    };
}

musts! {
    /// It belongs to a complaint.
    Complaint = "complaint";
    /// The customer gave a low score.
    LowScore = "low_score";
    /// Told as done, and too short for that.
    TooShort = "too_short";
    /// Told as done, and the customer was never heard.
    Perfunctory = "perfunctory";
    /// Loud and on top of each other.
    PossibleDispute = "possible_dispute";
    /// A candidate for a critical item was found.
    Critical = "critical";
    /// What the agent typed is not what the customer pressed.
    TypedScore = "typed_score";
    /// One of many results in a row whose scores are all the same.
    EqualScores = "equal_scores";
    /// Its text in the register stands at other customers too.
    SameText = "same_text";
    /// An answered call without a recording.
    NoRecording = "no_recording";
}

/// What is suspicious in a row of results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SeriesRule {
    /// So many results of one agent in a row with nothing but one and the same score.
    pub equal_scores: usize,
    /// The same text at so many customers of one agent.
    pub same_text: usize,
    /// Shorter texts are alike by chance, in characters.
    pub same_text_least: usize,
}

impl Default for SeriesRule {
    fn default() -> Self {
        SeriesRule { equal_scores: 10, same_text: 3, same_text_least: 6 }
    }
}

/// One grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// Its name: `A`.
    pub name: String,
    /// From this score on.
    pub from: f64,
    /// What follows from it, for people.
    #[serde(default)]
    pub note: String,
}

/// A group of items.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
}

/// Who can judge an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A person alone: nothing is filled in for them.
    #[default]
    Human,
    /// A person listens, or a transcript shows it.
    Words,
    /// The sound of the recording shows it.
    Sound,
    /// The signalling shows it.
    Signal,
    /// What was written down shows it.
    Record,
}

/// One item: `[item.<id>]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Item {
    /// Id of its group.
    pub group: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Requirement or phrase ids, or `ours`.
    pub source: String,
    /// Points at most.
    pub points: f64,
    /// The points that can be given; empty: anything up to `points`.
    pub steps: Vec<f64>,
    /// A person marks it from 1 to this in place of giving points; 0: points.
    pub scale: u32,
    /// Who can judge it.
    pub how: How,
    /// To which calls it applies.
    pub when: When,
    /// What fills it in; the least points count.
    pub from: Vec<Source>,
    /// Left out, of an item of the default form.
    pub off: bool,
}

/// Calls to which an item applies; what is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// `inbound` or `outbound`.
    pub direction: Option<Direction>,
    /// Whether the call is about a complaint.
    pub complaint: Option<bool>,
}

impl When {
    /// Whether a call is such a one.
    pub fn fits(&self, direction: Direction, complaint: bool) -> bool {
        self.direction.is_none_or(|wanted| wanted == direction)
            && self.complaint.is_none_or(|wanted| wanted == complaint)
    }
}

/// What fills in an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// The value of a detector.
    Measure(Measure),
    /// How many findings of a detector are more than measured.
    Count(Measure),
    /// A phrase that was said, or is missing; nothing where there is no transcript.
    Phrase(String),
}

/// Points by value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Word of the detector; also `closure`.
    pub detector: String,
    /// Only findings of these phrases or steps; empty: all.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Points up to a value, rising.
    pub steps: Vec<Step>,
    /// Points beyond the last.
    #[serde(default)]
    pub otherwise: f64,
}

/// Points up to a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Up to this value.
    pub to: f64,
    /// So many points.
    pub points: f64,
}

/// A critical item: `[critical.<id>]`. A person confirms what was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Critical {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Requirement or phrase ids, or `ours`.
    pub source: String,
    /// What makes a call a candidate.
    pub from: Vec<Sign>,
    /// The score is not above this then.
    pub cap: Option<f64>,
    /// So many points less.
    pub deduct: f64,
    /// It is a case for the person's results too.
    pub case: bool,
    /// Left out, of a critical item of the default form.
    pub off: bool,
}

/// What makes a call a candidate for a critical item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// Word of the detector; also `typed_score`.
    pub detector: String,
    /// Only findings of these phrases; empty: all.
    #[serde(default)]
    pub rules: Vec<String>,
    /// At least this grave.
    #[serde(default = "critical")]
    pub severity: Severity,
}

fn critical() -> Severity {
    Severity::Critical
}
