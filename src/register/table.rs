//! From records to the rows of a form.

use serde::{Deserialize, Serialize};

use super::{Column, Record, Register};
use crate::policy::pack::holds_all;

/// One row of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Line {
    /// What it is: `callback:12`. Notes are written to it.
    pub record: String,
    /// Where that is shown below `/api/v1`; empty where it is not.
    pub link: String,
    /// One cell a column; empty: not known.
    pub cells: Vec<String>,
    /// Names of required columns that are empty.
    pub missing: Vec<String>,
    /// Minutes from the end of the call to the last part by hand; null: not saved, or not measured.
    pub wrap_up: Option<i64>,
    /// It was saved later than the register allows, or is not saved though that time has passed.
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
/// last day, `now` is when it is filled, in milliseconds since 1970: parts by hand that are not
/// there yet are late from then on.
pub fn table(register: &Register, records: &[Record], from: &str, to: &str, now: i64) -> Table {
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

fn line(register: &Register, record: &Record, number: usize, now: i64) -> Line {
    let cells: Vec<String> = register.columns.iter().map(|c| cell(c, record, number)).collect();
    let is_wanted = |column: &Column| {
        column.required
            || !column.required_when.is_empty() && holds_all(&column.required_when, |n| record.fields.get(n))
    };
    let empty =
        register.columns.iter().zip(&cells).filter(|(column, cell)| cell.is_empty() && is_wanted(column));
    let missing: Vec<String> = empty.map(|(column, _)| column.name.clone()).collect();
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
        missing,
        wrap_up,
        late: limit > 0 && so_far.is_some_and(|minutes| minutes > limit),
    }
}

/// What stands in a cell.
fn cell(column: &Column, record: &Record, number: usize) -> String {
    let value = column.from.iter().find_map(|from| match from.as_str() {
        "no" => Some(number.to_string()),
        name => record.fields.get(name).map(str::to_owned),
    });
    let value = value.unwrap_or_default();
    let named = column.words.get(&value).map(String::as_str);
    let named = named.or_else(|| column.vocabulary.map(|vocabulary| vocabulary.name(&value)));
    named.map(str::to_owned).unwrap_or(value)
}
