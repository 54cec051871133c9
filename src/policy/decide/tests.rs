use super::super::CapPreset;
use super::*;
use crate::calendar::Windows;

fn cn(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

fn windows(text: &str) -> Windows {
    Windows::parse(&[text], "Asia/Shanghai").unwrap()
}

fn facts<'a>(now: &str, windows: &'a Windows) -> Facts<'a> {
    Facts {
        now: cn(now),
        hours: Hours::of(windows),
        due_at: None,
        appointment: false,
        deadline: None,
        do_not_call: false,
        attempts: 0,
        max_attempts: 3,
        caps: Caps { day: 2, ..Caps::NONE },
        calls: &[],
    }
}

fn answer(facts: &Facts<'_>) -> (Reason, Option<Timestamp>) {
    match decide(facts) {
        Decision::Call { because } => (because, None),
        Decision::Wait { until, because } => (because, Some(until)),
        Decision::Never { because } => (because, None),
    }
}

fn check_facts(facts: &Facts<'_>, expect: (&str, Option<&str>)) -> String {
    let (reason, until) = answer(facts);
    assert_eq!((reason.code.as_str(), until), (expect.0, expect.1.map(cn)), "{reason:?}");
    reason.detail
}

/// Windows 10:00-12:00 and 15:00-17:00; the 8th of October 2026 is a Thursday.
fn check(change: impl FnOnce(&mut Facts<'_>), now: &str, expect: (&str, Option<&str>)) -> String {
    let windows = windows("10:00-12:00,15:00-17:00");
    let mut facts = facts(now, &windows);
    change(&mut facts);
    check_facts(&facts, expect)
}

#[test]
fn win_01_the_window_decides_to_the_second() {
    check(|_| {}, "2026-10-08T11:59:59", ("due", None));
    check(|_| {}, "2026-10-08T12:00:00", ("window_closed", Some("2026-10-08T15:00:00")));
    check(|_| {}, "2026-10-08T14:59:59", ("window_closed", Some("2026-10-08T15:00:00")));
    check(|_| {}, "2026-10-08T15:00:00", ("due", None));
}

#[test]
fn win_04_do_not_call_and_attempts_hold_whatever_the_hour() {
    check(|f| f.do_not_call = true, "2026-10-08T10:30:00", ("do_not_call", None));
    check(|f| f.attempts = 3, "2026-10-08T10:30:00", ("attempts_spent", None));
    check(|f| f.max_attempts = 0, "2026-10-08T10:30:00", ("attempts_spent", None));
}

#[test]
fn win_04_each_cap_waits_for_the_window_after_it() {
    let carrier = CapPreset::CarrierCn.caps();
    let own = Caps { day: 2, ..Caps::NONE };
    let week = Caps { week: 2, ..Caps::NONE };
    for (caps, calls, code, until) in [
        (own, &["2026-10-08T10:00:00"][..], "due", None),
        (own, &["2026-10-08T10:00:00", "2026-10-08T10:10:00"], "daily_cap", Some("2026-10-09T10:00:00")),
        (own, &["2026-10-07T10:00:00", "2026-10-07T10:10:00"], "due", None),
        (week, &["2026-10-05T10:00:00", "2026-10-08T10:10:00"], "weekly_cap", Some("2026-10-12T10:00:00")),
        (carrier, &["2026-10-08T10:26:00"], "cap_5_minutes", Some("2026-10-08T10:31:00")),
        (
            carrier,
            &["2026-10-07T15:00:00", "2026-10-07T16:00:00", "2026-10-08T10:00:00"],
            "cap_24_hours",
            Some("2026-10-08T15:00:00"),
        ),
    ] {
        let calls: Vec<Timestamp> = calls.iter().map(|at| cn(at)).collect();
        let windows = windows("10:00-12:00,15:00-17:00");
        let facts = Facts { caps, calls: &calls, ..facts("2026-10-08T10:30:00", &windows) };
        check_facts(&facts, (code, until));
    }
}

#[test]
fn win_04_quiet_hours_of_a_customer_are_kept() {
    let (open, quiet, always) =
        (windows("10:00-12:00,15:00-17:00"), windows("11:00-15:30"), Windows::always());
    let with = |quiet| Facts {
        hours: Hours { windows: &open, quiet: Some(quiet), preferred: None },
        ..facts("2026-10-08T11:00:00", &open)
    };
    check_facts(&with(&quiet), ("quiet_hours", Some("2026-10-08T15:30:00")));
    check_facts(&with(&always), ("window_never", Some("2026-10-09T11:00:00")));
}

#[test]
fn win_04_no_call_from_1230_to_1400_where_that_is_quiet() {
    let (open, quiet) = (windows("09:00-18:00"), windows("12:30-14:00"));
    for (now, expect) in [
        ("2026-10-08T12:29:59", ("due", None)),
        ("2026-10-08T12:30:00", ("quiet_hours", Some("2026-10-08T14:00:00"))),
        ("2026-10-08T13:59:59", ("quiet_hours", Some("2026-10-08T14:00:00"))),
        ("2026-10-08T14:00:00", ("due", None)),
    ] {
        let hours = Hours { windows: &open, quiet: Some(&quiet), preferred: None };
        check_facts(&Facts { hours, ..facts(now, &open) }, expect);
    }
}

#[test]
fn win_04_preferred_hours_are_kept_where_they_meet_the_window() {
    let open = windows("10:00-12:00,15:00-17:00");
    let at = |now: &str, preferred: &str, deadline: Option<&str>, expect: (&str, Option<&str>)| {
        let preferred = windows(preferred);
        let hours = Hours { windows: &open, quiet: None, preferred: Some(&preferred) };
        let deadline = deadline.map(|at| Deadline { at: cn(at), goes_on: true });
        check_facts(&Facts { hours, deadline, ..facts(now, &open) }, expect)
    };
    at("2026-10-08T10:30:00", "16:00-20:00", None, ("preferred_hours", Some("2026-10-08T16:00:00")));
    at("2026-10-08T16:00:00", "16:00-20:00", None, ("due", None));
    at("2026-10-08T12:30:00", "16:00-20:00", None, ("window_closed", Some("2026-10-08T16:00:00")));
    let detail = at("2026-10-08T10:30:00", "18:00-20:00", None, ("due", None));
    assert!(detail.contains("never meet the calling window"), "{detail}");
    let noon = Some("2026-10-08T12:00:00");
    let detail = at("2026-10-08T10:30:00", "16:00-20:00", noon, ("due", None));
    assert!(detail.contains("come after the deadline"), "{detail}");
    // Once it is overdue, the customer's wish holds again.
    let overdue = Some("2026-10-08T10:00:00");
    at("2026-10-08T10:30:00", "16:00-20:00", overdue, ("preferred_hours", Some("2026-10-08T16:00:00")));
}

#[test]
fn win_03_a_time_the_customer_named_is_waited_for_within_the_window() {
    let due = |text: &'static str| move |f: &mut Facts<'_>| f.due_at = Some(cn(text));
    check(due("2026-10-08T15:30:00"), "2026-10-08T10:30:00", ("not_yet", Some("2026-10-08T15:30:00")));
    check(due("2026-10-08T13:00:00"), "2026-10-08T10:30:00", ("not_yet", Some("2026-10-08T15:00:00")));
    check(due("2026-10-08T10:30:00"), "2026-10-08T10:30:00", ("due", None));
}

#[test]
fn sch_02_the_deadline_ends_it_or_is_noted() {
    let ends = |goes_on, at: &'static str| {
        move |f: &mut Facts<'_>| f.deadline = Some(Deadline { at: cn(at), goes_on })
    };
    let now = "2026-10-08T10:30:00";
    check(ends(false, "2026-10-08T10:30:00"), now, ("deadline_passed", None));
    check(ends(false, "2026-10-08T10:30:01"), now, ("due", None));
    let detail = check(ends(true, "2026-10-08T00:00:00"), now, ("due", None));
    assert!(detail.contains("after the deadline, which was 2026-10-08 00:00"), "{detail}");
    let (early, late) = ("2026-10-08T14:00:00", "2026-10-08T15:00:01");
    let noon = "2026-10-08T12:00:00";
    let detail = check(ends(false, early), noon, ("window_closed", Some(early)));
    assert!(detail.contains("after the deadline"), "{detail}");
    check(ends(false, late), noon, ("window_closed", Some("2026-10-08T15:00:00")));
    check(ends(true, early), noon, ("window_closed", Some("2026-10-08T15:00:00")));
}

#[test]
fn rem_03_what_the_customer_named_goes_before_their_habits_but_not_before_the_window() {
    let (open, evening) = (windows("10:00-12:00,15:00-17:00"), windows("15:00-16:00"));
    let promised = |now: &str| {
        let hours = Hours { windows: &open, quiet: Some(&evening), preferred: Some(&evening) };
        let deadline = Some(Deadline { at: cn("2026-10-01T00:00:00"), goes_on: false });
        let due_at = Some(cn("2026-10-08T15:30:00"));
        Facts { hours, deadline, due_at, appointment: true, ..facts(now, &open) }
    };
    check_facts(&promised("2026-10-08T15:29:59"), ("not_yet", Some("2026-10-08T15:30:00")));
    check_facts(&promised("2026-10-08T15:30:00"), ("due", None));
    check_facts(&promised("2026-10-08T17:00:00"), ("window_closed", Some("2026-10-09T10:00:00")));
    let banned = Facts { do_not_call: true, ..promised("2026-10-08T15:30:00") };
    check_facts(&banned, ("do_not_call", None));
}

#[test]
fn windows_that_never_open_are_said_to() {
    let none: [&str; 0] = [];
    let never = Windows::parse(&none, "Asia/Shanghai").unwrap();
    check_facts(&facts("2026-10-08T10:30:00", &never), ("window_never", Some("2026-10-09T10:30:00")));
}
