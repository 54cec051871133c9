//! The floor: all agents and queues as they are now.

use axum::extract::State;
use axum::response::Response;

use super::super::super::listing::Items;
use super::super::super::live::{AgentRules, LiveAgent, LiveQueue};
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::segment;
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, Visitor, page};
use super::QueueLine;
use crate::access::Permission;
use crate::agent::State as AgentState;
use crate::io::store::QueueCallbackRow;

/// One agent.
struct Seat {
    name: String,
    path: String,
    extension: String,
    state: &'static str,
    label: String,
    reason: String,
    since: i64,
    has_phone: bool,
    call: String,
    answered: u64,
    delay: String,
    is_reached: bool,
}

/// A caller who is to be called back.
struct Promise {
    call: String,
    queue: String,
    phone: String,
    since: i64,
    state: String,
    is_alive: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "desk/team.html", blocks = ["team"])]
struct Team {
    frame: Frame,
    steers: bool,
    supervises: bool,
    cancels: bool,
    extension: String,
    tiles: Vec<(&'static str, usize)>,
    reasons: Vec<Choice>,
    seats: Vec<Seat>,
    lines: Vec<QueueLine>,
    promises: Vec<Promise>,
    said: String,
}

fn seat(frame: &Frame, visitor: &Visitor, agent: &LiveAgent) -> Seat {
    let state = agent.state.as_str();
    let delay = i64::try_from(agent.answer_delay_ms.checked_div(agent.answered).unwrap_or_default());
    let tells = matches!(agent.state, AgentState::NotReady | AgentState::Offline);
    Seat {
        path: segment(&agent.name),
        name: agent.name.clone(),
        extension: agent.extension.clone(),
        state,
        label: frame.lang.word("desk-state", state),
        reason: if tells { frame.lang.word("desk-reason", &agent.reason) } else { String::new() },
        since: agent.since.0,
        has_phone: !agent.phones.is_empty(),
        call: agent
            .call
            .filter(|_| agent.state == AgentState::OnCall)
            .map(|id| id.to_string())
            .unwrap_or_default(),
        answered: agent.answered,
        delay: frame.length(&delay.unwrap_or_default()),
        is_reached: visitor.caller.reach(Permission::AgentsSteer).has_person(&agent.name),
    }
}

fn promise(frame: &Frame, row: QueueCallbackRow) -> Promise {
    Promise {
        call: row.call_id,
        queue: row.queue,
        phone: row.phone,
        since: row.joined_at,
        is_alive: row.fate.is_none(),
        state: frame.lang.word("desk-promise", row.fate.as_deref().unwrap_or("waits")),
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    match read(&api, &visitor).await {
        Ok(team) if visitor.look.is_fragment => page(&team.as_team()),
        Ok(team) => page(&team),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor) -> Result<Team, Problem> {
    let frame = visitor.frame(api, "nav-desk", "desk-team-title");
    let agents = visitor.get::<Items<LiveAgent>>("/agents").await?.items;
    let queues = visitor.get::<Items<LiveQueue>>("/queues").await?.items;
    let rules = visitor.get::<AgentRules>("/agents/rules").await?;
    let promises = match visitor.may(Permission::QueuesSee) {
        true => visitor.get::<Items<QueueCallbackRow>>("/queues/callbacks").await?.items,
        false => Vec::new(),
    };
    let holder = visitor.caller.access.holder();
    let own = agents.iter().find(|agent| agent.name == holder.agent);
    let count = |state: AgentState| agents.iter().filter(|agent| agent.state == state).count();
    let waiting: usize = queues.iter().map(|queue| queue.waiting.len()).sum();
    let words: Vec<&str> = rules.reasons.iter().map(|reason| reason.word.as_str()).collect();
    let mut seats: Vec<Seat> = agents.iter().map(|agent| seat(&frame, visitor, agent)).collect();
    // Who is in a call or ready stands before who is away.
    let order = ["offered", "on_call", "wrap_up", "available", "not_ready", "offline"];
    seats.sort_by_key(|seat| order.iter().position(|state| *state == seat.state));
    Ok(Team {
        steers: visitor.may(Permission::AgentsSteer),
        supervises: visitor.may(Permission::CallsSupervise),
        cancels: visitor.may(Permission::QueuesSteer),
        extension: own.map(|agent| agent.extension.clone()).unwrap_or_default(),
        tiles: vec![
            ("desk-tile-waiting", waiting),
            ("desk-tile-on-call", count(AgentState::OnCall) + count(AgentState::Offered)),
            ("desk-tile-available", count(AgentState::Available)),
            ("desk-tile-not-ready", count(AgentState::NotReady) + count(AgentState::WrapUp)),
        ],
        reasons: choices(&frame, "desk-reason", words, None),
        seats,
        said: frame
            .lang
            .with("desk-said-waiting", "n", i64::try_from(waiting).unwrap_or(i64::MAX))
            .into_owned(),
        lines: queues.into_iter().map(|queue| QueueLine::new(&frame, queue)).collect(),
        promises: promises.into_iter().map(|row| promise(&frame, row)).collect(),
        frame,
    })
}
