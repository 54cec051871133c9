//! A test call through one trunk.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::PhoneNumber;
use crate::call::Purpose;
use crate::engine::Errand;
use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done};
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::state::Shared;

/// The script of a test call: it asks for a key, thanks, and ends.
const SCRIPT: &str = "trunk-test";

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(place))
}

/// A test call to be placed.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestCallBody {
    /// Number that is called: a phone of your own.
    pub phone: String,
    /// Language of the prompts; empty: the script's first.
    #[serde(default)]
    pub language: String,
}

/// A test call that was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TestCallView {
    /// Its id: `GET /calls/{id}` says what came of it, its answers whether a key was heard, its
    /// evidence whether sound came both ways.
    pub call: String,
}

/// Calls a number through this trunk and no other; whoever answers is asked to press a key.
#[utoipa::path(post, path = "/trunks/{name}/test", tag = "live", params(("name" = String, Path)),
    security(("bearer" = ["trunks.test"])), request_body = TestCallBody,
    responses((status = 202, description = "Ordered", body = TestCallView), (status = 404, description = "No such trunk", body = Problem),
        (status = 409, description = "No call is placed now", body = Problem), (status = 422, description = "The number is none", body = Problem)))]
async fn place(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<TestCallBody>,
) -> Result<(StatusCode, axum::Json<TestCallView>), Problem> {
    let state = api.parts.live.borrow().trunks.iter().find(|t| t.name == name).map(|t| t.state.clone());
    let state = state.ok_or_else(|| Problem::not_found("trunk", format!("`{name}`")))?;
    let home = api.import().home_area;
    let phone = PhoneNumber::parse(&body.phone, home.as_deref()).map(|(phone, _)| phone).map_err(|e| {
        Problem::invalid_field("phone", format!("it is no number: {e}"), "write it with its area code")
    })?;
    if state == "down" {
        return Err(Problem::conflict(format!("trunk `{name}` is down: it takes no call")));
    }
    let detail = crate::io::web::mask(&phone.to_string());
    let errand = Errand {
        phone,
        script: SCRIPT.into(),
        language: body.language,
        fields: Default::default(),
        trunk: name.clone(),
        purpose: Purpose::Test,
    };
    let Done::Call(call) = api.ask(Control::Errand { errand, by: caller.name.clone() }).await? else {
        return Err(Problem::internal(&"an order was answered by another's answer"));
    };
    let detail = format!("call {call} to {detail}");
    caller.audit(&api, "trunk.test", &format!("trunk:{name}"), &detail).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(TestCallView { call: call.to_string() })))
}
