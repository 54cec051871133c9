//! How long callers waited for an answer: in all, in each queue, at each agent.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::chart::{Part, stacked};
use super::super::choice::{Choice, told};
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::titles::Titles;
use crate::access::Permission;
use crate::io::desk::Delay;
use crate::io::store::AnswerLine;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    pack: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// A queue or an agent.
struct Line {
    row: AnswerLine,
    bar: String,
    mean: String,
    longest: String,
}

/// All calls.
struct Whole {
    bar: String,
    calls: i64,
    in_time: i64,
    late: i64,
    missed: i64,
    mean: String,
    allowed: i64,
}

/// Queues, or agents.
struct Side {
    id: &'static str,
    title: String,
    lines: Vec<Line>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/delay.html", blocks = ["rows"])]
struct Shown {
    frame: Frame,
    tabs: Vec<NavItem>,
    reports: Vec<NavItem>,
    asked: Asked,
    packs: Vec<Choice>,
    whole: Option<Whole>,
    parts: Vec<Side>,
    calls: String,
    csv: String,
    told: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Shown, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-delay");
    let titles = Titles::read(visitor).await?;
    let found = async {
        let want: Asked = query(uri)?;
        let path = format!("/ticket-reports/answer-delay{}", asked(uri, &[]));
        Ok::<_, Problem>((want, visitor.get::<Delay>(&path).await?))
    };
    let (want, delay, problem) = match found.await {
        Ok((want, delay)) => (want, Some(delay), None),
        Err(problem) if problem.status == 422 => (Asked::default(), None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    let part = |id, key: &str, rows: &[AnswerLine]| Side {
        id,
        title: frame.lang.text(key).into_owned(),
        lines: rows.iter().map(|row| line(&frame, row)).collect(),
    };
    let parts = delay.as_ref().map(|delay| {
        vec![
            part("queues", "tickets-delay-queues", &delay.queues),
            part("agents", "tickets-delay-agents", &delay.agents),
        ]
    });
    let inbound = asked(uri, &[("pack", ""), ("direction", "inbound")]);
    Ok(Shown {
        tabs: super::tabs(visitor, "/tickets/ageing"),
        reports: super::reports(visitor, "/tickets/delay"),
        packs: titles.packs(&frame, want.pack.as_deref()),
        whole: delay.as_ref().map(|delay| whole(&frame, delay)),
        parts: parts.unwrap_or_default(),
        calls: if visitor.may(Permission::CallsSee) { format!("/calls{inbound}") } else { String::new() },
        csv: format!("/api/v1/ticket-reports/answer-delay.csv{}", asked(uri, &[])),
        told: problem.as_ref().map(told).unwrap_or_default(),
        asked: want,
        frame,
    })
}

fn bar(frame: &Frame, name: &str, [in_time, late, missed]: [i64; 3]) -> String {
    let part = |class, key: &str, count: i64| Part {
        class,
        label: format!("{} {count}", frame.lang.text(key)),
        count,
    };
    let parts = [
        part("is-good", "tickets-delay-in-time", in_time),
        part("is-warn", "tickets-delay-late", late),
        part("is-bad", "tickets-delay-missed", missed),
    ];
    let words: Vec<&str> = parts.iter().map(|part| part.label.as_str()).collect();
    stacked(&format!("{name}: {}", words.join(", ")), &parts)
}

fn whole(frame: &Frame, delay: &Delay) -> Whole {
    let figures = &delay.delay;
    let (in_time, missed) = (figures.answered - figures.late, figures.calls - figures.answered);
    Whole {
        bar: bar(frame, &frame.title, [in_time, figures.late, missed]),
        calls: figures.calls,
        in_time,
        late: figures.late,
        missed,
        mean: seconds(figures.mean_ms as f64),
        allowed: i64::from(delay.allowed_seconds),
    }
}

fn line(frame: &Frame, row: &AnswerLine) -> Line {
    Line {
        bar: bar(frame, &row.name, [row.in_time, row.answered - row.in_time, row.missed]),
        mean: row.mean_ms.map(seconds).unwrap_or_default(),
        longest: row.longest_ms.map(|ms| seconds(ms as f64)).unwrap_or_default(),
        row: row.clone(),
    }
}

fn seconds(ms: f64) -> String {
    format!("{:.1} s", ms / 1_000.0)
}
