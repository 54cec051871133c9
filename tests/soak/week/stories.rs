//! Single stories on the branch of the weeks: engine, media, scripts, store and desk in one, where
//! other tests have each half by itself.

use std::time::Duration;

use ringback::base::{PhoneNumber, Timestamp};
use ringback::engine::{Errand, Input};
use ringback::sim::{Act, Behaviour, Person};
use ringback::ticket::{self, NewTicket, Who};

use super::branch::{Branch, SECOND};
use crate::support::databases::{block_on, text};

/// The hotline of the branch, and a department.
const DEPARTMENT: &str = "13600000009";

/// The branch at nine on Monday, with nobody at work.
async fn at_nine(seed: u64) -> Branch {
    let mut branch = Branch::open(seed).await;
    let nine = branch.now() + Duration::from_secs(9 * 3_600 + 60);
    branch.run_to(nine).await;
    branch
}

async fn later(branch: &mut Branch, seconds: u32) {
    let end = branch.now() + SECOND * seconds;
    branch.run_to(end).await;
}

fn press(keys: &str) -> Act {
    Act::Press { keys: keys.into(), thought_ms: 500 }
}

fn person(acts: Vec<Act>) -> Person {
    Person {
        answer_ms: 1_000,
        greeting_ms: 400,
        acts,
        repeat_last: false,
        patience_ms: 0,
        ..Person::default()
    }
}

#[test]
fn tkt_45_whoever_waits_for_nobody_leaves_a_message_and_the_ticket_has_it_with_a_return_call_due() {
    block_on(async {
        let mut branch = at_nine(31).await;
        // The menu, two minutes of music, then the message after the tone.
        let caller = Person { greeting_ms: 600_000, ..person(vec![press("3"), Act::Ignore]) };
        branch.calls("13900000021", caller);
        later(&mut branch, 300).await;
        assert_eq!(branch.world.engine.call_count(), 0, "{}", branch.world.books.trace());
        let voice = "SELECT COALESCE(MAX(call_id || '/' || seq), '') FROM answers WHERE comment IS NOT NULL";
        let voice = text(&branch.store, voice).await;
        let answers =
            "SELECT COALESCE(GROUP_CONCAT(question || ' ' || COALESCE(keys, '-')), '') FROM answers";
        let answers = text(&branch.store, answers).await;
        let Some((call, seq)) = voice.split_once('/') else {
            panic!("no message among {answers}\n{}", branch.world.books.trace());
        };
        let rows = branch.store.ticket_rows(&Default::default(), None, 10).await.expect("tickets").rows;
        // What the caller chose is one matter, that nobody took the call another, each with its own term.
        let mut kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["missed_call", "repair"], "{rows:?}");
        let missed = rows.iter().find(|row| row.kind == "missed_call").expect("the call is not lost");
        let ticket = branch.desk.ticket(missed.id).await.expect("a ticket");
        let voicemail = ticket.field("voicemail").expect("the message");
        assert_eq!(voicemail, format!("/api/v1/calls/{call}/answers/{seq}/comment"));
        let wish = rows.iter().find(|row| row.kind == "repair").expect("what it is about");
        let wish = branch.desk.ticket(wish.id).await.expect("a ticket");
        assert_eq!(
            (wish.field("voicemail"), wish.field("return_call")),
            (Some(voicemail), Some(missed.number.as_str())),
            "each knows of the message, and the matter of the call that is owed"
        );
        let tape = text(&branch.store, "SELECT COALESCE(MAX(comment), '') FROM answers").await;
        assert!(tape.ends_with(".wav"), "the file it is in: {tape}");
        assert!(
            ticket.owed().next().is_some_and(|stage| stage.due.is_some()),
            "a return call is due: {ticket:?}"
        );
    });
}

#[test]
fn tkt_10_a_department_that_the_robot_calls_acknowledges_its_ticket_by_key() {
    block_on(async {
        let mut branch = at_nine(32).await;
        let new = NewTicket {
            pack: "xian_decoration".into(),
            kind: "complaint".into(),
            source: "by_hand".into(),
            department: "工程部".into(),
            phone: "13900000002".into(),
            at: branch.now(),
            ..NewTicket::default()
        };
        let who = Who { name: "clerk".into(), ..Who::daemon() };
        let opened = branch.desk.open(new, &who, branch.now()).await.expect("a ticket");
        let id = opened.ticket.id;
        let (phone, _) = PhoneNumber::parse(DEPARTMENT, None).expect("a number");
        // What the dialled number is called by the trunk is what the town is asked for.
        let answers = Behaviour::Answers(person(vec![press("1"), Act::Ignore]));
        for number in [DEPARTMENT.to_owned(), phone.to_string()] {
            branch.world.books.fixed.insert(number, answers.clone());
        }
        let errand = Errand {
            phone,
            script: "ticket-department".into(),
            language: "zh-CN".into(),
            fields: [("ticket".to_owned(), "0001".to_owned())].into(),
            trunk: String::new(),
            purpose: ringback::call::Purpose::Business,
        };
        let now = branch.world.now;
        let call = branch.world.engine.run_errand(now, errand).expect("it is placed");
        branch.world.feed(Input::Wake);
        let at = branch.now();
        branch.store.add_department_call(call, id, "工程部", "clerk", at).await.expect("it is noted");
        later(&mut branch, 90).await;
        let ticket = branch.desk.ticket(id).await.expect("a ticket");
        let signed = ticket.acknowledged.as_ref();
        let signed = signed.unwrap_or_else(|| panic!("nobody acknowledged\n{}", branch.world.books.trace()));
        assert_eq!(signed.by, "工程部 (by telephone)");
        assert!(signed.at > at && signed.at < Timestamp(at.0 + 90_000), "when it was pressed, or just after");
        let keys = format!(
            "SELECT COALESCE(MAX(keys), '') FROM answers WHERE call_id = '{call}' AND question = 'act'"
        );
        assert_eq!(text(&branch.store, &keys).await, "1");
        assert_eq!(ticket.phase, ticket::Phase::Open);
    });
}
