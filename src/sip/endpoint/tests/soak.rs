//! Two endpoints, a network that loses, repeats and reorders, and random people.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::desk::{OFFER, trunk};
use crate::base::{Mono, Now, Rng};
use crate::sip::endpoint::*;
use crate::sip::{Destination, Transport};

/// What a side wants to do later.
#[derive(Clone, Copy, Debug)]
enum Plan {
    Hangup,
    Offer,
    Accept,
    Reject,
    Ring(bool),
    Info,
}

struct Side {
    ua: Endpoint,
    addr: SocketAddr,
    plans: BTreeMap<(Mono, u64), (SessionId, Plan)>,
    /// Sessions without a terminal event.
    open: BTreeSet<SessionId>,
    ended: BTreeMap<SessionId, String>,
    answered: usize,
}

impl Side {
    fn new(host: u8, rng: &mut Rng) -> Self {
        let mut settings = Settings { session_expires: 90, ..Settings::default() };
        settings.limits.source_burst = u32::MAX / 1_000_000;
        settings.advertised.udp = format!("192.0.2.{host}:5060");
        let mut ua = Endpoint::new(settings, rng.fork());
        ua.set_trusted(vec![[192, 0, 2, 1].into(), [192, 0, 2, 9].into()]);
        let addr = SocketAddr::from(([192, 0, 2, host], 5060));
        Side { ua, addr, plans: BTreeMap::new(), open: BTreeSet::new(), ended: BTreeMap::new(), answered: 0 }
    }

    fn plan(&mut self, now: Now, rng: &mut Rng, session: SessionId, plan: Plan, within_ms: u64) {
        let at = now.mono + Duration::from_millis(rng.below(within_ms));
        self.plans.insert((at, rng.next_u64()), (session, plan));
    }

    fn react(&mut self, now: Now, rng: &mut Rng, event: Event) {
        match event {
            Event::Incoming(call) => {
                assert!(self.open.insert(call.session));
                self.plan(now, rng, call.session, Plan::Ring(rng.clone().chance(0.3)), 1_000);
                let plan = if rng.chance(0.2) { Plan::Reject } else { Plan::Accept };
                self.plan(now, rng, call.session, plan, 20_000);
                if rng.chance(0.3) {
                    self.plan(now, rng, call.session, Plan::Hangup, 60_000);
                }
            }
            Event::Answered { session, .. } | Event::Confirmed { session, .. } => {
                self.answered += 1;
                self.plan(now, rng, session, Plan::Hangup, 200_000);
                for plan in [Plan::Offer, Plan::Info, Plan::Offer] {
                    if rng.chance(0.4) {
                        self.plan(now, rng, session, plan, 60_000);
                    }
                }
            }
            Event::Offer { session, .. } => {
                let answer = if rng.chance(0.2) { Err(488) } else { Ok(OFFER.into()) };
                self.ua.answer(now, session, answer);
            }
            Event::Failed { session, end } | Event::Ended { session, end } => {
                assert!(self.open.remove(&session), "{session:?} ended twice or never began");
                assert!(end.trace.len() <= crate::sip::session::TRACE_MESSAGES && !end.trace.is_empty());
                self.ended.insert(session, end.reason);
            }
            Event::Flood { .. } => panic!("trusted"),
            _ => {}
        }
    }

    fn act(&mut self, now: Now, session: SessionId, plan: Plan) {
        match plan {
            Plan::Hangup => self.ua.hangup(now, session, Hangup::default()),
            Plan::Offer => self.ua.offer(now, session, OFFER.into()),
            Plan::Accept => self.ua.accept(now, session, OFFER.into()),
            Plan::Reject => self.ua.reject(now, session, 486, Vec::new()),
            Plan::Info => self.ua.info(now, session, "application/dtmf-relay", "Signal=1\r\n".into()),
            Plan::Ring(reliable) => {
                let sdp = reliable.then(|| OFFER.into());
                self.ua.progress(now, session, Progress { status: 183, sdp, reliable });
            }
        }
    }
}

struct World {
    now: Now,
    rng: Rng,
    sides: [Side; 2],
    /// Datagrams under way: arrival, order, to which side.
    wire: BTreeMap<(Mono, u64), (usize, Vec<u8>)>,
    loss: f64,
    carried: u64,
}

impl World {
    fn new(seed: u64, loss: f64) -> Self {
        let mut rng = Rng::seeded(seed);
        let sides = [Side::new(1, &mut rng), Side::new(9, &mut rng)];
        World { now: Now::default(), rng, sides, wire: BTreeMap::new(), loss, carried: 0 }
    }

    fn drain(&mut self, from: usize) {
        while let Some(transmit) = self.sides[from].ua.poll_transmit() {
            let to = 1 - from;
            assert_eq!(transmit.destination.addr, self.sides[to].addr);
            let copies = if self.rng.chance(0.05) { 2 } else { 1 };
            for _ in 0..copies {
                if self.rng.chance(self.loss) {
                    continue;
                }
                // Now and then a datagram is overtaken by many.
                let slow = if self.rng.chance(0.05) { 900 } else { 30 };
                let at = self.now.mono + Duration::from_millis(1 + self.rng.below(slow));
                self.carried += 1;
                self.wire.insert((at, self.carried), (to, transmit.bytes.to_vec()));
            }
        }
        while let Some(event) = self.sides[from].ua.poll_event() {
            let (now, side) = (self.now, &mut self.sides[from]);
            side.react(now, &mut self.rng, event);
        }
    }

    /// Moves to the next thing that happens; false where nothing ever will.
    fn step(&mut self) -> bool {
        for side in 0..2 {
            self.drain(side);
        }
        // Reactions may have sent more.
        for side in 0..2 {
            self.drain(side);
        }
        let wire = self.wire.keys().next().map(|(at, _)| *at);
        let times = self
            .sides
            .iter()
            .flat_map(|side| [side.ua.next_timeout(), side.plans.keys().next().map(|(at, _)| *at)]);
        let Some(at) = times.chain([wire]).flatten().min() else { return false };
        self.now = self.now.after(at.since(self.now.mono));
        while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now.mono) {
            let (to, bytes) = entry.remove();
            let source = self.sides[1 - to].addr;
            let received = Received { transport: Transport::Udp, source, connection: None, bytes: &bytes };
            self.sides[to].ua.handle_received(self.now, received);
        }
        for side in &mut self.sides {
            while let Some(entry) = side.plans.first_entry().filter(|entry| entry.key().0 <= self.now.mono) {
                let (session, plan) = entry.remove();
                side.act(self.now, session, plan);
            }
            side.ua.handle_timeout(self.now);
        }
        true
    }

    fn call(&mut self, from: usize) {
        let to = &self.sides[1 - from];
        let host = to.addr.ip();
        let destination = Destination { addr: to.addr, server_name: String::new(), ..trunk() };
        let invite = Invite {
            destination,
            request_uri: format!("sip:callee@{host}"),
            from: format!("<sip:caller@{}>", self.sides[from].addr.ip()),
            to: format!("<sip:callee@{host}>"),
            contact_user: "x".to_owned(),
            headers: Vec::new(),
            route: Vec::new(),
            offer: self.rng.chance(0.9).then(|| OFFER.into()),
            auth: None,
            redirect: Redirect::Refuse,
            second_offer: None,
            require_100rel: false,
            connection: None,
        };
        let (now, side) = (self.now, &mut self.sides[from]);
        let delayed = invite.offer.is_none();
        let session = side.ua.invite(now, invite);
        assert!(side.open.insert(session));
        if self.rng.chance(0.3) {
            side.plan(now, &mut self.rng, session, Plan::Hangup, 30_000);
        }
        if delayed {
            // Somebody must answer the offer of the 200; most do.
            side.plan(now, &mut self.rng, session, Plan::Info, 30_000);
        }
    }
}

fn soak(seed: u64, loss: f64, calls: usize) {
    let mut world = World::new(seed, loss);
    let mut placed = 0;
    let mut next = Mono::default();
    loop {
        while placed < calls && world.now.mono >= next {
            let from = usize::from(world.rng.chance(0.5));
            world.call(from);
            placed += 1;
            next = next + Duration::from_millis(world.rng.below(100));
        }
        if !world.step() && placed == calls {
            break;
        }
    }
    for side in &world.sides {
        assert_eq!(side.ua.held(), Held::default(), "seed {seed}: something stayed behind");
        assert!(side.open.is_empty(), "seed {seed}: without an end: {:?}", side.open);
    }
    let answered: usize = world.sides.iter().map(|side| side.answered).sum();
    assert!(answered > calls / 2, "seed {seed}: only {answered} of {calls} calls were answered");
}

#[test]
fn a_clean_network_leaves_nothing_behind() {
    soak(1, 0.0, 400);
}

#[test]
fn five_percent_loss_leaves_nothing_behind() {
    soak(2, 0.05, 800);
}

#[test]
fn twenty_percent_loss_leaves_nothing_behind() {
    soak(3, 0.20, 800);
}
