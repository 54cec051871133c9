//! What people order in a call that is up, and what its further legs were.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call_in::{address_of, note};
use super::calls::find;
use super::entries::{UnmaskQuery, unmasking};
use crate::base::CallId;
use crate::call::leg::{LegKind, Listening};
use crate::engine::BridgeOrder;
use crate::io::store::read::BridgedRow;
use crate::io::web::auth::Caller;
use crate::io::web::control::Control;
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, PathCall};
use crate::io::web::state::Shared;
use crate::ivr::is_target;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(legs))
        .routes(routes!(hold))
        .routes(routes!(resume))
        .routes(routes!(mute))
        .routes(routes!(transfer))
        .routes(routes!(consult))
        .routes(routes!(complete))
        .routes(routes!(back))
        .routes(routes!(conference))
        .routes(routes!(supervise))
        .routes(routes!(pause))
        .routes(routes!(end_leg))
        .merge(super::call_in::routes())
}

/// Who is to be rung.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TargetBody {
    /// Extension of ours, or an outside number; left out where a `person` is named.
    pub target: String,
    /// In place of it: somebody by the name that `GET /call-in` gives.
    pub person: String,
    /// Policy pack whose roster is looked at first; empty: none is.
    pub pack: String,
}

/// Who is to join.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConferenceBody {
    /// Extension or number; left out, and no `person` named: the one who is being consulted.
    pub target: Option<String>,
    /// In place of it: somebody by the name that `GET /call-in` gives.
    pub person: String,
    /// Policy pack whose roster is looked at first; empty: none is.
    pub pack: String,
}

/// Who supervises, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuperviseBody {
    /// Extension of ours.
    pub target: String,
    /// `listen`, `whisper` or `barge`.
    #[schema(value_type = String)]
    pub mode: Listening,
}

/// Whether nobody is to hear a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteBody {
    /// The leg by its number.
    pub leg: u32,
    /// True: nobody hears it.
    pub muted: bool,
}

/// One leg by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegBody {
    /// Position among the legs of the call, from 1.
    pub leg: u32,
}

/// Whether silence goes into the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// True: silence from now on; false: sound again.
    pub paused: bool,
}

/// Gives an order to the engine and writes the audit line of one that was carried out.
async fn order(
    api: &Shared,
    caller: &Caller,
    call: CallId,
    order: BridgeOrder,
    (action, detail): (&str, &str),
) -> Result<StatusCode, Problem> {
    api.ask(Control::Bridge { call, order, by: caller.name.clone() }).await?;
    caller.audit(api, action, &format!("call:{call}"), detail).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What is rung, and what people call it: the number, or the person who was named.
async fn rung(api: &Shared, body: TargetBody) -> Result<(String, String), Problem> {
    let TargetBody { target: number, person, pack } = body;
    if person.is_empty() {
        return Ok((target(&number)?, number));
    }
    if !number.is_empty() {
        let hint = "name a `target` or a `person`, not both";
        return Err(Problem::invalid_field("person", "two are named", hint));
    }
    Ok((target(&address_of(api, &pack, &person).await?)?, person))
}

fn target(text: &str) -> Result<String, Problem> {
    if !is_target(text) {
        let detail = "it is no extension and no number";
        return Err(Problem::invalid_field("target", detail, "write digits, letters, +, - and _"));
    }
    Ok(text.to_owned())
}

/// The further legs of a call that is over, who hung up first, and the pauses of its recording.
#[utoipa::path(get, path = "/calls/{id}/legs", tag = "calls", params(("id" = String, Path), UnmaskQuery),
    security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "What was beside the customer's leg", body = BridgedRow), (status = 404, description = "No such call", body = Problem)))]
async fn legs(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<BridgedRow>, Problem> {
    find(&api, id).await?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("call:{id}")).await?;
    let mut row = api.store().bridged_row(id).await?;
    let outside = row.legs.iter_mut().filter(|leg| leg.kind == LegKind::Trunk.as_str());
    outside.filter(|_| !unmask).for_each(|leg| leg.target = mask(&leg.target));
    Ok(axum::Json(row))
}

/// Gives the customer music; nobody hears them.
#[utoipa::path(post, path = "/calls/{id}/hold", tag = "calls", params(("id" = String, Path)),
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Nobody talks with the customer", body = Problem)))]
async fn hold(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
) -> Result<StatusCode, Problem> {
    order(&api, &caller, call, BridgeOrder::Hold(true), ("call.hold", "")).await
}

/// Takes the customer back from hold.
#[utoipa::path(post, path = "/calls/{id}/resume", tag = "calls", params(("id" = String, Path)),
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Nobody talks with the customer", body = Problem)))]
async fn resume(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
) -> Result<StatusCode, Problem> {
    order(&api, &caller, call, BridgeOrder::Hold(false), ("call.resume", "")).await
}

/// Mutes a leg, or lets it be heard again.
#[utoipa::path(post, path = "/calls/{id}/mute", tag = "calls", params(("id" = String, Path)), request_body = MuteBody,
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call or leg", body = Problem)))]
async fn mute(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<MuteBody>,
) -> Result<StatusCode, Problem> {
    let detail = format!("leg {}: {}", body.leg, if body.muted { "muted" } else { "heard" });
    order(&api, &caller, call, BridgeOrder::Mute(body.leg, body.muted), ("call.mute", &detail)).await
}

/// Rings somebody else for the customer; when they answer, our person is let go.
#[utoipa::path(post, path = "/calls/{id}/transfer", tag = "calls", params(("id" = String, Path)), request_body = TargetBody,
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "It rings"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Not possible in this state", body = Problem), (status = 422, description = "Nothing can be rung there", body = Problem)))]
async fn transfer(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<TargetBody>,
) -> Result<StatusCode, Problem> {
    let (to, name) = rung(&api, body).await?;
    order(&api, &caller, call, BridgeOrder::Transfer(to), ("call.transfer", &name)).await
}

/// Rings somebody for our person, while the customer hears music. The open tickets of the call say who was
/// called in.
#[utoipa::path(post, path = "/calls/{id}/consult", tag = "calls", params(("id" = String, Path)), request_body = TargetBody,
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "It rings"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Not possible in this state", body = Problem), (status = 422, description = "Nothing can be rung there", body = Problem)))]
async fn consult(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<TargetBody>,
) -> Result<StatusCode, Problem> {
    let (to, name) = rung(&api, body).await?;
    let done = order(&api, &caller, call, BridgeOrder::Consult(to), ("call.consult", &name)).await?;
    note(&api, &caller, call, &name).await;
    Ok(done)
}

/// The one consulted takes the customer; our person is let go.
#[utoipa::path(post, path = "/calls/{id}/complete", tag = "calls", params(("id" = String, Path)),
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Nobody who was consulted has answered", body = Problem)))]
async fn complete(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
) -> Result<StatusCode, Problem> {
    order(&api, &caller, call, BridgeOrder::Complete, ("call.complete", "")).await
}

/// Our person goes back to the customer; the one consulted is let go.
#[utoipa::path(post, path = "/calls/{id}/back", tag = "calls", params(("id" = String, Path)),
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Nobody is being consulted", body = Problem)))]
async fn back(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
) -> Result<StatusCode, Problem> {
    order(&api, &caller, call, BridgeOrder::Back, ("call.back", "")).await
}

/// Rings somebody to join, or lets the one join who is being consulted. The open tickets of the call say
/// who was called in.
#[utoipa::path(post, path = "/calls/{id}/conference", tag = "calls", params(("id" = String, Path)), request_body = ConferenceBody,
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done, or it rings"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Not possible in this state", body = Problem), (status = 422, description = "Nothing can be rung there", body = Problem)))]
async fn conference(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<ConferenceBody>,
) -> Result<StatusCode, Problem> {
    let ConferenceBody { target, person, pack } = body;
    let (to, name) = match target.is_none() && person.is_empty() {
        true => (None, String::new()),
        false => {
            let body = TargetBody { target: target.unwrap_or_default(), person, pack };
            let (to, name) = rung(&api, body).await?;
            (Some(to), name)
        }
    };
    let done = order(&api, &caller, call, BridgeOrder::Conference(to), ("call.conference", &name)).await?;
    if !name.is_empty() {
        note(&api, &caller, call, &name).await;
    }
    Ok(done)
}

/// Lets somebody of ours listen, whisper to our person, or join; or changes how they do.
#[utoipa::path(post, path = "/calls/{id}/supervise", tag = "calls", params(("id" = String, Path)), request_body = SuperviseBody,
    security(("bearer" = ["calls.supervise"])),
    responses((status = 202, description = "Done, or it rings"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "Nobody talks with the customer", body = Problem), (status = 422, description = "Nothing can be rung there", body = Problem)))]
async fn supervise(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<SuperviseBody>,
) -> Result<StatusCode, Problem> {
    let to = target(&body.target)?;
    let word = match body.mode {
        Listening::Listen => "listens",
        Listening::Whisper => "whispers",
        Listening::Barge => "barges in",
    };
    let detail = format!("{to} {word}");
    order(&api, &caller, call, BridgeOrder::Supervise(to, body.mode), ("call.supervise", &detail)).await
}

/// Silence goes into the recording, on both sides, or sound again.
#[utoipa::path(post, path = "/calls/{id}/recording/pause", tag = "calls", params(("id" = String, Path)), request_body = PauseBody,
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call", body = Problem), (status = 409, description = "It is so already, or the call is not recorded", body = Problem)))]
async fn pause(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<PauseBody>,
) -> Result<StatusCode, Problem> {
    let action = if body.paused { "recording.pause" } else { "recording.resume" };
    order(&api, &caller, call, BridgeOrder::PauseRecording(body.paused), (action, "")).await
}

/// Lets one leg go.
#[utoipa::path(post, path = "/calls/{id}/legs/hang-up", tag = "calls", params(("id" = String, Path)), request_body = LegBody,
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Done"), (status = 404, description = "No such running call or leg", body = Problem)))]
async fn end_leg(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
    Json(body): Json<LegBody>,
) -> Result<StatusCode, Problem> {
    let detail = format!("leg {}", body.leg);
    order(&api, &caller, call, BridgeOrder::HangUpLeg(body.leg), ("call.hang_up_leg", &detail)).await
}
