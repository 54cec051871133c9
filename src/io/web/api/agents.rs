//! Agents: where they are, where they were, and how they are moved.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::agent::{State as AgentState, Wish};
use crate::base::Timestamp;
use crate::io::store::{AgentLogin, AgentStateRow, AgentTime};
use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done};
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::live::{AgentRules, LiveAgent};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// Longest span of a report: a quarter.
const LONGEST_SPAN_MS: i64 = 93 * 24 * 3600 * 1000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(rules))
        .routes(routes!(history))
        .routes(routes!(times))
        .routes(routes!(logins))
        .routes(routes!(put_state))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Only this agent.
    agent: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SpanQuery {
    /// Begin; milliseconds since 1970.
    from: i64,
    /// End, exclusive; milliseconds since 1970. Default: now.
    until: Option<i64>,
}

/// Where an agent is to be.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentStateBody {
    /// `available`, `not_ready` or `offline`.
    pub state: AgentState,
    /// For `not_ready`: a reason of the configuration.
    #[serde(default)]
    pub reason: String,
}

/// Where an agent is after an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentMoved {
    /// Who.
    pub agent: String,
    /// Where it is; in a call the order waits for its end.
    pub state: AgentState,
}

impl SheetRow for LiveAgent {
    const NAME: &'static str = "agents";
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "extension",
        "state",
        "reason",
        "since",
        "until",
        "phones",
        "call",
        "offered",
        "answered",
        "answer_delay_ms",
        "slowest_answer_ms",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.extension.clone(),
            self.state.as_str().into(),
            self.reason.clone(),
            self.since.to_string(),
            optional(&self.until),
            self.phones.len().to_string(),
            optional(&self.call),
            self.offered.to_string(),
            self.answered.to_string(),
            self.answer_delay_ms.to_string(),
            self.slowest_answer_ms.to_string(),
        ]
    }
}

impl SheetRow for AgentStateRow {
    const NAME: &'static str = "agent-states";
    const COLUMNS: &'static [&'static str] =
        &["id", "agent", "state", "reason", "call_id", "changed_by", "began_at", "ended_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.agent.clone(),
            self.state.clone(),
            self.reason.clone(),
            self.call_id.clone().unwrap_or_default(),
            self.changed_by.clone(),
            Timestamp(self.began_at).to_string(),
            optional(&self.ended_at.map(Timestamp)),
        ]
    }
}

impl SheetRow for AgentTime {
    const NAME: &'static str = "agent-times";
    const COLUMNS: &'static [&'static str] = &["agent", "state", "ms", "times"];

    fn cells(&self) -> Vec<String> {
        vec![self.agent.clone(), self.state.clone(), self.ms.to_string(), self.times.to_string()]
    }
}

impl SheetRow for AgentLogin {
    const NAME: &'static str = "agent-logins";
    const COLUMNS: &'static [&'static str] = &["agent", "since"];

    fn cells(&self) -> Vec<String> {
        vec![self.agent.clone(), Timestamp(self.since).to_string()]
    }
}

impl SpanQuery {
    pub(super) fn read(&self, api: &Shared) -> Result<(Timestamp, Timestamp), Problem> {
        let until = self.until.unwrap_or(api.now().0);
        if until <= self.from || until.saturating_sub(self.from) > LONGEST_SPAN_MS {
            let hint = "give a begin before the end, at most 93 days apart";
            return Err(Problem::invalid_field("from", "no span of time", hint));
        }
        Ok((Timestamp(self.from), Timestamp(until)))
    }
}

/// Agents with their state, phones and times to answer.
#[utoipa::path(get, path = "/agents", tag = "agents", security(("bearer" = ["agents.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<LiveAgent>)))]
async fn index(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let rows = api.parts.live.borrow().agents.clone();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// What agents may say of themselves: reasons not to be ready, and whether they may end the time
/// after a call.
#[utoipa::path(get, path = "/agents/rules", tag = "agents", security(("bearer" = ["agents.see"])),
    responses((status = 200, description = "As the configuration has it", body = AgentRules)))]
async fn rules(State(api): State<Shared>) -> axum::Json<AgentRules> {
    axum::Json(api.parts.live.borrow().agent_rules.clone())
}

/// Where agents were, newest first.
#[utoipa::path(get, path = "/agents/history", tag = "agents", params(HistoryQuery), security(("bearer" = ["agents.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<AgentStateRow>)))]
async fn history(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<HistoryQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let query = query.clone();
        async move { api.store().agent_states(query.agent.as_deref(), after.as_ref(), limit).await }
    })
    .await
}

/// How long each agent was in each state: occupancy is the share of `on_call` and `wrap_up`.
#[utoipa::path(get, path = "/agents/times", tag = "agents", params(SpanQuery), security(("bearer" = ["agents.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<AgentTime>),
        (status = 422, description = "No span of time", body = Problem)))]
async fn times(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<SpanQuery>,
) -> Result<Response, Problem> {
    let (from, until) = query.read(&api)?;
    let rows = api.store().agent_times(from, until).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Since when each agent who was there had been there.
#[utoipa::path(get, path = "/agents/logins", tag = "agents", params(SpanQuery), security(("bearer" = ["agents.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<AgentLogin>),
        (status = 422, description = "No span of time", body = Problem)))]
async fn logins(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<SpanQuery>,
) -> Result<Response, Problem> {
    let (from, until) = query.read(&api)?;
    let rows = api.store().agent_logins(from, until).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Moves an agent. In a call the order waits for its end.
#[utoipa::path(put, path = "/agents/{name}/state", tag = "agents", params(("name" = String, Path)),
    security(("bearer" = ["agents.steer"])), request_body = AgentStateBody,
    responses((status = 200, description = "Moved", body = AgentMoved),
        (status = 404, description = "No such agent", body = Problem),
        (status = 409, description = "No phone is registered", body = Problem),
        (status = 422, description = "No such state or reason", body = Problem)))]
async fn put_state(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<AgentStateBody>,
) -> Result<axum::Json<AgentMoved>, Problem> {
    let wish = match body.state {
        AgentState::Available => Wish::Available,
        AgentState::NotReady => Wish::NotReady(body.reason.clone()),
        AgentState::Offline => Wish::LogOut,
        AgentState::Offered | AgentState::OnCall | AgentState::WrapUp => {
            let hint = "write available, not_ready or offline: calls make the other states";
            return Err(Problem::invalid_field("state", "nobody can be put there", hint));
        }
    };
    let detail = format!("{} {}", body.state.as_str(), body.reason);
    caller.audit(&api, "agent.state", &format!("agent:{name}"), detail.trim()).await?;
    let order = Control::Agent { name: name.clone(), wish, by: caller.name.clone() };
    match api.ask(order).await? {
        Done::Agent(state) => Ok(axum::Json(AgentMoved { agent: name, state })),
        _ => Err(Problem::unavailable("the engine gave no answer")),
    }
}
