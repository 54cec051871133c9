//! The registers there are, by name.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::query;
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::super::lang::Lang;
use super::tabs;
use crate::register::{Register, Span};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    /// Part of a title, of the number of a form, or of an id.
    q: Option<String>,
    pack: Option<String>,
}

/// One register.
struct Line {
    id: String,
    title: String,
    other: String,
    form: String,
    span: String,
    packs: String,
    columns: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/registers.html", blocks = ["rows"])]
struct Registers {
    frame: Frame,
    tabs: Vec<NavItem>,
    q: String,
    packs: Vec<Choice>,
    lines: Vec<Line>,
    count: i64,
}

/// The word of a span.
const fn word(span: Span) -> &'static str {
    match span {
        Span::Day => "day",
        Span::Week => "week",
        Span::Month => "month",
        Span::Quarter => "quarter",
        Span::Year => "year",
    }
}

fn is_found(register: &Register, q: &str, pack: &str) -> bool {
    let q = q.trim().to_lowercase();
    let texts = [&register.title, &register.title_en, &register.form, &register.id];
    let is_of = pack.is_empty() || register.packs.iter().any(|own| own == pack);
    is_of && texts.iter().any(|text| text.to_lowercase().contains(&q))
}

fn line(frame: &Frame, register: &Register) -> Line {
    let is_english = frame.lang == Lang::English && !register.title_en.is_empty();
    let (title, other) = if is_english {
        (&register.title_en, &register.title)
    } else {
        (&register.title, &register.title_en)
    };
    Line {
        id: register.id.clone(),
        title: title.clone(),
        other: other.clone(),
        form: register.form.clone(),
        span: frame.lang.word("reports-every", word(register.span)),
        packs: register.packs.join(" · "),
        columns: i64::try_from(register.columns.len()).unwrap_or_default(),
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let want: Asked = query(&uri)?;
        let all: Items<Register> = visitor.get("/registers").await?;
        let frame = visitor.frame(&api, "nav-reports", "reports-registers");
        let (q, pack) = (want.q.unwrap_or_default(), want.pack.unwrap_or_default());
        let mut packs: Vec<&String> = all.items.iter().flat_map(|register| &register.packs).collect();
        packs.sort();
        packs.dedup();
        let choice = |name: &&String| Choice {
            value: (*name).clone(),
            label: (*name).clone(),
            is_chosen: **name == pack,
        };
        let mut found: Vec<&Register> = all.items.iter().filter(|r| is_found(r, &q, &pack)).collect();
        found.sort_by(|a, b| (&a.form, &a.title).cmp(&(&b.form, &b.title)));
        Ok::<_, Problem>(Registers {
            tabs: tabs(&visitor, "/reports/registers"),
            packs: packs.iter().map(choice).collect(),
            count: i64::try_from(found.len()).unwrap_or_default(),
            lines: found.into_iter().map(|register| line(&frame, register)).collect(),
            q,
            frame,
        })
    };
    match read.await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_rows()),
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
