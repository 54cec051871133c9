//! The rows behind a figure, as a table; each leads to the page of what it is.

use axum::http::Uri;

use super::super::address::asked;
use super::super::frame::Frame;
use crate::io::books::Behind as Row;

/// Rows of a page.
const ROWS: usize = 50;

/// One row.
pub(in super::super) struct Line {
    pub record: String,
    /// Page of the console; empty: there is none.
    pub href: String,
    pub at: i64,
    pub cells: Vec<Cell>,
}

/// One cell.
pub(in super::super) struct Cell {
    pub text: String,
    pub is_short: bool,
}

/// A page of rows.
pub(in super::super) struct Behind {
    pub columns: Vec<String>,
    pub lines: Vec<Line>,
    pub count: i64,
    pub next: String,
}

/// The page of the console that shows what a link of the API leads to; empty: there is none.
pub(in super::super) fn href(link: &str) -> String {
    match link.strip_prefix("/audits/cases/") {
        Some(case) => format!("/audit/cases/{case}"),
        None if ["/calls/", "/tickets/", "/customers/"].iter().any(|head| link.starts_with(head)) => {
            link.to_owned()
        }
        None => String::new(),
    }
}

/// Whether a cell is better not broken: a date, a number, a name.
pub(in super::super) fn is_short(text: &str) -> bool {
    text.chars().count() <= 20
}

/// That page of all rows.
pub(in super::super) fn behind(frame: &Frame, rows: Vec<Row>, page: usize, uri: &Uri) -> Behind {
    let begin = (page.max(1) - 1) * ROWS;
    let count = rows.len();
    let shown: Vec<Row> = rows.into_iter().skip(begin).take(ROWS).collect();
    let mut names: Vec<String> = Vec::new();
    for name in shown.iter().flat_map(|row| row.fields.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let cell = |text: String| Cell { is_short: is_short(&text), text };
    let line = |row: Row| Line {
        href: href(&row.link),
        at: row.at,
        cells: names.iter().map(|name| cell(row.fields.get(name).cloned().unwrap_or_default())).collect(),
        record: row.record,
    };
    let lines = shown.into_iter().map(line).collect();
    let next = (begin + ROWS < count).then(|| (begin / ROWS + 2).to_string());
    Behind {
        columns: names.iter().map(|name| frame.lang.word("reports-field", name)).collect(),
        lines,
        count: i64::try_from(count).unwrap_or(i64::MAX),
        next: next.map(|n| format!("{}{}", uri.path(), asked(uri, &[("page", &n)]))).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_leads_to_its_page_where_there_is_one() {
        assert_eq!(href("/calls/01K"), "/calls/01K");
        assert_eq!(href("/audits/cases/3"), "/audit/cases/3");
        assert_eq!((href("/callbacks/3"), href("")), (String::new(), String::new()));
    }
}
