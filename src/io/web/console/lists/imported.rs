//! One file that came in: what became of its rows, how to mend those that were refused, and the way
//! back.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::chart::{Part, stacked};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::index::import_state;
use super::tabs;
use crate::access::Permission;
use crate::io::store::archive::read::{IntakeRow, IntakeRowResult};
use crate::io::store::read::{ImportRow, ImportRowResult, ListRow};

/// Codes of rows that were not taken, beside those that a policy names itself.
pub(super) const FAULTS: &[&str] = &[
    "bad_phone",
    "no_phone",
    "empty_row",
    "too_many_cells",
    "too_long",
    "bad_extension",
    "bad_language",
    "bad_priority",
    "bad_date",
    "bad_hours",
    "bad_value",
    "not_a_row",
    "too_many_rows",
    "duplicate",
    "missing_field",
    "no_date",
    "no_customer",
    "unknown_type",
    "unknown_event",
    "not_selected",
];

/// What may become of a row, with the class of its colour.
pub(super) const RESULTS: &[&str] = &["added", "changed", "unchanged", "duplicate", "rejected", "skipped"];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    result: Option<String>,
    unmask: bool,
    #[serde(rename = "after")]
    _after: Option<String>,
}

/// A figure that leads to its rows.
struct Figure {
    label: String,
    count: i64,
    href: String,
    is_here: bool,
}

/// One row.
struct Line {
    line: i64,
    result: String,
    class: &'static str,
    field: String,
    what: String,
    cure: String,
    reason: String,
    text: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/imported.html", blocks = ["rows"])]
struct Imported {
    frame: Frame,
    tabs: Vec<NavItem>,
    /// What is heard of in the stream: of lists or of records.
    topic: &'static str,
    id: i64,
    name: String,
    state: String,
    at: i64,
    by: String,
    about: String,
    href: String,
    undo: String,
    undone: String,
    bar: String,
    figures: Vec<Figure>,
    lines: Vec<Line>,
    count: i64,
    next: String,
    rejected: i64,
    download: String,
    unmask: String,
    good: i64,
}

/// What stands at the head of the page.
struct Head {
    topic: &'static str,
    id: i64,
    name: String,
    state: String,
    at: i64,
    by: String,
    about: String,
    href: String,
    undo: String,
    undone: String,
    download: String,
    counts: Vec<(&'static str, i64)>,
}

fn class(result: &str) -> &'static str {
    match result {
        "added" => "is-good",
        "changed" => "is-accent",
        "duplicate" | "skipped" => "is-warn",
        "rejected" => "is-bad",
        _ => "is-open",
    }
}

/// What became of one row, as the routes of lists and of records have it.
trait Brought: serde::de::DeserializeOwned {
    fn told(self) -> Told;
}

/// What became of one row.
struct Told {
    line: i64,
    result: String,
    code: String,
    field: String,
    reason: String,
    text: String,
}

impl Brought for ImportRowResult {
    fn told(self) -> Told {
        let ImportRowResult { line, result, code, field, reason, text, .. } = self;
        Told { line, result, code, field, reason, text }
    }
}

impl Brought for IntakeRowResult {
    fn told(self) -> Told {
        let IntakeRowResult { line, result, code, reason, text, .. } = self;
        Told { line, result, code, field: String::new(), reason, text }
    }
}

fn line(frame: &Frame, row: impl Brought) -> Line {
    let Told { line, result, code, field, reason, text } = row.told();
    let is_known = FAULTS.contains(&code.as_str());
    Line {
        line,
        class: class(&result),
        result: frame.lang.word("lists-result", &result),
        field,
        what: if is_known { frame.lang.word("lists-fault", &code) } else { String::new() },
        cure: if is_known { frame.lang.word("lists-cure", &code) } else { String::new() },
        reason,
        text,
    }
}

fn undone(frame: &Frame, at: Option<i64>, by: Option<String>, reason: Option<String>) -> String {
    let Some(at) = at else { return String::new() };
    let who = format!("{} {}", by.unwrap_or_default(), frame.times.whole(at));
    frame.lang.with2("lists-undone", "who", who, "reason", reason.unwrap_or_default()).into_owned()
}

/// The page under its head: figures, and the rows of `path` that the address asks for.
async fn shown<R: Brought>(
    visitor: &Visitor,
    frame: Frame,
    uri: &Uri,
    path: &str,
    head: Head,
) -> Result<Imported, Problem> {
    let asked_for: Query = query(uri)?;
    let rows: Items<R> = visitor.get(&format!("{path}/rows{}", asked(uri, &[("limit", "50")]))).await?;
    let lines: Vec<Line> = rows.items.into_iter().map(|row| line(&frame, row)).collect();
    let label = |word: &str, count: i64| format!("{} {count}", frame.lang.word("lists-result", word));
    let parts: Vec<Part> = head
        .counts
        .iter()
        .map(|(word, count)| Part { class: class(word), label: label(word, *count), count: *count })
        .collect();
    let words: Vec<&str> = parts.iter().filter(|p| p.count > 0).map(|p| p.label.as_str()).collect();
    let bar = stacked(&words.join(", "), &parts);
    let here = asked_for.result.as_deref().unwrap_or_default();
    let figures = head.counts.iter().map(|(word, count)| Figure {
        label: frame.lang.word("lists-result", word),
        count: *count,
        href: format!("{}{}", uri.path(), asked(uri, &[("result", word), ("after", "")])),
        is_here: *word == here,
    });
    let count_of = |wanted: &str| head.counts.iter().find(|(word, _)| *word == wanted).map_or(0, |(_, n)| *n);
    let (rejected, good) = (count_of("rejected"), count_of("added") + count_of("changed"));
    let whole = visitor.may(Permission::NumbersWhole);
    Ok(Imported {
        tabs: tabs(visitor, "/lists/import"),
        figures: figures.collect(),
        bar,
        count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        next: rows.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        unmask: match whole && rejected > 0 && !asked_for.unmask {
            true => format!("{}{}", uri.path(), asked(uri, &[("unmask", "true"), ("after", "")])),
            false => String::new(),
        },
        download: if whole && rejected > 0 { head.download } else { String::new() },
        topic: head.topic,
        id: head.id,
        name: head.name,
        state: head.state,
        at: head.at,
        by: head.by,
        about: head.about,
        href: head.href,
        undo: head.undo,
        undone: head.undone,
        lines,
        rejected,
        good,
        frame,
    })
}

/// A file that came into a dial list.
pub(super) async fn list(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-imported-title");
        let row: ImportRow = visitor.get(&format!("/imports/{id}")).await?;
        let list: ListRow = visitor.get(&format!("/lists/{}", row.list_id)).await?;
        let may_undo =
            visitor.may(Permission::ListsChange) && row.undone_at.is_none() && row.state != "running";
        let head = Head {
            topic: "import",
            id: row.id,
            state: import_state(row.undone_at.is_some(), &row.state).to_owned(),
            at: row.created_at,
            by: String::new(),
            about: list.name,
            href: format!("/lists/{}", row.list_id),
            undo: if may_undo { format!("POST /imports/{id}/undo") } else { String::new() },
            undone: undone(&frame, row.undone_at, row.undone_by, row.undone_reason),
            download: format!("/api/v1/imports/{id}/rows.csv?result=rejected&unmask=true"),
            counts: vec![
                ("added", row.added),
                ("changed", row.changed),
                ("unchanged", row.unchanged),
                ("duplicate", row.duplicate),
                ("rejected", row.rejected),
            ],
            name: row.file_name,
        };
        shown::<ImportRowResult>(&visitor, frame, &uri, &format!("/imports/{id}"), head).await
    };
    answer(&api, &visitor, read.await)
}

/// A file that came into the archive.
pub(super) async fn facts(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-imported-title");
        let row: IntakeRow = visitor.get(&format!("/intakes/{id}")).await?;
        let may_undo =
            visitor.may(Permission::SlipsReject) && row.undone_at.is_none() && row.state != "running";
        let can_reject = visitor.may(Permission::SlipsReject);
        let head = Head {
            topic: "intake",
            id: row.id,
            state: import_state(row.undone_at.is_some(), &row.state).to_owned(),
            at: row.created_at,
            by: row.created_by,
            about: [row.pack, row.intake]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(" / "),
            href: if visitor.may(Permission::CustomersSee) { "/customers".into() } else { String::new() },
            undo: if may_undo { format!("POST /intakes/{id}/undo") } else { String::new() },
            undone: undone(&frame, row.undone_at, row.undone_by, row.undone_reason),
            download: if can_reject { format!("/api/v1/intakes/{id}/rejected.csv") } else { String::new() },
            counts: vec![
                ("added", row.added),
                ("changed", row.changed),
                ("unchanged", row.unchanged),
                ("duplicate", row.duplicate),
                ("rejected", row.rejected),
                ("skipped", row.skipped),
            ],
            name: if row.file_name.is_empty() { row.channel } else { row.file_name },
        };
        shown::<IntakeRowResult>(&visitor, frame, &uri, &format!("/intakes/{id}"), head).await
    };
    answer(&api, &visitor, read.await)
}

fn answer(api: &Shared, visitor: &Visitor, read: Result<Imported, Problem>) -> Response {
    match read {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_rows()),
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(api, &problem),
    }
}
