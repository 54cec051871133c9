//! Months: complete, published, in time.

use serde_json::json;

use super::world::{PACK, Station, duties};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    ros_01_no_roster_for_april_warns_from_the_29th_and_is_an_alarm_on_the_first,
    ros_01_a_night_without_its_driver_is_refused_with_date_and_role,
    ros_01_publishing_tells_everybody_who_is_listed,
    a_month_is_brought_in_from_a_file,
}

async fn ros_01_no_roster_for_april_warns_from_the_29th_and_is_an_alarm_on_the_first(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-03").await;
    let mut alarms = station.shop.site.api.parts.events.subscribe(None);
    let april = |day: &str| ("roster/2026-04".to_owned(), day.to_owned());
    station.turn("2026-03-28 23:59").await;
    assert_eq!(station.warnings("roster_missing").await, []);
    station.turn("2026-03-29 00:00").await;
    station.turn("2026-03-29 12:00").await;
    assert_eq!(station.warnings("roster_missing").await, [april("2026-03-29")]);
    assert_eq!(station.heard("roster.missing").await, ["办公室"], "once a day");
    station.turn("2026-03-31 09:00").await;
    station.turn("2026-04-01 00:00").await;
    assert_eq!(station.warnings("roster_missing").await.len(), 3);
    let mut told = String::new();
    while let Ok(ringback::io::web::Batch::Events(events)) =
        tokio::time::timeout(std::time::Duration::from_millis(50), alarms.next()).await
    {
        events.iter().filter(|e| &*e.topic == "alarm").for_each(|e| told.push_str(&e.json));
    }
    assert_eq!(told.matches("roster_missing: ").count(), 2, "{told}");
    assert_eq!(told.matches("roster_alarm: ").count(), 1, "{told}");
    station.publish("2026-04").await;
    assert_eq!(station.warnings("roster_missing").await, [], "it is there");
    station.turn("2026-04-01 00:10").await;
    assert_eq!(station.warnings("roster_missing").await, []);
}

async fn ros_01_a_night_without_its_driver_is_refused_with_date_and_role(db: &Database) {
    let station = Station::open(db).await;
    let mut all = duties("2026-04");
    all.retain(|d| !(d["date"] == "2026-04-17" && d["role"] == "driver"));
    let path = format!("rosters/{PACK}/2026-04");
    let refused = station.put(&path, json!({ "duties": all })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "2026-04-17/driver", "{refused}");
    let said = refused["detail"].as_str().unwrap();
    assert!(said.contains("2026-04-17") && said.contains("驾驶员"), "{said}");
    station.shop.site.get(&format!("/api/v1/{path}")).await.expect(404);
    station.put(&path, json!({ "duties": duties("2026-05") })).await.expect(422);
    station.put(&format!("rosters/{PACK}/April"), json!({ "duties": [] })).await.expect(422);
    station.put(&path, json!({ "duties": duties("2026-04") })).await.expect(200);
    assert_eq!(station.get(&path).await["state"], "draft");
    assert_eq!(station.chain("2026-04-02 23:00").await, [] as [String; 0], "a draft calls nobody");
}

async fn ros_01_publishing_tells_everybody_who_is_listed(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-04").await;
    let heard = station.heard("roster.published").await;
    assert_eq!(heard, ["办公室", "技术员", "材料员", "维修人员", "领导0", "领导1", "驾驶员"]);
    let audit = station.shop.number("SELECT COUNT(*) FROM audit_log WHERE action = 'roster.publish'").await;
    assert_eq!(audit, 1);
    station.post(&format!("rosters/{PACK}/2026-09/publish"), json!({})).await.expect(404);
    let months = station.get("rosters").await;
    assert_eq!(
        (&months["items"][0]["month"], &months["items"][0]["state"]),
        (&json!("2026-04"), &json!("published"))
    );
}

async fn a_month_is_brought_in_from_a_file(db: &Database) {
    let station = Station::open(db).await;
    let site = &station.shop.site;
    let row = |day: u32| format!("2026-02-{day:02},王强 801,李明 13800000002,赵六 803,孙七 804,周八、吴九\n");
    let head = "日期,带班领导,技术员,驾驶员,材料员,维修人员\n";
    let upload = async |text: String| {
        let path = format!("/api/v1/rosters/{PACK}/2026-02/import");
        let request = site.request(reqwest::Method::POST, &path, &site.admin);
        send(request.header("content-type", "text/csv").body(text)).await
    };
    let short: String = (1..28).map(row).collect();
    let refused = upload(format!("{head}{short}")).await.expect(422);
    assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with("2026-02-28/"), "{refused}");
    let bad = upload(format!("{head}31.2.2026,x\n")).await.expect(422);
    assert_eq!(bad["errors"][0]["field"], "line 2", "{bad}");
    let full: String = (1..=28).map(row).collect();
    let kept = upload(format!("{head}{full}")).await.expect(200);
    assert_eq!((kept["duties"].as_array().unwrap().len(), &kept["gaps"]), (28 * 6, &json!([])));
    assert_eq!(kept["duties"][1]["phone"], "138****0002", "numbers are covered");
}
