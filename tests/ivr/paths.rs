//! Each way through a survey, as a table of plans and what must come of them.

use ringback::base::Disposition;
use ringback::ivr::Action;

use super::caller::{Caller, facts};
use super::script;

/// Runs a plan and compares the answers and the result.
pub fn check(
    name: &str,
    fields: &[(&str, &str)],
    plan: &str,
    keys: &str,
    disposition: Disposition,
) -> Caller {
    let caller = Caller::run(script(name), facts(fields), plan);
    assert_eq!(caller.keys(), keys, "{plan}\n{}", caller.transcript);
    assert_eq!(caller.result().disposition, disposition, "{plan}\n{}", caller.transcript);
    caller
}

#[test]
fn cnt_01_a_score_is_stored_with_its_question_and_meaning() {
    let done = [("install_status", "done")];
    let caller = check(
        "install-survey",
        &done,
        "1 5 4 5 5 say hang",
        "greeting=1 overall=5 attitude=4 quality=5 cleaning=5 opinion=voice",
        Disposition::Completed,
    );
    assert_eq!(caller.answers[1].score, Some(5));
    assert_eq!(caller.answers[1].meaning.as_deref(), Some("very_satisfied"));
    assert!(!caller.hung_up, "the customer hung up first");
}

#[test]
fn cnt_01_a_low_score_asks_for_the_reason() {
    let done = [("install_status", "已竣工")];
    let low = "greeting=1 overall=2 attitude=4 quality=5 cleaning=5 reason=voice";
    check("install-survey", &done, "1 2 4 5 5 say", low, Disposition::Completed);
}

#[test]
fn cnt_02_an_unfinished_installation_reads_the_items_and_takes_missing_ones() {
    let fields = [
        ("install_status", "not_done"),
        ("outstanding_items", "门板划痕;缺拉手"),
        ("appointment", "2026-03-10 14:00"),
    ];
    let caller = check(
        "install-survey",
        &fields,
        "1 2 say",
        "greeting=1 complete=2 missing=voice",
        Disposition::Completed,
    );
    assert!(caller.transcript.contains("共有 两 项"), "{}", caller.transcript);
    assert!(caller.transcript.contains("三月 十号 下午 两 点"), "{}", caller.transcript);
}

#[test]
fn cnt_05_an_item_is_asked_only_where_its_condition_holds() {
    let asked = "greeting=1 use=1 satisfaction=5 delay=1 opinion=null";
    let skipped = "greeting=1 use=1 satisfaction=5 opinion=null";
    let table = [
        ("2026-02-20", "2026-02-27", asked),
        ("2026-02-27", "2026-02-27", skipped),
        ("2026-02-27", "2026-02-20", skipped),
        ("", "2026-02-20", skipped),
        ("soon", "2026/02/20", skipped),
        ("2026/2/9", "2026-02-10", asked),
    ];
    for (planned, actual, keys) in table {
        let fields = [("planned_end", planned), ("actual_end", actual)];
        let plan = if keys == asked { "1 1 5 1 mute" } else { "1 1 5 mute" };
        check("generic", &fields, plan, keys, Disposition::Completed);
    }
}

#[test]
fn cnt_07_ten_ratings_are_stored_and_a_low_one_asks_why() {
    let caller = check(
        "auto-repair",
        &[],
        "1 5 5 4 5 3 5 5 5 2 4 say hang",
        "greeting=1 a1=5 a2=5 a3=4 a4=5 a5=3 a6=5 a7=5 a8=5 \
         a9=2 a10=4 reason=voice",
        Disposition::Completed,
    );
    let scores: Vec<i32> = caller.answers.iter().filter_map(|a| a.score).collect();
    assert_eq!(scores.len(), 10);
    assert!((f64::from(scores.iter().sum::<i32>()) / 10.0 - 4.3).abs() < 1e-9, "mean 4.3");
}

#[test]
fn cnt_07_keys_pressed_into_the_prompts_are_each_for_their_own_question() {
    check(
        "auto-repair",
        &[],
        "!1 !5 !5 !4 !5 !3 !5 !5 !5 !2 !4 say",
        "greeting=1 a1=5 a2=5 a3=4 a4=5 a5=3 a6=5 a7=5 a8=5 \
         a9=2 a10=4 reason=voice",
        Disposition::Completed,
    );
}

#[test]
fn cnt_08_phoned_before_is_asked_only_when_delivered_to_the_door() {
    let no = "greeting=1 e1=1 e2=1 e3=2 e4=1 e5=null";
    check("express", &[], "1 1 1 2 1 mute", no, Disposition::Completed);
    let yes = "greeting=1 e1=1 e2=1 e3=1 e3b=2 e4=1 e5=null";
    check("express", &[], "1 1 1 1 2 1 mute", yes, Disposition::Completed);
}

#[test]
fn cnt_09_cnt_10_the_hospital_call_keeps_its_order_of_steps() {
    let caller =
        Caller::run(script("hospital"), facts(&[("department", "骨科")]), "1 3 say 2 5 5 5 5 5 5 say hang");
    let steps = caller.steps();
    let order = [
        "greeting",
        "self_introduction",
        "recovery",
        "health_education",
        "specialist",
        "support",
        "satisfaction",
        "opinion",
        "related_information",
        "thanks",
    ];
    assert_eq!(steps, order);
    assert!(caller.transcript.contains("伤口"), "the advice is that of the department");
    assert_eq!(caller.result().disposition, Disposition::Completed);
}

#[test]
fn nothing_private_is_said_to_a_wrong_person() {
    for (plan, disposition) in [
        ("2 hang", Disposition::WrongPerson),
        (". . .", Disposition::NoInput),
        ("5 5 5", Disposition::NoInput),
    ] {
        let caller = Caller::run(script("hospital"), facts(&[("department", "骨科")]), plan);
        assert_eq!(caller.result().disposition, disposition, "{plan}");
        for word in ["恢复", "医生", "伤口", "康复", "服药"] {
            assert!(!caller.transcript.contains(word), "{plan}: `{word}` was said\n{}", caller.transcript);
        }
    }
}

#[test]
fn an_identity_check_is_asked_again_before_it_fails() {
    check("hospital", &[], "7 . 1 hang", "identity=1", Disposition::HungUp);
}

#[test]
fn win_03_later_takes_a_time_and_refusal_ends_politely() {
    // Monday 10:00 in Shanghai; later_at in milliseconds after it.
    let table = [
        ("9 1 5 0 0 hang", Some(5 * 60), "greeting later=1500", "later"),
        ("9 1 5 0 0 # hang", Some(5 * 60), "", "later"),
        ("9 1 5 # hang", Some(5 * 60), "", "later"),
        ("9 9 3 0 # hang", Some(23 * 60 + 30), "", "later"),
        ("9 1 5 . hang", Some(5 * 60), "", "later"),
        ("9 2 5 7 5 1 5 3 0 hang", Some(5 * 60 + 30), "", "later"),
        ("9 . . . hang", None, "", "later"),
        ("9 hang", None, "", "later"),
        ("0 . hang", None, "", "refused"),
        ("0 hang", None, "", "refused"),
        ("0 1 hang", None, "", "do_not_call"),
        ("# hang", None, "", "person_wanted"),
    ];
    for (plan, minutes, _, disposition) in table {
        for (name, script) in super::surveys() {
            let caller = Caller::run(script, facts(&[]), plan);
            let result = caller.result();
            assert_eq!(result.disposition.as_str(), disposition, "{name} {plan}\n{}", caller.transcript);
            assert_eq!(result.do_not_call, disposition == "do_not_call", "{name} {plan}");
            let at = result.later_at.map(|at| at.millis_since(super::caller::MONDAY_10) / 60_000);
            assert_eq!(at, minutes, "{name} {plan}\n{}", caller.transcript);
            let said_sorry_to_go = caller.transcript.contains("再见");
            assert!(said_sorry_to_go || plan == "9 hang" || plan == "0 hang", "{name} {plan}: a goodbye");
        }
    }
}

#[test]
fn silence_asks_again_and_is_stored_as_null() {
    let done = [("install_status", "done")];
    let caller = check(
        "install-survey",
        &done,
        "1 . . . . 5 5 5 mute",
        "greeting=1 overall=null attitude=5 quality=5 cleaning=5 opinion=null",
        Disposition::Completed,
    );
    assert_eq!(caller.transcript.matches("没有收到您的按键。").count(), 3, "{}", caller.transcript);
    assert!(caller.answers.iter().all(|a| a.score != Some(0)));
}

#[test]
fn a_wrong_key_asks_again_and_is_stored_as_null_when_spent() {
    let done = [("install_status", "done")];
    let caller = check(
        "install-survey",
        &done,
        "1 7 8 6 5 5 5 mute",
        "greeting=1 overall=null attitude=5 quality=5 cleaning=5 opinion=null",
        Disposition::Completed,
    );
    assert_eq!(caller.transcript.matches("抱歉，这个按键无效。").count(), 2, "{}", caller.transcript);
}

#[test]
fn star_says_the_question_again() {
    let caller = check("express", &[], "1 * * 1 hang", "greeting=1 e1=1", Disposition::Partial);
    assert_eq!(caller.transcript.matches("快件是您本人签收的吗").count(), 3, "{}", caller.transcript);
}

#[test]
fn a_hang_up_keeps_what_was_answered() {
    let table = [
        ("hang", "", Disposition::HungUp),
        ("1 hang", "greeting=1", Disposition::HungUp),
        ("1 1 hang", "greeting=1 e1=1", Disposition::Partial),
        ("1 1 2 hang", "greeting=1 e1=1 e2=2", Disposition::Partial),
        (". . . hang", "greeting=null", Disposition::NoInput),
    ];
    for (plan, keys, disposition) in table {
        check("express", &[], plan, keys, disposition);
    }
}

#[test]
fn words_spoken_before_a_hang_up_are_kept() {
    let answers = "greeting=1 e1=1 e2=1 e3=2 e4=1 e5=voice";
    check("express", &[], "1 1 1 2 1 gone", answers, Disposition::Partial);
}

#[test]
fn nobody_who_presses_anything_is_no_input() {
    let caller = Caller::run(script("express"), facts(&[]), "");
    assert_eq!(caller.result().disposition, Disposition::NoInput);
    assert!(caller.hung_up, "the daemon hangs up after its waiting time");
}

#[test]
fn eti_03_the_daemon_waits_before_it_hangs_up_first() {
    // The customer hangs up first, and is given the time to.
    let caller = Caller::run(script("express"), facts(&[]), "1 1 1 2 1 mute");
    let time = |word: &str| {
        let line = caller.transcript.lines().find(|l| l.contains(word)).expect(word);
        line[2..7].trim().parse::<f64>().expect("a time")
    };
    assert!(time("hang up") - time("祝您生活愉快") >= 8.0, "{}", caller.transcript);
}

#[test]
fn a_machine_gets_the_message_and_no_question() {
    let caller = check("express", &[], "beep", "", Disposition::MessageLeft);
    assert!(caller.hung_up);
    assert!(caller.transcript.contains("我们会再次与您联系"), "{}", caller.transcript);
}

#[test]
fn in_doubt_any_key_makes_it_a_person() {
    check("express", &[], "doubt 3 1 1 hang", "greeting=1 e1=1", Disposition::Partial);
    check("express", &[], "doubt . .", "", Disposition::Machine);
}

#[test]
fn a_company_records_a_prompt_by_phone() {
    let fields = [("prompt", "company/name")];
    let caller = Caller::new(script("record-prompt"), facts(&fields), super::prompt_set());
    let mut caller = record_once(caller);
    caller.key('2');
    let mut caller = record_once(caller);
    caller.key('1');
    let kept: Vec<_> = caller
        .actions
        .iter()
        .filter_map(|a| if let Action::KeepPrompt { name, path } = a { Some((name, path)) } else { None })
        .collect();
    assert_eq!(kept, [(&"zh-CN/company/name".to_owned(), &"take.wav".to_owned())]);
    assert_eq!(caller.result().disposition, Disposition::Completed);
}

/// Plays the intro and the beep, records, and hears the recording.
fn record_once(mut caller: Caller) -> Caller {
    use ringback::ivr::Event;
    if caller.actions.is_empty() {
        caller.event(Event::Started);
    }
    for _ in 0..2 {
        let Some(Action::Play { play, .. }) = caller.actions.last().cloned() else {
            panic!("plays\n{}", caller.transcript)
        };
        caller.event(Event::Played { play, finished: true });
    }
    assert!(matches!(caller.actions.last(), Some(Action::StartComment { .. })), "{}", caller.transcript);
    caller.key('#');
    caller.event(Event::CommentEnded { spoke: true, path: "take.wav".into(), ms: 3_000 });
    let Some(Action::LoadRecording { speech, .. }) = caller.actions.last().cloned() else {
        panic!("loads\n{}", caller.transcript)
    };
    caller.event(Event::TtsReady { speech, prompt: "take".into() });
    assert!(
        matches!(caller.actions.last(), Some(Action::Play { prompts, .. }) if prompts.contains(&"take".into()))
    );
    caller
}

#[test]
fn a_prompt_name_from_a_list_cannot_leave_its_folder() {
    for name in ["../secret", "/etc/passwd", "a//b", "Ä", ""] {
        let caller = Caller::new(script("record-prompt"), facts(&[("prompt", name)]), super::prompt_set());
        let mut caller = record_once(caller);
        caller.key('1');
        assert!(!caller.actions.iter().any(|a| matches!(a, Action::KeepPrompt { .. })), "{name}");
    }
}

#[test]
fn a_name_is_recorded_or_spoken_or_left_out() {
    use ringback::ivr::Event;
    let mut with_name = facts(&[]);
    with_name.name = "王建国".into();
    let plain = Caller::run(script("hospital"), with_name.clone(), "hang");
    assert!(plain.transcript.contains("请问您是 就诊人"), "{}", plain.transcript);

    let names = super::prompt_set().iter().map(str::to_owned).chain(["zh-CN/names/王建国".into()]).collect();
    let recorded =
        Caller::run_with(script("hospital"), with_name.clone(), std::sync::Arc::new(names), "hang");
    assert!(recorded.transcript.contains("请问您是 zh-CN/names/王建国 就诊人"), "{}", recorded.transcript);

    with_name.can_speak = true;
    let mut spoken = Caller::new(script("hospital"), with_name, super::prompt_set());
    let Some(Action::Speak { speech, text, .. }) = spoken.actions.last().cloned() else { panic!("speaks") };
    assert_eq!(text, "王建国");
    spoken.event(Event::Started);
    assert!(!spoken.transcript.contains("请问您是"), "waits for the speech");
    spoken.event(Event::TtsReady { speech, prompt: "tts/1".into() });
    assert!(spoken.transcript.contains("请问您是 tts/1 就诊人"), "{}", spoken.transcript);
}

#[test]
fn speech_that_never_comes_is_left_out_in_time() {
    use ringback::ivr::Event;
    let mut with_name = facts(&[]);
    with_name.name = "王建国".into();
    with_name.can_speak = true;
    let mut caller = Caller::new(script("hospital"), with_name, super::prompt_set());
    caller.event(Event::Started);
    caller.timeout();
    assert!(caller.transcript.contains("t=  3.0  play 您好"), "{}", caller.transcript);
}
