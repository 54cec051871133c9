//! Who can be called into a talk: those on duty by the roster, and agents whose phones are there. They
//! are chosen by name, so that nobody has to know a number (CNT-19).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::tickets::who;
use crate::agent::State as AgentState;
use crate::base::CallId;
use crate::io::web::auth::Caller;
use crate::io::web::listing::Items;
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::Shared;
use crate::roster::{OnDuty, Role};
use crate::ticket::Act;

/// The roster of the whole house.
const HOUSE: &str = "default";

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack whose roster comes first.
    pack: Option<String>,
}

/// Somebody who can be called into a talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallInView {
    /// Name: what orders are given by.
    pub name: String,
    /// Role by the roster of this night; null: they are not on duty by it.
    pub duty: Option<Role>,
    /// State as an agent; null: they are none, or have no phone of ours.
    #[schema(value_type = Option<String>)]
    pub state: Option<AgentState>,
    /// What is rung: an extension, or a number outside, which is masked.
    pub address: String,
}

/// The same with what is really rung.
struct Person {
    view: CallInView,
    address: String,
    /// Name as an agent, where the roster has another.
    agent: String,
}

impl Person {
    fn is_ready(&self) -> bool {
        self.view.state == Some(AgentState::Available)
    }
}

/// Who is on duty by the rosters, that of the pack first; nobody where there are none, or by day.
async fn nights(api: &Shared, pack: Option<&str>) -> Result<Vec<OnDuty>, Problem> {
    let Ok(rosters) = api.rosters() else { return Ok(Vec::new()) };
    let configured = rosters.packs();
    let mut packs: Vec<&str> = pack.into_iter().collect();
    for known in configured.iter().map(|settings| settings.pack.as_str()).chain([HOUSE]) {
        if !packs.contains(&known) {
            packs.push(known);
        }
    }
    let mut nights = Vec::with_capacity(packs.len());
    for pack in packs {
        nights.extend(rosters.on_duty(pack, api.now()).await?);
    }
    Ok(nights)
}

/// Everybody, who is on duty first, then who is ready.
async fn people(api: &Shared, pack: Option<&str>) -> Result<Vec<Person>, Problem> {
    let live = api.parts.live.borrow().clone();
    let agents = live.agents.iter().filter(|agent| !agent.phones.is_empty());
    let mut all: Vec<Person> = agents
        .map(|agent| Person {
            address: agent.extension.clone(),
            agent: agent.name.clone(),
            view: CallInView {
                name: agent.name.clone(),
                duty: None,
                state: Some(agent.state),
                address: agent.extension.clone(),
            },
        })
        .collect();
    for post in nights(api, pack).await?.into_iter().flat_map(|night| night.chain) {
        let address = post.address().to_owned();
        if let Some(known) = all.iter_mut().find(|person| person.address == address) {
            if known.view.duty.is_none() {
                (known.view.duty, known.view.name) = (Some(post.role), post.person.name);
            }
            continue;
        }
        let is_ours = !post.person.extension.is_empty();
        let shown = if is_ours { address.clone() } else { mask(&address) };
        let view = CallInView { name: post.person.name, duty: Some(post.role), state: None, address: shown };
        all.push(Person { view, address, agent: String::new() });
    }
    all.sort_by_key(|person| (person.view.duty.is_none(), !person.is_ready()));
    Ok(all)
}

/// What is rung for a name.
///
/// # Errors
/// Nobody of that name can be called in, with who can.
pub(super) async fn address_of(api: &Shared, pack: &str, name: &str) -> Result<String, Problem> {
    let all = people(api, Some(pack).filter(|pack| !pack.is_empty())).await?;
    if let Some(person) = all.iter().find(|person| person.view.name == name || person.agent == name) {
        return Ok(person.address.clone());
    }
    let known: Vec<&str> = all.iter().map(|person| person.view.name.as_str()).collect();
    let hint = match known.is_empty() {
        true => "nobody is on duty and no agent has a phone here: give a `target`".to_owned(),
        false => format!("write one of {}", known.join(", ")),
    };
    Err(Problem::invalid_field("person", format!("nobody called `{name}` can be rung"), hint))
}

/// Who can be called into a talk now: on duty by the roster, or an agent with a phone. The orders of a
/// call take them by name.
#[utoipa::path(get, path = "/call-in", tag = "calls", params(Query), security(("bearer" = ["calls.steer"])),
    responses((status = 200, description = "Who is on duty first, then who is ready", body = Items<CallInView>)))]
async fn index(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<CallInView>>, Problem> {
    let all = people(&api, query.pack.as_deref().filter(|pack| !pack.is_empty())).await?;
    Ok(axum::Json(Items { items: all.into_iter().map(|person| person.view).collect(), next: None }))
}

/// Writes into the open tickets of a call who was called in. The order stands, whatever comes of this.
pub(super) async fn note(api: &Shared, caller: &Caller, call: CallId, name: &str) {
    let written = async {
        for ticket in api.store().open_tickets_of_call(&call.to_string()).await? {
            let act = Act::CallIn { who: name.to_owned(), call };
            api.tickets()?.act(ticket, &act, &who(caller), api.now()).await?;
        }
        Ok::<_, Problem>(())
    };
    if let Err(problem) = written.await {
        tracing::warn!(%call, problem = %problem.detail, "who was called in is not on the ticket");
    }
}
