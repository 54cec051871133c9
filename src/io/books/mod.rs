//! The books of the department: registers filled from what is stored, reports of periods, and the
//! monthly sheets of people. They hold no rows of their own.

mod excel;
mod figures;
mod lock;
mod meter;
mod performance;
mod record;
mod report;
mod staff;
#[cfg(test)]
mod tests;
mod text;
mod ticket;
mod turn;
mod walk;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::civil::Date;

use super::planner::{self, Planner};
use super::store::{self, Store};
use super::told::Told;
use crate::base::Timestamp;
use crate::register::{Record, Register, Registers, Table, table};
use crate::report::{Appraisal, Reports};

pub use excel::{report_sheet, table_sheet};
pub use lock::Lock;
pub use meter::Running;
pub use performance::Behind;
pub use report::{Difference, Made, ReportView, Written};
pub use text::table_csv;
pub use turn::Turn;

/// Who the audit log names for what the books do by themselves.
pub const ACTOR: &str = "books";

/// Rows of one form: more are asked for in shorter periods.
pub const MOST_ROWS: usize = 200_000;

/// What the books are told by the configuration.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The registers.
    pub registers: Arc<Registers>,
    /// The reports.
    pub reports: Arc<Reports>,
    /// How people are appraised, by id.
    pub appraisals: Arc<BTreeMap<String, Appraisal>>,
    /// Where the API is reached from outside, for links; empty: not known.
    pub public_url: String,
}

/// Why the books do not answer as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The planner.
    #[error(transparent)]
    Planner(#[from] planner::Error),
    /// There is no such register, report or line: which.
    #[error("there is no {0}")]
    Unknown(String),
    /// As things stand it cannot be done; the sentence says why and how to mend it.
    #[error("{0}")]
    Refused(String),
    /// The workbook could not be made.
    #[error("the Excel file could not be made: {0}")]
    Excel(#[from] rust_xlsxwriter::XlsxError),
}

/// The books. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Books {
    parts: Arc<Parts>,
    /// Where this clone tells how far it is; None: nowhere.
    meter: Option<Arc<meter::Meter>>,
}

struct Parts {
    store: Store,
    planner: Planner,
    told: Told<Settings>,
    /// The period for which each thing was looked at last.
    looked: Mutex<BTreeMap<String, String>>,
    board: meter::Board,
}

impl std::fmt::Debug for Books {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Books")
    }
}

impl Books {
    /// Books over the daemon's parts. Calendar and policies are those of the planner.
    pub fn new(store: Store, planner: Planner, settings: Settings) -> Books {
        let (told, looked) = (Told::new(settings), Mutex::default());
        let board = meter::Board::telling(store.clone());
        Books { parts: Arc::new(Parts { store, planner, told, looked, board }), meter: None }
    }

    /// What is being counted at this moment, and how far it is.
    pub fn running(&self) -> Vec<Running> {
        self.parts.board.all()
    }

    /// The same books, on the board as long as they are used: they walk over rows so many times.
    fn metered(&self, what: &str, days: (Date, Date), walks: usize, now: Timestamp) -> Books {
        let days = (days.0.to_string(), days.1.to_string());
        Books { parts: self.parts.clone(), meter: Some(self.parts.board.begin(what, days, walks, now)) }
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// New settings, from the next question on.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(settings);
    }

    /// Something was written: look at once.
    pub fn wake(&self) {
        self.parts.told.ring();
    }

    /// Waits until somebody woke the books.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    /// A register by its id.
    ///
    /// # Errors
    /// There is none.
    pub fn register(&self, id: &str) -> Result<Register, Error> {
        let settings = self.settings();
        let found = settings.registers.get(id).cloned();
        found.ok_or_else(|| Error::Unknown(format!("register `{id}`: `ringback register` lists them")))
    }

    /// A register filled with the rows of some days, inclusive. Numbers are whole with `unmask`.
    ///
    /// # Errors
    /// The database; no such register; more than [`MOST_ROWS`] rows.
    pub async fn filled(
        &self,
        id: &str,
        (from, to): (Date, Date),
        unmask: bool,
        now: Timestamp,
    ) -> Result<Table, Error> {
        let register = self.register(id)?;
        // A report that fills its registers is on the board itself.
        let own = self.meter.is_none().then(|| self.metered(id, (from, to), 1, now));
        let records = own.as_ref().unwrap_or(self).records(&register, (from, to), unmask).await?;
        let today = self.parts.planner.settings().calendar.date(now);
        let table = table(&register, &records, (&from.to_string(), &to.to_string()), (now.0, today));
        Ok(Table { root: self.root_of(to).await?, ..table })
    }

    /// The root of the chain of custody of a day, as it stands at the foot of what is printed; empty
    /// where the day is not over.
    async fn root_of(&self, day: Date) -> Result<String, Error> {
        let root = self.store().root_of(&day.to_string()).await?;
        Ok(root.map(|row| format!("{} {}", row.day, row.hash)).unwrap_or_default())
    }

    /// The records that a register is made from.
    async fn records(
        &self,
        register: &Register,
        days: (Date, Date),
        unmask: bool,
    ) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        let belongs = |record: &Record| {
            record.fields.get("pack").is_none_or(|pack| register.is_of(pack))
                && crate::policy::pack::holds_all(&register.filter, |name| record.fields.get(name))
        };
        let mut walk = self.walk(register.from, days).await?;
        while let Some(chunk) = walk.next().await? {
            records.extend(chunk.into_iter().filter(belongs));
            if records.len() > MOST_ROWS {
                return Err(Error::Refused(format!(
                    "register `{}` has more than {MOST_ROWS} rows from {} to {}: ask for shorter periods",
                    register.id, days.0, days.1
                )));
            }
        }
        if !unmask {
            records.iter_mut().for_each(record::mask);
        }
        Ok(records)
    }
}
