//! By day: teams in turn, agents' shifts, the named caller and the deputy.

use serde_json::json;

use super::world::{PACK, Station};
use crate::plan::shop::{SHOP, Shop, at, settings};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    ros_04_teams_go_in_turn_over_a_restart,
    teams_have_names_of_their_own,
    ros_07_calls_by_agents_are_shared_out_evenly_among_those_who_are_there,
    ros_05_who_comes_at_fifty_one_is_late_by_a_minute_and_an_empty_shift_is_an_alarm,
    ros_06_callbacks_of_a_named_person_on_leave_go_to_the_deputy_and_say_so,
}

async fn ros_04_teams_go_in_turn_over_a_restart(db: &Database) {
    let station = Station::open(db).await;
    let teams =
        json!({ "teams": [{ "name": "A" }, { "name": "B", "phone": "13800000001" }, { "name": "C" }] });
    station.put(&format!("teams/{PACK}"), teams).await.expect(204);
    let next = async |station: &Station, subject: &str| -> String {
        let path = format!("teams/{PACK}/next");
        let team = station.post(&path, json!({ "subject": subject })).await.expect(200);
        team["name"].as_str().unwrap().to_owned()
    };
    let mut went = String::new();
    for call in ["call:1", "call:2", "call:2", "call:3"] {
        went += &next(&station, call).await;
    }
    assert_eq!(went, "ABBC", "the same call asked again gets the same team");
    station.shop.site.store.close().await;
    let again = db.open().await;
    let fourth = again.take_turn(PACK, "call:4", at("2026-03-02 10:00")).await.unwrap().unwrap();
    assert_eq!(fourth.name, "A", "after a restart");
}

async fn teams_have_names_of_their_own(db: &Database) {
    let station = Station::open(db).await;
    station.post("teams/none/next", json!({ "subject": "call:1" })).await.expect(404);
    let twice = json!({ "teams": [{ "name": "A" }, { "name": "A" }] });
    station.put(&format!("teams/{PACK}"), twice).await.expect(409);
}

async fn ros_05_who_comes_at_fifty_one_is_late_by_a_minute_and_an_empty_shift_is_an_alarm(db: &Database) {
    let station = Station::open(db).await;
    let shift = |person: &str, day: &str| {
        json!({ "person": person, "starts_at": format!("2026-03-{day}T09:00:00+08:00"),
            "ends_at": format!("2026-03-{day}T18:00:00+08:00") })
    };
    let all: Vec<_> = ["04", "05"].iter().flat_map(|d| ["王", "李", "赵"].map(|p| shift(p, d))).collect();
    station.shop.set("2026-03-01 09:00");
    station.post("shifts", json!({ "pack": PACK, "shifts": all })).await.expect(204);
    let wrong = json!({ "pack": PACK, "shifts": [{ "person": "王", "starts_at": "2026-03-04T18:00:00+08:00",
        "ends_at": "2026-03-04T09:00:00+08:00" }] });
    station.post("shifts", wrong).await.expect(422);
    station.shop.set("2026-03-03 17:00");
    let leave = json!({ "person": "赵", "from": "2026-03-04", "to": "2026-03-05", "reason": "年假" });
    station.post("leaves", leave).await.expect(201);
    for (moment, who) in [("2026-03-04 08:51", "王"), ("2026-03-04 08:50", "李")] {
        station.shop.set(moment);
        station.post("presence", json!({ "who": who, "present": true })).await.expect(204);
    }
    station.turn("2026-03-04 09:00").await;
    let shifts = station.get(&format!("shifts?pack={PACK}&from=2026-03-04&to=2026-03-04")).await;
    let of = |who: &str| {
        let all = shifts["items"].as_array().unwrap();
        let one = all.iter().find(|s| s["person"] == who).unwrap();
        (one["attendance"].as_str().unwrap().to_owned(), one["late_minutes"].as_u64().unwrap())
    };
    assert_eq!(of("王"), ("late".to_owned(), 1));
    assert_eq!(of("李"), ("in_time".to_owned(), 0));
    assert_eq!(of("赵"), ("excused".to_owned(), 0), "leave was entered before");
    assert_eq!(station.heard("roster.late").await.len(), 1);
    assert!(station.heard("roster.nobody").await.is_empty());
    assert_eq!(station.rosters.agents_present(PACK, at("2026-03-04 09:00")).await.unwrap(), Some(2));
    for who in ["王", "李"] {
        station.shop.set("2026-03-04 18:00");
        station.post("presence", json!({ "who": who, "present": false })).await.expect(204);
    }
    station.turn("2026-03-05 09:00").await;
    assert_eq!(station.rosters.agents_present(PACK, at("2026-03-05 09:00")).await.unwrap(), Some(0));
    assert_eq!(station.heard("roster.nobody").await.len(), 1, "calls by agents are held");
    assert_eq!(station.heard("roster.late").await.len(), 3, "the two of the day, once each");
    station.turn("2026-03-05 09:10").await;
    assert_eq!(station.heard("roster.nobody").await.len(), 1);
    assert_eq!(station.rosters.agents_present(PACK, at("2026-03-06 09:00")).await.unwrap(), None, "no shift");
}

async fn ros_06_callbacks_of_a_named_person_on_leave_go_to_the_deputy_and_say_so(db: &Database) {
    let text = SHOP.replace(
        "caller = { on_behalf_of = \"客服部\" }",
        "caller = { on_behalf_of = \"客服部\", person = \"王\", deputy = \"李\" }",
    );
    let station = Station::with(Shop::with(db, settings(&[&text])).await);
    let shop = &station.shop;
    shop.set("2026-03-02 09:00");
    let leave = json!({ "person": "王", "from": "2026-03-04", "reason": "体检" });
    station.post("leaves", leave).await.expect(201);
    for (n, day) in ["2026-03-02", "2026-03-03", "2026-03-04"].iter().enumerate() {
        let id = shop.customer(&format!("C{n}"), &crate::plan::shop::phone(n)).await;
        shop.event(id, "install.finished", &format!("{day} 16:00"), "", "{}").await;
    }
    shop.turn("2026-03-04 00:10").await;
    station.turn("2026-03-04 00:10").await;
    let all = shop.callbacks("rule=installed").await;
    let who = |name: &str| {
        let one = all.iter().find(|c| c["name"] == name).unwrap();
        (one["assignee"].as_str().unwrap().to_owned(), one["note"].as_str().unwrap().to_owned())
    };
    assert_eq!(who("C1"), ("李".to_owned(), "代王回访 (deputy)".to_owned()), "due on the 4th");
    assert_eq!(who("C0").0, "李", "what is still open of the day before goes too");
    let later = all.iter().find(|c| c["name"] == "C2");
    assert!(later.is_none_or(|c| c["assignee"] == "王"), "the 5th is 王's again");
    let audit =
        "SELECT COUNT(*) FROM audit_log WHERE action = 'callback.assign' AND detail LIKE '%deputy for 王%'";
    assert_eq!(shop.number(audit).await, 2);
    station.turn("2026-03-04 09:00").await;
    assert_eq!(shop.number(audit).await, 2, "once");
}

async fn ros_07_calls_by_agents_are_shared_out_evenly_among_those_who_are_there(db: &Database) {
    let text = SHOP.replacen("script = \"hospital\"", "script = \"hospital\"\nmode = \"agent\"", 1);
    let rules = ringback::roster::Settings {
        pack: "shop".into(),
        share_out: true,
        ..ringback::roster::Settings::default()
    };
    let station = Station::by(Shop::with(db, settings(&[&text])).await, rules);
    let shop = &station.shop;
    shop.set("2026-03-01 09:00");
    let shift = |n: usize| {
        json!({ "person": format!("坐席{n}"), "starts_at": "2026-03-03T09:00:00+08:00",
            "ends_at": "2026-03-03T18:00:00+08:00" })
    };
    let shifts: Vec<_> = (0..5).map(shift).collect();
    station.post("shifts", json!({ "pack": "shop", "shifts": shifts })).await.expect(204);
    let leave = json!({ "person": "坐席4", "from": "2026-03-03", "reason": "病假" });
    station.post("leaves", leave).await.expect(201);
    shop.happened(20, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 00:10").await;
    station.turn("2026-03-03 00:10").await;
    let mut counts: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for callback in shop.callbacks("rule=installed").await {
        *counts.entry(callback["assignee"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let each: Vec<u32> = counts.values().copied().collect();
    assert_eq!(each, [5, 5, 5, 5], "{counts:?}");
    assert!(!counts.contains_key("坐席4"), "who is on leave gets none");
}
