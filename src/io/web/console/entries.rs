//! Who is behind a figure of the first page: customers of a list, callbacks of a day.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::api::plan::{day as day_of, with_titles};
use super::super::mask::mask;
use super::super::problem::Problem;
use super::super::state::Shared;
use super::address::{next_page, query};
use super::frame::{Frame, Visitor, page};
use crate::base::CampaignId;
use crate::io::store::read::{Cursor, EntryFilter, EntryRow, EntrySort};

/// Rows of a page.
const ROWS: u32 = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryQuery {
    campaign: i64,
    reason: Option<String>,
    state: Option<String>,
    after: Option<String>,
}

/// One person on a list.
struct Line {
    name: String,
    /// The title of the rule, and its word; empty: a campaign calls.
    title: String,
    rule: String,
    phone: String,
    state: String,
    reason: String,
    detail: String,
    attempts: i64,
    due_at: Option<i64>,
    call: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "entries.html")]
struct Entries {
    frame: Frame,
    heading: String,
    lines: Vec<Line>,
    next: String,
}

fn line(frame: &Frame, row: EntryRow) -> Line {
    Line {
        name: row.name,
        title: String::new(),
        rule: String::new(),
        phone: mask(&row.phone),
        due_at: (row.state == "pending").then_some(row.due_at),
        state: frame.lang.word("entry-state", &row.state),
        reason: frame.lang.word("reason", &row.reason),
        detail: super::super::mask::mask_numbers(&row.detail),
        attempts: row.attempts,
        call: row.last_call.unwrap_or_default(),
    }
}

/// Customers of a campaign's list, by the reason for which they are, or are not, called.
pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let answer = async {
        let asked: EntryQuery = query(&uri)?;
        let campaign = api.store().campaign(CampaignId(asked.campaign)).await?;
        let campaign = campaign.ok_or_else(|| Problem::not_found("campaign", asked.campaign))?;
        let frame = visitor.frame(&api, "nav-today", "entries-title");
        let reason = asked.reason.as_deref().map(|code| frame.lang.word("reason", code)).unwrap_or_default();
        let filter = EntryFilter {
            list: Some(campaign.list),
            reason: asked.reason,
            state: asked.state,
            ..EntryFilter::default()
        };
        let after = asked.after.as_deref().and_then(Cursor::parse);
        let rows = api.store().entry_rows(&filter, EntrySort::Id, after.as_ref(), ROWS).await?;
        let next = rows.next.map(|cursor| next_page(&uri, &cursor.to_string())).unwrap_or_default();
        let lines = rows.rows.into_iter().map(|row| line(&frame, row)).collect();
        let heading =
            [campaign.name, reason].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
        Ok(page(&Entries { frame, heading, lines, next }))
    };
    answer.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DayQuery {
    verdict: String,
    code: String,
    after: Option<i64>,
}

/// Callbacks of a day, by the reason for which they are, or are not, called.
pub(super) async fn day(
    State(api): State<Shared>,
    visitor: Visitor,
    Path((pack, text)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let answer = async {
        let day = day_of("day", &text)?;
        let asked: DayQuery = query(&uri)?;
        let frame = visitor.frame(&api, "nav-today", "entries-title");
        let words = (asked.verdict.as_str(), asked.code.as_str());
        let mut rows = api.store().verdicts_with((&pack, day), words, asked.after.unwrap_or(0), ROWS).await?;
        with_titles(&api, &pack, &mut rows);
        let full = rows.len() == ROWS as usize;
        let next = rows.last().filter(|_| full).map(|row| next_page(&uri, &row.callback_id.to_string()));
        let line = |row: crate::io::store::callback::VerdictRow| Line {
            name: row.name,
            title: row.title,
            rule: row.rule,
            phone: String::new(),
            state: frame.lang.word("verdict", &row.verdict),
            reason: frame.lang.word("reason", &row.code),
            detail: super::super::mask::mask_numbers(&row.detail),
            attempts: 0,
            due_at: row.start_at,
            call: String::new(),
        };
        let lines = rows.into_iter().map(line).collect();
        let policies = api.planner().ok().map(|planner| planner.settings().policies);
        let policy = policies.as_ref().and_then(|policies| policies.in_force(&pack, day));
        let title = policy.map_or(pack.as_str(), |policy| policy.pack.title.as_str());
        let heading = format!("{title} · {day} · {}", frame.lang.word("reason", &asked.code));
        Ok(page(&Entries { heading, lines, next: next.unwrap_or_default(), frame }))
    };
    answer.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_left_empty_is_not_asked_for_and_pages_keep_their_filter() {
        let uri: Uri = "/entries?campaign=3&reason=&state=pending".parse().unwrap();
        let asked: EntryQuery = query(&uri).unwrap();
        assert_eq!((asked.campaign, asked.reason, asked.state.as_deref()), (3, None, Some("pending")));
        assert_eq!(next_page(&uri, "7.7"), "/entries?campaign=3&state=pending&after=7.7");
        assert_eq!(query::<EntryQuery>(&"/entries?campaign=x".parse().unwrap()).unwrap_err().status, 422);
        assert_eq!(query::<EntryQuery>(&"/entries?campaign=1&x=1".parse().unwrap()).unwrap_err().status, 422);
    }
}
