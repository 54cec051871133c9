//! The audit log and the writes that were set aside: read only, there is no way to change them.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Timestamp;
use crate::io::store::read::{AuditFilter, AuditRow, DeadLetterRow};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(dead_letters))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// By this token or part of the daemon.
    actor: Option<String>,
    /// With this stable word; `account.*` takes all that begin so.
    action: Option<String>,
    /// To this, e.g. `campaign:3`.
    subject: Option<String>,
    /// At or after this: a day, RFC 3339, or milliseconds since 1970.
    from: Option<String>,
    /// Before this; a day is taken with its end.
    to: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for AuditRow {
    const NAME: &'static str = "audit";
    const COLUMNS: &'static [&'static str] = &["id", "at", "actor", "action", "subject", "detail"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            Timestamp(self.at).to_string(),
            self.actor.clone(),
            self.action.clone(),
            self.subject.clone(),
            self.detail.clone(),
        ]
    }
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Query), security(("bearer" = ["audit_log.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<AuditRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let zone = api.import().timezone;
    let at = |field: &str, text: &Option<String>, end: bool| {
        text.as_deref().map(|text| moment(field, text, &zone, end)).transpose()
    };
    let filter = AuditFilter {
        from: at("from", &query.from, false)?,
        to: at("to", &query.to, true)?,
        actor: query.actor,
        action: query.action,
        subject: query.subject,
    };
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move { api.store().audit_rows(&filter, after.as_ref(), limit).await }
    })
    .await
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for DeadLetterRow {
    const NAME: &'static str = "dead-letters";
    const COLUMNS: &'static [&'static str] = &["id", "at", "kind", "call_id", "reason", "body"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            Timestamp(self.at).to_string(),
            self.kind.clone(),
            optional(&self.call_id),
            self.reason.clone(),
            self.body.clone(),
        ]
    }
}

/// Writes that the database refused for what they are, newest first.
#[utoipa::path(get, path = "/dead-letters", tag = "audit", params(PageQuery), security(("bearer" = ["audit_log.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<DeadLetterRow>)))]
async fn dead_letters(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<PageQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    listing::answer(&api, &caller, wants, paging, |api, after, limit| async move {
        api.store().dead_letter_rows(after.as_ref(), limit).await
    })
    .await
}
