//! The world of the soak: the real engine and the real media sessions, a carrier that may be
//! silent or full, phones and callers, a store that may be slow or down.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use jiff::tz::TimeZone;
use ringback::base::{Now, Rng, Timestamp};
use ringback::calendar::{Calendar, Windows};
use ringback::dialer::CampaignState;
use ringback::engine::{Engine, Hold, Input, Library, Output, Write};
use ringback::sim::{self, Behaviour, Mix, Phone};
use ringback::sip::{Destination, Message, Request, Transport};

use super::audit::{Audit, Rules};
use super::books::Books;
use super::caller::{self, Caller};
use super::net::Wire;
use super::people;
use super::plan::Plan;
use super::rooms::{self, Rooms};
use super::trace::Trace;
use crate::world::{self, TrunkMood, trunk_addr};

const STEP: Duration = Duration::from_millis(20);
/// A phone or caller that lives longer has been left alone by a daemon that is gone.
const FORGOTTEN: Duration = Duration::from_secs(400);

#[derive(Clone)]
pub enum Datagram {
    Home(usize, Vec<u8>),
    Trunk(usize, Bytes),
}

pub struct Customer {
    pub trunk: usize,
    pub number: String,
    pub phone: Phone,
    pub rtp: SocketAddr,
    since: Now,
}

pub struct City {
    pub plan: Plan,
    pub now: Now,
    pub rng: Rng,
    pub engine: Engine,
    pub books: Books,
    pub audit: Audit,
    pub trace: Trace,
    pub moods: Vec<TrunkMood>,
    /// Trunks that have no room for anybody.
    pub full: BTreeSet<usize>,
    pub rooms: Rooms,
    pub phones: BTreeMap<String, Customer>,
    pub callers: BTreeMap<String, (usize, Caller, Now)>,
    /// Dialogs whose INVITE was seen.
    seen: BTreeSet<String>,
    /// Call-IDs of phones and callers that are gone.
    gone: BTreeSet<String>,
    pub sip: Wire<Datagram>,
    pub rtp: Wire<rooms::Datagram>,
    pub fetches: Wire<Input>,
    /// Who holds the dialling.
    pub held: BTreeSet<Hold>,
    mix: Mix,
    next_rtp: u16,
}

impl City {
    pub fn new(plan: Plan) -> City {
        let utc = "2026-03-02T01:00:00Z".parse().map(Timestamp::from_jiff).expect("a time");
        let now = Now { mono: ringback::base::Mono::from_millis(1_000), utc };
        let mut rng = Rng::seeded(plan.seed ^ 0x50AC);
        let mut audit = Audit::new(plan.trunks.clone(), plan.max_calls, plan.max_cps);
        let mut books = Books::default();
        for campaign in &plan.campaigns {
            let settings = campaign.settings.clone();
            let windows = settings
                .windows(&Windows::always(), &std::sync::Arc::new(Calendar::plain(TimeZone::UTC)))
                .expect("windows");
            audit.rules.insert(campaign.id, Rules { settings, windows });
            books.states.insert(campaign.id, CampaignState::Draft);
        }
        for i in 0..plan.customers {
            let list = plan.campaigns[rng.below(plan.campaigns.len() as u64) as usize].list;
            // Some customers stand on several lists, or twice on one.
            let number = if rng.chance(0.1) { rng.below(i + 1) } else { i };
            books.add(list, &format!("138{number:08}"), 1 + rng.below(9) as u8);
        }
        let engine = Engine::new(now, plan.engine(), library(), rng.fork());
        let mut city = City {
            now,
            engine,
            books,
            audit,
            trace: Trace::new(now.mono),
            moods: vec![TrunkMood::Works; plan.trunks.len()],
            full: BTreeSet::new(),
            rooms: Rooms::new(rng.fork()),
            phones: BTreeMap::new(),
            callers: BTreeMap::new(),
            seen: BTreeSet::new(),
            gone: BTreeSet::new(),
            sip: Wire::new(plan.sip),
            rtp: Wire::new(plan.rtp),
            fetches: Wire::new(super::net::Weather::FINE),
            held: BTreeSet::new(),
            mix: Mix::demo(plan.seed),
            next_rtp: 20_000,
            rng,
            plan,
        };
        city.open_campaigns();
        city
    }

    /// What a process does when it starts.
    pub fn open_campaigns(&mut self) {
        for mut campaign in self.plan.campaigns.clone() {
            campaign.state = self.books.states[&campaign.id];
            self.engine.handle_campaign(self.now, campaign).expect("good settings");
        }
        self.feed(Input::Wake);
    }

    /// A new process in place of the old one.
    pub fn restart(&mut self) {
        self.engine = Engine::new(self.now, self.plan.engine(), library(), self.rng.fork());
        self.rooms.clear();
        self.audit.restart();
        self.open_campaigns();
    }

    pub fn breach(&self, number: &str, text: &str) -> ! {
        panic!("{text}\n  number {number:?}, {}\n{}", self.now.utc, self.trace.ladder(number));
    }

    pub fn feed(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    /// Lets time pass to the next thing that happens, `limit` at most.
    pub fn step(&mut self, limit: Duration) {
        let end = self.now.mono + limit;
        let busy = !self.phones.is_empty() || !self.callers.is_empty() || !self.rooms.is_empty();
        let next = if busy {
            self.now.mono + STEP
        } else {
            let wake = self.engine.next_wake();
            let times =
                [wake, self.sip.next(), self.rtp.next(), self.fetches.next(), self.books.next_commit()];
            times.into_iter().flatten().fold(end, Ord::min)
        };
        let by = next.min(end).since(self.now.mono).max(Duration::from_millis(1));
        // Whole milliseconds, as both clocks have them.
        let by = Duration::from_millis(by.as_micros().div_ceil(1_000) as u64);
        self.now = self.now.after(by);
        self.deliver();
        if busy {
            self.tick_rooms();
            self.tick_people();
        }
        for reserved in self.books.commit(self.now) {
            self.feed(Input::Reserved(reserved));
        }
        if self.engine.next_wake().is_some_and(|at| at <= self.now.mono) {
            self.feed(Input::Wake);
        }
        if let Err((number, text)) = self.audit.look(self.now, &self.engine, &self.books) {
            self.breach(&number, &text);
        }
        if let Some((number, text)) = self.books.breaches.pop() {
            self.breach(&number, &text);
        }
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Transmit(transmit) => self.transmit(transmit.destination.addr, transmit.bytes),
                Output::Locate { trunk, .. } => {
                    let addr = trunk_addr(trunk);
                    let found = Destination { transport: Transport::Udp, addr, server_name: String::new() };
                    self.engine
                        .handle(self.now, Input::Located { trunk, result: Ok(vec![found]), local: None });
                }
                Output::Media(session, command) => {
                    let deaf = self.rng.chance(self.plan.deaf);
                    match self.rooms.order(self.now, session, command, deaf) {
                        Ok(Some(event)) => self.engine.handle(self.now, Input::Media(session, event)),
                        Ok(None) => {}
                        Err(text) => self.breach("", &text),
                    }
                }
                Output::Write(write) => self.write(write),
                Output::Fetch { campaign, list, limit } => {
                    let down = self.books.is_down(self.now.mono);
                    let found = (!down).then(|| self.books.fetch(list, self.now.utc, limit));
                    // What was found is out of date when it comes.
                    self.fetches.weather.delay_ms = self.rng.below(self.plan.store_ms + 1);
                    self.fetches.send_one(self.now.mono, Input::Fetched(campaign, found));
                }
                Output::Speak { call, speech, .. } | Output::Load { call, speech, .. } => {
                    self.engine.handle(self.now, Input::Speech { call, speech, sound: None });
                }
                // No agent of this city dials.
                Output::Clear(_)
                | Output::KeepPrompt { .. }
                | Output::Identify { .. }
                | Output::Notice(_) => {}
            }
        }
    }

    fn write(&mut self, write: Write) {
        if let Write::Report(report) = &write {
            let record = &report.record;
            let why = report.entry.as_ref().map(|e| format!("{} {}", e.state, e.reason.code));
            let text = format!(
                "record {} {} sip {} {:?} {why:?} alarm {:?}",
                record.id, record.disposition, record.cause.sip, record.detail, report.alarm
            );
            self.trace.say(self.now, &record.phone, &text);
            if let Err(text) = self.rooms.check(report, &self.phones, &self.callers) {
                self.breach(&record.phone, &text);
            }
        }
        if let Write::Answer(answer) = &write {
            let phone = self.books.lines.get(&answer.call).map(|l| l.phone.clone()).unwrap_or_default();
            self.trace.say(self.now, &phone, &format!("answer {} = {:?}", answer.question, answer.keys));
            self.rooms.answered(answer);
        }
        let delay = Duration::from_millis(self.rng.below(self.plan.store_ms + 1));
        self.books.submit(self.now.mono, delay, write);
        for reserved in self.books.commit(self.now) {
            self.engine.handle(self.now, Input::Reserved(reserved));
        }
    }

    fn transmit(&mut self, to: SocketAddr, bytes: Bytes) {
        let index = usize::from(match to {
            SocketAddr::V4(a) => a.ip().octets()[3],
            SocketAddr::V6(_) => 1,
        }) - 1;
        let message = Message::parse(&bytes).expect("the daemon sends what can be read");
        let silent = self.moods[index] == TrunkMood::Silent;
        let arrives = !silent && self.sip.send(self.now.mono, &mut self.rng, Datagram::Trunk(index, bytes));
        self.trace.sip(self.now, &format!("ringback -> trunk{}", index + 1), &message, !arrives);
        if let Message::Request(request) = &message
            && request.method.to_string() == "INVITE"
            && request.headers.to_tag().is_none()
            && self.seen.insert(request.headers.call_id().unwrap_or_default().to_owned())
        {
            let number = request.uri.user.clone().unwrap_or_default();
            if let Err(text) = self.audit.invite(self.now, &self.engine, &self.books, index, &number) {
                self.breach(&number, &text);
            }
        }
    }

    fn deliver(&mut self) {
        while let Some(datagram) = self.sip.arrive(self.now.mono) {
            match datagram {
                Datagram::Home(index, bytes) => self.feed(Input::Received {
                    transport: Transport::Udp,
                    source: trunk_addr(index),
                    connection: None,
                    bytes: bytes.into(),
                }),
                Datagram::Trunk(index, bytes) => self.reach_trunk(index, &bytes),
            }
        }
        while let Some((to, from, packet)) = self.rtp.arrive(self.now.mono) {
            if let Some(customer) = self.phones.values_mut().find(|c| c.rtp == to) {
                customer.phone.handle_rtp(&packet);
            } else {
                self.rooms.receive(self.now.mono, to, from, packet);
            }
        }
        while let Some(input) = self.fetches.arrive(self.now.mono) {
            self.feed(input);
        }
    }

    fn reach_trunk(&mut self, index: usize, bytes: &[u8]) {
        if self.moods[index] == TrunkMood::Silent {
            return;
        }
        let message = Message::parse(bytes).expect("it was read before");
        let call_id = message.headers().call_id().unwrap_or_default().to_owned();
        if let Some(customer) = self.phones.get_mut(&call_id) {
            customer.phone.handle_message(self.now, message);
        } else if let Some((_, caller, _)) = self.callers.get_mut(&call_id) {
            caller.handle(self.now.mono, &message);
        } else if let Message::Request(request) = message {
            self.new_request(index, call_id, request);
        }
        self.flush();
    }

    fn new_request(&mut self, index: usize, call_id: String, request: Request) {
        match request.method.to_string().as_str() {
            "OPTIONS" => self.say(index, Message::from(request.respond(200, None)).to_bytes()),
            "ACK" => {}
            "INVITE" if !self.gone.contains(&call_id) => {
                let number = request.uri.user.clone().unwrap_or_default();
                let behaviour = if self.full.contains(&index) {
                    Behaviour::CONGESTED
                } else {
                    people::draw(&mut self.rng, &self.mix)
                };
                self.trace.say(self.now, &number, &format!("is {behaviour:?}"));
                let rtp = self.new_rtp();
                let here = trunk_addr(index);
                let phone = Phone::ring(self.now, request, behaviour, here, rtp, self.rng.fork());
                let customer = Customer { trunk: index, number, phone, rtp, since: self.now };
                self.phones.insert(call_id, customer);
            }
            _ => self.say(index, Message::from(request.respond(481, Some("gone"))).to_bytes()),
        }
    }

    fn new_rtp(&mut self) -> SocketAddr {
        self.next_rtp = if self.next_rtp > 60_000 { 20_000 } else { self.next_rtp + 2 };
        SocketAddr::from(([10, 0, 2, 1], self.next_rtp))
    }

    fn say(&mut self, index: usize, bytes: Vec<u8>) {
        let message = Message::parse(&bytes).expect("phones send what can be read");
        let silent = self.moods[index] == TrunkMood::Silent;
        let arrives = !silent && self.sip.send(self.now.mono, &mut self.rng, Datagram::Home(index, bytes));
        self.trace.sip(self.now, &format!("trunk{} -> ringback", index + 1), &message, !arrives);
    }

    /// Somebody calls.
    pub fn call_in(&mut self) {
        let index = self.rng.below(self.plan.trunks.len() as u64) as usize;
        let number = format!("139{:08}", self.rng.below(100_000_000));
        let rtp = self.new_rtp();
        let caller = Caller::call(self.now.mono, &mut self.rng, &number, trunk_addr(index), rtp);
        self.callers.insert(caller.call_id().to_owned(), (index, caller, self.now));
        self.flush();
    }

    pub fn flush(&mut self) {
        let mut said = Vec::new();
        for (call_id, customer) in &mut self.phones {
            while let Some(output) = customer.phone.poll_output() {
                match output {
                    sim::Output::Sip(bytes) => said.push((customer.trunk, bytes)),
                    sim::Output::Rtp(to, packet) => {
                        self.rooms.speaks(to, call_id);
                        self.rtp.send(self.now.mono, &mut self.rng, (to, customer.rtp, packet));
                    }
                }
            }
        }
        for (call_id, (index, caller, _)) in &mut self.callers {
            for output in caller.take_output() {
                match output {
                    caller::Out::Sip(text) => said.push((*index, text.into_bytes())),
                    caller::Out::Rtp(to, packet) => {
                        self.rooms.speaks(to, call_id);
                        self.rtp.send(self.now.mono, &mut self.rng, (to, caller.rtp(), packet));
                    }
                }
            }
        }
        for (index, bytes) in said {
            self.say(index, bytes);
        }
    }

    fn tick_people(&mut self) {
        let now = self.now;
        for customer in self.phones.values_mut() {
            customer.phone.tick(now);
        }
        for (_, caller, _) in self.callers.values_mut() {
            caller.tick(now.mono);
        }
        self.flush();
        let forgotten = |since: Now| now.mono.since(since.mono) > FORGOTTEN;
        for (id, customer) in self.phones.extract_if(.., |_, c| c.phone.is_over(now) || forgotten(c.since)) {
            self.rooms.left(&id, customer.phone.pressed());
            self.gone.insert(id);
        }
        for (id, (_, caller, _)) in
            self.callers.extract_if(.., |_, (_, c, since)| c.is_over(now.mono) || forgotten(*since))
        {
            self.rooms.left(&id, &caller.pressed);
            self.gone.insert(id);
        }
    }

    fn tick_rooms(&mut self) {
        let (packets, events) = self.rooms.tick(self.now);
        for (to, from, packet) in packets {
            self.rtp.send(self.now.mono, &mut self.rng, (to, from, packet));
        }
        for (session, event) in events {
            self.feed(Input::Media(session, event));
        }
    }
}

/// One script, and prompts that are tones, so that a phone hears when each begins and ends.
fn library() -> Library {
    thread_local! {
        static LIBRARY: Library = make_library();
    }
    LIBRARY.with(Clone::clone)
}

fn make_library() -> Library {
    let names = ["ask", "again", "thanks", "message", "first", "second", "reason", "later", "refuse"];
    let tones = names.into_iter().enumerate().map(|(i, name)| (name, 500.0 + 50.0 * i as f64));
    world::library(include_str!("survey.toml"), tones)
}
