//! The HTTP side of the daemon: its server, what it reads, and the ends that the driver holds.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::bookings::ByCalls;
use super::books::BooksSide;
use super::daemon::{Error, Settings};
use crate::base::Timestamp;
use crate::dialer::Reason;
use crate::engine::Engine;
use crate::io::audit::AuditOffice;
use crate::io::books::Books;
use crate::io::canary::{self, CanaryKeeper};
use crate::io::clock::{self, Clock};
use crate::io::custody::{self, Checker, Custody};
use crate::io::desk::TicketDesk;
use crate::io::evidence::{Examiner, Transcriber};
use crate::io::notices::Notices;
use crate::io::planner::Planner;
use crate::io::rehearsals::Rehearsals;
use crate::io::rosters::Rosters;
use crate::io::store::{Error as StoreError, Store};
use crate::io::telemetry::Telemetry;
use crate::io::vault::Keeper;
use crate::io::web::{
    self, Catalogue, ControlHandle, EventHub, LiveReader, LiveSnapshot, Order, Server, Shared,
};

/// What looks again and again at what is owed.
pub(super) struct Turns {
    planner: Planner,
    tickets: TicketDesk,
    examiner: Examiner,
    audits: AuditOffice,
    custody: Custody,
    keeper: Keeper,
    notices: Notices,
    rosters: Rosters,
    canaries: CanaryKeeper,
    books: BooksSide,
    control: ControlHandle,
    state: Shared,
    live: LiveReader,
}

impl Turns {
    /// The planner, which holds the guard too.
    pub fn planner(&self) -> Planner {
        self.planner.clone()
    }

    /// Why campaigns are held off trunks.
    pub async fn holds(&self, now: Timestamp) -> Result<Vec<(String, Option<Reason>)>, StoreError> {
        self.canaries.holds(now).await
    }

    /// Their loops, until `stop`.
    pub fn spawn(self, clock: Clock, hub: &EventHub, stop: &CancellationToken) -> [JoinHandle<()>; 12] {
        [
            super::turns::spawn(self.planner, clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.tickets, clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.books, clock, hub.clone(), stop.clone()),
            super::turns::spawn(ByCalls(self.state), clock, hub.clone(), stop.clone()),
            super::turns::spawn(Transcriber(self.examiner.clone()), clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.canaries, clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.audits, clock, hub.clone(), stop.clone()),
            super::turns::spawn(Checker(self.custody.clone()), clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.custody, clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.keeper, clock, hub.clone(), stop.clone()),
            super::turns::spawn(self.examiner, clock, hub.clone(), stop.clone()),
            super::notices::spawn(self.notices, self.rosters, self.control, self.live, clock, stop.clone()),
        ]
    }
}

/// A running API.
pub(super) struct ApiSide {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// What its handlers stand on.
    pub state: Shared,
    /// Planner, desk, outbox and rosters, for their turns.
    pub turns: Turns,
    /// Ends when `stop` is cancelled.
    pub server: JoinHandle<()>,
    pub stop: CancellationToken,
    pub control: ControlHandle,
    /// Orders of people, for the driver.
    pub orders: mpsc::Receiver<Order>,
    /// Where the driver publishes what is live.
    pub live_tx: watch::Sender<Arc<LiveSnapshot>>,
    /// Where the driver publishes scripts and prompts.
    pub catalogue: watch::Sender<Arc<Catalogue>>,
}

impl ApiSide {
    /// Binds and serves.
    pub async fn start(settings: &Settings, store: &Store, engine: &Engine) -> Result<ApiSide, Error> {
        let (live_tx, live) = watch::channel(Arc::new(LiveSnapshot::default()));
        let (control, orders) = ControlHandle::channel();
        let (catalogue_tx, catalogue) = watch::channel(Arc::new(super::catalogue::of(engine.library())));
        let server = Server::bind(&settings.api, settings.socket.as_deref(), web::Patience::default())
            .await
            .map_err(|e| Error::Io("api".into(), e))?;
        let addresses = server.addresses();
        let stop = CancellationToken::new();
        let events = EventHub::new(clock::utc().0.unsigned_abs());
        let planner = Planner::new(store.clone(), control.clone(), events.clone(), settings.planner.clone());
        let notices = Notices::new(store.clone(), planner.clone(), events.clone(), settings.notices.clone())
            .map_err(|e| Error::Io("notices".into(), std::io::Error::other(e)))?;
        let rosters = Rosters::new(store.clone(), planner.clone(), events.clone(), settings.rosters.clone());
        let desk = super::facts::desk(store, &planner).await;
        let state = web::ApiState::new(web::ApiParts {
            store: store.clone(),
            control: control.clone(),
            live: live.clone(),
            catalogue,
            events,
            telemetry: Arc::new(Telemetry::default()),
            recordings: settings.recorder.folder.clone(),
            import: settings.import.clone(),
            desk,
            stop: stop.clone(),
            clock: Arc::new(clock::utc),
        });
        state.set_public_url(settings.public_url.clone());
        state.set_planner(planner.clone());
        state.set_notices(notices.clone());
        state.set_rosters(rosters.clone());
        let tickets = TicketDesk::new(store.clone(), planner.clone(), settings.tickets.clone());
        state.set_tickets(tickets.clone());
        let books = Books::new(store.clone(), planner.clone(), settings.books.clone());
        state.set_books(books.clone());
        let vault = state.vault().clone();
        vault.set_settings(settings.keeping.vault.clone());
        let hub = state.parts.events.clone();
        let keeper = Keeper::start(vault.clone(), hub, settings.keeping.rules.clone())
            .map_err(|e| Error::Io("keeper".into(), e))?;
        state.set_keeper(keeper.clone());
        let examiner = Examiner::start(store.clone(), planner.clone(), vault, settings.evidence.clone())
            .map_err(|e| Error::Io("evidence".into(), std::io::Error::other(e)))?;
        state.set_examiner(examiner.clone());
        let audits = AuditOffice::new(store.clone(), planner.clone(), settings.audit.clone());
        state.set_audits(audits.clone());
        let place = custody::Place {
            hub: state.parts.events.clone(),
            telemetry: state.parts.telemetry.clone(),
            vault: state.vault().clone(),
            folder: settings.recorder.folder.clone(),
            roots: settings.roots.clone(),
        };
        let custody = Custody::new(store.clone(), planner.clone(), place, settings.custody.clone());
        state.set_custody(custody.clone());
        let place = canary::Place {
            store: store.clone(),
            control: control.clone(),
            hub: state.parts.events.clone(),
            telemetry: state.parts.telemetry.clone(),
            live: live.clone(),
            vault: state.vault().clone(),
        };
        let canaries = CanaryKeeper::new(place, super::canary::settings(&settings.engine));
        state.set_canaries(canaries.clone());
        super::rehearsal::sweep();
        let run = super::rehearsal::run(settings.folders.clone(), settings.fallback_language.clone());
        let hub = state.parts.events.clone();
        state.set_rehearsals(Rehearsals::new(run, hub, Arc::new(clock::utc), stop.clone()));
        state.set_rate(settings.rate);
        state.set_access(settings.access.clone());
        super::facts::watch(settings, &state);
        super::entrance::open_first(&state, &addresses).await?;
        let server = tokio::spawn(server.run(web::router(state.clone()), stop.clone()));
        Ok(ApiSide {
            addresses,
            state: state.clone(),
            turns: Turns {
                planner,
                tickets,
                examiner,
                audits,
                custody,
                keeper,
                notices,
                rosters,
                canaries,
                books: BooksSide::new(books, control.clone()),
                control: control.clone(),
                live: live.clone(),
                state,
            },
            server,
            stop,
            control,
            orders,
            live_tx,
            catalogue: catalogue_tx,
        })
    }
}
