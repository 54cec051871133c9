//! Calls of no list that are ordered: to a department, about its ticket.

use std::time::Duration;

use ringback::call::Direction;
use ringback::engine::{Errand, Input};
use ringback::sim::Behaviour;

use super::hotline::{CUSTOMER_HZ, SECOND, press, speaks};
use super::queues::queue;

const DEPARTMENT: &str = "13700000009";

fn errand(script: &str) -> Errand {
    Errand {
        phone: DEPARTMENT.parse().unwrap(),
        script: script.into(),
        language: String::new(),
        fields: [("queue".to_owned(), "service".to_owned())].into(),
        trunk: String::new(),
        purpose: ringback::call::Purpose::Business,
    }
}

#[test]
fn a_department_is_called_and_its_key_is_an_answer_of_the_call() {
    let mut hotline = queue(101, |_| {});
    hotline.is_at(DEPARTMENT, Behaviour::Answers(speaks(CUSTOMER_HZ, vec![press("2")])));
    let now = hotline.now;
    let call = hotline.engine.run_errand(now, errand("queue-callback")).unwrap();
    hotline.feed(Input::Wake);
    hotline.run_until(60 * SECOND, |w| w.books.ledger.reports.len() == 1);
    let record = &hotline.books.ledger.reports[0].record;
    assert_eq!((record.id, record.direction, record.phone.as_str()), (call, Direction::Outbound, DEPARTMENT));
    let answers = &hotline.books.ledger.answers;
    assert_eq!(answers[0].keys.as_deref(), Some("2"));
    hotline.run_for(Duration::from_secs(60));
    assert_eq!((hotline.engine.call_count(), hotline.books.ledger.open()), (0, 0));
}

#[test]
fn a_script_that_is_missing_and_a_number_that_is_forbidden_are_said_so() {
    let mut hotline = queue(102, |_| {});
    let now = hotline.now;
    let refused = hotline.engine.run_errand(now, errand("no-such-script")).unwrap_err();
    assert!(refused.contains("`no-such-script` does not exist"), "{refused}");
    hotline.books.ledger.do_not_call.insert(DEPARTMENT.to_owned());
    hotline.engine.run_errand(now, errand("queue-callback")).unwrap();
    hotline.feed(Input::Wake);
    hotline.run_for(10 * SECOND);
    assert_eq!(hotline.engine.call_count(), 0);
    assert!(hotline.books.alarms.iter().any(|word| word.starts_with("call_refused: do_not_call")));
}
