//! The morning canary over real sockets: through kamailio, and through a trunk that carries the sound
//! and does each thing wrong that a check is for.

use std::time::Duration;

use serde_json::{Value, json};

use super::daemon::{Daemon, Trunk};
use super::kamailio::{Kamailio, PASSWORD, REALM, Setup};
use super::looping::{Fault, Looping};
use super::program::{can_run, free_port, until};
use crate::support::databases::block_on;

/// A canary takes about nine seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// A trunk whose canary is due from midnight on.
fn trunk(port: u16, more: &str) -> Trunk {
    Trunk::at("loop", port).with(more).with("[trunk.canary]\nnumber = \"02088886666\"\nat = \"00:00\"")
}

/// How the trunk stands, once its last canary of so many was looked at.
async fn looked_at(daemon: &Daemon, count: usize) -> Value {
    let found = until(LIMIT, async || {
        let all = daemon.get("/trunks/loop/canary").await;
        let items = all["items"].as_array().cloned().unwrap_or_default();
        (items.len() >= count && !items[0]["passed"].is_null()).then_some(())
    });
    assert!(found.await.is_some(), "no canary was made:\n{}", daemon.log());
    let standing = daemon.get("/trunks/canary").await["items"][0].clone();
    assert_eq!(standing["trunk"], "loop");
    standing
}

/// The checks that failed.
fn red(standing: &Value) -> Vec<String> {
    let checks = standing["last"]["checks"].as_array().cloned().unwrap_or_default();
    assert_eq!(checks.len(), 9, "{standing}");
    let red = checks.iter().filter(|check| check["passed"] == false);
    red.map(|check| check["name"].as_str().expect("a name").to_owned()).collect()
}

fn figure(standing: &Value, name: &str) -> String {
    let checks = standing["last"]["checks"].as_array().cloned().unwrap_or_default();
    let check = checks.iter().find(|check| check["name"] == name).expect("a check");
    check["figure"].as_str().expect("a figure").to_owned()
}

#[test]
fn a_canary_through_kamailio_passes_every_check_and_counts_nowhere() {
    if !can_run("kamailio") {
        return;
    }
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let daemon = Daemon::start(&[trunk(free_port(), "options_ping = \"5s\"")], "").await;
        let setup = Setup { callee: daemon.sip_port, ..Setup::default() };
        let carrier = Kamailio::start(&setup, folder.path()).await;
        let user = format!(
            "server = \"127.0.0.1:{}\"\nmode = \"static\"\nuser = \"4008001234\"\npassword = \"{PASSWORD}\"\nrealm = \"{REALM}\"",
            carrier.port
        );
        daemon.edit(|text| {
            let server =
                text.lines().find(|line| line.starts_with("server = \"127")).expect("a server").to_owned();
            text.replace(&server, &user).replace("options_ping = \"5s\"", "options_ping = \"0s\"")
        });
        daemon.post("/reload", &json!({})).await;
        let standing = looked_at(&daemon, 1).await;
        assert_eq!(red(&standing), Vec::<String>::new(), "{standing}");
        assert_eq!((&standing["light"], &standing["held"]), (&json!("passed"), &json!("")), "{standing}");
        assert_eq!(figure(&standing, "key"), "5");
        let last = &standing["last"];
        for side in ["caller", "called"] {
            let call = daemon.get(&format!("/calls/{}", last[side].as_str().expect("a call"))).await;
            let length = daemon.play(&call).await;
            assert!((5_000..15_000).contains(&length), "{length}: {call}");
        }
        // It went out once and was answered; that it came in over the same trunk says nothing of that.
        let trunks = daemon.get("/trunks").await;
        let counts = (&trunks["items"][0]["placed"], &trunks["items"][0]["answered"]);
        assert_eq!(counts, (&json!(1), &json!(1)), "{trunks}");
        // Nothing is owed for them, and no register knows them.
        assert_eq!(daemon.get("/tickets").await["items"], json!([]));
        let day = last["day"].as_str().expect("a day");
        let rows = daemon.get(&format!("/registers/phone-records?from={day}&to={day}")).await;
        assert!(!rows.to_string().contains(last["called"].as_str().expect("a call")), "{rows}");
        daemon.stop().await;
    });
}

/// A daemon with a looping trunk, and how the trunk stands after the canary that was due at the start.
async fn through(fault: Fault) -> (Daemon, Looping, Value) {
    let looping = Looping::start(fault);
    let daemon = Daemon::start(&[trunk(looping.port, "")], "").await;
    looping.bring_to(daemon.sip_port);
    let standing = looked_at(&daemon, 1).await;
    (daemon, looping, standing)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_that_comes_back_is_known_by_its_number_where_its_mark_was_taken_off() {
    let (daemon, _looping, standing) = through(Fault::None).await;
    // The first may have left before the trunk knew where to bring it.
    let standing = match standing["light"].as_str() {
        Some("passed") => standing,
        _ => {
            daemon.post("/trunks/loop/canary", &json!({})).await;
            looked_at(&daemon, 2).await
        }
    };
    assert_eq!(red(&standing), Vec::<String>::new(), "{standing}");
    assert_eq!(standing["last"]["back_by"], "loop");
}

/// The trunk with its fault, made once more by hand, for the first may have left too early.
async fn faulty(fault: Fault) -> (Daemon, Looping, Value) {
    let (daemon, looping, _) = through(fault).await;
    let before = daemon.get("/trunks/loop/canary").await["items"].as_array().map_or(0, Vec::len);
    daemon.post("/trunks/loop/canary", &json!({})).await;
    let standing = looked_at(&daemon, before + 1).await;
    assert_eq!(
        (&standing["light"], &standing["held"]),
        (&json!("failed"), &json!("canary_failed")),
        "{standing}"
    );
    assert!(daemon.log().contains("canary_failed: trunk loop"), "{}", daemon.log());
    (daemon, looping, standing)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_way_audio_is_a_red_prompt_and_nothing_is_dialled_until_it_is_mended() {
    let (daemon, looping, standing) = faulty(Fault::OneWay).await;
    let red = red(&standing);
    assert!(red.contains(&"prompt_back".to_owned()) && red.contains(&"channels".to_owned()), "{standing}");
    assert!(!red.contains(&"prompt".to_owned()) && !red.contains(&"key".to_owned()), "{standing}");

    let campaign = daemon.dial("loop", "13800000001", json!({})).await;
    let path = format!("/campaigns/{campaign}/progress");
    let blocked = until(LIMIT, async || {
        let progress = daemon.get(&path).await;
        progress.to_string().contains("its canary failed").then_some(progress)
    });
    assert!(blocked.await.is_some(), "{}", daemon.get(&path).await);
    assert_eq!(daemon.get(&format!("/calls?campaign={campaign}")).await["items"], json!([]), "no call");

    looping.set_fault(Fault::None);
    daemon.post("/trunks/loop/canary", &json!({})).await;
    let standing = looked_at(&daemon, 3).await;
    assert_eq!(standing["light"], "passed", "{standing}");
    // The number that is called comes back too, and nothing answers it here.
    let call = daemon.call_of(campaign, LIMIT).await;
    assert_eq!(call["sip_status"], 404, "{call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_swallowed_and_one_that_comes_twice_are_red_keys() {
    let (daemon, looping, standing) = faulty(Fault::NoKeys).await;
    assert_eq!(
        (red(&standing), figure(&standing, "key")),
        (vec!["key".to_owned()], "–".to_owned()),
        "{standing}"
    );
    looping.set_fault(Fault::KeysTwice);
    daemon.post("/trunks/loop/canary", &json!({})).await;
    let standing = looked_at(&daemon, 3).await;
    assert_eq!(
        (red(&standing), figure(&standing, "key")),
        (vec!["key".to_owned()], "55".to_owned()),
        "{standing}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_be_had_is_red_and_a_person_may_have_it_dialled_all_the_same() {
    let (daemon, looping, standing) = faulty(Fault::Refuses("404 Not Found")).await;
    assert_eq!(red(&standing), ["answered", "came_back"], "{standing}");
    assert!(figure(&standing, "answered").contains("404"), "{standing}");
    looping.set_fault(Fault::Refuses("480 Temporarily Unavailable"));
    daemon.post("/trunks/loop/canary", &json!({})).await;
    let standing = looked_at(&daemon, 3).await;
    assert!(figure(&standing, "answered").contains("480"), "{standing}");

    let campaign = daemon.dial("loop", "13800000001", json!({})).await;
    let reason = json!({ "reason": "the carrier tests its lines today" });
    daemon.post("/trunks/loop/canary/override", &reason).await;
    let call = daemon.call_of(campaign, LIMIT).await;
    assert_eq!(call["sip_status"], 480, "{call}");
    let standing = daemon.get("/trunks/canary").await["items"][0].clone();
    assert_eq!(standing["light"], "overridden", "{standing}");
    assert_eq!(standing["overridden"]["reason"], reason["reason"], "{standing}");
    let log = daemon.get("/audit?action=trunk.canary_override").await;
    assert_eq!(log["items"][0]["subject"], "trunk:loop", "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_a_trunk_survives_a_kill_and_a_trunk_without_a_canary_is_as_before() {
    let looping = Looping::start(Fault::Refuses("404 Not Found"));
    let plain = Trunk::at("plain", free_port());
    let daemon = Daemon::start(&[trunk(looping.port, ""), plain], "").await;
    let standing = looked_at(&daemon, 1).await;
    assert_eq!(standing["light"], "failed", "{standing}");
    let daemon = daemon.kill_and_start_again().await;
    let held = daemon.trunk_becomes("loop", LIMIT, |trunk| trunk["held"] == "canary_failed");
    held.await;
    assert_eq!(daemon.trunk("plain").await["held"], "");
    let (status, refused) = daemon.try_post("/trunks/plain/canary", &json!({})).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused.to_string().contains("[trunk.canary]"), "{refused}");
    assert_eq!(daemon.try_post("/trunks/none/canary", &json!({})).await.0, 404);
}
