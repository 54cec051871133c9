//! A ticket file: `config/tickets/<name>.toml`. What types of tickets an organisation knows, and
//! what each asks for: stages with deadlines, departments, approvals, verification.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::calendar::Offset;
use crate::policy::pack::Condition;

/// The JSON Schema of a ticket file, for editors (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<TicketPack>();
    schema.insert("title".into(), "Tickets of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// The tickets of one policy pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketPack {
    /// Policy pack whose customers' tickets these are; `default` for all that have no file.
    pub pack: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Where in the sources it stands.
    #[serde(default)]
    pub source: String,
    /// Policy pack by which customers are called whose own pack has no policy; also that of
    /// callers whom nobody knows.
    #[serde(default)]
    pub callbacks_by: String,
    /// What numbers of tickets begin with: `KF` of `KF20260303-0001` (TKT-27).
    #[serde(default = "kf")]
    pub prefix: String,
    /// Whether deadlines run around the clock or in business hours (X11).
    #[serde(default)]
    pub clock: ClockWord,
    /// Business hours; breaks are left out, so that no deadline ignores lunch.
    #[serde(default = "nine_to_six")]
    pub business: Vec<String>,
    /// Whether business rests on holidays of the calendar.
    #[serde(default = "yes")]
    pub holidays_off: bool,
    /// Owner of tickets whose type names none; never empty (TKT-14).
    pub owner: String,
    /// Who is told of breaches and takes escalations over.
    pub supervisor: String,
    /// Field of the customer that names who answers for their tickets: `engineer`. Where it is empty, the
    /// supervisor does, with the flag `no_<field>` (ROL-09). Empty: `owner` does.
    #[serde(default)]
    pub owner_from: String,
    /// Levels of escalation above the owner, lowest first; the last is kept where there are no more.
    #[serde(default)]
    pub levels: Vec<String>,
    /// How far ahead a next reply may be promised, from the day of the promise; None: no limit (X10).
    #[serde(default)]
    pub max_promise: Option<Offset>,
    /// How long before a promised time its owner is reminded (TKT-06).
    #[serde(default = "quarter_hour")]
    pub promise_reminder: Offset,
    /// How long before a deadline its owner is warned, where the stage does not say; None: at
    /// four fifths of the time.
    #[serde(default)]
    pub warn: Option<Offset>,
    /// Within this time after the end of a matter a second complaint is a repeat (X38).
    #[serde(default = "seven_days")]
    pub repeat_window: Offset,
    /// Within this time a dissatisfied customer must be reported (ESC-08).
    #[serde(default = "one_day")]
    pub report_limit: Offset,
    /// What closing asks for.
    #[serde(default)]
    pub close: CloseRule,
    /// How a solution is verified.
    #[serde(default)]
    pub verify: VerifyRule,
    /// Where customers are.
    #[serde(default)]
    pub region: Region,
    /// Inbound calls: what becomes of those that nobody chose a type for.
    #[serde(default)]
    pub intake: Intake,
    /// Numbers that may be dialled, each with what it is for.
    #[serde(default)]
    pub entry: BTreeMap<String, Entry>,
    /// Keys of the menu, each with its type.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// Which department a category belongs to (TKT-15).
    #[serde(default)]
    pub departments: BTreeMap<String, String>,
    /// Engineer or team by region, for notices (TKT-27).
    #[serde(default)]
    pub engineers: BTreeMap<String, String>,
    /// What makes a complaint, for people (TKT-15).
    #[serde(default)]
    pub criteria: Vec<String>,
    /// Fields without which a ticket of a call from a number that nobody knows is not opened by hand; a
    /// tick must be yes (ETI-08).
    #[serde(default)]
    pub strangers: Vec<String>,
    /// Since when tickets of a matter are owed.
    #[serde(default)]
    pub coverage: Coverage,
    /// The types, by word.
    #[serde(default)]
    pub kind: BTreeMap<String, Kind>,
    /// What answers, events and outcomes make of tickets, by word.
    #[serde(default)]
    pub finding: BTreeMap<String, Finding>,
}

/// By which clock a deadline runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClockWord {
    /// Around the clock.
    #[default]
    #[serde(rename = "24x7")]
    Always,
    /// In business hours.
    #[serde(rename = "business")]
    Business,
}

/// What closing asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CloseRule {
    /// Only a satisfied verification, or a supervisor with a reason (X30).
    pub satisfied: bool,
    /// What a missing field does.
    pub missing: OnMissing,
}

impl Default for CloseRule {
    fn default() -> Self {
        CloseRule { satisfied: true, missing: OnMissing::Refuse }
    }
}

/// What a field that is missing at the close does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// The ticket stays open.
    #[default]
    Refuse,
    /// It closes with a flag that names the field.
    Flag,
}

/// How a solution is verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyRule {
    /// When the customer is called after it was done.
    pub after: Offset,
    /// By when at the latest, counted from the same moment.
    pub deadline: Offset,
    /// Calls of the robot that nobody answered before a person takes over.
    pub robot_attempts: u32,
    /// Failed verifications at which the manager is told (VER-06).
    pub alert_cycle: u32,
    /// Questions of the form; it is passed only where all are yes (VER-04).
    pub criteria: Vec<String>,
    /// Role or department that verifies; empty: anybody but who handled it.
    pub by: String,
    /// Who handled it may not verify it (VER-05).
    pub independent: bool,
}

impl Default for VerifyRule {
    fn default() -> Self {
        VerifyRule {
            after: Offset::days(1),
            deadline: Offset::days(2),
            robot_attempts: 2,
            alert_cycle: 2,
            criteria: Vec::new(),
            by: String::new(),
            independent: false,
        }
    }
}

/// Where customers are: words `city`, `in_province` and `other_province` of deadlines by region
/// (X39).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Region {
    /// Name of the home city as addresses write it; empty: there is none.
    pub city: String,
    /// Name of the home province.
    pub province: String,
    /// What is taken where nothing is known of the customer: the stricter word.
    pub unknown: String,
}

impl Default for Region {
    fn default() -> Self {
        Region { city: String::new(), province: String::new(), unknown: "in_province".into() }
    }
}

/// Inbound calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Type of a call for which nobody pressed a key.
    pub kind: String,
    /// Type of a call that nobody served (TKT-45); its stages say when it is returned.
    pub missed: String,
    /// Type of what a callback found out (TKT-21); empty: none is opened.
    pub dissatisfied: String,
    /// Question of the inbound script whose key names the type.
    pub question: String,
    /// Answers later than this are counted as late, in seconds (TKT-45).
    pub answer_seconds: u32,
}

impl Default for Intake {
    fn default() -> Self {
        Intake {
            kind: "consultation".into(),
            missed: "missed_call".into(),
            dissatisfied: "dissatisfied".into(),
            question: "menu".into(),
            answer_seconds: 12,
        }
    }
}

/// A number that may be dialled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// Type of its tickets; empty: by the menu.
    pub kind: String,
    /// Region of its callers; empty: by their address.
    pub region: String,
    /// Department of its tickets.
    pub department: String,
}

/// `[coverage]`: tickets of a matter for which none of these events has happened get a flag (IMP-08).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coverage {
    /// Kinds of events with which after-sales begins: a handover; empty: it is not asked.
    pub from: Vec<String>,
    /// The flag: `not_handed_over`.
    pub flag: String,
}

/// Before, in, or after the sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sale {
    /// 售前.
    Pre,
    /// 售中.
    In,
    /// 售后.
    #[default]
    After,
}

impl Sale {
    /// The word in files and fields.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sale::Pre => "pre",
            Sale::In => "in",
            Sale::After => "after",
        }
    }
}

/// One type of ticket: `[kind.<word>]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kind {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Requirement ids, or `ours`.
    pub source: String,
    /// `ordinary`, `serious` or `major`; ordinary where it is empty.
    pub severity: String,
    /// A complaint: repeats are looked for, routine surveys of the customer rest.
    pub complaint: bool,
    /// Where in the sale it lies: before, in, or after it (ROL-10); `after` where it is not said.
    pub sale: Sale,
    /// Department; by the category where it is empty.
    pub department: String,
    /// Owner; the pack's where it is empty.
    pub owner: String,
    /// Only a supervisor gives it to somebody else (TKT-14).
    pub owner_fixed: bool,
    /// Roles that are told when it is opened.
    pub notify: Vec<String>,
    /// They have to acknowledge it.
    pub notify_ack: bool,
    /// Who has it at what hours: the first whose windows are open (TKT-48).
    pub duty: Vec<Duty>,
    /// No call to the customer verifies it.
    pub no_verification: bool,
    /// A person's escalation makes it major (TKT-13).
    pub escalation_is_major: bool,
    /// A meeting is called where it is major (ESC-03).
    pub meeting: bool,
    /// Whether anything is solved must be said within the save: solved, or a next reply (TKT-44).
    pub next_reply: bool,
    /// Fields asked for when it is opened; missing ones are warned of.
    pub asks: Vec<String>,
    /// Fields without which it is not opened by hand (TKT-37).
    pub opens_with: Vec<String>,
    /// Fields without which it is not closed.
    pub closes_with: Vec<Need>,
    /// Fields that are lists, separated by `;`, each with the field that counts its items:
    /// `{ outstanding_items = "items" }`.
    pub lists: BTreeMap<String, String>,
    /// Words of its state for people, where they differ: `verifying`, `verified`, `closed`.
    pub states: BTreeMap<String, String>,
    /// Stages, in order.
    pub stage: Vec<StageRule>,
    /// Approvals, in order.
    pub approval: Vec<ApprovalRule>,
    /// Reminders while nothing happens (TKT-47).
    pub urge: Option<Urge>,
}

/// Who has a ticket at some hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Windows such as `18:30-08:00`.
    pub hours: Vec<String>,
    /// Role or team.
    pub to: String,
}

/// A field that must be filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Name of the field.
    pub field: String,
    /// Only where all of this holds.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// One stage of a type: `[[kind.<word>.stage]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StageRule {
    /// Its word, unique in its type.
    pub id: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Requirement ids, or `ours`.
    pub source: String,
    /// Word of the ticket's state while this stage is the next; its id where it is empty.
    pub state: String,
    /// What it is counted from: `opened` (also where empty), `escalated`, `acknowledged`,
    /// `call_end`, `verified` (the customer is content), or the id of the stage before.
    pub after: String,
    /// When it must be done, from there; None: it has no deadline.
    pub due: Option<Offset>,
    /// Deadlines by region.
    pub due_by_region: BTreeMap<String, Offset>,
    /// Deadlines by severity.
    pub due_by_severity: BTreeMap<String, Offset>,
    /// Field of the ticket that names the deadline: a day or a time.
    pub due_field: String,
    /// Until the business hours of the day of its beginning end (TKT-40).
    pub due_same_day: bool,
    /// Clock, where it differs from the pack's.
    pub clock: Option<ClockWord>,
    /// Who does it: a role; `department` for the ticket's, `owner` for the ticket's.
    pub by: String,
    /// Nobody but who does it reports it (ROL-07); a supervisor enters it for them.
    pub by_only: bool,
    /// Only where all of this holds.
    pub when: Vec<Condition>,
    /// Only after the department has acknowledged the ticket (TKT-08).
    pub needs_ack: bool,
    /// Fields that must be filled in to report it.
    pub requires: Vec<String>,
    /// Photos that must be attached.
    pub photos: u32,
    /// Kinds of files of which one must be attached: `receipt` (ROL-10).
    pub files: Vec<String>,
    /// Approvals that must be there before it is reported.
    pub approvals: Vec<String>,
    /// An answered call to the customer does it (TKT-10).
    pub by_call: bool,
    /// A promised next reply does it (TKT-06).
    pub by_promise: bool,
    /// How long before the deadline it is warned of.
    pub warn: Option<Offset>,
    /// Who is told of a breach, beside the supervisor.
    pub breach_to: Vec<String>,
    /// A breach raises the level.
    pub breach_escalates: bool,
    /// The deadline is only a reminder: its passing is no breach.
    pub reminder: bool,
    /// A call to the customer is put on the list when the stage begins.
    pub callback: bool,
    /// It does not have to be done before closing.
    pub optional: bool,
    /// A verification that fails begins here again; the last stage where no stage says so.
    pub reopens: bool,
    /// Reported as failed, it comes again as another's task (TKT-17).
    pub rework: Option<Rework>,
}

/// What becomes of a stage that was reported as failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rework {
    /// Whose task it is.
    pub to: String,
    /// By when, from the report.
    pub due: Offset,
    /// Points taken off.
    #[serde(default)]
    pub points: i64,
}

/// One approval: `[[kind.<word>.approval]]`. Signatures are a named user and a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalRule {
    /// Its word.
    pub id: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Requirement ids, or `ours`.
    pub source: String,
    /// Role that signs: whoever signs must have it, see `ringback token create --role`.
    pub by: String,
    /// Fields that come with it: `voucher_no`.
    pub requires: Vec<String>,
    /// Only where all of this holds.
    pub when: Vec<Condition>,
    /// It does not have to be there before closing.
    pub optional: bool,
}

/// Reminders while nothing happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Urge {
    /// After so long without anything, and again after as long.
    pub after: Offset,
    /// Whom.
    pub to: String,
}

fn kf() -> String {
    "KF".into()
}

fn nine_to_six() -> Vec<String> {
    vec!["workday 09:00-12:00,13:00-18:00".into()]
}

const fn yes() -> bool {
    true
}

const fn quarter_hour() -> Offset {
    Offset { amount: 15, unit: crate::calendar::Unit::Minutes }
}

const fn seven_days() -> Offset {
    Offset::days(7)
}

const fn one_day() -> Offset {
    Offset::days(1)
}
