//! A policy in its parts, for people who do not read the file, and what the check says of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::policies::{PolicyText, findings, view};
use crate::calendar::Calendar;
use crate::io::web::live::Catalogue;
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::state::Shared;
use crate::io::web::tongue::Tongue;
use crate::policy::pack::{Anchor, Condition, Finding, Pack, Policy, Rule, Severity, Target};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(check)).merge(super::policy_titles::routes())
}

/// A policy in its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyOutline {
    /// Name, title, version and file.
    pub policy: PolicyText,
    /// Where in the sources it stands.
    pub source: String,
    /// First day on which it is in force; null: always.
    pub effective: Option<String>,
    /// Prompt language.
    pub language: String,
    /// Name said to customers.
    pub brand: String,
    /// When calls may be placed: `Mon-Fri 09:00-12:00`.
    pub windows: Vec<String>,
    /// Other hours by name.
    pub duty: BTreeMap<String, Vec<String>>,
    /// Calls are placed on statutory holidays.
    pub on_holidays: bool,
    /// Calls are placed on weekends.
    pub on_weekends: bool,
    /// Where a due date goes that falls on a day without calls: `none`, `forward`, `back`.
    pub roll: String,
    /// Attempts for one callback.
    pub attempts: u32,
    /// Between them, in order; the last repeats: `+2h`, `next_window`, `next_day`.
    pub spacing: Vec<String>,
    /// Seconds to let it ring.
    pub ring_seconds: u32,
    /// Calls to one number a day; 0: any number.
    pub per_day: u32,
    /// Calls to one number a week; 0: any number.
    pub per_week: u32,
    /// Titles of the events it knows, by kind, in Chinese.
    pub events: BTreeMap<String, String>,
    /// The same in English, as far as they have one.
    pub events_en: BTreeMap<String, String>,
    /// Columns of the customer archive that it knows, each with what it holds.
    pub customer: BTreeMap<String, String>,
    /// Lists that come in.
    pub intakes: Vec<IntakeOutline>,
    /// Its rules, in the order of the file's ids.
    pub rules: Vec<RuleOutline>,
    /// What the check says of it, the worst first.
    pub findings: Vec<PolicyFinding>,
}

/// A list that comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IntakeOutline {
    /// Section of the pack.
    pub name: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    pub title_en: String,
    /// Kinds of events that its rows become.
    pub events: Vec<String>,
    /// Time of day by which its rows are there; empty: none.
    pub by: String,
    /// Columns of the source with our fields.
    pub columns: BTreeMap<String, String>,
    /// Requirement ids.
    pub source: String,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RuleOutline {
    /// Its id.
    pub id: String,
    /// Line of the file on which it begins.
    pub line: Option<usize>,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    pub title_en: String,
    /// Requirement ids, or `ours`.
    pub source: String,
    /// It makes callbacks.
    pub active: bool,
    /// Set by which it is switched; empty: none.
    pub set: String,
    /// `callback`, `verification`, `reminder`, `notice`, `appointment` or `internal`.
    pub purpose: String,
    /// `event`, `after`, `every`, `yearly`, `key_account_plan`, `sample` or `manual`.
    pub trigger: String,
    /// Kinds of events that make it, or are drawn from.
    pub kinds: Vec<String>,
    /// The other rule whose outcome makes it; empty: none does.
    pub after: String,
    /// Its outcomes that count: `done`, `satisfied`, `dissatisfied`, `unreached`.
    pub outcomes: Vec<String>,
    /// How long after the last one: `+6mo`; empty: not so made.
    pub every: String,
    /// `year` or `month`, with its first and last day; empty: not so made.
    pub period: Vec<String>,
    /// How many are drawn each time; 0: none are.
    pub sample: u32,
    /// Days of the week on which they are drawn.
    pub sample_days: Vec<String>,
    /// What must hold of event and customer.
    pub when: Vec<ConditionView>,
    /// `event`, `matter` or `customer`.
    pub once_per: String,
    /// What dates are counted from: `event`, `first`, or `field:<name>`.
    pub anchor: String,
    /// Not before: `+1d`; empty: the day itself.
    pub earliest: String,
    /// When it should be done: `+1d`.
    pub due: String,
    /// When it must be done: `+2d`.
    pub deadline: String,
    /// What the deadline is counted from: as `anchor`, or `due`.
    pub deadline_anchor: String,
    /// Time of day from which it is called; empty: any.
    pub at: String,
    /// Comes again every so often; empty: once.
    pub repeat: String,
    /// Repetitions; 0: without end.
    pub repeat_max: u32,
    /// Kinds of events that take it back.
    pub cancelled_by: Vec<String>,
    /// Kinds of events that fulfil it without a call.
    pub satisfied_by: Vec<String>,
    /// It waits between an event of the first kind and one of the second; empty: it does not.
    pub waits: Vec<String>,
    /// Field of the event with the number that is called; empty: the customer's.
    pub target: String,
    /// `phone`, `onsite`, `email`, `sms`, `letter`, `web` or `task`.
    pub method: String,
    /// The same where the customer cannot be reached; empty: none.
    pub fallback: String,
    /// `robot` or `agent`.
    pub mode: String,
    /// Role of who calls.
    pub role: String,
    /// In whose name.
    pub on_behalf_of: String,
    /// Rule whose caller must be somebody else; empty: none.
    pub not_the_caller_of: String,
    /// Survey scripts, the usual one last.
    pub scripts: Vec<String>,
    /// Windows in place of the pack's.
    pub windows: Vec<String>,
    /// 1 to 9, higher first.
    pub priority: u8,
    /// Counts in the callback rate.
    pub counts: bool,
    /// Fields that must be filled in before it is closed.
    pub close_requires: Vec<String>,
    /// Register in which it stands.
    pub register: String,
}

/// One test on a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConditionView {
    /// Name of the field.
    pub field: String,
    /// One of these.
    pub is: Vec<String>,
    /// None of these.
    pub is_not: Vec<String>,
    /// There is something, or nothing.
    pub given: Option<bool>,
    /// Below this number.
    pub below: Option<f64>,
    /// This number or above.
    pub at_least: Option<f64>,
    /// Differs from this field; empty: not asked.
    pub differs_from: String,
}

/// Something the check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyFinding {
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// The key: `rule.install.deadline`; empty: the file as a whole.
    pub key: String,
    /// What.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
}

/// The text of a policy that is to be looked at.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyCheckBody {
    /// The whole text of the file.
    text: String,
}

/// What the check says of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyCheck {
    /// It can be put in force.
    pub usable: bool,
    /// Version that it would have; empty: it cannot be read.
    pub version: String,
    /// Rules in it.
    pub rules: u64,
    /// What was found, the worst first.
    pub findings: Vec<PolicyFinding>,
}

/// The policy of a pack as it is in force today, in its parts, with what the check says of it.
#[utoipa::path(get, path = "/policies/{pack}/outline", tag = "plan", params(("pack" = String, Path)), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The policy", body = PolicyOutline), (status = 404, description = "No such pack", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Path(pack): Path<String>,
) -> Result<axum::Json<PolicyOutline>, Problem> {
    let settings = api.planner()?.settings();
    let today = settings.calendar.date(api.now());
    let policy =
        settings.policies.in_force(&pack, today).ok_or_else(|| Problem::not_found("policy", pack))?;
    let rests = Rests {
        version: policy.version.clone(),
        today,
        calendar: settings.calendar.clone(),
        catalogue: api.parts.catalogue.borrow().clone(),
    };
    if let Some(known) = api.outlines.of(&policy.pack.pack, &rests) {
        return Ok(axum::Json(known));
    }
    // Rules that every pack has are no part of its text, and nobody can mend them there.
    let written = Policy::parse(&policy.file, policy.text()).map_err(|e| Problem::internal(&e))?;
    let found = findings(&api, &written, today)?;
    let outline = outline(policy, found);
    api.outlines.keep(&policy.pack.pack, rests, &outline);
    Ok(axum::Json(outline))
}

/// Outlines of the policies in force. The check tries every event on every day of a year, so it is done once
/// for what it rests on.
#[derive(Debug, Default)]
pub(in crate::io::web) struct Outlines(Mutex<BTreeMap<String, (Rests, PolicyOutline)>>);

/// What an outline rests on.
#[derive(Clone, Debug)]
struct Rests {
    version: String,
    today: jiff::civil::Date,
    calendar: Arc<Calendar>,
    catalogue: Arc<Catalogue>,
}

impl Rests {
    fn is(&self, other: &Rests) -> bool {
        self.version == other.version
            && self.today == other.today
            && Arc::ptr_eq(&self.calendar, &other.calendar)
            && Arc::ptr_eq(&self.catalogue, &other.catalogue)
    }
}

impl Outlines {
    fn of(&self, pack: &str, rests: &Rests) -> Option<PolicyOutline> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(pack).filter(|(known, _)| known.is(rests)).map(|(_, outline)| outline.clone())
    }

    fn keep(&self, pack: &str, rests: Rests, outline: &PolicyOutline) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(pack.to_owned(), (rests, outline.clone()));
    }
}

/// Looks at the text of a policy as writing it would: every mistake and every warning, with its line
/// and its mending. Nothing is changed.
#[utoipa::path(post, path = "/policies/{pack}/check", tag = "plan", params(("pack" = String, Path)), security(("bearer" = ["policies.edit"])),
    request_body = PolicyCheckBody, responses((status = 200, description = "What was found", body = PolicyCheck)))]
async fn check(
    State(api): State<Shared>,
    tongue: Tongue,
    Path(pack): Path<String>,
    Json(body): Json<PolicyCheckBody>,
) -> Result<axum::Json<PolicyCheck>, Problem> {
    let mut check = checked(&api, &pack, &body)?;
    for finding in &mut check.findings {
        tongue.put(&mut finding.message);
        tongue.put(&mut finding.hint);
    }
    Ok(axum::Json(check))
}

fn checked(api: &Shared, pack: &str, body: &PolicyCheckBody) -> Result<PolicyCheck, Problem> {
    let today = api.planner()?.settings().calendar.date(api.now());
    let error = |line: Option<usize>, key: &str, message: String, hint: String| PolicyCheck {
        usable: false,
        version: String::new(),
        rules: 0,
        findings: vec![PolicyFinding { severity: "error".into(), line, key: key.into(), message, hint }],
    };
    let policy = match Policy::parse(&format!("{pack}.toml"), &body.text) {
        Ok(policy) => policy,
        Err(mistake) => {
            return Ok(error(Some(mistake.place.line), "", mistake.message, mistake.hint));
        }
    };
    if policy.pack.pack != pack {
        let text = format!("the text is for pack `{}`, not `{pack}`", policy.pack.pack);
        let hint = format!("write pack = \"{pack}\"");
        return Ok(error(policy.line_of(&["pack"]), "pack", text, hint));
    }
    let found = worst_first(findings(api, &policy, today)?);
    Ok(PolicyCheck {
        usable: found.iter().all(|finding| finding.severity != "error"),
        version: policy.version.clone(),
        rules: policy.pack.rule.len() as u64,
        findings: found,
    })
}

fn worst_first(mut found: Vec<Finding>) -> Vec<PolicyFinding> {
    found.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.line));
    let one = |finding: Finding| PolicyFinding {
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
        .into(),
        line: finding.line,
        key: finding.key,
        message: finding.message,
        hint: finding.hint,
    };
    found.into_iter().map(one).collect()
}

/// The word of an enumeration as it stands in files.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

fn outline(policy: &Policy, found: Vec<Finding>) -> PolicyOutline {
    let pack = &policy.pack;
    let closed = pack.closed_on();
    let intake = |(name, rules): (&String, &crate::policy::pack::Intake)| IntakeOutline {
        name: name.clone(),
        title: rules.title.clone(),
        title_en: rules.title_en.clone(),
        events: std::iter::once(&rules.event)
            .chain(rules.event_by.values().flat_map(|kinds| kinds.values()))
            .filter(|kind| !kind.is_empty())
            .cloned()
            .collect(),
        by: rules.by.clone(),
        columns: rules.columns.clone(),
        source: rules.source.clone(),
    };
    PolicyOutline {
        policy: view(policy, ""),
        source: pack.source.clone(),
        effective: pack.effective.clone(),
        language: pack.language.clone(),
        brand: pack.brand.clone(),
        customer: pack.customer.clone(),
        windows: pack.windows.call.clone(),
        duty: pack.windows.duty.clone(),
        on_holidays: !closed.holidays,
        on_weekends: !closed.weekends,
        roll: word(&pack.calendar.roll),
        attempts: pack.attempts.max,
        spacing: pack.attempts.spacing.iter().map(word).collect(),
        ring_seconds: pack.attempts.ring_seconds,
        per_day: pack.attempts.caps.day,
        per_week: pack.attempts.caps.week,
        events: pack.event.iter().map(|(kind, event)| (kind.clone(), event.title.clone())).collect(),
        events_en: pack
            .event
            .iter()
            .filter(|(_, event)| !event.title_en.is_empty())
            .map(|(kind, event)| (kind.clone(), event.title_en.clone()))
            .collect(),
        intakes: pack.intake.iter().map(intake).collect(),
        rules: pack.rule.iter().map(|(id, rule)| of_rule(policy, pack, id, rule)).collect(),
        findings: worst_first(found),
    }
}

fn anchor(anchor: &Anchor) -> String {
    match anchor {
        Anchor::Event => "event".into(),
        Anchor::First => "first".into(),
        Anchor::Field(field) => format!("field:{field}"),
    }
}

fn of_condition(condition: &Condition) -> ConditionView {
    ConditionView {
        field: condition.field.clone(),
        is: condition.is.clone(),
        is_not: condition.is_not.clone(),
        given: condition.given,
        below: condition.below,
        at_least: condition.at_least,
        differs_from: condition.differs_from.clone(),
    }
}

fn of_rule(policy: &Policy, pack: &Pack, id: &str, rule: &Rule) -> RuleOutline {
    let on = &rule.on;
    let offset = |offset: Option<crate::calendar::Offset>| offset.map(|o| o.to_string()).unwrap_or_default();
    let deadline_anchor = match (&rule.deadline_anchor, rule.deadline_from_due) {
        (_, true) => "due".to_owned(),
        (Some(other), false) => anchor(other),
        (None, false) => anchor(&rule.anchor),
    };
    let sample = on.sample.as_ref();
    let scripts = rule.scripts.iter().map(|choice| &choice.script).chain(std::iter::once(&rule.script));
    RuleOutline {
        id: id.to_owned(),
        line: policy.line_of(&["rule", id]),
        title: rule.title.clone(),
        title_en: rule.title_en.clone(),
        source: rule.source.clone(),
        active: pack.is_active(rule),
        set: rule.set.clone(),
        purpose: word(&rule.purpose),
        trigger: on.given().first().copied().unwrap_or("manual").to_owned(),
        kinds: on.kinds().into_iter().map(str::to_owned).collect(),
        after: on.after.as_ref().map(|after| after.rule.clone()).unwrap_or_default(),
        outcomes: on.after.iter().flat_map(|after| after.outcome.iter().map(word)).collect(),
        every: offset(on.every.as_ref().map(|every| every.offset)),
        period: on.yearly.iter().flat_map(|y| [word(&y.period), y.from.clone(), y.to.clone()]).collect(),
        sample: sample.map(|s| s.size).unwrap_or_default(),
        sample_days: sample.map(|s| s.days.clone()).unwrap_or_default(),
        when: rule.when.iter().map(of_condition).collect(),
        once_per: word(&rule.once_per),
        anchor: anchor(&rule.anchor),
        earliest: offset(rule.earliest),
        due: rule.due.to_string(),
        deadline: rule.deadline.to_string(),
        deadline_anchor,
        at: rule.at.clone().unwrap_or_default(),
        repeat: offset(rule.repeats()),
        repeat_max: rule.repeat_max,
        cancelled_by: rule.cancelled_by.clone(),
        satisfied_by: rule.satisfied_by.clone(),
        waits: rule.wait_while_open.iter().flatten().cloned().collect(),
        target: match &rule.target {
            Target::Customer => String::new(),
            Target::Field(field) => field.clone(),
        },
        method: rule.method.as_str().to_owned(),
        fallback: rule.fallback.map(|method| method.as_str().to_owned()).unwrap_or_default(),
        mode: word(&rule.mode),
        role: rule.caller.role.clone(),
        on_behalf_of: rule.caller.on_behalf_of.clone(),
        not_the_caller_of: rule.caller.not_the_caller_of.clone(),
        scripts: scripts.filter(|script| !script.is_empty()).cloned().collect(),
        windows: rule.windows.clone(),
        priority: rule.priority,
        counts: rule.counts,
        close_requires: rule.close_requires.clone(),
        register: rule.register.clone(),
    }
}
