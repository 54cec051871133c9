//! Reports of periods: made, written into, handed in, reviewed, approved; and what they decided.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::unmasking;
use super::plan::day;
use super::registers::{file, workbook};
use crate::access::Permission;
use crate::base::Timestamp;
use crate::io::books::{Behind, ReportView, Running};
use crate::io::store::register::{ActionRow, ReportFilter, ReportLogRow, ReportRow};
use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::SheetRow;
use crate::io::web::state::Shared;
use crate::report::{Every, Part, Step, svg};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(files))
        .routes(routes!(file_excel))
        .routes(routes!(index, make))
        .routes(routes!(running))
        .routes(routes!(show))
        .routes(routes!(excel))
        .routes(routes!(rows))
        .routes(routes!(chart))
        .routes(routes!(log))
        .routes(routes!(write))
        .routes(routes!(step))
        .routes(routes!(actions))
        .routes(routes!(close_action))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Id of the report's file.
    report: Option<String>,
    /// `draft`, `submitted`, `reviewed` or `approved`.
    state: Option<String>,
    /// Only those whose period begins on this day or later.
    from: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsQuery {
    /// `numerator`, `rest` or `missing`; all where it is left out.
    #[param(value_type = Option<String>)]
    part: Option<Part>,
    /// Only of this line of the figure.
    group: Option<String>,
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    unmask: bool,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnmaskQuery {
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    unmask: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DateQuery {
    /// A day of the period: `2026-03-03`.
    date: String,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ActionsQuery {
    /// Closed ones too.
    closed: bool,
}

/// Which report of which period.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReportBody {
    /// Id of the report's file.
    pub report: String,
    /// A day of the period: `2026-03-03`.
    pub date: String,
}

/// What is written into a report.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBody {
    /// Word of the field: `measures`.
    pub field: String,
    /// All of its text; a line for each action in fields of actions.
    pub text: String,
}

/// A step of a report.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    /// `submit` and `return` need `reports.write`; `review` and `approve` permissions of their own.
    pub step: Step,
    /// Guidance, or why it is given back.
    #[serde(default)]
    pub said: String,
}

/// What came of an action.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseActionBody {
    /// In words.
    pub result: String,
}

/// A report there is a file of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
pub struct ReportFile {
    /// Its id.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    pub title_en: String,
    /// Number of the form.
    pub form: String,
    /// Pack; empty: all.
    pub pack: String,
    /// How often it is made.
    pub every: Every,
    /// Who gets it.
    pub recipients: Vec<String>,
    /// When the next is made; milliseconds since 1970.
    pub next_at: i64,
    /// Words of its figures.
    pub figures: Vec<String>,
    /// Registers that belong to it.
    pub registers: Vec<String>,
}

impl SheetRow for ReportRow {
    const NAME: &'static str = "reports";
    const COLUMNS: &'static [&'static str] =
        &["id", "report", "pack", "from", "to", "state", "due_at", "made_at", "made_by", "late"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.report.clone(),
            self.pack.clone(),
            self.from_day.clone(),
            self.to_day.clone(),
            self.state.clone(),
            Timestamp(self.due_at).to_string(),
            Timestamp(self.made_at).to_string(),
            self.made_by.clone(),
            self.late.to_string(),
        ]
    }
}

/// The reports there are files of, and when each is made next.
#[utoipa::path(get, path = "/report-files", tag = "reports", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them", body = Items<ReportFile>)))]
async fn files(State(api): State<Shared>) -> Result<axum::Json<Items<ReportFile>>, Problem> {
    let reports = api.books()?.settings().reports;
    let calendar = api.planner()?.settings().calendar;
    let line = |report: &crate::report::Report| ReportFile {
        id: report.id.clone(),
        title: report.title.clone(),
        title_en: report.title_en.clone(),
        form: report.form.clone(),
        pack: report.pack.clone(),
        every: report.schedule.every,
        recipients: report.to.clone(),
        next_at: report.schedule.next(&calendar, api.now()).0,
        figures: report.figures.iter().map(|f| f.id.clone()).collect(),
        registers: report.registers.clone(),
    };
    Ok(axum::Json(Items { items: reports.all().map(line).collect(), next: None }))
}

/// The workbook of the report in whose period a day lies: what notices link to.
#[utoipa::path(get, path = "/report-files/{report}/excel", tag = "reports", params(("report" = String, Path), DateQuery),
    security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "The workbook"), (status = 404, description = "None was made", body = Problem)))]
async fn file_excel(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    Path(report): Path<String>,
    Params(query): Params<DateQuery>,
) -> Result<Response, Problem> {
    let books = api.books()?;
    let date = day("date", &query.date)?;
    let period = books.report_file(&report)?.schedule.period_of(&api.planner()?.settings().calendar, date);
    let row = api.store().report_of(&report, &period.from.to_string()).await?;
    let row = row.ok_or_else(|| Problem::not_found("report of that period:", period.from))?;
    caller.audit(&api, "export", &format!("report:{}", row.id), "xlsx").await?;
    given(&api, &caller, &origin, ("report", &format!("report:{}", row.id), "xlsx"), None).await?;
    let (name, bytes) = books.report_excel(row.id, false, api.now()).await?;
    workbook(&name, bytes)
}

/// Reports that were made, newest first.
#[utoipa::path(get, path = "/reports", tag = "reports", params(Query), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ReportRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    query.from.as_deref().map(|text| day("from", text)).transpose()?;
    let Query { report, state, from, .. } = query;
    let filter = ReportFilter { report, state, from };
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move { api.store().reports(&filter, after.as_ref(), limit).await }
    })
    .await
}

/// Makes the report of the period in which a day lies, or shows it where it was made.
#[utoipa::path(post, path = "/reports", tag = "reports", security(("bearer" = ["reports.write"])),
    responses((status = 201, description = "It was made", body = ReportView),
              (status = 200, description = "It was there", body = ReportView),
              (status = 404, description = "No such report", body = Problem)))]
async fn make(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewReportBody>,
) -> Result<(StatusCode, axum::Json<ReportView>), Problem> {
    let date: Date = day("date", &body.date)?;
    let made = api.books()?.report_for(&body.report, date, &caller.name, api.now()).await?;
    let status = if made.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(made.view)))
}

/// Reports and registers that are being counted at this moment, and how far each is: a year takes
/// minutes.
#[utoipa::path(get, path = "/report-runs", tag = "reports", security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "All of them, oldest first", body = Items<Running>)))]
async fn running(State(api): State<Shared>) -> Result<axum::Json<Items<Running>>, Problem> {
    Ok(axum::Json(Items { items: api.books()?.running(), next: None }))
}

/// One report: figures, sums that must come out, incomplete rows, what people wrote, and what
/// changed after it was handed in.
#[utoipa::path(get, path = "/reports/{id}", tag = "reports", params(("id" = i64, Path)), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "The report", body = ReportView), (status = 404, description = "No such report", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<ReportView>, Problem> {
    Ok(axum::Json(api.books()?.report(id, api.now()).await?))
}

/// A report as an Excel file: figures with charts, and a sheet for each of its registers.
#[utoipa::path(get, path = "/reports/{id}/excel", tag = "reports", params(("id" = i64, Path), UnmaskQuery),
    security(("bearer" = ["reports.see"])), responses((status = 200, description = "The workbook")))]
async fn excel(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<Response, Problem> {
    let subject = format!("report:{id}");
    let unmask = unmasking(&api, &caller, query.unmask, &subject).await?;
    caller.audit(&api, "export", &subject, "xlsx").await?;
    given(&api, &caller, &origin, ("report", &subject, "xlsx"), None).await?;
    let (name, bytes) = api.books()?.report_excel(id, unmask, api.now()).await?;
    workbook(&name, bytes)
}

/// The rows behind a figure.
#[utoipa::path(get, path = "/reports/{id}/figures/{figure}", tag = "reports",
    params(("id" = i64, Path), ("figure" = String, Path), RowsQuery), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "All of them", body = Items<Behind>), (status = 404, description = "No such figure", body = Problem)))]
async fn rows(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    RowId(id): RowId,
    Path((_id, figure)): Path<(String, String)>,
    Params(query): Params<RowsQuery>,
) -> Result<axum::Json<Items<Behind>>, Problem> {
    let unmask = unmasking(&api, &caller, query.unmask, &format!("report:{id}/{figure}")).await?;
    let which = (query.part, query.group.as_deref());
    given(&api, &caller, &origin, ("report", &format!("report:{id}"), &figure), None).await?;
    let items = api.books()?.report_rows(id, &figure, which, unmask).await?;
    Ok(axum::Json(Items { items, next: None }))
}

/// A figure drawn as SVG.
#[utoipa::path(get, path = "/reports/{id}/figures/{figure}/chart", tag = "reports",
    params(("id" = i64, Path), ("figure" = String, Path)), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "The drawing", content_type = "image/svg+xml", body = String),
              (status = 404, description = "No such figure", body = Problem)))]
async fn chart(
    State(api): State<Shared>,
    RowId(id): RowId,
    Path((_id, figure)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let view = api.books()?.report(id, api.now()).await?;
    let found = view.figures.iter().find(|f| f.id == figure);
    let found = found.ok_or_else(|| Problem::not_found("figure", &figure))?;
    let name = format!("{}.svg", found.title);
    file(&name, HeaderValue::from_static("image/svg+xml"), svg(found).into_bytes())
}

/// Who did what with a report, oldest first.
#[utoipa::path(get, path = "/reports/{id}/log", tag = "reports", params(("id" = i64, Path)), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "All steps", body = Items<ReportLogRow>)))]
async fn log(
    State(api): State<Shared>,
    RowId(id): RowId,
) -> Result<axum::Json<Items<ReportLogRow>>, Problem> {
    Ok(axum::Json(Items { items: api.store().report_log(id).await?, next: None }))
}

/// Writes into a report, until it is approved.
#[utoipa::path(post, path = "/reports/{id}/texts", tag = "reports", params(("id" = i64, Path)), security(("bearer" = ["reports.write"])),
    responses((status = 200, description = "The report", body = ReportView),
              (status = 409, description = "It is approved, or somebody else changed it", body = Problem)))]
async fn write(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<WriteBody>,
) -> Result<axum::Json<ReportView>, Problem> {
    Ok(axum::Json(api.books()?.write(id, &body.field, &body.text, &caller.name, api.now()).await?))
}

/// Takes a report one step further: hand in, review, approve, give back. Its figures are kept when
/// it is handed in; once approved, its period is locked.
#[utoipa::path(post, path = "/reports/{id}/steps", tag = "reports", params(("id" = i64, Path)), security(("bearer" = ["reports.write"])),
    responses((status = 200, description = "The report", body = ReportView),
              (status = 403, description = "Reviewing needs `reports.review`, approving `reports.approve`", body = Problem),
              (status = 409, description = "It cannot take that step", body = Problem)))]
async fn step(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<StepBody>,
) -> Result<axum::Json<ReportView>, Problem> {
    match body.step {
        Step::Review => caller.needs(Permission::ReportsReview)?,
        Step::Approve => caller.needs(Permission::ReportsApprove)?,
        Step::Submit | Step::Return => {}
    }
    Ok(axum::Json(api.books()?.step(id, body.step, body.said.trim(), &caller.name, api.now()).await?))
}

/// What reports decided is to be done.
#[utoipa::path(get, path = "/report-actions", tag = "reports", params(ActionsQuery), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "Those that are open", body = Items<ActionRow>)))]
async fn actions(
    State(api): State<Shared>,
    Params(query): Params<ActionsQuery>,
) -> Result<axum::Json<Items<ActionRow>>, Problem> {
    Ok(axum::Json(Items { items: api.store().report_actions(query.closed).await?, next: None }))
}

/// Closes what was to be done, with what came of it.
#[utoipa::path(post, path = "/report-actions/{id}/close", tag = "reports", params(("id" = i64, Path)), security(("bearer" = ["reports.write"])),
    responses((status = 204, description = "It is closed"), (status = 422, description = "It is not open", body = Problem)))]
async fn close_action(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<CloseActionBody>,
) -> Result<StatusCode, Problem> {
    api.store().close_report_action(id, body.result.trim(), &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
