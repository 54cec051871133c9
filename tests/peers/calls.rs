//! Call flows against SIPp: each ends with the right disposition, and no call stays up.

use std::time::Duration;

use serde_json::{Value, json};

use super::daemon::{Daemon, Trunk, own_network};
use super::program::{can_run, free_port, is_root, skip, until};
use super::sipp::{Sipp, Words, tone_of_five};
use crate::support::databases::block_on;

/// How a call of a row must end.
struct Row {
    scenario: &'static str,
    status: &'static str,
    trunk: &'static str,
    disposition: &'static str,
    /// A 5 was heard.
    five: bool,
    /// It was up long enough for a recording.
    up: bool,
    /// Played from a capture file, which SIPp can send only as root.
    raw: bool,
}

const fn row(scenario: &'static str, disposition: &'static str) -> Row {
    Row { scenario, status: "", trunk: "", disposition, five: false, up: false, raw: false }
}

const fn answered(scenario: &'static str) -> Row {
    Row { five: true, up: true, raw: true, ..row(scenario, "completed") }
}

/// Answered and over before anything was said.
const fn talked(scenario: &'static str, disposition: &'static str) -> Row {
    Row { up: true, ..row(scenario, disposition) }
}

const fn refused(status: &'static str, disposition: &'static str) -> Row {
    Row { status, ..row("reject", disposition) }
}

const ROWS: &[Row] = &[
    answered("answer"),
    answered("answer-speaking"),
    answered("answer-repeated"),
    answered("early-media"),
    answered("reliable-provisional"),
    answered("record-route"),
    answered("hold"),
    answered("offerless-reinvite"),
    answered("questions-in-dialog"),
    Row { trunk: "redirect = \"follow\"", ..answered("redirect") },
    Row { trunk: "redirect = \"follow\"", ..row("redirect-refused", "congestion") },
    answered("forked-answers"),
    answered("we-refresh"),
    answered("peer-refreshes"),
    answered("interval-too-small"),
    answered("update-in-dialog"),
    answered("early-answer"),
    answered("early-update"),
    answered("bye-crosses-bye"),
    answered("bye-unknown"),
    Row { five: true, ..talked("info-digit", "completed") },
    Row { five: true, ..talked("inband-digit", "completed") },
    Row { five: true, ..talked("codec-change", "completed") },
    talked("refresh-missing", "dead_air"),
    talked("peer-hangs-up", "hung_up"),
    talked("bye-while-held", "hung_up"),
    row("bye-behind-ack", "hung_up"),
    row("bye-before-answer", "no_answer"),
    row("no-answer", "no_answer"),
    row("answer-crosses-cancel", "no_answer"),
    row("silent", "congestion"),
    row("unavailable-retry-after", "congestion"),
    refused("486 Busy Here", "busy"),
    refused("480 Temporarily Unavailable", "unavailable"),
    refused("404 Not Found", "invalid_number"),
    refused("484 Address Incomplete", "invalid_number"),
    refused("410 Gone", "invalid_number"),
    refused("603 Decline", "declined"),
    refused("488 Not Acceptable Here", "incompatible"),
];

#[test]
fn calls_to_sipp_end_as_they_must_and_leave_nothing_behind() {
    if !can_run("sipp") || !can_run("sox") {
        return;
    }
    block_on(async {
        let rows: Vec<_> = ROWS.iter().filter(|row| is_root() || !row.raw).collect();
        if rows.len() < ROWS.len() {
            skip("SIPp plays capture files only as root: flows with RFC 4733 digits");
        }
        let name = |i: usize| format!("flow-{i}");
        let trunk = |i: usize, row: &Row| Trunk::at(&name(i), free_port()).with(row.trunk);
        let trunks: Vec<_> = rows.iter().enumerate().map(|(i, row)| trunk(i, row)).collect();
        let daemon = Daemon::start(&trunks, "").await;
        let (tones, mulaw) =
            (tone_of_five(daemon.folder.path(), "a-law"), tone_of_five(daemon.folder.path(), "mu-law"));
        let mut peers = Vec::new();
        for (row, trunk) in rows.iter().zip(&trunks) {
            let words: Words<'_> = &[("STATUS", row.status), ("TONES", &tones), ("MULAW", &mulaw)];
            peers.push(Sipp::answering(row.scenario, words, trunk.port, daemon.folder.path()));
        }
        let mut campaigns = Vec::new();
        for i in 0..rows.len() {
            campaigns.push(daemon.dial(&name(i), &format!("138000{:05}", 10_000 + i), json!({})).await);
        }
        let mut wrong = Vec::new();
        for (row, campaign) in rows.iter().zip(&campaigns) {
            let call = daemon.call_of(*campaign, Duration::from_secs(60)).await;
            wrong.extend(differences(&daemon, row, &call).await);
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        for peer in peers {
            peer.must_end_well().await;
        }
        // The live view is drawn anew a few times a second: it may still show the last call.
        let none_up = until(Duration::from_secs(2), async || {
            (daemon.get("/live/calls").await["items"] == json!([])).then_some(())
        });
        assert!(none_up.await.is_some(), "a call stayed up: {}", daemon.get("/live/calls").await);
        daemon.stop().await;
    });
}

/// What is not as the row says, as sentences.
async fn differences(daemon: &Daemon, row: &Row, call: &Value) -> Vec<String> {
    let id = call["id"].as_str().unwrap_or_default();
    let told = format!("{} {}: {}", row.scenario, row.status, call);
    let mut wrong = Vec::new();
    if call["disposition"] != row.disposition {
        wrong.push(format!("{told}: the disposition must be {}", row.disposition));
    }
    let keys = daemon.get(&format!("/calls/{id}/answers")).await;
    let five = keys["items"].as_array().is_some_and(|all| all.iter().any(|answer| answer["keys"] == "5"));
    if five != row.five {
        wrong.push(format!("{told}: answers {keys}"));
    }
    if row.up && call["recording_ms"].is_null() {
        wrong.push(format!("{told}: it must be recorded"));
    } else if row.up {
        let audio = daemon.bytes(&format!("/calls/{id}/recording")).await;
        if !audio.starts_with(b"RIFF") || audio.len() < 8_000 {
            wrong.push(format!("{told}: a recording of {} bytes", audio.len()));
        }
    } else if !call["answered_at"].is_null() && row.disposition != "hung_up" {
        wrong.push(format!("{told}: it was never answered"));
    }
    let trace = daemon.get(&format!("/calls/{id}/trace")).await.to_string();
    if !trace.contains("INVITE sip:") {
        wrong.push(format!("{told}: no trace"));
    }
    wrong
}

#[test]
fn a_call_from_sipp_is_answered_and_its_key_is_stored() {
    if !can_run("sipp") {
        return;
    }
    if !is_root() {
        return skip("SIPp plays capture files only as root: the inbound call");
    }
    block_on(async {
        let rule = "[[inbound]]\nnumber = \"400*\"\nscript = \"one-key\"\nlanguage = \"en\"\n";
        let daemon = Daemon::start(&[own_network()], rule).await;
        let peer = Sipp::calling("call-in", "4001234567", daemon.sip_port, daemon.folder.path());
        peer.must_end_well().await;
        let path = "/calls?direction=inbound&state=ended";
        let found = until(Duration::from_secs(10), async || daemon.get(path).await["items"].get(0).cloned());
        let call = found.await.expect("the inbound call is stored");
        let answers =
            daemon.get(&format!("/calls/{}/answers", call["id"].as_str().unwrap_or_default())).await;
        assert_eq!(answers["items"][0]["keys"], "5", "{call}");
        assert!(call["recording_ms"].as_i64().is_some_and(|ms| ms > 1_000), "{call}");
        daemon.stop().await;
    });
}
