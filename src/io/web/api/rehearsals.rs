//! Rehearsals: days of a policy on a virtual clock, with simulated telephones. Nothing of the daemon is
//! touched.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plan::{day, room};
use crate::io::rehearsals::{Refused, RehearsalLine, RehearsalView, Subjects, Wanted, archive};
use crate::io::store::read::PAGE_LIMIT;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, PAGE_DEFAULT, Wants};
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::request::{Bulk, Params, RowId};
use crate::io::web::sheet::SheetRow;
use crate::io::web::state::Shared;

/// Days of one rehearsal: two months are walked through in minutes.
const DAYS: i32 = 62;
/// Calls at once.
const LINES: u32 = 1_000;
/// Bytes of a file of customers.
const FILE: usize = 4 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index, begin)).routes(routes!(show, end)).routes(routes!(lines))
}

/// What is to be rehearsed.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RehearsalBody {
    /// Policy pack.
    pub pack: String,
    /// Text of a policy file, or the name of a policy; empty: the one in force. Another than that is
    /// compared with it.
    pub policy: String,
    /// First day: `2026-03-02`.
    pub from: String,
    /// Last day, at most 62 days in all.
    pub to: String,
    /// Text of a file of customers and of what happens to them, as the intake reads it; empty: the
    /// customers of the pack as they are stored.
    pub customers: String,
    /// List of the pack by which that file is read; empty: by the kind of its events.
    pub intake: String,
    /// The same seed gives the same days.
    pub seed: u64,
    /// Calls at once, 1 to 1,000.
    pub lines: u32,
    /// Percent of calls that a person answers.
    pub answer_rate: u32,
}

impl Default for RehearsalBody {
    fn default() -> Self {
        let text = String::new;
        RehearsalBody {
            pack: text(),
            policy: text(),
            from: text(),
            to: text(),
            customers: text(),
            intake: text(),
            seed: 1,
            lines: 10,
            answer_rate: 70,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LinesQuery {
    /// Only of this day.
    day: Option<String>,
    /// `call`, `task`, `not` or `excused`.
    verdict: Option<String>,
    /// Stable word of the reason.
    code: Option<String>,
    /// Rule.
    rule: Option<String>,
    /// `next` of the page before.
    after: Option<usize>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for RehearsalLine {
    const NAME: &'static str = "rehearsal";
    const COLUMNS: &'static [&'static str] = &["day", "name", "rule", "title", "verdict", "code", "detail"];

    fn cells(&self) -> Vec<String> {
        let RehearsalLine { day, name, rule, title, verdict, code, detail } = self.clone();
        vec![day, name, rule, title, verdict, code, detail]
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooMuch(text) => Problem::invalid_field("customers", text, "narrow it down"),
            Refused::Busy(_) => Problem::conflict(refused.to_string()),
            Refused::NoThread(_) => Problem::unavailable(refused.to_string()),
        }
    }
}

/// Rehearsals that are remembered, newest first: one that runs, and a few that have ended. A restart
/// forgets them.
#[utoipa::path(get, path = "/rehearsals", tag = "plan", security(("bearer" = ["plan.release"])),
    responses((status = 200, description = "All of them", body = Items<RehearsalView>)))]
async fn index(State(api): State<Shared>) -> Result<axum::Json<Items<RehearsalView>>, Problem> {
    Ok(axum::Json(Items { items: api.rehearsals()?.all(), next: None }))
}

/// Begins a rehearsal of days with simulated telephones. One runs at a time; its events have the topic
/// `rehearsal`. Nothing of the daemon is changed, and nobody is called.
#[utoipa::path(post, path = "/rehearsals", tag = "plan", security(("bearer" = ["plan.release"])), request_body = RehearsalBody,
    responses((status = 201, description = "It runs", body = RehearsalView),
              (status = 404, description = "No such pack", body = Problem),
              (status = 409, description = "One runs already", body = Problem),
              (status = 422, description = "What is wrong with it", body = Problem)))]
async fn begin(
    State(api): State<Shared>,
    caller: Caller,
    Bulk(body): Bulk<RehearsalBody>,
) -> Result<Response, Problem> {
    let rehearsals = api.rehearsals()?;
    let (from, to) = checked(&body)?;
    let planner = api.planner()?;
    let (known, other) = planner.tried(&body.pack, &body.policy, from).map_err(|error| match error {
        crate::io::planner::Error::Refused(text) => {
            Problem::invalid_field("policy", text, "mend it as the text says")
        }
        other => other.into(),
    })?;
    let calendar = planner.settings().calendar;
    let subjects = match body.customers.trim().is_empty() {
        true => {
            let _room = room(&api)?;
            archive(api.store(), &body.pack, calendar.end_of(to)).await??
        }
        false => Subjects::Text(body.customers),
    };
    let (policy, against) = match other {
        Some(other) => (other, Some(known)),
        None => (known, None),
    };
    let wanted = Wanted {
        policy,
        against,
        calendar,
        from,
        to,
        subjects,
        intake: body.intake,
        seed: body.seed,
        lines: body.lines,
        answer_rate: body.answer_rate,
    };
    let view = rehearsals.begin(wanted, &caller.name)?;
    let detail = format!("{} {} to {}", view.version, view.from, view.to);
    caller.audit(&api, "rehearsal.begin", &format!("policy:{}", view.pack), &detail).await?;
    Ok((StatusCode::CREATED, axum::Json(view)).into_response())
}

/// The days of a body whose figures are within their bounds.
fn checked(body: &RehearsalBody) -> Result<(Date, Date), Problem> {
    let (from, to) = (day("from", &body.from)?, day("to", &body.to)?);
    let mut errors = Vec::new();
    let days = from.until(to).map_or(0, |span| span.get_days()) + 1;
    if days < 1 {
        let text = format!("{to} lies before {from}");
        errors.push(FieldProblem::new("to", text, "give the first day in `from` and the last in `to`"));
    } else if days > DAYS {
        let text = format!("{days} days are more than {DAYS}");
        errors.push(FieldProblem::new("to", text, "rehearse fewer; `ringback simulate` takes a year"));
    }
    if body.lines == 0 || body.lines > LINES {
        let text = format!("{} calls at once cannot be had", body.lines);
        errors.push(FieldProblem::new("lines", text, format!("write 1 to {LINES}")));
    }
    if body.answer_rate > 100 {
        let text = format!("{} is more than all of them", body.answer_rate);
        errors.push(FieldProblem::new("answer_rate", text, "write 0 to 100, in percent"));
    }
    if body.customers.len() > FILE {
        let text = format!("the file is longer than {FILE} bytes");
        errors.push(FieldProblem::new("customers", text, "leave out who does not matter"));
    }
    if errors.is_empty() { Ok((from, to)) } else { Err(Problem::invalid(errors)) }
}

fn known(api: &Shared, id: i64) -> Result<(u64, RehearsalView), Problem> {
    let missing = || Problem::not_found("rehearsal; a restart forgets them:", id);
    let id = u64::try_from(id).map_err(|_| missing())?;
    let view = api.rehearsals()?.one(id).ok_or_else(missing)?;
    Ok((id, view))
}

/// A rehearsal: how far it is, and what came of it.
#[utoipa::path(get, path = "/rehearsals/{id}", tag = "plan", params(("id" = i64, Path)), security(("bearer" = ["plan.release"])),
    responses((status = 200, description = "The rehearsal", body = RehearsalView), (status = 404, description = "No such rehearsal", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<RehearsalView>, Problem> {
    Ok(axum::Json(known(&api, id)?.1))
}

/// What was owed on a day and not done, each with its one reason.
#[utoipa::path(get, path = "/rehearsals/{id}/lines", tag = "plan", params(("id" = i64, Path), LinesQuery), security(("bearer" = ["plan.release"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<RehearsalLine>), (status = 404, description = "No such rehearsal", body = Problem)))]
async fn lines(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    RowId(id): RowId,
    Params(query): Params<LinesQuery>,
) -> Result<Response, Problem> {
    let (id, _) = known(&api, id)?;
    query.day.as_deref().map(|text| day("day", text)).transpose()?;
    let all = api.rehearsals()?.lines(id).unwrap_or_default();
    let is = |wanted: &Option<String>, said: &str| wanted.as_deref().is_none_or(|wanted| wanted == said);
    let wanted = all.iter().filter(|line| {
        is(&query.day, &line.day)
            && is(&query.verdict, &line.verdict)
            && is(&query.code, &line.code)
            && is(&query.rule, &line.rule)
    });
    if wants.is_file() {
        return listing::answer_all(&api, &caller, wants, wanted.cloned().collect::<Vec<_>>()).await;
    }
    let limit = query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_LIMIT) as usize;
    let after = query.after.unwrap_or(0);
    let mut items: Vec<RehearsalLine> = wanted.skip(after).take(limit + 1).cloned().collect();
    let next = (items.len() > limit).then(|| (after + limit).to_string());
    items.truncate(limit);
    Ok(axum::Json(Items { items, next }).into_response())
}

/// Stops a rehearsal that runs; forgets one that has ended.
#[utoipa::path(delete, path = "/rehearsals/{id}", tag = "plan", params(("id" = i64, Path)), security(("bearer" = ["plan.release"])),
    responses((status = 200, description = "As it stands: `stopping` while its thread ends", body = RehearsalView),
              (status = 404, description = "No such rehearsal", body = Problem)))]
async fn end(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
) -> Result<axum::Json<RehearsalView>, Problem> {
    let (known, _) = known(&api, id)?;
    let view = api.rehearsals()?.end(known).ok_or_else(|| Problem::not_found("rehearsal", id))?;
    caller.audit(&api, "rehearsal.end", &format!("rehearsal:{id}"), &view.state).await?;
    Ok(axum::Json(view))
}
