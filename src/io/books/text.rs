//! Forms as CSV.

use crate::io::web::harmless;
use crate::register::Table;

/// The line at the foot by which the period can be verified later; None where its last day is not over.
pub(super) fn foot(root: &str) -> Option<String> {
    (!root.is_empty()).then(|| format!("存证根值：{root}"))
}

/// A form as CSV with Chinese titles: UTF-8 with a byte order mark, CRLF line ends, every cell made
/// harmless for spreadsheet programs. Once its last day is over, the root of that day is its last row.
pub fn table_csv(table: &Table) -> Vec<u8> {
    let start = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    // Writing to a Vec cannot fail, and all rows have as many cells as there are columns.
    let _ = writer.write_record(&table.columns);
    for row in &table.rows {
        let _ = writer.write_record(row.cells.iter().map(|cell| harmless(cell).into_owned()));
    }
    if let Some(foot) = foot(&table.root) {
        let rest = std::iter::repeat_n("", table.columns.len().saturating_sub(1));
        let _ = writer.write_record(std::iter::once(foot.as_str()).chain(rest));
    }
    writer.into_inner().unwrap_or_default()
}
