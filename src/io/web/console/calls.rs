//! Calls: a list whose filter stands in the address.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::api::calls::{CallView, Query, filter, sorting};
use super::super::problem::Problem;
use super::super::state::Shared;
use super::address::{self, next_page, query};
use super::choice::{Choice, choices, told};
use super::frame::{Frame, Visitor, listed};
use crate::access::Permission;
use crate::base::Disposition;
use crate::io::store::read::Cursor;

/// Rows of a page.
const ROWS: u32 = 50;

/// One call.
struct Line {
    id: String,
    at: i64,
    direction: String,
    phone: String,
    trunk: String,
    script: String,
    result: String,
    class: &'static str,
    talk: String,
    score: String,
    is_recorded: bool,
    alarm: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "calls.html", blocks = ["rows"])]
struct Calls {
    frame: Frame,
    asked: Query,
    dispositions: Vec<Choice>,
    directions: Vec<Choice>,
    sorts: Vec<Choice>,
    campaigns: Vec<Choice>,
    lines: Vec<Line>,
    count: i64,
    next: String,
    whole: String,
    told: String,
}

/// Colour of a result.
pub(super) fn class_of(disposition: Option<&str>) -> &'static str {
    match disposition.and_then(|word| word.parse::<Disposition>().ok()) {
        None => "is-accent",
        Some(Disposition::Completed | Disposition::Served) => "is-good",
        Some(d) if d.was_answered() => "is-open",
        Some(_) => "is-warn",
    }
}

fn line(frame: &Frame, view: CallView) -> Line {
    let (call, lang) = (view.call, frame.lang);
    let state = || lang.text("call-open").into_owned();
    let talk = call.ended_at.zip(call.answered_at).map(|(end, answer)| frame.length(&(end - answer)));
    Line {
        at: call.reserved_at,
        direction: lang.word("direction", &call.direction),
        phone: call.phone,
        trunk: call.trunk.unwrap_or_default(),
        script: call.script.unwrap_or_default(),
        result: call.disposition.as_deref().map_or_else(state, |word| lang.word("disposition", word)),
        class: class_of(call.disposition.as_deref()),
        talk: talk.unwrap_or_default(),
        score: call.mean_score.map(|mean| format!("{mean:.1}")).unwrap_or_default(),
        is_recorded: call.recording_ms.is_some(),
        alarm: call.alarm.map(|word| lang.word("alarm", &word)).unwrap_or_default(),
        id: call.id,
    }
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let (asked, mut problem) = match query::<Query>(&uri) {
        Ok(asked) => (asked, None),
        Err(problem) => (Query::default(), Some(problem)),
    };
    let frame = visitor.frame(&api, "nav-calls", "nav-calls");
    let mut read = async || {
        if problem.is_some() {
            return Ok((Vec::new(), None));
        }
        let within = visitor.caller.reach(Permission::CallsSee);
        let found = filter(&api, &asked, within).and_then(|filter| Ok((filter, sorting(&asked)?)));
        let (filter, sort) = match found {
            Ok(both) => both,
            Err(wrong) => {
                problem = Some(wrong);
                return Ok((Vec::new(), None));
            }
        };
        let after = asked.after.as_deref().and_then(Cursor::parse);
        let rows = api.store().call_rows(&filter, sort, after.as_ref(), ROWS).await?;
        let lines = rows.rows.into_iter().map(|row| line(&frame, CallView::new(row, false))).collect();
        Ok::<_, Problem>((lines, rows.next))
    };
    let (lines, next) = match read().await {
        Ok(read) => read,
        Err(problem) => return visitor.fault(&api, &problem),
    };
    let campaigns = match api.store().campaigns().await {
        Ok(campaigns) => campaigns,
        Err(error) => return visitor.fault(&api, &error.into()),
    };
    let campaign = |c: crate::dialer::Campaign| Choice {
        value: c.id.to_string(),
        is_chosen: asked.campaign == Some(c.id.0),
        label: c.name,
    };
    let is_wrong = problem.is_some();
    let shown = Calls {
        dispositions: choices(
            &frame,
            "disposition",
            Disposition::ALL.iter().map(|d| d.as_str()),
            asked.disposition.as_deref(),
        ),
        directions: choices(
            &frame,
            "direction",
            ["outbound", "inbound"].into_iter(),
            asked.direction.as_deref(),
        ),
        sorts: choices(&frame, "sort", ["newest", "oldest", "longest"].into_iter(), asked.sort.as_deref()),
        campaigns: campaigns.into_iter().rev().take(100).map(campaign).collect(),
        count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        lines,
        next: next.map(|cursor| next_page(&uri, &cursor.to_string())).unwrap_or_default(),
        whole: address::asked(&uri, &[("after", "")]),
        told: problem.map(|p| told(&p)).unwrap_or_default(),
        asked,
        frame,
    };
    listed(&visitor, &shown, &shown.as_rows(), is_wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_colour_of_what_they_mean() {
        assert_eq!(class_of(Some("completed")), "is-good");
        assert_eq!(class_of(Some("no_answer")), "is-warn");
        assert_eq!(class_of(None), "is-accent", "it is still up");
    }
}
