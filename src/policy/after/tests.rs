use super::*;

fn cn(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

#[derive(Default)]
struct Case {
    now: &'static str,
    later_at: Option<&'static str>,
    before: Vec<(Disposition, u32)>,
    rules: Vec<(Disposition, RetryRule)>,
    spacing: Vec<Spacing>,
    deadline: Option<Deadline>,
    more_numbers: bool,
}

fn run(disposition: Disposition, case: Case) -> (String, Result<Timestamp, Next>) {
    let windows = Windows::parse(&["10:00-12:00,15:00-17:00"], "Asia/Shanghai").unwrap();
    let mut attempts_by: BTreeMap<_, _> = case.before.iter().copied().collect();
    *attempts_by.entry(disposition).or_default() += 1;
    let rules = case.rules.iter().copied().collect();
    let after = after_attempt(&Attempted {
        now: cn(case.now),
        disposition,
        later_at: case.later_at.map(cn),
        attempts_by: &attempts_by,
        max_attempts: 3,
        rules: &rules,
        spacing: &case.spacing,
        hours: Hours::of(&windows),
        deadline: case.deadline,
        more_numbers: case.more_numbers,
    });
    assert!(!after.because.detail.is_empty());
    let next = match after.next {
        Next::Again(at) | Next::Promised(at) => Ok(at),
        end => Err(end),
    };
    (after.because.code, next)
}

fn check(disposition: Disposition, before: &[(Disposition, u32)], code: &str, next: Result<&str, Next>) {
    let case = Case { now: "2026-03-03T10:30:00", before: before.to_vec(), ..Case::default() };
    assert_eq!(run(disposition, case), (code.to_owned(), next.map(cn)), "{disposition}");
}

#[test]
fn the_default_table_is_followed() {
    use Disposition::*;
    check(Completed, &[], "finished", Err(Next::Done));
    check(Partial, &[], "finished", Err(Next::Done));
    check(PersonWanted, &[], "finished", Err(Next::Done));
    check(MessageLeft, &[], "finished", Err(Next::Done));
    check(DoNotCall, &[], "do_not_call", Err(Next::Stopped));
    check(InvalidNumber, &[], "invalid_number", Err(Next::Failed));
    check(Incompatible, &[], "no_retry", Err(Next::Failed));
    check(Busy, &[], "retry", Ok("2026-03-03T10:40:00"));
    check(Busy, &[(Busy, 1)], "retry", Ok("2026-03-03T10:40:00"));
    check(Busy, &[(Busy, 2)], "attempts_spent", Err(Next::Failed));
    check(NoAnswer, &[], "retry", Ok("2026-03-03T11:30:00"));
    check(NoAnswer, &[(Busy, 2)], "attempts_spent", Err(Next::Failed));
    check(Congestion, &[(Congestion, 2)], "retry", Ok("2026-03-03T10:32:00"));
    check(Congestion, &[(Congestion, 3)], "attempts_spent", Err(Next::Failed));
    check(Lost, &[], "retry", Ok("2026-03-03T10:30:00"));
    check(Lost, &[(Lost, 1)], "attempts_spent", Err(Next::Failed));
    check(Machine, &[], "retry", Ok("2026-03-03T15:00:00"));
    check(Declined, &[], "retry", Ok("2026-03-03T15:00:00"));
    check(Cancelled, &[(Cancelled, 5)], "retry", Ok("2026-03-03T10:35:00"));
}

#[test]
fn every_disposition_has_an_outcome_with_a_reason() {
    for d in Disposition::ALL {
        let case = Case { now: "2026-03-03T10:30:00", ..Case::default() };
        let (code, _) = run(*d, case);
        assert!(!code.is_empty(), "{d}");
    }
}

#[test]
fn win_03_later_is_at_the_customers_time_and_refusal_stops() {
    use Disposition::*;
    let later = |now, at| Case { now, later_at: Some(at), before: vec![(NoAnswer, 2)], ..Case::default() };
    let expect = |at| ("later".to_owned(), Ok(cn(at)));
    assert_eq!(
        run(Later, later("2026-03-03T10:30:00", "2026-03-03T15:00:00")),
        expect("2026-03-03T15:00:00")
    );
    assert_eq!(
        run(Later, later("2026-03-03T10:30:00", "2026-03-03T13:00:00")),
        expect("2026-03-03T15:00:00")
    );
    assert_eq!(
        run(Later, later("2026-03-03T10:30:00", "2026-03-03T09:00:00")),
        expect("2026-03-03T10:30:00")
    );
    assert_eq!(
        run(Later, later("2026-03-03T10:30:00", "2099-01-01T00:00:00")),
        expect("2026-06-01T10:30:00")
    );
    check(Later, &[], "later", Ok("2026-03-03T11:30:00"));
    check(Refused, &[], "refused", Err(Next::Stopped));
}

#[test]
fn a_campaigns_rule_replaces_the_default() {
    use Disposition::*;
    let rule = |delay_minutes, max, next_window| RetryRule { delay_minutes, max, next_window };
    let with = |d, r| Case { now: "2026-03-03T10:30:00", rules: vec![(d, r)], ..Case::default() };
    assert_eq!(run(Busy, with(Busy, rule(30, 1, false))).1, Ok(cn("2026-03-03T11:00:00")));
    assert_eq!(run(Busy, with(Busy, rule(30, 0, false))), ("no_retry".into(), Err(Next::Failed)));
    assert_eq!(run(Busy, with(Busy, rule(30, 1, true))).1, Ok(cn("2026-03-03T15:00:00")));
    assert_eq!(run(Partial, with(Partial, rule(60, 1, false))).1, Ok(cn("2026-03-03T11:30:00")));
    assert_eq!(run(Refused, with(Refused, rule(60, 1, false))).1, Err(Next::Stopped), "refusal is final");
    let last =
        Case { now: "2026-03-03T16:30:00", rules: vec![(NoAnswer, rule(60, 2, false))], ..Case::default() };
    assert_eq!(run(NoAnswer, last).1, Ok(cn("2026-03-04T10:00:00")), "past the window's end");
}

#[test]
fn a_window_that_never_closes_lends_the_next_day_to_the_next_window() {
    let windows = Windows::parse(&["00:00-24:00"], "Asia/Shanghai").unwrap();
    let attempted = Attempted {
        now: cn("2026-03-03T10:30:00"),
        disposition: Disposition::Declined,
        later_at: None,
        attempts_by: &BTreeMap::from([(Disposition::Declined, 1)]),
        max_attempts: 3,
        rules: &RetryTable::new(),
        spacing: &[],
        hours: Hours::of(&windows),
        deadline: None,
        more_numbers: false,
    };
    assert_eq!(after_attempt(&attempted).next, Next::Again(cn("2026-03-04T00:00:00")));
}

fn spaced(
    disposition: Disposition,
    now: &'static str,
    before: &[(Disposition, u32)],
    deadline: Option<(&str, bool)>,
) -> (String, Result<Timestamp, Next>) {
    use SpacingWord::{NextDay, NextWindow};
    let spacing = vec![Spacing::After(Offset::hours(1)), Spacing::Word(NextWindow), Spacing::Word(NextDay)];
    let deadline = deadline.map(|(at, goes_on)| Deadline { at: cn(at), goes_on });
    let before = before.to_vec();
    run(disposition, Case { now, before, spacing, deadline, ..Case::default() })
}

fn retry(at: &str) -> (String, Result<Timestamp, Next>) {
    ("retry".into(), Ok(cn(at)))
}

#[test]
fn misses_follow_the_spacing_and_faults_their_own_rules() {
    use Disposition::*;
    let now = "2026-03-03T10:30:00";
    for miss in [NoAnswer, Busy, Unavailable, Machine, HungUp, NoInput, Declined, WrongPerson] {
        assert_eq!(spaced(miss, now, &[], None), retry("2026-03-03T11:30:00"), "{miss}");
        assert_eq!(spaced(miss, now, &[(Busy, 1)], None), retry("2026-03-03T15:00:00"), "{miss}");
    }
    assert_eq!(spaced(Busy, now, &[(Busy, 2)], None).0, "attempts_spent", "3 in all");
    assert_eq!(spaced(Congestion, now, &[], None), retry("2026-03-03T10:32:00"));
    assert_eq!(spaced(Lost, now, &[], None), retry("2026-03-03T10:30:00"));
    assert_eq!(spaced(Completed, now, &[], None).0, "finished");
    // The last spacing lasts.
    let spacing = vec![Spacing::Word(SpacingWord::NextDay)];
    let case = Case { now, before: vec![(NoAnswer, 1)], spacing, ..Case::default() };
    assert_eq!(run(NoAnswer, case), retry("2026-03-04T10:00:00"));
    // What a campaign lists goes before its spacing.
    let rules = vec![(Busy, RetryRule { delay_minutes: 5, max: 2, next_window: false })];
    let spacing = vec![Spacing::After(Offset::days(2))];
    let case = Case { now, rules, spacing: spacing.clone(), ..Case::default() };
    assert_eq!(run(Busy, case), retry("2026-03-03T10:35:00"));
    let case = Case { now, spacing, ..Case::default() };
    assert_eq!(run(Busy, case), retry("2026-03-05T10:00:00"), "two days on, at the first window");
}

#[test]
fn sch_02_a_retry_is_pulled_before_the_deadline_and_not_beyond() {
    use Disposition::*;
    let second = [(NoAnswer, 1)];
    let third = |now, deadline| spaced(NoAnswer, now, &second, Some((deadline, true)));
    // The gap fits.
    assert_eq!(third("2026-03-03T10:30:00", "2026-03-04T00:00:00"), retry("2026-03-03T15:00:00"));
    // It does not: half of the 80 minutes left of the day, then of the 40.
    assert_eq!(third("2026-03-03T15:40:00", "2026-03-04T00:00:00"), retry("2026-03-03T16:20:00"));
    assert_eq!(third("2026-03-03T16:20:00", "2026-03-04T00:00:00"), retry("2026-03-03T16:40:00"));
    // No closer than ten minutes after the attempt before.
    assert_eq!(third("2026-03-03T16:45:00", "2026-03-04T00:00:00"), retry("2026-03-03T16:55:00"));
    // No window is left: after the deadline where that is allowed, else not at all.
    assert_eq!(third("2026-03-03T16:51:00", "2026-03-04T00:00:00"), retry("2026-03-04T10:00:00"));
    let ends = spaced(NoAnswer, "2026-03-03T16:51:00", &second, Some(("2026-03-04T00:00:00", false)));
    assert_eq!(ends, ("deadline_passed".into(), Err(Next::Failed)));
    let over = spaced(NoAnswer, "2026-03-04T10:30:00", &[], Some(("2026-03-04T00:00:00", true)));
    assert_eq!(over, retry("2026-03-04T11:30:00"), "overdue already: the gap holds");
}

#[test]
fn rem_03_a_time_the_customer_names_is_promised_where_a_window_is_open() {
    let windows = Windows::parse(&["10:00-12:00,15:00-17:00"], "Asia/Shanghai").unwrap();
    for (named, next) in [
        ("2026-03-05T15:30:00", Next::Promised(cn("2026-03-05T15:30:00"))),
        ("2026-03-05T13:00:00", Next::Again(cn("2026-03-05T15:00:00"))),
    ] {
        let attempted = Attempted {
            now: cn("2026-03-03T10:30:00"),
            disposition: Disposition::Later,
            later_at: Some(cn(named)),
            attempts_by: &BTreeMap::from([(Disposition::Later, 1)]),
            max_attempts: 3,
            rules: &RetryTable::new(),
            spacing: &[],
            hours: Hours::of(&windows),
            // What the customer wants goes before our deadline.
            deadline: Some(Deadline { at: cn("2026-03-04T00:00:00"), goes_on: false }),
            more_numbers: false,
        };
        assert_eq!(after_attempt(&attempted).next, next, "{named}");
    }
}

#[test]
fn a_wrong_number_goes_to_the_next_at_once_while_there_is_one() {
    let invalid =
        |more_numbers, now| run(Disposition::InvalidNumber, Case { now, more_numbers, ..Case::default() });
    assert_eq!(invalid(true, "2026-03-03T10:30:00"), retry("2026-03-03T10:30:00"));
    assert_eq!(invalid(true, "2026-03-03T12:00:01"), retry("2026-03-03T15:00:00"));
    assert_eq!(invalid(false, "2026-03-03T10:30:00"), ("invalid_number".into(), Err(Next::Failed)));
}
