//! What tickets add up to, each also as CSV.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::unmasking;
use super::plan::day;
use crate::base::Timestamp;
use crate::io::desk::{Delay, Month};
use crate::io::store::AnswerLine;
use crate::io::store::ticket::{AgeingFilter, TicketFilter, TicketRow, Unregistered};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::ticket::{
    AgeingLine, DepartmentLine, DissatisfiedLine, FirstContact, LedgerLine, PointsLine, RegisterLine,
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(supervision))
        .routes(routes!(ageing))
        .routes(routes!(register))
        .routes(routes!(ledger))
        .routes(routes!(dissatisfied))
        .routes(routes!(first_contact))
        .routes(routes!(points))
        .routes(routes!(unregistered))
        .routes(routes!(answer_delay))
        .routes(routes!(meetings))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack; empty: all, or the default file where a report needs one.
    pack: String,
    /// From this day or time; the last 31 days where it is left out.
    from: Option<String>,
    /// To the end of this day, or before this time; now where it is left out.
    to: Option<String>,
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    unmask: bool,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AgeingQuery {
    /// Policy pack; empty: all.
    pack: String,
    /// Type.
    kind: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
    /// Open for as many whole days at least.
    min_days: Option<i64>,
    /// Open for as many whole days at most.
    max_days: Option<i64>,
    /// Only what is past a deadline, or only what is not.
    overdue: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// `2026-03-03`.
    date: String,
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    #[serde(default)]
    unmask: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LedgerQuery {
    /// Policy pack.
    pack: String,
    /// Whose ledger: `品管部`.
    department: String,
    /// Tickets opened from this day or time on; the last 31 days where it is left out.
    from: Option<String>,
    /// To the end of this day, or before this time; now where it is left out.
    to: Option<String>,
}

fn span(api: &Shared, query: &Query) -> Result<Month, Problem> {
    const MONTH: i64 = 31 * 24 * 3_600_000;
    let zone = api.import().timezone;
    let at =
        |text: &Option<String>, name, end| text.as_deref().map(|t| moment(name, t, &zone, end)).transpose();
    let to = at(&query.to, "to", true)?.unwrap_or(Timestamp(api.now().0 + 1));
    let from = at(&query.from, "from", false)?.unwrap_or(Timestamp(to.0 - MONTH));
    Ok(Month { pack: query.pack.clone(), from, to })
}

macro_rules! sheet {
    ($row:ty, $name:literal, $($title:literal => $cell:expr),* $(,)?) => {
        impl SheetRow for $row {
            const NAME: &'static str = $name;
            const COLUMNS: &'static [&'static str] = &[$($title),*];
            fn cells(&self) -> Vec<String> {
                vec![$($cell(self)),*]
            }
        }
    };
}

sheet!(DepartmentLine, "departments",
    "部门" => |r: &DepartmentLine| r.department.clone(), "工单" => |r: &DepartmentLine| r.tickets.to_string(),
    "未结" => |r: &DepartmentLine| r.open.to_string(), "未签收" => |r: &DepartmentLine| r.unacknowledged.to_string(),
    "按时" => |r: &DepartmentLine| r.in_time.to_string(), "超时" => |r: &DepartmentLine| r.breached.to_string(),
    "超时未反馈" => |r: &DepartmentLine| r.without_response.join(" "));
sheet!(AgeingLine, "ageing",
    "单号" => |r: &AgeingLine| r.number.clone(), "类型" => |r: &AgeingLine| r.kind.clone(),
    "状态" => |r: &AgeingLine| r.state.clone(), "负责人" => |r: &AgeingLine| r.owner.clone(),
    "天数" => |r: &AgeingLine| r.days.to_string(), "当前状态天数" => |r: &AgeingLine| r.days_in_state.to_string(),
    "超时" => |r: &AgeingLine| if r.overdue { "是".into() } else { String::new() });
sheet!(RegisterLine, "register",
    "单号" => |r: &RegisterLine| r.number.clone(), "来电时间" => |r: &RegisterLine| r.received.clone(),
    "客户姓名" => |r: &RegisterLine| r.customer.clone(), "联系电话" => |r: &RegisterLine| r.phone.clone(),
    "类型" => |r: &RegisterLine| r.kind.clone(), "订单" => |r: &RegisterLine| r.matter.clone(),
    "问题描述" => |r: &RegisterLine| r.content.clone(), "责任部门" => |r: &RegisterLine| r.department.clone(),
    "负责人" => |r: &RegisterLine| r.owner.clone(), "处理结果" => |r: &RegisterLine| r.result.clone(),
    "处理日期" => |r: &RegisterLine| r.result_date.clone(), "客户满意" => |r: &RegisterLine| r.satisfied.clone(),
    "状态" => |r: &RegisterLine| r.state.clone(), "录音" => |r: &RegisterLine| r.call.clone());
sheet!(LedgerLine, "ledger",
    "单号" => |r: &LedgerLine| r.number.clone(), "类型" => |r: &LedgerLine| r.kind.clone(),
    "环节" => |r: &LedgerLine| r.stage.clone(), "客户姓名" => |r: &LedgerLine| r.customer.clone(),
    "订单" => |r: &LedgerLine| r.matter.clone(), "问题描述" => |r: &LedgerLine| r.content.clone(),
    "收到时间" => |r: &LedgerLine| r.received.clone(), "签字" => |r: &LedgerLine| r.signed.clone(),
    "期限" => |r: &LedgerLine| r.due.clone(), "完成时间" => |r: &LedgerLine| r.done.clone(),
    "处理人" => |r: &LedgerLine| r.done_by.clone());
sheet!(DissatisfiedLine, "dissatisfied",
    "单号" => |r: &DissatisfiedLine| r.number.clone(), "客户姓名" => |r: &DissatisfiedLine| r.customer.clone(),
    "负责人" => |r: &DissatisfiedLine| r.owner.clone(), "不满意时间" => |r: &DissatisfiedLine| r.at.clone(),
    "上报时间" => |r: &DissatisfiedLine| r.reported.clone(), "提示" => |r: &DissatisfiedLine| r.flag.clone(),
    "处理结果" => |r: &DissatisfiedLine| r.result.clone(), "最终评分" => |r: &DissatisfiedLine| optional(&r.final_score));
sheet!(PointsLine, "points",
    "人员" => |r: &PointsLine| r.who.clone(), "扣分" => |r: &PointsLine| r.points.to_string(),
    "次数" => |r: &PointsLine| r.times.to_string());
sheet!(Unregistered, "unregistered",
    "通话" => |r: &Unregistered| r.id.clone(), "来电号码" => |r: &Unregistered| r.phone.clone(),
    "被叫号码" => |r: &Unregistered| r.dialled.clone(), "时间" => |r: &Unregistered| Timestamp(r.reserved_at).to_string(),
    "结果" => |r: &Unregistered| optional(&r.disposition));

/// How fast a queue, or an agent, answered.
struct DelayLine {
    what: &'static str,
    line: AnswerLine,
}

sheet!(DelayLine, "answer-delay",
    "类别" => |r: &DelayLine| r.what.to_owned(), "名称" => |r: &DelayLine| r.line.name.clone(),
    "来电" => |r: &DelayLine| r.line.offered.to_string(), "接听" => |r: &DelayLine| r.line.answered.to_string(),
    "及时接听" => |r: &DelayLine| r.line.in_time.to_string(), "未接" => |r: &DelayLine| r.line.missed.to_string(),
    "平均等待毫秒" => |r: &DelayLine| optional(&r.line.mean_ms.map(|ms| ms.round())),
    "最长等待毫秒" => |r: &DelayLine| optional(&r.line.longest_ms));

/// How departments handle their tickets: in time, late, not acknowledged, without response past a
/// deadline.
#[utoipa::path(get, path = "/ticket-reports/departments", tag = "tickets", params(Query), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<DepartmentLine>)))]
async fn supervision(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let rows = api.tickets()?.supervision(&span(&api, &query)?, api.now()).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// How long open tickets have stood where they are, oldest first.
#[utoipa::path(get, path = "/ticket-reports/ageing", tag = "tickets", params(AgeingQuery), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<AgeingLine>)))]
async fn ageing(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<AgeingQuery>,
) -> Result<Response, Problem> {
    let AgeingQuery { pack, kind, owner, min_days, max_days, overdue } = query;
    let filter = AgeingFilter { pack: Some(pack), kind, owner, min_days, max_days, overdue };
    let rows = api.tickets()?.ageing(&filter, api.now()).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// The register of a time (售服信息登记表).
#[utoipa::path(get, path = "/ticket-reports/register", tag = "tickets", params(Query), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of it; also as `text/csv`", body = Items<RegisterLine>)))]
async fn register(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let mut rows = api.tickets()?.register(&span(&api, &query)?).await?;
    if !unmasking(&api, &caller, query.unmask, "tickets").await? {
        rows.iter_mut().for_each(|row| row.phone = mask(&row.phone));
    }
    listing::answer_all(&api, &caller, wants, rows).await
}

/// The ledger of a department (台账): stages of tickets that have come to it, with what became of
/// them. What is not signed for yet has not come.
#[utoipa::path(get, path = "/ticket-reports/ledger", tag = "tickets", params(LedgerQuery), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of it; also as `text/csv`", body = Items<LedgerLine>)))]
async fn ledger(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<LedgerQuery>,
) -> Result<Response, Problem> {
    let LedgerQuery { pack, department, from, to } = query;
    let span = span(&api, &Query { pack, from, to, unmask: false })?;
    let rows = api.tickets()?.ledger(&span, &department).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Customers who were dissatisfied, with what became of it; late reports are found by themselves.
#[utoipa::path(get, path = "/ticket-reports/dissatisfied", tag = "tickets", params(Query), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<DissatisfiedLine>)))]
async fn dissatisfied(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let rows = api.tickets()?.dissatisfied(&span(&api, &query)?, api.now()).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// How many tickets were solved on the first contact.
#[utoipa::path(get, path = "/ticket-reports/first-contact", tag = "tickets", params(Query), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "The figures", body = FirstContact)))]
async fn first_contact(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<FirstContact>, Problem> {
    Ok(axum::Json(api.tickets()?.first_contact(&span(&api, &query)?).await?))
}

/// Points taken off, by person (合同审核扣分情况表).
#[utoipa::path(get, path = "/ticket-reports/points", tag = "tickets", params(Query), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<PointsLine>)))]
async fn points(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let rows = api.tickets()?.points(&span(&api, &query)?).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Inbound calls of a day that belong to no ticket.
#[utoipa::path(get, path = "/ticket-reports/unregistered-calls", tag = "tickets", params(DayQuery), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<Unregistered>)))]
async fn unregistered(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<DayQuery>,
) -> Result<Response, Problem> {
    let mut rows = api.tickets()?.unregistered(day("date", &query.date)?).await?;
    if !unmasking(&api, &caller, query.unmask, "calls").await? {
        rows.iter_mut().for_each(|row| row.phone = mask(&row.phone));
    }
    listing::answer_all(&api, &caller, wants, rows).await
}

/// How long inbound callers waited for an answer; as a file the lines of queues and agents.
#[utoipa::path(get, path = "/ticket-reports/answer-delay", tag = "tickets", params(Query), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "The figures; their lines as `text/csv`", body = Delay)))]
async fn answer_delay(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let delay = api.tickets()?.answer_delay(&span(&api, &query)?).await?;
    if !wants.is_file() {
        return Ok(axum::Json(delay).into_response());
    }
    let of = |what: &'static str| move |line: AnswerLine| DelayLine { what, line };
    let rows: Vec<DelayLine> =
        delay.queues.into_iter().map(of("队列")).chain(delay.agents.into_iter().map(of("坐席"))).collect();
    listing::answer_sheet(&api, &caller, wants, &rows).await
}

/// Meetings that major tickets call for and that have not decided (ESC-03).
#[utoipa::path(get, path = "/meetings/open", tag = "tickets", security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "Their tickets", body = Items<TicketRow>)))]
async fn meetings(State(api): State<Shared>) -> Result<axum::Json<Items<TicketRow>>, Problem> {
    let filter = TicketFilter { meeting: Some("open".into()), ..TicketFilter::default() };
    let mut page = api.store().ticket_rows(&filter, None, 500).await?;
    page.rows.iter_mut().for_each(|row| row.phone = mask(&row.phone));
    Ok(axum::Json(page.into()))
}
