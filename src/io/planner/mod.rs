//! The planner: from stored facts to callbacks, from callbacks to the day's list, from the
//! list to the dialler, and from what the dialler came to back to the callbacks.
//!
//! It holds no state of its own: every turn reads what is owed and does it, in transactions
//! that may be done twice. So a crash between any two of them loses nothing, and people, the
//! API and the daemon's own turns may ask for the same at once.

mod adherence;
mod archive;
mod barred;
mod booking;
mod by_hand;
mod call_card;
mod campaign;
mod card;
mod close;
mod day;
mod dial;
mod draw;
mod edit;
mod facts;
mod milestones;
mod preview;
mod questionnaire;
mod rate;
mod recorded;
mod release;
mod replay;
mod review;
mod settle;
mod survey;
mod turn;
mod view;
mod warning;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::civil::{Date, Time};

use super::store::{self, Store};
use super::told::Told;
use super::web::{ControlHandle, EventHub};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::policy::pack::{Policies, Policy};

pub use adherence::{Adherence, CallerAdherence, Coverage, OverrideLine, Visit};
pub use booking::DemandLine;
pub use by_hand::CallNow;
pub use call_card::CallFacts;
pub use dial::PREVIEW;
pub use edit::{Added, Appointment, FollowUp, Manual, Meeting};
pub use preview::Wanted;
pub use questionnaire::{Questionnaire, written_method};
pub use rate::RuleRate;
pub use release::ReleaseReport;
pub use replay::Replayed;
pub use survey::{SurveyBy, SurveyMonth};
pub use turn::Turn;
pub use view::{DifferenceLine, PlanAnswer, PlanLine, PlanView, ReasonCount};

/// Who the audit log names for what the planner does by itself.
pub const ACTOR: &str = "planner";

/// What the planner is told by the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Time of day at which the day's list is built and released (IMP-10).
    pub release_at: Time,
    /// Whether it is released by itself; else a person does it.
    pub auto_release: bool,
    /// Whether a customer who talked with an agent and gave no rating is called once by the robot.
    pub survey_after_agents: bool,
    /// Calls that can be up at once, for the estimate of when the list ends; 0: not known.
    pub lines: u32,
    /// The agents, each with the packs they work for; empty: all packs.
    pub agents: BTreeMap<String, BTreeSet<String>>,
    /// The policies.
    pub policies: Arc<Policies>,
    /// Holidays, working days and the zone.
    pub calendar: Arc<Calendar>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            release_at: Time::constant(8, 50, 0, 0),
            auto_release: true,
            survey_after_agents: false,
            lines: 0,
            agents: BTreeMap::new(),
            policies: Arc::default(),
            calendar: Arc::new(Calendar::plain(jiff::tz::TimeZone::UTC)),
        }
    }
}

/// Why the planner did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no such pack, or no version of it is in force.
    #[error("no policy pack `{0}` is in force: `ringback policy list` shows the packs")]
    NoPack(String),
    /// The request cannot be met; the sentence says why and how to mend it.
    #[error("{0}")]
    Refused(String),
}

/// The planner. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Planner {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    control: ControlHandle,
    hub: EventHub,
    told: Told<Settings>,
    /// Whether policies were read that are not kept yet.
    fresh: AtomicBool,
    /// Who had the policies read.
    reader: RwLock<String>,
    /// When each pack was last looked at for warnings.
    warned: Mutex<BTreeMap<String, Timestamp>>,
    /// One release at a time: two that read the same day would write the same twice.
    releasing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Planner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Planner")
    }
}

impl Planner {
    /// A planner over the daemon's parts.
    pub fn new(store: Store, control: ControlHandle, hub: EventHub, settings: Settings) -> Planner {
        let (told, releasing) = (Told::new(settings), tokio::sync::Mutex::new(()));
        let (fresh, reader) = (AtomicBool::new(true), RwLock::new(ACTOR.to_owned()));
        let warned = Mutex::default();
        let parts = Parts { store, control, hub, told, fresh, reader, warned, releasing };
        Planner { parts: Arc::new(parts) }
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// New settings, from the next turn on; it comes at once.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(settings);
        self.parts.fresh.store(true, Ordering::Release);
        // Who heard the first ring may have looked too early.
        self.wake();
    }

    /// Who has the policies read anew: the audit log names them with every changed version.
    pub fn reloaded_by(&self, by: &str) {
        by.clone_into(&mut self.parts.reader.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Something was stored that may owe a callback: look at once.
    pub fn wake(&self) {
        self.parts.told.ring();
    }

    /// Waits until somebody woke the planner.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Keeps the text of every policy that is new, so that a callback made by it can show it for
    /// ever (SCH-37).
    async fn keep_policies(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        if !self.parts.fresh.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let by = self.parts.reader.read().unwrap_or_else(PoisonError::into_inner).clone();
        for policy in settings.policies.all() {
            let (pack, effective) = (&policy.pack.pack, policy.pack.effective.as_deref());
            let kept =
                self.store().keep_policy(pack, &policy.version, policy.text(), effective, &by, now).await;
            if let Err(error) = kept {
                self.parts.fresh.store(true, Ordering::Release);
                return Err(error.into());
            }
        }
        Ok(())
    }
}

/// The policy of a pack on a day.
fn in_force<'a>(settings: &'a Settings, pack: &str, day: Date) -> Result<&'a Policy, Error> {
    settings.policies.in_force(pack, day).ok_or_else(|| Error::NoPack(pack.to_owned()))
}
