//! The day's list: looked at, built, released, explained.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::unmasking;
use crate::access::Permission;
use crate::base::Timestamp;
use crate::io::planner::{PlanAnswer, PlanLine, PlanView, ReasonCount, ReleaseReport, Replayed, Wanted};
use crate::io::store::callback::{DayPlanRow, VerdictRow};
use crate::io::store::read::PAGE_LIMIT;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::io::web::tongue::Tongue;

/// Lines of a plan that are shown where the request does not say.
const LINES: u32 = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(preview))
        .routes(routes!(figures))
        .routes(routes!(build))
        .routes(routes!(release))
        .routes(routes!(why))
        .routes(routes!(replay))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Day: `2026-03-03`; today where it is not given.
    date: Option<String>,
    /// Only this policy pack.
    pack: Option<String>,
    /// A policy by name in place of the one in force.
    policy: Option<String>,
    /// Another policy to compare with, by name.
    against: Option<String>,
    /// Lines to show of each plan; the counts are of all.
    limit: Option<u32>,
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    unmask: bool,
}

/// A plan by policies that are given as text.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PreviewBody {
    /// Day: `2026-03-03`; today where it is empty.
    pub date: String,
    /// Only this policy pack; empty: all, or that of the policy.
    pub pack: String,
    /// Text of a policy file, or the name of a policy; empty: the one in force.
    pub policy: String,
    /// Text of a policy file to compare with, or the name of a policy; empty: no comparison.
    pub against: String,
    /// Lines to show of each plan; the counts are of all.
    pub limit: Option<u32>,
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    pub unmask: bool,
}

/// A recorded day once more.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayBody {
    /// Text of a policy file, or the name of a policy, that is tried on the day; empty: none.
    pub policy: String,
}

/// Where the list of a day stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayFigures {
    /// The list as it was kept; null: it was never built.
    pub plan: Option<DayPlanRow>,
    /// Callbacks by verdict and reason.
    pub counts: Vec<ReasonCount>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhyQuery {
    /// `call`, `task`, `not`, `done` or `excused`; only with `code`.
    verdict: Option<String>,
    /// Stable word of the reason; only with `verdict`.
    code: Option<String>,
    /// Callback after which the page begins.
    after: Option<i64>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for PlanLine {
    const NAME: &'static str = "plan";
    const COLUMNS: &'static [&'static str] = &[
        "verdict",
        "code",
        "detail",
        "callback",
        "pack",
        "rule",
        "title",
        "customer",
        "name",
        "phone",
        "start_at",
        "due",
        "deadline",
        "sum",
        "windows",
        "mode",
        "method",
        "script",
        "on_behalf_of",
        "assignee",
        "origin",
        "priority",
        "joined",
        "facts",
        "released",
    ];

    fn cells(&self) -> Vec<String> {
        let time = |at: i64| Timestamp(at).to_string();
        vec![
            self.verdict.clone(),
            self.code.clone(),
            self.detail.clone(),
            self.callback.to_string(),
            self.pack.clone(),
            self.rule.clone(),
            self.title.clone(),
            self.customer.to_string(),
            self.name.clone(),
            self.phone.clone(),
            optional(&self.start_at.map(time)),
            time(self.due),
            time(self.deadline),
            self.sum.clone(),
            self.windows.clone(),
            self.mode.clone(),
            self.method.clone(),
            self.script.clone(),
            self.on_behalf_of.clone(),
            self.assignee.clone(),
            self.origin.clone(),
            self.priority.to_string(),
            self.joined.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            serde_json::to_string(&self.facts).unwrap_or_default(),
            self.released.to_string(),
        ]
    }
}

impl SheetRow for VerdictRow {
    const NAME: &'static str = "why";
    const COLUMNS: &'static [&'static str] = &[
        "day",
        "callback",
        "rule",
        "title",
        "customer",
        "name",
        "verdict",
        "code",
        "detail",
        "start_at",
        "windows",
        "updated_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.day.clone(),
            self.callback_id.to_string(),
            self.rule.clone(),
            self.title.clone(),
            self.customer_id.to_string(),
            self.name.clone(),
            self.verdict.clone(),
            self.code.clone(),
            self.detail.clone(),
            optional(&self.start_at.map(|at| Timestamp(at).to_string())),
            self.windows.clone(),
            Timestamp(self.updated_at).to_string(),
        ]
    }
}

/// The day in a path, query or body.
pub(in crate::io::web) fn day(field: &str, text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        Problem::invalid_field(field, format!("`{shown}` is not a day"), "write it as 2026-03-03")
    })
}

/// Who is called on a day, when, by which rule, in whose name, with which script; who is not,
/// and the one reason; when the list ends. Nothing is changed.
#[utoipa::path(get, path = "/plan", tag = "plan", params(Query), security(("bearer" = ["plan.see"])),
    responses((status = 200, description = "The plans; their lines as `text/csv`", body = PlanAnswer),
              (status = 422, description = "No such policy, or no day", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    tongue: Tongue,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let body = PreviewBody {
        date: query.date.unwrap_or_default(),
        pack: query.pack.unwrap_or_default(),
        policy: query.policy.unwrap_or_default(),
        against: query.against.unwrap_or_default(),
        limit: query.limit,
        unmask: query.unmask,
    };
    answer(&api, &caller, (wants, tongue), body).await
}

/// The same by policies that are given as text: what they would make of the stored facts.
/// Nothing is changed.
#[utoipa::path(post, path = "/plan", tag = "plan", security(("bearer" = ["plan.see"])), request_body = PreviewBody,
    responses((status = 200, description = "The plans; their lines as `text/csv`", body = PlanAnswer),
              (status = 422, description = "The policy cannot be read", body = Problem)))]
async fn preview(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    tongue: Tongue,
    Json(body): Json<PreviewBody>,
) -> Result<Response, Problem> {
    answer(&api, &caller, (wants, tongue), body).await
}

/// A place among those who may have a list worked out at once.
pub(super) fn room(api: &Shared) -> Result<OwnedSemaphorePermit, Problem> {
    let full = |_| Problem::unavailable("as many plans as allowed are being worked out; try again shortly");
    api.exports.clone().try_acquire_owned().map_err(full)
}

async fn answer(
    api: &Shared,
    caller: &Caller,
    (wants, tongue): (Wants, Tongue),
    body: PreviewBody,
) -> Result<Response, Problem> {
    let given = |text: String| (!text.is_empty()).then_some(text);
    // What is asked for in a body is looked at here.
    let reach = caller.reach(Permission::PlanSee);
    if !reach.is_all() && !reach.has_pack(&body.pack) {
        return Err(Problem::out_of_reach(Permission::PlanSee));
    }
    let unmask = unmasking(api, caller, body.unmask, "plan").await?;
    let wanted = Wanted {
        day: given(body.date).map(|text| day("date", &text)).transpose()?,
        pack: given(body.pack),
        policy: given(body.policy),
        against: given(body.against),
    };
    let _room = room(api)?;
    let mut answer = api.planner()?.preview(&wanted, api.now()).await?;
    for line in answer.plans.iter_mut().flat_map(|plan| &mut plan.lines).filter(|_| !unmask) {
        line.phone = mask(&line.phone);
    }
    if wants.is_file() {
        let lines = answer.plans.into_iter().flat_map(|plan| plan.lines).collect();
        return listing::answer_all(api, caller, wants, lines).await;
    }
    let limit = usize::try_from(body.limit.unwrap_or(LINES)).unwrap_or(usize::MAX);
    answer.plans.iter_mut().for_each(|plan| plan.lines.truncate(limit));
    for line in answer.difference.iter_mut().flatten() {
        tongue.put_outcome(&mut line.before);
        tongue.put_outcome(&mut line.after);
    }
    Ok(axum::Json(answer).into_response())
}

/// Builds the list of a day as a draft, for people to look at and change.
#[utoipa::path(post, path = "/plan/{pack}/{day}/build", tag = "plan", security(("bearer" = ["plan.release"])),
    params(("pack" = String, Path), ("day" = String, Path)),
    responses((status = 200, description = "The plan", body = PlanView),
              (status = 404, description = "No such pack", body = Problem)))]
async fn build(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, text)): Path<(String, String)>,
) -> Result<axum::Json<PlanView>, Problem> {
    let day = day("day", &text)?;
    let mut plan = api.planner()?.build_day(&pack, day, api.now()).await?;
    caller.audit(&api, "plan.build", &format!("plan:{pack}/{day}"), "").await?;
    plan.lines.iter_mut().for_each(|line| line.phone = mask(&line.phone));
    plan.lines.truncate(LINES as usize);
    Ok(axum::Json(plan))
}

/// Gives the list of a day to the dialler.
#[utoipa::path(post, path = "/plan/{pack}/{day}/release", tag = "plan", security(("bearer" = ["plan.release"])),
    params(("pack" = String, Path), ("day" = String, Path)),
    responses((status = 200, description = "What the dialler was given", body = ReleaseReport),
              (status = 404, description = "No such pack", body = Problem),
              (status = 409, description = "Another day than today", body = Problem)))]
async fn release(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, text)): Path<(String, String)>,
) -> Result<axum::Json<ReleaseReport>, Problem> {
    let day = day("day", &text)?;
    Ok(axum::Json(api.planner()?.release_day(&pack, day, &caller.name, api.now()).await?))
}

/// Where the list of a day stands, and how many callbacks have each verdict with its reason:
/// due = done + open + excused. Counts are empty where the list was never built.
#[utoipa::path(get, path = "/plan/{pack}/{day}", tag = "plan", security(("bearer" = ["plan.see"])),
    params(("pack" = String, Path), ("day" = String, Path)),
    responses((status = 200, description = "The figures", body = DayFigures)))]
async fn figures(
    State(api): State<Shared>,
    Path((pack, text)): Path<(String, String)>,
) -> Result<axum::Json<DayFigures>, Problem> {
    let day = day("day", &text)?;
    let plan = api.store().day_plan(&pack, day).await?;
    let counts = api.store().verdict_counts(&pack, day).await?;
    let counts = counts.into_iter().map(|c| ReasonCount {
        verdict: c.verdict,
        code: c.code,
        count: u64::try_from(c.count).unwrap_or_default(),
    });
    Ok(axum::Json(DayFigures { plan, counts: counts.collect() }))
}

/// Puts the titles of the rules in, where there are policies that know them.
pub(in crate::io::web) fn with_titles(api: &Shared, pack: &str, rows: &mut [VerdictRow]) {
    let Ok(planner) = api.planner() else { return };
    let policies = planner.settings().policies;
    for row in rows {
        row.title = policies.rule_title(pack, &row.rule).unwrap_or(&row.rule).to_owned();
    }
}

/// The why-ledger: every callback of a day with its one reason.
#[utoipa::path(get, path = "/plan/{pack}/{day}/why", tag = "plan", security(("bearer" = ["plan.see"])),
    params(("pack" = String, Path), ("day" = String, Path), WhyQuery),
    responses((status = 200, description = "One page; also as `text/csv`", body = Items<VerdictRow>)))]
async fn why(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Path((pack, text)): Path<(String, String)>,
    Params(query): Params<WhyQuery>,
) -> Result<Response, Problem> {
    let day = day("day", &text)?;
    let limit = query.limit.unwrap_or(PAGE_LIMIT).clamp(1, PAGE_LIMIT);
    let after = query.after.unwrap_or(0);
    let mut rows = match (&query.verdict, &query.code) {
        (Some(verdict), Some(code)) => {
            api.store().verdicts_with((&pack, day), (verdict, code), after, limit).await?
        }
        (None, None) => api.store().verdicts(&pack, day, after, limit).await?,
        _ => {
            let hint = "give both, or neither";
            return Err(Problem::invalid_field("code", "a verdict goes with its reason", hint));
        }
    };
    with_titles(&api, &pack, &mut rows);
    if wants.is_file() {
        return listing::answer_all(&api, &caller, wants, rows).await;
    }
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.callback_id.to_string());
    Ok(axum::Json(Items { items: rows, next }).into_response())
}

/// Decides a recorded day again from what was known then, and shows what another policy would
/// have changed. Nothing is changed.
#[utoipa::path(post, path = "/plan/{pack}/{day}/replay", tag = "plan", security(("bearer" = ["plan.see"])),
    params(("pack" = String, Path), ("day" = String, Path)), request_body = ReplayBody,
    responses((status = 200, description = "What came out", body = Replayed),
              (status = 409, description = "The day is not recorded, or the policy cannot be read", body = Problem)))]
async fn replay(
    State(api): State<Shared>,
    Path((pack, text)): Path<(String, String)>,
    Json(body): Json<ReplayBody>,
) -> Result<axum::Json<Replayed>, Problem> {
    let day = day("day", &text)?;
    let _room = room(&api)?;
    let policy = (!body.policy.is_empty()).then_some(body.policy.as_str());
    Ok(axum::Json(api.planner()?.replay(&pack, day, policy).await?))
}
