//! What callers meet, told one by one.

use super::*;
use crate::calendar::Windows;

#[test]
fn the_longest_idle_agent_is_rung_and_the_answer_delay_is_measured_tkt_45() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[]), agent("2", &[])]);
    let first = hall.comes("q", "138");
    assert_eq!(hall.rings_at(first), ["1"]);
    hall.seconds(5);
    hall.answers("1", first);
    hall.seconds(60);
    hall.hangs_up(first);
    assert_eq!(hall.fates[&first], Fate::Answered("1".into()));
    hall.seconds(60);
    let second = hall.comes("q", "139");
    assert_eq!(hall.rings_at(second), ["2"], "1 spoke last");
    hall.hangs_up(second);
    assert_eq!(hall.fates[&second], Fate::Abandoned);
    assert_eq!(hall.agents.state("2"), Some(State::Available), "the ringing stops");
    let figures = *hall.queues.figures("q").unwrap();
    assert_eq!((figures.offered, figures.answered, figures.abandoned), (2, 1, 1));
    assert_eq!(figures.average_wait(), Some(Duration::from_secs(5)));
    assert_eq!((figures.service_level(), figures.abandoned_rate()), (Some(0.5), Some(0.5)));
}

#[test]
fn who_does_not_answer_is_taken_out_and_the_caller_goes_to_the_head_of_the_line() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[])]);
    let first = hall.comes("q", "1");
    let second = hall.comes("q", "2");
    hall.seconds(12);
    assert_eq!(hall.agents.state("1"), Some(State::NotReady));
    let line: Vec<CallId> = hall.queues.line().iter().map(|v| v.call).collect();
    assert_eq!(line, [first, second]);
    hall.agents.handle_wish(hall.now, "1", agent::Wish::Available, "api").unwrap();
    hall.settle();
    assert_eq!(hall.rings_at(first), ["1"]);
    // The phone vanishes while it rings, and in the call.
    hall.phone("1", 0);
    assert!(hall.rings_at(first).is_empty());
    hall.phone("1", 1);
    hall.answers("1", first);
    hall.phone("1", 0);
    hall.seconds(5);
    let line: Vec<CallId> = hall.queues.line().iter().map(|v| v.call).collect();
    assert_eq!(line, [first, second], "the caller who lost its agent is next");
    hall.phone("1", 1);
    hall.answers("1", first);
    hall.hangs_up(first);
    assert_eq!(hall.fates[&first], Fate::Answered("1".into()));
    assert_eq!(hall.queues.figures("q").unwrap().answered, 1, "a second answer is not counted");
}

#[test]
fn ring_all_rings_at_all_and_the_first_has_the_call() {
    let mut hall = Hall::open(
        vec![QueueSettings { strategy: Strategy::RingAll, ..queue("q") }],
        vec![agent("1", &[]), agent("2", &[]), agent("3", &[])],
    );
    let call = hall.comes("q", "1");
    assert_eq!(hall.rings_at(call), ["1", "2", "3"]);
    hall.answers("2", call);
    assert!(hall.rings_at(call).is_empty());
    assert_eq!(hall.agent_of(call).as_deref(), Some("2"));
    let next = hall.comes("q", "2");
    assert_eq!(hall.rings_at(next), ["1", "3"]);
    // A phone that registers late rings along.
    hall.hangs_up(call);
    hall.seconds(11);
    assert_eq!(hall.rings_at(next), ["1", "3"], "2 is in wrap-up");
}

#[test]
fn skills_language_priority_vip_and_the_last_agent_are_heeded() {
    let skilled = QueueSettings {
        strategy: Strategy::BySkill,
        skills: [("heating".to_owned(), 3)].into(),
        ..queue("q")
    };
    let mut german = agent("4", &[("heating", 9)]);
    german.languages = vec!["de".into()];
    let agents = vec![
        agent("1", &[("heating", 2)]),
        agent("2", &[("heating", 5)]),
        agent("3", &[("heating", 7)]),
        german,
    ];
    let mut hall = Hall::open(vec![skilled], agents);
    let speaks =
        |call, language: &str| NewCaller { language: Some(language.into()), ..NewCaller::plain(call, "1") };
    let chinese = hall.comes_as("q", |call| speaks(call, "zh-CN"));
    assert_eq!(hall.rings_at(chinese), ["3"], "the best who speaks it");
    let any = hall.comes("q", "2");
    assert_eq!(hall.rings_at(any), ["4"]);
    let third = hall.comes("q", "3");
    assert_eq!(hall.rings_at(third), ["2"]);
    let plain = hall.comes("q", "4");
    let vip = hall.comes_as("q", |call| NewCaller { vip: true, ..NewCaller::plain(call, "5") });
    let urgent = hall.comes_as("q", |call| NewCaller { priority: 3, ..NewCaller::plain(call, "6") });
    let line: Vec<CallId> =
        hall.queues.line().into_iter().filter(|v| v.ringing.is_empty()).map(|v| v.call).collect();
    assert_eq!(line, [vip, urgent, plain]);
    assert!(hall.rings_at(plain).is_empty(), "1 has not the skill");

    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[]), agent("2", &[])]);
    let busy = hall.comes("q", "1");
    hall.answers("1", busy);
    let back =
        hall.comes_as("q", |call| NewCaller { last_agent: Some("1".into()), ..NewCaller::plain(call, "7") });
    assert!(hall.rings_at(back).is_empty(), "its last agent speaks: it waits a moment");
    hall.seconds(30);
    assert_eq!(hall.rings_at(back), ["2"], "and then takes who is there");
}

#[test]
fn position_and_expected_wait_are_told_in_time() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[])]);
    let first = hall.comes("q", "1");
    hall.answers("1", first);
    let (second, third) = (hall.comes("q", "2"), hall.comes("q", "3"));
    hall.seconds(60);
    let heard: Vec<_> = hall
        .said
        .iter()
        .filter_map(|o| match o {
            Output::Announce { call, position, expected } => {
                Some((*call, *position, expected.map(|e| e.as_secs())))
            }
            _ => None,
        })
        .collect();
    let (a, b) = ((second, 1, Some(180)), (third, 2, Some(360)));
    assert_eq!(heard, [a, b, a, b], "at 15 s and at 60 s");
    hall.phone("1", 0);
    hall.said.clear();
    hall.seconds(46);
    assert!(hall.said.iter().any(|o| matches!(o, Output::Announce { expected: None, .. })), "nobody works");
}

#[test]
fn the_overflow_chain_is_walked_and_a_circle_of_queues_ends() {
    let step = |seconds, longer_than, to| Step { after: Duration::from_secs(seconds), longer_than, to };
    let first = QueueSettings {
        steps: vec![step(10, 1, Overflow::Roster("night".into())), step(20, 0, Overflow::Queue("b".into()))],
        ..queue("a")
    };
    let second = QueueSettings { steps: vec![step(10, 0, Overflow::Queue("a".into()))], ..queue("b") };
    let mut hall = Hall::open(vec![first, second], vec![]);
    let alone = hall.comes("a", "1");
    hall.seconds(19);
    assert_eq!(hall.queues.line()[0].queue, "a", "the first step needs a longer line");
    hall.seconds(1);
    assert_eq!(hall.queues.line()[0].queue, "b");
    hall.seconds(3_600);
    assert_eq!(hall.fates[&alone], Fate::Overflowed(Overflow::Voicemail));
    let two = [hall.comes("a", "1"), hall.comes("a", "2")];
    hall.seconds(10);
    let to_roster = Fate::Overflowed(Overflow::Roster("night".into()));
    let sent: Vec<_> = two.iter().filter(|call| hall.fates.get(call) == Some(&to_roster)).collect();
    assert_eq!(sent.len(), 1, "one is sent on, then the line is short enough");
    let to = |o: &Output| matches!(o, Output::Overflow { to: Overflow::Roster(name), .. } if name == "night");
    assert!(hall.said.iter().any(to));
}

#[test]
fn closed_full_and_waited_too_long_lead_where_the_settings_say() {
    let hours = Windows::parse(&["00:00-00:01"], "Asia/Shanghai").unwrap();
    let closed =
        QueueSettings { hours: Some(hours), closed: Overflow::Roster("duty".into()), ..queue("closed") };
    let small = QueueSettings { max_waiting: 1, full: Overflow::Goodbye, ..queue("small") };
    let mut hall = Hall::open(vec![closed, small, queue("q")], vec![]);
    let night = hall.comes("closed", "1");
    assert_eq!(hall.fates[&night], Fate::Overflowed(Overflow::Roster("duty".into())));
    hall.comes("small", "2");
    let turned_away = hall.comes("small", "3");
    assert_eq!(hall.fates[&turned_away], Fate::Overflowed(Overflow::Goodbye));
    let (patient, withheld) = (hall.comes("q", "4"), hall.comes("q", ""));
    hall.seconds(1_200);
    assert_eq!(hall.fates[&patient], Fate::PromisedCallback);
    assert_eq!(hall.fates[&withheld], Fate::Overflowed(Overflow::Voicemail), "nobody can call it back");
    assert!(!hall.queues.join(hall.now, "no such queue", NewCaller::plain(patient, "5")));
}

#[test]
fn a_callback_keeps_the_place_and_rings_once_whatever_the_caller_does() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[])]);
    let busy = hall.comes("q", "1");
    hall.answers("1", busy);
    let wanted = hall.comes("q", "138");
    let later = hall.comes("q", "139");
    assert!(hall.queues.want_callback(hall.now, wanted));
    hall.settle();
    assert_eq!(hall.fates[&wanted], Fate::PromisedCallback);
    assert!(!hall.queues.want_callback(hall.now, wanted), "it is promised already");
    // The same caller calls again, from impatience, and wants it again: still one.
    let again = hall.comes("q", "138");
    assert_eq!(hall.callbacks[&wanted], CallbackFate::CameBack);
    let line: Vec<CallId> = hall.queues.line().iter().map(|v| v.call).collect();
    assert_eq!(line, [again, later], "with the place it had");
    assert!(hall.queues.want_callback(hall.now, again));
    hall.settle();
    assert_eq!(hall.queues.live_callback("138"), Some(again));
    hall.hangs_up(busy);
    hall.seconds(20);
    assert_eq!(hall.dialling.get(&again).map(String::as_str), Some("1"), "its turn has come");
    assert!(hall.rings_at(later).is_empty(), "1 is kept free for it");
    hall.not_reached(again);
    assert_eq!(hall.rings_at(later), ["1"], "meanwhile the next one has its turn");
    hall.answers("1", later);
    hall.hangs_up(later);
    hall.seconds(300);
    let call = hall.reached(again);
    assert_eq!(hall.callbacks[&again], CallbackFate::Reached);
    assert_eq!(hall.rings_at(call), ["1"], "who was kept free");
    hall.answers("1", call);
    hall.hangs_up(call);
    assert_eq!(hall.fates[&call], Fate::Answered("1".into()));
    let dials = hall.said.iter().filter(|o| matches!(o, Output::Dial { number, .. } if number == "138"));
    assert_eq!(dials.count(), 2, "one that failed, one that reached");
    assert_eq!((hall.queues.held(), hall.queues.live_callback("138")), (0, None));
}

#[test]
fn a_callback_is_given_up_in_time_and_its_caller_is_not_called_while_on_the_line() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[])]);
    hall.phone("1", 0);
    let first = hall.comes("q", "138");
    assert!(hall.queues.want_callback(hall.now, first));
    hall.settle();
    hall.seconds(4 * 3600);
    assert_eq!(hall.callbacks[&first], CallbackFate::GivenUp, "a task for a person, never forgotten");
    let second = hall.comes("q", "138");
    hall.queues.want_callback(hall.now, second);
    hall.settle();
    hall.phone("1", 1);
    // It is dialled this moment while its caller calls in: that call waits, nothing rings twice.
    assert!(hall.dialling.contains_key(&second));
    let on_line = hall.comes("q", "138");
    assert!(hall.queues.want_callback(hall.now, on_line));
    hall.settle();
    assert_eq!(hall.queues.live_callback("138"), Some(second));
    hall.not_reached(second);
    hall.seconds(300);
    hall.not_reached(second);
    assert_eq!(hall.callbacks[&second], CallbackFate::GivenUp, "two attempts");
    assert!(!hall.callbacks.contains_key(&on_line), "the second promise is the first one's");
    let third = hall.comes("q", "139");
    hall.queues.want_callback(hall.now, third);
    hall.settle();
    assert!(hall.queues.cancel_callback(hall.now, third));
    assert!(!hall.queues.cancel_callback(hall.now, third));
}

#[test]
fn the_agent_who_was_kept_free_is_gone_and_the_customer_is_next_for_another() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[]), agent("2", &[])]);
    ["1", "2"].iter().for_each(|name| hall.phone(name, 0));
    let wanted = hall.comes("q", "138");
    hall.queues.want_callback(hall.now, wanted);
    hall.settle();
    hall.phone("1", 1);
    assert_eq!(hall.dialling[&wanted], "1");
    hall.phone("1", 0);
    let call = hall.reached(wanted);
    let waits = hall.comes("q", "139");
    hall.seconds(31);
    hall.phone("2", 1);
    assert_eq!((hall.rings_at(call), hall.rings_at(waits)), (vec!["2".to_owned()], vec![]));
    hall.hangs_up(call);
    assert_eq!(hall.fates[&call], Fate::Abandoned);
}

#[test]
fn a_callback_outlives_the_program_with_place_attempts_and_rest() {
    let mut hall = Hall::open(vec![queue("q")], vec![agent("1", &[])]);
    hall.phone("1", 0);
    let (first, second) = (hall.comes("q", "138"), hall.comes("q", "139"));
    for call in [first, second] {
        hall.queues.want_callback(hall.now, call);
        hall.settle();
    }
    hall.phone("1", 1);
    hall.not_reached(first);
    let kept = [first, second].map(|call| hall.queues.kept(hall.now, call).unwrap());
    // The second is being called at this moment: another test. Here it waits.
    let kept: Vec<Kept> = kept.map(|kept| Kept { is_dialling: false, ..kept }).into();
    assert_eq!(kept[0].attempts, 1);
    // An hour later, with clocks that began anew; a queue of one of them is gone.
    let mut again = Hall::open(vec![queue("q")], vec![agent("1", &[])]);
    again.phone("1", 0);
    again.now.utc = hall.now.utc + Duration::from_secs(3_600);
    let gone =
        Kept { queue: "gone".into(), caller: NewCaller::plain(again.call(), "137"), ..kept[1].clone() };
    let lost = gone.caller.call;
    kept.into_iter().chain([gone]).for_each(|kept| again.queues.restore(again.now, kept));
    again.seconds(0);
    assert_eq!(again.callbacks.get(&lost), Some(&CallbackFate::GivenUp));
    let line: Vec<CallId> = again.queues.line().iter().map(|view| view.call).collect();
    assert_eq!(line, [first, second], "the rest is over, the places are those of before");
    again.phone("1", 1);
    again.not_reached(first);
    assert_eq!(again.callbacks[&first], CallbackFate::GivenUp, "the second attempt of both lives");
}

#[test]
fn an_offer_that_nobody_speaks_of_again_does_not_hold_its_caller() {
    let mut queues = Queues::new(vec![queue("q")]);
    let now = Now { mono: Mono::from_millis(1), utc: Timestamp(1) };
    let fact = AgentFact { available: true, present: true, ..AgentFact::default() };
    queues.agent_changed(now, "1", Some(fact.clone()));
    let call = CallId::new(now.utc, &mut Rng::seeded(1));
    queues.join(now, "q", NewCaller::plain(call, "1"));
    assert_eq!(queues.ringing().len(), 1);
    let late = now.after(Duration::from_secs(150));
    assert_eq!(queues.next_timeout(), Some(late.mono));
    queues.handle_timeout(late);
    assert!(queues.ringing().is_empty());
    assert!(!queues.offer_answered(late, "1", call), "who answers now is too late");
    queues.agent_changed(late, "1", Some(fact));
    assert_eq!(queues.ringing().len(), 1);
}

#[test]
fn a_queue_that_is_taken_out_loses_nobody() {
    let mut hall = Hall::open(vec![queue("a"), queue("b")], vec![]);
    let (a, b) = (hall.comes("a", "1"), hall.comes("b", "2"));
    hall.queues.handle_settings(hall.now, vec![queue("b")]);
    hall.settle();
    assert_eq!(hall.fates[&a], Fate::Overflowed(Overflow::Voicemail));
    assert!(!hall.fates.contains_key(&b));
}
