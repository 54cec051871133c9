//! One running HTTP interface with tokens of every scope.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use ringback::base::{
    Blame, CallId, CampaignId, Cause, CustomerId, Disposition, EntryId, PhoneNumber, Rng, Timestamp,
};
use ringback::calendar::{Calendar, Windows};
use ringback::call::{CallRecord, Direction, EndedBy, StepStamp, StoredAnswer};
use ringback::dialer::{Attempt, CampaignState, EntryState, EntryUpdate, Reason};
use ringback::engine::{Report, Write};
use ringback::io::canary::{self, CanaryKeeper};
use ringback::io::intake::{Desk, Packs};
use ringback::io::rehearsals::Rehearsals;
use ringback::io::store::{NewToken, Store, StoreEvent, Writer, WriterSettings};
use ringback::io::telemetry::Telemetry;
use ringback::io::web::{
    ApiParts, ApiState, Catalogue, Control, ControlHandle, Done, EventHub, LiveSnapshot, Patience, Readiness,
    Refused, ReloadedSection, Server, Shared, hash_secret, new_secret, router,
};
use ringback::media::Recording;
use ringback::sip::TraceItem;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::support::databases::Database;

/// 2026-03-02 09:00 in Shanghai, a Monday.
pub const MONDAY: Timestamp = Timestamp(1_772_413_200_000);

pub struct Site {
    pub base: String,
    pub address: std::net::SocketAddr,
    pub store: Store,
    pub api: Shared,
    pub folder: tempfile::TempDir,
    pub live: watch::Sender<Arc<LiveSnapshot>>,
    pub catalogue: watch::Sender<Arc<Catalogue>>,
    pub orders: Arc<Mutex<Vec<Control>>>,
    /// Customers of whom something new became known, in order.
    pub touched: Arc<Mutex<Vec<CustomerId>>>,
    pub clock: Arc<AtomicI64>,
    pub stop: CancellationToken,
    pub server: tokio::task::JoinHandle<()>,
    pub client: reqwest::Client,
    pub read: String,
    pub operate: String,
    pub admin: String,
    database: Option<Database>,
    url: String,
    writer: Writer,
    reserved: mpsc::UnboundedReceiver<StoreEvent>,
    rng: Rng,
}

/// A response that was read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The JSON of an answer with that status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

impl Site {
    pub async fn sqlite() -> Site {
        Site::patient(Patience::default()).await
    }

    pub async fn patient(patience: Patience) -> Site {
        let database = Database::sqlite();
        let mut site = Site::with(&database, patience).await;
        site.database = Some(database);
        site
    }

    pub async fn on(database: &Database) -> Site {
        Site::with(database, Patience::default()).await
    }

    async fn with(database: &Database, patience: Patience) -> Site {
        let store = database.open().await;
        let folder = tempfile::tempdir().unwrap();
        let recordings = folder.path().join("recordings");
        std::fs::create_dir_all(&recordings).unwrap();
        let clock = Arc::new(AtomicI64::new(MONDAY.0));
        let (control, receiver) = ControlHandle::channel();
        let orders = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(engine(receiver, orders.clone()));
        let (live, live_reader) = watch::channel(Arc::new(ready()));
        let (catalogue, catalogue_reader) = watch::channel(Arc::new(Catalogue::default()));
        let stop = CancellationToken::new();
        let touched = Arc::new(Mutex::new(Vec::new()));
        let tick = clock.clone();
        let api = ApiState::new(ApiParts {
            store: store.clone(),
            control,
            live: live_reader,
            catalogue: catalogue_reader,
            events: EventHub::new(7),
            telemetry: Arc::new(Telemetry::default()),
            recordings: recordings.clone(),
            import: ringback::dialer::import::ImportSettings {
                home_area: Some("021".into()),
                timezone: "Asia/Shanghai".into(),
                ..Default::default()
            },
            desk: desk(&store, &touched),
            stop: stop.clone(),
            clock: Arc::new(move || Timestamp(tick.load(Ordering::Relaxed))),
        });
        api.set_canaries(canaries(&api));
        let ticks = api.parts.clock.clone();
        let run = ringback::app::rehearse(ringback::app::Folders::default(), "zh-CN".into());
        api.set_rehearsals(Rehearsals::new(run, api.parts.events.clone(), ticks, stop.clone()));
        let socket = folder.path().join("ringback.sock");
        let server = Server::bind(&["127.0.0.1:0".parse().unwrap()], Some(&socket), patience).await.unwrap();
        let address = server.addresses()[0];
        let server = tokio::spawn(server.run(router(api.clone()), stop.clone()));
        let (send, reserved) = mpsc::unbounded_channel();
        let writer_settings = WriterSettings {
            recordings,
            clock: Arc::new(|| MONDAY),
            notify: Box::new(move |event| drop(send.send(event))),
        };
        let writer = Writer::start(store.clone(), writer_settings);
        let (read, operate, admin) =
            (token(&store, "read").await, token(&store, "operate").await, token(&store, "admin").await);
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Site {
            base: format!("http://{address}"),
            address,
            store,
            api,
            folder,
            live,
            catalogue,
            orders,
            touched,
            clock,
            stop,
            server,
            client,
            read,
            operate,
            admin,
            database: None,
            url: database.url.clone(),
            writer,
            reserved,
            rng: Rng::seeded(3),
        }
    }

    /// URL of the database.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("ringback.sock")
    }

    pub fn recordings(&self) -> PathBuf {
        self.folder.path().join("recordings")
    }

    pub fn request(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path, &self.admin)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path, &self.admin).json(&body)).await
    }

    pub async fn upload(&self, query: &str, csv: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/imports?{query}"), &self.admin);
        send(request.header("content-type", "text/csv").body(csv.into())).await
    }

    /// Brings in customers by these numbers and makes a campaign; gives its id and the entries' ids.
    pub async fn campaign(&self, phones: &[&str]) -> (CampaignId, Vec<EntryId>) {
        let rows: String = phones.iter().map(|phone| format!("{phone},C {phone}\n")).collect();
        self.upload("list_name=march", format!("phone,name\n{rows}")).await.expect(201);
        let made =
            self.post("/api/v1/campaigns", serde_json::json!({"name": "march", "list_name": "march"})).await;
        let made = made.expect(201);
        let list = made["list"].as_i64().unwrap();
        let entries = self.get(&format!("/api/v1/lists/{list}/entries")).await.expect(200);
        let ids =
            entries["items"].as_array().unwrap().iter().map(|e| EntryId(e["id"].as_i64().unwrap())).collect();
        (CampaignId(made["id"].as_i64().unwrap()), ids)
    }

    /// A whole call in the store: reserved, answered where there are scores, reported.
    pub async fn call(
        &mut self,
        campaign: CampaignId,
        entry: EntryId,
        phone: &str,
        at: i64,
        call: Call<'_>,
    ) -> CallId {
        let id = CallId::new(Timestamp(at), &mut self.rng);
        let number = PhoneNumber::parse(phone, None).unwrap().0;
        let handle = self.writer.handle();
        let attempt = Attempt {
            call: id,
            campaign,
            entry,
            phone: number,
            reserved_at: Timestamp(at),
            caps: Vec::new(),
            detail: String::new(),
        };
        handle.submit(Write::Reserve(vec![attempt])).unwrap();
        loop {
            if let StoreEvent::Reserved(answer) = self.reserved.recv().await.unwrap() {
                assert_eq!(answer.reserved, [id], "{:?}", answer.refused);
                break;
            }
        }
        for (place, score) in call.scores.iter().enumerate() {
            handle.submit(Write::Answer(answer(id, place as u32 + 1, *score, at))).unwrap();
        }
        handle.submit(Write::Report(Box::new(report(id, campaign, entry, phone, at, &call)))).unwrap();
        handle.flush().await;
        id
    }

    /// Stores answers of a call, in place of those with the same number.
    pub async fn answered(&self, answers: Vec<StoredAnswer>) {
        let handle = self.writer.handle();
        for answer in answers {
            handle.submit(Write::Answer(answer)).unwrap();
        }
        handle.flush().await;
    }
}

/// What matters of a call that is put into the store.
pub struct Call<'a> {
    pub disposition: Disposition,
    pub scores: &'a [Option<i32>],
    pub seconds: i64,
    pub recording: Option<Recording>,
    pub detail: &'a str,
}

fn answer(call: CallId, seq: u32, score: Option<i32>, at: i64) -> StoredAnswer {
    StoredAnswer {
        call,
        seq,
        question: format!("q{seq}"),
        keys: score.map(|s| s.to_string()),
        meaning: None,
        score,
        dissatisfied: false,
        comment: None,
        rated_function: None,
        rated_person: None,
        dimension: None,
        at: Timestamp(at + 10_000),
    }
}

fn report(id: CallId, campaign: CampaignId, entry: EntryId, phone: &str, at: i64, call: &Call<'_>) -> Report {
    let record = CallRecord {
        id,
        direction: Direction::Outbound,
        campaign: Some(campaign),
        entry: Some(entry),
        phone: phone.into(),
        trunk: Some("demo".into()),
        script: Some("survey".into()),
        started_at: Timestamp(at + 10),
        ringing_at: Some(Timestamp(at + 500)),
        early_media_at: None,
        answered_at: call.disposition.was_answered().then_some(Timestamp(at + 3_000)),
        ended_at: Timestamp(at + 3_000 + call.seconds * 1_000),
        disposition: call.disposition,
        cause: Cause::from_status(200),
        blame: Blame::None,
        ended_by: EndedBy::Peer,
        detail: call.detail.into(),
        amd: None,
        recording: call.recording.clone(),
        quality: None,
        steps: vec![StepStamp { step: "greeting".into(), at: Timestamp(at + 3_000) }],
        bridging: Default::default(),
        notice: Default::default(),
    };
    let trace = vec![TraceItem {
        at: Timestamp(at + 10),
        sent: true,
        transport: "udp".into(),
        peer: "127.0.0.1:5060".into(),
        text: "INVITE sip:1@x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n".into(),
    }];
    let reason = Reason::new("settled", "");
    let update = EntryUpdate::new(entry, EntryState::Done, Some(call.disposition), None, reason);
    Report { record, alarm: None, trace, entry: Some(update), do_not_call: None }
}

/// A desk without packs that remembers whom it was told of.
fn desk(store: &Store, touched: &Arc<Mutex<Vec<CustomerId>>>) -> Desk {
    let touched = touched.clone();
    let follow = move |customers: Vec<CustomerId>| touched.lock().unwrap().extend(customers);
    Desk::new(store.clone(), Packs::default(), Arc::new(follow))
}

pub async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.expect("a body").to_vec() }
}

async fn token(store: &Store, scope: &str) -> String {
    token_of(store, &NewToken { name: scope, scope, ..NewToken::default() }).await
}

/// The secret of a token that is made.
pub async fn token_of(store: &Store, new: &NewToken<'_>) -> String {
    let secret = new_secret().unwrap();
    let hash = hash_secret(&secret);
    store.create_token(&NewToken { hash: &hash, ..new.clone() }, "test", MONDAY).await.unwrap();
    secret
}

pub fn ready() -> LiveSnapshot {
    LiveSnapshot {
        at: MONDAY,
        readiness: Readiness {
            warnings: Vec::new(),
            certificates: Vec::new(),
            sip_bound: true,
            disk_ok: true,
            disk_free_bytes: 1 << 30,
            draining: false,
            reasons: Vec::new(),
        },
        ..LiveSnapshot::default()
    }
}

/// Keeps every order and answers it as the engine would: campaign 99 cannot be started now.
/// A keeper of canaries, of no trunk as yet.
fn canaries(api: &Shared) -> CanaryKeeper {
    let place = canary::Place {
        store: api.parts.store.clone(),
        control: api.parts.control.clone(),
        hub: api.parts.events.clone(),
        telemetry: api.parts.telemetry.clone(),
        live: api.parts.live.clone(),
        vault: api.vault().clone(),
    };
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let settings = canary::Settings {
        trunks: Default::default(),
        windows: Windows::parse(&["Mon-Sun 08:00-20:00"], "Asia/Shanghai").unwrap(),
        calendar: Arc::new(Calendar::plain(zone)),
    };
    CanaryKeeper::new(place, settings)
}

async fn engine(mut orders: mpsc::Receiver<ringback::io::web::Order>, kept: Arc<Mutex<Vec<Control>>>) {
    while let Some(order) = orders.recv().await {
        kept.lock().unwrap().push(order.control.clone());
        let answer = match order.control {
            Control::Dial { order, .. } if order.agent == "absent" => {
                Err(Refused::Conflict("no phone of `absent` is registered".into()))
            }
            Control::Canary { .. } => Ok(Done::Call(CallId::new(MONDAY, &mut Rng::seeded(7)))),
            Control::Errand { .. } => Ok(Done::Call(CallId::new(MONDAY, &mut Rng::seeded(8)))),
            Control::Dial { .. } => Ok(Done::Dialled(CallId::new(MONDAY, &mut Rng::seeded(9)))),
            Control::StartCampaign { .. } => Ok(Done::Campaign(CampaignState::Running)),
            Control::PauseCampaign { .. } => Ok(Done::Campaign(CampaignState::Paused)),
            Control::ResumeCampaign { .. } => {
                Err(Refused::Conflict("a draft cannot be resumed; start it".into()))
            }
            Control::StopCampaign { .. } => Ok(Done::Campaign(CampaignState::Stopped)),
            Control::EndCampaign { .. } => Ok(Done::Campaign(CampaignState::Ending)),
            Control::HangUp { call, .. } => Err(Refused::NotFound(format!("call {call} is not up"))),
            Control::Drain { .. } => Ok(Done::Draining { calls: 2 }),
            Control::Reload { .. } => Ok(Done::Reloaded(vec![ReloadedSection {
                section: "trunks".into(),
                result: "applied".into(),
                detail: "one trunk more".into(),
            }])),
            _ => Ok(Done::Accepted),
        };
        let _ = order.reply.send(answer);
    }
}
