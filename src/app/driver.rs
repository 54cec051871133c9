//! The loop that owns the engine: one input in, all outputs out, sleep until the next wake.
//!
//! The price of one owner is that the engine uses one core at most. It never waits for
//! anything: files, DNS and SQL run elsewhere and report back as inputs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::count::Seen;
use super::drain::Drain;
use super::outside::Outside;
use super::reload::{Fresh, Reread};
use crate::base::{CallId, Mono, Now};
use crate::dialer::Reason;
use crate::engine::{Engine, Hold, Input, Output, Reserved, Write};
use crate::io::certificate;
use crate::io::clock::Clock;
use crate::io::recorder::{Disk, Recorder};
use crate::io::rtp::RtpPlane;
use crate::io::signal::{self, Signal};
use crate::io::store::{StoreEvent, StoreHealth, WriterHandle};
use crate::io::telemetry::Telemetry;
use crate::io::web::{Catalogue, Done, EventHub, LiveSnapshot, Order, Refused, Shared};
use crate::media;
use crate::policy::code;

/// Reports taken from one queue before the others have their turn.
const BATCH: usize = 128;
/// Media orders that may wait for a full ring; beyond that new calls are refused anyway.
const MEDIA_BACKLOG: usize = 8_192;
/// The live view is told anew at least so often: `/readyz` doubts the loop after 10 s.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// How soon a full ring or queue is tried again.
const AGAIN: Duration = Duration::from_millis(5);

/// What the driver stands on.
pub struct Parts {
    pub clock: Clock,
    pub engine: Engine,
    pub signal: Signal,
    pub plane: RtpPlane,
    pub writer: WriterHandle,
    pub outside: Outside,
    pub telemetry: Arc<Telemetry>,
    pub hub: EventHub,
    pub live: watch::Sender<Arc<LiveSnapshot>>,
    pub catalogue: watch::Sender<Arc<Catalogue>>,
    pub sip: mpsc::Receiver<signal::Event>,
    pub media: mpsc::Receiver<(media::SessionId, media::Event)>,
    pub reports: mpsc::Receiver<Report>,
    pub orders: mpsc::Receiver<Order>,
    pub disk: watch::Receiver<Disk>,
    pub recorder: Recorder,
    pub certificates: certificate::Watch,
    pub api: Shared,
    pub grace: Duration,
    pub reread: Option<Reread>,
}

/// What comes back from outside the loop.
#[derive(Debug)]
pub enum Report {
    /// An input for the engine.
    Input(Input),
    /// The writer speaks.
    Store(StoreEvent),
    /// SIGTERM or SIGINT.
    Signal,
    /// SIGHUP.
    Reload,
    /// Scripts and prompts were read again.
    Library(Box<super::library::Loaded>),
    /// The whole configuration was read again; whoever asked waits for this to be done.
    Fresh(Box<Fresh>, oneshot::Sender<()>),
}

/// The running loop.
pub struct Driver {
    pub(super) parts: Parts,
    pub(super) drain: Drain,
    pub(super) changed: bool,
    backlog: VecDeque<(media::SessionId, media::Command)>,
    overflow: VecDeque<Write>,
    /// None: nobody has seen anything yet, `/readyz` least of all.
    published: Option<Mono>,
    /// Who ordered a call for an agent, until the guard has answered.
    pub(super) dials: BTreeMap<CallId, oneshot::Sender<Result<Done, Refused>>>,
    /// Counters at the last look.
    pub(super) seen: Seen,
}

impl Driver {
    pub fn new(parts: Parts) -> Self {
        Driver {
            parts,
            drain: Drain::default(),
            changed: true,
            backlog: VecDeque::new(),
            overflow: VecDeque::new(),
            published: None,
            dials: BTreeMap::new(),
            seen: Seen::default(),
        }
    }

    /// Runs until the daemon has drained; gives the parts back to be closed in order.
    pub async fn run(mut self) -> Parts {
        let mut sip = Vec::with_capacity(BATCH);
        let mut media = Vec::with_capacity(BATCH);
        self.look_at_disk();
        self.feed(Input::Wake);
        while !self.is_over() {
            let wake = tokio::time::Instant::from_std(self.parts.clock.instant(self.next_wake()));
            tokio::select! {
                n = self.parts.media.recv_many(&mut media, BATCH), if !self.parts.media.is_closed() || !self.parts.media.is_empty() => {
                    let _ = n;
                    for (session, event) in media.drain(..) {
                        self.handle(Input::Media(session, event));
                    }
                }
                n = self.parts.sip.recv_many(&mut sip, BATCH) => {
                    let _ = n;
                    for event in sip.drain(..) {
                        self.handle(sip_input(event));
                    }
                }
                Some(report) = self.parts.reports.recv() => self.take(report),
                Some(order) = self.parts.orders.recv() => self.obey(order),
                Ok(()) = self.parts.disk.changed() => self.look_at_disk(),
                () = tokio::time::sleep_until(wake) => self.handle(Input::Wake),
            }
            self.carry_out();
            self.look_at_certificates();
            self.publish();
        }
        self.parts
    }

    pub(super) fn now(&self) -> Now {
        self.parts.clock.now()
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        self.parts.engine.handle(now, input);
    }

    /// One input with everything that follows from it.
    pub(super) fn feed(&mut self, input: Input) {
        self.handle(input);
        self.carry_out();
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Input(input) => self.handle(input),
            Report::Store(StoreEvent::Reserved(reserved)) => self.handle(Input::Reserved(reserved)),
            Report::Store(StoreEvent::Health(health)) => self.hold_for_store(health),
            Report::Store(StoreEvent::SetAside { kind, reason }) => {
                tracing::error!(kind, reason, "the database refused a write; it is kept in dead_letters");
                self.alarm(None, &format!("write_set_aside: {kind}: {reason}"));
            }
            Report::Signal => self.drain_by_signal(),
            Report::Reload => self.reload_by_signal(),
            Report::Library(loaded) => self.take_library(*loaded),
            Report::Fresh(fresh, done) => {
                self.take_settings(*fresh);
                // Who asked may have gone away.
                done.send(()).ok();
            }
        }
    }

    fn hold_for_store(&mut self, health: StoreHealth) {
        let reason = match health {
            StoreHealth::Ok => None,
            StoreHealth::Degraded(why) => {
                tracing::error!(why, "the database does not take writes; dialling stops until it does");
                Some(Reason::new(code::STORE, why))
            }
        };
        self.handle(Input::Hold(Hold::Store, reason));
    }

    fn look_at_disk(&mut self) {
        let disk = self.parts.disk.borrow_and_update().clone();
        let reason = match disk {
            Disk::Well { .. } => None,
            Disk::Low { free } => {
                let detail = format!("{} MB are left for recordings; free some space", free / 1_000_000);
                Some(Reason::new(code::HELD, detail))
            }
            Disk::Failed(why) => {
                Some(Reason::new(code::HELD, format!("recordings cannot be written: {why}")))
            }
        };
        if let Some(reason) = &reason {
            tracing::error!(detail = reason.detail, "dialling stops before calls go unrecorded");
        }
        self.changed = true;
        self.handle(Input::Hold(Hold::Disk, reason));
    }

    fn look_at_certificates(&mut self) {
        if self.parts.certificates.next_timeout() > self.parts.clock.mono() {
            return;
        }
        for warning in self.parts.certificates.handle_timeout(self.now()) {
            self.alarm(None, &format!("certificate_expiry: {warning}"));
        }
        self.changed = true;
    }

    fn next_wake(&self) -> Mono {
        let now = self.parts.clock.mono();
        let engine = self.parts.engine.next_wake().unwrap_or(Mono::FAR);
        let again = if self.backlog.is_empty() && self.overflow.is_empty() { Mono::FAR } else { now + AGAIN };
        let publish = self.next_publish();
        engine.min(again).min(publish).min(self.drain.next_wake()).min(self.parts.certificates.next_timeout())
    }

    /// Carries out every output of the engine.
    pub(super) fn carry_out(&mut self) {
        self.try_again();
        while let Some(output) = self.parts.engine.poll() {
            match output {
                Output::Transmit(transmit) => self.parts.signal.send(transmit),
                Output::Media(session, command) => self.order_media(session, command),
                Output::Write(write) => self.write(write),
                Output::Notice(notice) => self.notify(notice),
                other => self.parts.outside.carry_out(other, self.parts.clock.now().utc),
            }
        }
    }

    fn order_media(&mut self, session: media::SessionId, command: media::Command) {
        // Orders of one session keep their sequence, so all wait behind the first that waits.
        if !self.backlog.is_empty() && self.backlog.len() < MEDIA_BACKLOG {
            self.backlog.push_back((session, command));
            return;
        }
        let Err(full) = self.parts.plane.command(session, command) else { return };
        match full.0 {
            media::Command::Open { .. } => {
                self.parts.telemetry.overflow.with(&["media_orders"]).add(1);
                let event = media::Event::OpenFailed("the media plane has no room".into());
                self.handle(Input::Media(session, event));
            }
            command => self.backlog.push_back((session, command)),
        }
    }

    fn try_again(&mut self) {
        while let Some((session, command)) = self.backlog.pop_front() {
            if let Err(full) = self.parts.plane.command(session, command) {
                self.backlog.push_front((session, full.0));
                break;
            }
        }
        while let Some(write) = self.overflow.pop_front() {
            if let Err(full) = self.parts.writer.submit(write) {
                self.overflow.push_front(*full.0);
                break;
            }
        }
    }

    fn write(&mut self, write: Write) {
        if let Write::Report(report) = &write {
            self.count_call(report);
        }
        if !self.overflow.is_empty() && !write.is_reserve() {
            self.overflow.push_back(write);
            return;
        }
        let Err(full) = self.parts.writer.submit(write) else { return };
        let write = *full.0;
        if !write.is_reserve() {
            return self.overflow.push_back(write);
        }
        let attempts = write.attempts();
        self.parts.telemetry.overflow.with(&["writes"]).add(attempts.len() as u64);
        let why = Reason::new(code::STORE, "too many writes wait for the database");
        let refused = attempts.into_iter().map(|call| (call, why.clone())).collect();
        self.handle(Input::Reserved(Reserved { reserved: Vec::new(), refused }));
    }

    /// When the live view is told anew: soon after a change, and now and then without one, by
    /// which `/readyz` knows that the loop runs.
    fn next_publish(&self) -> Mono {
        let every = if self.changed { crate::io::web::PUBLISH_EVERY } else { SIGN_OF_LIFE };
        self.published.map_or(Mono(0), |last| last + every)
    }

    fn publish(&mut self) {
        let now = self.parts.clock.mono();
        if now >= self.next_publish() {
            self.published = Some(now);
            self.changed = false;
            self.count_traffic();
            let snapshot = super::publish::snapshot(&self.parts, self.drain.is_draining());
            self.parts.live.send_replace(Arc::new(snapshot));
        }
    }
}

fn sip_input(event: signal::Event) -> Input {
    match event {
        signal::Event::Received(r) => Input::Received {
            transport: r.transport,
            source: r.source,
            connection: r.connection,
            bytes: r.bytes,
        },
        signal::Event::ConnectionClosed(id) => Input::ConnectionClosed(id),
        signal::Event::SendFailed(destination, why) => Input::SendFailed(destination, why),
    }
}
