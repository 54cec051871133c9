//! Lists as Excel files: one sheet, titles that stay in sight, a filter over the columns, columns as wide
//! as what stands in them.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::sheet::Sheet;

/// Characters of a text in one cell at most, as Excel has it.
const CELL: usize = 32_767;
/// Rows by which the widths of columns are chosen.
const LOOKED_AT: u32 = 200;
/// Widest column, in characters.
const WIDEST: f64 = 60.0;

/// A list on its way into a workbook, row by row. Rows that have been written wait in a file, so that
/// a long list takes little memory.
pub struct Book {
    workbook: Workbook,
    columns: Vec<&'static str>,
    widths: Vec<f64>,
    /// Rows so far, that of the titles with them.
    rows: u32,
}

impl Book {
    /// An empty list of that name.
    ///
    /// # Errors
    /// No name for a sheet, or no room for the file in which rows wait.
    pub fn new(name: &str, columns: &[&'static str]) -> Result<Book, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        let head = Format::new().set_bold();
        for (column, title) in (0..).zip(columns) {
            sheet.write_with_format(0, column, *title, &head)?;
        }
        let widths = columns.iter().map(|title| width(title)).collect();
        Ok(Book { workbook, columns: columns.to_vec(), widths, rows: 1 })
    }

    /// More rows. Figures become numbers; what only looks like one, such as a telephone number, stays text.
    ///
    /// # Errors
    /// More rows than a sheet holds.
    pub fn add(&mut self, part: &Sheet) -> Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for row in &part.rows {
            for (column, cell) in (0u16..).zip(row) {
                match figure(self.columns.get(usize::from(column)).copied().unwrap_or_default(), cell) {
                    Some(number) => sheet.write(self.rows, column, number)?,
                    None if cell.is_empty() => continue,
                    None => sheet.write(self.rows, column, shortened(cell))?,
                };
                if self.rows <= LOOKED_AT
                    && let Some(widest) = self.widths.get_mut(usize::from(column))
                {
                    *widest = widest.max(width(cell));
                }
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// The rows that wait cannot be read back.
    pub fn finish(mut self) -> Result<Vec<u8>, XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, width) in (0..).zip(&self.widths) {
            sheet.set_column_width(column, (width + 2.0).min(WIDEST))?;
        }
        let last = u16::try_from(self.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
        sheet.autofilter(0, 0, self.rows - 1, last)?;
        self.workbook.save_to_buffer()
    }
}

/// The number in a cell: at most ten digits, none of them a leading zero, and no identifier.
fn figure(title: &str, cell: &str) -> Option<f64> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let whole = digits.split('.').next().unwrap_or_default();
    let plain = !digits.is_empty()
        && digits.len() <= 10
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && (whole == "0" || !whole.starts_with('0'));
    let names = ["phone", "number", "code", "keys", "day", "month", "extension"];
    if !plain || names.iter().any(|name| title.contains(name)) {
        return None;
    }
    cell.parse().ok()
}

fn shortened(cell: &str) -> String {
    if cell.len() <= CELL { cell.to_owned() } else { cell.chars().take(CELL).collect() }
}

/// Width of a text: Chinese characters are twice as wide as Latin ones.
fn width(text: &str) -> f64 {
    let line = text.lines().next().unwrap_or_default();
    line.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;

    #[test]
    fn a_workbook_read_again_has_every_row_with_figures_as_numbers_and_telephone_numbers_as_text() {
        let columns = ["name", "phone", "score"];
        let mut book = Book::new("calls", &columns).unwrap();
        let row = |n: usize| vec![format!("=1+{n}"), format!("0755{n}"), format!("{}.5", n % 5)];
        for part in 0..3 {
            let rows = (part * 100..part * 100 + 100).map(row).collect();
            book.add(&Sheet { name: "calls".into(), columns: columns.to_vec(), rows }).unwrap();
        }
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(book.finish().unwrap())).unwrap();
        let range = read.worksheet_range("calls").unwrap();
        assert_eq!(range.height(), 301);
        let cell = |row, column| range.get_value((row, column)).cloned().unwrap();
        assert_eq!(cell(0, 1), Data::String("phone".into()));
        assert_eq!(cell(300, 0), Data::String("=1+299".into()), "no formula");
        assert_eq!(cell(300, 1), Data::String("0755299".into()));
        assert_eq!(cell(300, 2), Data::Float(4.5));
        assert!(read.worksheet_formula("calls").unwrap().is_empty());
    }

    #[test]
    fn only_what_can_be_added_up_is_a_number() {
        for (title, cell, expect) in [
            ("score", "4.5", Some(4.5)),
            ("attempts", "0", Some(0.0)),
            ("balance", "-12", Some(-12.0)),
            ("number", "12345", None),
            ("matter", "007", None),
            ("order", "13800000001", None),
            ("note", "1-2", None),
            ("note", "1.2.3", None),
            ("note", "", None),
        ] {
            assert_eq!(figure(title, cell), expect, "{title} {cell}");
        }
    }
}
