//! Starts every part in order, joins them, and stops them in the reverse order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::api::ApiSide;
use super::driver::{Driver, Parts, Report};
use super::library::{self, Folders};
use super::outside::Outside;
use super::reload::Reread;
use crate::base::{CallId, Disposition, Now, Rng, Timestamp};
use crate::dialer::{EntryState, EntryUpdate, Tally};
use crate::engine::{self, Engine};
use crate::io::certificate::{self, Certificate, Role};
use crate::io::clock::{self, Clock};
use crate::io::dns::Resolver;
use crate::io::planner::Planner;
use crate::io::recorder::{self, Recorder};
use crate::io::rtp::{self, RtpPlane};
use crate::io::signal::{self, Signal};
use crate::io::store::{LostAttempt, Store, Writer, WriterSettings};
use crate::io::web::{self, ControlHandle, EventHub};
use crate::policy::{Attempted, Deadline, Hours, Next, RetryTable, after_attempt};

/// SIP messages that may wait for the engine: at 2,000 a second one second of backlog,
/// after which UDP retransmission is the better queue.
const SIP_QUEUE: usize = 2_048;
/// Media reports that may wait: 2,000 calls with a few reports each.
const MEDIA_QUEUE: usize = 8_192;
/// Answers of DNS, SQL and files that may wait.
const REPORT_QUEUE: usize = 1_024;

/// Everything a daemon is told.
#[derive(Clone)]
pub struct Settings {
    /// The engine and all pure parts.
    pub engine: engine::Settings,
    /// SIP sockets.
    pub signal: signal::Settings,
    /// Media sockets and threads.
    pub rtp: rtp::Settings,
    /// Recording files.
    pub recorder: recorder::Settings,
    /// `sqlite:PATH` or `postgres://...`.
    pub database: String,
    /// TCP addresses of the API.
    pub api: Vec<SocketAddr>,
    /// Where people reach the API and the console; empty: its first address.
    pub public_url: String,
    /// How often one token of the API may ask.
    pub rate: web::Rate,
    /// Roles and teams of the API's callers.
    pub access: web::AccessSettings,
    /// Unix socket of the API, for the command line.
    pub socket: Option<PathBuf>,
    /// Scripts and prompts besides the embedded ones.
    pub folders: Folders,
    /// Language that stands in where a prompt is missing.
    pub fallback_language: String,
    /// TTS program and arguments; empty: none.
    pub tts: Vec<String>,
    /// Policies, calendar, and when the day's list is released.
    pub planner: crate::io::planner::Settings,
    /// Channels, routes and texts of notices.
    pub notices: crate::notice::Settings,
    /// On-call rosters.
    pub rosters: Vec<crate::roster::Settings>,
    /// Ticket files.
    pub tickets: crate::io::desk::Settings,
    /// Registers, reports and appraisals.
    pub books: crate::io::books::Settings,
    /// Scorecards, and the program that writes transcripts.
    pub evidence: crate::io::evidence::Settings,
    /// Audit forms.
    pub audit: crate::io::audit::Settings,
    /// How often and how fast files are looked at.
    pub custody: crate::io::custody::Settings,
    /// Folder of the files of roots.
    pub roots: PathBuf,
    /// How recordings are stored, and how long.
    pub keeping: super::keeper::Keeping,
    /// Home area and zone of imported lists.
    pub import: crate::dialer::import::ImportSettings,
    /// Folder whose files come in by themselves; None: none.
    pub intake_folder: Option<PathBuf>,
    /// How long running calls may go on after SIGTERM.
    pub grace: Duration,
    /// How a reload reads the configuration; None: only scripts and prompts are read.
    pub reread: Option<Reread>,
    /// Seed of all randomness; None: from the operating system.
    pub seed: Option<u64>,
}

/// Why the daemon could not start; the text says what to mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("database: {0}")]
    Store(#[from] crate::io::store::Error),
    /// A recording folder or thread.
    #[error("recordings: {0}")]
    Recorder(#[from] recorder::Error),
    /// Media sockets or threads.
    #[error("media: {0}")]
    Rtp(#[from] rtp::Error),
    /// SIP sockets, certificates.
    #[error("sip: {0}")]
    Signal(#[from] signal::Error),
    /// A TLS certificate.
    #[error("certificate: {0}")]
    Certificate(#[from] certificate::Error),
    /// The API's sockets, a folder.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
}

/// A running daemon.
pub struct Daemon {
    /// Addresses of the API.
    pub api: Vec<SocketAddr>,
    /// The database, for reading.
    pub store: Store,
    /// Orders to the engine.
    pub control: ControlHandle,
    /// Live events.
    pub hub: EventHub,
    /// What is live.
    pub live: web::LiveReader,
    /// SIP addresses bound.
    pub sip: Vec<(crate::sip::Transport, SocketAddr)>,
    reports: mpsc::Sender<Report>,
    turns: [JoinHandle<()>; 12],
    stop_turns: CancellationToken,
    run: JoinHandle<Parts>,
    server: JoinHandle<()>,
    stop_server: CancellationToken,
    writer: Writer,
    recorder: Recorder,
}

impl Daemon {
    /// Starts everything: database, recovery, media, SIP, engine, API. Ready when it returns.
    ///
    /// # Errors
    /// The first part that cannot start; what was started before it is stopped.
    pub async fn start(settings: Settings) -> Result<Daemon, Error> {
        let clock = Clock::start();
        // What takes the processor begins beside what waits for the disk.
        let (folders, fallback) = (settings.folders.clone(), settings.fallback_language.clone());
        let library = tokio::task::spawn_blocking(move || first_library(&folders, &fallback));
        tokio::task::spawn_blocking(web::prepare);
        let certificates = certificates(&settings.signal, clock.now().utc)?;
        let store = Store::open(&settings.database).await?;
        let recorder = Recorder::start(settings.recorder.clone())?;
        let lost = recover(&store, &settings, clock.now()).await?;
        mend_recordings(&store, &settings, clock.now()).await;
        let library = library.await.map_err(|e| Error::Io("scripts and prompts".into(), e.into()))??;
        let (media_tx, media_rx) = mpsc::channel(MEDIA_QUEUE);
        let plane = RtpPlane::start(settings.rtp.clone(), media_tx, recorder.clone())?;
        let (sip_tx, sip_rx) = mpsc::channel(SIP_QUEUE);
        let signal = Signal::start(settings.signal.clone(), sip_tx).await?;
        let sip = signal.bound();
        let (reports_tx, reports_rx) = mpsc::channel(REPORT_QUEUE);
        let writer = start_writer(&store, &settings, reports_tx.clone());
        let rng = rng(settings.seed).map_err(|e| Error::Io("entropy".into(), e))?;
        let mut engine = Engine::new(clock.now(), settings.engine.clone(), library, rng);
        take_campaigns(&mut engine, &store, clock.now()).await?;
        let resolver = Arc::new(Resolver::system().map_err(|e| Error::Io("dns".into(), e))?);
        engine.restore_callbacks(clock.now(), store.kept_callbacks().await?);
        let ApiSide { addresses: api, state, turns, server, stop, control, orders, live_tx, catalogue } =
            ApiSide::start(&settings, &store, &engine).await?;
        for (trunk, reason) in turns.holds(clock.now().utc).await? {
            engine.hold_trunk(clock.now(), &trunk, reason);
        }
        let outside = outside(&settings, &store, (turns.planner(), resolver), &reports_tx);
        let (hub, live) = (state.parts.events.clone(), state.parts.live.clone());
        let parts = Parts {
            clock,
            engine,
            signal,
            plane,
            writer: writer.handle(),
            outside,
            telemetry: state.parts.telemetry.clone(),
            hub: hub.clone(),
            live: live_tx,
            catalogue,
            sip: sip_rx,
            media: media_rx,
            reports: reports_rx,
            orders,
            disk: recorder.disk(),
            recorder: recorder.clone(),
            certificates: certificate::Watch::new(clock.mono(), certificates),
            api: state,
            grace: settings.grace,
            reread: settings.reread.clone(),
        };
        tracing::info!(?api, ?sip, lost, "ready");
        let run = tokio::spawn(Driver::new(parts).run());
        let stop_turns = CancellationToken::new();
        let turns = turns.spawn(clock, &hub, &stop_turns);
        Ok(Daemon {
            api,
            store,
            control,
            hub,
            live,
            sip,
            reports: reports_tx,
            turns,
            stop_turns,
            run,
            server,
            stop_server: stop,
            writer,
            recorder,
        })
    }

    /// What a signal of the operating system does: the first drains, the second stops.
    pub fn signalled(&self) {
        // A full queue means that the loop is busy; it still sees the next signal.
        self.reports.try_send(Report::Signal).ok();
    }

    /// A handle for whoever watches for signals.
    pub fn signal_sender(&self) -> impl Fn() + Send + 'static {
        let reports = self.reports.clone();
        move || {
            reports.try_send(Report::Signal).ok();
        }
    }

    /// A handle for whoever watches for SIGHUP.
    pub fn reload_sender(&self) -> impl Fn() + Send + 'static {
        let reports = self.reports.clone();
        move || {
            reports.try_send(Report::Reload).ok();
        }
    }

    /// Waits until the loop has drained, then closes every part in order: media and
    /// recordings, the last writes, the API, the database.
    pub async fn finish(self) {
        let parts = self.run.await;
        self.stop_turns.cancel();
        for turns in self.turns {
            turns.await.ok();
        }
        if let Ok(parts) = parts {
            let Parts { plane, signal, .. } = parts;
            let recorder = self.recorder;
            let closed = tokio::task::spawn_blocking(move || {
                plane.stop();
                recorder.stop();
            });
            if closed.await.is_err() {
                tracing::error!("closing the media plane was cut off");
            }
            signal.close().await;
        }
        // A database that is away at the end must not keep the process for ever: attempts
        // without a record become `lost` at the next start.
        if tokio::time::timeout(Duration::from_secs(10), self.writer.close()).await.is_err() {
            tracing::error!("the database did not take the last writes");
        }
        self.stop_server.cancel();
        self.server.await.ok();
        self.store.close().await;
    }
}

/// What the driver has done elsewhere: SQL, DNS, speech, files.
fn outside(
    settings: &Settings,
    store: &Store,
    (planner, resolver): (Planner, Arc<Resolver>),
    reports: &mpsc::Sender<Report>,
) -> Outside {
    Outside {
        store: store.clone(),
        planner,
        resolver,
        reports: reports.clone(),
        tts: settings.tts.clone(),
        folders: settings.folders.clone(),
        fallback: settings.fallback_language.clone(),
        reloading: Arc::default(),
    }
}

/// Scripts and prompts at the start; what cannot be used is said so.
fn first_library(folders: &Folders, fallback: &str) -> Result<engine::Library, Error> {
    let loaded = library::load(folders, fallback).map_err(|e| Error::Io("scripts and prompts".into(), e))?;
    loaded.tell_problems();
    Ok(loaded.library)
}

/// Gives the engine the stored campaigns.
async fn take_campaigns(engine: &mut Engine, store: &Store, now: Now) -> Result<(), Error> {
    let calendar = std::sync::Arc::clone(&engine.settings().dialer.calendar);
    let day = calendar.date(now.utc);
    let today = (calendar.start_of(day), calendar.end_of(day));
    for campaign in store.campaigns().await? {
        let (id, name) = (campaign.id, campaign.name.clone());
        if let Err(error) = engine.handle_campaign(now, campaign) {
            tracing::error!(campaign = name, %error, "a stored campaign cannot be used");
            continue;
        }
        let (answered, abandoned) = store.abandoned_of(id, today).await?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let tally = Tally { day, answered: count(answered), abandoned: count(abandoned) };
        engine.restore_tally(id, tally);
    }
    Ok(())
}

/// The TLS certificates in use; one that has expired is an error.
pub(super) fn certificates(
    settings: &signal::Settings,
    now: Timestamp,
) -> Result<Vec<Certificate>, certificate::Error> {
    let own = settings.certificate.iter().filter(|_| !settings.tls.is_empty()).map(|p| (p, Role::Own));
    let trusted = settings.ca.iter().map(|p| (p, Role::Authorities));
    own.chain(trusted).map(|(path, role)| Certificate::read(path, role, now)).collect()
}

/// Attempts without an outcome become `lost` and follow their retry rule.
async fn recover(store: &Store, settings: &Settings, now: Now) -> Result<usize, Error> {
    let campaigns = store.campaigns().await?;
    let lost = store
        .recover(now.utc, |attempt| {
            let campaign = campaigns.iter().find(|c| Some(c.id) == attempt.campaign);
            after_loss(attempt, campaign.map(|c| &c.settings), settings, now.utc)
        })
        .await?;
    for attempt in &lost {
        tracing::warn!(call_id = %attempt.call, "no outcome is known; the attempt is lost");
    }
    Ok(lost.len())
}

fn after_loss(
    attempt: &LostAttempt,
    campaign: Option<&crate::dialer::CampaignSettings>,
    settings: &Settings,
    now: Timestamp,
) -> EntryUpdate {
    let dialer = &settings.engine.dialer;
    let windows = campaign.and_then(|c| c.windows(&dialer.windows, &dialer.calendar).ok());
    let windows = windows.as_ref().unwrap_or(&dialer.windows);
    let rules: RetryTable = campaign.map(|c| c.retry.clone()).unwrap_or_default();
    let after = after_attempt(&Attempted {
        now,
        disposition: Disposition::Lost,
        later_at: None,
        attempts_by: &attempt.attempts_by,
        max_attempts: campaign.map_or(u32::MAX, |c| c.max_attempts),
        rules: &rules,
        // A loss is ours, and follows its own rule.
        spacing: &[],
        hours: Hours::of(windows),
        deadline: attempt
            .deadline_at
            .map(|at| Deadline { at, goes_on: campaign.is_none_or(|c| c.after_deadline) }),
        more_numbers: false,
    });
    let (state, due_at) = match after.next {
        Next::Again(at) | Next::Promised(at) => (EntryState::Pending, Some(at)),
        Next::Done => (EntryState::Done, None),
        Next::Failed => (EntryState::Failed, None),
        Next::Stopped => (EntryState::Stopped, None),
    };
    let entry = attempt.entry.unwrap_or(crate::base::EntryId(0));
    EntryUpdate::new(entry, state, Some(Disposition::Lost), due_at, after.because)
}

/// How far back lost calls are looked for, in ms: a call lasts at most a day, and the daemon
/// may stay down for some days after a crash.
const LOST_FOR_MS: i64 = 7 * 24 * 3600 * 1000;

/// Recordings that a kill left unfinished become playable and are noted with their calls.
async fn mend_recordings(store: &Store, settings: &Settings, now: Now) {
    let folder = settings.recorder.folder.clone();
    let since = Timestamp(now.utc.0.saturating_sub(LOST_FOR_MS));
    // Torn files are mended all the same where the store does not say whose are wanted.
    let open = store.lost_without_recording(since).await.unwrap_or_else(|error| {
        tracing::error!(%error, "calls without a recording could not be looked for");
        std::collections::BTreeSet::new()
    });
    let repaired = tokio::task::spawn_blocking(move || recorder::repair(&folder, &open)).await;
    let repaired = match repaired {
        Ok(Ok(repaired)) => repaired,
        Ok(Err(error)) => {
            tracing::error!(%error, "unfinished recordings could not be looked for");
            return;
        }
        Err(_) => return,
    };
    for file in repaired {
        let id = file.path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<CallId>().ok());
        let Some(id) = id else { continue };
        let folder = &settings.recorder.folder;
        match store.recording_repaired(id, &file.path, folder, file.duration, &file.sha256).await {
            Ok(_) => tracing::warn!(call_id = %id, path = %file.path.display(), "recording repaired"),
            Err(error) => tracing::error!(call_id = %id, %error, "a repaired recording could not be noted"),
        }
    }
}

fn start_writer(store: &Store, settings: &Settings, reports: mpsc::Sender<Report>) -> Writer {
    let notify = move |event| {
        // The driver drains this queue in every turn; a full one means that it is gone.
        if reports.try_send(Report::Store(event)).is_err() {
            tracing::error!("the engine did not take an answer of the database");
        }
    };
    Writer::start(
        store.clone(),
        WriterSettings {
            recordings: settings.recorder.folder.clone(),
            clock: Arc::new(clock::utc),
            notify: Box::new(notify),
        },
    )
}

fn rng(seed: Option<u64>) -> std::io::Result<Rng> {
    if let Some(seed) = seed {
        return Ok(Rng::seeded(seed));
    }
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(Rng::from_entropy(entropy))
}
