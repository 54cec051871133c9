//! Whatever a customer and the world do, a survey ends, once, and never invents an answer.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use ringback::ivr::{Action, Event, NodeKind, Script};
use ringback::media::PlayId;

use super::caller::{Caller, facts};
use super::{prompt_set, scripts};

/// What the world does next.
#[derive(Clone, Debug)]
enum Act {
    Key(char),
    Played(bool),
    Stale,
    Timeout,
    Pass(u64),
    Comment(bool),
    Speech(bool),
    Beep,
    HungUp,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::sample::select("0123456789*#AD".chars().collect::<Vec<_>>()).prop_map(Act::Key),
        6 => any::<bool>().prop_map(Act::Played),
        1 => Just(Act::Stale),
        6 => Just(Act::Timeout),
        2 => (0u64..20_000).prop_map(Act::Pass),
        3 => any::<bool>().prop_map(Act::Comment),
        1 => any::<bool>().prop_map(Act::Speech),
        1 => prop_oneof![40 => Just(Act::Stale), 1 => Just(Act::Beep), 1 => Just(Act::HungUp)],
    ]
}

/// Drives one script by chance, then lets time run out, and checks what must always hold.
fn live(script: &Arc<Script>, acts: &[Act], can_speak: bool) -> Result<(), TestCaseError> {
    let mut facts = facts(&[("outstanding_items", "门板划痕;缺拉手"), ("prompt", "company/name")]);
    facts.can_speak = can_speak;
    facts.name = "王建国".into();
    let mut caller = Caller::new(script.clone(), facts, prompt_set());
    let started = caller.now.mono;
    caller.event(Event::Started);
    let mut play = PlayId(0);
    for act in acts {
        if let Some(Action::Play { play: last, .. }) =
            caller.actions.iter().rev().find(|a| matches!(a, Action::Play { .. }))
        {
            play = *last;
        }
        let before = caller.runner.disposition_if_hung_up();
        match act {
            Act::Key(key) => caller.key(*key),
            Act::Played(finished) => caller.event(Event::Played { play, finished: *finished }),
            Act::Stale => {
                caller.event(Event::Played { play: PlayId(play.0.wrapping_sub(1)), finished: true })
            }
            Act::Timeout => caller.timeout(),
            Act::Pass(ms) => caller.pass(Duration::from_millis(*ms)),
            Act::Comment(spoke) => {
                caller.event(Event::CommentEnded { spoke: *spoke, path: "c.wav".into(), ms: 1_000 });
            }
            Act::Speech(true) => caller.event(Event::TtsReady { speech: 1, prompt: "tts/1".into() }),
            Act::Speech(false) => caller.event(Event::TtsFailed { speech: 1 }),
            Act::Beep => caller.event(Event::MachineBeep),
            Act::HungUp => {
                caller.event(Event::HungUp);
                prop_assert_eq!(caller.result().disposition, before, "as foretold");
            }
        }
        prop_assert_eq!(
            caller.runner.next_timeout().is_none(),
            caller.runner.is_over(),
            "a timeout in every state"
        );
    }
    let mut turns = 0;
    while !caller.runner.is_over() {
        caller.timeout();
        turns += 1;
        prop_assert!(turns < 500, "time alone ends it\n{}", caller.transcript);
    }
    prop_assert_eq!(caller.outcomes.len(), 1, "one outcome\n{}", caller.transcript);
    let hang_ups = caller.actions.iter().filter(|a| matches!(a, Action::HangUp)).count();
    prop_assert!(hang_ups <= 1);
    for answer in &caller.answers {
        prop_assert_ne!(answer.score, Some(0), "no score of 0");
        prop_assert!(answer.keys.is_some() || answer.score.is_none(), "no score without a key: {:?}", answer);
        prop_assert!(
            answer.keys.is_some() || answer.meaning.is_none(),
            "no meaning without a key: {:?}",
            answer
        );
    }
    // The limit, then a goodbye that is played (at most 180 s) and waited after.
    let passed: u64 = acts.iter().map(|a| if let Act::Pass(ms) = a { *ms } else { 0 }).sum();
    let most = script.limits().time + Duration::from_secs(180 + 10) + Duration::from_millis(passed);
    prop_assert!(caller.now.mono.since(started) <= most, "ends in time\n{}", caller.transcript);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_shipped_script_ends_whatever_happens(acts in prop::collection::vec(act(), 0..120), can_speak: bool) {
        // A talk with one of ours and a wait for it have limits of their own.
        let talks = |script: &Script| script.nodes().iter().any(|n| matches!(n.kind, NodeKind::Connect(_)));
        for script in scripts().values().filter(|script| !talks(script)) {
            live(script, &acts, can_speak)?;
        }
    }
}

#[test]
fn a_script_that_circles_is_stopped_by_its_limits() {
    let text = r#"
        title = "circle"
        languages = ["zh-CN"]
        entry = { person = "a", limit = "bye" }
        limits = { steps = 20, seconds = 600 }
        [say.a]
        prompts = ["survey/no-input"]
        next = "b"
        [branch.b]
        when = []
        otherwise = "a"
        [end.bye]
        prompts = ["survey/goodbye"]
    "#;
    let script = Arc::new(Script::parse("circle.toml", text).unwrap_or_else(|e| panic!("{e}")));
    let caller = Caller::run(script, facts(&[]), "");
    assert!(caller.transcript.contains("打扰您了"), "a goodbye\n{}", caller.transcript);
    assert_eq!(caller.transcript.matches("没有收到").count(), 10, "{}", caller.transcript);
}

#[test]
fn a_circle_of_branches_ends_at_once_and_not_in_a_crash() {
    let text = r#"
        title = "circle"
        languages = ["zh-CN"]
        entry = { person = "a" }
        limits = { steps = 2000, seconds = 600 }
        [branch.a]
        when = []
        otherwise = "b"
        [branch.b]
        when = []
        otherwise = "a"
    "#;
    let script = Arc::new(Script::parse("circle.toml", text).unwrap_or_else(|e| panic!("{e}")));
    let caller = Caller::run(script, facts(&[]), "");
    assert!(caller.hung_up);
}
