//! The real daemon with a simulated trunk: a ticket that is dealt with makes the robot call, and
//! what the customer presses closes it.

use std::time::Duration;

use ringback::io::demo::DemoTrunk;
use ringback::sim::Mix;
use serde_json::json;

use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::peers::program::until;
use crate::plan::shop::SHOP;
use crate::support::databases::block_on;

/// Tickets of the shop: one stage, verified at once.
const TICKETS: &str = r#"
pack = "shop"
title = "门店工单"
owner = "店长"
supervisor = "经理"
[verify]
after = "0min"
deadline = "1d"
[kind.repair]
title = "报修"
[[kind.repair.stage]]
id = "repair"
title = "维修"
due = "48h"
"#;

/// The shop, open at every hour, which asks by a script of its own whether it is solved.
fn shop() -> String {
    let rule = r#"
[rule.ticket_verify]
title = "工单验证"
source = "VER-02"
purpose = "verification"
on = { manual = true }
due = "0d"
deadline = "1d"
script = "one-key"
"#;
    SHOP.replace(r#""09:00-12:00", "14:00-18:00""#, r#""00:00-24:00""#)
        .replace("brand = \"门店\"", "brand = \"门店\"\nlanguage = \"en\"")
        + rule
}

#[test]
fn ver_02_the_robot_calls_and_the_customers_key_closes_the_ticket() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shop.toml"), shop()).unwrap();
        std::fs::create_dir(folder.path().join("tickets")).unwrap();
        std::fs::write(folder.path().join("tickets/shop.toml"), TICKETS).unwrap();
        // Without shares everybody answers and presses five.
        let trunk = DemoTrunk::with_mix(Mix::new(1, Vec::new()), 1).unwrap();
        let setup = Setup {
            sections: format!("[policy]\nfolder = \"{}\"\nrelease_at = \"00:00\"\n", folder.path().display()),
            ..Setup::of(&[Trunk::at("sim", trunk.address().port())])
        };
        let daemon = Daemon::start_as(&setup).await;
        daemon.trunk_becomes("sim", Duration::from_secs(20), |trunk| trunk["state"] == "up").await;
        let body = json!({ "pack": "shop", "kind": "repair", "source": "walk_in", "phone": "13800000001", "name": "One" });
        let ticket = daemon.post("/tickets", &body).await;
        let path = format!("/tickets/{}", ticket["ticket"]["id"]);
        let report = json!({ "do": "report", "stage": "repair" });
        let ticket = daemon.post(&format!("{path}/acts"), &report).await;
        assert_eq!(ticket["ticket"]["phase"], "verifying", "{ticket}");
        // What is asked for is waited for, however busy the machine.
        let closed = until(Duration::from_secs(90), async || {
            Some(daemon.get(&path).await).filter(|ticket| ticket["ticket"]["phase"] == "closed")
        });
        let closed = closed.await.expect("the ticket is closed by the customer's key");
        assert_eq!(closed["closed_how"], "satisfied", "{closed}");
        let call = closed["fields"]["confirmed_in_call"].as_str().unwrap();
        let call = daemon.get(&format!("/calls/{call}")).await;
        assert_eq!(call["disposition"], "completed", "{call}");
        assert!(call["recording_ms"].as_i64().is_some_and(|ms| ms > 0), "its recording is linked: {call}");
        daemon.stop().await;
    });
}
