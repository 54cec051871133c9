//! Rehearsals that people ask for while the daemon runs: days of a policy on a virtual clock.
//!
//! One runs at a time, on a thread below the priority of calls, with a database of its own that
//! nobody keeps, and with no socket. It is in this process, for what is rehearsed is read from the
//! database of the daemon, whichever that is, and by the policies that it has in force; a panic ends
//! the thread and nothing else. The last few are remembered, in memory only: none survives a restart.

mod archive;
mod board;
mod view;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use jiff::civil::Date;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::NoSubscriber;

use super::web::EventHub;
use crate::base::{PhoneNumber, Timestamp};
use crate::calendar::Calendar;
use crate::intake::RowResult;
use crate::policy::pack::Policy;
use board::{Board, Ended};

pub use archive::{CUSTOMERS, archive};
pub use board::KEPT;
pub use view::{
    RehearsalCount, RehearsalDay, RehearsalDifference, RehearsalLine, RehearsalResult, RehearsalView,
};

/// How much others are preferred: a rehearsal can wait, calls cannot.
const NICE: libc::c_int = 15;
/// Topic of its events.
const TOPIC: &str = "rehearsal";

/// Whose callbacks are rehearsed.
#[derive(Clone, Debug)]
pub enum Subjects {
    /// Customers with what happened to them, each row with the moment at which it is known.
    Rows {
        /// The rows, in the order of their moments.
        rows: Vec<(Timestamp, RowResult)>,
        /// Numbers that must not be called.
        barred: Vec<PhoneNumber>,
    },
    /// The text of a file, as the intake reads it.
    Text(String),
}

/// What is to be rehearsed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The policy.
    pub policy: Policy,
    /// The policy in force, where another is rehearsed: its days are rehearsed too, and compared.
    pub against: Option<Policy>,
    /// Holidays, working days and the zone.
    pub calendar: Arc<Calendar>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Customers.
    pub subjects: Subjects,
    /// Section of the pack by which a file is read; empty: by the event's kind alone.
    pub intake: String,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Calls at once.
    pub lines: u32,
    /// Percent of calls that a person answers.
    pub answer_rate: u32,
}

impl Wanted {
    /// Days that are walked through, those of the comparison too.
    fn days(&self) -> u32 {
        let days = self.from.until(self.to).map_or(0, |span| span.get_days()) + 1;
        let walks = 1 + u32::from(self.against.is_some());
        u32::try_from(days).unwrap_or_default() * walks
    }
}

/// Hears that a day begins.
pub type Tell = Box<dyn FnMut()>;
/// A rehearsal under way; it stays on its thread.
pub type Walk = Pin<Box<dyn Future<Output = Result<RehearsalResult, String>>>>;
/// Carries out a rehearsal; made by the composition root, which knows every part.
pub type Run = Arc<dyn Fn(Wanted, Tell) -> Walk + Send + Sync>;

/// Why a rehearsal did not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One runs already.
    #[error("rehearsal {0} is running, and one runs at a time: stop it, or wait for its end")]
    Busy(u64),
    /// What is asked for is too much.
    #[error("{0}")]
    TooMuch(String),
    /// The thread could not be started.
    #[error("a rehearsal cannot be started: {0}")]
    NoThread(String),
}

/// The rehearsals of the daemon. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Rehearsals(Arc<Parts>);

struct Parts {
    run: Run,
    hub: EventHub,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Cancelled when the daemon stops.
    stop: CancellationToken,
    board: Board,
}

impl std::fmt::Debug for Rehearsals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rehearsals")
    }
}

impl Rehearsals {
    /// None yet. All of them end when `stop` is cancelled.
    pub fn new(
        run: Run,
        hub: EventHub,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        stop: CancellationToken,
    ) -> Rehearsals {
        Rehearsals(Arc::new(Parts { run, hub, clock, stop, board: Board::default() }))
    }

    /// Begins a rehearsal.
    ///
    /// # Errors
    /// [`Refused::Busy`], [`Refused::NoThread`].
    pub fn begin(&self, wanted: Wanted, by: &str) -> Result<RehearsalView, Refused> {
        let stop = self.0.stop.child_token();
        let now = (self.0.clock)();
        let view = RehearsalView {
            id: 0,
            state: "running".into(),
            pack: wanted.policy.pack.pack.clone(),
            title: wanted.policy.pack.title.clone(),
            version: wanted.policy.version.clone(),
            against: wanted.against.as_ref().map(|policy| policy.version.clone()).unwrap_or_default(),
            from: wanted.from.to_string(),
            to: wanted.to.to_string(),
            seed: wanted.seed,
            lines: wanted.lines,
            answer_rate: wanted.answer_rate,
            by: by.to_owned(),
            created_at: now.0,
            ended_at: None,
            day: 0,
            days: wanted.days(),
            problem: String::new(),
            result: None,
        };
        let view = self.0.board.begin(view, stop.clone())?;
        let (parts, id) = (self.0.clone(), view.id);
        let thread = std::thread::Builder::new().name("rehearsal".into());
        match thread.spawn(move || work(&parts, id, wanted, &stop)) {
            Ok(_) => {
                self.0.tell(id);
                Ok(view)
            }
            Err(error) => {
                self.0.board.remove(id);
                Err(Refused::NoThread(error.to_string()))
            }
        }
    }

    /// Those that are remembered, newest first, without their results.
    pub fn all(&self) -> Vec<RehearsalView> {
        self.0.board.all()
    }

    /// One of them, with its result.
    pub fn one(&self, id: u64) -> Option<RehearsalView> {
        self.0.board.one(id)
    }

    /// What was not called, and why; for pages of a long list.
    pub fn lines(&self, id: u64) -> Option<Arc<Vec<RehearsalLine>>> {
        self.0.board.lines(id)
    }

    /// Stops one that runs, and forgets one that has ended. None: there is no such rehearsal.
    pub fn end(&self, id: u64) -> Option<RehearsalView> {
        let view = self.0.board.end(id)?;
        self.0.tell(id);
        Some(view)
    }
}

impl Parts {
    /// Where a rehearsal stands, for whoever listens.
    fn tell(&self, id: u64) {
        let (state, day, days) = self.board.stand(id).unwrap_or_else(|| ("gone".into(), 0, 0));
        self.hub
            .publish_value(TOPIC, &serde_json::json!({ "id": id, "state": state, "day": day, "days": days }));
    }
}

/// The thread of one rehearsal, from its first to its last day.
fn work(parts: &Arc<Parts>, id: u64, wanted: Wanted, stop: &CancellationToken) {
    // SAFETY: takes numbers only. On Linux the value zero means the calling thread; the threads of
    // the database and of the runtime below are its children and inherit it.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    // The log of the daemon tells of customers who are really called.
    let _quiet = tracing::subscriber::set_default(NoSubscriber::default());
    let ended = catch_unwind(AssertUnwindSafe(|| walked(parts, id, wanted, stop)));
    let ended = ended.unwrap_or_else(|_| Ended::Failed("the rehearsal broke off: a mistake of ours".into()));
    parts.board.ended(id, ended, (parts.clock)());
    parts.tell(id);
}

fn walked(parts: &Arc<Parts>, id: u64, wanted: Wanted, stop: &CancellationToken) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(error.to_string()),
    };
    let told = parts.clone();
    let tell: Tell = Box::new(move || {
        told.board.next_day(id);
        told.tell(id);
    });
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = stop.cancelled() => Ended::Stopped,
            done = (parts.run)(wanted, tell) => match done {
                Ok(result) => Ended::Done(Box::new(result)),
                Err(error) => Ended::Failed(error),
            },
        }
    })
}

#[cfg(test)]
mod tests;
