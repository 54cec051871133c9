//! One agent's screen: where they are, the call with its card, what they owe today.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::{AgentCard, CallCard};
use super::super::super::listing::Items;
use super::super::super::live::{AgentRules, LiveAgent, LiveCall, LiveLeg, LiveQueue};
use super::super::super::mask::mask_numbers;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{query, segment};
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, Visitor, page};
use super::super::tickets::Titles;
use super::call_in::{Callable, callable};
use super::card::{Card, Open, open};
use super::names::Names;
use super::promised::{Promised, promised};
use crate::access::Permission;
use crate::agent::State as AgentState;
use crate::call::leg::Listening;
use crate::io::store::read::CallbackRow;
use crate::io::store::ticket::{PromiseRow, TicketRow};

/// Tickets and callbacks that are shown.
const OWN: u32 = 12;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Query {
    /// Another agent's screen, for who may steer them.
    agent: Option<String>,
}

/// Where the agent is.
struct Seat {
    name: String,
    /// Name in an address.
    path: String,
    extension: String,
    state: &'static str,
    label: String,
    reason: String,
    since: i64,
    until: Option<i64>,
    phones: usize,
    answered: i64,
}

/// The call as it is at this moment.
struct Line {
    id: String,
    is_inbound: bool,
    state: String,
    since: i64,
    on_hold: bool,
    paused: bool,
    is_up: bool,
    /// The leg of the agent's own phone.
    own: Option<LiveLeg>,
    others: Vec<Other>,
    consults: bool,
    consulted_up: bool,
}

/// Somebody else in the call.
struct Other {
    /// Name of the agent where it is one, then what was rung.
    who: String,
    /// How they supervise, in words; empty: they do not.
    hears: String,
    leg: LiveLeg,
}

/// A callback of the agent's own.
struct Due {
    id: i64,
    name: String,
    rule: String,
    note: String,
    due: i64,
    is_late: bool,
}

/// Callers who wait in a queue.
struct Wait {
    queue: String,
    count: usize,
    since: Option<i64>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "desk/screen.html", blocks = ["desk"])]
struct Screen {
    frame: Frame,
    seat: Seat,
    pick: Vec<Choice>,
    steers: bool,
    dials: bool,
    calls: bool,
    writes: bool,
    opens: bool,
    reasons: Vec<Choice>,
    may_end: bool,
    line: Option<Line>,
    card: Card,
    is_preview: bool,
    kinds: Vec<Choice>,
    tickets: Vec<Open>,
    promises: Vec<Promised>,
    dues: Vec<Due>,
    callable: Vec<Callable>,
    waits: Vec<Wait>,
    colleagues: Vec<Choice>,
    said: String,
    heading: String,
}

/// Who may be chosen.
#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "desk/choose.html")]
struct Choose {
    frame: Frame,
    agents: Vec<Choice>,
    missing: String,
}

fn seat(frame: &Frame, agent: &LiveAgent) -> Seat {
    let state = agent.state.as_str();
    // Available and on a call say it all; why somebody is away or offline is worth a word.
    let tells = matches!(agent.state, AgentState::NotReady | AgentState::Offline | AgentState::WrapUp);
    Seat {
        name: agent.name.clone(),
        path: segment(&agent.name),
        extension: agent.extension.clone(),
        state,
        label: frame.lang.word("desk-state", state),
        reason: if tells { frame.lang.word("desk-reason", &agent.reason) } else { String::new() },
        since: agent.since.0,
        until: agent.until.map(|at| at.0).filter(|_| agent.state != AgentState::Available),
        phones: agent.phones.len(),
        answered: i64::try_from(agent.answered).unwrap_or(i64::MAX),
    }
}

fn other(frame: &Frame, agents: &[LiveAgent], leg: &LiveLeg) -> Other {
    let known = agents.iter().find(|agent| agent.extension == leg.target);
    let who = known.map_or_else(|| leg.target.clone(), |agent| format!("{} {}", agent.name, leg.target));
    let word = leg.supervises.map(|mode| match mode {
        Listening::Listen => "listen",
        Listening::Whisper => "whisper",
        Listening::Barge => "barge",
    });
    let hears = word.map(|word| frame.lang.word("desk-hears", word)).unwrap_or_default();
    Other { who, hears, leg: leg.clone() }
}

fn line(frame: &Frame, agents: &[LiveAgent], agent: &LiveAgent, call: LiveCall) -> Line {
    let is_own = |leg: &LiveLeg| leg.target == agent.extension && leg.supervises.is_none();
    let consulted = call.legs.iter().find(|leg| leg.consulted);
    Line {
        is_inbound: call.direction == crate::call::Direction::Inbound,
        state: frame.lang.word("call-state", &call.state),
        since: call.answered_at.unwrap_or(call.started_at).0,
        on_hold: call.on_hold,
        paused: call.recording_paused,
        is_up: agent.state == AgentState::OnCall,
        consults: consulted.is_some(),
        consulted_up: consulted.is_some_and(|leg| leg.state == "up"),
        own: call.legs.iter().find(|leg| is_own(leg)).cloned(),
        others: call.legs.iter().filter(|leg| !is_own(leg)).map(|leg| other(frame, agents, leg)).collect(),
        id: call.id.to_string(),
    }
}

/// What does not exist is no mistake of a page that looks whether it does.
fn if_there<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.status == 404 => Ok(None),
        Err(problem) => Err(problem),
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let shown = async {
        let asked = query::<Query>(&uri)?.agent;
        let agents = visitor.get::<Items<LiveAgent>>("/agents").await?.items;
        let own = visitor.caller.access.holder().agent.clone();
        let wanted = asked.filter(|name| !name.is_empty()).unwrap_or_else(|| own.clone());
        match agents.iter().find(|agent| agent.name == wanted) {
            Some(agent) => Ok(Ok(read(&api, &visitor, agent, &agents).await?)),
            None => Ok::<_, Problem>(Err(choose(&api, &visitor, &agents, wanted))),
        }
    };
    match shown.await {
        Ok(Ok(screen)) if visitor.look.is_fragment => page(&screen.as_desk()),
        Ok(Ok(screen)) => page(&screen),
        Ok(Err(choose)) => page(&choose),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

fn within_reach(visitor: &Visitor, agents: &[LiveAgent], chosen: &str) -> Vec<Choice> {
    let reach = visitor.caller.reach(Permission::AgentsCard);
    let theirs = agents.iter().filter(|agent| reach.has_person(&agent.name));
    let choice = |agent: &LiveAgent| Choice {
        value: agent.name.clone(),
        label: format!("{} · {}", agent.name, agent.extension),
        is_chosen: agent.name == chosen,
    };
    theirs.map(choice).collect()
}

fn choose(api: &Shared, visitor: &Visitor, agents: &[LiveAgent], missing: String) -> Choose {
    let frame = visitor.frame(api, "nav-desk", "nav-desk");
    Choose { agents: within_reach(visitor, agents, ""), missing, frame }
}

async fn read(
    api: &Shared,
    visitor: &Visitor,
    agent: &LiveAgent,
    agents: &[LiveAgent],
) -> Result<Screen, Problem> {
    let frame = visitor.frame(api, "nav-desk", "nav-desk");
    let seat = seat(&frame, agent);
    let titles = Titles::read(visitor).await?;
    let names = Names::read(visitor).await?;
    let rules = visitor.get::<AgentRules>("/agents/rules").await?;
    let card = if_there(visitor.get::<AgentCard>(&format!("/agents/{}/card", seat.path)).await)?;
    let live = card.as_ref().and_then(|card| card.live.clone());
    let (mut card, is_preview) = match card {
        Some(card) => (Card::of_call(&frame, &titles, &names, card), false),
        None => match if_there(visitor.get::<CallCard>(&format!("/agents/{}/preview", seat.path)).await)? {
            Some(card) => (Card::of_callback(&frame, &names, card, ""), true),
            None => (Card::default(), false),
        },
    };
    let pack = card.pack.clone();
    card.about.know_matter(visitor, &pack).await?;
    let words: Vec<&str> = rules.reasons.iter().map(|reason| reason.word.as_str()).collect();
    let chosen = (agent.state == AgentState::NotReady).then_some(agent.reason.as_str());
    let who = if card.name.is_empty() { card.phone.clone() } else { format!("{} {}", card.name, card.phone) };
    let said = match agent.state {
        AgentState::Offered => frame.lang.with("desk-said-offered", "who", &who).into_owned(),
        _ => seat.label.clone(),
    };
    let pick = within_reach(visitor, agents, &agent.name);
    Ok(Screen {
        heading: match agent.state {
            AgentState::Offered => said.clone(),
            _ => frame.title.clone(),
        },
        said,
        pick: if pick.len() > 1 { pick } else { Vec::new() },
        steers: visitor.may(Permission::AgentsSteer),
        dials: visitor.may(Permission::AgentsDial),
        calls: visitor.may(Permission::CallsSteer),
        writes: visitor.may(Permission::CallbacksCall),
        opens: visitor.may(Permission::TicketsOpen),
        reasons: choices(&frame, "desk-reason", words, chosen),
        may_end: rules.wrap_up_may_end,
        callable: callable(visitor, &frame, &seat.extension, live.as_ref(), &card.pack).await?,
        line: live.map(|call| line(&frame, agents, agent, call)),
        kinds: titles.kinds(&frame, Some(&card.pack), None),
        is_preview,
        tickets: own_tickets(visitor, &frame, &titles, &agent.name).await?,
        promises: own_promises(visitor, &frame, &titles, &names, &seat.path).await?,
        dues: own_callbacks(visitor, &frame, &names, &agent.name).await?,
        waits: waits(visitor).await?,
        colleagues: colleagues(&frame, agents, agent),
        card,
        seat,
        frame,
    })
}

/// Agents to whom a call can be handed: who is ready first.
fn colleagues(frame: &Frame, agents: &[LiveAgent], own: &LiveAgent) -> Vec<Choice> {
    let mut others: Vec<&LiveAgent> =
        agents.iter().filter(|agent| agent.name != own.name && !agent.phones.is_empty()).collect();
    others.sort_by_key(|agent| agent.state != AgentState::Available);
    let choice = |agent: &LiveAgent| Choice {
        value: agent.extension.clone(),
        label: format!("{} · {}", agent.name, frame.lang.word("desk-state", agent.state.as_str())),
        is_chosen: false,
    };
    others.into_iter().map(choice).collect()
}

async fn own_tickets(
    visitor: &Visitor,
    frame: &Frame,
    titles: &Titles,
    agent: &str,
) -> Result<Vec<Open>, Problem> {
    if !visitor.may(Permission::TicketsSee) {
        return Ok(Vec::new());
    }
    let path = format!("/tickets?phase=owed&sort=due&owner={}&limit={OWN}", segment(agent));
    let rows = visitor.get::<Items<TicketRow>>(&path).await?.items;
    Ok(rows.iter().map(|row| open(frame, titles, row)).collect())
}

async fn own_promises(
    visitor: &Visitor,
    frame: &Frame,
    titles: &Titles,
    names: &Names,
    path: &str,
) -> Result<Vec<Promised>, Problem> {
    let rows = visitor.get::<Items<PromiseRow>>(&format!("/agents/{path}/promises")).await?.items;
    Ok(rows.into_iter().take(OWN as usize).map(|row| promised(frame, titles, names, row)).collect())
}

async fn own_callbacks(
    visitor: &Visitor,
    frame: &Frame,
    names: &Names,
    agent: &str,
) -> Result<Vec<Due>, Problem> {
    if !visitor.may(Permission::CallbacksSee) {
        return Ok(Vec::new());
    }
    let (today, agent) = (frame.times.today(), segment(agent));
    let path = format!("/callbacks?state=open&assignee={agent}&due={today}&limit={OWN}");
    let rows = visitor.get::<Items<CallbackRow>>(&path).await?.items;
    let due = |row: CallbackRow| Due {
        id: row.id,
        is_late: row.deadline <= frame.times.now.0,
        name: mask_numbers(&row.name),
        rule: names.rule(frame, &row.pack, &row.rule),
        note: row.note,
        due: row.due,
    };
    Ok(rows.into_iter().map(due).collect())
}

async fn waits(visitor: &Visitor) -> Result<Vec<Wait>, Problem> {
    if !visitor.may(Permission::AgentsSee) {
        return Ok(Vec::new());
    }
    let queues = visitor.get::<Items<LiveQueue>>("/queues").await?.items;
    let wait = |queue: LiveQueue| Wait {
        count: queue.waiting.len(),
        since: queue.waiting.iter().map(|one| one.since.0).min(),
        queue: queue.name,
    };
    Ok(queues.into_iter().map(wait).collect())
}
