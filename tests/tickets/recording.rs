//! What a ticket says of callers who do not want to be recorded.

use super::office::{Made, Office};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    tkt_03_a_caller_who_refuses_to_be_recorded_chooses_after_it_and_the_ticket_says_so,
}

async fn tkt_03_a_caller_who_refuses_to_be_recorded_chooses_after_it_and_the_ticket_says_so(db: &Database) {
    let mut office = Office::open(db).await;
    let call = office.call(Made { key: Some("7"), ..Made::default() }).await;
    office
        .sql(&format!(
            "INSERT INTO answers (call_id, seq, question, keys, at) VALUES ('{call}', 2, 'menu_again', '3', 0)"
        ))
        .await;
    office.sql(&format!("UPDATE calls SET consent = 'refused', consent_at = 0 WHERE id = '{call}'")).await;
    office.turn("2026-03-03 09:01:02").await;
    let ticket = office.nth(0).await;
    assert_eq!(ticket["ticket"]["kind"], "repair", "what was chosen after it counts");
    let timeline = ticket["timeline"].to_string();
    assert!(timeline.contains(&format!("refused to be recorded: call {call}")), "{timeline}");
}
