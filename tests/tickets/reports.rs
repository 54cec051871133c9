//! Reports over tickets, by the API.

use serde_json::json;

use super::office::Office;
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    tkt_26_the_register_has_results_and_the_supervision_report_those_without,
    esc_08_the_managers_list_finds_late_reports_and_shows_the_final_rating,
    filters_pages_and_masks,
    what_is_counted_of_tickets_is_what_their_bodies_say,
}

async fn tkt_26_the_register_has_results_and_the_supervision_report_those_without(db: &Database) {
    let office = Office::open(db).await;
    let body = |phone: &str| json!({ "pack": "furniture_mall", "kind": "dissatisfied", "department": "安装部", "phone": phone });
    let one = office.ticket("2026-03-03 10:00", body("13800000001")).await;
    let two = office.ticket("2026-03-03 10:00", body("13800000002")).await;
    office.report("2026-03-03 15:00", &one, "handled", json!({ "solution": "已补件" })).await;
    office.turn("2026-03-05 09:00").await;
    let path = "/api/v1/ticket-reports/register?pack=furniture_mall&from=2026-03-03&to=2026-03-03";
    let rows = office.shop.site.get(path).await.expect(200);
    let line = &rows["items"][0];
    assert_eq!(
        (&line["result"], &line["result_date"]),
        (&json!("已补件"), &json!("2026-03-03 15:00")),
        "{line}"
    );
    assert_eq!(line["phone"], "138****0001");
    let path = "/api/v1/ticket-reports/departments?pack=furniture_mall&from=2026-03-01&to=2026-03-31";
    let rows = office.shop.site.get(path).await.expect(200);
    let line = &rows["items"][0];
    assert_eq!(
        (&line["department"], &line["in_time"], &line["breached"]),
        (&json!("安装部"), &json!(1), &json!(1)),
        "{line}"
    );
    assert_eq!(line["without_response"], json!([two["ticket"]["number"]]));
}

async fn esc_08_the_managers_list_finds_late_reports_and_shows_the_final_rating(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("auto_repair", "one", "13800000001", json!({})).await;
    let call = office.outbound("2026-03-05 10:00", "13800000001", true).await;
    office.answer(&call, "q1", "1", Some(1), false).await;
    office.turn("2026-03-05 10:01").await;
    let ticket = office.nth(0).await;
    // That its deadline passes is nobody's report; a person reports it on the 9th.
    let path = "/api/v1/ticket-reports/dissatisfied?pack=auto_repair&from=2026-03-01&to=2026-03-31";
    office.set("2026-03-08 10:00");
    let rows = office.shop.site.get(path).await.expect(200);
    assert_eq!(rows["items"][0]["flag"], "not_reported");
    office.done("2026-03-09 10:00", &ticket, json!({ "do": "report_up" })).await;
    office.report("2026-03-09 11:00", &ticket, "handled", json!({ "solution": "重修" })).await;
    office.verified("2026-03-10 10:00", "satisfied", Some(4)).await;
    let rows = office.shop.site.get(path).await.expect(200);
    let line = &rows["items"][0];
    assert_eq!(
        (&line["flag"], &line["final_score"], &line["result"]),
        (&json!("late_report"), &json!(4), &json!("satisfied")),
        "{line}"
    );
}

async fn filters_pages_and_masks(db: &Database) {
    let office = Office::open(db).await;
    for n in 0..3 {
        let body = json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": format!("1380000000{n}") });
        office.ticket("2026-03-03 10:00", body).await;
    }
    office.ticket("2026-03-03 10:00", json!({ "kind": "other", "phone": "13900000000" })).await;
    let first = office.shop.site.get("/api/v1/tickets?limit=3").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = office.shop.site.get(&format!("/api/v1/tickets?limit=3&after={next}")).await.expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (3, 1));
    for (query, count) in [
        ("department=工程部", 3),
        ("kind=other", 1),
        ("phone=138%200000%200001", 1),
        ("state=handover", 3),
        ("phase=closed", 0),
        ("owner=客服专员&pack=xian_decoration", 3),
        ("number=KF20260303-0002&pack=xian_decoration", 1),
        ("from=2026-03-04", 0),
        ("to=2026-03-03", 4),
        ("overdue=1", 0),
    ] {
        assert_eq!(office.list(query).await.len(), count, "{query}");
    }
    let masked = &office.list("kind=other").await[0]["phone"];
    assert_eq!(masked, "139****0000");
    assert_eq!(office.list("kind=other&unmask=true").await[0]["phone"], "13900000000");
}

/// The migration reads the columns of reports out of the bodies: it comes to what the program has written there.
async fn what_is_counted_of_tickets_is_what_their_bodies_say(db: &Database) {
    let office = Office::open(db).await;
    let body = |phone: &str| json!({ "pack": "furniture_mall", "kind": "dissatisfied", "department": "安装部", "phone": phone });
    let one = office.ticket("2026-03-03 10:00", body("13800000001")).await;
    let two = office.ticket("2026-03-03 10:00", body("13800000002")).await;
    office.ticket("2026-03-03 11:00", body("13800000003")).await;
    office.report("2026-03-03 15:00", &one, "handled", json!({ "solution": "已补件" })).await;
    office.turn("2026-03-05 09:00").await;
    office.done("2026-03-09 10:00", &two, json!({ "do": "report_up" })).await;
    let columns = ["acknowledged", "in_time", "breached", "first_contact", "reported_at", "state_since"];
    let sums = async || {
        let mut sums = Vec::new();
        for column in columns {
            let sum = format!("SELECT CAST(COALESCE(SUM({column}), 0) AS BIGINT) FROM tickets");
            sums.push(office.number(&sum).await);
        }
        sums
    };
    let written = sums().await;
    assert!(written[1] > 0 && written[2] > 0 && written[4] > 0 && written[5] > 0, "{written:?}");
    let blank: Vec<String> = columns.iter().map(|column| format!("{column} = 0")).collect();
    office.sql(&format!("UPDATE tickets SET {}", blank.join(", "))).await;
    let kind = office.shop.site.store.db().kind();
    let folder = if kind == "sqlite" { "sqlite" } else { "postgres" };
    let file = format!(
        "{}/src/io/store/migrations/{folder}/0041_figures_of_tickets.sql",
        env!("CARGO_MANIFEST_DIR")
    );
    let migration = std::fs::read_to_string(file).expect("the migration");
    let update =
        migration.split(';').map(str::trim).find_map(|s| s.find("UPDATE tickets").map(|at| &s[at..]));
    office.sql(update.expect("its statement")).await;
    assert_eq!(sums().await, written);
}
