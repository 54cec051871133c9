//! One customer's name and numbers, shown once to somebody who says why.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::ReasonBody;
use crate::base::CustomerId;
use crate::io::store::archive::read::PhoneRow;
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, RowId};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(unmask))
}

/// A customer with whole name and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Unmasked {
    /// Name.
    pub name: String,
    /// Numbers, those in use first.
    pub phones: Vec<PhoneRow>,
}

/// Shows a customer's name and numbers once; who, whom, when and why is written into the audit log
/// before. Lists and cards stay masked.
#[utoipa::path(post, path = "/customers/{id}/unmask", tag = "customers", params(("id" = i64, Path)), request_body = ReasonBody,
    security(("bearer" = ["numbers.unmask"])),
    responses((status = 200, description = "Name and numbers", body = Unmasked), (status = 404, description = "No such customer", body = Problem),
              (status = 422, description = "No reason was given", body = Problem)))]
async fn unmask(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<Unmasked>, Problem> {
    let reason = body.check()?;
    let customer = api.store().customer_row(CustomerId(id)).await?;
    let customer = customer.ok_or_else(|| Problem::not_found("customer", id))?;
    caller.audit(&api, "unmask", &format!("customer:{id}"), reason).await?;
    let phones = api.store().customer_phones(CustomerId(id)).await?;
    Ok(axum::Json(Unmasked { name: customer.name, phones }))
}
