//! What the handlers stand on.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::control::{Control, ControlHandle, Done};
use super::events::EventHub;
use super::limit::{Limits, Rate};
use super::live::{CatalogueReader, LiveReader};
use super::permit::AccessSettings;
use super::problem::Problem;
use crate::access::{Access, Holder};
use crate::base::Timestamp;
use crate::dialer::import::ImportSettings;
use crate::io::intake::Desk;
use crate::io::store::Store;
use crate::io::telemetry::Telemetry;

/// Event streams at once: each holds a connection and a task.
pub const STREAM_LIMIT: usize = 64;
/// Streams of agents' screens at once: every agent has one, and none is to wait for other readers.
pub const AGENT_STREAM_LIMIT: usize = 256;
/// Imports at once: each holds its file on disk and writes as fast as the store does.
pub const IMPORT_LIMIT: usize = 2;
/// CSV exports at once: each keeps a database reader busy.
pub const EXPORT_LIMIT: usize = 4;
/// Waveforms computed at once: each keeps a core busy.
pub const PEAKS_LIMIT: usize = 2;
/// Passwords hashed at once: each takes 19 MiB and keeps a core busy for some 30 ms.
pub const HASHING_LIMIT: usize = 2;

/// The parts of the daemon that the API reads and asks; made by `app`.
pub struct ApiParts {
    /// The database.
    pub store: Store,
    /// Orders to the engine.
    pub control: ControlHandle,
    /// What is live, published by the driver.
    pub live: LiveReader,
    /// Prompts and scripts, published at start and after a reload.
    pub catalogue: CatalogueReader,
    /// Live events.
    pub events: EventHub,
    /// Counters.
    pub telemetry: Arc<Telemetry>,
    /// Folder of the recordings.
    pub recordings: PathBuf,
    /// Defaults for imports at the start; the mapping comes with the request.
    pub import: ImportSettings,
    /// Where facts come in.
    pub desk: Desk,
    /// Cancelled when the daemon stops: streams end, the server refuses.
    pub stop: CancellationToken,
    /// The wall clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// State of the API.
pub struct ApiState {
    /// What `app` gave.
    pub parts: ApiParts,
    /// When the API began.
    pub started_at: Timestamp,
    /// Defaults for imports, as the last reload has them.
    import: RwLock<ImportSettings>,
    /// Roles and teams, as the last reload has them.
    access: RwLock<Arc<AccessSettings>>,
    /// Request limits.
    pub(super) limits: Limits,
    /// The planner, once the daemon has one.
    planner: std::sync::OnceLock<crate::io::planner::Planner>,
    /// The outbox, once the daemon has one.
    notices: std::sync::OnceLock<crate::io::notices::Notices>,
    /// The rosters, once the daemon has them.
    rosters: std::sync::OnceLock<crate::io::rosters::Rosters>,
    /// The desk of tickets, once the daemon has one.
    tickets: std::sync::OnceLock<crate::io::desk::TicketDesk>,
    /// Registers, reports and sheets, once the daemon has them.
    books: std::sync::OnceLock<crate::io::books::Books>,
    /// The examiner, once the daemon has one.
    examiner: std::sync::OnceLock<crate::io::evidence::Examiner>,
    /// The audit office, once the daemon has one.
    audits: std::sync::OnceLock<crate::io::audit::AuditOffice>,
    /// The keeper of the chain of custody, once the daemon has one.
    custody: std::sync::OnceLock<crate::io::custody::Custody>,
    /// The keeper of canaries, once the daemon has one.
    canaries: std::sync::OnceLock<crate::io::canary::CanaryKeeper>,
    /// Rehearsals of policies, once the daemon has them.
    rehearsals: std::sync::OnceLock<crate::io::rehearsals::Rehearsals>,
    /// The one way to the sound of recordings.
    vault: crate::io::vault::Vault,
    /// The keeper of recordings, once the daemon has one.
    keeper: std::sync::OnceLock<crate::io::vault::Keeper>,
    /// Room for event streams.
    pub(super) streams: Arc<Semaphore>,
    /// Room for streams of agents' screens.
    pub(super) agent_streams: Arc<Semaphore>,
    /// Room for imports.
    pub(super) imports: Arc<Semaphore>,
    /// Room for exports.
    pub(super) exports: Arc<Semaphore>,
    /// Room for waveforms.
    pub(super) peaks: Arc<Semaphore>,
    /// Room for hashing passwords.
    pub(super) hashing: Arc<Semaphore>,
    /// Changes of accounts take turns, so that the last administrator stays.
    pub(super) accounts: tokio::sync::Mutex<()>,
    /// Edits that name a version take turns, so that of two with the same one is refused.
    pub(super) edits: super::edits::Turns,
    /// Policies in their parts.
    pub(super) outlines: super::api::Outlines,
    /// Where people reach the interface.
    public_url: std::sync::OnceLock<String>,
}

/// The state as handlers share it.
pub type Shared = Arc<ApiState>;

impl ApiState {
    /// The state over the daemon's parts.
    pub fn new(parts: ApiParts) -> Shared {
        let started_at = (parts.clock)();
        let events = parts.events.clone();
        parts.store.follow(move |change| events.publish_value(change.topic.as_str(), &change));
        let import = RwLock::new(parts.import.clone());
        let vault = crate::io::vault::Vault::new(parts.store.clone(), parts.recordings.clone());
        Arc::new(ApiState {
            parts,
            started_at,
            import,
            access: RwLock::new(Arc::new(AccessSettings::built_in())),
            planner: std::sync::OnceLock::new(),
            notices: std::sync::OnceLock::new(),
            rosters: std::sync::OnceLock::new(),
            tickets: std::sync::OnceLock::new(),
            books: std::sync::OnceLock::new(),
            examiner: std::sync::OnceLock::new(),
            audits: std::sync::OnceLock::new(),
            canaries: std::sync::OnceLock::new(),
            custody: std::sync::OnceLock::new(),
            rehearsals: std::sync::OnceLock::new(),
            vault,
            keeper: std::sync::OnceLock::new(),
            limits: Limits::default(),
            streams: Arc::new(Semaphore::new(STREAM_LIMIT)),
            agent_streams: Arc::new(Semaphore::new(AGENT_STREAM_LIMIT)),
            imports: Arc::new(Semaphore::new(IMPORT_LIMIT)),
            exports: Arc::new(Semaphore::new(EXPORT_LIMIT)),
            peaks: Arc::new(Semaphore::new(PEAKS_LIMIT)),
            hashing: Arc::new(Semaphore::new(HASHING_LIMIT)),
            accounts: tokio::sync::Mutex::default(),
            edits: super::edits::Turns::default(),
            outlines: super::api::Outlines::default(),
            public_url: std::sync::OnceLock::new(),
        })
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        (self.parts.clock)()
    }

    /// Defaults for imports: home area and zone.
    pub fn import(&self) -> ImportSettings {
        self.import.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New defaults for imports, from the next request on.
    pub fn set_import(&self, import: ImportSettings) {
        *self.import.write().unwrap_or_else(PoisonError::into_inner) = import;
    }

    /// New limits per token, from the next request on.
    pub fn set_rate(&self, rate: Rate) {
        self.limits.set_rate(rate);
    }

    /// Roles and teams.
    pub fn access(&self) -> Arc<AccessSettings> {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New roles and teams, from the next request on.
    pub fn set_access(&self, access: AccessSettings) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
    }

    /// What the roles of somebody let them do now.
    pub fn access_of(&self, holder: Holder) -> Access {
        let access = self.access();
        access.roles.access(holder, &access.teams)
    }

    /// Where people reach the interface, for links and cookies; given once, before it is served.
    pub fn set_public_url(&self, url: String) {
        self.public_url.set(url).ok();
    }

    /// Where people reach the interface, without a slash at its end; empty: nobody said.
    pub fn public_url(&self) -> &str {
        self.public_url.get().map_or("", |url| url.trim_end_matches('/'))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The planner of the daemon; given once.
    pub fn set_planner(&self, planner: crate::io::planner::Planner) {
        self.planner.set(planner).ok();
    }

    /// The planner.
    pub fn planner(&self) -> Result<&crate::io::planner::Planner, Problem> {
        self.planner.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The outbox of the daemon; given once.
    pub fn set_notices(&self, notices: crate::io::notices::Notices) {
        self.notices.set(notices).ok();
    }

    /// The outbox.
    pub fn notices(&self) -> Result<&crate::io::notices::Notices, Problem> {
        self.notices.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The rosters of the daemon; given once.
    pub fn set_rosters(&self, rosters: crate::io::rosters::Rosters) {
        self.rosters.set(rosters).ok();
    }

    /// The rosters.
    pub fn rosters(&self) -> Result<&crate::io::rosters::Rosters, Problem> {
        self.rosters.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The desk of tickets of the daemon; given once.
    pub fn set_tickets(&self, tickets: crate::io::desk::TicketDesk) {
        self.tickets.set(tickets).ok();
    }

    /// The desk of tickets.
    pub fn tickets(&self) -> Result<&crate::io::desk::TicketDesk, Problem> {
        self.tickets.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The books of the daemon; given once.
    pub fn set_books(&self, books: crate::io::books::Books) {
        self.books.set(books).ok();
    }

    /// Registers, reports and sheets.
    pub fn books(&self) -> Result<&crate::io::books::Books, Problem> {
        self.books.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The examiner of the daemon; given once.
    pub fn set_examiner(&self, examiner: crate::io::evidence::Examiner) {
        self.examiner.set(examiner).ok();
    }

    /// The examiner.
    pub fn examiner(&self) -> Result<&crate::io::evidence::Examiner, Problem> {
        self.examiner.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The audit office of the daemon; given once.
    pub fn set_audits(&self, audits: crate::io::audit::AuditOffice) {
        self.audits.set(audits).ok();
    }

    /// The audit office.
    pub fn audits(&self) -> Result<&crate::io::audit::AuditOffice, Problem> {
        self.audits.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The keeper of the chain of custody; given once.
    pub fn set_custody(&self, custody: crate::io::custody::Custody) {
        self.custody.set(custody).ok();
    }

    /// The keeper of the chain of custody.
    pub fn custody(&self) -> Result<&crate::io::custody::Custody, Problem> {
        self.custody.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The keeper of canaries; given once.
    pub fn set_canaries(&self, canaries: crate::io::canary::CanaryKeeper) {
        self.canaries.set(canaries).ok();
    }

    /// The keeper of canaries.
    pub fn canaries(&self) -> Result<&crate::io::canary::CanaryKeeper, Problem> {
        self.canaries.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// Rehearsals of policies; given once.
    pub fn set_rehearsals(&self, rehearsals: crate::io::rehearsals::Rehearsals) {
        self.rehearsals.set(rehearsals).ok();
    }

    /// Rehearsals of policies.
    pub fn rehearsals(&self) -> Result<&crate::io::rehearsals::Rehearsals, Problem> {
        self.rehearsals.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// The one way to the sound of recordings.
    pub fn vault(&self) -> &crate::io::vault::Vault {
        &self.vault
    }

    /// The keeper of the daemon; given once.
    pub fn set_keeper(&self, keeper: crate::io::vault::Keeper) {
        self.keeper.set(keeper).ok();
    }

    /// The keeper of recordings.
    pub fn keeper(&self) -> Result<&crate::io::vault::Keeper, Problem> {
        self.keeper.get().ok_or_else(|| Problem::unavailable("the daemon is starting; try again shortly"))
    }

    /// Facts came in: whoever may be owed a callback is looked at now.
    pub fn wake_planner(&self) {
        if let Some(planner) = self.planner.get() {
            planner.wake();
        }
    }

    /// Where facts come in.
    pub fn desk(&self) -> &Desk {
        &self.parts.desk
    }

    /// Gives an order to the engine.
    pub async fn ask(&self, control: Control) -> Result<Done, Problem> {
        Ok(self.parts.control.ask(control).await?)
    }

    /// Tells the engine of something that is committed already. If it cannot listen now it
    /// reads the same from the store later, so a failure is no failure of the request.
    pub async fn tell(&self, control: Control) {
        if let Err(error) = self.parts.control.ask(control).await {
            tracing::warn!(%error, "the engine was not told of a stored change");
        }
    }
}
