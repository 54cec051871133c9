//! Random days: whatever happens in whatever order, limits hold and nobody is forgotten.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert, prop_oneof, proptest};

use super::*;

#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Tick,
    Fetches,
    FetchFails,
    Reserves,
    ReserveFails,
    End(usize, usize),
    Fail(usize, u8),
    Health(usize, u8),
    Hold(bool),
    Order(i64, u8),
    Clock(i64),
    Import(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1u64..2000).prop_map(Event::Wait),
        1 => (2000u64..4_000_000).prop_map(Event::Wait),
        4 => Just(Event::Tick),
        4 => Just(Event::Fetches),
        1 => Just(Event::FetchFails),
        6 => Just(Event::Reserves),
        1 => Just(Event::ReserveFails),
        6 => (0usize..8, 0usize..Disposition::ALL.len()).prop_map(|(c, d)| Event::End(c, d)),
        2 => (0usize..8, 0u8..3).prop_map(|(c, f)| Event::Fail(c, f)),
        1 => (0usize..3, 0u8..3).prop_map(|(t, h)| Event::Health(t, h)),
        1 => any::<bool>().prop_map(Event::Hold),
        1 => (1i64..4, 0u8..5).prop_map(|(c, o)| Event::Order(c, o)),
        1 => (-3_600_000i64..3_600_000).prop_map(Event::Clock),
        1 => (1i64..4).prop_map(Event::Import),
    ]
}

const TRUNKS: [(&str, u32, f64); 3] = [("a", 3, 2.0), ("b", 2, 0.0), ("c", 0, 1.0)];
const CAMPAIGNS: [(i64, u32, f64, &str); 3] =
    [(1, 2, 3.0, "09:00-18:00"), (2, 3, 0.5, "10:00-12:00,15:00-17:00"), (3, 0, 0.0, "22:00-11:00")];

fn build() -> World {
    let mut w = World::new(TRUNKS.iter().map(|(n, calls, cps)| trunk(n, *calls, *cps)).collect());
    for (id, concurrency, cps, windows) in CAMPAIGNS {
        w.add_campaign(campaign(id, |s| {
            (s.concurrency, s.calls_per_second) = (concurrency, cps);
            s.windows = vec![windows.into()];
            s.max_attempts = 4;
        }));
        w.add_entries(id, 8);
        w.command(id, Command::Start);
    }
    w
}

fn apply(w: &mut World, event: Event) {
    match event {
        Event::Wait(n) => w.advance(ms(n)),
        Event::Tick => w.tick(),
        Event::Fetches => w.answer_fetches(),
        Event::FetchFails => {
            for (campaign, ..) in std::mem::take(&mut w.fetching) {
                w.dialer.handle_fetch_failed(w.now, campaign);
            }
            w.drain();
        }
        Event::Reserves => w.answer_reserves(),
        Event::ReserveFails => {
            let refused: Vec<_> = std::mem::take(&mut w.reserving)
                .into_iter()
                .map(|a| (a.call, Reason::new(code::STORE, "locked")))
                .collect();
            w.dialer.handle_reserved(w.now, &[], &refused);
            w.drain();
        }
        Event::End(nth, how) => {
            if let Some(call) = w.up.keys().nth(nth).copied() {
                w.end(call, Disposition::ALL[how]);
            }
        }
        Event::Fail(nth, how) => {
            let failure = match how {
                0 => RouteFailure::Timeout,
                1 => RouteFailure::Unreachable,
                _ => RouteFailure::Status { status: 503, retry_after: None },
            };
            if let Some(call) = w.up.keys().nth(nth).copied()
                && w.fail(call, failure).is_none()
            {
                w.end(call, Disposition::Congestion);
            }
        }
        Event::Health(t, h) => {
            let health = [Health::Unknown, Health::Up, Health::Down("silent".into())][usize::from(h)].clone();
            w.health(TRUNKS[t].0, health);
        }
        Event::Hold(on) => w.hold(on.then(|| Reason::new(code::HELD, "disk"))),
        Event::Order(c, o) => {
            let command = [Command::Start, Command::Pause, Command::Resume, Command::Stop, Command::End]
                [usize::from(o)];
            let _ = w.dialer.handle_command(w.now, CampaignId(c), command);
            w.drain();
        }
        Event::Clock(by) => w.now.utc = Timestamp(w.now.utc.0 + by),
        Event::Import(c) => {
            w.add_entries(c, 1);
            w.dialer.handle_list_changed(w.now, ListId(c));
            w.drain();
        }
    }
}

fn hold_limits(w: &World) {
    for (id, concurrency, ..) in CAMPAIGNS {
        let campaign = CampaignId(id);
        let up = w.up.values().filter(|u| u.campaign == campaign).count() as u32;
        let counted = w.dialer.calls_of(campaign);
        assert!(up <= counted, "a call is up and not counted");
        assert!(concurrency == 0 || counted <= concurrency, "campaign {id}: {counted} of {concurrency}");
    }
    for (name, calls, _) in TRUNKS {
        let up = w.up.values().filter(|u| &*u.trunk == name).count() as u32;
        assert!(calls == 0 || up <= calls, "trunk {name}: {up} of {calls}");
        let status = w.dialer.trunks(w.now);
        let counted = status.iter().find(|t| &*t.name == name).map_or(0, |t| t.calls);
        assert!(
            up <= counted && (calls == 0 || counted <= calls),
            "trunk {name}: {up} up, {counted} counted"
        );
    }
}

fn hold_pace(times: &[Mono], rate: f64, who: &str) {
    for (i, first) in times.iter().enumerate() {
        for (n, last) in times[i..].iter().enumerate() {
            let allowed = rate * last.since(*first).as_secs_f64() + 1.0 + rate * 0.02;
            assert!((n + 1) as f64 <= allowed + 1e-6, "{who}: {} calls in {:?}", n + 1, last.since(*first));
        }
    }
}

/// The world gets well again: whatever is left must come to an end by itself.
fn recover(w: &mut World) {
    w.hold(None);
    for (name, ..) in TRUNKS {
        w.health(name, Health::Up);
    }
    w.settle_store();
    for (id, ..) in CAMPAIGNS {
        for command in [Command::Resume, Command::Start] {
            let _ = w.dialer.handle_command(w.now, CampaignId(id), command);
        }
        w.drain();
    }
    let end = w.now.utc + Duration::from_secs(40 * 86_400);
    while w.now.utc < end {
        w.settle_store();
        hold_limits(w);
        while !w.up.is_empty() {
            w.end_one(Disposition::Completed);
        }
        for (id, ..) in CAMPAIGNS {
            if w.dialer.state(CampaignId(id)) != Some(CampaignState::Running) {
                // Ended while entries were pending: begin again.
                let _ = w.dialer.handle_command(w.now, CampaignId(id), Command::Start);
                w.drain();
            }
        }
        let open = |r: &Row| matches!(r.state, EntryState::Pending | EntryState::Dialling);
        if w.reserving.is_empty() && w.open.is_empty() && !w.rows.values().any(open) {
            return;
        }
        let wake = w.dialer.next_timeout().expect("something is left to do and no timer runs");
        let step = wake.since(w.now.mono).as_micros() as u64;
        w.advance(ms(step.div_ceil(1000).max(1)));
        w.tick();
    }
    let left: Vec<_> = w.rows.iter().filter(|(_, r)| r.state == EntryState::Pending).collect();
    panic!("forgotten: {left:?}");
}

use world::Row;

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn limits_hold_and_nobody_is_forgotten(events in prop::collection::vec(event(), 1..300)) {
        let mut w = build();
        for event in events {
            apply(&mut w, event);
            hold_limits(&w);
        }
        recover(&mut w);
        for (id, _, cps, _) in CAMPAIGNS {
            let times: Vec<Mono> = w.invites.iter().filter(|i| i.campaign.0 == id).map(|i| i.mono).collect();
            if cps > 0.0 {
                hold_pace(&times, cps, "campaign");
            }
        }
        for (name, _, cps) in TRUNKS {
            let times: Vec<Mono> = w.invites.iter().filter(|i| &*i.trunk == name).map(|i| i.mono).collect();
            if cps > 0.0 {
                hold_pace(&times, cps, name);
            }
        }
        for row in w.rows.values() {
            prop_assert!(!row.reason.is_empty() && row.reason != code::DUE, "every end has its reason: {row:?}");
        }
    }
}
