//! What was found out and becomes a ticket, or changes one: in a call of the robot, in a callback
//! that a person closed, in an event of the archive. Which of it is said by the table of the
//! ticket file; a customer who is not content is a ticket in any case (TKT-21, ESC-06).

use std::collections::BTreeMap;
use std::time::Duration;

use super::calls::Taken;
use super::{Error, TicketDesk};
use crate::base::{CallbackId, CustomerId, EventId, Timestamp};
use crate::io::store::Error as StoreError;
use crate::io::store::ticket::{ClosedCallback, EndedCall, EventFound, Linked, Matter};
use crate::policy::pack::{OutcomeWord, Scale};
use crate::ticket::{Act, Amendment, Attempt, Finding, NewTicket, Rules, Who};

/// Callbacks and events of one look.
const BATCH: u32 = 200;
/// How far back callbacks and events are looked at: the daemon may have been off.
const LATELY: Duration = Duration::from_secs(24 * 3_600);
/// Rows that are looked at again, for transactions end in another order than they begin.
const OVERLAP: i64 = 1_000;
/// Word of what every pack has: the customer is not content.
const DISSATISFIED: &str = "dissatisfied";

/// Where something may have been found out.
#[derive(Default)]
pub(super) struct Place {
    /// `call:01K...`, `callback:7`, `event:12`.
    key: String,
    pack: String,
    /// Rule of the callback; empty for none.
    rule: String,
    /// Kind of the event in which it is; empty: it is in a callback.
    kind: String,
    dissatisfied: bool,
    customer: Option<CustomerId>,
    phone: String,
    matter: String,
    /// What findings ask for.
    facts: BTreeMap<String, String>,
    /// What every ticket of it gets.
    fields: BTreeMap<String, String>,
    at: Timestamp,
    call: Option<Attempt>,
    event: Option<EventId>,
    callback: Option<CallbackId>,
}

impl Place {
    fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    fn has(&self, finding: &Finding) -> bool {
        match self.kind.as_str() {
            "" => finding.is_in_callback(&self.rule, self.dissatisfied, |name| self.fact(name)),
            kind => finding.is_in_event(kind, |name| self.fact(name)),
        }
    }

    /// What the file finds in it, with the words. Who is not content is found in any case.
    fn findings(&self, rules: &Rules) -> Vec<(String, Finding)> {
        let all = rules.pack.finding.iter().filter(|(_, finding)| self.has(finding));
        let mut found: Vec<(String, Finding)> = all.map(|(word, f)| (word.clone(), f.clone())).collect();
        let kind = &rules.pack.intake.dissatisfied;
        if self.dissatisfied && !kind.is_empty() && !found.iter().any(|(_, f)| f.is_of_dissatisfaction()) {
            let outcome = vec![OutcomeWord::Dissatisfied];
            found.push((DISSATISFIED.into(), Finding { outcome, opens: kind.clone(), ..Finding::default() }));
        }
        found
    }
}

impl TicketDesk {
    /// By the script, or by the scale of the pack.
    fn is_dissatisfied(&self, call: &EndedCall, now: Timestamp) -> bool {
        if call.dissatisfied > 0 {
            return true;
        }
        let settings = self.parts.planner.settings();
        let pack = call.pack.as_deref().unwrap_or_default();
        let policy = settings.policies.in_force(pack, settings.calendar.date(now));
        let scale = policy.map_or_else(Scale::default, |p| p.pack.scale.clone());
        call.lowest.is_some_and(|lowest| lowest <= scale.dissatisfied_at_or_below)
    }

    /// What a call of ours found out; gives the tickets that know of it.
    pub(super) async fn found_in_call(
        &self,
        call: &EndedCall,
        attempt: &Attempt,
        taken: &mut Taken,
        now: Timestamp,
    ) -> Result<Vec<i64>, Error> {
        let dissatisfied = self.is_dissatisfied(call, now);
        if !attempt.answered && !dissatisfied {
            return Ok(Vec::new());
        }
        let mut fields = BTreeMap::new();
        if let Some(lowest) = call.lowest.filter(|_| dissatisfied) {
            fields.insert("score".into(), lowest.to_string());
        }
        if let Some(callback) = call.callback_id {
            fields.insert("callback".into(), callback.to_string());
        }
        let mut facts = as_map(call.event_fields.as_deref());
        facts.extend(self.store().answers_by_question(&call.id).await?);
        let place = Place {
            key: format!("call:{}", call.id),
            pack: call.pack.clone().unwrap_or_default(),
            rule: call.rule.clone().unwrap_or_default(),
            dissatisfied,
            customer: call.customer_id.map(CustomerId),
            phone: call.phone.clone(),
            matter: matter_of(call.subject.as_deref().unwrap_or_default()),
            facts,
            fields,
            at: Timestamp(call.ended_at),
            call: Some(attempt.clone()),
            event: call.event_id.map(EventId),
            callback: call.callback_id.map(CallbackId),
            ..Place::default()
        };
        self.look(&place, taken, now).await
    }

    /// Callbacks that people closed: a visit, an answered questionnaire, a call by hand.
    pub(super) async fn look_at_callbacks(&self, taken: &mut Taken, now: Timestamp) -> Result<(), Error> {
        let closed = self.store().closed_without_call(lately(now), BATCH).await?;
        taken.more |= closed.len() == BATCH as usize;
        self.look_at_all(closed.into_iter().map(Place::from), taken, now).await
    }

    /// Events that ticket files ask for.
    pub(super) async fn look_at_events(&self, taken: &mut Taken, now: Timestamp) -> Result<(), Error> {
        for pack in self.settings().packs.all() {
            let kinds: std::collections::BTreeSet<&String> =
                pack.finding.values().flat_map(|finding| &finding.event).collect();
            for kind in kinds {
                let name = format!("finding {} {kind}", pack.pack);
                let from = self.store().notice_mark(&name).await?;
                let events =
                    self.store().events_to_look_at(&pack.pack, kind, from, lately(now), BATCH).await?;
                let Some(last) = events.last().map(|event| event.id - OVERLAP) else { continue };
                taken.more |= events.len() == BATCH as usize;
                let place = |event| Place::of_event(&pack.pack, event);
                self.look_at_all(events.into_iter().map(place), taken, now).await?;
                if last > from {
                    self.store().set_notice_mark(&name, last).await?;
                }
            }
        }
        Ok(())
    }

    /// Looks at each once. What the rules refuse is told of, and does not stop the others.
    async fn look_at_all(
        &self,
        places: impl Iterator<Item = Place>,
        taken: &mut Taken,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut seen = Vec::new();
        for place in places {
            match self.look(&place, taken, now).await {
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => tracing::error!(found = place.key, %error, "what was found came to no ticket"),
                Ok(_) => {}
            }
            seen.push(place.key);
        }
        Ok(self.store().looked_at(&seen, now).await?)
    }

    /// Everything that the file finds in a place; gives the tickets that know of it.
    async fn look(&self, place: &Place, taken: &mut Taken, now: Timestamp) -> Result<Vec<i64>, Error> {
        if !place.dissatisfied && self.settings().packs.of(&place.pack).is_none_or(|p| p.finding.is_empty()) {
            return Ok(Vec::new());
        }
        let known = self.known(&place.phone, place.customer, &place.pack).await?;
        let rules = self.rules(&known.pack)?;
        let mut tickets = Vec::new();
        for (word, finding) in place.findings(&rules) {
            let key = format!("{}/{word}", place.key);
            if let Some(ticket) = self.store().found(&key).await? {
                tickets.extend(ticket);
                continue;
            }
            let found = Found { rules: &rules, known: &known, place, key: &key, finding: &finding };
            let amendment = finding.amendment(&word, &place.key, |name| place.fact(name));
            match self.come_to(&found, amendment, taken, now).await {
                Ok(ids) => tickets.extend(ids),
                // Somebody else was faster.
                Err(Error::Store(StoreError::Exists { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(tickets)
    }

    /// Open tickets are changed, or get it once more; where there is none, one is opened.
    async fn come_to(
        &self,
        found: &Found<'_>,
        amendment: Amendment,
        taken: &mut Taken,
        now: Timestamp,
    ) -> Result<Vec<i64>, Error> {
        let Found { rules, known, place, key, finding } = found;
        let of = Matter {
            pack: &known.pack,
            customer: known.customer,
            phone: if place.phone.is_empty() { &known.phone } else { &place.phone },
            matter: &place.matter,
        };
        let calls: Vec<_> = place.call.iter().filter_map(|call| call.call).collect();
        let linked = |key: String| Linked {
            found: Some(key),
            found_by: place.callback.map(|id| id.0),
            calls: calls.clone(),
            ..Linked::default()
        };
        let mut tickets = Vec::new();
        if !finding.amends.is_empty() {
            for ticket in self.store().open_tickets(&finding.amends, of).await? {
                let key = format!("{key}/{}", ticket.id);
                if self.store().found(&key).await?.is_none() {
                    let act = Act::Amend(amendment.clone());
                    self.act_with(ticket.id, &act, &linked(key), &Who::daemon(), now).await?;
                    taken.joined += 1;
                }
                tickets.push(ticket.id);
            }
        }
        if !tickets.is_empty() || finding.opens.is_empty() {
            return Ok(tickets);
        }
        if let Some(ticket) = self.store().open_tickets(&finding.opens, of).await?.first() {
            let act = Act::Repeat { call: calls.first().copied() };
            self.act_with(ticket.id, &act, &linked((*key).to_owned()), &Who::daemon(), now).await?;
            taken.joined += 1;
            return Ok(vec![ticket.id]);
        }
        let new = found.new(amendment, of.phone);
        let opened = self.open_with(rules, new, linked((*key).to_owned()), &Who::daemon(), now).await?;
        taken.opened += 1;
        Ok(vec![opened.ticket.id])
    }
}

/// A finding in a place.
struct Found<'a> {
    rules: &'a Rules,
    known: &'a super::known::Known,
    place: &'a Place,
    key: &'a str,
    finding: &'a Finding,
}

impl Found<'_> {
    /// The ticket that it opens.
    fn new(&self, amendment: Amendment, phone: &str) -> NewTicket {
        let (place, known) = (self.place, self.known);
        let mut fields = place.fields.clone();
        fields.extend(amendment.adds);
        fields.extend(amendment.fields);
        NewTicket {
            pack: known.pack.clone(),
            kind: self.finding.opens.clone(),
            source: if place.kind.is_empty() { "callback".into() } else { place.kind.clone() },
            customer: known.customer,
            phone: phone.to_owned(),
            name: known.name.clone(),
            matter: place.matter.clone(),
            fields,
            known: known.fields.clone(),
            event: place.event,
            found_in: place.callback,
            dissatisfied: Some(place.dissatisfied),
            at: place.at,
            call: place.call.clone(),
            ..NewTicket::default()
        }
    }
}

impl Place {
    fn of_event(pack: &str, event: EventFound) -> Place {
        let mut facts = as_map(Some(&event.fields));
        facts.insert("matter".into(), event.matter.clone());
        Place {
            key: format!("event:{}", event.id),
            pack: pack.to_owned(),
            kind: event.kind,
            customer: Some(CustomerId(event.customer_id)),
            matter: event.matter,
            facts,
            at: Timestamp(event.received_at),
            event: Some(EventId(event.id)),
            ..Place::default()
        }
    }
}

impl From<ClosedCallback> for Place {
    fn from(closed: ClosedCallback) -> Place {
        let mut facts = as_map(closed.event_fields.as_deref());
        facts.extend(as_map(Some(&closed.filled)));
        let dissatisfied = closed.outcome == "dissatisfied";
        let mut fields = BTreeMap::from([("callback".to_owned(), closed.id.to_string())]);
        if !closed.detail.is_empty() {
            fields.insert("content".into(), closed.detail);
        }
        Place {
            key: format!("callback:{}", closed.id),
            pack: closed.pack,
            rule: closed.rule,
            dissatisfied,
            customer: Some(CustomerId(closed.customer_id)),
            matter: matter_of(&closed.subject),
            facts,
            fields,
            at: Timestamp(closed.closed_at),
            event: closed.event_id.map(EventId),
            callback: Some(CallbackId(closed.id)),
            ..Place::default()
        }
    }
}

fn lately(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(LATELY.as_millis()).unwrap_or(0)))
}

fn as_map(json: Option<&str>) -> BTreeMap<String, String> {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// The matter of a callback's subject: that of an event stands for itself; one that stands for
/// the customer, or names a day beside, is none.
fn matter_of(subject: &str) -> String {
    let plain = subject.split_once(['+', '#']).map_or(subject, |(plain, _)| plain);
    if plain.starts_with("customer:") { String::new() } else { plain.to_owned() }
}
