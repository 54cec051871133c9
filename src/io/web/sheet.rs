//! CSV that a spreadsheet program shows and never runs.

/// Byte order mark: without it Excel reads UTF-8 as the local code page.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// A table on its way to CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// File name without `.csv`.
    pub name: String,
    /// Column titles.
    pub columns: Vec<&'static str>,
    /// Cells, as many a row as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// A row of an API list as cells of a sheet.
pub trait SheetRow {
    /// File name without `.csv`.
    const NAME: &'static str;
    /// Column titles.
    const COLUMNS: &'static [&'static str];
    /// One cell a column.
    fn cells(&self) -> Vec<String>;
    /// Covers the customer's name and what people wrote of them, for those who may not see names.
    fn cover_name(&mut self) {}
}

impl Sheet {
    /// The rows of an API list.
    pub fn of<T: SheetRow>(rows: &[T]) -> Self {
        Sheet {
            name: T::NAME.into(),
            columns: T::COLUMNS.to_vec(),
            rows: rows.iter().map(SheetRow::cells).collect(),
        }
    }

    /// UTF-8 with BOM, CRLF line ends (RFC 4180), every cell made harmless.
    pub fn to_csv(&self) -> Vec<u8> {
        self.to_csv_part(true)
    }

    /// One part of a long table: only the first has the BOM and the titles.
    pub fn to_csv_part(&self, first: bool) -> Vec<u8> {
        let start = if first { BOM.to_vec() } else { Vec::new() };
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
        // Writing to a Vec cannot fail, and all rows have as many cells as there are columns.
        if first {
            let _ = writer.write_record(&self.columns);
        }
        for row in &self.rows {
            let _ = writer.write_record(row.iter().map(|cell| harmless(cell).into_owned()));
        }
        writer.into_inner().unwrap_or_default()
    }
}

/// The cell with a `'` in front where a spreadsheet program would take it for a formula:
/// it begins, after any blanks, with `= + - @`, TAB, CR, LF or a full-width form of these.
/// A plain negative number stays a number.
pub fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    let first = cell.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\u{feff}']).chars().next();
    let risky = matches!(
        first,
        Some(
            '=' | '+'
                | '-'
                | '@'
                | '\t'
                | '\r'
                | '\n'
                | '\u{ff1d}'
                | '\u{ff0b}'
                | '\u{ff0d}'
                | '\u{ff20}'
                | '\u{2212}'
                | '\u{fe63}'
                | '\u{fe62}'
                | '\u{fe66}'
                | '\u{fe6b}'
        )
    );
    let number =
        cell.starts_with('-') && cell.len() > 1 && cell[1..].bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if risky && !number { format!("'{cell}").into() } else { cell.into() }
}

/// Text of an optional cell: empty where there is nothing, never 0.
pub fn optional<T: ToString>(cell: &Option<T>) -> String {
    cell.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_made_harmless() {
        let check = |cell: &str, expect: &str| assert_eq!(harmless(cell), expect, "{cell:?}");
        check("=1+1", "'=1+1");
        check("+8613800000000", "'+8613800000000");
        check("-2+3", "'-2+3");
        check("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("\r=1", "'\r=1");
        check("\n=1", "'\n=1");
        check("  =1", "'  =1");
        check("＝1+1", "'＝1+1");
        check("＋1", "'＋1");
        check("－1", "'－1");
        check("＠A", "'＠A");
        check("−1", "'−1");
        check("-31.5", "-31.5");
        check("-", "'-");
        check("13800000000", "13800000000");
        check("张三 = 好", "张三 = 好");
        check("", "");
    }

    #[test]
    fn quotes_commas_and_line_ends_stay_inside_their_cell() {
        let sheet = Sheet {
            name: "t".into(),
            columns: vec!["a", "b"],
            rows: vec![vec!["x,\"y\"".into(), "line\none".into()], vec!["=A1".into(), "李".into()]],
        };
        let text = String::from_utf8(sheet.to_csv()).unwrap();
        assert_eq!(text, "\u{feff}a,b\r\n\"x,\"\"y\"\"\",\"line\none\"\r\n'=A1,李\r\n");
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        assert_eq!(reader.records().map(|r| r.unwrap().len()).collect::<Vec<_>>(), [2, 2]);
    }
}
