//! From records to the rows of a form.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Column, Record, Register};
use crate::policy::pack::holds_all;

/// The field of a column that says whether its row is complete.
const COMPLETE: &str = "complete";

/// One row of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Line {
    /// What it is: `callback:12`. Notes are written to it.
    pub record: String,
    /// Where that is shown below `/api/v1`; empty where it is not.
    pub link: String,
    /// One cell a column; empty: not known.
    pub cells: Vec<String>,
    /// `wrap_up`: something required is still missing; `complete`.
    pub status: String,
    /// Names of required columns that are empty.
    pub missing: Vec<String>,
    /// Names of columns whose time is over.
    #[serde(default)]
    pub overdue: Vec<String>,
    /// Minutes from the end of the call to the last part by hand; null: not saved, or not measured.
    pub wrap_up: Option<i64>,
    /// It was saved later than the register allows, or is not saved though that time has passed; or a
    /// column is overdue.
    pub late: bool,
}

/// A row that is incomplete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Missing {
    /// The row.
    pub record: String,
    /// Titles of what it lacks.
    pub columns: Vec<String>,
}

/// A filled form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Table {
    /// Id of the register.
    pub register: String,
    /// Title, in Chinese.
    pub title: String,
    /// Titles of the columns, in Chinese.
    pub columns: Vec<String>,
    /// Names of the columns.
    pub names: Vec<String>,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// The rows.
    pub rows: Vec<Line>,
    /// Rows that are incomplete: what they lack is named, never estimated.
    pub missing: Vec<Missing>,
    /// Root of the chain of custody of the last day: day and SHA-256. Empty: the day is not over.
    pub root: String,
}

/// Fills a form with those of the records that belong into it. `from` and `to` are its first and
/// last day, `now` is when it is filled, in milliseconds since 1970 and as a day: parts by hand that are
/// not there yet are late from then on.
pub fn table(register: &Register, records: &[Record], (from, to): (&str, &str), now: (i64, Date)) -> Table {
    let belongs = |record: &&Record| {
        let pack = record.fields.get("pack").unwrap_or_default();
        (pack.is_empty() || register.is_of(pack))
            && holds_all(&register.filter, |name| record.fields.get(name))
    };
    let mut chosen: Vec<&Record> = records.iter().filter(belongs).collect();
    match register.columns.iter().find(|c| c.name == register.sort) {
        Some(column) => chosen.sort_by_cached_key(|r| (cell(column, r, 0), r.at, r.id.clone())),
        None => chosen.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id))),
    }
    let rows: Vec<Line> =
        chosen.iter().enumerate().map(|(place, record)| line(register, record, place + 1, now)).collect();
    let title_of =
        |name: &String| register.columns.iter().find(|c| c.name == *name).map_or(name, |c| &c.title).clone();
    let missing = rows.iter().filter(|row| !row.missing.is_empty()).map(|row| Missing {
        record: row.record.clone(),
        columns: row.missing.iter().map(title_of).collect(),
    });
    Table {
        register: register.id.clone(),
        title: register.title.clone(),
        columns: register.columns.iter().map(|c| c.title.clone()).collect(),
        names: register.columns.iter().map(|c| c.name.clone()).collect(),
        from: from.to_owned(),
        to: to.to_owned(),
        missing: missing.collect(),
        rows,
        root: String::new(),
    }
}

fn line(register: &Register, record: &Record, number: usize, (now, today): (i64, Date)) -> Line {
    let mut cells: Vec<String> = register.columns.iter().map(|c| cell(c, record, number)).collect();
    let is_wanted = |column: &Column| {
        column.required
            || !column.required_when.is_empty() && holds_all(&column.required_when, |n| record.fields.get(n))
    };
    let names = |which: &dyn Fn(&Column) -> bool| -> Vec<String> {
        let empty =
            register.columns.iter().zip(&cells).filter(|(column, cell)| cell.is_empty() && which(column));
        empty.map(|(column, _)| column.name.clone()).collect()
    };
    let missing = names(&is_wanted);
    let mut overdue = names(&|column| is_over(column, record, today));
    let told = register.columns.iter().filter(|column| {
        !column.overdue_when.is_empty() && holds_all(&column.overdue_when, |n| record.fields.get(n))
    });
    overdue.extend(told.map(|column| column.name.clone()));
    for (column, cell) in register.columns.iter().zip(&mut cells) {
        if column.when_complete && !missing.is_empty() {
            cell.clear();
        } else if column.from.iter().any(|from| from == COMPLETE) {
            let word = if missing.is_empty() { "yes" } else { "no" };
            *cell = named(column, word).to_owned();
        }
    }
    let millis = |name: &str| record.fields.get(name).and_then(|text| text.parse::<i64>().ok());
    let (ended, saved) = (millis("ended_ms"), millis("noted_ms"));
    let limit = i64::from(register.wrap_up_minutes);
    let minutes = |to: i64| ended.map(|ended| (to - ended).max(0) / 60_000);
    let wrap_up = if limit > 0 && missing.is_empty() { saved.and_then(minutes) } else { None };
    let so_far = if missing.is_empty() { wrap_up } else { minutes(now) };
    Line {
        record: record.id.clone(),
        link: record.link(),
        cells,
        status: if missing.is_empty() { "complete" } else { "wrap_up" }.to_owned(),
        missing,
        wrap_up,
        late: !overdue.is_empty() || limit > 0 && so_far.is_some_and(|minutes| minutes > limit),
        overdue,
    }
}

/// Whether the time of a column of this row is over; its days end at midnight.
fn is_over(column: &Column, record: &Record, today: Date) -> bool {
    let first: Option<Date> = record.fields.get("date").and_then(|day| day.parse().ok());
    let last = first.and_then(|first| first.checked_add(i64::from(column.within_days).days()).ok());
    column.within_days > 0 && last.is_some_and(|last| today > last)
}

/// What a word is called in a column.
fn named<'w>(column: &'w Column, word: &'w str) -> &'w str {
    let own = column.words.get(word).map(String::as_str);
    own.or_else(|| column.vocabulary.map(|vocabulary| vocabulary.name(word))).unwrap_or(word)
}

/// What stands in a cell.
fn cell(column: &Column, record: &Record, number: usize) -> String {
    let value = column.from.iter().find_map(|from| match from.as_str() {
        "no" => Some(number.to_string()),
        name => record.fields.get(name).map(str::to_owned),
    });
    named(column, &value.unwrap_or_default()).to_owned()
}
