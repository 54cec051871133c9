//! One draw, step by step, with its proof.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::request::RowId;
use super::super::super::state::Shared;
use super::super::address::{asked, query, segment};
use super::super::chart::{Part, stacked};
use super::super::frame::{Frame, Visitor, page};
use super::{class_of, list, percent, said, score};
use crate::access::Permission;
use crate::audit::{Agreement, HOW, Pick, key};
use crate::io::audit::{DrawView, MonthResult, Verified};
use crate::io::store::audits::CaseRow;

/// Picks of a page.
const PICKS: usize = 50;
/// Pages of cases that are read: 500 each.
const CASE_PAGES: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    /// Page of the picks, from 1.
    picks: Option<usize>,
    /// Picks of this agent only.
    agent: Option<String>,
    /// The draw is done again.
    verify: Option<String>,
}

/// One pick with its case.
struct Line {
    key: String,
    agent: String,
    why: Vec<String>,
    is_must: bool,
    probability: String,
    case: i64,
    auditor: String,
    score: String,
    class: &'static str,
}

/// One auditor's part.
struct Auditor {
    name: String,
    href: String,
    done: i64,
    all: i64,
    bar: String,
}

/// One agent's part of the draw.
struct Agent {
    name: String,
    href: String,
    calls: i64,
    must: i64,
    frame: i64,
    drawn: i64,
    probability: String,
}

/// What two auditors make of the same calls.
struct Agreed {
    calls: i64,
    difference: String,
    same: String,
    kappa: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/draw.html")]
struct Draw {
    frame: Frame,
    /// People to whom cases can be given.
    known: Vec<String>,
    draw: DrawView,
    step: u8,
    seeds: bool,
    must: Vec<String>,
    twice: String,
    share: String,
    least: i64,
    agents: Vec<Agent>,
    auditors: Vec<Auditor>,
    lines: Vec<Line>,
    picks: i64,
    next: String,
    done: i64,
    all: i64,
    due_at: i64,
    agreement: Option<Agreed>,
    mean: String,
    interval: String,
    ends: String,
    verify: String,
    verified: Option<Verified>,
    how: &'static str,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    id: Result<RowId, Problem>,
    uri: Uri,
) -> Response {
    let read = async { read(&api, &visitor, id?.0, &uri).await };
    match read.await {
        Ok(draw) => page(&draw),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: i64, uri: &Uri) -> Result<Draw, Problem> {
    let want: Asked = query(uri)?;
    let mut draw: DrawView = visitor.get(&format!("/audits/draws/{id}")).await?;
    let mut frame = visitor.frame(api, "nav-audit", "nav-audit");
    frame.title = frame.lang.with("audit-draw-title", "month", &draw.month).into_owned();
    let verified = match want.verify.is_some() {
        true => Some(visitor.get::<Verified>(&format!("/audits/draws/{id}/verify")).await?),
        false => None,
    };
    let drawn = draw.result.take().unwrap_or_default();
    let cases = if visitor.may(Permission::CasesSee) { cases(visitor, id).await? } else { Vec::new() };
    let result = match draw.seed {
        Some(_) => {
            let path = format!("/audits/results?month={}&pack={}", draw.month, segment(&draw.pack));
            visitor.get::<MonthResult>(&path).await.ok()
        }
        None => None,
    };
    let (mean, interval, ends) = said(result.as_ref().and_then(|result| result.estimate));
    let first = cases.iter().filter(|case| case.sheet_id.is_some()).count();
    let wanted: Vec<&Pick> = drawn
        .picks
        .iter()
        .filter(|pick| want.agent.as_ref().is_none_or(|agent| pick.agent == *agent))
        .collect();
    let begin = (want.picks.unwrap_or(1).max(1) - 1) * PICKS;
    let by_key = keyed(&draw, &cases);
    let lines = wanted.iter().skip(begin).take(PICKS).map(|pick| line(&frame, pick, &by_key)).collect();
    let here = |agent: &str| format!("/audit/{id}{}#picks", asked(uri, &[("agent", agent), ("picks", "")]));
    let next = (begin + PICKS < wanted.len()).then(|| (begin / PICKS + 2).to_string());
    Ok(Draw {
        known: super::known_auditors(visitor).await?,
        step: step(&draw, first, cases.len()),
        seeds: visitor.may(Permission::AuditsDraw) && draw.seed.is_none(),
        must: draw.rule.must.iter().map(|m| frame.lang.word("audit-why", m.as_str())).collect(),
        twice: score(draw.rule.twice),
        share: score(draw.rule.share),
        least: whole(draw.rule.least),
        agents: drawn
            .agents
            .iter()
            .map(|part| Agent {
                href: here(&part.agent),
                name: part.agent.clone(),
                calls: whole(part.calls),
                must: whole(part.must),
                frame: whole(part.frame),
                drawn: whole(part.drawn),
                probability: percent(part.probability),
            })
            .collect(),
        auditors: auditors(&frame, id, &cases),
        lines,
        picks: i64::try_from(wanted.len()).unwrap_or_default(),
        next: next.map(|n| format!("/audit/{id}{}#picks", asked(uri, &[("picks", &n)]))).unwrap_or_default(),
        done: i64::try_from(first).unwrap_or_default(),
        all: i64::try_from(cases.len()).unwrap_or_default(),
        due_at: cases.iter().find_map(|case| case.due_at).unwrap_or_default(),
        agreement: result.as_ref().and_then(|result| result.agreement).map(agreed),
        mean,
        interval,
        ends,
        verify: format!("/audit/{id}?verify=yes#proof"),
        verified,
        how: HOW,
        draw,
        frame,
    })
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Where the draw stands: 1 frozen, 2 the seed is awaited, 5 is scored, 6 is done.
fn step(draw: &DrawView, done: usize, all: usize) -> u8 {
    match (draw.seed.is_some(), done < all) {
        (false, _) => 2,
        (true, true) => 5,
        (true, false) => 6,
    }
}

async fn cases(visitor: &Visitor, id: i64) -> Result<Vec<CaseRow>, Problem> {
    let mut all = Vec::new();
    let mut after = String::new();
    for _ in 0..CASE_PAGES {
        let page: Items<CaseRow> = visitor.get(&format!("/audits/cases?draw={id}&limit=500{after}")).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    Ok(all)
}

/// First looks by the key of their call in the list.
fn keyed<'c>(draw: &DrawView, cases: &'c [CaseRow]) -> BTreeMap<String, &'c CaseRow> {
    let period =
        if draw.pack.is_empty() { draw.month.clone() } else { format!("{}/{}", draw.month, draw.pack) };
    let first = cases.iter().filter(|case| case.second == 0);
    first.map(|case| (key(&period, &case.call_id), case)).collect()
}

fn line(frame: &Frame, pick: &Pick, cases: &BTreeMap<String, &CaseRow>) -> Line {
    let case = cases.get(&pick.key);
    let given = case.and_then(|case| case.score);
    Line {
        agent: pick.agent.clone(),
        why: pick.why.iter().map(|word| frame.lang.word("audit-why", word)).collect(),
        is_must: pick.why.iter().any(|word| word != "drawn"),
        probability: percent(pick.probability),
        case: case.map(|case| case.id).unwrap_or_default(),
        auditor: case.map(|case| case.auditor.clone()).unwrap_or_default(),
        score: given.map(score).unwrap_or_default(),
        class: given.map(class_of).unwrap_or_default(),
        key: pick.key.clone(),
    }
}

fn auditors(frame: &Frame, id: i64, cases: &[CaseRow]) -> Vec<Auditor> {
    let mut parts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for case in cases {
        let part = parts.entry(&case.auditor).or_default();
        part.0 += i64::from(case.sheet_id.is_some());
        part.1 += 1;
    }
    let auditor = |(name, (done, all)): (&str, (i64, i64))| {
        let part =
            |class, count, key| Part { class, label: format!("{} {count}", frame.lang.text(key)), count };
        let parts = [part("is-good", done, "audit-done"), part("is-open", all - done, "audit-not-done")];
        Auditor {
            href: format!("/audit/cases?draw={id}&auditor={}", segment(name)),
            bar: stacked(&format!("{done} / {all}"), &parts),
            name: name.to_owned(),
            done,
            all,
        }
    };
    parts.into_iter().map(auditor).collect()
}

fn agreed(both: Agreement) -> Agreed {
    Agreed {
        calls: whole(both.calls),
        difference: score(both.difference),
        same: percent(both.same_grade),
        kappa: both.kappa.map(|kappa| format!("{kappa:.2}")).unwrap_or_default(),
    }
}

/// Words of a case's reason.
pub(super) fn whys(frame: &Frame, why: &str) -> Vec<String> {
    list(why).iter().map(|word| frame.lang.word("audit-why", word)).collect()
}
