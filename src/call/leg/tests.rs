//! A leg by itself, on simulated time.

use std::time::Duration;

use bytes::Bytes;

use super::{Accept, Action, Event, Leg, LegKind, LegPlan, LegResult, LegState, Release};
use crate::base::{Cause, Mono, Now, Rng, Timestamp};
use crate::call::{EndedBy, Way};
use crate::media::{self, Codec, Command, DigitSource};
use crate::sip::endpoint::{By, End, Hangup};

const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n\
                      m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";

struct World {
    now: Now,
    leg: Leg,
    actions: Vec<Action>,
}

fn way() -> Way {
    let codecs = vec![Codec::Pcma];
    Way { trunk: "".into(), codecs, srtp: crate::sip::Srtp::Off, rtcp_mux: false, external: None }
}

impl World {
    fn new(accept: Option<char>) -> World {
        let now = Now { mono: Mono::from_millis(1_000), utc: Timestamp(1_772_413_200_000) };
        let accept = accept.map(|key| Accept { key, prompts: Vec::new(), wait: Duration::from_secs(15) });
        let plan = LegPlan {
            number: 1,
            kind: LegKind::Agent,
            target: "1001".into(),
            agent: Some("li.na".into()),
            way: way(),
            setup: Duration::from_secs(12),
            ring: Duration::from_secs(20),
            rtp_timeout: Duration::from_secs(30),
            accept,
        };
        let mut world = World { now, leg: Leg::new(now, plan, Rng::seeded(1)), actions: Vec::new() };
        world.drain();
        world
    }

    fn drain(&mut self) {
        self.actions.extend(std::iter::from_fn(|| self.leg.poll_action()));
    }

    fn give(&mut self, event: Event) -> Vec<Action> {
        self.actions.clear();
        self.leg.handle_event(self.now, event);
        self.drain();
        std::mem::take(&mut self.actions)
    }

    /// To its next timeout.
    fn wait(&mut self) -> Vec<Action> {
        self.actions.clear();
        self.now = self.now.after(self.leg.next_timeout().since(self.now.mono));
        self.leg.handle_timeout(self.now);
        self.drain();
        std::mem::take(&mut self.actions)
    }

    fn to(mut self, state: LegState) -> World {
        use LegState as S;
        let opened = media::Event::Opened("10.0.0.9:4000".parse().unwrap());
        if state >= S::Calling {
            self.give(Event::Media(opened));
        }
        if state >= S::Ringing {
            self.give(Event::Provisional { status: 180, sdp: None });
        }
        if state >= S::Confirming {
            self.give(Event::Answered(Some(Bytes::from_static(ANSWER.as_bytes()))));
        }
        assert_eq!(self.leg.state(), state);
        self
    }
}

fn release(result: LegResult) -> Event {
    Event::Release(Release { result, hangup: Hangup::default() })
}

fn ended(by: By, sip: u16) -> Event {
    Event::SessionEnded(Box::new(End {
        by,
        cause: Cause::from_status(sip),
        reason: String::new(),
        retry_after: None,
        redirected_to: Vec::new(),
        trace: Default::default(),
    }))
}

fn over(actions: &[Action]) -> Option<(LegResult, EndedBy)> {
    actions.iter().find_map(|action| match action {
        Action::Over { result, by } => Some((*result, *by)),
        _ => None,
    })
}

#[test]
fn every_state_leads_to_the_end_and_only_the_end_has_no_follower() {
    let table: String = LegState::ALL
        .iter()
        .map(|state| {
            let next: Vec<&str> = state.followers().iter().map(|next| next.as_str()).collect();
            format!("{:<10} -> {}\n", state.as_str(), next.join(" "))
        })
        .collect();
    insta::assert_snapshot!(table, @"
    opening    -> calling closing
    calling    -> ringing confirming up releasing closing
    ringing    -> confirming up releasing closing
    confirming -> up releasing closing
    up         -> releasing closing
    releasing  -> closing
    closing    -> ended
    ended      -> 
    ");
    for state in LegState::ALL {
        assert_eq!(state.followers().is_empty(), state == LegState::Ended);
        assert_eq!(state.limit().is_zero(), state == LegState::Ended, "{state:?}");
    }
}

#[test]
fn a_leg_ends_whatever_happens_in_whichever_state() {
    use LegState as S;
    for state in [S::Opening, S::Calling, S::Ringing, S::Confirming, S::Up] {
        let accept = (state == S::Confirming).then_some('1');
        let events: [fn() -> Event; 5] = [
            || release(LegResult::CalledOff),
            || ended(By::Peer, 486),
            || ended(By::Fault, 408),
            || {
                Event::SessionLost(Box::new(match ended(By::Fault, 408) {
                    Event::SessionEnded(end) => *end,
                    _ => unreachable!(),
                }))
            },
            || Event::Media(media::Event::Closed { recording: None, quality: Default::default() }),
        ];
        for event in events {
            let mut world = World::new(accept).to(state);
            let actions = world.give(event());
            assert!(over(&actions).is_some(), "{state:?}: {actions:?}");
            // Nobody answers any more: every state has its own end.
            let mut waits = 0;
            while world.leg.state() != S::Ended {
                let actions = world.wait();
                assert_eq!(over(&actions), None, "told once");
                waits += 1;
                assert!(waits <= 3, "{state:?} stays in {:?}", world.leg.state());
            }
        }
    }
}

#[test]
fn time_out_in_each_state_has_its_result() {
    use LegState as S;
    for (state, expect, by) in [
        (S::Opening, LegResult::Failed, EndedBy::Fault),
        (S::Calling, LegResult::Unreachable, EndedBy::Fault),
        (S::Ringing, LegResult::NoAnswer, EndedBy::Us),
        (S::Confirming, LegResult::NotAccepted, EndedBy::Us),
        (S::Up, LegResult::Talked, EndedBy::Us),
    ] {
        let mut world = World::new((state == S::Confirming).then_some('1')).to(state);
        assert_eq!(over(&world.wait()), Some((expect, by)), "{state:?}");
    }
}

#[test]
fn ros_02_a_voicemail_that_answers_is_no_person_until_the_key_is_pressed() {
    let key = |key| Event::Media(media::Event::Digit { key, source: DigitSource::Event });
    let mut world = World::new(Some('1')).to(LegState::Confirming);
    assert!(world.give(key('5')).is_empty(), "another key is none");
    let actions = world.give(key('1'));
    assert!(actions.iter().any(|action| matches!(action, Action::Up)), "{actions:?}");
    assert!(world.leg.answered_at().is_some());
    let mut machine = World::new(Some('1')).to(LegState::Confirming);
    assert_eq!(over(&machine.wait()), Some((LegResult::NotAccepted, EndedBy::Us)));
    assert_eq!(machine.leg.record(machine.now, LegResult::Talked).answered_at, None);
}

#[test]
fn a_phone_that_holds_is_not_taken_for_one_that_vanished() {
    let hold = ANSWER.replace("a=rtpmap", "a=sendonly\r\na=rtpmap");
    let mut world = World::new(None).to(LegState::Ringing);
    world.give(Event::Answered(Some(Bytes::from_static(ANSWER.as_bytes()))));
    let actions = world.give(Event::Offered(Some(Bytes::from(hold))));
    let stops = |action: &Action| matches!(action, Action::Media(Command::Start(s)) if !s.receive && !s.send);
    assert!(actions.iter().any(stops), "{actions:?}");
    assert!(actions.iter().any(|action| matches!(action, Action::Held(true))), "{actions:?}");
    assert!(world.give(Event::Media(media::Event::Timeout)).is_empty());
    let back = world.give(Event::Offered(Some(Bytes::from_static(ANSWER.as_bytes()))));
    assert!(back.iter().any(|action| matches!(action, Action::Held(false))), "{back:?}");
    let lost = world.give(Event::Media(media::Event::Timeout));
    assert_eq!(over(&lost), Some((LegResult::Lost, EndedBy::Fault)));
}

#[test]
fn a_final_response_says_what_the_leg_came_to() {
    for (status, expect) in [
        (486, LegResult::Busy),
        (603, LegResult::Declined),
        (480, LegResult::Unreachable),
        (404, LegResult::Unreachable),
        (487, LegResult::NoAnswer),
    ] {
        let mut world = World::new(None).to(LegState::Ringing);
        assert_eq!(over(&world.give(ended(By::Peer, status))), Some((expect, EndedBy::Peer)), "{status}");
    }
}

/// A leg whose own phone called.
fn incoming() -> World {
    let mut world = World::new(None);
    let plan = world.leg.plan().clone();
    let offer = Some(Bytes::from_static(ANSWER.as_bytes()));
    world.leg = Leg::incoming(world.now, plan, offer, Rng::seeded(2));
    world.drain();
    world
}

#[test]
fn a_phone_that_calls_is_answered_when_somebody_is_there_whichever_comes_first() {
    for socket_first in [true, false] {
        let mut world = incoming();
        let opened = || Event::Media(media::Event::Opened("10.0.0.9:4000".parse().unwrap()));
        let (first, second) = if socket_first { (opened(), Event::Take) } else { (Event::Take, opened()) };
        assert!(!world.give(first).iter().any(|action| matches!(action, Action::Accept(_))));
        let actions = world.give(second);
        assert!(
            matches!(actions[..], [Action::Accept(_), Action::Media(Command::Start(_)), Action::Up]),
            "{actions:?}"
        );
        assert_eq!(world.leg.state(), LegState::Up);
    }
}

#[test]
fn a_phone_that_calls_is_refused_once_in_every_state_before_its_answer() {
    let release = || {
        let hangup = Hangup { status: 486, q850: 0, text: "busy".into() };
        Event::Release(Release { result: LegResult::CalledOff, hangup })
    };
    for open in [true, false] {
        let mut world = incoming();
        if open {
            world.give(Event::Media(media::Event::Opened("10.0.0.9:4000".parse().unwrap())));
        }
        let actions = world.give(release());
        let refused = |action: &&Action| matches!(action, Action::HangUp(hangup) if hangup.status == 486);
        assert_eq!(actions.iter().filter(refused).count(), 1, "{actions:?}");
        assert!(world.give(release()).is_empty());
    }
    let mut world = incoming();
    let actions = world.give(Event::Media(media::Event::OpenFailed("no socket".into())));
    assert!(actions.iter().any(|a| matches!(a, Action::HangUp(h) if h.status == 503)), "{actions:?}");
}
