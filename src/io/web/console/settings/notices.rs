//! Notices: channels with a test, and what went out.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::ChannelView;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked as with, next_page, query, segment};
use super::super::choice::{Choice, choices, told};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::super::lang::Lang;
use super::{class_of, tabs};
use crate::access::Permission;
use crate::io::store::notice::{NoticeRow, STATES};

struct Channel {
    view: ChannelView,
    state: &'static str,
    class: &'static str,
    /// `/notice-channels/NAME/test` of the API.
    path: String,
}

struct Line {
    row: NoticeRow,
    state: &'static str,
    class: &'static str,
    /// Channels by which it went, and what they say.
    ways: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/notices.html")]
struct Notices {
    frame: Frame,
    tabs: Vec<NavItem>,
    channels: Vec<Channel>,
    asked: Query,
    states: Vec<Choice>,
    lines: Vec<Line>,
    next: String,
    csv: String,
    told: String,
    sees: bool,
    sends: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Query {
    topic: Option<String>,
    to: Option<String>,
    state: Option<String>,
}

fn channel(view: ChannelView) -> Channel {
    let state = match &view {
        ChannelView { kind, .. } if kind.is_empty() => "gone",
        view if view.health.failing_since.is_some() => "failed",
        view if view.health.last_sent_at.is_some() => "sent",
        _ => "unused",
    };
    Channel {
        state,
        class: class_of(state),
        path: format!("/notice-channels/{}/test", segment(&view.health.name)),
        view,
    }
}

/// Where a notice stands, as the filter calls it.
fn state_of(row: &NoticeRow) -> &'static str {
    let (mut is_sent, mut is_lost) = (false, !row.deliveries.is_empty());
    for delivery in &row.deliveries {
        is_sent |= delivery.sent_at.is_some();
        is_lost &= delivery.given_up_at.is_some();
    }
    match row {
        _ if row.deliveries.is_empty() => "unrouted",
        _ if row.acked_at.is_some() => "acknowledged",
        _ if is_lost => "failed",
        _ if is_sent && row.wants_ack != 0 => "unacknowledged",
        _ if is_sent => "sent",
        _ => "waiting",
    }
}

fn line(row: NoticeRow) -> Line {
    let way = |delivery: &crate::io::store::notice::DeliveryRow| match delivery.error.as_str() {
        "" => delivery.channel.clone(),
        error => format!("{}: {error}", delivery.channel),
    };
    let state = state_of(&row);
    Line {
        ways: row.deliveries.iter().map(way).collect::<Vec<_>>().join("; "),
        state,
        class: class_of(state),
        row,
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "settings-notices");
        let channels: Items<ChannelView> = visitor.get("/notice-channels").await?;
        let sees = visitor.may(Permission::NoticesSee);
        let language = if frame.lang == Lang::English { "en" } else { "zh-CN" };
        let list = with(&uri, &[("limit", "30"), ("language", language)]);
        let (page, told) = match sees {
            true => match visitor.get::<Items<NoticeRow>>(&format!("/notices{list}")).await {
                Ok(page) => (page, String::new()),
                Err(problem) if problem.status == 422 => {
                    (Items { items: Vec::new(), next: None }, told(&problem))
                }
                Err(problem) => return Err(problem),
            },
            false => (Items { items: Vec::new(), next: None }, String::new()),
        };
        Ok::<_, Problem>(Notices {
            channels: channels.items.into_iter().map(channel).collect(),
            states: choices(&frame, "settings-notice", STATES, asked.state.as_deref()),
            lines: page.items.into_iter().map(line).collect(),
            next: page.next.map(|after| next_page(&uri, &after)).unwrap_or_default(),
            csv: format!("/api/v1/notices.csv{}", with(&uri, &[("after", "")])),
            told,
            sees,
            sends: visitor.may(Permission::NoticesSend),
            asked,
            tabs: tabs(&visitor, "/settings/notices"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
