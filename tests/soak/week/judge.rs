//! What must hold at every step, and when all is over.

use ringback::agent::State;
use ringback::base::Timestamp;

use super::branch::{Branch, SECOND};
use super::phones::extension;
use super::plan::AGENTS;
use crate::support::databases::{number, text};

/// No call lasts longer: the menu, two minutes in the queue, talks that end within minutes, a
/// message. What is forgotten lasts for ever.
const LONGEST_CALL_MS: i64 = 3_600_000;
/// An agent may seem to talk with nobody for so long: a phone that vanished may come back, and
/// BYEs are repeated.
const ODD_MS: i64 = 40_000;

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
        self.failed += other.failed;
    }
}

/// Nothing may be left of these when all is over, each with what to show of them.
const NOTHING: [(&str, &str, &str); 7] = [
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
];

impl Branch {
    fn breach(&self, text: &str) -> ! {
        panic!("week {}, {}: {text}\nthe last of all:\n{}", self.seed, self.now(), self.world.books.trace())
    }

    /// At every step: no state without an end, no agent who talks with nobody, no call for ever.
    pub fn look(&mut self) {
        let (now, engine) = (self.now(), &self.world.engine);
        for view in engine.agents(self.world.now) {
            let agent = (0..AGENTS).find(|n| extension(*n) == view.extension).unwrap_or(0);
            let late = |until: Timestamp| now.millis_since(until) > 2_000;
            if view.state != State::Offline && view.until.is_none_or(late) {
                self.breach(&format!("the state of an agent does not end: {view:?}"));
            }
            let busy = matches!(view.state, State::OnCall | State::Offered);
            let there = view
                .call
                .is_some_and(|call| engine.legs_of(call).iter().any(|leg| leg.target == view.extension));
            let since = if busy && !there { self.odd[agent].or(Some(now)) } else { None };
            self.odd[agent] = since;
            if since.is_some_and(|since| now.millis_since(since) > ODD_MS) {
                self.breach(&format!("an agent is stuck: {view:?}"));
            }
        }
        if let Some(call) = engine.calls().find(|c| now.millis_since(c.started_at) > LONGEST_CALL_MS) {
            self.breach(&format!("call {} is in {:?} for ever", call.id, call.state));
        }
        if engine.call_count() > 0 && engine.next_wake().is_none() {
            self.breach("calls and no timer");
        }
        if engine.queues().held() > engine.call_count() {
            self.breach("the queues hold callers who are gone");
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
        let (calls, sessions, held) = self.world.leftovers();
        let left = (calls, sessions, self.world.engine.leg_count(), self.world.engine.queues().held());
        if left != (0, 0, 0, 0) || held.sessions + held.clients + held.servers > 0 {
            self.breach(&format!("calls, media, legs, callers left: {left:?}; {held:?}"));
        }
        for (what, of, show) in NOTHING {
            let count = self.rows(of).await;
            if count > 0 {
                let first =
                    text(&self.store, &format!("SELECT CAST({show} AS TEXT) FROM {of} LIMIT 1")).await;
                self.breach(&format!("{count} {what}, such as {first}"));
            }
        }
        self.count_records().await;
        let town = &self.world.books;
        let count = async |of: &str| self.rows(of).await.unsigned_abs();
        Sums {
            calls: count("calls").await,
            served: town.served,
            abandoned: town.abandoned,
            tickets: count("tickets").await,
            closed: count("tickets WHERE phase = 'closed'").await,
            verified: count(
                "ticket_callbacks c JOIN callbacks b ON b.id = c.callback_id WHERE b.state = 'done'",
            )
            .await,
            unwritten: self.unwritten,
            failed: 0,
        }
    }

    /// Every call is one record, and every record is a call.
    async fn count_records(&self) {
        let town = &self.world.books;
        if let Some((call, _)) = town.reports.iter().find(|(_, times)| **times != 1) {
            self.breach(&format!("{call} was reported more than once"));
        }
        let (begun, stored) = (town.begun.len() as i64, self.rows("calls WHERE direction = 'inbound'").await);
        if begun - self.unwritten as i64 != stored {
            self.breach(&format!(
                "{begun} calls came in, {stored} are stored, {} were never written",
                self.unwritten
            ));
        }
    }

    async fn rows(&self, of: &str) -> i64 {
        number(&self.store, &format!("SELECT COUNT(*) FROM (SELECT 1 FROM {of})")).await
    }
}
