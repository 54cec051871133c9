//! From the cells of one row to an entry.

use jiff::tz::TimeZone;

use super::Fault;
use super::columns::Column;
use crate::base::{PhoneNumber, Timestamp};
use crate::calendar::Windows;
use crate::dialer::{NewEntry, QUIET_HOURS_FIELD, Terms};
use crate::table::date;

/// Longest cell, in characters: a remark, not a document.
pub const MAX_CELL_CHARS: usize = 1000;
/// Longest name and external id, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// What rows are read with.
#[derive(Debug)]
pub(super) struct RowReader {
    pub columns: Vec<Column>,
    pub home_area: Option<String>,
    pub timezone: String,
    pub zone: TimeZone,
}

impl RowReader {
    /// The entry of a row, or what is wrong with the row and how to mend it.
    pub(super) fn read(&self, header: &[String], cells: &[String]) -> Result<NewEntry, Fault> {
        if cells.iter().all(String::is_empty) {
            return Err(Fault::of_row("empty_row", "the row is empty"));
        }
        if cells.len() > self.columns.len() && cells[self.columns.len()..].iter().any(|c| !c.is_empty()) {
            return Err(Fault::of_row(
                "too_many_cells",
                format!(
                    "the row has {} cells, but the header names {} columns: put quotes around cells that hold the delimiter",
                    cells.len(),
                    self.columns.len()
                ),
            ));
        }
        let mut phone = None;
        let mut entry = Draft::default();
        for ((column, name), cell) in self.columns.iter().zip(header).zip(cells) {
            let limit = match column {
                Column::Name | Column::ExternalId => MAX_NAME_CHARS,
                _ => MAX_CELL_CHARS,
            };
            if cell.len() > limit && cell.chars().count() > limit {
                return Err(Fault::new(
                    "too_long",
                    name,
                    format!("the text is longer than {limit} characters"),
                ));
            }
            if *column == Column::Phone {
                phone = Some((name, cell));
            } else if !cell.is_empty() {
                self.take(&mut entry, column, cell).map_err(|e| Fault::new(code_of(column), name, e))?;
            }
        }
        let Some((name, text)) = phone.filter(|(_, text)| !text.is_empty()) else {
            return Err(Fault::of_row("no_phone", "the row has no telephone number"));
        };
        let (phone, extension) = PhoneNumber::parse(text, self.home_area.as_deref())
            .map_err(|e| Fault::new("bad_phone", name, e.to_string()))?;
        Ok(entry.finish(phone, extension))
    }

    fn take(&self, entry: &mut Draft, column: &Column, cell: &str) -> Result<(), String> {
        match column {
            Column::Phone | Column::Skip => {}
            Column::Extension => entry.extension = Some(extension(cell)?),
            Column::Name => entry.name = cell.to_owned(),
            Column::ExternalId => entry.external_id = cell.to_owned(),
            Column::Language => entry.language = language(cell)?,
            Column::Priority => entry.priority = Some(priority(cell)?),
            Column::Due => entry.due_at = Some(time(cell, &self.zone)?),
            Column::QuietHours => {
                Windows::parse(&[cell], &self.timezone).map_err(|e| e.0)?;
                entry.fields.insert(QUIET_HOURS_FIELD.to_owned(), cell.to_owned());
            }
            Column::Field(name) => {
                entry.fields.insert(name.clone(), cell.to_owned());
            }
        }
        Ok(())
    }
}

/// The word for a value that a column cannot hold.
const fn code_of(column: &Column) -> &'static str {
    match column {
        Column::Extension => "bad_extension",
        Column::Language => "bad_language",
        Column::Priority => "bad_priority",
        Column::Due => "bad_date",
        Column::QuietHours => "bad_hours",
        _ => "bad_value",
    }
}

#[derive(Default)]
struct Draft {
    external_id: String,
    extension: Option<String>,
    name: String,
    language: String,
    priority: Option<u8>,
    due_at: Option<Timestamp>,
    fields: std::collections::BTreeMap<String, String>,
}

impl Draft {
    fn finish(self, phone: PhoneNumber, written: Option<String>) -> NewEntry {
        NewEntry {
            external_id: self.external_id,
            phone,
            extension: self.extension.or(written).unwrap_or_default(),
            name: self.name,
            language: self.language,
            priority: self.priority.unwrap_or(5),
            due_at: self.due_at,
            fields: self.fields,
            terms: Terms::default(),
        }
    }
}

fn extension(cell: &str) -> Result<String, String> {
    if (1..=8).contains(&cell.len()) && cell.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(cell.to_owned());
    }
    Err(format!("`{cell}` is not an extension of 1 to 8 digits"))
}

fn language(cell: &str) -> Result<String, String> {
    let tag = match cell {
        "中文" | "普通话" | "汉语" | "国语" | "國語" => "zh-CN",
        "英文" | "英语" | "英語" => "en",
        "粤语" | "粵語" | "广东话" => "yue",
        tag => tag,
    };
    let good = tag.len() <= 20
        && tag.split('-').enumerate().all(|(i, part)| {
            let len = if i == 0 { 2..=3 } else { 2..=8 };
            len.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    if good { Ok(tag.to_owned()) } else { Err(format!("`{cell}` is not a language: write zh-CN or en")) }
}

fn priority(cell: &str) -> Result<u8, String> {
    match cell.to_lowercase().as_str() {
        "high" | "urgent" | "高" | "紧急" | "緊急" => Ok(9),
        "normal" | "medium" | "中" | "普通" | "一般" => Ok(5),
        "low" | "低" => Ok(1),
        text => match text.parse() {
            Ok(n @ 1..=9) => Ok(n),
            _ => Err(format!("`{cell}` is not a priority: write 1 to 9 (9 goes first), high, normal or low")),
        },
    }
}

/// A time with an offset, or civil time in the zone of the list.
fn time(cell: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if cell.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(format!(
            "`{cell}` is how a spreadsheet counts days: format the column as text, such as 2026-03-03 15:00"
        ));
    }
    date::read(cell, zone).map(|read| read.at)
}
