//! Periods that are locked: what an approved report told stays as it was told.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Books, Error};
use crate::base::Timestamp;
use crate::policy::pack::holds_all;
use crate::register::{Record, Register, Source};
use crate::report::{Figure, Report};

/// Why a row is not written into any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Title of the approved report that has it.
    pub title: String,
    /// First day of its period.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// What goes on after a period, or belongs to none: an approved report locks nothing of it.
const NEVER_LOCKED: [Source; 3] = [Source::TicketLoad, Source::Customers, Source::Duties];

impl Books {
    /// The approved report that tells of a row, of a register or behind a figure; None: it is open.
    ///
    /// # Errors
    /// The database.
    pub async fn lock_of(&self, record: &str) -> Result<Option<Lock>, Error> {
        let calendar = self.parts.planner.settings().calendar;
        let moments = self.store().moments_of_record(record).await?;
        // A deadline at midnight is the end of the day before, and stands in that day's books.
        let days: BTreeSet<Date> =
            moments.into_iter().flat_map(|at| [at, at - 1]).map(|at| calendar.date(Timestamp(at))).collect();
        for day in days {
            for row in self.store().approved_reports(&day.to_string()).await? {
                let Some(report) = self.settings().reports.get(&row.report).cloned() else { continue };
                if self.tells_of(&report, record, day).await? {
                    return Ok(Some(Lock { title: report.title, from: row.from_day, to: row.to_day }));
                }
            }
        }
        Ok(None)
    }

    /// Whether a row of that day stands in a register of a report or behind one of its figures.
    async fn tells_of(&self, report: &Report, record: &str, day: Date) -> Result<bool, Error> {
        let registers: Vec<Register> =
            report.registers.iter().map(|id| self.register(id)).collect::<Result<_, _>>()?;
        let sources: BTreeSet<Source> = registers
            .iter()
            .map(|register| register.from)
            .chain(report.figures.iter().map(|figure| figure.from))
            .filter(|source| !NEVER_LOCKED.contains(source))
            .collect();
        // A row and its parts are one: what is written into one stands in the other.
        let whole = |id: &str| id.split('/').next().unwrap_or_default().to_owned();
        let wanted = whole(record);
        let is_it = |row: &Record| whole(&row.id) == wanted;
        for source in sources {
            let mut walk = self.walk(source, (day, day)).await?;
            while let Some(chunk) = walk.next().await? {
                let told = |row: &Record| {
                    registers.iter().any(|register| register.from == source && holds(register, row))
                        || report
                            .figures
                            .iter()
                            .any(|figure| figure.from == source && counts(report, figure, row))
                };
                if chunk.iter().any(|row| is_it(row) && told(row)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

fn holds(register: &Register, row: &Record) -> bool {
    row.fields.get("pack").is_none_or(|pack| register.is_of(pack))
        && holds_all(&register.filter, |name| row.fields.get(name))
}

fn counts(report: &Report, figure: &Figure, row: &Record) -> bool {
    let is_ours = report.pack.is_empty() || row.fields.get("pack").is_none_or(|pack| pack == report.pack);
    is_ours && figure.part(row).is_some()
}
