//! Customers chosen by what is known of them, called by a rule (ARC-05).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::ReasonBody;
use super::plan::day;
use super::saved_segments;
use crate::archive::Standing;
use crate::base::CustomerId;
use crate::io::planner::{Added, Error as PlannerError, Manual};
use crate::io::store::Error as StoreError;
use crate::io::store::archive::read::CustomerFilter;
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::state::Shared;

/// Customers of one request.
const CUSTOMERS_LIMIT: usize = 20_000;
/// Customers of one query.
const PAGE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(call))
}

/// Which customers; what is left out chooses all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentBody {
    /// Of this saved segment; then nothing else is looked at.
    pub segment: Option<String>,
    /// Part of the name or of the company's own key.
    pub text: Option<String>,
    /// Key accounts, or the others.
    pub key_account: Option<bool>,
    /// A field to look at: `warranty_end`, with `is`, or `from` and `to`.
    pub field: Option<String>,
    /// That field is this.
    pub is: Option<String>,
    /// That field is this or, as text, later.
    pub from: Option<String>,
    /// That field is this or, as text, earlier.
    pub to: Option<String>,
}

/// Customers to be called by a rule on a day.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ToCallbacksBody {
    /// Policy pack.
    pub pack: String,
    /// Which of its customers.
    pub filter: SegmentBody,
    /// Rule by which they are called; empty: the pack's rule for callbacks by hand.
    pub rule: String,
    /// The day on which they are due: `2026-03-05`.
    pub day: String,
    /// The last day; empty: the same.
    pub deadline: String,
    /// Why.
    pub reason: String,
    /// Count and change nothing.
    pub dry_run: bool,
}

/// What became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ToCallbacksReport {
    /// Customers who fit.
    pub matched: u64,
    /// Callbacks added.
    pub added: u64,
    /// Customers who had the same callback already.
    pub existing: u64,
}

/// Adds a callback by hand for every customer who fits a filter; with `dry_run` counts them.
/// They are called as the rule says, in its own list and campaign.
#[utoipa::path(post, path = "/customers/to-callbacks", tag = "customers", security(("bearer" = ["callbacks.add"])),
    request_body = ToCallbacksBody,
    responses((status = 200, description = "How many", body = ToCallbacksReport),
        (status = 409, description = "No such rule", body = Problem),
        (status = 422, description = "Some values cannot be used, or too many customers fit", body = Problem)))]
async fn call(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<ToCallbacksBody>,
) -> Result<axum::Json<ToCallbacksReport>, Problem> {
    let reason = ReasonBody { reason: body.reason.clone() }.check()?.to_owned();
    let due = day("day", &body.day)?;
    let deadline = (!body.deadline.is_empty()).then(|| day("deadline", &body.deadline)).transpose()?;
    let customers = matching(&api, &body).await?;
    let mut report = ToCallbacksReport { matched: customers.len() as u64, ..ToCallbacksReport::default() };
    if body.dry_run {
        return Ok(axum::Json(report));
    }
    let planner = api.planner()?;
    for customer in customers {
        let manual = Manual {
            customer,
            pack: Some(body.pack.clone()),
            rule: (!body.rule.is_empty()).then(|| body.rule.clone()),
            day: due,
            deadline,
            assignee: String::new(),
            note: String::new(),
            reason: reason.clone(),
        };
        match planner.add(&Added::Manual(manual), &caller.name, api.now()).await {
            Ok(_) => report.added += 1,
            Err(PlannerError::Store(StoreError::Exists { .. })) => report.existing += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(axum::Json(report))
}

/// The active customers of a saved segment.
async fn of_segment(api: &Shared, pack: &str, name: &str) -> Result<Vec<CustomerId>, Problem> {
    let segment = saved_segments::find(api, pack, name).await?.segment();
    let all = saved_segments::members(api, pack, &segment, CustomerId(0), CUSTOMERS_LIMIT + 1).await?;
    if all.len() > CUSTOMERS_LIMIT {
        return Err(too_many());
    }
    Ok(all.into_iter().filter(|c| c.standing == Standing::Active).map(|c| c.id).collect())
}

fn too_many() -> Problem {
    let hint = format!("choose at most {CUSTOMERS_LIMIT} customers at once");
    Problem::invalid_field("filter", "too many customers fit", hint)
}

async fn matching(api: &Shared, body: &ToCallbacksBody) -> Result<Vec<CustomerId>, Problem> {
    let chosen = &body.filter;
    if let Some(name) = &chosen.segment {
        return of_segment(api, &body.pack, name).await;
    }
    if chosen.field.is_none() && [&chosen.is, &chosen.from, &chosen.to].iter().any(|v| v.is_some()) {
        let hint = "name the field that `is`, `from` and `to` look at";
        return Err(Problem::invalid_field("filter.field", "no field is named", hint));
    }
    let filter = CustomerFilter {
        pack: Some(body.pack.clone()),
        text: chosen.text.clone(),
        standing: Some(Standing::Active.as_str().into()),
        key_account: chosen.key_account,
        field: chosen.field.clone(),
        is: chosen.is.clone(),
        from: chosen.from.clone(),
        to: chosen.to.clone(),
        ..CustomerFilter::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = api.store().customer_rows(&filter, after.as_ref(), PAGE).await?;
        found.extend(page.rows.iter().map(|row| CustomerId(row.id)));
        if found.len() > CUSTOMERS_LIMIT {
            return Err(too_many());
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}
