//! Writes that do not touch each other, done in one statement of each kind.
//!
//! A statement costs the same way to the database and back whether it stores one row or
//! fifty, and on SQLite that way is longer than the work.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::Error;
use super::super::db::Tx;
use super::{WriterSettings, begin, lone, record, reserve};
use crate::base::{CallId, EntryId, Timestamp};
use crate::call::StoredAnswer;
use crate::dialer::Attempt;
use crate::engine::{Report, Reserved, Write};

/// Rows of one statement at most.
const MOST_ROWS: usize = 64;

/// Rows in shares of a power of two, so that few texts of a statement exist and each stays
/// prepared.
pub(in crate::io::store) fn shares<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = 1 << rest.len().checked_ilog2()?;
        let (share, others) = rest.split_at(size.min(MOST_ROWS));
        rest = others;
        Some(share)
    })
}

/// The beginning of a call that belongs to no list.
pub(super) struct Beginning<'a> {
    pub call: CallId,
    pub direction: crate::call::Direction,
    pub phone: &'a str,
    pub dialled: &'a str,
    pub purpose: crate::call::Purpose,
    pub at: Timestamp,
}

/// Why a transaction cannot go on.
pub(super) enum Halt {
    /// The database does not hold what a statement for many rows takes for granted, e.g. that
    /// all calls that end were open: each write has to be looked at by itself.
    Apart,
    /// A statement failed.
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt::Failed(error)
    }
}

/// What was gathered since the last [`Together::flush`]. Of all of it the order does not
/// matter, except that calls begin before their answers come and end after them.
#[derive(Default)]
pub(super) struct Together<'a> {
    /// Nothing is gathered: each write is done at once.
    singly: bool,
    begins: Vec<Beginning<'a>>,
    answers: Vec<&'a StoredAnswer>,
    reports: Vec<&'a Report>,
    /// Each with the place of its write among all reserves.
    attempts: Vec<(usize, &'a Attempt)>,
    ended: BTreeSet<CallId>,
    entries: BTreeSet<EntryId>,
    /// Numbers of calls that begin or end.
    phones: BTreeSet<Cow<'a, str>>,
    /// Numbers of attempts.
    attempted: BTreeSet<Cow<'a, str>>,
    /// One for each reserve.
    reserved: Vec<Reserved>,
}

impl<'a> Together<'a> {
    /// Gathers nothing where `singly`.
    pub fn new(singly: bool) -> Self {
        Together { singly, ..Together::default() }
    }

    /// Takes a write that goes with others; false for one that stands alone, before which all
    /// others have to be flushed. Flushes by itself what must be done before the write.
    pub async fn take(
        &mut self,
        tx: &mut Tx,
        settings: &WriterSettings,
        write: &'a Write,
    ) -> Result<bool, Halt> {
        match write {
            Write::Begin { call, direction, phone, dialled, purpose, at } => {
                let phone = phone.as_str();
                if self.singly || self.attempted.contains(phone) {
                    self.flush(tx, settings).await?;
                }
                self.phones.insert(phone.into());
                let (call, direction, purpose, at) = (*call, *direction, *purpose, *at);
                self.begins.push(Beginning { call, direction, phone, dialled, purpose, at });
            }
            Write::Answer(answer) => {
                if self.singly {
                    self.flush(tx, settings).await?;
                }
                self.answers.push(answer);
            }
            Write::Report(report) => {
                if self.singly || self.meets_report(report) {
                    self.flush(tx, settings).await?;
                }
                self.ended.insert(report.record.id);
                self.entries.extend(entry_of(report));
                self.phones.insert(report.record.phone.as_str().into());
                self.reports.push(report);
            }
            Write::Reserve(attempts) => {
                let place = self.reserved.len();
                self.reserved.push(Reserved::default());
                for attempt in attempts {
                    let phone = attempt.phone.to_string();
                    if self.singly || self.meets_attempt(attempt, &phone) {
                        self.flush(tx, settings).await?;
                    }
                    self.attempted.insert(phone.into());
                    self.entries.insert(attempt.entry);
                    self.attempts.push((place, attempt));
                }
            }
            Write::ReserveLone(attempt) => {
                self.flush(tx, settings).await?;
                let mut answer = Reserved::default();
                match lone::reserve(tx, attempt).await? {
                    None => answer.reserved.push(attempt.call),
                    Some(reason) => answer.refused.push((attempt.call, reason)),
                }
                self.reserved.push(answer);
            }
            Write::Entries(_)
            | Write::State { .. }
            | Write::Blocked { .. }
            | Write::AgentState(_)
            | Write::LegTrace { .. }
            | Write::KeepCallback(_)
            | Write::EndCallback { .. }
            | Write::Waited(_)
            | Write::Canary(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Whether something about the same call, entry or number must be done before.
    fn meets_report(&self, report: &Report) -> bool {
        let Report { record, .. } = report;
        self.ended.contains(&record.id)
            || entry_of(report).is_some_and(|entry| self.entries.contains(&entry))
            || self.attempted.contains(record.phone.as_str())
    }

    fn meets_attempt(&self, attempt: &Attempt, phone: &str) -> bool {
        self.ended.contains(&attempt.call)
            || self.entries.contains(&attempt.entry)
            || self.phones.contains(phone)
            || self.attempted.contains(phone)
    }

    /// Writes what was gathered.
    pub async fn flush(&mut self, tx: &mut Tx, settings: &WriterSettings) -> Result<(), Halt> {
        let now = (settings.clock)();
        begin::calls(tx, &self.begins).await?;
        begin::answers(tx, &self.answers).await?;
        record::reports(tx, settings, &self.reports, now).await?;
        let attempts: Vec<&Attempt> = self.attempts.iter().map(|(_, attempt)| *attempt).collect();
        let refusals = reserve::reserve(tx, &attempts, now).await?;
        for ((place, attempt), refusal) in self.attempts.iter().zip(refusals) {
            let answer = &mut self.reserved[*place];
            match refusal {
                None => answer.reserved.push(attempt.call),
                Some(reason) => answer.refused.push((attempt.call, reason)),
            }
        }
        let reserved = std::mem::take(&mut self.reserved);
        *self = Together { reserved, ..Together::new(self.singly) };
        Ok(())
    }

    /// The answers to all reserves, in order.
    pub fn into_reserved(self) -> Vec<Reserved> {
        self.reserved
    }
}

fn entry_of(report: &Report) -> Option<EntryId> {
    report.record.entry.or_else(|| report.entry.as_ref().map(|update| update.entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_powers_of_two_and_leave_nothing_out() {
        let rows: Vec<usize> = (0..300).collect();
        for count in 0..=rows.len() {
            let cut: Vec<&[usize]> = shares(&rows[..count]).collect();
            assert_eq!(cut.concat(), rows[..count]);
            assert!(cut.iter().all(|share| share.len().is_power_of_two() && share.len() <= MOST_ROWS));
            assert!(cut.len() <= 10, "{count}: {}", cut.len());
        }
    }
}
