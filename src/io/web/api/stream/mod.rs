//! Live events as a stream that can be resumed (HTML standard, server-sent events).

mod heard;

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Permission;
use crate::io::store::Change;
use crate::io::web::auth::Caller;
use crate::io::web::events::{Batch, EventReader, LiveEvent};
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::{AGENT_STREAM_LIMIT, STREAM_LIMIT, Shared};

/// Between two heartbeats, at which the token is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Time after which a browser connects again.
const RETRY: Duration = Duration::from_secs(2);
/// Events that wait for a slow reader; further ones wait in the ring.
const AHEAD: usize = 16;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(events))
        .routes(routes!(changes))
        .routes(routes!(of_agents))
        .routes(routes!(of_agent))
}

/// Topics that tell where agents are and who waits for them: they name no customer.
const FLOOR: &[&str] = &["agent", "queue"];

/// What a stream shows.
enum Shown {
    /// Events of these topics that the caller hears of.
    Topics(Vec<String>),
    /// The same on a page of one person: they have room of their own.
    Changes(Vec<String>),
    /// Where agents are and who waits for them.
    Floor,
    /// What concerns one agent.
    Agent(Own),
}

/// What concerns one agent: their states, and everything of the call that they are in.
struct Own {
    name: String,
    /// The call that they are offered, talk in, or finish the work of.
    call: Option<String>,
    /// Whether they hear of queues too.
    queues: bool,
}

impl Own {
    fn of(api: &Shared, caller: &Caller, name: &str) -> Own {
        let live = api.parts.live.borrow();
        let agent = live.agents.iter().find(|agent| agent.name == name);
        let call = agent.and_then(|agent| agent.call).map(|call| call.to_string());
        Own { name: name.to_owned(), call, queues: caller.may(Permission::AgentsSee) }
    }

    fn shows(&mut self, event: &LiveEvent) -> bool {
        let told: serde_json::Value = serde_json::from_str(&event.json).unwrap_or_default();
        let (agent, call) = (told["agent"].as_str(), told["call"].as_str());
        if agent == Some(self.name.as_str()) {
            if let Some(call) = call {
                self.call = Some(call.to_owned());
            }
            return true;
        }
        let owns = &*event.topic == "ticket" && told["owner"] == self.name.as_str();
        owns || self.queues && &*event.topic == "queue" || call.is_some() && call == self.call.as_deref()
    }
}

impl Shown {
    async fn shows(&mut self, api: &Shared, caller: &Caller, event: &LiveEvent) -> bool {
        match self {
            Shown::Topics(topics) | Shown::Changes(topics) => {
                topics.iter().any(|topic| *topic == *event.topic) && heard::hears(api, caller, event).await
            }
            Shown::Floor => FLOOR.contains(&&*event.topic),
            Shown::Agent(own) => own.shows(event),
        }
    }
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Topics, divided by commas; all that the caller may hear of where left out.
    #[param(example = "ticket,import")]
    topics: Option<String>,
    /// Id of the event after which to begin, for who cannot send `Last-Event-ID`; that header goes before it.
    after: Option<String>,
}

impl Query {
    /// After which event the stream begins.
    fn place<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        last_id(headers).or(self.after.as_deref())
    }
}

fn last_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|value| value.to_str().ok())
}

/// Everything that goes on, as it happens.
///
/// Of the moment: `call`, `leg`, `dial`, `answer`, `campaign`, `trunk`, `agent`, `queue`, `caller`, `card`,
/// `alarm`, `rehearsal`. Of what was changed: the topics of `GET /changes/events`. `Last-Event-ID` resumes; a `reset`
/// event says that some are gone and the state must be read anew.
#[utoipa::path(get, path = "/events", tag = "live", params(Query), security(("bearer" = ["events.stream"])),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream"),
        (status = 503, description = "As many streams as allowed are open", body = Problem)))]
async fn events(
    State(api): State<Shared>,
    caller: Caller,
    Params(query): Params<Query>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let topics = heard::wanted(&caller, query.topics.as_deref(), true)?;
    open(api, caller, Shown::Topics(topics), query.place(&headers))
}

/// What changes among the things that the caller may see, the moment it is stored.
///
/// Topics: `ticket`, `audit`, `callback`, `customer`, `notice`, `import`, `intake`, `report`, `report_run`,
/// `plan`, `warning`. The data of an event is a `ChangeEvent`: which thing, what was done, by whom; the thing
/// itself is read by its own route. A change of something out of the caller's reach is not sent. Imports and
/// intakes that are under way tell their counts. `Last-Event-ID` resumes; a `reset` event says that some are
/// gone and the state must be read anew.
#[utoipa::path(get, path = "/changes/events", tag = "live", params(Query), security(("bearer" = ["changes.follow"])),
    responses(
        (status = 200, description = "The stream; the data of its events is a `ChangeEvent`", body = Change,
         content_type = "text/event-stream"),
        (status = 503, description = "As many streams as allowed are open", body = Problem)))]
async fn changes(
    State(api): State<Shared>,
    caller: Caller,
    Params(query): Params<Query>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let topics = heard::wanted(&caller, query.topics.as_deref(), false)?;
    open(api, caller, Shown::Changes(topics), query.place(&headers))
}

/// Where agents are and who waits in queues, as it changes: the topics `agent` and `queue`.
#[utoipa::path(get, path = "/agents/events", tag = "agents", security(("bearer" = ["agents.see"])),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream"),
        (status = 503, description = "As many streams as allowed are open", body = Problem)))]
async fn of_agents(
    State(api): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    open(api, caller, Shown::Floor, last_id(&headers))
}

/// What an agent's screen follows: their states, their cards, what happens in the call that they
/// are offered or talk in, and their tickets; with `agents.see` also who comes into queues and leaves them.
#[utoipa::path(get, path = "/agents/{name}/events", tag = "agents", params(("name" = String, Path)),
    security(("bearer" = ["agents.card"])),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream"),
        (status = 503, description = "As many streams as allowed are open", body = Problem)))]
async fn of_agent(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let own = Own::of(&api, &caller, &name);
    open(api, caller, Shown::Agent(own), last_id(&headers))
}

/// Opens a stream where there is room for one.
fn open(api: Shared, caller: Caller, shown: Shown, after: Option<&str>) -> Result<Response, Problem> {
    let (streams, limit) = match shown {
        Shown::Agent(_) | Shown::Changes(_) => (&api.agent_streams, AGENT_STREAM_LIMIT),
        Shown::Topics(_) | Shown::Floor => (&api.streams, STREAM_LIMIT),
    };
    let Ok(room) = streams.clone().try_acquire_owned() else {
        return Err(Problem::unavailable(format!("{limit} event streams are open; close one")));
    };
    let reader = api.parts.events.subscribe(after);
    let (send, receive) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let _room = room;
        feed(&api, &caller, reader, shown, send).await;
    });
    Ok(Sse::new(ReceiverStream::new(receive)).into_response())
}

/// Sends events until the client goes, the daemon stops, or the token ends.
async fn feed(
    api: &Shared,
    caller: &Caller,
    mut reader: EventReader,
    mut shown: Shown,
    send: mpsc::Sender<Result<Event, Infallible>>,
) {
    // Something at once, so that proxies and browsers see the stream open.
    if send.send(Ok(Event::default().retry(RETRY).comment("open"))).await.is_err() {
        return;
    }
    let mut heartbeat = tokio::time::interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
    loop {
        let batch = tokio::select! {
            () = api.parts.stop.cancelled() => return,
            () = send.closed() => return,
            _ = heartbeat.tick() => {
                let alive = caller.is_still_valid(api).await && send.send(Ok(Event::default().comment("alive"))).await.is_ok();
                if !alive {
                    return;
                }
                continue;
            }
            batch = reader.next() => batch,
        };
        let sent = tokio::select! {
            () = api.parts.stop.cancelled() => return,
            sent = pass_on(api, caller, batch, &mut shown, &send) => sent,
        };
        if !sent {
            return;
        }
    }
}

async fn pass_on(
    api: &Shared,
    caller: &Caller,
    batch: Batch,
    shown: &mut Shown,
    send: &mpsc::Sender<Result<Event, Infallible>>,
) -> bool {
    let hub = &api.parts.events;
    match batch {
        Batch::Reset(seq) => {
            let event = Event::default().event("reset").id(hub.id_of(seq)).data("{}");
            send.send(Ok(event)).await.is_ok()
        }
        Batch::Events(events) => {
            for event in events {
                if !shown.shows(api, caller, &event).await {
                    continue;
                }
                // JSON in one line, as serde writes it; a line break would be a panic in `data`'s framing.
                let line = event.json.replace(['\r', '\n'], " ");
                let event = Event::default().event(&event.topic).id(hub.id_of(event.seq)).data(line);
                if send.send(Ok(event)).await.is_err() {
                    return false;
                }
            }
            true
        }
    }
}
