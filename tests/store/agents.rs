//! Where agents were: kept once however often it is written, and summed for reports.

use ringback::agent::{Change, State};
use ringback::base::Timestamp;
use ringback::engine::Write;

use super::world::{Desk, MONDAY};
use crate::support::databases::{Database, number, on_both_databases};

on_both_databases! {
    states_are_kept_once_and_end_where_the_next_begins,
    ros_05_a_login_is_known_to_the_minute_also_of_who_never_left,
}

/// Minutes after Monday 09:00.
fn at(minutes: i64) -> Timestamp {
    Timestamp(MONDAY.0 + minutes * 60_000)
}

fn change(agent: &str, minutes: i64, to: State, reason: &str) -> Write {
    Write::AgentState(Box::new(Change {
        agent: agent.to_owned(),
        from: State::Offline,
        since: at(0),
        to,
        reason: reason.to_owned(),
        call: None,
        by: "phone".to_owned(),
        at: at(minutes),
    }))
}

async fn states_are_kept_once_and_end_where_the_next_begins(database: &Database) {
    let store = database.open().await;
    let desk = Desk::open(&store);
    let day = [
        change("anna", 0, State::Available, "registered"),
        change("anna", 10, State::OnCall, "call"),
        change("bob", 11, State::Available, "registered"),
        change("anna", 16, State::WrapUp, "call"),
        change("anna", 18, State::Available, "wrapped_up"),
    ];
    // A connection that broke during COMMIT has it all written again.
    for write in day.iter().chain(&day) {
        desk.submit(write.clone());
    }
    desk.flush().await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM agent_states").await, 5);
    let page = store.agent_states(Some("anna"), None, 3).await.unwrap();
    let rows: Vec<_> = page.rows.iter().map(|r| (r.state.as_str(), r.began_at, r.ended_at)).collect();
    let (ten, end, wrap) = (at(10).0, at(16).0, at(18).0);
    assert_eq!(rows, [("available", wrap, None), ("wrap_up", end, Some(wrap)), ("on_call", ten, Some(end))]);
    let rest = store.agent_states(Some("anna"), page.next.as_ref(), 3).await.unwrap();
    assert_eq!((rest.rows.len(), rest.rows[0].ended_at, rest.next), (1, Some(ten), None));
    // Occupancy of the second quarter of an hour: a call that reaches into it counts from there.
    let times = store.agent_times(at(15), at(30)).await.unwrap();
    let times: Vec<_> = times.iter().map(|t| (t.agent.as_str(), t.state.as_str(), t.ms / 60_000)).collect();
    let expect =
        [("anna", "available", 12), ("anna", "on_call", 1), ("anna", "wrap_up", 2), ("bob", "available", 15)];
    assert_eq!(times, expect);
}

async fn ros_05_a_login_is_known_to_the_minute_also_of_who_never_left(database: &Database) {
    let store = database.open().await;
    let desk = Desk::open(&store);
    for write in [
        change("night", -300, State::Available, "registered"),
        change("anna", -20, State::Offline, "start"),
        change("anna", -9, State::Available, "registered"),
        change("anna", -2, State::NotReady, "break"),
        change("bob", -400, State::Available, "registered"),
        change("bob", -200, State::Offline, "logged_out"),
    ] {
        desk.submit(write);
    }
    desk.flush().await;
    let logins = store.agent_logins(at(-30), at(30)).await.unwrap();
    let logins: Vec<_> = logins.into_iter().map(|l| (l.agent, (l.since - at(0).0) / 60_000)).collect();
    // A shift at 09:00 expects a login at 08:50: anna is late by a minute, bob is not there.
    assert_eq!(logins, [("anna".to_owned(), -9), ("night".to_owned(), -300)]);
}
