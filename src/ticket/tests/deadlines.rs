//! Deadlines: by clock, region and severity, paused, warned of and missed.

use super::{acted, at, later, opened, shipped, stage, told};
use crate::ticket::{Act, Rules};

fn mall(changes: &[(&str, &str)]) -> Rules {
    shipped(include_str!("../../../config/tickets/furniture-mall.toml"), changes)
}

fn factory() -> Rules {
    shipped(include_str!("../../../config/tickets/equipment-manufacturer.toml"), &[])
}

#[test]
fn tkt_05_a_query_is_answered_within_two_hours_by_either_clock() {
    let always = mall(&[]);
    let ticket = opened(&always, "shipping_query", "2026-03-03 10:00", &[]);
    assert_eq!(stage(&ticket, "answer").due, Some(at("2026-03-03 12:00")));
    let answered = super::report(&always, &ticket, "2026-03-03 11:59", "answer", &[]);
    assert_eq!(stage(&answered, "answer").breached_at, None, "met");
    assert!(later(&always, &ticket, "2026-03-03 11:59").log.iter().all(|l| l.action != "breach"));
    let missed = later(&always, &ticket, "2026-03-03 12:00");
    assert_eq!(stage(&missed.ticket, "answer").breached_at, Some(at("2026-03-03 12:00")));
    assert_eq!(told(&missed, "ticket.breach", "客服经理"), 1, "the supervisor is told");
    let evening = opened(&always, "shipping_query", "2026-03-03 17:30", &[]);
    assert_eq!(stage(&evening, "answer").due, Some(at("2026-03-03 19:30")));
    let business =
        mall(&[("max_promise", "clock = \"business\"\nbusiness = [\"workday 09:00-18:00\"]\nmax_promise")]);
    let evening = opened(&business, "shipping_query", "2026-03-03 17:30", &[]);
    assert_eq!(stage(&evening, "answer").due, Some(at("2026-03-04 10:30")));
    let sum = stage(&evening, "answer").sum.to_string();
    assert_eq!(sum, "2026-03-03 17:30 +2h of business hours (workday 09:00-18:00) = 2026-03-04 10:30");
}

#[test]
fn tkt_05_a_deadline_never_ignores_lunch_weekends_or_holidays() {
    let rules = mall(&[("max_promise", "clock = \"business\"\nmax_promise")]);
    for (opened_at, due) in [
        ("2026-03-03 11:30", "2026-03-03 14:30"), // lunch 12:00 to 13:00
        ("2026-03-03 12:30", "2026-03-03 15:00"),
        ("2026-03-06 17:00", "2026-03-09 10:00"), // Friday to Monday
        ("2026-09-30 17:00", "2026-10-08 10:00"), // National Day
        ("2026-02-14 09:00", "2026-02-14 11:00"), // a Saturday that is worked for the Spring Festival
    ] {
        let ticket = opened(&rules, "shipping_query", opened_at, &[]);
        assert_eq!(
            stage(&ticket, "answer").due,
            Some(at(due)),
            "{opened_at}: {}",
            stage(&ticket, "answer").sum
        );
    }
}

#[test]
fn tkt_07_the_time_to_resolve_goes_by_severity_and_old_tickets_keep_theirs() {
    let rules = mall(&[]);
    let ordinary = opened(&rules, "complaint", "2026-03-03 10:00", &[]);
    assert_eq!(stage(&ordinary, "solve").due, Some(at("2026-03-04 10:00")));
    let major = opened(&rules, "complaint", "2026-03-03 10:00", &[("severity", "major")]);
    assert_eq!(stage(&major, "solve").due, Some(at("2026-03-03 18:00")));
    assert!(stage(&major, "solve").sum.to_string().contains("+8h for severity major"));
    // The file changes: an open ticket goes on by what it was opened with.
    let mut pack = (*rules.pack).clone();
    let kind = pack.kind.get_mut("complaint").unwrap();
    kind.stage[1].due_by_severity.insert("ordinary".into(), "48h".parse().unwrap());
    let changed = Rules::new(std::sync::Arc::new(pack), rules.calendar.clone());
    let touched = acted(&changed, &ordinary, "2026-03-03 11:00", Act::Comment("x".into())).unwrap().ticket;
    assert_eq!(stage(&touched, "solve").due, Some(at("2026-03-04 10:00")));
    let new = opened(&changed, "complaint", "2026-03-03 10:00", &[]);
    assert_eq!(stage(&new, "solve").due, Some(at("2026-03-05 10:00")));
}

#[test]
fn tkt_19_a_complaint_is_answered_within_24_clock_hours() {
    let rules = shipped(include_str!("../../../config/tickets/home-decoration.toml"), &[]);
    let ticket = opened(&rules, "complaint", "2026-03-06 18:00", &[]);
    assert_eq!(stage(&ticket, "accept").due, Some(at("2026-03-07 18:00")), "Saturday counts");
}

#[test]
fn tkt_32_reply_in_four_hours_and_on_site_by_province() {
    let rules = factory();
    for (address, due) in [
        ("广东省深圳市南山区", "2026-03-04 08:00"),
        ("湖南省长沙市", "2026-03-05 08:00"),
        ("", "2026-03-04 08:00"), // nothing is known: the stricter
    ] {
        let fields: &[(&str, &str)] = if address.is_empty() { &[] } else { &[("address", address)] };
        let ticket = opened(&rules, "quality", "2026-03-03 08:00", fields);
        assert_eq!(stage(&ticket, "reply").due, Some(at("2026-03-03 12:00")));
        assert_eq!(stage(&ticket, "arrive").due, Some(at(due)), "{address}");
    }
}

#[test]
fn deadlines_rest_while_the_customer_is_waited_for() {
    let rules = mall(&[]);
    let ticket = opened(&rules, "shipping_query", "2026-03-03 10:00", &[]);
    let waiting = acted(&rules, &ticket, "2026-03-03 11:00", Act::Wait("a photo".into())).unwrap().ticket;
    assert_eq!(waiting.state, "waiting_customer");
    assert!(later(&rules, &waiting, "2026-03-03 20:00").log.is_empty(), "no breach while it waits");
    let again = acted(&rules, &waiting, "2026-03-03 16:00", Act::Resume).unwrap().ticket;
    assert_eq!(stage(&again, "answer").due, Some(at("2026-03-03 17:00")), "an hour was left");
    assert!(stage(&again, "answer").sum.to_string().contains("waited for the customer"));
    let business = mall(&[("max_promise", "clock = \"business\"\nmax_promise")]);
    let ticket = opened(&business, "shipping_query", "2026-03-03 10:00", &[]);
    let waiting = acted(&business, &ticket, "2026-03-03 11:00", Act::Wait(String::new())).unwrap().ticket;
    let again = acted(&business, &waiting, "2026-03-03 17:30", Act::Resume).unwrap().ticket;
    assert_eq!(
        stage(&again, "answer").due,
        Some(at("2026-03-04 09:30")),
        "half an hour today, half tomorrow"
    );
}

#[test]
fn a_deadline_is_warned_of_once_and_missed_once() {
    let rules = mall(&[]);
    let ticket = opened(&rules, "shipping_query", "2026-03-03 10:00", &[]);
    assert!(later(&rules, &ticket, "2026-03-03 11:35").log.is_empty());
    let warned = later(&rules, &ticket, "2026-03-03 11:36");
    assert_eq!(told(&warned, "ticket.warning", "客服专员"), 1, "at four fifths");
    assert!(later(&rules, &warned.ticket, "2026-03-03 11:50").log.is_empty(), "once");
    let missed = later(&rules, &warned.ticket, "2026-03-03 12:30");
    assert_eq!(missed.log.iter().filter(|l| l.action == "breach").count(), 1);
    assert!(later(&rules, &missed.ticket, "2026-03-04 12:30").log.is_empty(), "once");
    // Nobody looked for a day: the breach alone is told, not the warning that comes too late.
    let late = later(&rules, &ticket, "2026-03-04 12:30");
    assert_eq!(told(&late, "ticket.warning", "客服专员"), 0);
}
