//! Trunks: how each fares, and a test call through one.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::CallView;
use super::super::super::listing::Items;
use super::super::super::live::LiveTrunk;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{query, segment};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{class_of, tabs};
use crate::access::Permission;

struct Line {
    trunk: LiveTrunk,
    class: &'static str,
    /// `/trunks/NAME/test` of the API.
    path: String,
    /// Calls over it.
    href: String,
    /// Of a hundred that were placed.
    answered: Option<u64>,
}

/// What came of a test call.
struct Outcome {
    call: String,
    trunk: String,
    result: String,
    class: &'static str,
    is_over: bool,
    rang: Option<i64>,
    answered: bool,
    key: String,
    detail: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/trunks.html")]
struct Trunks {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<Line>,
    test: Option<Outcome>,
    tests: bool,
}

#[derive(Deserialize)]
struct Query {
    /// The test call that is shown.
    test: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    keys: Option<String>,
}

async fn outcome(visitor: &Visitor, frame: &Frame, id: &str) -> Result<Outcome, Problem> {
    let path = format!("/calls/{}", segment(id));
    let view: CallView = visitor.get(&path).await?;
    let answers: Items<Answer> = visitor.get(&format!("{path}/answers")).await?;
    let call = view.call;
    let disposition = call.disposition.as_deref();
    Ok(Outcome {
        result: match disposition {
            Some(word) => frame.lang.word("disposition", word),
            None => frame.lang.text("call-open").into_owned(),
        },
        class: super::super::calls::class_of(disposition),
        is_over: disposition.is_some(),
        rang: call.started_at.zip(call.ringing_at).map(|(sent, rang)| rang - sent),
        answered: call.answered_at.is_some(),
        key: answers.items.into_iter().find_map(|answer| answer.keys).unwrap_or_default(),
        trunk: call.trunk.unwrap_or_default(),
        detail: call.detail,
        call: call.id,
    })
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "settings-trunks");
        let trunks: Items<LiveTrunk> = visitor.get("/trunks").await?;
        let test = match asked.test.filter(|_| visitor.may(Permission::CallsSee)) {
            Some(id) => Some(outcome(&visitor, &frame, &id).await?),
            None => None,
        };
        let line = |trunk: LiveTrunk| Line {
            class: class_of(&trunk.state),
            path: format!("/trunks/{}/test", segment(&trunk.name)),
            href: format!("/calls?trunk={}", segment(&trunk.name)),
            answered: (trunk.placed > 0).then(|| trunk.answered * 100 / trunk.placed),
            trunk,
        };
        Ok::<_, Problem>(Trunks {
            lines: trunks.items.into_iter().map(line).collect(),
            test,
            tests: visitor.may(Permission::TrunksTest),
            tabs: tabs(&visitor, "/settings/trunks"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
