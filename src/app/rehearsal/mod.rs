//! `ringback simulate`: the days of a policy on a virtual clock. The real planner, the real
//! engine, real SIP and media sessions, a real database that nobody keeps; only the customers,
//! the network and the clock are simulated. The same seed gives the same bytes.

mod asked;
mod facts;
mod forms;
mod people;
mod report;
mod scratch;
mod stage;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::civil::{Date, Time};
use tokio::sync::mpsc;

use super::library::{self, Folders};
use crate::base::{CallbackId, CampaignId, ListId, Timestamp};
use crate::calendar::{Calendar, Windows};
use crate::dialer::{self, Command, Fetched};
use crate::engine::Input;
use crate::io::planner::{self, Planner, Turn};
use crate::io::rehearsals::Subjects;
use crate::io::store::callback::Edit;
use crate::io::store::read::CallbackFilter;
use crate::io::store::{Store, WriterSettings};
use crate::io::web::{Control, ControlHandle, Done, EventHub, Order, Refused};
use crate::policy::pack::{Policies, Policy};
use crate::sim::{self, World};
use facts::Facts;
use scratch::Scratch;

pub use asked::run;
pub use report::{Simulation, text};
pub(super) use scratch::sweep;
use stage::Stage;

/// Rows of one page of the store.
const PAGE: u32 = 1_000;
/// Longest rehearsal, in days: a year and a day.
const MAX_DAYS: i32 = 366;
/// A turn at least so often.
const AT_LEAST: Duration = Duration::from_secs(3_600);
/// How soon after a call the planner looks: what it settles may owe another call today.
const TURN_AFTER: Duration = Duration::from_secs(60);
/// The time of day at which the list is released.
const RELEASE_AT: Time = Time::constant(8, 50, 0, 0);

/// Whose callbacks are rehearsed.
#[derive(Clone, Debug)]
pub enum Customers {
    /// A file of customers and of what happens to them.
    File(PathBuf),
    /// What somebody asked for over the API.
    Of(Subjects),
}

/// What is rehearsed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The policy.
    pub policy: Policy,
    /// Holidays, working days and the zone.
    pub calendar: Arc<Calendar>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Customers, and what happens to them.
    pub customers: Customers,
    /// Section of the pack by which a file is read; empty: by the event's kind alone.
    pub intake: String,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Calls at once.
    pub lines: u32,
    /// Percent of calls that a person answers.
    pub answer_rate: u32,
    /// Scripts and prompts besides the embedded ones.
    pub folders: Folders,
    /// Language that stands in where a prompt is missing.
    pub fallback: String,
    /// Whether the registers are filled too.
    pub registers: bool,
}

/// Rehearses the days; `tell` hears the day that begins.
///
/// # Errors
/// A sentence: what cannot be read, or what the database refused.
pub async fn simulate(options: Options, mut tell: impl FnMut(Date)) -> Result<Simulation, String> {
    check(&options)?;
    let scratch = Scratch::new()?;
    let mut rehearsal = Rehearsal::open(&options, &scratch).await?;
    let mut simulation = Simulation::new(&options, rehearsal.facts.summary());
    if matches!(options.customers, Customers::Of(Subjects::Rows { .. })) {
        rehearsal.leave_out_history().await?;
    }
    let mut day = options.from;
    while day <= options.to {
        tell(day);
        rehearsal.run_to(options.calendar.end_of(day)).await?;
        // The turn after midnight closes the day's books.
        rehearsal.turn().await?;
        let called = rehearsal.world.books.take_results();
        report::add_day(&mut simulation, &rehearsal.store, day, called).await?;
        day = day.tomorrow().map_err(|e| e.to_string())?;
    }
    report::finish(&mut simulation, &rehearsal.store, &rehearsal.planner, &options).await?;
    if options.registers {
        simulation.forms = forms::forms(&rehearsal.store, &rehearsal.planner, &options).await?;
    }
    rehearsal.store.close().await;
    Ok(simulation)
}

fn check(options: &Options) -> Result<(), String> {
    if options.to < options.from {
        return Err(format!("--to {} lies before --from {}", options.to, options.from));
    }
    let days = options.from.until(options.to).map_err(|e| e.to_string())?.get_days() + 1;
    if days > MAX_DAYS {
        return Err(format!("{days} days are more than {MAX_DAYS}: rehearse a year at a time"));
    }
    Ok(())
}

/// Everything that runs.
struct Rehearsal {
    world: World<Stage>,
    store: Store,
    planner: Planner,
    orders: mpsc::Receiver<Order>,
    writer: WriterSettings,
    clock: Arc<AtomicI64>,
    facts: Facts,
    /// When the planner looks next at the latest.
    next_turn: Timestamp,
    /// Counts what may change lists.
    changes: u64,
    /// Lists of which nothing was due, with the count of that moment.
    idle: BTreeMap<ListId, (u64, Fetched)>,
}

impl Rehearsal {
    async fn open(options: &Options, scratch: &Scratch) -> Result<Rehearsal, String> {
        let store =
            Store::open_fleeting(&scratch.folder().join("rehearsal.db")).await.map_err(|e| e.to_string())?;
        let start = options.calendar.start_of(options.from);
        let facts = Facts::read(options, scratch.folder()).await?;
        for phone in &facts.barred {
            store.add_do_not_call(phone, "", "rehearsal", start).await.map_err(|e| e.to_string())?;
        }
        let clock = Arc::new(AtomicI64::new(start.0));
        let (control, orders) = ControlHandle::channel();
        let mut policies = Policies::default();
        let mut policy = options.policy.clone();
        // Rehearsed as if it had always been in force.
        policy.pack.effective = None;
        policies.add(policy)?;
        let settings = planner::Settings {
            release_at: RELEASE_AT,
            auto_release: true,
            survey_after_agents: false,
            lines: options.lines,
            agents: Default::default(),
            policies: Arc::new(policies),
            calendar: Arc::clone(&options.calendar),
        };
        let planner = Planner::new(store.clone(), control, EventHub::new(options.seed), settings);
        let loaded = library::load(&options.folders, &options.fallback)
            .map_err(|e| format!("scripts and prompts: {e}"))?;
        let mut trunk = sim::trunk("rehearsal", 1);
        trunk.ping_every = Duration::ZERO;
        let dialer = dialer::Settings {
            windows: Windows::always(),
            max_calls: options.lines,
            max_cps: 0.0,
            fetch_size: 100,
            reservation_timeout: Duration::from_secs(10),
            calendar: Arc::clone(&options.calendar),
        };
        let settings = sim::settings(dialer, vec![trunk], options.calendar.zone().clone());
        let stage = Stage::new(people::People::new(options.seed, options.answer_rate));
        let world = World::new(start, options.seed, settings, loaded.library, stage);
        let told = Arc::clone(&clock);
        let writer = WriterSettings {
            recordings: PathBuf::from("/recordings"),
            clock: Arc::new(move || Timestamp(told.load(Ordering::Relaxed))),
            notify: Box::new(|_| ()),
        };
        let idle = BTreeMap::new();
        Ok(Rehearsal {
            world,
            store,
            planner,
            orders,
            writer,
            clock,
            facts,
            next_turn: start,
            changes: 0,
            idle,
        })
    }

    fn now(&self) -> Timestamp {
        self.world.now.utc
    }

    /// Takes out what had to be done before the first day: the archive tells of years, and whether it
    /// was done then is no matter of these days.
    async fn leave_out_history(&mut self) -> Result<(), String> {
        let start = self.now();
        self.facts.bring(&self.store, start).await?;
        self.turn().await?;
        let filter = CallbackFilter { due_to: Some(start), ..CallbackFilter::default() };
        let mut place = None;
        loop {
            let page =
                self.store.callback_rows(&filter, place.as_ref(), PAGE).await.map_err(|e| e.to_string())?;
            for row in page.rows.iter().filter(|row| row.closed_at.is_none() && row.deadline <= start.0) {
                let id = CallbackId(row.id);
                let removed = self.store.edit_callback(id, &Edit::Remove, "history", "rehearsal", start);
                removed.await.map_err(|e| e.to_string())?;
            }
            match page.next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        self.next_turn = start;
        Ok(())
    }

    /// Lets time pass until `end`.
    async fn run_to(&mut self, end: Timestamp) -> Result<(), String> {
        while self.now() < end {
            let news = self.facts.next().is_some_and(|at| at <= self.now());
            if news {
                self.facts.bring(&self.store, self.now()).await?;
            }
            if news || self.now() >= self.next_turn {
                self.turn().await?;
            }
            let next = [Some(self.next_turn), self.facts.next(), Some(end)].into_iter().flatten().min();
            let limit = next.unwrap_or(end).millis_since(self.now()).max(1);
            self.world.step(Duration::from_millis(limit.unsigned_abs()));
            self.clock.store(self.now().0, Ordering::Relaxed);
            self.carry().await?;
            if std::mem::take(&mut self.world.books.ended) {
                self.next_turn = self.next_turn.min(self.now() + TURN_AFTER);
            }
        }
        Ok(())
    }

    /// Makes the writes and reads that the engine asked for.
    async fn carry(&mut self) -> Result<(), String> {
        loop {
            let writes = std::mem::take(&mut self.world.books.writes);
            let fetches = std::mem::take(&mut self.world.books.fetches);
            if writes.is_empty() && fetches.is_empty() {
                return Ok(());
            }
            if !writes.is_empty() {
                self.changes += 1;
                let reserved = self.store.write(&self.writer, &writes).await.map_err(|e| e.to_string())?;
                for answer in reserved {
                    self.world.feed(Input::Reserved(answer));
                }
            }
            for (campaign, list, limit) in fetches {
                let fetched = self.due(list, limit).await?;
                self.world.feed(Input::Fetched(campaign, Some(fetched)));
            }
        }
    }

    /// Due entries of a list. Standing campaigns ask every half minute, night and day: where
    /// nothing was due and nothing has changed, the answer is known.
    async fn due(&mut self, list: ListId, limit: u32) -> Result<Fetched, String> {
        let now = self.now();
        if let Some((changes, known)) = self.idle.get(&list)
            && *changes == self.changes
            && known.next_due.is_none_or(|at| at > now)
        {
            return Ok(known.clone());
        }
        let fetched = self.store.due(list, now, limit).await.map_err(|e| e.to_string())?;
        if fetched.candidates.is_empty() {
            self.idle.insert(list, (self.changes, fetched.clone()));
        }
        Ok(fetched)
    }

    /// The planner's turns, until nothing is left to do at this moment.
    async fn turn(&mut self) -> Result<(), String> {
        let now = self.now();
        loop {
            self.changes += 1;
            let turn = self.one_turn(now).await?;
            self.changes += 1;
            self.carry().await?;
            if !turn.more {
                self.next_turn = turn.next.max(Timestamp(now.0 + 1)).min(now + AT_LEAST);
                return Ok(());
            }
        }
    }

    /// One turn; the orders that it gives to the engine are carried out meanwhile.
    async fn one_turn(&mut self, now: Timestamp) -> Result<Turn, String> {
        let planner = self.planner.clone();
        let mut turn = std::pin::pin!(planner.turn(now));
        loop {
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => self.obey(order),
                done = &mut turn => return done.map_err(|e| e.to_string()),
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let now = self.world.now;
        let engine = &mut self.world.engine;
        let command = |id: CampaignId, by: &str, command: Command, engine: &mut crate::engine::Engine| {
            engine
                .command(now, id, command, by)
                .map(Done::Campaign)
                .map_err(|e| Refused::Conflict(e.to_string()))
        };
        let answer = match order.control {
            Control::StartCampaign { id, by } => command(id, &by, Command::Start, engine),
            Control::CampaignCreated(campaign) | Control::CampaignChanged(campaign) => engine
                .handle_campaign(now, *campaign)
                .map(|()| Done::Accepted)
                .map_err(|e| Refused::Invalid(e.to_string())),
            Control::ListGrown(list) | Control::EntryRemoved { list, .. } => {
                engine.handle_list_changed(now, list);
                Ok(Done::Accepted)
            }
            _ => Ok(Done::Accepted),
        };
        // What the order set off goes out with the next step.
        self.world.feed(Input::Wake);
        order.reply.send(answer).ok();
    }
}
