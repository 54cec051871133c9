//! In place of the database: what is committed, what waits to be written, and the checks
//! that the real one makes inside its transactions. A kill loses what waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ringback::base::{CallId, CampaignId, Disposition, EntryId, ListId, Mono, Now, PhoneNumber, Timestamp};
use ringback::call::StoredAnswer;
use ringback::dialer::{
    Attempt, CampaignState, Candidate, EntryState, EntryUpdate, Fetched, NewEntry, Reason, Terms,
};
use ringback::engine::{Report, Reserved, Write};
use ringback::policy::code;

/// One customer of one list.
#[derive(Clone, Debug)]
pub struct Row {
    pub list: ListId,
    pub details: NewEntry,
    pub state: EntryState,
    pub due_at: Timestamp,
    pub reason: Option<Reason>,
    pub attempts: u32,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Line {
    pub campaign: Option<CampaignId>,
    pub entry: Option<EntryId>,
    pub phone: String,
    pub reserved_at: Timestamp,
    pub outcome: Option<Disposition>,
    /// Counts against the number's day.
    counts: bool,
}

/// The books.
#[derive(Default)]
pub struct Books {
    pub rows: BTreeMap<EntryId, Row>,
    pub lines: BTreeMap<CallId, Line>,
    pub reports: BTreeMap<CallId, Report>,
    pub answers: BTreeMap<CallId, Vec<StoredAnswer>>,
    pub do_not_call: BTreeSet<String>,
    pub states: BTreeMap<CampaignId, CampaignState>,
    queue: VecDeque<(Mono, Write)>,
    last: Mono,
    /// Nothing is taken before.
    pub down_until: Mono,
    /// Breaches of the store's own promises, found while writing.
    pub breaches: Vec<(String, String)>,
}

impl Books {
    pub fn add(&mut self, list: ListId, phone: &str, priority: u8) {
        let id = EntryId(self.rows.len() as i64 + 1);
        let (phone, _) = PhoneNumber::parse(phone, None).expect("a number");
        let details = NewEntry {
            external_id: format!("e{id}"),
            phone,
            extension: String::new(),
            name: String::new(),
            language: "en".into(),
            priority,
            due_at: None,
            fields: BTreeMap::new(),
            terms: Terms::default(),
        };
        let (state, due_at) = (EntryState::Pending, Timestamp(0));
        self.rows.insert(id, Row { list, details, state, due_at, reason: None, attempts: 0 });
    }

    /// Takes a write in; it is committed after `delay`, never before an earlier one.
    pub fn submit(&mut self, now: Mono, delay: Duration, write: Write) {
        self.last = self.last.max(now + delay).max(self.down_until);
        self.queue.push_back((self.last, write));
    }

    pub fn next_commit(&self) -> Option<Mono> {
        self.queue.front().map(|(at, _)| (*at).max(self.down_until))
    }

    pub fn is_down(&self, now: Mono) -> bool {
        now < self.down_until
    }

    /// What waits to be written is lost.
    pub fn kill(&mut self) {
        self.queue.clear();
    }

    /// Whether a record of this call waits to be written.
    pub fn is_being_closed(&self, call: CallId) -> bool {
        self.queue.iter().any(|(_, w)| matches!(w, Write::Report(r) if r.record.id == call))
    }

    /// Commits what is due; the answers to reserves.
    pub fn commit(&mut self, now: Now) -> Vec<Reserved> {
        let mut answers = Vec::new();
        while self.next_commit().is_some_and(|at| at <= now.mono) {
            let Some((_, write)) = self.queue.pop_front() else { break };
            self.write(write, &mut answers);
        }
        answers
    }

    fn write(&mut self, write: Write, answers: &mut Vec<Reserved>) {
        match write {
            Write::Reserve(attempts) => {
                let mut answer = Reserved::default();
                for attempt in attempts {
                    match self.reserve(&attempt) {
                        None => answer.reserved.push(attempt.call),
                        Some(reason) => answer.refused.push((attempt.call, reason)),
                    }
                }
                answers.push(answer);
            }
            Write::Begin { call, phone, at, .. } => {
                let line = Line {
                    campaign: None,
                    entry: None,
                    phone,
                    reserved_at: at,
                    outcome: None,
                    counts: false,
                };
                if let Some(old) = self.lines.insert(call, line) {
                    self.breach(&old.phone, "one id, two calls".into());
                }
            }
            Write::Answer(answer) => {
                if self.lines.get(&answer.call).is_none_or(|l| l.outcome.is_some()) {
                    self.breach("", format!("an answer outside its call: {answer:?}"));
                }
                self.answers.entry(answer.call).or_default().push(answer);
            }
            Write::Report(report) => self.report(*report),
            Write::Entries(updates) => {
                for update in updates {
                    if let Some(row) = self.rows.get_mut(&update.entry)
                        && row.state == EntryState::Pending
                    {
                        settle(row, &update);
                    }
                }
            }
            Write::State { campaign, state, .. } => drop(self.states.insert(campaign, state)),
            Write::ReserveLone(_) => unreachable!("the city has no queues"),
            Write::KeepCallback(_) | Write::EndCallback { .. } | Write::Waited(_) | Write::Canary(_) => {}
            Write::Blocked { .. } | Write::AgentState(_) | Write::LegTrace { .. } => {}
        }
    }

    fn breach(&mut self, number: &str, text: String) {
        self.breaches.push((number.to_owned(), text));
    }

    /// When this number was called, as far as it counts.
    pub fn calls_to(&self, phone: &str) -> Vec<Timestamp> {
        let counted = self.lines.values().filter(|l| l.counts && l.phone == phone);
        counted.map(|l| l.reserved_at).collect()
    }

    fn reserve(&mut self, attempt: &Attempt) -> Option<Reason> {
        let phone = attempt.phone.to_string();
        let calls = self.calls_to(&phone);
        let in_call = self.lines.values().any(|l| l.outcome.is_none() && l.phone == phone);
        let unwanted = self.do_not_call.contains(&phone);
        let row = self.rows.get_mut(&attempt.entry).expect("entries are never deleted here");
        let refused = if row.state != EntryState::Pending {
            Some(Reason::new(code::NOT_PENDING, "not pending"))
        } else if unwanted {
            row.state = EntryState::Stopped;
            Some(Reason::new(code::DO_NOT_CALL, "listed"))
        } else if row.due_at > attempt.reserved_at {
            Some(Reason::new(code::NOT_YET, "not due"))
        } else if in_call {
            Some(Reason::new(code::NUMBER_IN_CALL, "in call"))
        } else {
            attempt.caps.iter().find_map(|cap| cap.objection(&calls))
        };
        if let Some(reason) = refused {
            row.reason = Some(reason.clone());
            return Some(reason);
        }
        row.state = EntryState::Dialling;
        row.reason = Some(Reason::new(code::DUE, ""));
        row.attempts += 1;
        let line = Line {
            campaign: Some(attempt.campaign),
            entry: Some(attempt.entry),
            phone: phone.clone(),
            reserved_at: attempt.reserved_at,
            outcome: None,
            counts: true,
        };
        if self.lines.insert(attempt.call, line).is_some() {
            self.breach(&phone, "one id, two attempts".into());
        }
        None
    }

    fn report(&mut self, report: Report) {
        let record = &report.record;
        let Some(line) = self.lines.get_mut(&record.id) else {
            return self.breach(&record.phone, format!("a record of no call: {:?}", record.id));
        };
        let phone = line.phone.clone();
        if line.outcome.replace(record.disposition).is_some() {
            return self.breach(&phone, "one call, two records".into());
        }
        let dialled = record.trunk.is_some() || record.disposition != Disposition::Cancelled;
        line.counts &= dialled;
        if line.entry != record.entry || line.campaign != record.campaign {
            return self.breach(&phone, format!("the record names another entry: {record:?}"));
        }
        match (&report.entry, record.entry) {
            (Some(update), Some(entry)) if update.entry == entry => {
                let row = self.rows.get_mut(&entry).expect("entries are never deleted here");
                if row.state == EntryState::Dialling {
                    settle(row, update);
                }
                row.attempts -= u32::from(!dialled);
            }
            (None, None) => {}
            _ => return self.breach(&phone, "record and entry do not fit".into()),
        }
        if report.do_not_call.is_some() {
            self.do_not_call.insert(phone);
        }
        self.reports.insert(record.id, report);
    }

    fn attempts_by(&self, entry: EntryId) -> BTreeMap<Disposition, u32> {
        let mut by = BTreeMap::new();
        for line in self.lines.values().filter(|l| l.entry == Some(entry)) {
            if let Some(outcome) = line.outcome {
                *by.entry(outcome).or_default() += 1;
            }
        }
        by
    }

    fn candidate(&self, id: EntryId) -> Candidate {
        let row = &self.rows[&id];
        let phone = row.details.phone.to_string();
        Candidate {
            entry: id,
            list: row.list,
            details: NewEntry { due_at: Some(row.due_at), ..row.details.clone() },
            attempts: row.attempts,
            attempts_by: self.attempts_by(id),
            recent_calls: self.calls_to(&phone),
            do_not_call: self.do_not_call.contains(&phone),
        }
    }

    /// Due entries, as the database finds them at this moment.
    pub fn fetch(&self, list: ListId, now: Timestamp, limit: u32) -> Fetched {
        let mut due: Vec<(&EntryId, &Row)> =
            self.of(list).filter(|(_, r)| r.state == EntryState::Pending && r.due_at <= now).collect();
        due.sort_by_key(|(id, r)| (std::cmp::Reverse(r.details.priority), r.due_at, **id));
        due.truncate(limit as usize);
        let taken: BTreeSet<EntryId> = due.iter().map(|(id, _)| **id).collect();
        let candidates: Vec<Candidate> = taken_in_order(&due, |id| self.candidate(id));
        let open = |r: &Row| matches!(r.state, EntryState::Pending | EntryState::Dialling);
        let unfinished = self.of(list).filter(|(id, r)| open(r) && !taken.contains(id)).count() as u64;
        let next_due = self
            .of(list)
            .filter(|(id, r)| r.state == EntryState::Pending && !taken.contains(id))
            .map(|(_, r)| r.due_at)
            .min();
        let promised = self.of(list).filter(|(id, r)| {
            r.state == EntryState::Pending && !taken.contains(id) && r.details.terms.exact_at.is_some()
        });
        let next_exact = promised.map(|(_, r)| r.due_at).min();
        Fetched { candidates, unfinished, next_due, next_exact }
    }

    pub fn of(&self, list: ListId) -> impl Iterator<Item = (&EntryId, &Row)> {
        self.rows.iter().filter(move |(_, r)| r.list == list)
    }

    /// Calls without an outcome.
    pub fn open(&self) -> impl Iterator<Item = (&CallId, &Line)> {
        self.lines.iter().filter(|(_, l)| l.outcome.is_none())
    }

    /// After a kill: each open attempt is lost, and `decide` says what becomes of its entry.
    pub fn recover(&mut self, decide: impl Fn(&Line, &Candidate) -> EntryUpdate) -> usize {
        let open: Vec<CallId> = self.open().map(|(id, _)| *id).collect();
        for id in &open {
            let line = self.lines[id].clone();
            if let Some(entry) = line.entry {
                let update = decide(&line, &self.candidate(entry));
                let row = self.rows.get_mut(&entry).expect("entries are never deleted here");
                if row.state == EntryState::Dialling {
                    settle(row, &update);
                }
            }
            self.lines.get_mut(id).expect("it was there").outcome = Some(Disposition::Lost);
        }
        open.len()
    }
}

fn taken_in_order<T>(due: &[(&EntryId, &Row)], make: impl Fn(EntryId) -> T) -> Vec<T> {
    due.iter().map(|(id, _)| make(**id)).collect()
}

fn settle(row: &mut Row, update: &EntryUpdate) {
    row.state = update.state;
    row.due_at = update.due_at.unwrap_or(row.due_at);
    row.reason = Some(update.reason.clone());
    // What was looked at and not called brings along what it was promised.
    row.details.terms.exact_at = update.exact_at;
}
