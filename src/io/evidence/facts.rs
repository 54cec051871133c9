//! From rows of the database to what is known of a call.

use std::collections::BTreeMap;

use super::{Error, Examiner, FEW_TALKS, LATE_TALKS};
use crate::base::{Disposition, Timestamp};
use crate::call::{Direction, EndedBy, HungUpFirst};
use crate::evidence::{CallFacts, Detector, Kept, Part, Register, Scorecard};
use crate::io::store::evidence::CallSource;
use crate::io::store::read::LegRow;

impl Examiner {
    pub(super) async fn facts(
        &self,
        source: &CallSource,
        card: &Scorecard,
        now: Timestamp,
    ) -> Result<CallFacts, Error> {
        let bridged = self.bridged(source).await?;
        let tickets = self.store().tickets_of_call(&source.id).await?;
        let parts: Vec<Part> = bridged.legs.iter().filter_map(part).collect();
        let rule = source.rule.clone().unwrap_or_default();
        let pack = source.pack.as_deref().unwrap_or_default();
        let started_at = Timestamp(source.started_at.unwrap_or(source.reserved_at));
        let (department, brand) = self.said_of(pack, &rule, started_at);
        let window = match source.direction.as_str() {
            "outbound" => self.parts.planner.is_within_window(pack, &rule, started_at),
            _ => None,
        };
        let fields: BTreeMap<String, String> = json(source.fields.as_deref());
        let filled: BTreeMap<String, String> = json(source.filled.as_deref());
        let alarm = source.alarm.as_deref().unwrap_or_default();
        let told_done = !parts.is_empty() && source.by_hand != 0;
        let register = register(source, card, &parts, now);
        let ended_at = Timestamp(source.ended_at);
        let times = |from: i64, to: Option<i64>| (Timestamp(from), to.map_or(ended_at, Timestamp));
        let closed_by_it = source.closed_by_call.as_deref() == Some(&source.id) || source.by_hand != 0;
        Ok(CallFacts {
            direction: if source.direction == "inbound" { Direction::Inbound } else { Direction::Outbound },
            started_at,
            answered_at: source.answered_at.map(Timestamp),
            ended_at,
            ended_by: match source.ended_by.as_str() {
                "us" => EndedBy::Us,
                "peer" => EndedBy::Peer,
                _ => EndedBy::Fault,
            },
            disposition: source.disposition.parse().unwrap_or(Disposition::Failed),
            hung_up_first: hung_up_first(source),
            holds: bridged.holds.iter().map(|hold| times(hold.from_at, Some(hold.to_at))).collect(),
            pauses: bridged.pauses.iter().map(|pause| times(pause.from_at, pause.to_at)).collect(),
            steps: json(source.steps.as_deref()),
            steps_out_of_order: filled.get("steps_out_of_order").cloned().unwrap_or_default(),
            keys: u64::try_from(source.keys).unwrap_or(0),
            quality: source.quality.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            missing_samples: u64::try_from(source.missing_frames.unwrap_or(0)).unwrap_or(0),
            recorded: source.recording.is_some() || alarm.contains("record"),
            kept: Kept {
                window,
                deadline: source.deadline.filter(|_| closed_by_it).map(|deadline| source.ended_at < deadline),
            },
            rule,
            department,
            brand,
            title: card.titles.of(|name| fields.get(name).map(String::as_str)).to_owned(),
            complaint: tickets.iter().any(|ticket| ticket.complaint != 0),
            promise_kept: !tickets.is_empty() || source.follow_ups > 0,
            tickets: tickets.into_iter().map(|ticket| ticket.kind).collect(),
            register,
            told_done,
            usual_ms: if parts.is_empty() { None } else { self.usual_talk().await? },
            parts,
        })
    }

    async fn bridged(&self, source: &CallSource) -> Result<crate::io::store::read::BridgedRow, Error> {
        match source.id.parse() {
            Ok(call) => Ok(self.store().bridged_row(call).await?),
            Err(_) => Err(Error::NoCall(source.id.clone())),
        }
    }

    /// Department and brand in whose name a rule calls.
    fn said_of(&self, pack: &str, rule: &str, at: Timestamp) -> (String, String) {
        let settings = self.parts.planner.settings();
        let Some(policy) = settings.policies.in_force(pack, settings.calendar.date(at)) else {
            return Default::default();
        };
        let caller = policy.pack.rule.get(rule).map(|rule| rule.caller.on_behalf_of.clone());
        (caller.unwrap_or_default(), policy.pack.brand.clone())
    }

    /// The median of late calls with a person, in ms.
    async fn usual_talk(&self) -> Result<Option<i64>, Error> {
        let mut late = self.store().late_talks(LATE_TALKS).await?;
        late.sort_unstable();
        Ok((late.len() >= FEW_TALKS).then(|| late[late.len() / 2]))
    }
}

/// When the entry of the register is to be looked at; None: it was, or none is owed.
pub(super) fn review(
    facts: &CallFacts,
    source: &CallSource,
    card: &Scorecard,
    now: Timestamp,
) -> Option<Timestamp> {
    let owed = facts.register == Register::Open && !facts.parts.is_empty() && source.callback_state.is_some();
    owed.then(|| overdue_at(source, card)).filter(|at| *at > now)
}

fn overdue_at(source: &CallSource, card: &Scorecard) -> Timestamp {
    let minutes = card.limit.get(&Detector::WrapUp).and_then(|limit| limit.first_above()).unwrap_or(10.0);
    // A second after its time, so that what came in time is there.
    Timestamp(source.ended_at + (minutes * 60_000.0) as i64 + 1_000)
}

fn register(source: &CallSource, card: &Scorecard, parts: &[Part], now: Timestamp) -> Register {
    if parts.is_empty() || source.callback_state.is_none() {
        return Register::Open;
    }
    let by_it = source.closed_by_call.as_deref() == Some(&source.id) || source.by_hand != 0;
    match source.closed_at.filter(|_| by_it) {
        Some(closed) => Register::Saved(closed - source.ended_at),
        None if now >= overdue_at(source, card) => Register::Missing,
        None => Register::Open,
    }
}

/// A leg that had the customer.
fn part(leg: &LegRow) -> Option<Part> {
    let had = matches!(leg.result.as_str(), "talked" | "transferred" | "lost");
    let from = leg.answered_at.filter(|_| had && leg.kind != "supervisor")?;
    Some(Part {
        agent: leg.agent.clone().unwrap_or_else(|| leg.target.clone()),
        rang_at: Timestamp(leg.started_at),
        from: Timestamp(from),
        to: Timestamp(leg.ended_at),
        transferred: leg.result == "transferred",
    })
}

fn hung_up_first(source: &CallSource) -> Option<(HungUpFirst, Timestamp)> {
    let first = match source.hung_up_first.as_deref()? {
        "customer" => HungUpFirst::Customer,
        "agent" => HungUpFirst::Agent,
        _ => HungUpFirst::System,
    };
    Some((first, Timestamp(source.hung_up_first_at.unwrap_or(source.ended_at))))
}

fn json<T: serde::de::DeserializeOwned + Default>(text: Option<&str>) -> T {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
