//! Forms as CSV.

use crate::io::web::harmless;
use crate::register::Table;

/// A form as CSV with Chinese titles: UTF-8 with a byte order mark, CRLF line ends, every cell made
/// harmless for spreadsheet programs.
pub fn table_csv(table: &Table) -> Vec<u8> {
    let start = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    // Writing to a Vec cannot fail, and all rows have as many cells as there are columns.
    let _ = writer.write_record(&table.columns);
    for row in &table.rows {
        let _ = writer.write_record(row.cells.iter().map(|cell| harmless(cell).into_owned()));
    }
    writer.into_inner().unwrap_or_default()
}
