//! One branch of the company: the parts of the daemon joined over a database in a file, and
//! what happens to them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use ringback::app::{Folders, load_calendar, load_library, load_policies, load_tickets};
use ringback::base::{CallId, Disposition, Rng, Timestamp};
use ringback::config;
use ringback::dialer::{Command, EntryState, EntryUpdate, Reason};
use ringback::engine::{BridgeOrder, DutyChain, Hold, Input, Library, Settings, Write};
use ringback::io::desk::{self, TicketDesk};
use ringback::io::planner::{self, Planner};
use ringback::io::rosters::Rosters;
use ringback::io::store::{Store, WriterSettings};
use ringback::io::web::{Control, ControlHandle, Done, EventHub, Order, Refused};
use ringback::policy::code;
use ringback::roster::{self, Month};
use ringback::sim::{Calling, Person, TrunkMood, World};
use ringback::ticket::{Act, Who, rules_of_tickets};

use super::phones::{PASSWORD, extension, place};
use super::plan::{self, AGENTS, Happening, Week};
use super::rules::{PACK, engine_settings, nights};
use super::town::Town;

pub const SECOND: Duration = Duration::from_secs(1);
const NUMBER: &str = "4008001234";
/// Turns at least so often.
const AT_LEAST: Duration = Duration::from_secs(3_600);
/// So soon after a call the desk and the planner look.
const TURN_AFTER: Duration = Duration::from_secs(2);
/// How long a daemon is down after a kill.
const DOWN: Duration = Duration::from_secs(7);
/// Registrations are for an hour.
const REGISTERED: u32 = 3_600;

pub struct Branch {
    pub seed: u64,
    pub world: World<Town>,
    pub store: Store,
    pub desk: TicketDesk,
    pub rng: Rng,
    /// Requests that phones sent.
    pub requests: u32,
    /// Runs of the daemon.
    pub runs: u64,
    /// Calls of which nothing was written before a kill.
    pub unwritten: BTreeSet<CallId>,
    planner: Planner,
    rosters: Rosters,
    orders: mpsc::Receiver<Order>,
    writer: WriterSettings,
    clock: Arc<AtomicI64>,
    settings: Settings,
    library: Library,
    week: Week,
    /// The database takes nothing until then.
    away_until: Timestamp,
    next_turn: Timestamp,
    /// Since when each agent seems to be stuck, for the judge.
    pub odd: [Option<Timestamp>; AGENTS],
    _folder: tempfile::TempDir,
}

impl Branch {
    /// A Monday of March, at midnight.
    pub async fn open(seed: u64) -> Branch {
        let mut rng = Rng::seeded(seed);
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_fleeting(&folder.path().join("week.db")).await.expect("a database");
        let (control, orders) = ControlHandle::channel();
        let hub = EventHub::new(seed);
        let policies = load_policies(&config::Policy::default()).expect("policies").policies;
        let settings = planner::Settings {
            policies: Arc::new(policies.with_rules(&rules_of_tickets())),
            calendar: load_calendar(&config::Policy::default()).expect("the calendar"),
            lines: 10,
            ..planner::Settings::default()
        };
        let monday = settings.calendar.start_of("2026-03-02".parse().expect("a date"));
        let engine = engine_settings(&settings);
        let planner = Planner::new(store.clone(), control, hub.clone(), settings);
        let packs = Arc::new(load_tickets(&config::Policy::default()).expect("ticket files").packs);
        let tickets = desk::Settings { packs, home_area: Some("021".into()), ..Default::default() };
        let desk = TicketDesk::new(store.clone(), planner.clone(), tickets);
        let rules = roster::Settings { pack: PACK.into(), ..roster::Settings::default() };
        let rosters = Rosters::new(store.clone(), planner.clone(), hub, vec![rules]);
        let march = Month::of("2026-03-01".parse().expect("a date"));
        rosters.save(PACK, march, &nights(march), "soak", monday).await.expect("a roster");
        rosters.publish(PACK, march, "soak", monday).await.expect("a roster");
        let library = load_library(&Folders::default(), "zh-CN").expect("scripts").library;
        let clock = Arc::new(AtomicI64::new(monday.0));
        let told = Arc::clone(&clock);
        let writer = WriterSettings {
            recordings: PathBuf::from("/recordings"),
            clock: Arc::new(move || Timestamp(told.load(Ordering::Relaxed))),
            notify: Box::new(|event| panic!("the store says {event:?}")),
        };
        let town = Town::new(rng.fork());
        let week = plan::week(monday, &mut rng);
        let mut branch = Branch {
            seed,
            world: World::new(monday, seed, engine.clone(), library.clone(), town),
            store,
            desk,
            rng,
            requests: 0,
            runs: 1,
            unwritten: BTreeSet::new(),
            planner,
            rosters,
            orders,
            writer,
            clock,
            settings: engine,
            library,
            week,
            away_until: monday,
            next_turn: monday,
            odd: [None; AGENTS],
            _folder: folder,
        };
        branch.world.moods.resize(place(AGENTS), TrunkMood::Works);
        branch
    }

    pub fn now(&self) -> Timestamp {
        self.world.now.utc
    }

    pub fn is_away(&self) -> bool {
        self.now() < self.away_until
    }

    fn say(&mut self, text: &str) {
        let now = self.world.now;
        self.world.books.say(now, text);
    }

    /// A week of trouble, then quiet until nobody is on the line.
    pub async fn live(&mut self) {
        while let Some((&(at, _), _)) = self.week.first_key_value() {
            self.run_to(at).await;
            while let Some(entry) =
                self.week.first_entry().filter(|entry| entry.key().0 <= self.world.now.utc)
            {
                let what = entry.remove();
                self.happen(what).await;
            }
        }
        for agent in 0..AGENTS {
            self.world.moods[place(agent)] = TrunkMood::Works;
        }
        let end = self.now() + Duration::from_secs(2 * 3_600);
        while self.world.engine.call_count() > 0 || self.is_away() {
            assert!(
                self.now() < end,
                "week {}: calls go on for ever\n{}",
                self.seed,
                self.world.books.trace()
            );
            self.run_to(self.now() + SECOND).await;
        }
        self.run_to(self.now() + Duration::from_secs(2 * 3_600)).await;
    }

    /// Lets time pass until `end`.
    pub async fn run_to(&mut self, end: Timestamp) {
        while self.now() < end {
            if self.now() >= self.next_turn && !self.is_away() {
                self.turns().await;
            }
            let busy = !self.world.is_quiet();
            let mut next = end.min(self.next_turn.max(Timestamp(self.now().0 + 20)));
            if busy {
                next = next.min(self.now() + SECOND);
            }
            if self.is_away() {
                next = next.min(self.away_until);
            }
            while self.now() < next {
                let limit = next.millis_since(self.now()).max(1).unsigned_abs();
                self.world.step(Duration::from_millis(limit));
                self.clock.store(self.now().0, Ordering::Relaxed);
                self.carry().await;
                if busy == self.world.is_quiet() {
                    break;
                }
            }
            if std::mem::take(&mut self.world.books.ended) {
                self.next_turn = self.next_turn.min(self.now() + TURN_AFTER);
            }
            if busy {
                self.stir();
            }
            self.look();
        }
    }

    async fn happen(&mut self, what: Happening) {
        self.say(&format!("{what:?}"));
        match what {
            Happening::Call(who) => {
                let person = self.world.books.customer();
                self.calls(&format!("1390000000{who}"), person);
            }
            Happening::Come(agent) | Happening::Renew(agent) => self.register(agent, REGISTERED),
            Happening::Go(agent) => self.register(agent, 0),
            Happening::Vanish(agent) => {
                self.world.moods[place(agent)] = TrunkMood::Silent;
                self.world.cut_off(&extension(agent));
            }
            Happening::Return(agent) => {
                self.world.moods[place(agent)] = TrunkMood::Works;
                self.register(agent, REGISTERED);
            }
            Happening::Dial(agent, other) => {
                let own = extension(agent);
                let line = Some(format!("line-{own}"));
                let how = Calling { password: Some(PASSWORD.into()), line, ..Calling::default() };
                if self.world.moods[place(agent)] == TrunkMood::Works {
                    let person = self.world.books.colleague();
                    self.world.place_call_as(place(agent), &extension(other), &own, &how, person);
                }
            }
            Happening::Work => self.work().await,
            Happening::Away(time) => {
                self.away_until = self.now() + time;
                self.world.feed(Input::Hold(Hold::Store, Some(Reason::new(code::STORE, "away"))));
            }
            Happening::Kill => self.kill().await,
            Happening::Drain => self.drain().await,
        }
    }

    /// Somebody calls the hotline.
    pub fn calls(&mut self, number: &str, person: Person) {
        self.world.place_call(0, NUMBER, number, person);
    }

    /// People on the line do what people do, about once in a second.
    fn stir(&mut self) {
        for agent in 0..AGENTS {
            if self.rng.chance(0.05) {
                self.world.at_phone(&extension(agent), |phone, now| phone.put_down(now));
            }
            if self.rng.chance(0.05) {
                let line = format!("line-{}", extension(agent));
                self.world.at_phone(&line, |phone, now| phone.put_down(now));
            }
        }
        for who in 0..plan::CUSTOMERS {
            let number = format!("1390000000{who}");
            if self.rng.chance(0.01) {
                self.world.at_phone(&number, |phone, now| phone.put_down(now));
            } else if self.rng.chance(0.002) {
                self.world.cut_off(&number);
            }
        }
        let calls: Vec<_> = self.world.engine.calls().map(|call| call.id).collect();
        if !calls.is_empty() && self.rng.chance(0.05) {
            let call = calls[self.rng.below(calls.len() as u64) as usize];
            let other = extension(self.rng.below(AGENTS as u64) as usize);
            let order = match self.rng.below(9) {
                0 => BridgeOrder::Transfer(other),
                1 => BridgeOrder::Consult(other),
                2 => BridgeOrder::Complete,
                3 => BridgeOrder::Back,
                4 => BridgeOrder::Supervise(other, ringback::call::leg::Listening::Whisper),
                5 => BridgeOrder::Conference(Some(other)),
                6 => BridgeOrder::Hold(true),
                7 => BridgeOrder::Hold(false),
                _ => BridgeOrder::HangUpLeg(1 + self.rng.below(3) as u32),
            };
            let now = self.world.now;
            self.say(&format!("{call}: {order:?}"));
            // What cannot be done now is refused, and that is all.
            self.world.engine.bridge_order(now, call, order, "soak").ok();
            self.world.feed(Input::Wake);
        }
    }

    /// Departments report what they owe.
    async fn work(&mut self) {
        if self.is_away() {
            return;
        }
        let now = self.now();
        let open = self.store.ticket_rows(&Default::default(), None, 500).await.expect("tickets").rows;
        for row in open.iter().filter(|row| row.phase == "open") {
            if self.rng.chance(0.4) {
                continue;
            }
            let ticket = self.desk.ticket(row.id).await.expect("a ticket");
            let Some(stage) = ticket.owed().next().map(|stage| stage.rule.id.clone()) else { continue };
            let fields = ["cause", "solution", "reply", "result", "prevention"]
                .map(|f| (f.to_owned(), "有".to_owned()));
            let act = Act::Report { stage, result: "done".into(), fields: fields.into() };
            // What the rules want besides is not known here: then it stays owed.
            self.desk.act(row.id, &act, &Who { name: "部门".into(), ..Who::daemon() }, now).await.ok();
        }
        self.next_turn = now;
    }

    /// Makes the writes and reads that the engine asked for, unless the database is away.
    async fn carry(&mut self) {
        if self.is_away() {
            for (campaign, ..) in std::mem::take(&mut self.world.books.fetches) {
                self.world.feed(Input::Fetched(campaign, None));
            }
            return;
        }
        if self.away_until != Timestamp(0) && self.away_until <= self.now() {
            self.away_until = Timestamp(0);
            self.world.feed(Input::Hold(Hold::Store, None));
        }
        loop {
            let writes = std::mem::take(&mut self.world.books.writes);
            let fetches = std::mem::take(&mut self.world.books.fetches);
            if writes.is_empty() && fetches.is_empty() {
                return;
            }
            if !writes.is_empty() {
                for answer in self.store.write(&self.writer, &writes).await.expect("the store writes") {
                    self.world.feed(Input::Reserved(answer));
                }
            }
            for (campaign, list, limit) in fetches {
                let fetched = self.store.due(list, self.now(), limit).await.expect("the store reads");
                self.world.feed(Input::Fetched(campaign, Some(fetched)));
            }
        }
    }

    /// The turns of desk, planner and rosters, until nothing is left to do at this moment.
    async fn turns(&mut self) {
        let now = self.now();
        let (desk, planner, rosters) = (self.desk.clone(), self.planner.clone(), self.rosters.clone());
        let mut next = now + AT_LEAST;
        loop {
            let desk = self.attend(desk.turn(now)).await.expect("the desk's turn");
            let plan = self.attend(planner.turn(now)).await.expect("the planner's turn");
            self.carry().await;
            if !desk.more && !plan.more {
                next = next.min(desk.next).min(plan.next);
                break;
            }
        }
        self.attend(rosters.turn(now)).await.expect("the rosters' turn");
        let duty = rosters.on_duty(PACK, now).await.expect("who is on duty");
        let targets = duty.iter().flat_map(|d| &d.chain).map(|post| post.address().to_owned()).collect();
        self.world.engine.set_duty(PACK.into(), DutyChain { targets, ring: Duration::from_secs(20) });
        self.next_turn = next.max(now + SECOND);
    }

    /// Carries out the orders that somebody gives to the engine meanwhile.
    async fn attend<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => self.obey(order),
                done = &mut work => return done,
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let now = self.world.now;
        let engine = &mut self.world.engine;
        let answer = match order.control {
            Control::StartCampaign { id, by } => engine
                .command(now, id, Command::Start, &by)
                .map(Done::Campaign)
                .map_err(|e| Refused::Conflict(e.to_string())),
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
        self.world.feed(Input::Wake);
        order.reply.send(answer).ok();
    }

    /// The process is killed: what was not written is gone, and so is everybody on the line.
    async fn kill(&mut self) {
        let begun = self.world.books.writes.iter().filter_map(|write| match write {
            Write::Begin { call, .. } => Some(*call),
            _ => None,
        });
        self.unwritten.extend(begun);
        self.world.books.writes.clear();
        self.restart().await;
    }

    /// SIGTERM: no new call, running ones get half a minute, then everything ends in order.
    async fn drain(&mut self) {
        self.away_until = self.away_until.min(self.now());
        self.world.feed(Input::Hold(Hold::Draining, Some(Reason::new(code::HELD, "stopping"))));
        let grace = self.now() + Duration::from_secs(30);
        while self.world.engine.call_count() > 0 && self.now() < grace {
            self.world.step(SECOND);
            self.carry().await;
        }
        let now = self.world.now;
        self.world.engine.hang_up_all(now, "the daemon is stopping");
        self.world.feed(Input::Wake);
        let closing = self.now() + Duration::from_secs(50);
        while self.world.engine.call_count() > 0 {
            assert!(self.now() < closing, "calls outlive the drain\n{}", self.world.books.trace());
            self.world.step(SECOND);
            self.carry().await;
        }
        let open = crate::support::databases::number(
            &self.store,
            "SELECT COUNT(*) FROM calls WHERE state = 'reserved'",
        );
        assert_eq!(open.await, 0, "open after a drain\n{}", self.world.books.trace());
        self.restart().await;
    }

    /// A new process over the same database, as `Daemon::start` does.
    async fn restart(&mut self) {
        self.runs += 1;
        let town = std::mem::take(&mut self.world.books);
        let moods = std::mem::take(&mut self.world.moods);
        let up = self.now() + DOWN;
        let seed = self.seed + self.runs * 1_000_003;
        self.away_until = Timestamp(0);
        self.clock.store(up.0, Ordering::Relaxed);
        let recovered = self.store.recover(up, |attempt| {
            let entry = attempt.entry.expect("only asked for those of lists");
            let again = Some(up + AT_LEAST);
            EntryUpdate::new(
                entry,
                EntryState::Pending,
                Some(Disposition::Lost),
                again,
                Reason::new(code::HELD, "lost"),
            )
        });
        let lost = recovered.await.expect("the store recovers");
        self.world = World::new(up, seed, self.settings.clone(), self.library.clone(), town);
        self.world.moods = moods;
        self.say(&format!("a new process; {} calls are lost", lost.len()));
        let now = self.world.now;
        for campaign in self.store.campaigns().await.expect("campaigns") {
            self.world.engine.handle_campaign(now, campaign).expect("a stored campaign");
        }
        let kept = self.store.kept_callbacks().await.expect("callbacks of queues");
        self.world.engine.restore_callbacks(now, kept);
        // Phones find out when they renew.
        self.next_turn = self.now();
        self.odd = [None; AGENTS];
    }
}
