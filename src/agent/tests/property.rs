//! Whatever happens in whatever order: no agent is stuck, no caller is forgotten, and wrap-up
//! lasts its time.

use proptest::prelude::{Strategy, prop};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;

#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Phones(bool, usize),
    Wish(bool, u8),
    Offer(bool, u64),
    Answer(bool, u64),
    Refuse(bool, u64),
    Withdraw(bool, u64),
    Begin(bool, u64),
    End(bool, u64),
    Reload(bool),
}

fn event() -> impl Strategy<Value = Event> {
    let who = proptest::bool::ANY;
    prop_oneof![
        3 => (1u64..30_000).prop_map(Event::Wait),
        1 => (30_000u64..4_000_000).prop_map(Event::Wait),
        3 => (who, 0usize..3).prop_map(|(w, n)| Event::Phones(w, n)),
        2 => (who, 0u8..4).prop_map(|(w, n)| Event::Wish(w, n)),
        4 => (who, 0u64..3).prop_map(|(w, n)| Event::Offer(w, n)),
        3 => (who, 0u64..3).prop_map(|(w, n)| Event::Answer(w, n)),
        1 => (who, 0u64..3).prop_map(|(w, n)| Event::Refuse(w, n)),
        1 => (who, 0u64..3).prop_map(|(w, n)| Event::Withdraw(w, n)),
        1 => (who, 0u64..3).prop_map(|(w, n)| Event::Begin(w, n)),
        3 => (who, 0u64..3).prop_map(|(w, n)| Event::End(w, n)),
        1 => who.prop_map(Event::Reload),
    ]
}

fn name(first: bool) -> &'static str {
    if first { "1" } else { "2" }
}

fn apply(office: &mut Office, event: &Event) {
    let now = office.now;
    let agents = &mut office.agents;
    match *event {
        Event::Wait(ms) => drop(office.pass(ms)),
        Event::Phones(w, n) => agents.handle_phones(now, name(w), n, Some("registration_expired")),
        Event::Wish(w, n) => {
            let wish = match n {
                0 => Wish::Available,
                1 => Wish::NotReady("break".into()),
                2 => Wish::NotReady("nonsense".into()),
                _ => Wish::LogOut,
            };
            agents.handle_wish(now, name(w), wish, "api").ok();
        }
        Event::Offer(w, n) => drop(agents.offer(now, name(w), call(n))),
        Event::Answer(w, n) => drop(agents.handle_answered(now, name(w), call(n))),
        Event::Refuse(w, n) => agents.handle_refused(now, name(w), call(n)),
        Event::Withdraw(w, n) => agents.handle_withdrawn(now, name(w), call(n)),
        Event::Begin(w, n) => drop(agents.handle_call_began(now, name(w), call(n))),
        Event::End(w, n) => agents.handle_call_ended(now, name(w), call(n)),
        Event::Reload(both) => {
            let all = if both { vec![agent("1"), agent("2")] } else { vec![agent("1")] };
            agents.handle_settings(now, all, Rules::default());
        }
    }
}

proptest! {
    #[test]
    fn nobody_is_stuck_and_wrap_up_never_ends_early(events in prop::collection::vec(event(), 1..120)) {
        let mut office = Office::with(Rules::default());
        let wrap_up = Rules::default().wrap_up;
        for event in &events {
            let before: Vec<_> = office.agents.views(office.now);
            let at = office.now;
            apply(&mut office, event);
            for old in before {
                let Some(new) = office.agents.views(office.now).into_iter().find(|v| v.name == old.name) else {
                    continue;
                };
                // A phone that is away for a moment comes back into the wrap-up that it left.
                if old.state == State::OnCall && new.state == State::WrapUp {
                    prop_assert_eq!(new.until, Some(new.since + wrap_up));
                }
                if old.state == State::WrapUp && new.state == State::Available {
                    let by_wish = matches!(event, Event::Wish(_, 0));
                    let over = old.until.is_some_and(|until| until <= office.now.utc);
                    prop_assert!(by_wish || over, "{event:?} ended a wrap-up of {:?} at {at:?}", old.since);
                }
                if old.state == State::Offered && new.call != old.call && new.state != State::OnCall {
                    let freed = std::iter::from_fn(|| office.agents.poll()).collect::<Vec<_>>();
                    let told = freed.iter().any(|o| matches!(o, Output::OfferFailed { call, .. } if Some(*call) == old.call));
                    let withdrawn = matches!(event, Event::Withdraw(..)) || matches!(event, Event::Wait(_));
                    prop_assert!(told || withdrawn, "{event:?}: the caller of {old:?} was forgotten");
                }
                // Every state but offline ends by itself, and only a call and an offer have a call.
                prop_assert_eq!(new.until.is_none(), new.state == State::Offline, "{:?}", new);
                prop_assert_eq!(new.call.is_some(), matches!(new.state, State::Offered | State::OnCall));
            }
        }
        // Left alone, everybody comes to rest within a day.
        office.pass(24 * 3_600_000);
        for view in office.agents.views(office.now) {
            prop_assert_eq!(view.state, State::Offline, "{:?}", view);
        }
    }

    #[test]
    fn each_change_follows_from_the_one_before(events in prop::collection::vec(event(), 1..80)) {
        let mut office = Office::with(Rules::default());
        let mut last = std::collections::BTreeMap::new();
        let mut seen = Vec::new();
        for event in &events {
            if let Event::Wait(ms) = event {
                office.now = office.now.after(Duration::from_millis(*ms));
                office.agents.handle_timeout(office.now);
            } else if !matches!(event, Event::Reload(_)) {
                apply(&mut office, event);
            }
            seen.extend(std::iter::from_fn(|| office.agents.poll()));
        }
        for output in seen {
            if let Output::Changed(change) = output {
                let before = last.insert(change.agent.clone(), change.to).unwrap_or(State::Offline);
                prop_assert_eq!(before, change.from, "{:?}", change);
                prop_assert!(!change.reason.is_empty() && change.at >= change.since);
            }
        }
    }
}
