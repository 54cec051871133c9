//! One dial list: its campaign, its files, its entries with the reason why each is, or is not, called.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::live::ScriptFact;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::choice::{Choice, choices, told};
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::index::{Came, import_line, orders};
use super::tabs;
use crate::access::Permission;
use crate::dialer::Campaign;
use crate::io::store::read::{EntryRow, ImportRow, ListRow};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    state: Option<String>,
    reason: Option<String>,
    phone: Option<String>,
    text: Option<String>,
    sort: Option<String>,
    #[serde(rename = "after")]
    _after: Option<String>,
}

/// One person on the list.
struct Line {
    id: i64,
    name: String,
    key: String,
    phone: String,
    state: String,
    class: &'static str,
    reason: String,
    detail: String,
    attempts: i64,
    due_at: Option<i64>,
    call: String,
    can_remove: bool,
    can_put_back: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/list.html", blocks = ["rows"])]
struct List {
    frame: Frame,
    tabs: Vec<NavItem>,
    list: ListRow,
    campaign: Option<Campaign>,
    orders: Vec<&'static str>,
    scripts: Vec<Choice>,
    asked: Query,
    states: Vec<Choice>,
    sorts: Vec<Choice>,
    lines: Vec<Line>,
    count: i64,
    next: String,
    csv: String,
    told: String,
    came: Vec<Came>,
    runs: bool,
    changes: bool,
}

fn line(frame: &Frame, changes: bool, row: EntryRow) -> Line {
    Line {
        can_remove: changes && matches!(row.state.as_str(), "pending" | "failed"),
        can_put_back: changes && matches!(row.state.as_str(), "done" | "failed" | "stopped"),
        id: row.id,
        name: row.name,
        key: row.external_id,
        phone: row.phone,
        due_at: (row.state == "pending").then_some(row.due_at),
        class: match row.state.as_str() {
            "done" => "is-good",
            "dialling" => "is-accent",
            "failed" => "is-warn",
            "stopped" => "is-bad",
            _ => "is-open",
        },
        state: frame.lang.word("entry-state", &row.state),
        reason: frame.lang.word("reason", &row.reason),
        detail: row.detail,
        attempts: row.attempts,
        call: row.last_call.unwrap_or_default(),
    }
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    match read(&api, &visitor, &id, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: &str, uri: &Uri) -> Result<List, Problem> {
    let frame = visitor.frame(api, "nav-lists", "lists-list-title");
    let id: i64 = id.parse().map_err(|_| Problem::not_found("list", id))?;
    let list: ListRow = visitor.get(&format!("/lists/{id}")).await?;
    let campaign: Option<Campaign> = match list.campaign_id {
        Some(campaign) => Some(visitor.get(&format!("/campaigns/{campaign}")).await?),
        None => None,
    };
    let runs = visitor.may(Permission::CampaignsRun);
    let scripts = if campaign.is_none() && runs { scripts(visitor).await? } else { Vec::new() };
    let imports: Items<ImportRow> = visitor.get(&format!("/imports?list={id}&limit=10")).await?;
    let (asked_for, found) = match query::<Query>(uri) {
        Ok(query) => {
            let path = format!("/lists/{id}/entries{}", asked(uri, &[("limit", "50")]));
            (query, visitor.get::<Items<EntryRow>>(&path).await)
        }
        Err(problem) => (Query::default(), Err(problem)),
    };
    let (entries, told) = match found {
        Ok(entries) => (entries, String::new()),
        Err(problem) if problem.status == 422 => (Items { items: Vec::new(), next: None }, told(&problem)),
        Err(problem) => return Err(problem),
    };
    let changes = visitor.may(Permission::ListsChange);
    let lines: Vec<Line> = entries.items.into_iter().map(|row| line(&frame, changes, row)).collect();
    const SORTS: [&str; 4] = ["id", "due", "changed", "attempts"];
    const STATES: [&str; 5] = ["pending", "dialling", "done", "failed", "stopped"];
    Ok(List {
        tabs: tabs(visitor, ""),
        orders: campaign.as_ref().map(|c| orders(c.state.as_str())).unwrap_or_default(),
        campaign,
        scripts,
        states: choices(&frame, "entry-state", STATES, asked_for.state.as_deref()),
        sorts: choices(&frame, "lists-sort", SORTS, asked_for.sort.as_deref()),
        count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        lines,
        next: entries.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        csv: format!("/api/v1/lists/{id}/entries.csv{}", asked(uri, &[("after", "")])),
        told,
        came: imports.items.into_iter().map(|row| import_line(&frame, row)).collect(),
        asked: asked_for,
        runs,
        changes,
        list,
        frame,
    })
}

/// Scripts that can be run, for a new campaign.
async fn scripts(visitor: &Visitor) -> Result<Vec<Choice>, Problem> {
    let all: Items<ScriptFact> = visitor.get("/scripts").await?;
    let usable = all.items.into_iter().filter(|script| script.problems.is_empty());
    Ok(usable
        .map(|script| Choice { value: script.name.clone(), label: script.title, is_chosen: false })
        .collect())
}
