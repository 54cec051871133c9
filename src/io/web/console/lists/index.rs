//! Dial lists with their campaigns, and what came in last.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page};
use super::super::chart::{Part, stacked};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;
use crate::io::store::archive::read::IntakeRow;
use crate::io::store::read::{CampaignRow, ImportRow, ListRow};

/// Campaigns that are looked through for those of the lists on the page: newest first, as lists are.
const CAMPAIGNS: u32 = 500;

/// One list.
pub(super) struct Line {
    id: i64,
    name: String,
    at: i64,
    entries: i64,
    open: i64,
    bar: String,
    campaign: Option<CampaignRow>,
    orders: Vec<&'static str>,
}

/// One file that came in.
pub(super) struct Came {
    pub href: String,
    pub name: String,
    pub what: String,
    pub at: i64,
    pub state: String,
    pub added: i64,
    pub rejected: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/index.html", blocks = ["board"])]
struct Lists {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<Line>,
    next: String,
    came: Vec<Came>,
    runs: bool,
    imports: bool,
    hears: bool,
}

/// What may be ordered of a campaign in that state.
pub(super) fn orders(state: &str) -> Vec<&'static str> {
    match state {
        "draft" => vec!["start"],
        "running" => vec!["pause", "end", "stop"],
        "paused" => vec!["resume", "stop"],
        "ending" => vec!["stop"],
        _ => Vec::new(),
    }
}

/// How far a list is, as a picture.
fn bar(frame: &Frame, entries: i64, open: i64) -> String {
    let settled = entries - open;
    let label = |key: &str, n: i64| frame.lang.with(key, "n", n).into_owned();
    let parts = [
        Part { class: "is-good", label: label("lists-settled", settled), count: settled },
        Part { class: "is-open", label: label("lists-open", open), count: open },
    ];
    stacked(&format!("{}, {}", parts[0].label, parts[1].label), &parts)
}

pub(super) fn import_state(undone: bool, state: &str) -> &str {
    if undone { "undone" } else { state }
}

pub(super) fn import_line(frame: &Frame, row: ImportRow) -> Came {
    let state = import_state(row.undone_at.is_some(), &row.state);
    Came {
        href: format!("/lists/imports/{}", row.id),
        what: frame.lang.text("lists-kind-list").into_owned(),
        at: row.created_at,
        state: state.to_owned(),
        added: row.added,
        rejected: row.rejected,
        name: row.file_name,
    }
}

fn intake_line(frame: &Frame, row: IntakeRow) -> Came {
    let name = if row.file_name.is_empty() { row.channel } else { row.file_name };
    let what = [row.pack, row.intake].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" / ");
    Came {
        href: format!("/lists/intakes/{}", row.id),
        what: format!("{} {what}", frame.lang.text("lists-kind-facts")),
        at: row.created_at,
        state: import_state(row.undone_at.is_some(), &row.state).to_owned(),
        added: row.added,
        rejected: row.rejected,
        name,
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "nav-lists");
        let lists: Items<ListRow> =
            visitor.get(&format!("/lists{}", asked(&uri, &[("limit", "50")]))).await?;
        let campaigns: Items<CampaignRow> = visitor.get(&format!("/campaigns?limit={CAMPAIGNS}")).await?;
        let imports: Items<ImportRow> = visitor.get("/imports?limit=10").await?;
        let mut came: Vec<Came> = imports.items.into_iter().map(|row| import_line(&frame, row)).collect();
        if visitor.may(Permission::FactsSee) {
            let intakes: Items<IntakeRow> = visitor.get("/intakes?limit=10").await?;
            came.extend(intakes.items.into_iter().map(|row| intake_line(&frame, row)));
        }
        came.sort_by_key(|row| std::cmp::Reverse(row.at));
        came.truncate(12);
        let line = |row: ListRow| {
            let campaign = campaigns.items.iter().find(|c| c.list_id == row.id).cloned();
            Line {
                orders: campaign.as_ref().map(|c| orders(&c.state)).unwrap_or_default(),
                campaign,
                bar: bar(&frame, row.entries, row.open),
                id: row.id,
                name: row.name,
                at: row.created_at,
                entries: row.entries,
                open: row.open,
            }
        };
        let lines = lists.items.into_iter().map(line).collect();
        Ok(Lists {
            tabs: tabs(&visitor, "/lists"),
            lines,
            next: lists.next.map(|after| next_page(&uri, &after)).unwrap_or_default(),
            came,
            runs: visitor.may(Permission::CampaignsRun),
            imports: visitor.may(Permission::FactsBring),
            hears: visitor.may(Permission::EventsStream),
            frame,
        })
    };
    match read.await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_board()),
        Ok(shown) => page(&shown),
        Err::<_, Problem>(problem) => visitor.fault(&api, &problem),
    }
}
