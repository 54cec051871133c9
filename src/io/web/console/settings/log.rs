//! The audit log, and writes that the database refused.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked as with, next_page, query};
use super::super::choice::{Choice, told};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::io::store::read::{AuditRow, DeadLetterRow};

/// Rows of a page.
const ROWS: &str = "100";
/// What the log is asked for most: the beginnings of its words.
const KINDS: [&str; 14] = [
    "account.*",
    "session.*",
    "token.*",
    "campaign.*",
    "list.*",
    "policy.*",
    "ticket.*",
    "callback.*",
    "customer.*",
    "export",
    "daemon.*",
    "prompt.*",
    "trunk.*",
    "notice.*",
];

/// A line, what its action is called, and where what it is about is shown.
struct Line {
    row: AuditRow,
    act: String,
    href: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/log.html")]
struct Log {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Query,
    kinds: Vec<Choice>,
    lines: Vec<Line>,
    next: String,
    csv: String,
    told: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Query {
    actor: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// The page of a thing, where there is one.
fn page_of(subject: &str) -> String {
    match subject.split_once(':') {
        Some(("call", id)) => format!("/calls/{id}"),
        Some(("ticket", id)) => format!("/tickets/{id}"),
        Some(("customer", id)) => format!("/customers/{id}"),
        Some(("account", name)) => format!("/settings/accounts/{}", super::super::address::segment(name)),
        _ => String::new(),
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "settings-log");
        let list = visitor.get::<Items<AuditRow>>(&format!("/audit{}", with(&uri, &[("limit", ROWS)]))).await;
        let (list, told) = match list {
            Ok(list) => (list, String::new()),
            Err(problem) if problem.status == 422 => {
                (Items { items: Vec::new(), next: None }, told(&problem))
            }
            Err(problem) => return Err(problem),
        };
        let mut kinds = Vec::new();
        let kind = |word: &str| Choice {
            value: word.to_owned(),
            label: frame.lang.word("settings-kind", word.trim_end_matches(".*")),
            is_chosen: asked.action.as_deref() == Some(word),
        };
        kinds.extend(KINDS.into_iter().map(kind));
        if let Some(other) = asked.action.as_deref().filter(|action| !KINDS.contains(action)) {
            kinds.push(Choice { value: other.to_owned(), label: other.to_owned(), is_chosen: true });
        }
        let line = |row: AuditRow| Line {
            act: frame.lang.word("log-act", &row.action.replace('.', "-")),
            href: page_of(&row.subject),
            row,
        };
        Ok::<_, Problem>(Log {
            lines: list.items.into_iter().map(line).collect(),
            next: list.next.map(|after| next_page(&uri, &after)).unwrap_or_default(),
            csv: format!("/api/v1/audit.csv{}", with(&uri, &[("after", "")])),
            kinds,
            told,
            asked,
            tabs: tabs(&visitor, "/settings/log"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => {
            let mut response = page(&shown);
            if !shown.told.is_empty() {
                *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            }
            response
        }
        Err(problem) => visitor.fault(&api, &problem),
    }
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/dead-letters.html")]
struct DeadLetters {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<DeadLetterRow>,
    next: String,
}

pub(super) async fn dead_letters(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-settings", "settings-dead-letters");
        let list: Items<DeadLetterRow> =
            visitor.get(&format!("/dead-letters{}", with(&uri, &[("limit", ROWS)]))).await?;
        Ok::<_, Problem>(DeadLetters {
            lines: list.items,
            next: list.next.map(|after| next_page(&uri, &after)).unwrap_or_default(),
            tabs: tabs(&visitor, "/settings/log"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_leads_to_what_it_is_about() {
        for (subject, expect) in [
            ("call:abc", "/calls/abc"),
            ("account:li.wei", "/settings/accounts/li.wei"),
            ("daemon", ""),
            ("phone:138", ""),
        ] {
            assert_eq!(super::page_of(subject), expect);
        }
    }
}
