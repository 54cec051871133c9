//! What must hold at every step, and when all is over. `mutations` shows that each rule can fail.

use std::collections::BTreeSet;

use ringback::agent::{AgentView, State};
use ringback::base::{CallId, Timestamp};
use ringback::sip::endpoint::Held;

use super::branch::{Branch, SECOND};
use super::phones::extension;
use super::plan::AGENTS;
use crate::support::databases::{number, text};

/// No call lasts longer: the menu, two minutes in the queue, talks that end within minutes, a
/// message. What is forgotten lasts for ever.
pub const LONGEST_CALL_MS: i64 = 3_600_000;
/// An agent may seem to talk with nobody for so long: a phone that vanished may come back, and
/// BYEs are repeated.
pub const ODD_MS: i64 = 40_000;

/// What weeks came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub calls: u64,
    pub served: u64,
    pub abandoned: u64,
    pub tickets: u64,
    pub closed: u64,
    pub verified: u64,
    /// Calls of which nothing was written before a kill.
    pub unwritten: u64,
    /// Callbacks that queues promised, and those whose number was reached.
    pub promised: u64,
    pub called_back: u64,
    /// Calls between two phones of ours.
    pub between_us: u64,
    pub failed: u64,
}

impl Sums {
    pub fn add(&mut self, other: &Sums) {
        self.calls += other.calls;
        self.served += other.served;
        self.abandoned += other.abandoned;
        self.tickets += other.tickets;
        self.closed += other.closed;
        self.verified += other.verified;
        self.unwritten += other.unwritten;
        self.promised += other.promised;
        self.called_back += other.called_back;
        self.between_us += other.between_us;
        self.failed += other.failed;
    }
}

/// Nothing may be left of these when all is over, each with what to show of them.
pub const NOTHING: [(&str, &str, &str); 9] = [
    ("open calls", "calls WHERE state <> 'ended'", "id || ' ' || phone"),
    (
        "hotline calls that came to no ticket",
        "calls c WHERE direction = 'inbound'
             AND NOT EXISTS (SELECT 1 FROM ticket_calls t WHERE t.call_id = c.id)",
        "id || ' ' || phone || ' ' || disposition || ' ' || ticketed",
    ),
    ("calls that the desk has not seen", "calls WHERE ticketed = 0", "id || ' ' || disposition"),
    (
        "open tickets without a next step that has a time",
        "tickets t WHERE phase IN ('open', 'verifying') AND next_at IS NULL AND due_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM ticket_callbacks c JOIN callbacks b ON b.id = c.callback_id
                             WHERE c.ticket_id = t.id AND b.state = 'open')",
        "body",
    ),
    ("tickets without an owner", "tickets WHERE owner = ''", "number"),
    (
        "tickets that are verified twice at once",
        "ticket_callbacks c JOIN callbacks b ON b.id = c.callback_id
         WHERE b.state = 'open' AND c.purpose = 'verify' GROUP BY c.ticket_id HAVING COUNT(*) > 1",
        "c.ticket_id",
    ),
    ("entries that are dialled by nobody", "entries WHERE state = 'dialling'", "id"),
    // What a queue calls belongs to no list; an attempt that never left is cancelled.
    (
        "numbers that a queue rang twice within five minutes",
        "calls a JOIN calls b ON b.phone = a.phone AND b.id > a.id AND b.reserved_at - a.reserved_at < 300000
         WHERE a.direction = 'outbound' AND b.direction = 'outbound' AND a.campaign_id IS NULL
             AND b.campaign_id IS NULL AND a.begun_by IS NULL AND b.begun_by IS NULL AND length(a.phone) > 6
             AND a.disposition <> 'cancelled' AND b.disposition <> 'cancelled'",
        "a.id || ' ' || b.id || ' ' || a.phone",
    ),
    (
        "numbers with two live callbacks",
        "queue_callbacks WHERE fate IS NULL GROUP BY phone HAVING COUNT(*) > 1",
        "phone",
    ),
];

/// What can be seen at one moment.
#[derive(Clone, Debug)]
pub struct Sight {
    pub now: Timestamp,
    /// Each agent, and whether their phone is in the call that they seem to be in.
    pub agents: Vec<(AgentView, bool)>,
    /// Calls with their beginning.
    pub calls: Vec<(CallId, Timestamp)>,
    /// Callers in the queues, those who wait on the line.
    pub callers: usize,
    /// Something is due at some time.
    pub has_timer: bool,
}

/// What is left when all is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Left {
    pub calls: usize,
    pub media: usize,
    pub legs: usize,
    pub callers: usize,
    pub sip: Held,
}

impl Left {
    /// Nothing may be left but what phones have registered.
    pub fn verdict(&self) -> Result<(), String> {
        let Left { calls, media, legs, callers, sip } = *self;
        let sip = sip.sessions + sip.clients + sip.servers;
        match (calls, media, legs, callers, sip) {
            (0, 0, 0, 0, 0) => Ok(()),
            _ => Err(format!("calls, media, legs, callers left: {self:?}")),
        }
    }
}

impl Sight {
    /// No state without an end, no agent who talks with nobody, no call for ever. `odd`: since when
    /// each agent seems to be stuck.
    pub fn verdict(&self, odd: &mut [Option<Timestamp>; AGENTS]) -> Result<(), String> {
        for (view, there) in &self.agents {
            let agent = (0..AGENTS).find(|n| extension(*n) == view.extension).unwrap_or(0);
            let late = |until: Timestamp| self.now.millis_since(until) > 2_000;
            if view.state != State::Offline && view.until.is_none_or(late) {
                return Err(format!("the state of an agent does not end: {view:?}"));
            }
            let busy = matches!(view.state, State::OnCall | State::Offered);
            let since = if busy && !there { odd[agent].or(Some(self.now)) } else { None };
            odd[agent] = since;
            if since.is_some_and(|since| self.now.millis_since(since) > ODD_MS) {
                return Err(format!("an agent is stuck: {view:?}"));
            }
        }
        let long = |(_, began): &&(CallId, Timestamp)| self.now.millis_since(*began) > LONGEST_CALL_MS;
        if let Some((call, _)) = self.calls.iter().find(long) {
            return Err(format!("call {call} is there for ever"));
        }
        if !self.calls.is_empty() && !self.has_timer {
            return Err("calls and no timer".to_owned());
        }
        if self.callers > self.calls.len() {
            return Err("the queues hold callers who are gone".to_owned());
        }
        Ok(())
    }
}

impl Branch {
    fn breach(&self, text: &str) -> ! {
        panic!("week {}, {}: {text}\nthe last of all:\n{}", self.seed, self.now(), self.world.books.trace())
    }

    pub fn sight(&self) -> Sight {
        let engine = &self.world.engine;
        let there = |view: &AgentView| {
            let legs = view.call.map(|call| engine.legs_of(call)).unwrap_or_default();
            // Who calls a colleague is the call itself and no further leg of it.
            let begins =
                view.call.and_then(|call| engine.call(call)).is_some_and(|c| c.phone == view.extension);
            begins || legs.iter().any(|leg| leg.target == view.extension)
        };
        let agents = engine.agents(self.world.now);
        Sight {
            now: self.now(),
            agents: agents.into_iter().map(|view| (view.clone(), there(&view))).collect(),
            calls: engine.calls().map(|call| (call.id, call.started_at)).collect(),
            callers: self.callers(),
            has_timer: engine.next_wake().is_some(),
        }
    }

    fn callers(&self) -> usize {
        self.world.engine.queues().line().iter().filter(|one| !one.is_callback).count()
    }

    /// At every step.
    pub fn look(&mut self) {
        let sight = self.sight();
        if let Err(text) = sight.verdict(&mut self.odd) {
            self.breach(&text);
        }
    }

    /// When all is over: nothing is left, and everybody is accounted for.
    pub async fn judge(&mut self) -> Sums {
        // Transactions absorb retransmissions for 32 s, and OPTIONS may be under way.
        for _ in 0..120 {
            self.run_to(self.now() + SECOND).await;
            if self.world.leftovers().2.clients == 0 && self.world.leftovers().2.servers == 0 {
                break;
            }
        }
        match self.verdict().await {
            Ok(sums) => sums,
            Err(text) => self.breach(&text),
        }
    }

    /// What is wrong with what is left and what is stored.
    pub async fn verdict(&self) -> Result<Sums, String> {
        let (calls, media, sip) = self.world.leftovers();
        let legs = self.world.engine.leg_count();
        Left { calls, media, legs, callers: self.callers(), sip }.verdict()?;
        for (what, of, show) in NOTHING {
            let count = self.rows(of).await;
            if count > 0 {
                let first =
                    text(&self.store, &format!("SELECT CAST({show} AS TEXT) FROM {of} LIMIT 1")).await;
                return Err(format!("{count} {what}, such as {first}"));
            }
        }
        self.count_records().await?;
        let town = &self.world.books;
        let count = async |of: &str| self.rows(of).await.unsigned_abs();
        Ok(Sums {
            calls: count("calls").await,
            served: town.served,
            abandoned: town.abandoned,
            tickets: count("tickets").await,
            closed: count("tickets WHERE phase = 'closed'").await,
            verified: count(
                "ticket_callbacks c JOIN callbacks b ON b.id = c.callback_id WHERE b.state = 'done'",
            )
            .await,
            unwritten: self.unwritten.len() as u64,
            promised: count("queue_callbacks").await,
            called_back: count("queue_callbacks WHERE fate = 'reached'").await,
            between_us: count("calls WHERE begun_by IS NOT NULL AND length(phone) < 6").await,
            failed: 0,
        })
    }

    /// Every call is one record, and every record is a call.
    async fn count_records(&self) -> Result<(), String> {
        let town = &self.world.books;
        if let Some((call, _)) = town.reports.iter().find(|(_, times)| **times != 1) {
            return Err(format!("{call} was reported more than once"));
        }
        let ids = "SELECT COALESCE(GROUP_CONCAT(id), '') FROM calls WHERE direction = 'inbound' OR length(phone) < 6";
        let all = text(&self.store, ids).await;
        let stored: BTreeSet<&str> = all.split(',').filter(|id| !id.is_empty()).collect();
        let begun: BTreeSet<String> = town.begun.difference(&self.unwritten).map(CallId::to_string).collect();
        if let Some(call) = begun.iter().find(|call| !stored.contains(call.as_str())) {
            return Err(format!("{call} came in and is not stored"));
        }
        if let Some(call) = stored.iter().find(|call| !begun.contains(**call)) {
            return Err(format!("{call} is stored and never came in"));
        }
        Ok(())
    }

    async fn rows(&self, of: &str) -> i64 {
        number(&self.store, &format!("SELECT COUNT(*) FROM (SELECT 1 FROM {of})")).await
    }
}
