//! In place of the database: the same promises, in memory.

use std::collections::{BTreeMap, BTreeSet};

use ringback::base::{CallId, EntryId, ListId, Now, PhoneNumber, Timestamp};
use ringback::call::StoredAnswer;
use ringback::dialer::{
    Campaign, CampaignSettings, CampaignState, Candidate, EntryState, EntryUpdate, Fetched, NewEntry, Reason,
    Terms,
};
use ringback::engine::{Report, Reserved, Waited, Write};
use ringback::queue::Kept;

use super::Ladder;

/// One customer and what became of them.
#[derive(Clone, Debug)]
pub struct Row {
    pub details: NewEntry,
    pub state: EntryState,
    pub due_at: Timestamp,
    pub reason: Option<Reason>,
    pub attempts: Vec<CallId>,
    pub attempts_by: BTreeMap<ringback::base::Disposition, u32>,
}

/// What would be on disk.
#[derive(Debug, Default)]
pub struct Ledger {
    pub rows: BTreeMap<EntryId, Row>,
    pub reports: Vec<Report>,
    pub answers: Vec<StoredAnswer>,
    pub do_not_call: BTreeSet<String>,
    pub states: Vec<CampaignState>,
    pub blocked: Option<Reason>,
    /// When each number was called.
    pub calls: BTreeMap<PhoneNumber, Vec<Timestamp>>,
    /// Callbacks of queues that live.
    pub kept: BTreeMap<CallId, Kept>,
    /// How those that ended did.
    pub callback_fates: Vec<&'static str>,
    pub waits: Vec<Waited>,
    open: BTreeSet<CallId>,
}

impl Ledger {
    /// Puts customers on list 1, due at once.
    pub fn add(&mut self, numbers: &[&str]) {
        for number in numbers {
            let id = EntryId(self.rows.len() as i64 + 1);
            let (phone, _) = PhoneNumber::parse(number, None).unwrap();
            let details = NewEntry {
                external_id: String::new(),
                phone,
                extension: String::new(),
                name: format!("customer {id}"),
                language: "en".into(),
                priority: 5,
                due_at: None,
                fields: BTreeMap::new(),
                terms: Terms::default(),
            };
            self.rows.insert(
                id,
                Row {
                    details,
                    state: EntryState::Pending,
                    due_at: Timestamp(0),
                    reason: None,
                    attempts: Vec::new(),
                    attempts_by: BTreeMap::new(),
                },
            );
        }
    }

    /// The campaign over list 1.
    pub fn campaign(settings: CampaignSettings) -> Campaign {
        Campaign {
            id: ringback::base::CampaignId(1),
            name: "test".into(),
            list: ListId(1),
            state: CampaignState::Draft,
            created_at: Timestamp(0),
            settings,
        }
    }

    pub fn fetch(&self, list: ListId, now: Timestamp, limit: u32) -> Fetched {
        let pending = || self.rows.iter().filter(|(_, r)| r.state == EntryState::Pending);
        let due: Vec<Candidate> = pending()
            .filter(|(_, row)| row.due_at <= now)
            .take(limit as usize)
            .map(|(id, row)| Candidate {
                entry: *id,
                list,
                details: NewEntry { due_at: Some(row.due_at), ..row.details.clone() },
                attempts: row.attempts.len() as u32,
                attempts_by: row.attempts_by.clone(),
                recent_calls: self.calls.get(&row.details.phone).cloned().unwrap_or_default(),
                do_not_call: self.do_not_call.contains(&row.details.phone.to_string()),
            })
            .collect();
        let taken: BTreeSet<EntryId> = due.iter().map(|c| c.entry).collect();
        let unfinished = self
            .rows
            .iter()
            .filter(|(id, r)| {
                matches!(r.state, EntryState::Pending | EntryState::Dialling) && !taken.contains(id)
            })
            .count();
        let next_due = pending().filter(|(id, _)| !taken.contains(id)).map(|(_, r)| r.due_at).min();
        let promised = pending().filter(|(id, r)| !taken.contains(id) && r.details.terms.exact_at.is_some());
        let next_exact = promised.map(|(_, r)| r.due_at).min();
        Fetched { candidates: due, unfinished: unfinished as u64, next_due, next_exact }
    }

    pub fn write(&mut self, now: Now, write: Write, ladder: &mut Ladder) -> Option<Reserved> {
        match write {
            Write::Reserve(attempts) => {
                let mut answer = Reserved::default();
                for attempt in attempts {
                    let row = self.rows.get_mut(&attempt.entry).expect("only entries of the ledger");
                    assert_eq!(row.state, EntryState::Pending, "reserved twice: {attempt:?}");
                    let calls = self.calls.entry(attempt.phone.clone()).or_default();
                    if let Some(reason) = attempt.caps.iter().find_map(|cap| cap.objection(calls)) {
                        row.reason = Some(reason.clone());
                        answer.refused.push((attempt.call, reason));
                        continue;
                    }
                    calls.push(attempt.reserved_at);
                    row.reason = Some(Reason::new("due", attempt.detail));
                    row.state = EntryState::Dialling;
                    row.attempts.push(attempt.call);
                    assert!(self.open.insert(attempt.call), "one id, two attempts");
                    answer.reserved.push(attempt.call);
                }
                return Some(answer);
            }
            Write::Begin { call, .. } => assert!(self.open.insert(call), "one id, two calls"),
            Write::Answer(answer) => {
                assert!(self.open.contains(&answer.call), "an answer outside its call");
                ladder.answer(now, &answer);
                self.answers.push(answer);
            }
            Write::Report(report) => {
                assert!(self.open.remove(&report.record.id), "one call, two records");
                ladder.report(now, &report);
                if let Some(update) = &report.entry {
                    let row = self.rows.get_mut(&update.entry).expect("only entries of the ledger");
                    settle(row, update);
                    row.details.terms.exact_at = update.exact_at;
                    *row.attempts_by.entry(report.record.disposition).or_default() += 1;
                    if report.do_not_call.is_some() {
                        self.do_not_call.insert(row.details.phone.to_string());
                    }
                }
                self.reports.push(*report);
            }
            Write::Entries(updates) => {
                for update in updates {
                    if let Some(row) = self.rows.get_mut(&update.entry) {
                        settle(row, &update);
                    }
                }
            }
            Write::State { state, .. } => self.states.push(state),
            Write::Blocked { reason, .. } => self.blocked = reason,
            Write::ReserveLone(attempt) => {
                let mut answer = Reserved::default();
                let calls = self.calls.entry(attempt.phone.clone()).or_default();
                let objection = attempt.caps.iter().find_map(|cap| cap.objection(calls));
                let forbidden = self.do_not_call.contains(&attempt.phone.to_string());
                match objection.or(forbidden.then(|| Reason::new("do_not_call", "on the list"))) {
                    Some(reason) => answer.refused.push((attempt.call, reason)),
                    None => {
                        calls.push(attempt.reserved_at);
                        assert!(self.open.insert(attempt.call), "one id, two attempts");
                        if let Some(kept) = attempt.callback.and_then(|call| self.kept.get_mut(&call)) {
                            kept.is_dialling = true;
                        }
                        answer.reserved.push(attempt.call);
                    }
                }
                return Some(answer);
            }
            Write::KeepCallback(kept) => drop(self.kept.insert(kept.caller.call, *kept)),
            Write::EndCallback { call, fate, .. } => {
                assert!(self.kept.remove(&call).is_some(), "a callback that was never kept");
                self.callback_fates.push(fate.as_str());
            }
            Write::Waited(waited) => self.waits.push(*waited),
            Write::Canary(_) => unreachable!("no trunk here has a canary"),
            Write::AgentState(_) | Write::LegTrace { .. } => {}
        }
        None
    }

    /// A call that belongs to no list is written down.
    pub fn begin(&mut self, call: CallId) {
        assert!(self.open.insert(call), "one id, two calls");
    }

    /// Attempts that have no record.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The record of the only call.
    pub fn only(&self) -> &Report {
        assert_eq!(self.reports.len(), 1, "exactly one call was expected");
        &self.reports[0]
    }
}

fn settle(row: &mut Row, update: &EntryUpdate) {
    row.state = update.state;
    row.due_at = update.due_at.unwrap_or(row.due_at);
    row.reason = Some(update.reason.clone());
    if let Some(turn) = &update.turn {
        row.details.phone = turn.phone.clone();
        row.details.terms.numbers = turn.numbers.clone();
    }
}
