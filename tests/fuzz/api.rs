//! What callers of the API write into a query.

use ringback::io::store::read::Cursor;

use super::{INPUTS, fuzz_text};

#[test]
fn a_place_in_a_list_reads_as_it_was_written() {
    fuzz_text(INPUTS, &["1772413200000.01KJP10GTRG6C3N3BJ4E87GWCJ", "-1.x", "0."], |text| {
        if let Some(cursor) = Cursor::parse(text) {
            assert_eq!(Cursor::parse(&cursor.to_string()).map(|c| c.to_string()), Some(cursor.to_string()));
        }
    });
}
