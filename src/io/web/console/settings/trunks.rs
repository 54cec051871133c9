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
use super::super::lang::Lang;
use super::{class_of, tabs};
use crate::access::Permission;
use crate::canary::{CanaryCheck, CanaryLight};
use crate::io::canary::CanaryStanding;

struct Line {
    trunk: LiveTrunk,
    class: &'static str,
    /// `/trunks/NAME/test` of the API.
    path: String,
    /// Calls over it.
    href: String,
    /// Of a hundred that were placed.
    answered: Option<u64>,
    /// Where it has one.
    canary: Option<CanaryBox>,
}

/// How a trunk stands with its canary.
struct CanaryBox {
    standing: CanaryStanding,
    class: &'static str,
    /// The checks of the last one.
    lights: Vec<Light>,
    /// `/trunks/NAME/canary` of the API.
    path: String,
}

/// One check, as a light with its word.
struct Light {
    class: &'static str,
    mark: &'static str,
    word: String,
    result: String,
    figure: String,
    /// What it should have been, where it is not.
    wanted: String,
}

fn canary_box(lang: Lang, standing: CanaryStanding) -> CanaryBox {
    let light = |check: &CanaryCheck| {
        let (class, mark, result) = match check.passed {
            Some(true) => ("is-good", "✓", "passed"),
            Some(false) => ("is-bad", "✗", "failed"),
            None => ("is-open", "–", "open"),
        };
        let is_red = check.passed == Some(false);
        Light {
            class,
            mark,
            word: lang.word("canary-check", check.name.as_str()),
            result: lang.word("canary-result", result),
            figure: check.figure.clone(),
            wanted: if is_red { check.wanted.clone() } else { String::new() },
        }
    };
    CanaryBox {
        class: match standing.light {
            CanaryLight::Passed => "is-good",
            CanaryLight::Failed => "is-bad",
            CanaryLight::Due | CanaryLight::Overridden => "is-warn",
            CanaryLight::Off => "is-open",
        },
        lights: standing.last.iter().flat_map(|last| &last.checks).map(light).collect(),
        path: format!("/trunks/{}/canary", segment(&standing.trunk)),
        standing,
    }
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
    /// Some trunk has a canary.
    overrides: bool,
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
        let mut canaries: Items<CanaryStanding> = visitor.get("/trunks/canary").await?;
        let mut canary = |trunk: &str| {
            let place = canaries.items.iter().position(|one| one.trunk == trunk)?;
            Some(canary_box(frame.lang, canaries.items.swap_remove(place)))
        };
        let test = match asked.test.filter(|_| visitor.may(Permission::CallsSee)) {
            Some(id) => Some(outcome(&visitor, &frame, &id).await?),
            None => None,
        };
        let line = |trunk: LiveTrunk| Line {
            canary: canary(&trunk.name),
            class: class_of(&trunk.state),
            path: format!("/trunks/{}/test", segment(&trunk.name)),
            href: format!("/calls?trunk={}", segment(&trunk.name)),
            answered: (trunk.placed > 0).then(|| trunk.answered * 100 / trunk.placed),
            trunk,
        };
        let lines: Vec<Line> = trunks.items.into_iter().map(line).collect();
        Ok::<_, Problem>(Trunks {
            overrides: lines.iter().any(|line| line.canary.is_some()),
            lines,
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
