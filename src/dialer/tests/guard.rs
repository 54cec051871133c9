//! What a policy says of an entry holds at the moment of dialling: caps, deadlines, promised
//! calls, hours, scripts, further numbers.

use super::*;
use crate::policy::CapPreset;
use crate::policy::pack::{Calls, Spacing, SpacingWord};

fn quick(settings: &mut CampaignSettings) {
    (settings.calls_per_second, settings.concurrency) = (0.0, 0);
}

fn at(w: &World) -> Vec<Timestamp> {
    w.invites.iter().map(|i| i.utc).collect()
}

#[test]
fn win_04_the_5_minutes_of_a_number_hold_across_campaigns() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    for id in [1, 2] {
        w.add_campaign(campaign(id, |s| {
            quick(s);
            s.cap_per_number_in_5_minutes = 1;
        }));
        w.add_entry(id, EntryId(id), "13602388518");
        w.command(id, Command::Start);
    }
    w.settle_store();
    assert_eq!(w.invites.len(), 1);
    w.end_one(Disposition::Completed);
    // The other campaign looks again ten minutes after it met the number in a call.
    let other = w.rows.iter().find(|(_, r)| r.state == EntryState::Pending).map(|(id, _)| *id).unwrap();
    w.rows.get_mut(&other).unwrap().due = Timestamp(0);
    w.run_until(cn("2026-03-03T10:04:59"));
    assert_eq!(w.invites.len(), 1);
    assert_eq!(w.rows[&other].reason, "cap_5_minutes", "{:?}", w.rows[&other]);
    w.run_until(cn("2026-03-03T10:05:01"));
    assert_eq!(at(&w)[1], cn("2026-03-03T10:05:00"));
    assert_ne!(w.invites[0].campaign, w.invites[1].campaign);
}

#[test]
fn win_04_of_two_reservations_made_from_one_ledger_the_second_is_refused() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    for id in [1, 2] {
        w.add_campaign(campaign(id, |s| {
            quick(s);
            s.caps = CapPreset::CarrierCn;
        }));
    }
    w.add_entry(1, EntryId(1), "13602388518");
    w.add_with(2, 2, "13602388519", |r| r.terms.numbers = vec!["13602388518".parse().unwrap()]);
    w.command(1, Command::Start);
    w.command(2, Command::Start);
    w.answer_fetches();
    // Both are reserved from what was fetched; then an agent calls the first number.
    w.calls.insert("13602388518".into(), vec![w.now.utc]);
    w.answer_reserves();
    assert_eq!(w.invites.iter().map(|i| i.number.as_str()).collect::<Vec<_>>(), ["13602388519"]);
    assert_eq!(w.rows[&EntryId(1)].reason, "cap_5_minutes");
    // The customer's other number is the one that was just called: it waits for the cap, too.
    w.end_one(Disposition::NoAnswer);
    assert_eq!(w.rows[&EntryId(2)].phone.as_str(), "13602388518");
    w.run_until(cn("2026-03-03T10:05:01"));
    assert_eq!(at(&w)[1], cn("2026-03-03T10:05:00"));
}

#[test]
fn win_04_a_week_has_its_cap_and_the_next_begins_on_monday() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| {
        quick(s);
        (s.weekly_cap_per_number, s.max_attempts) = (2, 9);
        s.windows = vec!["09:00-18:00".into()];
        s.spacing = vec![Spacing::Word(SpacingWord::NextDay)];
    }));
    w.add_entry(1, EntryId(1), "13602388518");
    w.command(1, Command::Start);
    while w.now.utc < cn("2026-03-10T00:00:00") {
        w.run_for(Duration::from_secs(3_600));
        w.end_one(Disposition::NoAnswer);
    }
    let times = ["2026-03-03T10:00:00", "2026-03-04T09:00:00", "2026-03-09T09:00:00"];
    assert_eq!(at(&w), times.map(cn), "the 9th is a Monday");
}

#[test]
fn rem_03_a_promised_call_leaves_at_1530_before_all_others() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-05T15:00:00");
    w.add_campaign(campaign(1, |s| (s.concurrency, s.calls_per_second, s.priority) = (3, 0.0, 1)));
    w.add_campaign(campaign(2, |s| (s.concurrency, s.calls_per_second, s.priority) = (3, 0.0, 9)));
    for i in 0..900 {
        w.add_with(1 + i % 2, 100 + i, &format!("137{i:08}"), |r| r.priority = 9);
    }
    let promised = cn("2026-03-05T15:30:00");
    w.add_with(1, 1, "13602388518", |r| {
        (r.due, r.terms.exact_at, r.priority) = (promised, Some(promised), 1);
        r.terms.deadline_at = Some(cn("2026-03-05T00:00:00"));
        r.terms.quiet_hours = "15:00-16:00".into();
    });
    w.command(1, Command::Start);
    w.command(2, Command::Start);
    // Calls of two minutes each: the queue is never empty, and neither are the places.
    while w.now.utc < cn("2026-03-05T15:40:00") {
        w.run_for(Duration::from_secs(40));
        w.end_one(Disposition::Completed);
        w.end_one(Disposition::Completed);
    }
    let call = w.invites.iter().find(|i| i.number.ends_with("13602388518")).expect("it was called");
    let late = call.utc.millis_since(promised);
    assert!((0..=60_000).contains(&late), "{late} ms late");
    assert!(w.rows[&EntryId(1)].terms.exact_at.is_none(), "it was kept");
    assert!(w.invites.len() > 50, "the others went on: {}", w.invites.len());
}

#[test]
fn rem_03_a_time_named_in_a_call_is_promised_too() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, quick));
    w.add_entries(1, 1);
    w.command(1, Command::Start);
    w.settle_store();
    let call = *w.up.keys().next().unwrap();
    let (named, now) = (cn("2026-03-05T15:30:00"), w.now);
    let ended = Ended { disposition: Disposition::Later, later_at: Some(named) };
    let update = w.dialer.handle_call_ended(now, call, ended).unwrap();
    assert_eq!((update.due_at, update.exact_at), (Some(named), Some(named)));
    assert_eq!(update.reason.code, "later");
}

#[test]
fn rem_03_a_promised_call_that_meets_a_busy_line_of_ours_is_still_owed() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, quick));
    let promised = w.now.utc;
    w.add_with(1, 1, "13602388518", |r| (r.due, r.terms.exact_at) = (promised, Some(promised)));
    w.command(1, Command::Start);
    w.settle_store();
    w.end_one(Disposition::Congestion);
    assert_eq!(w.rows[&EntryId(1)].terms.exact_at, Some(promised));
    w.run_for(Duration::from_secs(125));
    w.end_one(Disposition::NoAnswer);
    assert_eq!(w.rows[&EntryId(1)].terms.exact_at, None, "it rang: what follows is routine");
}

#[test]
fn sch_03_what_comes_in_at_once_is_called_within_seconds_and_first() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-03T14:00:00");
    w.add_campaign(campaign(1, |s| (s.concurrency, s.calls_per_second) = (1, 0.0)));
    w.add_campaign(campaign(2, |s| {
        quick(s);
        (s.windows, s.standing) = (vec!["09:00-18:00".into()], true);
    }));
    for i in 0..300 {
        w.add_entry(1, EntryId(1_000 + i), &format!("137{i:08}"));
    }
    w.command(1, Command::Start);
    w.command(2, Command::Start);
    w.run_until(cn("2026-03-03T14:02:00"));
    assert_eq!(w.state(2), CampaignState::Running, "a standing list that is empty waits");
    // An idle campaign of its own: at once.
    w.add_entry(2, EntryId(1), "13602388518");
    w.list_changed(2);
    w.run_for(ms(2_000));
    let last = w.invites.last().unwrap();
    assert_eq!((last.campaign, last.utc), (CampaignId(2), cn("2026-03-03T14:02:00")));
    // A busy campaign with 200 queued: the next to be called.
    w.add_with(1, 2, "13602388519", |r| r.priority = 9);
    w.list_changed(1);
    w.run_for(ms(2_000));
    w.end_one(Disposition::Completed);
    w.end_one(Disposition::Completed);
    w.settle_store();
    let last = w.invites.last().unwrap();
    assert!(last.number.ends_with("13602388519"), "{last:?}");
    // At night it waits for the window.
    w.run_until(cn("2026-03-03T22:00:00"));
    w.add_entry(2, EntryId(3), "13602388520");
    w.list_changed(2);
    w.run_until(cn("2026-03-04T09:00:01"));
    let late = w.invites.iter().find(|i| i.number.ends_with("13602388520")).unwrap();
    assert_eq!(late.utc, cn("2026-03-04T09:00:00"));
}

#[test]
fn sch_03_a_list_that_grows_while_it_is_being_read_is_read_again() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| {
        quick(s);
        s.standing = true;
    }));
    w.command(1, Command::Start);
    let (id, list, limit) = w.fetching.pop().expect("it reads its list");
    let before = w.read(list, limit);
    w.add_entry(1, EntryId(1), "13602388518");
    w.list_changed(1);
    w.dialer.handle_candidates(w.now, id, before);
    w.drain();
    w.run_for(ms(2_000));
    assert_eq!(w.invites.len(), 1);
}

#[test]
fn win_02_what_the_day_leaves_is_carried_to_the_next() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-03T17:58:00");
    w.add_campaign(campaign(1, |s| {
        (s.calls_per_second, s.concurrency) = (2.0, 0);
        s.windows = vec!["09:00-18:00".into()];
    }));
    let deadline = cn("2026-03-05T00:00:00");
    for i in 0..500 {
        w.add_with(1, 1_000 + i, &format!("137{i:08}"), |r| r.terms.deadline_at = Some(deadline));
    }
    w.command(1, Command::Start);
    w.run_until(cn("2026-03-04T12:00:00"));
    let (first, second): (Vec<_>, Vec<_>) =
        at(&w).into_iter().partition(|at| *at < cn("2026-03-04T00:00:00"));
    assert!(first.iter().all(|at| *at < cn("2026-03-03T18:00:00")));
    assert!((230..=242).contains(&first.len()), "two minutes at two a second: {}", first.len());
    assert_eq!(first.len() + second.len(), 500);
    assert_eq!(second[0], cn("2026-03-04T09:00:00"));
}

#[test]
fn win_02_what_the_deadline_overtakes_goes_on_or_ends_as_the_campaign_says() {
    for (goes_on, state, calls) in [(true, EntryState::Dialling, 1), (false, EntryState::Failed, 0)] {
        let mut w = World::new(vec![trunk("a", 0, 0.0)]);
        w.now.utc = cn("2026-03-03T18:00:00");
        w.add_campaign(campaign(1, |s| {
            quick(s);
            (s.windows, s.after_deadline) = (vec!["09:00-18:00".into()], goes_on);
        }));
        w.add_with(1, 1, "13602388518", |r| r.terms.deadline_at = Some(cn("2026-03-04T00:00:00")));
        w.command(1, Command::Start);
        w.run_until(cn("2026-03-04T09:00:05"));
        let row = &w.rows[&EntryId(1)];
        assert_eq!((row.state, w.invites.len()), (state, calls), "{row:?}");
        if goes_on {
            assert!(row.detail.contains("after the deadline"), "{}", row.detail);
        } else {
            assert_eq!(row.reason, "deadline_passed");
        }
    }
}

#[test]
fn sch_02_a_retry_is_placed_before_the_deadline() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-04T16:00:00");
    w.add_campaign(campaign(1, |s| {
        quick(s);
        s.windows = vec!["09:00-18:00".into()];
        s.spacing = vec![Spacing::Word(SpacingWord::NextDay)];
    }));
    w.add_with(1, 1, "13602388518", |r| r.terms.deadline_at = Some(cn("2026-03-05T00:00:00")));
    w.command(1, Command::Start);
    w.settle_store();
    w.end_one(Disposition::NoAnswer);
    assert_eq!(w.rows[&EntryId(1)].due, cn("2026-03-04T17:00:00"));
    w.run_until(cn("2026-03-04T17:00:00"));
    assert_eq!(w.invites.len(), 2);
}

#[test]
fn win_04_the_hours_of_an_entry_are_kept() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-03T12:45:00");
    w.add_campaign(campaign(1, |s| {
        quick(s);
        s.windows = vec!["09:00-18:00".into()];
    }));
    w.add_with(1, 1, "13602388511", |r| r.terms.quiet_hours = "12:30-14:00".into());
    w.add_with(1, 2, "13602388512", |r| r.terms.preferred_hours = "16:00-20:00".into());
    w.add_with(1, 3, "13602388513", |r| r.terms.preferred_hours = "19:00-20:00".into());
    w.command(1, Command::Start);
    w.settle_store();
    let reasons = [1, 2, 3].map(|id| w.rows[&EntryId(id)].reason.clone());
    assert_eq!(reasons[..2], ["quiet_hours", "preferred_hours"]);
    let detail = &w.rows[&EntryId(3)].detail;
    assert!(detail.contains("never meet the calling window"), "{detail}");
    w.run_until(cn("2026-03-03T16:00:00"));
    let times = ["2026-03-03T12:45:00", "2026-03-03T14:00:00", "2026-03-03T16:00:00"];
    assert_eq!(at(&w), times.map(cn));
}

#[test]
fn win_04_quiet_hours_hold_for_what_is_reserved_and_for_another_way() {
    let (mut a, mut b) = (trunk("a", 0, 0.0), trunk("b", 0, 0.0));
    (a.priority, b.priority) = (1, 2);
    let mut w = World::new(vec![a, b]);
    w.now.utc = cn("2026-03-03T12:29:58");
    w.add_campaign(campaign(1, quick));
    for id in [1, 2] {
        w.add_with(1, id, &format!("1360238851{id}"), |r| r.terms.quiet_hours = "12:30-14:00".into());
    }
    w.rows.get_mut(&EntryId(2)).unwrap().due = cn("2026-03-03T12:29:59");
    w.command(1, Command::Start);
    w.settle_store();
    w.advance(ms(1_100));
    w.tick();
    w.answer_fetches();
    assert_eq!((w.up.len(), w.reserving.len()), (1, 1));
    w.advance(ms(1_000));
    w.answer_reserves();
    assert_eq!(w.invites.len(), 1, "reserved at 12:29:59, answered at 12:30:00");
    assert_eq!(w.rows[&EntryId(2)].reason, "quiet_hours");
    let call = *w.up.keys().next().unwrap();
    assert_eq!(w.fail(call, RouteFailure::Timeout), None, "no other trunk is tried");
}

#[test]
fn win_07_holidays_and_weekends_of_the_calendar_close_the_windows_that_say_so() {
    for (holidays, weekends, first, last) in [
        (Calls::Calls, Calls::Calls, "2026-10-01T09:00:00", "2026-10-11T09:00:00"),
        (Calls::NoCalls, Calls::Calls, "2026-10-08T09:00:00", "2026-10-11T09:00:00"),
        (Calls::NoCalls, Calls::NoCalls, "2026-10-08T09:00:00", "2026-10-10T09:00:00"),
    ] {
        let mut w = World::new(vec![trunk("a", 0, 0.0)]);
        w.now.utc = cn("2026-09-30T18:00:00");
        w.add_campaign(campaign(1, |s| {
            quick(s);
            (s.holidays, s.weekends, s.max_attempts) = (holidays, weekends, 50);
            s.windows = vec!["09:00-18:00".into()];
            s.spacing = vec![Spacing::Word(SpacingWord::NextDay)];
        }));
        w.add_entry(1, EntryId(1), "13602388518");
        w.command(1, Command::Start);
        while w.now.utc < cn("2026-10-12T00:00:00") {
            w.run_for(Duration::from_secs(3_600));
            w.end_one(Disposition::NoAnswer);
        }
        let times = at(&w);
        assert_eq!(
            (times.first(), times.last()),
            (Some(&cn(first)), Some(&cn(last))),
            "{holidays:?} {weekends:?}"
        );
    }
}

#[test]
fn further_numbers_are_tried_in_turn_and_a_wrong_one_is_left_out() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| {
        quick(s);
        s.max_attempts = 4;
        s.spacing = vec![Spacing::After("1h".parse().unwrap())];
    }));
    w.add_with(1, 1, "13602388511", |r| {
        r.terms.numbers = ["13602388512", "13602388513"].map(|n| n.parse().unwrap()).to_vec();
    });
    w.command(1, Command::Start);
    for disposition in [
        Disposition::NoAnswer,
        Disposition::InvalidNumber,
        Disposition::Busy,
        Disposition::HungUp,
        Disposition::Busy,
    ] {
        w.settle_store();
        assert_eq!(w.up.len(), 1, "{disposition}: {:?}", w.rows);
        w.end_one(disposition);
        w.run_for(Duration::from_secs(if disposition == Disposition::InvalidNumber { 3 } else { 3_601 }));
    }
    let tails: Vec<&str> = w.invites.iter().map(|i| &i.number[i.number.len() - 2..]).collect();
    // 12 does not exist, and is not missed; who answered 11 and hung up is not sought elsewhere.
    assert_eq!(tails, ["11", "12", "13", "11", "11"]);
    assert_eq!(
        (w.rows[&EntryId(1)].state, w.rows[&EntryId(1)].reason.as_str()),
        (EntryState::Failed, "attempts_spent")
    );
}

#[test]
fn imp_10_an_entry_has_its_own_script_and_an_unknown_one_holds_up_nobody_else() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.dialer.handle_scripts(["survey".to_owned(), "appointment".to_owned()].into());
    w.add_campaign(campaign(1, |s| {
        quick(s);
        s.script = "survey".into();
    }));
    w.add_with(1, 1, "13602388511", |r| r.terms.script = "nowhere".into());
    w.add_with(1, 2, "13602388512", |r| r.terms.script = "appointment".into());
    w.add_entry(1, EntryId(3), "13602388513");
    w.command(1, Command::Start);
    w.settle_store();
    assert_eq!(w.invites.iter().map(|i| i.script.as_str()).collect::<Vec<_>>(), ["appointment", "survey"]);
    let row = &w.rows[&EntryId(1)];
    assert_eq!((row.state, row.reason.as_str(), row.attempts), (EntryState::Pending, "no_script", 0));
    assert!(row.detail.contains("`nowhere` does not exist"), "{}", row.detail);
    // Once somebody has added it, it is called.
    w.dialer.handle_scripts(["nowhere".to_owned()].into());
    w.run_for(Duration::from_secs(601));
    assert_eq!(w.invites.last().unwrap().script, "nowhere");
}
