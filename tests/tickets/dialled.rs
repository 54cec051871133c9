//! Calls that people of a department dial at their own telephones.

use ringback::base::{CallId, Rng, Timestamp};
use ringback::calendar::Windows;
use ringback::engine::Clear;
use serde_json::json;

use super::office::{Office, ms, received, stage};
use crate::plan::shop::at;
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    tkt_10_a_call_dialled_at_the_departments_extension_stamps_the_stage_in_its_agents_name,
}

/// The department's phone dials the ticket's number: the guard writes the call down, and its end
/// stamps the stage, if somebody answered.
async fn tkt_10_a_call_dialled_at_the_departments_extension_stamps_the_stage_in_its_agents_name(
    db: &Database,
) {
    let office = Office::open(db).await;
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.done("2026-03-03 12:00", &ticket, json!({ "do": "hand_over" })).await;
    office.done("2026-03-03 12:10", &ticket, received(&ticket)).await;
    for (n, moment, agent, answered) in [
        (1, "2026-03-03 16:00", "wang (工程部)", false),
        // Somebody of another department speaks with the customer: that is not what is owed.
        (2, "2026-03-03 17:00", "li (财务部)", true),
        (3, "2026-03-04 09:00", "wang (工程部)", true),
    ] {
        let call = CallId::new(Timestamp(n), &mut Rng::seeded(7));
        let asked = Clear {
            call,
            agent: agent.into(),
            number: "13800000001".into(),
            override_reason: String::new(),
            callback: None,
            windows: Windows::always(),
        };
        office.shop.planner.clear(&asked, at(moment)).await.unwrap();
        let (from, answer) = (at(moment).0, if answered { at(moment).0.to_string() } else { "NULL".into() });
        let how = if answered { "served" } else { "no_answer" };
        office
            .sql(&format!(
                "UPDATE calls SET state = 'ended', trunk = 'a', started_at = {from}, answered_at = {answer},
                     ended_at = {from}, disposition = '{how}' WHERE id = '{call}'"
            ))
            .await;
        office.turn(moment).await;
        let shown = office.show(&ticket).await;
        let contact = stage(&shown, "contact");
        let does = answered && agent.starts_with("wang");
        assert_eq!(contact["status"], if does { "done" } else { "open" }, "{moment}");
        if does {
            assert_eq!(
                (&contact["call"], &contact["due"]),
                (&json!(call.to_string()), &ms("2026-03-04 12:00"))
            );
            assert!(shown["timeline"].to_string().contains("outbound by wang (工程部), answered"), "{shown}");
        }
    }
}
