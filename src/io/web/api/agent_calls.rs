//! Calls that agents begin, the card that travels with a call, and what agents' talks came to.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::agents::SpanQuery;
use super::call_card::{CallCard, of_callback, steps_of};
use super::customers::{CustomerCard, card};
use super::entries::{ReasonBody, UnmaskQuery, unmasking};
use super::live::masked;
use super::promises::promises;
use crate::access::Permission;
use crate::agent::State as AgentState;
use crate::base::{CallId, CallbackId, CampaignId, CustomerId, EntryId, PhoneNumber, Timestamp};
use crate::engine::DialOrder;
use crate::io::store::ticket::{PromiseFilter, PromiseRow, TicketFilter, TicketRow};
use crate::io::store::{Abandoned, AgentTalks, Thing};
use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done};
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::live::LiveCall;
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::SheetRow;
use crate::io::web::state::Shared;
use crate::policy::pack::Rule;

/// Open tickets on one card.
const TICKETS: u32 = 20;
/// States of an agent that are looked through for their last call: it is the one before the present.
const STATES: u32 = 5;
/// Days of one answer about abandoned calls.
const MOST_DAYS: i64 = 93;
const DAY_MS: i64 = 24 * 3600 * 1000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(dial))
        .routes(routes!(preview, open_preview))
        .routes(routes!(preview_this))
        .routes(routes!(dial_preview))
        .routes(routes!(skip))
        .routes(routes!(talks))
        .routes(routes!(abandoned))
        .merge(super::promises::routes())
}

/// What an agent's phone is to call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DialBody {
    /// The number; left out where a card is open, or a ticket is named.
    pub number: String,
    /// Row id of the ticket whose customer is called.
    pub ticket: Option<i64>,
    /// Why it is called against a rule; empty: it is not.
    pub override_reason: String,
}

/// A call that leaves for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DialView {
    /// Its id.
    pub call: String,
    /// Whose phone rings first.
    pub agent: String,
}

/// Everything to know of the customer of a call, with one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentCard {
    /// Who is to see it.
    pub agent: String,
    /// The call; null: the card comes before it.
    pub call: Option<String>,
    /// The call as it is at this moment; null: it is over, or has not begun.
    #[serde(default)]
    pub live: Option<LiveCall>,
    /// The customer's number, masked unless asked for.
    pub phone: String,
    /// Their name, as far as the call knows it.
    pub name: String,
    /// Script that runs.
    pub script: String,
    /// Its steps, in order.
    pub steps: Vec<String>,
    /// The callback that the call is for, with purpose, facts and what must be filled in.
    pub callback: Option<CallCard>,
    /// The customer with events, calls and answers, where the call is for no callback.
    pub customer: Option<CustomerCard>,
    /// Their tickets that are open, newest first.
    pub tickets: Vec<TicketRow>,
    /// What they were promised and is not kept yet, by its time.
    #[serde(default)]
    pub promises: Vec<PromiseRow>,
}

/// A call whose card is wanted.
#[derive(Clone, Debug)]
pub struct CardOf {
    /// Who is to see it.
    pub agent: String,
    /// The call.
    pub call: CallId,
    /// The customer's number.
    pub phone: String,
    /// Their name, as the call has it.
    pub name: String,
    /// The list entry, for list calls.
    pub entry: Option<EntryId>,
    /// Script that runs.
    pub script: String,
}

impl SheetRow for AgentTalks {
    const NAME: &'static str = "agent-talks";
    const COLUMNS: &'static [&'static str] =
        &["agent", "talks", "rated", "customer_left", "cut_off", "survey_calls", "dialled"];

    fn cells(&self) -> Vec<String> {
        let figures =
            [self.talks, self.rated, self.customer_left, self.cut_off, self.survey_calls, self.dialled];
        std::iter::once(self.agent.clone()).chain(figures.map(|n| n.to_string())).collect()
    }
}

impl SheetRow for Abandoned {
    const NAME: &'static str = "abandoned";
    const COLUMNS: &'static [&'static str] = &["day", "answered", "abandoned", "rate"];

    fn cells(&self) -> Vec<String> {
        let rate = self.rate.map(|rate| format!("{rate:.4}")).unwrap_or_default();
        vec![self.day.clone(), self.answered.to_string(), self.abandoned.to_string(), rate]
    }
}

/// The card of a call.
///
/// # Errors
/// Those of the store.
pub async fn agent_card(api: &Shared, of: CardOf, unmask: bool) -> Result<AgentCard, Problem> {
    let callback = api.store().callback_of_call(of.call, of.entry).await?;
    let callback = match callback {
        Some(id) => Some(of_callback(api, id, unmask).await?),
        None => None,
    };
    let phone = PhoneNumber::parse(&of.phone, api.import().home_area.as_deref());
    let phone = phone.map_or(of.phone, |(phone, _)| phone.to_string());
    let rows = match callback {
        Some(_) => Vec::new(),
        None => api.store().customers_of_phone(&phone).await?,
    };
    let person = match rows.first() {
        Some((_, id, ..)) => api.store().person(CustomerId(*id)).await?,
        None => None,
    };
    let known = callback.as_ref().map(|card| card.callback.customer_id).or(rows.first().map(|row| row.1));
    let known = known.map(CustomerId);
    let filter = TicketFilter { phone: Some(phone.clone()), ..TicketFilter::default() };
    let mut tickets = api.store().ticket_rows(&filter, None, TICKETS).await?.rows;
    if known.is_some() {
        // One that was opened from their page has no number of its own.
        let filter = TicketFilter { customer: known, ..TicketFilter::default() };
        let theirs = api.store().ticket_rows(&filter, None, TICKETS).await?.rows;
        tickets.extend(theirs.into_iter().filter(|row| row.phone != phone));
    }
    tickets.retain(|ticket| ticket.closed_at.is_none());
    tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.id));
    if !unmask {
        tickets.iter_mut().for_each(|ticket| ticket.phone = mask(&ticket.phone));
    }
    let to = Some((known, phone.clone()));
    let promises = promises(api, &PromiseFilter { agent: None, to }, unmask).await?;
    let live = api.parts.live.borrow().calls.iter().find(|call| call.id == of.call).cloned();
    Ok(AgentCard {
        agent: of.agent,
        live: live.map(|call| if unmask { call } else { masked(call) }),
        call: Some(of.call.to_string()),
        phone: if unmask { phone } else { mask(&phone) },
        name: of.name,
        steps: steps_of(api, &of.script),
        script: of.script,
        callback,
        customer: person.map(|person| card(api, person, unmask)),
        tickets,
        promises,
    })
}

/// The card of the call that an agent is offered or talks in, and of the one that is over as long as
/// they finish its work: who it is, why, what happened, what is open, what is asked. It is also sent
/// as the event `card` when the call comes.
#[utoipa::path(get, path = "/agents/{name}/card", tag = "agents", params(("name" = String, Path), UnmaskQuery),
    security(("bearer" = ["agents.card"])),
    responses((status = 200, description = "The card", body = AgentCard),
        (status = 404, description = "No such agent, or in no call", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<AgentCard>, Problem> {
    let live = api.parts.live.borrow().clone();
    let agent = live.agents.iter().find(|agent| agent.name == name);
    let agent = agent.ok_or_else(|| Problem::not_found("agent", &name))?;
    let call = agent.call.and_then(|id| live.calls.iter().find(|call| call.id == id));
    let of = match call {
        Some(call) => CardOf {
            agent: name,
            call: call.id,
            phone: call.phone.clone(),
            name: call.name.clone(),
            entry: call.entry,
            script: call.script.clone(),
        },
        None if agent.state == AgentState::WrapUp => last_call(&api, &name).await?,
        None => return Err(Problem::not_found("call of agent", &name)),
    };
    let unmask = unmasking(&api, &caller, query.unmask, &format!("call:{}", of.call)).await?;
    Ok(axum::Json(agent_card(&api, of, unmask).await?))
}

/// The call whose work an agent finishes.
async fn last_call(api: &Shared, agent: &str) -> Result<CardOf, Problem> {
    let none = || Problem::not_found("call of agent", agent);
    let states = api.store().agent_states(Some(agent), None, STATES).await?.rows;
    let call = states.iter().find_map(|state| state.call_id.as_deref()).ok_or_else(none)?;
    let call: CallId = call.parse().map_err(|_| none())?;
    let row = api.store().call_row(call).await?.ok_or_else(none)?;
    Ok(CardOf {
        agent: agent.to_owned(),
        call,
        phone: row.phone,
        name: String::new(),
        entry: row.entry_id.map(EntryId),
        script: row.script.unwrap_or_default(),
    })
}

async fn order(api: &Shared, order: DialOrder, by: &str) -> Result<axum::Json<DialView>, Problem> {
    let agent = order.agent.clone();
    match api.ask(Control::Dial { order, by: by.to_owned() }).await? {
        Done::Dialled(call) => Ok(axum::Json(DialView { call: call.to_string(), agent })),
        _ => Err(Problem::unavailable("the engine gave no answer")),
    }
}

/// The number of a ticket, else the first of its customer.
async fn number_of(api: &Shared, ticket: i64) -> Result<String, Problem> {
    let ticket = api.tickets()?.ticket(ticket).await?;
    let Some(customer) = ticket.customer.filter(|_| ticket.phone.is_empty()) else { return Ok(ticket.phone) };
    let known = api.store().customers_by_id(&[customer]).await?.into_values().next();
    let first = known.and_then(|customer| customer.contacts.into_iter().next());
    Ok(first.map(|contact| contact.phone.to_string()).unwrap_or_default())
}

/// Rings an agent's phone and then the number, where the guard lets it: do-not-call list, hours and
/// caps hold for agents too. Against hours and caps it goes with a reason, which stands in the
/// adherence report.
#[utoipa::path(post, path = "/agents/{name}/dial", tag = "agents", params(("name" = String, Path)),
    security(("bearer" = ["agents.dial"])), request_body = DialBody,
    responses((status = 200, description = "The agent's phone rings", body = DialView),
        (status = 409, description = "The agent cannot call now, or a rule speaks against it", body = Problem),
        (status = 422, description = "No number", body = Problem)))]
async fn dial(
    State(api): State<Shared>,
    caller: Caller,
    Path(agent): Path<String>,
    Json(body): Json<DialBody>,
) -> Result<axum::Json<DialView>, Problem> {
    let number = match body.ticket {
        None => body.number.clone(),
        Some(ticket) => {
            caller.needs_in_reach(&api, Permission::TicketsSee, Thing::Ticket, &ticket.to_string()).await?;
            number_of(&api, ticket).await?
        }
    };
    let number = super::entries::phone(&api, "number", &number)?.to_string();
    let subject = format!("agent:{agent}");
    caller.audit(&api, "agent.dial", &subject, &body.override_reason).await?;
    let wanted = DialOrder { agent, number, override_reason: body.override_reason, callback: None };
    order(&api, wanted, &caller.name).await
}

/// The next callback of the day that this agent is to make, with its card: nobody else is given it
/// for three minutes. Asked again, it is the same one.
#[utoipa::path(post, path = "/agents/{name}/preview", tag = "agents", params(("name" = String, Path), UnmaskQuery),
    security(("bearer" = ["agents.dial"])),
    responses((status = 200, description = "The card", body = CallCard),
        (status = 404, description = "Nothing is due for this agent", body = Problem)))]
async fn preview(
    State(api): State<Shared>,
    caller: Caller,
    Path(agent): Path<String>,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<CallCard>, Problem> {
    let suits = |rule: &Rule| caller.calls_as(&rule.caller.role);
    let found = api.planner()?.preview_next(&agent, &suits, api.now()).await?;
    let callback = found.ok_or_else(|| Problem::not_found("callback that is due for agent", &agent))?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("callback:{callback}")).await?;
    Ok(axum::Json(of_callback(&api, callback, unmask).await?))
}

/// Opens the card of one callback for an agent, such as one that was promised: it is theirs for three
/// minutes, and another card that they had open is put back.
#[utoipa::path(post, path = "/agents/{name}/preview/{callback}", tag = "agents",
    params(("name" = String, Path), ("callback" = i64, Path)), security(("bearer" = ["agents.dial"])),
    responses((status = 200, description = "The card", body = CallCard),
        (status = 403, description = "The callback is another role's, or out of reach", body = Problem),
        (status = 404, description = "No such callback", body = Problem),
        (status = 409, description = "It is over, or another agent has its card", body = Problem)))]
async fn preview_this(
    State(api): State<Shared>,
    caller: Caller,
    Path((agent, callback)): Path<(String, String)>,
) -> Result<axum::Json<CallCard>, Problem> {
    let id: i64 = callback.parse().map_err(|_| Problem::not_found("callback", &callback))?;
    super::callbacks::find(&api, id).await?;
    caller.needs_in_reach(&api, Permission::CallbacksSee, Thing::Callback, &callback).await?;
    let (planner, now, id) = (api.planner()?, api.now(), CallbackId(id));
    let role = planner.role_for(id, now).await?;
    if !caller.calls_as(&role) {
        let text = format!("this callback is made by {role}, which the token's roles are not");
        return Err(Problem::not_by(text));
    }
    planner.preview_this(&agent, id, now).await?;
    Ok(axum::Json(of_callback(&api, id, false).await?))
}

/// The card that the agent has open.
#[utoipa::path(get, path = "/agents/{name}/preview", tag = "agents", params(("name" = String, Path), UnmaskQuery),
    security(("bearer" = ["agents.card"])),
    responses((status = 200, description = "The card", body = CallCard),
        (status = 404, description = "None is open", body = Problem)))]
async fn open_preview(
    State(api): State<Shared>,
    caller: Caller,
    Path(agent): Path<String>,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<CallCard>, Problem> {
    let found = api.store().card_of(&agent, api.now()).await?;
    let (callback, _) = found.ok_or_else(|| Problem::not_found("open card of agent", &agent))?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("callback:{callback}")).await?;
    Ok(axum::Json(of_callback(&api, callback, unmask).await?))
}

/// Dials what the agent has open: their phone rings first.
#[utoipa::path(post, path = "/agents/{name}/preview/dial", tag = "agents", params(("name" = String, Path)),
    security(("bearer" = ["agents.dial"])), request_body = DialBody,
    responses((status = 200, description = "The agent's phone rings", body = DialView),
        (status = 409, description = "No card is open, the agent cannot call now, or a rule speaks against it", body = Problem)))]
async fn dial_preview(
    State(api): State<Shared>,
    caller: Caller,
    Path(agent): Path<String>,
    Json(body): Json<DialBody>,
) -> Result<axum::Json<DialView>, Problem> {
    let wanted = api.planner()?.dial_card(&agent, &body.override_reason, api.now()).await?;
    order(&api, wanted, &caller.name).await
}

/// Puts the card of the agent back, for a reason: the callback rests for ten minutes and is
/// anybody's then.
#[utoipa::path(post, path = "/agents/{name}/preview/skip", tag = "agents", params(("name" = String, Path)),
    security(("bearer" = ["agents.dial"])), request_body = ReasonBody,
    responses((status = 204, description = "Put back"),
        (status = 404, description = "No card is open", body = Problem),
        (status = 422, description = "No reason", body = Problem)))]
async fn skip(
    State(api): State<Shared>,
    caller: Caller,
    Path(agent): Path<String>,
    Json(body): Json<ReasonBody>,
) -> Result<axum::http::StatusCode, Problem> {
    let reason = body.check()?;
    let skipped = api.store().skip_card(&agent, reason, &caller.name, api.now()).await?;
    skipped.ok_or_else(|| Problem::not_found("open card of agent", &agent))?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// What agents' talks with customers came to: rated, left before, cut off, and for
/// how many the robot asks afterwards.
#[utoipa::path(get, path = "/agents/talks", tag = "agents", params(SpanQuery), security(("bearer" = ["live.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<AgentTalks>),
        (status = 422, description = "No span of time", body = Problem)))]
async fn talks(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<SpanQuery>,
) -> Result<Response, Problem> {
    let (from, until) = query.read(&api)?;
    let rows = api.store().agent_talks(from, until).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Customers of a campaign who answered and found nobody, day by day.
#[utoipa::path(get, path = "/campaigns/{id}/abandoned", tag = "campaigns",
    params(("id" = i64, Path), SpanQuery), security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "Each day on which somebody answered; also as `text/csv`", body = Items<Abandoned>),
        (status = 404, description = "No such campaign", body = Problem),
        (status = 422, description = "No span of time", body = Problem)))]
async fn abandoned(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    RowId(id): RowId,
    Params(query): Params<SpanQuery>,
) -> Result<Response, Problem> {
    super::campaigns::find(&api, id).await?;
    let (from, until) = query.read(&api)?;
    let zone = jiff::tz::TimeZone::get(&api.import().timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let calendar = crate::calendar::Calendar::plain(zone);
    let mut rows = Vec::new();
    let mut day = calendar.date(from);
    for _ in 0..=MOST_DAYS {
        let (begin, end) = (calendar.start_of(day), calendar.end_of(day));
        if begin >= until {
            break;
        }
        let span = (begin.max(from), end.min(until));
        let (answered, abandoned) = api.store().abandoned_of(CampaignId(id), span).await?;
        if answered > 0 {
            let rate = Some(abandoned as f64 / answered as f64);
            rows.push(Abandoned { day: day.to_string(), answered, abandoned, rate });
        }
        day = calendar.date(Timestamp(begin.0 + DAY_MS + DAY_MS / 2));
    }
    listing::answer_all(&api, &caller, wants, rows).await
}
