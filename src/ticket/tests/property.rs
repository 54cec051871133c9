//! Whatever is done to a ticket: it has an owner and a next step, time done twice changes nothing,
//! and a deadline in business hours lies in business hours.

use proptest::prelude::*;

use super::{agent, at, opened, shipped};
use crate::base::Timestamp;
use crate::ticket::{Act, Attempt, Found, Phase, Role, Rules, Ticket, Who, due, next_at, step};

fn files() -> Vec<Rules> {
    [
        include_str!("../../../config/tickets/xian-decoration.toml"),
        include_str!("../../../config/tickets/home-decoration.toml"),
        include_str!("../../../config/tickets/furniture-mall.toml"),
        include_str!("../../../config/tickets/equipment-manufacturer.toml"),
        include_str!("../../../config/tickets/sales-company.toml"),
    ]
    .iter()
    .map(|text| shipped(text, &[]))
    .collect()
}

fn attempt(inbound: bool, answered: bool, at: Timestamp) -> Act {
    Act::Call(Attempt { call: None, inbound, answered, at, agent: String::new(), departments: None })
}

/// The act of that number, at a moment.
fn act(number: u8, ticket: &Ticket, now: Timestamp) -> Act {
    let open: Vec<String> = ticket.owed().map(|s| s.rule.id.clone()).collect();
    let all = [
        "cause",
        "solution",
        "visit_at",
        "implementation",
        "lesson",
        "liability",
        "our_liability",
        "rectifier",
    ];
    let fields = all.iter().map(|name| ((*name).to_owned(), "yes".to_owned())).collect();
    match number % 16 {
        0..=4 => Act::Report {
            stage: open.get(usize::from(number) % open.len().max(1)).cloned().unwrap_or_default(),
            result: if number.is_multiple_of(7) { "fail".into() } else { "done".into() },
            fields,
        },
        5 => Act::Acknowledge { department: ticket.department.clone() },
        6 => Act::HandOver { department: "工程部".into() },
        7 => Act::Promise { at: Timestamp(now.0 + 3_600_000 * i64::from(number)), what: "x".into() },
        8 => attempt(false, !number.is_multiple_of(3), now),
        9 => Act::Verify(Found {
            solved: [None, Some(true), Some(false)][usize::from(number) % 3],
            ..Found::default()
        }),
        10 => Act::Wait("x".into()),
        11 => Act::Resume,
        12 => Act::Repeat { call: None },
        13 => Act::Escalate { cause: "a".into(), process: "b".into(), demand: "c".into() },
        14 => Act::Close { how: String::new() },
        _ => Act::Reopen("x".into()),
    }
}

/// Every open ticket has somebody, a word, and something that is to come.
fn is_sound(rules: &Rules, ticket: &Ticket) {
    assert!(!ticket.owner.is_empty() && !ticket.state.is_empty());
    assert_eq!(ticket.phase == Phase::Closed, ticket.closed_at.is_some() && ticket.joined_into.is_none());
    if ticket.phase == Phase::Closed {
        assert!(ticket.filed_at >= ticket.closed_at && ticket.due_at().is_none());
        assert!(ticket.verification.passed || ticket.closed_how == "handled", "{}", ticket.closed_how);
    }
    if ticket.phase == Phase::Verifying {
        assert!(ticket.verification.due.is_some(), "the customer is asked at a time");
    }
    for stage in ticket.owed().filter(|s| s.due.is_some()) {
        assert!(!stage.sum.0.is_empty(), "{} has no sum", stage.rule.id);
        assert!(stage.due >= stage.began_at, "{}", stage.rule.id);
    }
    if ticket.is_open()
        && ticket.pause.is_none()
        && ticket.owed().any(|s| s.due.is_some() && s.breached_at.is_none())
    {
        assert!(next_at(rules, ticket).is_some(), "a deadline that nobody looks at");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_ticket_is_ever_without_owner_word_and_next_step(
        file in 0usize..5,
        acts in prop::collection::vec((any::<u8>(), 0i64..40 * 60), 1..40),
    ) {
        let rules = &files()[file];
        let mut ticket = opened(rules, "complaint", "2026-03-03 10:00", &[]);
        let mut now = at("2026-03-03 10:00");
        let boss = Who { name: "经理".into(), role: Role::Supervisor, ..Who::default() };
        for (number, minutes) in acts {
            now = Timestamp(now.0 + minutes * 60_000);
            if let Some(changes) = due(rules, &ticket, now) {
                prop_assert!(changes.ticket.version > ticket.version);
                ticket = changes.ticket;
            }
            prop_assert!(due(rules, &ticket, now).is_none(), "time done twice");
            let before = ticket.clone();
            let who = if number % 2 == 0 { agent() } else { boss.clone() };
            match step(rules, ticket, &act(number, &before, now), &who, now) {
                Ok(changes) => {
                    let mut keys: Vec<_> = changes.notices().into_iter().map(|n| n.key).collect();
                    let count = keys.len();
                    keys.sort();
                    keys.dedup();
                    prop_assert_eq!(keys.len(), count, "nobody is told twice of one thing");
                    ticket = changes.ticket;
                }
                // What is refused changes nothing.
                Err(_) => ticket = before,
            }
            is_sound(rules, &ticket);
        }
    }

    #[test]
    fn a_deadline_in_business_hours_leaves_out_what_is_closed(minutes in 0i64..60 * 24 * 300, hours in 1i32..60) {
        let changes = [("max_promise", "clock = \"business\"\nmax_promise")];
        let rules = shipped(include_str!("../../../config/tickets/furniture-mall.toml"), &changes);
        let from = Timestamp(at("2026-01-05 00:00").0 + minutes * 60_000);
        let offset = crate::calendar::Offset::hours(hours);
        let moment = rules.deadline(from, offset, crate::ticket::ClockWord::Business);
        let local = moment.at.to_jiff().to_zoned(rules.calendar.zone().clone());
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let inside = (9 * 60 < minute && minute <= 12 * 60) || (13 * 60 < minute && minute <= 18 * 60);
        prop_assert!(inside, "{}", moment.sum);
        prop_assert!(rules.calendar.is_working(local.date()), "{}", moment.sum);
        // Longer never ends earlier.
        let longer = rules.deadline(from, crate::calendar::Offset::hours(hours + 1), crate::ticket::ClockWord::Business);
        prop_assert!(longer.at > moment.at);
    }
}
