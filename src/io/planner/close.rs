//! The end of a day: every callback that was due has one verdict, and
//! `due = done + open + excused` is checked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::json;

use super::{Error, Planner, Settings};
use crate::base::{CallbackId, Timestamp};
use crate::io::store::callback::{Stored, Verdict, Word};
use crate::policy::CallbackState;

/// The books of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Books {
    /// Callbacks that were due.
    pub due: u64,
    /// Done on the day.
    pub done: u64,
    /// Still owed at its end.
    pub open: u64,
    /// Given up on the day.
    pub excused: u64,
    /// Due, and without a reason in the ledger: a fault of ours.
    pub missing: u64,
}

impl Books {
    /// Whether nothing is lost.
    pub fn balance(&self) -> bool {
        self.due == self.done + self.open + self.excused && self.missing == 0
    }
}

impl Planner {
    /// Closes the books of every day of a pack that is over.
    pub(super) async fn close_days(
        &self,
        settings: &Settings,
        pack: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let today = settings.calendar.date(now);
        for day in self.store().unclosed_days(pack, today).await? {
            let books = self.close(settings, pack, day, now).await?;
            if !books.balance() {
                let alarm = format!(
                    "books_do_not_balance: {pack} {day}: due {}, done {}, open {}, excused {}, without a reason {}",
                    books.due, books.done, books.open, books.excused, books.missing
                );
                tracing::error!(pack, %day, ?books, "due = done + open + excused does not hold");
                self.parts.hub.publish_value("alarm", &json!({ "call": null, "alarm": alarm }));
            }
            let mut summary: serde_json::Value = match self.store().day_plan(pack, day).await? {
                Some(plan) => serde_json::from_str(&plan.summary).unwrap_or(json!({})),
                None => json!({}),
            };
            summary["books"] = json!(books);
            self.store().day_closed(pack, day, &summary.to_string()).await?;
            self.forget_records(pack, today).await?;
            self.put_away_month(settings, pack, day, now).await?;
        }
        Ok(())
    }

    /// Writes the last reason of each callback of the day and counts.
    async fn close(
        &self,
        settings: &Settings,
        pack: &str,
        day: Date,
        now: Timestamp,
    ) -> Result<Books, Error> {
        let (start, end) = (settings.calendar.start_of(day), settings.calendar.end_of(day));
        let ledger_of = Day {
            pack,
            day,
            now,
            verdicts: self.ledger(pack, day).await?,
            waiting: self.store().waiting_reasons(pack, day).await?,
        };
        let mut books = Books::default();
        let mut place = None;
        loop {
            let closed = self.store().closed_callbacks(pack, start, end, place).await?;
            let Some(last) = closed.last() else { break };
            place = Some((last.callback.closed_at.unwrap_or(start), last.callback.id));
            let due = closed.iter().filter(|s| s.callback.due < end);
            self.note(&ledger_of, due, false, &mut books).await?;
        }
        // What closed after the day, before its books were, was owed at its end.
        let mut place = None;
        loop {
            let later = self.store().closed_callbacks(pack, end, Timestamp(i64::MAX), place).await?;
            let Some(last) = later.last() else { break };
            place = Some((last.callback.closed_at.unwrap_or(end), last.callback.id));
            let owed = later.iter().filter(|s| was_owed(s, end));
            self.note(&ledger_of, owed, true, &mut books).await?;
        }
        let mut place = None;
        loop {
            let open = self.store().open_callbacks(pack, end, place).await?;
            let Some(last) = open.last() else { break };
            place = Some((last.callback.due, last.callback.id));
            let owed = open.iter().filter(|s| was_owed(s, end));
            self.note(&ledger_of, owed, true, &mut books).await?;
        }
        Ok(books)
    }

    /// Counts callbacks of the day by what they were at its end, and completes the ledger.
    async fn note<'a>(
        &self,
        day: &Day<'_>,
        callbacks: impl Iterator<Item = &'a Stored>,
        owed: bool,
        books: &mut Books,
    ) -> Result<(), Error> {
        let mut verdicts = Vec::new();
        for stored in callbacks {
            let b = &stored.callback;
            books.due += 1;
            let known = day.verdicts.get(&b.id).map(|(word, _)| word.as_str());
            let word = match b.state {
                CallbackState::Done if !owed => Word::Done,
                CallbackState::Excused if !owed => Word::Excused,
                _ => Word::Not,
            };
            match word {
                Word::Done => books.done += 1,
                Word::Excused => books.excused += 1,
                Word::Call | Word::Task | Word::Not => books.open += 1,
            }
            if word != Word::Not {
                if known != Some(word.as_str()) {
                    verdicts.push(verdict(b.id, word, &b.reason.code, &b.reason.detail));
                }
            } else if known.is_none() {
                books.missing += 1;
                verdicts.push(verdict(b.id, word, "not_planned", "the day's plan did not hold it"));
            } else if let (Some("call"), Some((code, detail))) = (known, day.waiting.get(&b.id.0)) {
                verdicts.push(verdict(b.id, word, code, detail));
            }
        }
        self.store().keep_verdicts(day.pack, day.day, &verdicts, day.now).await?;
        Ok(())
    }

    /// The verdict and reason of every callback of a day.
    pub(super) async fn ledger(
        &self,
        pack: &str,
        day: Date,
    ) -> Result<BTreeMap<CallbackId, (String, String)>, Error> {
        let mut ledger = BTreeMap::new();
        let mut after = 0;
        loop {
            let words = self.store().verdict_words(pack, day, after).await?;
            let Some(last) = words.last() else { return Ok(ledger) };
            after = last.0;
            ledger.extend(words.into_iter().map(|(id, verdict, code)| (CallbackId(id), (verdict, code))));
        }
    }
}

/// The ledger of a day that is closed.
struct Day<'a> {
    pack: &'a str,
    day: Date,
    now: Timestamp,
    verdicts: BTreeMap<CallbackId, (String, String)>,
    /// Why the dialler did not come to an end with callbacks of the day.
    waiting: BTreeMap<i64, (String, String)>,
}

/// Whether it was known and due before the day ended.
fn was_owed(stored: &Stored, end: Timestamp) -> bool {
    stored.callback.created_at < end && stored.callback.due < end
}

fn verdict(callback: CallbackId, word: Word, code: &str, detail: &str) -> Verdict {
    Verdict {
        callback,
        word,
        code: code.into(),
        detail: detail.into(),
        start_at: None,
        windows: String::new(),
    }
}
