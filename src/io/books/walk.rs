//! The rows of a period, chunk by chunk: no more than one chunk is in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Books, Error, record, staff, ticket};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::ScoreFilter;
use crate::io::store::register::{After, AnswerOf};
use crate::register::{Record, Source, Wanted};

/// Rows by their source.
type Chunk = Vec<(Source, Vec<Record>)>;

/// A walk over the rows of sources that are read together.
pub(super) struct Walk {
    books: Books,
    /// One, or several whose [`Source::whole`] is the same.
    sources: Vec<Source>,
    /// Which values are read of the rows.
    wanted: Wanted,
    calendar: Arc<Calendar>,
    /// Titles of rules, by pack and rule.
    titles: BTreeMap<(String, String), String>,
    days: (Date, Date),
    from: Timestamp,
    to: Timestamp,
    after: After,
    has_notes: bool,
    ended: bool,
}

impl Books {
    /// Begins a walk over the rows of some days, inclusive.
    pub(super) async fn walk(&self, source: Source, days: (Date, Date)) -> Result<Walk, Error> {
        self.walk_over(vec![source], Wanted::default(), days).await
    }

    /// Begins a walk over the rows of sources that have one whole; only values that are wanted are made.
    pub(super) async fn walk_over(
        &self,
        sources: Vec<Source>,
        wanted: Wanted,
        days: (Date, Date),
    ) -> Result<Walk, Error> {
        let source = sources.first().map_or(Source::Calls, |source| source.whole());
        let reads_notes = wanted.has_any(&["note.", "noted", "noted_by", "noted_ms"]);
        let planner = self.parts.planner.settings();
        let calendar = planner.calendar.clone();
        let (from, to) = (calendar.start_of(days.0), calendar.end_of(days.1));
        let titles = planner.policies.all_in_force(days.1).flat_map(|policy| {
            let pack = &policy.pack;
            pack.rule.iter().map(|(id, rule)| ((pack.pack.clone(), id.clone()), rule.title.clone()))
        });
        // A deadline is the end of its day, exclusive: that of the last day is the moment `to`.
        let shift = i64::from(source == Source::Owed);
        let first = match source {
            Source::Customers | Source::TicketLoad | Source::Points | Source::Crews => i64::MIN / 2,
            _ => from.0 + shift,
        };
        Ok(Walk {
            books: self.clone(),
            sources,
            wanted,
            titles: titles.collect(),
            days,
            from,
            to,
            after: After::between(first, to.0 + shift),
            has_notes: reads_notes && self.store().has_register_notes().await?,
            calendar,
            ended: false,
        })
    }
}

impl Walk {
    /// The next rows of a walk over one source; None: there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, Error> {
        let chunk = self.next_of_each().await?;
        Ok(chunk.map(|chunk| chunk.into_iter().flat_map(|(_, records)| records).collect()))
    }

    /// The next rows, by source; None: there are no more.
    pub async fn next_of_each(&mut self) -> Result<Option<Chunk>, Error> {
        if self.ended {
            if let Some(meter) = self.books.meter.take() {
                self.sources.iter().for_each(|_| meter.walked());
            }
            return Ok(None);
        }
        let mut chunk = self.read().await?;
        for (_, records) in &mut chunk {
            self.annotate(records).await?;
        }
        if let Some(meter) = &self.books.meter {
            meter.read(chunk.iter().map(|(_, records)| records.len()).sum(), self.share());
        }
        Ok(Some(chunk))
    }

    async fn read(&mut self) -> Result<Chunk, Error> {
        // Only callbacks have parts that are read with them.
        let source = self.sources[0];
        let records = match source {
            Source::Callbacks | Source::Answers | Source::Opinions => return self.closed_and_parts().await,
            Source::Calls => self.calls().await?,
            Source::Owed => self.owed().await?,
            Source::Tickets | Source::TicketLoad | Source::Points | Source::Crews => {
                self.tickets(source).await?
            }
            Source::Findings => self.findings().await?,
            Source::MustAudit => self.musts().await?,
            Source::Sheets => self.sheets().await?,
            Source::Messages | Source::Events | Source::Customers => self.others(source).await?,
            Source::Duties | Source::Scores | Source::Shifts | Source::Expenses => {
                self.all_at_once(source).await?
            }
        };
        Ok(vec![(source, records)])
    }

    /// How much of the period was read, from 0 to 1, by the time of the last row.
    fn share(&self) -> f64 {
        let (from, to) = (self.from.0, self.to.0);
        (self.after.at - from) as f64 / (to - from).max(1) as f64
    }

    /// What people wrote into the rows; the newest of a word stands in the row.
    async fn annotate(&self, records: &mut [Record]) -> Result<(), Error> {
        if !self.has_notes || records.is_empty() {
            return Ok(());
        }
        for records in records.chunks_mut(500) {
            let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
            let notes = self.books.store().register_notes(&ids).await?;
            if notes.is_empty() {
                continue;
            }
            let places: BTreeMap<String, usize> =
                records.iter().enumerate().map(|(place, record)| (record.id.clone(), place)).collect();
            for note in notes {
                let Some(place) = places.get(&note.record) else { continue };
                let fields = &mut records[*place].fields;
                fields.set(format!("note.{}", note.word), note.text);
                fields.set("noted_by", note.actor);
                fields.set("noted_ms", note.at.to_string());
                record::time(fields, &self.calendar, "noted", Some(note.at));
            }
        }
        Ok(())
    }

    async fn calls(&mut self) -> Result<Vec<Record>, Error> {
        let store = self.books.store();
        let rows = store.register_calls(&self.after).await?;
        let Some(last) = rows.last() else {
            self.ended = true;
            return Ok(Vec::new());
        };
        let mut answers = match record::reads_answers(&self.wanted) {
            true => by_owner(store.register_call_answers(&self.after, last).await?),
            false => BTreeMap::new(),
        };
        (self.after.at, self.after.call) = (last.reserved_at, last.id.clone());
        let one = |row| {
            let row: &crate::io::store::register::CallRecord = row;
            record::call(&self.calendar, &self.wanted, row, &answers_of(&mut answers, &row.id))
        };
        Ok(rows.iter().map(one).collect())
    }

    async fn owed(&mut self) -> Result<Vec<Record>, Error> {
        let reads_answers = record::reads_answers(&self.wanted);
        let found = self.callbacks_with_answers(true, reads_answers).await?;
        Ok(found.into_iter().map(|(record, _)| record).collect())
    }

    async fn callbacks_with_answers(
        &mut self,
        owed: bool,
        reads_answers: bool,
    ) -> Result<Vec<(Record, Vec<AnswerOf>)>, Error> {
        let store = self.books.store();
        let rows = store.register_callbacks(owed, &self.wanted, &self.after).await?;
        let Some(last) = rows.last() else {
            self.ended = true;
            return Ok(Vec::new());
        };
        let mut answers = match reads_answers {
            true => by_owner(store.register_answers(owed, &self.wanted, (&self.after, last)).await?),
            false => BTreeMap::new(),
        };
        (self.after.at, self.after.id) = (last.at, last.id);
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let answers = answers_of(&mut answers, &row.id.to_string());
            let title = self.titles.get(&(row.pack.clone(), row.rule.clone())).unwrap_or(&row.rule);
            found.push((record::callback((&self.calendar, &self.wanted), title, row, &answers), answers));
        }
        Ok(found)
    }

    /// Callbacks that were closed, their answers and what was said in them.
    async fn closed_and_parts(&mut self) -> Result<Chunk, Error> {
        let has = |source| self.sources.contains(&source);
        let (callbacks, answers, opinions) =
            (has(Source::Callbacks), has(Source::Answers), has(Source::Opinions));
        let reads_answers = answers || record::reads_answers(&self.wanted);
        let found = self.callbacks_with_answers(false, reads_answers).await?;
        let mut chunk = Vec::new();
        if answers {
            let each = found.iter().flat_map(|(callback, answers)| record::each_answer(callback, answers));
            chunk.push((Source::Answers, each.collect()));
        }
        let mut whole: Vec<Record> = found.into_iter().map(|(callback, _)| callback).collect();
        if opinions {
            // What was said may stand in the notes of the callback itself.
            self.annotate(&mut whole).await?;
            chunk.push((Source::Opinions, whole.iter().flat_map(record::each_opinion).collect()));
        }
        if callbacks {
            chunk.push((Source::Callbacks, whole));
        }
        Ok(chunk)
    }

    async fn tickets(&mut self, source: Source) -> Result<Vec<Record>, Error> {
        let store = self.books.store();
        let rows = match source {
            Source::TicketLoad => store.register_ticket_load(self.from.0, &self.after).await?,
            // Points and crews belong to the time at which they came about, however old the ticket is.
            Source::Points => store.register_points(self.from.0, &self.after).await?,
            // Tickets, and those of crews: when their work ended stands in what people wrote.
            _ => store.register_tickets(&self.after).await?,
        };
        let Some(last) = rows.last() else {
            self.ended = true;
            return Ok(Vec::new());
        };
        (self.after.at, self.after.id) = (last.opened_at, last.id);
        let mut found = Vec::new();
        for row in &rows {
            let Some((one, record)) = ticket::ticket(&self.calendar, &self.wanted, row, self.to) else {
                continue;
            };
            match source {
                Source::Points => {
                    found.extend(ticket::each_points(&self.calendar, &one, &record, self.from, self.to))
                }
                Source::Crews => {
                    found.extend(ticket::each_of_crew(&self.calendar, &one, &record, self.from, self.to))
                }
                _ => found.push(record),
            }
        }
        Ok(found)
    }

    async fn findings(&mut self) -> Result<Vec<Record>, Error> {
        let rows = self.books.store().register_findings(&self.after).await?;
        match rows.last() {
            Some(last) => {
                (self.after.at, self.after.id) = (last.at, last.number);
                self.after.call.clone_from(&last.call_id);
            }
            None => self.ended = true,
        }
        Ok(rows.iter().map(|row| record::finding(&self.calendar, &self.wanted, row)).collect())
    }

    async fn musts(&mut self) -> Result<Vec<Record>, Error> {
        let rows = self.books.store().register_musts(&self.after).await?;
        match rows.last() {
            Some(last) => {
                self.after.at = last.at;
                self.after.call.clone_from(&last.call_id);
            }
            None => self.ended = true,
        }
        Ok(rows.iter().flat_map(|row| staff::each_must(&self.calendar, &self.wanted, row)).collect())
    }

    async fn sheets(&mut self) -> Result<Vec<Record>, Error> {
        let rows = self.books.store().register_sheets(&self.after).await?;
        match rows.last() {
            Some(last) => (self.after.at, self.after.id) = (last.at, last.id),
            None => self.ended = true,
        }
        Ok(rows.iter().map(|row| staff::sheet(&self.calendar, &self.wanted, row)).collect())
    }

    async fn others(&mut self, source: Source) -> Result<Vec<Record>, Error> {
        let (store, calendar) = (self.books.store(), &self.calendar);
        let (records, last): (Vec<Record>, _) = match source {
            Source::Messages => {
                let rows = store.register_messages(&self.after).await?;
                let last = rows.last().map(|row| (row.at, row.id));
                (rows.iter().map(|row| record::message(calendar, row)).collect(), last)
            }
            Source::Events => {
                let rows = store.register_events(&self.after).await?;
                let last = rows.last().map(|row| (row.at, row.id));
                (rows.iter().map(|row| record::event(calendar, row)).collect(), last)
            }
            _ => {
                let rows = store.register_customers(&self.after).await?;
                let last = rows.last().map(|row| (row.created_at, row.id));
                (rows.iter().map(|row| record::customer(calendar, row)).collect(), last)
            }
        };
        match last {
            Some((at, id)) => (self.after.at, self.after.id) = (at, id),
            None => self.ended = true,
        }
        Ok(records)
    }

    async fn all_at_once(&mut self, source: Source) -> Result<Vec<Record>, Error> {
        self.ended = true;
        let (store, calendar) = (self.books.store(), &self.calendar);
        let (from, to) = (self.days.0.to_string(), self.days.1.to_string());
        match source {
            Source::Duties => {
                let rows = store.register_duties(&from, &to).await?;
                return Ok(rows.iter().map(|row| staff::duty(calendar, row)).collect());
            }
            Source::Shifts => {
                let rows = store.register_shifts(self.from.0, self.to.0).await?;
                let leaves = store.leaves(self.days.0, self.days.1).await?;
                return Ok(rows.iter().map(|row| staff::shift(calendar, row, &leaves)).collect());
            }
            Source::Expenses => {
                let rows = store.register_expenses(&from, &to).await?;
                return Ok(rows.iter().map(|row| staff::expense(calendar, row)).collect());
            }
            _ => {}
        }
        let filter = ScoreFilter { from: Some(from), to: Some(to), ..ScoreFilter::default() };
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page =
                store.score_events(&filter, after.as_ref(), crate::io::store::read::PAGE_LIMIT).await?;
            found.extend(page.rows.iter().map(|row| staff::score(calendar, row)));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

fn by_owner(answers: Vec<AnswerOf>) -> BTreeMap<String, Vec<AnswerOf>> {
    let mut by: BTreeMap<String, Vec<AnswerOf>> = BTreeMap::new();
    for answer in answers {
        by.entry(answer.owner.clone()).or_default().push(answer);
    }
    by
}

fn answers_of(answers: &mut BTreeMap<String, Vec<AnswerOf>>, owner: &str) -> Vec<AnswerOf> {
    answers.remove(owner).unwrap_or_default()
}
