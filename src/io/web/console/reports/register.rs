//! One register filled with the rows of some days, and what people wrote into a row.

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query, segment};
use super::super::choice::told;
use super::super::frame::{Frame, Visitor, listed};
use super::behind::{href, is_short};
use crate::access::Permission;
use crate::io::store::register::NoteRow;
use crate::register::{Line as Filled, Register, Table};

/// Rows of a page.
const ROWS: usize = 50;
/// Notes begin with this among the fields of a column.
const NOTE: &str = "note.";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
    open: Option<String>,
    unmask: Option<String>,
    page: Option<usize>,
    /// The row whose notes are shown.
    record: Option<String>,
}

/// One cell.
struct Cell {
    text: String,
    /// It stands on one line.
    is_short: bool,
    is_missing: bool,
    is_overdue: bool,
}

/// One row.
struct Line {
    href: String,
    notes: String,
    cells: Vec<Cell>,
    is_late: bool,
    is_open: bool,
}

/// A part by hand.
struct Word {
    name: String,
    title: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/register.html", blocks = ["rows"])]
struct Shown {
    frame: Frame,
    id: String,
    form: String,
    asked: Asked,
    from: String,
    to: String,
    columns: Vec<String>,
    lines: Vec<Line>,
    count: i64,
    incomplete: i64,
    next: String,
    excel: String,
    csv: String,
    root: String,
    record: String,
    notes: Vec<NoteRow>,
    words: Vec<Word>,
    writes: bool,
    told: String,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let shown = match read(&api, &visitor, &id, &uri).await {
        Ok(shown) => shown,
        Err(problem) => return visitor.fault(&api, &problem),
    };
    listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty())
}

async fn filled(visitor: &Visitor, id: &str, uri: &Uri) -> Result<(Asked, Table), Problem> {
    let want: Asked = query(uri)?;
    let path = format!("/registers/{}{}", segment(id), asked(uri, &[("page", ""), ("record", "")]));
    Ok((want, visitor.get(&path).await?))
}

async fn read(api: &Shared, visitor: &Visitor, id: &str, uri: &Uri) -> Result<Shown, Problem> {
    let all: Items<Register> = visitor.get("/registers").await?;
    let register = all.items.into_iter().find(|register| register.id == id);
    let register = register.ok_or_else(|| Problem::not_found("register", id))?;
    let mut frame = visitor.frame(api, "nav-reports", "reports-registers");
    frame.title.clone_from(&register.title);
    let (want, table, problem) = match filled(visitor, id, uri).await {
        Ok((want, table)) => (want, Some(table), None),
        Err(problem) if problem.status == StatusCode::UNPROCESSABLE_ENTITY.as_u16() => {
            (Asked::default(), None, Some(problem))
        }
        Err(problem) => return Err(problem),
    };
    let notes = match &want.record {
        Some(record) => {
            let path = format!("/register-notes?record={}", segment(record));
            visitor.get::<Items<NoteRow>>(&path).await?.items
        }
        None => Vec::new(),
    };
    let begin = (want.page.unwrap_or(1).max(1) - 1) * ROWS;
    let query = asked(uri, &[("page", ""), ("record", "")]);
    let (from, to, root, rows, incomplete) = match table {
        Some(table) => (table.from, table.to, table.root, table.rows, table.missing.len()),
        None => Default::default(),
    };
    let count = rows.len();
    let here = format!("/reports/registers/{}", segment(id));
    let line = |row: Filled| line(&register, row, &here, uri);
    let next = (begin + ROWS < count).then(|| (begin / ROWS + 2).to_string());
    Ok(Shown {
        id: id.to_owned(),
        form: register.form.clone(),
        lines: rows.into_iter().skip(begin).take(ROWS).map(line).collect(),
        columns: register.columns.iter().map(|column| column.title.clone()).collect(),
        count: i64::try_from(count).unwrap_or_default(),
        incomplete: i64::try_from(incomplete).unwrap_or_default(),
        next: next
            .map(|n| format!("{here}{}", asked(uri, &[("page", &n), ("record", "")])))
            .unwrap_or_default(),
        excel: format!("/api/v1/registers/{}/excel{query}", segment(id)),
        csv: format!("/api/v1/registers/{}.csv{query}", segment(id)),
        words: words(&frame, &register),
        writes: visitor.may(Permission::RegistersWrite),
        record: want.record.clone().unwrap_or_default(),
        told: problem.as_ref().map(told).unwrap_or_default(),
        from,
        to,
        root,
        notes,
        asked: want,
        frame,
    })
}

/// What may be written into a row, by the columns that show it.
fn words(frame: &Frame, register: &Register) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for column in &register.columns {
        for name in column.from.iter().filter_map(|from| from.strip_prefix(NOTE)) {
            if words.iter().all(|word| word.name != name) {
                words.push(Word { name: name.to_owned(), title: column.title.clone() });
            }
        }
    }
    if words.is_empty() {
        words.push(Word { name: "remark".into(), title: frame.lang.text("reports-remark").into_owned() });
    }
    words
}

fn line(register: &Register, row: Filled, here: &str, uri: &Uri) -> Line {
    let cells = register.columns.iter().zip(row.cells).map(|(column, text)| Cell {
        is_missing: row.missing.contains(&column.name),
        is_overdue: row.overdue.contains(&column.name),
        is_short: is_short(&text),
        text,
    });
    Line {
        href: href(&row.link),
        notes: format!("{here}{}#notes", asked(uri, &[("record", &row.record)])),
        is_open: row.status != "complete",
        is_late: row.late,
        cells: cells.collect(),
    }
}
