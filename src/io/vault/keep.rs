//! The keeper: seals what was recorded, and once a day archives and deletes what is due.
//!
//! Everything it does may be done twice, so that it begins anew after whatever cut it off.

mod warn;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;

use super::report::{KeepingReport, Run, Tally};
use super::restow::{Source, Step, Steps, Wanted};
use super::worker::Worker;
use super::{Error, Vault, as_recorded};
use crate::base::{CallId, Timestamp};
use crate::calendar::Windows;
use crate::io::store::{HeldRow, NewWarning, Recorded, Standing, Store, StoredFile};
use crate::io::told::Told;
use crate::io::web::EventHub;
use crate::retention::{Act, Call, Hold, Retention, Verdict};

/// Recordings looked at together.
const BATCH: u32 = 200;
/// Recordings sealed in one turn.
const SEALED_A_TURN: u32 = 20;
/// How far back a turn looks for recordings that are not sealed; older ones are found by the daily run.
const LATELY: Duration = Duration::from_secs(2 * 24 * 3_600);
/// Looked at again by then where nothing is known to come.
const AT_LEAST: Duration = Duration::from_secs(3_600);

/// How long recordings are kept, and when that is seen to.
#[derive(Clone, Debug)]
pub struct KeepingRules {
    /// What becomes of which recording when.
    pub retention: Retention,
    /// In these hours, once a day.
    pub hours: Windows,
    /// Bytes of WAV a second that the daily run takes at most.
    pub bytes_per_second: u64,
}

impl Default for KeepingRules {
    fn default() -> Self {
        KeepingRules { retention: Retention::default(), hours: Windows::always(), bytes_per_second: u64::MAX }
    }
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Recordings sealed.
    pub sealed: u64,
    /// Whether more waits already.
    pub more: bool,
    /// When time alone gives the next turn something to do.
    pub next: Timestamp,
}

/// The keeper. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Keeper {
    parts: Arc<Parts>,
}

struct Parts {
    vault: Vault,
    hub: EventHub,
    worker: Worker,
    rules: Told<KeepingRules>,
    steps: Box<Steps>,
    seen: Mutex<Seen>,
    /// One run or turn at a time.
    alone: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Seen {
    running: Option<Run>,
    last: Option<KeepingReport>,
    last_day: Option<Date>,
    /// What was said of it that is still so: said once.
    alarms: VecDeque<String>,
    /// What went wrong in the run that goes on.
    troubles: Vec<NewWarning>,
    /// What could not be sealed: tried again after the daily run.
    unsealed: BTreeSet<String>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keeper")
    }
}

impl Keeper {
    /// Starts the thread that encodes and seals.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(vault: Vault, hub: EventHub, rules: KeepingRules) -> io::Result<Keeper> {
        Keeper::watched(vault, hub, rules, |_| Ok(()))
    }

    /// The same, telling of each step of storing a recording anew; an error ends the work there as a crash would.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn watched(
        vault: Vault,
        hub: EventHub,
        rules: KeepingRules,
        steps: impl Fn(Step) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Keeper> {
        let parts = Parts {
            vault,
            hub,
            worker: Worker::start()?,
            rules: Told::new(rules),
            steps: Box::new(steps),
            seen: Mutex::default(),
            alone: tokio::sync::Mutex::default(),
        };
        Ok(Keeper { parts: Arc::new(parts) })
    }

    /// New rules, from the next run on.
    pub fn set_rules(&self, rules: KeepingRules) {
        self.parts.rules.set(rules);
    }

    /// The rules of this moment.
    pub fn rules(&self) -> KeepingRules {
        self.parts.rules.get()
    }

    /// The run that goes on.
    pub fn running(&self) -> Option<Run> {
        self.seen().running.clone()
    }

    /// What the last run came to; None: there was none since the start.
    pub fn last(&self) -> Option<KeepingReport> {
        self.seen().last.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.parts.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vault(&self) -> &Vault {
        &self.parts.vault
    }

    fn store(&self) -> &Store {
        self.parts.vault.store()
    }

    /// What is decided of one recording, now.
    pub fn verdict(&self, item: &Recorded, archived: bool, holds: &[HeldRow], now: Timestamp) -> Verdict {
        let call = Call {
            ended_at: Timestamp(item.ended_at),
            pack: &item.pack,
            rule: &item.rule,
            direction: &item.direction,
            result: item.disposition.as_deref().unwrap_or_default(),
        };
        let hold = |row: &HeldRow| Hold { kind: row.kind.clone(), reference: row.reference.clone() };
        let holds: Vec<Hold> = holds.iter().map(hold).collect();
        self.rules().retention.decide(&call, archived, &holds, now)
    }

    /// Seals what was recorded lately; in its hours, the daily run.
    ///
    /// # Errors
    /// What the database did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let rules = self.rules();
        let day = self.day(now);
        let is_due = rules.hours.is_open(now) && self.seen().last_day != Some(day);
        if is_due {
            self.run(false, now).await?;
            self.seen().last_day = Some(day);
        }
        let sealed = self.seal_lately(now).await?;
        let opening = rules.hours.next_opening(now).unwrap_or(now + AT_LEAST);
        Ok(Turn { sealed, more: sealed == u64::from(SEALED_A_TURN), next: opening.min(now + AT_LEAST) })
    }

    async fn seal_lately(&self, now: Timestamp) -> Result<u64, Error> {
        let Some(key) = self.vault().settings().ring.newest().cloned() else { return Ok(0) };
        let _alone = self.parts.alone.lock().await;
        let since = CallId::first_of(Timestamp(now.0.saturating_sub(millis(LATELY))));
        let unsealed = self.seen().unsealed.clone();
        let room = SEALED_A_TURN + u32::try_from(unsealed.len()).unwrap_or_default();
        let items = self.store().recorded_plain(&since.to_string(), room).await?;
        let (mut sealed, wanted) = (0, Wanted { form: "wav", seal: Some(key), place: String::new() });
        let fresh = items.into_iter().filter(|item| !unsealed.contains(&item.name));
        for item in fresh.take(SEALED_A_TURN as usize) {
            let file = found(&item);
            match self.store_anew(&item, &file, &wanted, now).await {
                Ok(_) => sealed += 1,
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    self.tell_unsealed(&item.name, &error, now).await?;
                    self.seen().unsealed.insert(item.name);
                }
            }
        }
        Ok(sealed)
    }

    async fn store_anew(
        &self,
        item: &Recorded,
        file: &StoredFile,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let expected = Some(file.wav_sha256.as_str()).filter(|known| !known.is_empty());
        let source = Source { file, wav_sha256: expected.or(item.sha256.as_deref()) };
        self.vault().restow(&self.parts.worker, source, wanted, now, &*self.parts.steps).await
    }

    /// Shows a run that is about to begin, so that whoever ordered it sees it at once.
    pub fn announce(&self, dry_run: bool, now: Timestamp) {
        self.seen().running.get_or_insert(Run { dry_run, started_at: now.0, ..Run::default() });
    }

    /// Looks at every recording and does what is due; with `dry_run` it only says what.
    ///
    /// # Errors
    /// What the database did not take. What goes wrong with a recording is in the report.
    pub async fn run(&self, dry_run: bool, now: Timestamp) -> Result<KeepingReport, Error> {
        let _alone = self.parts.alone.lock().await;
        self.seen().troubles.clear();
        let done = self.counted(dry_run, now).await;
        self.seen().running = None;
        let mut report = done?;
        if !dry_run {
            self.warn(&report, now).await?;
        }
        let mut seen = self.seen();
        report.ended_at = crate::io::clock::utc().0.max(now.0);
        let Tally { archived, sealed, moved, deleted, failed, held, .. } = report.tally;
        tracing::info!(dry_run, archived, sealed, moved, deleted, held, failed, "recordings were kept");
        if report.problems.is_empty() && !dry_run {
            seen.alarms.clear();
        }
        seen.unsealed.clear();
        seen.last = Some(report.clone());
        Ok(report)
    }

    async fn counted(&self, dry_run: bool, now: Timestamp) -> Result<KeepingReport, Error> {
        let of = u64::try_from(self.store().recorded_count(now).await?).unwrap_or_default();
        self.seen().running = Some(Run { dry_run, started_at: now.0, of, ..Run::default() });
        self.walk(dry_run, now).await
    }

    async fn walk(&self, dry_run: bool, now: Timestamp) -> Result<KeepingReport, Error> {
        let mut report = KeepingReport { dry_run, started_at: now.0, ..KeepingReport::default() };
        if !dry_run {
            self.take_away(&mut report, now).await?;
        }
        let mut after = String::new();
        // An archive that is away is waited for once, not for every recording.
        let mut away = false;
        while let Some((last, items)) = self.store().recorded(&after, now, BATCH).await? {
            after = last;
            let mut calls: Vec<&str> = items.iter().map(|item| item.call_id.as_str()).collect();
            calls.dedup();
            let held = self.store().held(&calls).await?;
            for item in &items {
                let holds = held.get(&item.call_id).map(Vec::as_slice).unwrap_or_default();
                self.look(item, holds, &mut report, &mut away, now).await?;
                if let Some(run) = &mut self.seen().running {
                    run.seen += 1;
                    run.tally = report.tally;
                }
            }
        }
        Ok(report)
    }

    /// Takes away bytes that are owed from earlier.
    async fn take_away(&self, report: &mut KeepingReport, now: Timestamp) -> Result<(), Error> {
        self.vault()
            .sweep(&self.parts.worker)
            .await
            .map_err(|error| Error::File { name: "leftovers".into(), error })?;
        loop {
            let files = self.store().files_to_remove(BATCH).await?;
            let mut taken = 0;
            for file in &files {
                match self.vault().remove_bytes(file, now).await {
                    Ok(()) => taken += 1,
                    Err(Error::Store(error)) => return Err(error.into()),
                    Err(error) => self.problem(report, &file.name, &error.to_string(), now),
                }
            }
            if taken == 0 || files.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    /// Decides of one recording, and does it.
    async fn look(
        &self,
        item: &Recorded,
        holds: &[HeldRow],
        report: &mut KeepingReport,
        away: &mut bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let file = match self.store().standing_of(&item.name).await? {
            Standing::Stored(file) => *file,
            Standing::AsRecorded => found(item),
            Standing::Gone { .. } => return Ok(()),
        };
        let verdict = self.verdict(item, file.form == "flac", holds, now);
        *report.reasons.entry(format!("{}: {}", verdict.act.as_str(), verdict.because)).or_default() += 1;
        if verdict.act == Act::Delete {
            return self.delete(item, &file, &verdict.because, report, now).await;
        }
        report.tally.held += u64::from(verdict.held);
        let wanted = self.wanted(&file, verdict.act);
        if wanted.is(&file) {
            report.tally.kept += 1;
            return Ok(());
        }
        let far = |place: &str| self.vault().folder_of(place).is_none();
        if *away && (far(&wanted.place) || far(&file.place)) {
            report.tally.failed += 1;
            return Ok(());
        }
        let act = if verdict.act == Act::Archive { "archive" } else { "store" };
        report.name(item, act, &verdict.because);
        if !report.dry_run {
            match self.store_anew(item, &file, &wanted, now).await {
                Ok(bytes) => {
                    report.tally.bytes += bytes;
                    self.breathe(bytes).await;
                }
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    *away = (far(&wanted.place) || far(&file.place)) && !is_of_the_file(&error);
                    match *away {
                        true => {
                            let place = if far(&wanted.place) { &wanted.place } else { &file.place };
                            self.problem(report, place, &format!("archive_unreachable: {error}"), now);
                        }
                        false => self.problem(report, &item.name, &error.to_string(), now),
                    }
                    return Ok(());
                }
            }
        }
        let tally = &mut report.tally;
        tally.archived += u64::from(wanted.form != file.form);
        tally.moved += u64::from(wanted.place != file.place);
        tally.sealed += u64::from(wanted.seal.is_some_and(|key| key.id != file.sealed));
        Ok(())
    }

    async fn delete(
        &self,
        item: &Recorded,
        file: &StoredFile,
        because: &str,
        report: &mut KeepingReport,
        now: Timestamp,
    ) -> Result<(), Error> {
        report.name(item, "delete", because);
        if report.dry_run {
            report.tally.deleted += 1;
            return Ok(());
        }
        let noted =
            if file.id == 0 { self.vault().noted(&item.name, now).await } else { Ok(Some(file.clone())) };
        let ended = match noted {
            Ok(Some(last)) => {
                let last = StoredFile { at: file.at, ..last };
                if !self.store().end_recording(&last, because, true, now).await? {
                    // Somebody put a hold on it since it was decided.
                    report.tally.held += 1;
                    return Ok(());
                }
                self.vault().remove_bytes(&last, now).await
            }
            Ok(None) => Err(Error::File { name: item.name.clone(), error: io::ErrorKind::NotFound.into() }),
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => report.tally.deleted += 1,
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => self.problem(report, &item.name, &error.to_string(), now),
        }
        Ok(())
    }

    /// How a recording is to be stored.
    fn wanted(&self, file: &StoredFile, act: Act) -> Wanted {
        let settings = self.vault().settings();
        let archived = file.form == "flac" || act == Act::Archive;
        let seal = settings.ring.newest().or_else(|| settings.ring.get(&file.sealed)).cloned();
        let place = if archived { settings.archive } else { file.place.clone() };
        Wanted { form: if archived { "flac" } else { "wav" }, seal, place }
    }

    /// Leaves the disk to others for as long as the rate asks for.
    async fn breathe(&self, bytes: u64) {
        let rate = self.rules().bytes_per_second.max(1);
        let pause = Duration::from_millis(bytes.saturating_mul(1_000) / rate);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Whether an error is one of this recording and not of the archive.
fn is_of_the_file(error: &Error) -> bool {
    matches!(error, Error::File { error, .. }
        if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied))
}

/// A recording that lies as it was recorded.
fn found(item: &Recorded) -> StoredFile {
    StoredFile { call_id: item.call_id.clone(), at: item.ended_at, ..as_recorded(&item.name) }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
