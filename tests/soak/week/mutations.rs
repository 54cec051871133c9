//! The judge of the weeks can fail: for each of its rules a history made up by hand, which it must
//! condemn by that rule and no other.

use std::time::Duration;

use ringback::agent::State;
use ringback::base::{CallId, Rng, Timestamp};

use super::branch::Branch;
use super::judge::{LONGEST_CALL_MS, Left, NOTHING, ODD_MS, Sight};
use super::plan::AGENTS;
use crate::support::databases::{block_on, execute};

/// Columns of a call that is over, and of a ticket that is open.
const CALL: &str = "calls (id, direction, state, phone, reserved_at, ended_at, disposition, ticketed) VALUES";
const TICKET: &str = "tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, \
     phone, name, matter, complaint, dissatisfied, level, meeting, opened_at, next_at, version, body) VALUES";
const CALLBACK: &str = "callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, \
     earliest, due, deadline, sums, state, reason, detail, created_at, changed_at) VALUES";

fn ticket(owner: &str, next: &str) -> String {
    format!(
        "INSERT INTO {TICKET} (1, 'p', 'n1', 'k', '', '', 's', 'open', 's', '{owner}', '', '', '', '', 0, 0, 0, '', \
         0, {next}, 1, '{{}}');"
    )
}

fn promised(call: &str) -> String {
    format!(
        "INSERT INTO queue_callbacks (call_id, queue, phone, caller, joined_at, until_at, attempts)
         VALUES ('{call}', 'service', '+8613900000001', '{{}}', 0, 0, 0);"
    )
}

/// What breaks each rule of [`NOTHING`], in their order.
fn broken() -> [String; NOTHING.len()] {
    let call = |id: &str, direction: &str, state: &str, at: i64, ended: &str, ticketed: u8| {
        format!(
            "INSERT INTO {CALL} ('{id}', '{direction}', '{state}', '+8613900000001', {at}, {ended}, {ticketed});"
        )
    };
    let verified_twice = format!(
        "{}
         INSERT INTO {CALLBACK} (1, 'p', 'r', 'v', 1, 's', 1, 'o', 'phone', 0, 0, 0, '[]', 'open', '', '', 0, 0),
             (2, 'p', 'r', 'v', 1, 's', 2, 'o', 'phone', 0, 0, 0, '[]', 'open', '', '', 0, 0);
         INSERT INTO ticket_callbacks (callback_id, ticket_id, purpose) VALUES (1, 1, 'verify'), (2, 1, 'verify');",
        ticket("o", "1")
    );
    [
        call("A", "outbound", "reserved", 0, "NULL, NULL", 1),
        call("A", "inbound", "ended", 0, "1, 'served'", 1),
        call("A", "outbound", "ended", 0, "1, 'served'", 0),
        ticket("o", "NULL"),
        ticket("", "1"),
        verified_twice,
        "INSERT INTO entries (id, list_id, row_key, external_id, phone, extension, name, language, priority, fields,
             state, reason, detail, due_at, created_at, changed_at)
         VALUES (1, 1, 'k', '', '1', '', '', '', 1, '{}', 'dialling', '', '', 0, 0, 0);"
            .to_owned(),
        call("A", "outbound", "ended", 0, "1, 'no_answer'", 1)
            + &call("B", "outbound", "ended", 60_000, "70000, 'lost'", 1),
        promised("A") + &promised("B"),
    ]
}

const TIDY: &str = "DELETE FROM ticket_callbacks; DELETE FROM callbacks; DELETE FROM tickets; \
     DELETE FROM queue_callbacks; DELETE FROM entries; DELETE FROM calls;";

async fn condemned(branch: &Branch) -> String {
    branch.verdict().await.expect_err("it must be condemned")
}

#[test]
fn each_rule_of_what_is_stored_condemns_what_breaks_it() {
    block_on(async {
        let mut branch = Branch::open(1).await;
        assert!(branch.verdict().await.is_ok(), "an empty week is a good one");
        // What the schema itself forbids is written all the same, to see the judge.
        let lax = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;";
        for ((what, ..), sql) in NOTHING.iter().zip(broken()) {
            execute(&branch.store, &format!("{lax} {sql}")).await.unwrap_or_else(|e| panic!("{what}: {e}"));
            let text = condemned(&branch).await;
            assert!(text.contains(what), "{what}: {text}");
            execute(&branch.store, TIDY).await.expect("the tables are empty again");
        }
        assert!(branch.verdict().await.is_ok());
        let call = CallId::new(branch.now(), &mut Rng::seeded(1));
        branch.world.books.reports.insert(call, 2);
        assert!(condemned(&branch).await.contains("more than once"));
        branch.world.books.reports.clear();
        branch.world.books.begun.insert(call);
        assert!(condemned(&branch).await.contains("is not stored"));
        branch.unwritten.insert(call);
        assert!(branch.verdict().await.is_ok(), "nothing of it was on disk when the daemon was killed");
        let between_us = format!("INSERT INTO {CALL} ('X', 'outbound', 'ended', '8001', 0, 1, 'served', 1);");
        execute(&branch.store, &between_us).await.expect("a row");
        assert!(condemned(&branch).await.contains("never came in"));
    });
}

/// A good moment: one agent talks, nobody is late.
fn good(branch: &Branch) -> Sight {
    let mut sight = branch.sight();
    let call = CallId::new(sight.now, &mut Rng::seeded(2));
    let (view, there) = sight.agents.first_mut().expect("an agent");
    (view.state, view.call, *there) = (State::OnCall, Some(call), true);
    view.until = Some(sight.now + Duration::from_secs(60));
    sight.calls = vec![(call, sight.now)];
    (sight.callers, sight.has_timer) = (0, true);
    sight
}

#[test]
fn each_rule_of_a_moment_condemns_what_breaks_it() {
    block_on(async {
        let branch = Branch::open(2).await;
        let check = |change: &dyn Fn(&mut Sight)| {
            let mut sight = good(&branch);
            change(&mut sight);
            sight.verdict(&mut [None; AGENTS])
        };
        assert_eq!(check(&|_| {}), Ok(()));
        let ended = |change: &dyn Fn(&mut Sight), expect: &str| {
            let text = check(change).expect_err(expect);
            assert!(text.contains(expect), "{expect}: {text}");
        };
        ended(&|sight| sight.agents[0].0.until = None, "does not end");
        ended(&|sight| sight.agents[0].0.until = Some(Timestamp(sight.now.0 - 2_001)), "does not end");
        ended(&|sight| sight.calls[0].1 = Timestamp(sight.now.0 - LONGEST_CALL_MS - 1), "for ever");
        ended(&|sight| sight.has_timer = false, "no timer");
        ended(&|sight| sight.callers = 2, "callers who are gone");
        // Stuck only when it has lasted.
        let mut odd = [None; AGENTS];
        let mut sight = good(&branch);
        sight.agents[0].1 = false;
        assert_eq!(sight.verdict(&mut odd), Ok(()));
        sight.now = Timestamp(sight.now.0 + ODD_MS + 1);
        assert!(sight.verdict(&mut odd).expect_err("stuck").contains("is stuck"));
    });
}

#[test]
fn whatever_is_left_at_the_end_is_condemned() {
    assert_eq!(Left::default().verdict(), Ok(()));
    let mut sip = Left::default();
    sip.sip.sessions = 1;
    let others = [
        Left { calls: 1, ..Left::default() },
        Left { media: 1, ..Left::default() },
        Left { legs: 1, ..Left::default() },
        Left { callers: 1, ..Left::default() },
    ];
    for left in others.into_iter().chain([sip]) {
        assert!(left.verdict().is_err(), "{left:?}");
    }
}
