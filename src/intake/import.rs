//! Rows of a table to results, each by itself; only keys seen before are remembered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sha2::{Digest, Sha256};

use super::column::{self, Column};
use super::row::{Fields, MAX_CELL_CHARS};
use super::{Fact, IntakeError, Outcome, Reader, Remark, RowResult};
use crate::base::PhoneNumber;
use crate::table::header::half_width;

/// Most rows of one table: a digest of 16 bytes and a line is held of each.
pub const MAX_ROWS: u64 = 500_000;

/// How many rows had which result before the store was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Good rows.
    pub taken: u64,
    /// Rows whose key stood on an earlier line.
    pub duplicate: u64,
    /// Rows that were not asked for.
    pub skipped: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
}

impl Counts {
    fn rows(&self) -> u64 {
        self.taken + self.duplicate + self.skipped + self.rejected
    }
}

/// Judges the rows of one table in its order.
#[derive(Debug)]
pub struct Intake<'p> {
    reader: Reader<'p>,
    header: Vec<String>,
    columns: Vec<Column>,
    /// Line by digest of the key.
    seen: BTreeMap<[u8; 16], u32>,
    counts: Counts,
}

impl<'p> Intake<'p> {
    /// An intake of a table with these names of columns.
    pub fn new(
        mut reader: Reader<'p>,
        header: Vec<String>,
        mapping: &BTreeMap<String, String>,
    ) -> Result<Self, IntakeError> {
        if header.iter().all(String::is_empty) {
            return Err(IntakeError("the first line names no columns".into()));
        }
        if header.iter().any(|cell| PhoneNumber::parse(cell, None).is_ok()) {
            return Err(IntakeError(
                "line 1 holds a telephone number: the first line must name the columns, such as `name,phone`"
                    .into(),
            ));
        }
        let none = BTreeMap::new();
        let columns = column::assign(&header, mapping, reader.rules().map_or(&none, |rules| &rules.columns))?;
        let has = |name: &str| columns.iter().any(|c| matches!(c, Column::Field(field) if field == name));
        let names_somebody = columns.iter().any(|c| matches!(c, Column::Phone(_)));
        if !names_somebody && !has("customer_id") && !has("matter") && !has("id") {
            let shown = header.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
            return Err(IntakeError(format!(
                "no column says whom a row is about: the first line names {shown}; name one of them `phone` or `电话`, or map one to phone, customer_id or matter"
            )));
        }
        reader.has_at = has("at");
        reader.id_is_matter = !has("matter");
        Ok(Intake { reader, header, columns, seen: BTreeMap::new(), counts: Counts::default() })
    }

    /// The result of the next row. `cells` are its cells, or what is wrong with it as a row;
    /// `shown` gives the row as the file has it.
    pub fn row(
        &mut self,
        line: u64,
        cells: Result<Vec<String>, String>,
        shown: impl FnOnce() -> String,
    ) -> RowResult {
        let outcome = match cells.and_then(|cells| self.fields(cells)) {
            Ok((fields, phones)) => self.reader.judge(fields, &phones, None),
            Err(text) => Outcome::Rejected { remark: Remark::new("not_a_row", text), text: String::new() },
        };
        let outcome = match outcome {
            Outcome::Taken(fact) => self.first(line, fact),
            Outcome::Rejected { remark, .. } => Outcome::Rejected { remark, text: shown() },
            other => other,
        };
        match &outcome {
            Outcome::Taken(_) => self.counts.taken += 1,
            Outcome::Duplicate { .. } => self.counts.duplicate += 1,
            Outcome::Skipped(_) => self.counts.skipped += 1,
            Outcome::Rejected { .. } => self.counts.rejected += 1,
        }
        RowResult { line, outcome }
    }

    /// Results so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether as many rows were taken as may be.
    pub fn is_full(&self) -> bool {
        self.counts.rows() >= MAX_ROWS
    }

    fn first(&mut self, line: u64, fact: Box<Fact>) -> Outcome {
        match self.seen.entry(digest(&row_key(&fact))) {
            Entry::Occupied(first) => Outcome::Duplicate { of: u64::from(*first.get()) },
            Entry::Vacant(place) => {
                place.insert(u32::try_from(line).unwrap_or(u32::MAX));
                Outcome::Taken(fact)
            }
        }
    }

    /// The cells by field; cells with numbers apart.
    fn fields(&self, cells: Vec<String>) -> Result<(Fields, Vec<(String, String)>), String> {
        if cells.iter().all(String::is_empty) {
            return Err("the row is empty".into());
        }
        if cells.len() > self.columns.len() && cells[self.columns.len()..].iter().any(|c| !c.is_empty()) {
            return Err(format!(
                "the row has {} cells, but the header names {} columns: put quotes around cells that hold the delimiter",
                cells.len(),
                self.columns.len()
            ));
        }
        let (mut fields, mut phones) = (Fields::new(), Vec::new());
        for ((column, name), cell) in self.columns.iter().zip(&self.header).zip(cells) {
            if cell.is_empty() {
                continue;
            }
            if cell.len() > MAX_CELL_CHARS && cell.chars().count() > MAX_CELL_CHARS {
                return Err(format!("column `{name}`: the text is longer than {MAX_CELL_CHARS} characters"));
            }
            match column {
                Column::Skip => {}
                Column::Phone(label) => phones.push((cell, label.clone())),
                Column::Field(field) => drop(fields.insert(field.clone(), half_width_digits(cell))),
            }
        }
        Ok((fields, phones))
    }
}

/// Digits and signs in half width; other text stays as it is written.
fn half_width_digits(cell: String) -> String {
    let wide = |c: char| ('\u{ff10}'..='\u{ff19}').contains(&c);
    if cell.chars().any(wide) { half_width(&cell).into_owned() } else { cell }
}

/// What makes two rows of a table the same.
pub fn row_key(fact: &Fact) -> String {
    match &fact.event {
        Some(event) => format!("event\n{}\n{}", event.kind, event.external_id),
        None => {
            let customer = &fact.customer;
            match customer.contacts.first() {
                _ if !customer.external_id.is_empty() => format!("customer\n{}", customer.external_id),
                Some(contact) => format!("phone\n{}", contact.phone),
                None => format!("name\n{}", customer.name),
            }
        }
    }
}

/// Half of SHA-256: two keys of one table that share it do not happen, also not on purpose.
fn digest(key: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(key)[..16]);
    half
}
