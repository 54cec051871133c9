//! The monthly sheets of people.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::adherence::month;
use super::entries::unmasking;
use crate::io::books::Behind;
use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::report::{PersonLine, Sheet};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(rows))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// `2026-03`.
    month: String,
    /// Policy pack; empty: all, by the usual rules.
    #[serde(default)]
    pack: String,
    /// Only of this person.
    person: Option<String>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsQuery {
    /// `2026-03`.
    month: String,
    /// Policy pack; empty: all, by the usual rules.
    #[serde(default)]
    pack: String,
    /// Word of the line: `rate`.
    line: String,
    /// Whose.
    person: String,
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    #[serde(default)]
    unmask: bool,
}

/// A line of the sheets as one of a table.
struct Line<'a>(&'a Sheet, &'a PersonLine);

impl SheetRow for Line<'_> {
    const NAME: &'static str = "performance";
    const COLUMNS: &'static [&'static str] =
        &["月份", "人员", "项目", "分子", "分母", "数值", "标准", "档次", "得分", "样本过少"];

    fn cells(&self) -> Vec<String> {
        let Line(sheet, line) = self;
        vec![
            sheet.month.clone(),
            sheet.person.clone(),
            line.title.clone(),
            line.numerator.to_string(),
            line.denominator.to_string(),
            optional(&line.value),
            optional(&line.standard),
            line.tiers.to_string(),
            line.points.to_string(),
            if line.few { "是".into() } else { String::new() },
        ]
    }
}

/// What is noted of who looks: the month, and whose sheet where it is one person's.
fn subject(month: &str, person: &str) -> String {
    match person {
        "" => format!("performance:{month}"),
        person => format!("performance:{month}/{person}"),
    }
}

/// The sheet of each person in a month: lines with points, each with the list behind it; the total
/// is their sum. Lines with too few rows are shown and neither scored nor ranked. Each look is noted.
#[utoipa::path(get, path = "/performance", tag = "scores", params(Query), security(("bearer" = ["performance.see"])),
    responses((status = 200, description = "By person; their lines as `text/csv`", body = Items<Sheet>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    origin: Origin,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let month = month(&query.month)?;
    let subject = subject(&query.month, query.person.as_deref().unwrap_or_default());
    given(&api, &caller, &origin, ("performance", &subject, &query.pack), None).await?;
    let sheets = api.books()?.performance(&query.pack, month, query.person.as_deref()).await?;
    if !wants.is_file() {
        return Ok(axum::Json(Items { items: sheets, next: None }).into_response());
    }
    let lines: Vec<Line<'_>> =
        sheets.iter().flat_map(|sheet| sheet.lines.iter().map(move |line| Line(sheet, line))).collect();
    listing::answer_sheet(&api, &caller, wants, &lines).await
}

/// The calls, callbacks, answers and score events behind a line of a person's sheet.
#[utoipa::path(get, path = "/performance/rows", tag = "scores", params(RowsQuery), security(("bearer" = ["performance.see"])),
    responses((status = 200, description = "All of them", body = Items<Behind>), (status = 404, description = "No such line", body = Problem)))]
async fn rows(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    Params(query): Params<RowsQuery>,
) -> Result<axum::Json<Items<Behind>>, Problem> {
    let month = month(&query.month)?;
    let unmasked = format!("performance:{}/{}", query.line, query.person);
    let unmask = unmasking(&api, &caller, query.unmask, &unmasked).await?;
    let subject = subject(&query.month, &query.person);
    given(&api, &caller, &origin, ("performance", &subject, &query.line), None).await?;
    let books = api.books()?;
    let items = books.performance_rows(&query.pack, month, (&query.line, &query.person), unmask).await?;
    Ok(axum::Json(Items { items, next: None }))
}
