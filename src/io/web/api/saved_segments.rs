//! Segments under a name: kept, counted, listed (ARC-05).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::archive::{Segment, SegmentTest};
use crate::base::CustomerId;
use crate::io::store::SegmentRow;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{Items, rows_of_page};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params};
use crate::io::web::state::Shared;

/// Customers that are looked at in one query.
const BATCH: u32 = 1_000;
/// Tests of one segment.
const TESTS: usize = 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(show, keep, remove)).routes(routes!(customers))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PackQuery {
    /// Of this pack.
    pack: Option<String>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// `next` of the page before.
    after: Option<i64>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// A segment to be kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeepSegmentBody {
    /// Title for people.
    pub title: String,
    /// What must hold: all of it.
    pub tests: Vec<SegmentTest>,
}

/// A segment with how many belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SegmentView {
    /// The segment.
    #[serde(flatten)]
    pub segment: SegmentRow,
    /// Customers who belong to it at this moment.
    pub count: u64,
}

/// One customer of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SegmentCustomer {
    /// Row id of the customer.
    pub id: i64,
    /// The company's own key.
    pub external_id: String,
    /// Name.
    pub name: String,
}

pub(super) async fn find(api: &Shared, pack: &str, name: &str) -> Result<SegmentRow, Problem> {
    let all = api.store().segments(Some(pack)).await?;
    let missing = || Problem::not_found("segment", format!("{pack}/{name}"));
    all.into_iter().find(|row| row.name == name).ok_or_else(missing)
}

/// The customers of a segment after a row id, at most `most`.
pub(super) async fn members(
    api: &Shared,
    pack: &str,
    segment: &Segment,
    mut after: CustomerId,
    most: usize,
) -> Result<Vec<crate::archive::Customer>, Problem> {
    let mut found = Vec::new();
    loop {
        let ids = api.store().customers_of_pack(pack, None, after, BATCH).await?;
        let Some(last) = ids.last() else { return Ok(found) };
        after = *last;
        for customer in api.store().customers_by_id(&ids).await?.into_values() {
            if segment.has(&customer) {
                if found.len() == most {
                    return Ok(found);
                }
                found.push(customer);
            }
        }
    }
}

/// Saved segments, by pack and name.
#[utoipa::path(get, path = "/segments", tag = "customers", params(PackQuery), security(("bearer" = ["segments.see"])),
    responses((status = 200, description = "All of them", body = Items<SegmentRow>)))]
async fn index(
    State(api): State<Shared>,
    Params(query): Params<PackQuery>,
) -> Result<axum::Json<Items<SegmentRow>>, Problem> {
    let items = api.store().segments(query.pack.as_deref()).await?;
    Ok(axum::Json(Items { items, next: None }))
}

/// One segment, with how many customers belong to it.
#[utoipa::path(get, path = "/segments/{pack}/{name}", tag = "customers",
    params(("pack" = String, Path), ("name" = String, Path)), security(("bearer" = ["segments.see"])),
    responses((status = 200, description = "The segment", body = SegmentView), (status = 404, description = "No such segment", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Path((pack, name)): Path<(String, String)>,
) -> Result<axum::Json<SegmentView>, Problem> {
    let row = find(&api, &pack, &name).await?;
    let (segment, mut count, mut after) = (row.segment(), 0, CustomerId(0));
    loop {
        let ids = api.store().customers_of_pack(&pack, None, after, BATCH).await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        let customers = api.store().customers_by_id(&ids).await?;
        count += customers.values().filter(|customer| segment.has(customer)).count() as u64;
    }
    Ok(axum::Json(SegmentView { segment: row, count }))
}

fn checked(name: &str, body: &KeepSegmentBody) -> Result<(), Problem> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.chars().count() > 60 || !name.chars().all(plain) {
        let hint = "write 1 to 60 letters, digits, `_` or `-`";
        return Err(Problem::invalid_field("name", format!("`{name}` cannot be a field of a rule"), hint));
    }
    if body.tests.is_empty() || body.tests.len() > TESTS {
        let hint = format!("send 1 to {TESTS}, each with a field and `is`, `from` or `to`");
        return Err(Problem::invalid_field("tests", "nobody is chosen by it", hint));
    }
    for (place, test) in body.tests.iter().enumerate() {
        let empty = test.is.is_empty() && test.from.is_none() && test.to.is_none();
        if test.field.trim().is_empty() || empty {
            let hint =
                "write {\"field\": \"warranty_end\", \"from\": \"2026-03-01\", \"to\": \"2026-03-31\"}";
            return Err(Problem::invalid_field(&format!("tests.{place}"), "it tests nothing", hint));
        }
    }
    Ok(())
}

/// Keeps a segment in place of the one of that name. Rules ask for it as the field
/// `segment.<name>`, with `given = true`.
#[utoipa::path(put, path = "/segments/{pack}/{name}", tag = "customers",
    params(("pack" = String, Path), ("name" = String, Path)), security(("bearer" = ["segments.edit"])), request_body = KeepSegmentBody,
    responses((status = 204, description = "Kept"), (status = 422, description = "It cannot be used", body = Problem)))]
async fn keep(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, name)): Path<(String, String)>,
    Json(body): Json<KeepSegmentBody>,
) -> Result<StatusCode, Problem> {
    api.desk().packs().get(&pack).map_err(crate::io::intake::Failure::Pack)?;
    checked(&name, &body)?;
    let new = Some((body.title.as_str(), body.tests.as_slice()));
    api.store().keep_segment((&pack, &name), new, &caller.name, api.now()).await?;
    api.wake_planner();
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a segment away. A rule that asks for it finds nobody then.
#[utoipa::path(delete, path = "/segments/{pack}/{name}", tag = "customers",
    params(("pack" = String, Path), ("name" = String, Path)), security(("bearer" = ["segments.edit"])),
    responses((status = 204, description = "Taken away"), (status = 404, description = "No such segment", body = Problem)))]
async fn remove(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    api.store().keep_segment((&pack, &name), None, &caller.name, api.now()).await?;
    api.wake_planner();
    Ok(StatusCode::NO_CONTENT)
}

/// The customers of a segment, by row id, in pages of 500.
#[utoipa::path(get, path = "/segments/{pack}/{name}/customers", tag = "customers",
    params(("pack" = String, Path), ("name" = String, Path), PageQuery), security(("bearer" = ["segments.see"])),
    responses((status = 200, description = "One page", body = Items<SegmentCustomer>), (status = 404, description = "No such segment", body = Problem)))]
async fn customers(
    State(api): State<Shared>,
    Path((pack, name)): Path<(String, String)>,
    Params(query): Params<PageQuery>,
) -> Result<axum::Json<Items<SegmentCustomer>>, Problem> {
    let segment = find(&api, &pack, &name).await?.segment();
    let after = CustomerId(query.after.unwrap_or(0));
    let limit = rows_of_page(query.limit)? as usize;
    let mut found = members(&api, &pack, &segment, after, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let row = |c: crate::archive::Customer| SegmentCustomer {
        id: c.id.0,
        external_id: c.external_id,
        name: c.name,
    };
    Ok(axum::Json(Items { items: found.into_iter().map(row).collect(), next }))
}
