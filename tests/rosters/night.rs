//! Nights: whom a call rings, swaps, empty posts.

use serde_json::json;

use ringback::agent::State;
use ringback::base::{CallId, Rng};
use ringback::engine::BridgeOrder;
use ringback::io::rosters::Present;
use ringback::io::web::{Control, LiveAgent, LivePhone, LiveSnapshot};

use super::world::{PACK, Station};
use crate::plan::shop::at;
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    ros_02_a_call_in_the_night_rings_the_leader_of_that_night_and_then_the_chain,
    ros_03_a_swap_without_a_substitute_is_refused_and_with_one_the_routing_changes,
    ros_03_a_duty_phone_that_is_gone_for_a_minute_is_an_alarm_once,
    ros_03_the_registrar_says_which_duty_phone_is_gone,
    the_command_line_shows_who_is_on_duty,
    cnt_19_an_expert_is_called_in_by_name_whose_number_nobody_sees,
}

async fn ros_02_a_call_in_the_night_rings_the_leader_of_that_night_and_then_the_chain(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-07").await;
    let first = station.chain("2026-07-01 23:10").await;
    assert_eq!(first, ["801", "13900000001", "13900000002", "13900000003", "13900000004"]);
    assert_eq!(station.chain("2026-07-02 02:00").await, first, "still the night of the 1st");
    assert_eq!(station.chain("2026-07-02 23:10").await[0], "800");
    assert_eq!(station.chain("2026-07-02 12:00").await, [] as [String; 0]);
    assert_eq!(
        station.chain("2026-08-01 02:00").await[0],
        "801",
        "the last night of a month ends in the next"
    );
    let duty = station.get(&format!("on-duty/{PACK}?at=2026-07-02T02:00:00%2B08:00")).await;
    assert_eq!(
        (&duty["date"], &duty["ring_s"], &duty["night"]),
        (&json!("2026-07-01"), &json!(20), &json!(true))
    );
    assert_eq!(duty["chain"][1]["address"], "139****0001", "numbers are covered unless asked for");
}

async fn ros_03_a_swap_without_a_substitute_is_refused_and_with_one_the_routing_changes(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-07").await;
    let path = format!("rosters/{PACK}/2026-07/swaps");
    let body = |substitute: &str| json!({ "date": "2026-07-01", "role": "leader", "person": "领导1", "substitute": substitute, "reason": "病假" });
    let refused = station.post(&path, body("")).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "substitute", "{refused}");
    let other = station.post(&path, body("驾驶员")).await.expect(422);
    assert!(other["detail"].as_str().unwrap().contains("on duty in that night already"), "{other}");
    station.post(&path, body("路人甲")).await.expect(422);
    assert_eq!(station.chain("2026-07-01 23:10").await[0], "801", "nothing has changed");
    let done = station.post(&path, body("领导0")).await.expect(201);
    assert_eq!((&done["swaps"][0]["substitute"], &done["gaps"]), (&json!("领导0"), &json!([])));
    assert_eq!(station.chain("2026-07-01 23:10").await[0], "800");
    assert_eq!(station.chain("2026-07-03 23:10").await[0], "801", "no other night");
    assert_eq!(station.heard("roster.swapped").await, ["办公室", "领导0", "领导1"]);
    station.post(&format!("rosters/{PACK}/2026-09/swaps"), body("领导0")).await.expect(404);
}

async fn ros_03_a_duty_phone_that_is_gone_for_a_minute_is_an_alarm_once(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-07").await;
    let presence = async |moment: &str, present: bool| {
        station.shop.set(moment);
        station.post("presence", json!({ "who": "801", "present": present })).await.expect(204);
    };
    presence("2026-07-01 18:00", true).await;
    station.turn("2026-07-01 19:00").await;
    presence("2026-07-01 20:00:00", false).await;
    station.turn("2026-07-01 20:01:00").await;
    assert!(station.heard("roster.empty_post").await.is_empty(), "a minute is allowed");
    station.turn("2026-07-01 20:01:06").await;
    station.turn("2026-07-01 20:05").await;
    assert_eq!(station.heard("roster.empty_post").await, ["办公室"]);
    presence("2026-07-01 20:06", true).await;
    station.turn("2026-07-01 20:10").await;
    presence("2026-07-01 21:00", false).await;
    station.turn("2026-07-01 21:02").await;
    assert_eq!(station.heard("roster.empty_post").await.len(), 2, "away again");
    station.turn("2026-07-02 09:00").await;
    assert_eq!(station.heard("roster.empty_post").await.len(), 2, "by day nobody has to be there");
}

/// What the daemon shows of the agent at 801.
fn live(present: bool, phones_since: &str, since: &str) -> LiveSnapshot {
    let phone = LivePhone {
        transport: "udp".into(),
        address: "10.0.0.5:5060".into(),
        user_agent: "x".into(),
        since: at(phones_since).0,
    };
    let agent = LiveAgent {
        name: "领导1".into(),
        extension: "801".into(),
        state: if present { State::Available } else { State::Offline },
        reason: "registered".into(),
        since: at(since),
        until: None,
        call: None,
        phones: Some(phone).filter(|_| present).into_iter().collect(),
        phones_since: at(phones_since),
        offered: 0,
        answered: 0,
        answer_delay_ms: 0,
        slowest_answer_ms: 0,
    };
    LiveSnapshot { agents: vec![agent], ..LiveSnapshot::default() }
}

async fn ros_03_the_registrar_says_which_duty_phone_is_gone(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-07").await;
    let mut present = Present::default();
    let there = live(true, "2026-07-01 18:00", "2026-07-01 18:00");
    present.tell(&station.rosters, &there).await.unwrap();
    station.turn("2026-07-01 19:00").await;
    let gone = live(false, "2026-07-01 20:00:00", "2026-07-01 20:00:00");
    for _ in 0..2 {
        present.tell(&station.rosters, &gone).await.unwrap();
    }
    station.turn("2026-07-01 20:01:00").await;
    assert!(station.heard("roster.empty_post").await.is_empty(), "60 s are allowed");
    station.turn("2026-07-01 20:01:06").await;
    assert_eq!(station.heard("roster.empty_post").await, ["办公室"]);
    let back = live(true, "2026-07-01 20:30", "2026-07-01 20:30");
    present.tell(&station.rosters, &back).await.unwrap();
    station.turn("2026-07-01 20:31").await;
    assert_eq!(station.heard("roster.empty_post").await.len(), 1, "there again");
}

async fn the_command_line_shows_who_is_on_duty(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-07").await;
    station.shop.set("2026-07-01 23:00");
    let site = &station.shop.site;
    let client = ringback::io::cli::ClientSettings {
        socket: site.socket(),
        database: site.url(),
        console: site.base.clone(),
        zone: jiff::tz::TimeZone::UTC,
        roles: ringback::io::roles::built_in(),
    };
    let run = async |words: &[&str]| {
        let all = ["ringback", "roster"].iter().chain(words);
        let cli = <ringback::io::cli::Cli as clap::Parser>::try_parse_from(all).unwrap();
        ringback::io::cli::run(&cli, &client).await
    };
    run(&[]).await.unwrap();
    run(&["on-duty", PACK]).await.unwrap();
    run(&["show", PACK, "2026-07"]).await.unwrap();
    run(&["swap", PACK, "2026-07-05", "leader", "领导1", "领导0", "--reason", "病假"]).await.unwrap();
    assert_eq!(station.chain("2026-07-05 23:00").await[0], "800");
    assert!(run(&["swap", PACK, "2026-07-06", "leader", "领导0", "谁", "--reason", "x"]).await.is_err());
    run(&["publish", PACK, "2026-07"]).await.unwrap();
    assert!(run(&["show", PACK, "2026-09"]).await.is_err());
}

async fn cnt_19_an_expert_is_called_in_by_name_whose_number_nobody_sees(db: &Database) {
    let station = Station::open(db).await;
    station.publish("2026-07").await;
    let now = station.shop.set("2026-07-01 23:10");
    let phone =
        LivePhone { transport: "udp".into(), address: "a".into(), user_agent: "t".into(), since: now.0 };
    let agent = |name: &str, extension: &str, state| LiveAgent {
        name: name.into(),
        extension: extension.into(),
        state,
        reason: String::new(),
        since: now,
        until: None,
        call: None,
        phones: vec![phone.clone()],
        phones_since: now,
        offered: 0,
        answered: 0,
        answer_delay_ms: 0,
        slowest_answer_ms: 0,
    };
    let agents = vec![
        agent("away", "8001", State::NotReady),
        agent("ready", "8002", State::Available),
        agent("leader", "801", State::NotReady),
    ];
    station
        .shop
        .site
        .live
        .send_replace(std::sync::Arc::new(LiveSnapshot { agents, ..LiveSnapshot::default() }));
    let all = station.get(&format!("call-in?pack={PACK}")).await;
    let shown: Vec<String> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| format!("{} {} {}", p["name"].as_str().unwrap(), p["duty"], p["address"].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            "领导1 \"leader\" 801",
            "技术员 \"technician\" 139****0001",
            "驾驶员 \"driver\" 139****0002",
            "维修人员 \"mechanic\" 139****0003",
            "材料员 \"clerk\" 139****0004",
            "ready null 8002",
            "away null 8001",
        ]
    );
    let call = CallId::new(now, &mut Rng::seeded(3));
    let path = format!("calls/{call}/consult");
    station.post(&path, json!({ "person": "技术员", "pack": PACK })).await.expect(202);
    let last = station.shop.site.orders.lock().unwrap().last().cloned();
    let wanted = BridgeOrder::Consult("13900000001".into());
    assert!(matches!(&last, Some(Control::Bridge { order, .. }) if *order == wanted), "{last:?}");
    let audit = station.get("audit?action=call.consult").await;
    assert_eq!(audit["items"][0]["detail"], "技术员", "by the name, not by the number");
    let nobody = station.post(&path, json!({ "person": "王五" })).await.expect(422);
    assert!(nobody["errors"][0]["hint"].as_str().unwrap().contains("技术员"), "{nobody}");
    station.post(&path, json!({ "person": "ready", "target": "8002" })).await.expect(422);
    // By day nobody is on duty.
    station.shop.set("2026-07-01 12:00");
    let all = station.get("call-in").await;
    assert!(all["items"].as_array().unwrap().iter().all(|person| person["duty"].is_null()), "{all}");
}
