//! The list of a day: worked out, shown, kept as a draft with a reason for each callback.

use jiff::civil::Date;

use super::card::facts;
use super::facts::DayFacts;
use super::view::{PlanLine, PlanView};
use super::{Error, Planner, Settings, in_force};
use crate::base::{CallbackId, Timestamp};
use crate::io::store::callback::{Verdict as Kept, Word};
use crate::plan::{Call, DayPlan, Row, Verdict};
use crate::policy::code;
use crate::policy::pack::{Mode, Policy};

/// A list that was worked out, with what it was made from.
pub(super) struct Listed {
    pub facts: DayFacts,
    pub plan: DayPlan,
    pub view: PlanView,
}

impl Planner {
    /// Builds the list of a day as a draft: nobody is called by it until it is released. What a
    /// list that was released says is replaced by what holds now.
    ///
    /// # Errors
    /// [`Error::NoPack`], and those of the store.
    pub async fn build_day(&self, pack: &str, day: Date, now: Timestamp) -> Result<PlanView, Error> {
        let settings = self.settings();
        let listed = self.list_day(&settings, pack, day, now).await?;
        self.keep_list(&settings, pack, &listed, now).await?;
        let mut view = listed.view;
        if let Some(row) = self.store().day_plan(pack, day).await? {
            view.state = row.state;
        }
        Ok(view)
    }

    /// Works the list of a day out from what is stored.
    pub(super) async fn list_day(
        &self,
        settings: &Settings,
        pack: &str,
        day: Date,
        now: Timestamp,
    ) -> Result<Listed, Error> {
        let policy = in_force(settings, pack, day)?;
        let callbacks = self.due_callbacks(settings, pack, day).await?;
        let facts = self.day_facts(&policy.pack, day, callbacks, now).await?;
        Ok(listed(settings, policy, facts))
    }

    /// Keeps the figures of a list, the reasons that are not in the ledger yet, and what it was
    /// decided on.
    pub(super) async fn keep_list(
        &self,
        settings: &Settings,
        pack: &str,
        listed: &Listed,
        now: Timestamp,
    ) -> Result<(), Error> {
        let day = listed.facts.day;
        let known = self.ledger(pack, day).await?;
        let verdicts: Vec<Kept> = listed
            .plan
            .rows
            .iter()
            .filter(|row| row.callback.0 > 0)
            .map(kept)
            .filter(|v| {
                known.get(&v.callback).is_none_or(|(word, code)| word != v.word.as_str() || *code != v.code)
            })
            .collect();
        self.store().keep_verdicts(pack, day, &verdicts, now).await?;
        let version = &listed.view.version;
        self.store().keep_day_plan(pack, day, version, &listed.view.summary(), now).await?;
        self.record(settings, pack, listed).await
    }
}

/// The list of these facts.
pub(super) fn listed(settings: &Settings, policy: &Policy, facts: DayFacts) -> Listed {
    let plan = facts.plan(settings, policy);
    let view = view(settings, policy, &facts, &plan);
    Listed { facts, plan, view }
}

/// The verdict of a row as the ledger keeps it.
fn kept(row: &Row) -> Kept {
    let (word, code, detail, start_at) = said(row);
    let windows = row.verdict.call().map_or(String::new(), hours);
    Kept { callback: row.callback, word, code, detail, start_at, windows }
}

/// What a row says: the word, the reason, its figures, and when.
pub(super) fn said(row: &Row) -> (Word, String, String, Option<Timestamp>) {
    match &row.verdict {
        Verdict::Call(call) if call.mode == Mode::Agent => {
            let who = if call.assignee.is_empty() { &call.role } else { &call.assignee };
            let detail = format!("an agent is to call ({who}); the robot does not");
            (Word::Task, code::AGENT_NEEDED.into(), detail, Some(call.start))
        }
        Verdict::Call(call) => {
            (Word::Call, code::DUE.into(), format!("attempt {}", call.attempt), Some(call.start))
        }
        Verdict::Task { method, assignee, reason } => {
            let code = reason.as_ref().map_or("task", |r| r.code.as_str());
            let why = reason.as_ref().map_or("", |r| r.detail.as_str());
            let parts = [method.as_str(), assignee, why];
            let detail: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            (Word::Task, code.into(), detail.join("; "), None)
        }
        Verdict::Not { reason, next, .. } => (Word::Not, reason.code.clone(), reason.detail.clone(), *next),
    }
}

/// The stretch of hours in which a call lies, for the ledger: milliseconds from and to.
pub(super) fn hours(call: &Call) -> String {
    format!("{}-{}", call.window.from, call.window.to)
}

fn view(settings: &Settings, policy: &Policy, facts: &DayFacts, plan: &DayPlan) -> PlanView {
    let places = places(facts);
    let lines = plan.rows.iter().map(|row| line(settings, policy, facts, &places, row)).collect();
    let mut view = PlanView {
        pack: policy.pack.pack.clone(),
        title: policy.pack.title.clone(),
        day: facts.day.to_string(),
        version: policy.version.clone(),
        state: "preview".into(),
        ends_at: [plan.robot_ends, plan.agents_end].into_iter().flatten().max().map(|at| at.0),
        warnings: plan.warnings.iter().map(|w| format!("{}: {}", w.code, w.text)).collect(),
        lines,
        ..PlanView::default()
    };
    view.count();
    view
}

/// Where each callback stands among the facts.
pub(super) fn places(facts: &DayFacts) -> std::collections::BTreeMap<CallbackId, usize> {
    facts.callbacks.iter().enumerate().map(|(at, stored)| (stored.callback.id, at)).collect()
}

fn line(
    settings: &Settings,
    policy: &Policy,
    all: &DayFacts,
    places: &std::collections::BTreeMap<CallbackId, usize>,
    row: &Row,
) -> PlanLine {
    let (word, code, detail, start_at) = said(row);
    let rule = policy.pack.rule.get(&row.rule);
    let stored = places.get(&row.callback).and_then(|at| all.callbacks.get(*at));
    let call = row.verdict.call();
    let customer = all.customers.get(&row.customer);
    let mut line = PlanLine {
        verdict: word.as_str().into(),
        code,
        detail,
        callback: row.callback.0.max(0),
        pack: row.pack.clone(),
        rule: row.rule.clone(),
        title: rule.map(|r| r.title.clone()).unwrap_or_default(),
        customer: row.customer.0,
        name: row.name.clone(),
        start_at: start_at.map(|at| at.0),
        due: row.due.0,
        deadline: row.deadline.0,
        mode: rule.map_or("robot", |r| if r.mode == Mode::Agent { "agent" } else { "robot" }).into(),
        script: rule.map(|r| r.script.clone()).unwrap_or_default(),
        on_behalf_of: rule.map(|r| r.caller.on_behalf_of.clone()).unwrap_or_default(),
        priority: rule.map_or(5, |r| r.priority),
        ..PlanLine::default()
    };
    if let Some(stored) = stored {
        let b = &stored.callback;
        line.sum = b.sums.due.to_string();
        line.method = b.method.as_str().into();
        line.origin = b.origin.as_str().into();
        line.assignee = b.assignee.clone();
        line.released = stored.entry.is_some();
        if let Some(customer) = customer {
            let event = b.event.and_then(|id| all.events.get(&id));
            line.facts = facts(stored, customer, event, rule, &settings.calendar);
            line.phone = customer.phone().map(ToString::to_string).unwrap_or_default();
        }
    }
    if let Some(call) = call {
        line.phone = call.phone.to_string();
        line.windows = hours(call);
        line.script = call.script.clone();
        line.on_behalf_of =
            if call.on_behalf_of.is_empty() { call.brand.clone() } else { call.on_behalf_of.clone() };
        line.assignee = call.assignee.clone();
        line.priority = call.priority;
        line.joined = call.joins.iter().map(|id| id.0).collect();
    }
    line
}
