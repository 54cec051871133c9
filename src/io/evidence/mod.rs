//! The examiner: evidence on every call soon after its end.
//!
//! The queue is the database: what has no evidence yet is looked at, so a crash or a restart loses
//! nothing, and a call is judged again where a transcript or an entry of the register comes later.
//! Recordings are heard one at a time on a thread of their own, below the priority of calls.

mod ear;
mod facts;
mod transcribe;

use std::sync::Arc;
use std::time::Duration;

use crate::base::Timestamp;
use crate::evidence::{
    Around, CallFacts, Evidence, Heard, Register, Scorecard, Scorecards, Span, Talk, Tick, Transcript, judge,
    svg, ticks,
};
use crate::io::planner::Planner;
use crate::io::store::evidence::{CallSource, NewEvidence, TRANSCRIPT_WANTED};
use crate::io::store::{self, Store};
use crate::io::told::Told;
use crate::io::vault::Vault;

use ear::Ear;
pub use ear::hear;
pub use transcribe::Transcriber;

/// Calls of one turn.
const BATCH: u32 = 20;
/// Looked at again by then where nothing is known to come.
const A_DAY: Duration = Duration::from_secs(24 * 3_600);
/// Late talks that say how long one usually is, and how few say nothing.
const LATE_TALKS: u32 = 200;
const FEW_TALKS: usize = 20;

/// What the examiner is told by the configuration.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Thresholds and phrases, by policy pack.
    pub cards: Arc<Scorecards>,
    /// Program and arguments that write a transcript; empty: none is made.
    pub transcribe: Vec<String>,
    /// How long it may take.
    pub transcribe_limit: Duration,
}

/// Why evidence could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The thread that hears.
    #[error("the thread that hears recordings: {0}")]
    Thread(#[from] std::io::Error),
    /// No scorecard fits.
    #[error("no scorecard is for pack `{0}`, and there is no default one")]
    NoCard(String),
    /// The call is not over, or there is none.
    #[error("call {0} is not over, or there is none")]
    NoCall(String),
    /// The program that writes transcripts.
    #[error("{0}")]
    Transcript(String),
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Calls that were judged.
    pub judged: u64,
    /// Whether more waits already.
    pub more: bool,
    /// When time alone gives the next turn something to do.
    pub next: Timestamp,
}

/// The examiner. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Examiner {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    planner: Planner,
    vault: Vault,
    told: Told<Settings>,
    ear: Ear,
    /// One change of a call's evidence at a time: a transcript may come while it is reviewed.
    alone: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Examiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Examiner")
    }
}

impl Examiner {
    /// Starts the thread that hears. The planner knows calendar and policies, the vault the recordings.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn start(
        store: Store,
        planner: Planner,
        vault: Vault,
        settings: Settings,
    ) -> Result<Examiner, Error> {
        let (ear, told, alone) = (Ear::start()?, Told::new(settings), tokio::sync::Mutex::new(()));
        Ok(Examiner { parts: Arc::new(Parts { store, planner, vault, told, ear, alone }) })
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// New settings, from the next call on. What was judged keeps the version it was judged by.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(settings);
    }

    /// Something happened that may call for a look.
    pub fn wake(&self) {
        self.parts.told.ring();
    }

    /// Waits until somebody woke the examiner.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn card(&self, pack: &str) -> Result<(Arc<Scorecard>, Arc<str>), Error> {
        self.settings().cards.of(pack).ok_or_else(|| Error::NoCard(pack.to_owned()))
    }

    /// Judges calls that ended, and those whose register is due.
    ///
    /// # Errors
    /// What the database did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        if self.settings().cards.all().next().is_none() {
            return Ok(Turn { next: now + A_DAY, ..Turn::default() });
        }
        let ended = self.store().unheard_calls(now, BATCH).await?;
        let due = self.store().calls_to_review(now, BATCH).await?;
        let more = ended.len() == BATCH as usize || due.len() == BATCH as usize;
        let silent = |call: &&CallSource| call.answered_at.is_none() && call.direction == "outbound";
        let (nothing, worth): (Vec<&CallSource>, Vec<&CallSource>) = ended.iter().partition(silent);
        let nothing: Vec<&str> = nothing.into_iter().map(|call| call.id.as_str()).collect();
        self.store().nothing_heard(&nothing).await?;
        let mut judged = 0;
        for call in worth.into_iter().chain(&due) {
            match self.examine(call, now).await {
                Ok(()) => judged += 1,
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::error!(call_id = call.id, %error, "a call could not be judged");
                    self.store().nothing_heard(&[&call.id]).await?;
                }
            }
        }
        let next = self.store().next_review().await?.unwrap_or(now + A_DAY).max(now);
        Ok(Turn { judged, more, next })
    }

    /// Judges one call again: a transcript came.
    ///
    /// # Errors
    /// [`Error::NoCall`], those of the store.
    pub async fn judge_again(&self, call: &str, now: Timestamp) -> Result<(), Error> {
        let source = self.source(call).await?;
        self.examine(&source, now).await
    }

    async fn source(&self, call: &str) -> Result<CallSource, Error> {
        let found = self.store().call_source(call).await?;
        found.ok_or_else(|| Error::NoCall(call.to_owned()))
    }

    /// The phrases that a person has to listen for in a call.
    ///
    /// # Errors
    /// [`Error::NoCall`], [`Error::NoCard`], those of the store.
    pub async fn ticks(&self, call: &str, now: Timestamp) -> Result<Vec<Tick>, Error> {
        let source = self.source(call).await?;
        let (card, _) = self.card(source.pack.as_deref().unwrap_or_default())?;
        Ok(ticks(&card, &Around::from(&self.facts(&source, &card, now).await?)))
    }

    /// A picture of a call.
    ///
    /// # Errors
    /// [`Error::NoCall`], [`Error::NoCard`], those of the store.
    pub async fn picture(&self, call: &str, now: Timestamp) -> Result<String, Error> {
        let source = self.source(call).await?;
        let (card, _) = self.card(source.pack.as_deref().unwrap_or_default())?;
        let facts = self.facts(&source, &card, now).await?;
        let heard = known(&source).unwrap_or_default();
        let evidence = self.judge(&card, &facts, Some(&heard), &source).await?;
        let spans = |turns: &[crate::evidence::Turn]| turns.iter().map(|t| t.span).collect::<Vec<Span>>();
        let talk = Talk::new(&facts, &heard);
        let lanes = [&spans(&heard.left)[..], &spans(&heard.right), &talk.holds];
        Ok(svg(heard.ms, lanes, &evidence.findings))
    }

    async fn judge(
        &self,
        card: &Scorecard,
        facts: &CallFacts,
        heard: Option<&Heard>,
        source: &CallSource,
    ) -> Result<Evidence, Error> {
        let stored = self.store().transcript_json(&source.id).await?;
        // Nothing else but what was checked before is stored.
        let transcript = stored.and_then(|(lines, _)| Transcript::from_json(lines.as_bytes()).ok());
        Ok(judge(card, facts, heard, transcript.as_ref()))
    }

    /// Hears a recording; the error says why it cannot.
    async fn hear(&self, name: &str, card: &Scorecard) -> Result<Heard, String> {
        let sound = self.parts.vault.open(name).await.map_err(|error| error.to_string())?;
        let heard = self.parts.ear.hear(sound, card.speech.clone()).await;
        heard.map_err(|problem| format!("{name}: {problem}"))
    }

    /// Hears, judges and keeps one call.
    async fn examine(&self, source: &CallSource, now: Timestamp) -> Result<(), Error> {
        let _alone = self.parts.alone.lock().await;
        let (card, version) = self.card(source.pack.as_deref().unwrap_or_default())?;
        let facts = self.facts(source, &card, now).await?;
        let (heard, problem) = match (known(source), &source.recording) {
            (Some(heard), _) => (Some(heard), source.problem.clone().unwrap_or_default()),
            (None, Some(name)) => match self.hear(name, &card).await {
                Ok(heard) => (Some(heard), String::new()),
                Err(problem) => (None, problem),
            },
            (None, None) => (None, String::new()),
        };
        let evidence = self.judge(&card, &facts, heard.as_ref(), source).await?;
        let review_at = facts::review(&facts, source, &card, now);
        let stored = heard.as_ref().map(serde_json::to_string).and_then(Result::ok).unwrap_or_default();
        let wanted = !self.settings().transcribe.is_empty() && heard.is_some() && !facts.parts.is_empty();
        let transcription = match &source.transcription {
            Some(state) => state.clone(),
            None if wanted => TRANSCRIPT_WANTED.to_owned(),
            None => String::new(),
        };
        let agent = facts.parts.first().map(|part| part.agent.as_str());
        let new = NewEvidence {
            call: &source.id,
            pack: &card.pack,
            version: &version,
            agent,
            talk_ms: facts.talk_ms(),
            heard_ms: heard.as_ref().map(|heard| i64::from(heard.ms)),
            heard: &stored,
            problem: &problem,
            transcription: &transcription,
            review_at,
            evidence: &evidence,
        };
        self.store().save_evidence(&new, now).await?;
        if facts.register != Register::Open || !evidence.audit.is_empty() {
            tracing::debug!(call_id = source.id, audit = ?evidence.audit, "judged");
        }
        Ok(())
    }
}

/// What was heard in an earlier look.
fn known(source: &CallSource) -> Option<Heard> {
    serde_json::from_str(source.heard.as_deref()?).ok()
}
