//! The customers of a rehearsal and what happens to them: a file as the intake reads it. Each
//! event is brought in at its own time, as it would have been.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::{Customers, Options};
use crate::base::{PhoneNumber, Timestamp};
use crate::intake::{self, Outcome, RowResult};
use crate::io::intake::{judged, open};
use crate::io::rehearsals::Subjects;
use crate::io::store::Store;
use crate::io::store::archive::{INTAKE_CHUNK, IntakeOrder};

/// An event of which the source gives only the day is known in the evening of that day.
const KNOWN_AT_MS: i64 = 18 * 3_600_000;

/// Rows that are still to come, in the order of their time.
pub(super) struct Facts {
    pack: String,
    intake: String,
    rows: VecDeque<(Timestamp, RowResult)>,
    /// Numbers that must not be called.
    pub barred: Vec<PhoneNumber>,
    summary: Summary,
}

/// What the file held.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    pub taken: u64,
    pub left_out: u64,
    /// The first rows that were not taken, with the reason.
    pub problems: Vec<String>,
}

/// Problems that are shown.
const SHOWN: usize = 20;

impl Facts {
    /// Reads whoever is rehearsed; `scratch` is a folder for files that nobody keeps.
    pub async fn read(options: &Options, scratch: &Path) -> Result<Facts, String> {
        let (known, barred, summary) = match &options.customers {
            Customers::File(path) => {
                let (rows, summary) = of_file(options, path, &path.display().to_string()).await?;
                (rows, Vec::new(), summary)
            }
            Customers::Of(Subjects::Text(text)) => {
                let path = scratch.join("customers.csv");
                std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
                let (rows, summary) = of_file(options, &path, "the file").await?;
                (rows, Vec::new(), summary)
            }
            Customers::Of(Subjects::Rows { rows, barred }) => {
                let start = options.calendar.start_of(options.from);
                let known = rows.iter().map(|(at, row)| arrived(*at, row.clone(), start)).collect::<Vec<_>>();
                let summary = Summary { taken: known.len() as u64, ..Summary::default() };
                (known, barred.clone(), summary)
            }
        };
        let (pack, intake) = (options.policy.pack.pack.clone(), options.intake.clone());
        Ok(Facts { pack, intake, rows: known.into(), barred, summary })
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// When the next row is known.
    pub fn next(&self) -> Option<Timestamp> {
        self.rows.front().map(|(at, _)| *at)
    }

    /// Brings in every row that is known at `now`.
    pub async fn bring(&mut self, store: &Store, now: Timestamp) -> Result<(), String> {
        while self.next().is_some_and(|at| at <= now) {
            let mut batch = Vec::new();
            while batch.len() < INTAKE_CHUNK
                && let Some((_, row)) = self.rows.pop_front_if(|(at, _)| *at <= now)
            {
                batch.push(row);
            }
            let order = IntakeOrder {
                pack: self.pack.clone(),
                intake: self.intake.clone(),
                source: "rehearsal".into(),
                channel: "file".into(),
                by: "rehearsal".into(),
                ..IntakeOrder::default()
            };
            let mut session = store.begin_intake(order, now).await.map_err(|e| e.to_string())?;
            session.push(&batch, 0).await.map_err(|e| e.to_string())?;
            session.finish().await.map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

/// The rows of a file in the order in which they are known, and what it held.
async fn of_file(
    options: &Options,
    path: &Path,
    shown: &str,
) -> Result<(Vec<(Timestamp, RowResult)>, Summary), String> {
    let incoming = open(path).map_err(|e| format!("{shown}: {e}"))?;
    let start = options.calendar.start_of(options.from);
    let settings = intake::Settings {
        timezone: options.calendar.zone().iana_name().unwrap_or("UTC").to_owned(),
        now: start,
        ..intake::Settings::default()
    };
    let pack = Arc::new(options.policy.pack.clone());
    let rows =
        judged(incoming, pack, &options.intake, settings).await.map_err(|e| format!("{shown}: {e}"))?;
    let (mut known, mut summary) = (Vec::new(), Summary::default());
    for row in rows {
        match &row.outcome {
            Outcome::Taken(_) => {
                summary.taken += 1;
                known.push(moment(row, start));
            }
            Outcome::Duplicate { .. } | Outcome::Skipped(_) => summary.left_out += 1,
            Outcome::Rejected { remark, .. } => {
                summary.left_out += 1;
                if summary.problems.len() < SHOWN {
                    summary.problems.push(format!("line {}: {}", row.line, remark.text));
                }
            }
        }
    }
    if known.is_empty() {
        let why = summary.problems.first().cloned().unwrap_or_else(|| "it has no rows".into());
        return Err(format!("{shown}: nothing could be taken ({why})"));
    }
    known.sort_by_key(|(at, row)| (*at, row.line));
    Ok((known, summary))
}

/// A row of the archive at the moment at which it came in, or at the beginning with all before it.
fn arrived(at: Timestamp, mut row: RowResult, start: Timestamp) -> (Timestamp, RowResult) {
    let at = at.max(start);
    if let Outcome::Taken(fact) = &mut row.outcome
        && let Some(event) = &mut fact.event
    {
        event.received_at = at;
    }
    (at, row)
}

/// When a row is known: at its event, but what happened before the first day is known at its
/// beginning.
fn moment(mut row: RowResult, start: Timestamp) -> (Timestamp, RowResult) {
    let mut at = start;
    if let Outcome::Taken(fact) = &mut row.outcome
        && let Some(event) = &mut fact.event
    {
        at = if event.has_time { event.at } else { Timestamp(event.at.0 + KNOWN_AT_MS) };
        // What lies before the first day is the archive that is brought in with it.
        event.received_at = at.max(start);
    }
    (at.max(start), row)
}
