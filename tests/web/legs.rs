//! Orders to calls that are up.

use reqwest::Method;
use ringback::base::{CallId, Rng, Timestamp};
use ringback::call::leg::Listening;
use ringback::engine::BridgeOrder;
use ringback::io::web::Control;
use serde_json::{Value, json};

use super::site::{MONDAY, Site, send};

async fn post(site: &Site, path: &str, body: Value) -> (u16, Value) {
    let answer = send(site.request(Method::POST, path, &site.operate).json(&body)).await;
    let json = if answer.bytes.is_empty() { Value::Null } else { answer.json() };
    (answer.status.as_u16(), json)
}

#[tokio::test]
async fn each_order_reaches_the_engine_with_its_name_and_an_audit_line() {
    let site = Site::sqlite().await;
    let call = CallId::new(Timestamp(MONDAY.0), &mut Rng::seeded(3));
    let target = |text: &str| json!({ "target": text });
    let cases = [
        ("hold", json!({}), BridgeOrder::Hold(true), "call.hold"),
        ("resume", json!({}), BridgeOrder::Hold(false), "call.resume"),
        ("mute", json!({ "leg": 2, "muted": true }), BridgeOrder::Mute(2, true), "call.mute"),
        ("transfer", target("1002"), BridgeOrder::Transfer("1002".into()), "call.transfer"),
        ("consult", target("1002"), BridgeOrder::Consult("1002".into()), "call.consult"),
        ("complete", json!({}), BridgeOrder::Complete, "call.complete"),
        ("back", json!({}), BridgeOrder::Back, "call.back"),
        ("conference", target("1003"), BridgeOrder::Conference(Some("1003".into())), "call.conference"),
        ("conference", json!({}), BridgeOrder::Conference(None), "call.conference"),
        (
            "supervise",
            json!({ "target": "1009", "mode": "whisper" }),
            BridgeOrder::Supervise("1009".into(), Listening::Whisper),
            "call.supervise",
        ),
        ("recording/pause", json!({ "paused": true }), BridgeOrder::PauseRecording(true), "recording.pause"),
        (
            "recording/pause",
            json!({ "paused": false }),
            BridgeOrder::PauseRecording(false),
            "recording.resume",
        ),
        ("legs/hang-up", json!({ "leg": 1 }), BridgeOrder::HangUpLeg(1), "call.hang_up_leg"),
    ];
    for (path, body, expect, action) in cases {
        let (status, answer) = post(&site, &format!("/api/v1/calls/{call}/{path}"), body).await;
        assert_eq!(status, 202, "{path}: {answer}");
        let last = site.orders.lock().unwrap().last().cloned();
        assert!(
            matches!(&last, Some(Control::Bridge { call: to, order, by }) if *to == call && *order == expect && !by.is_empty()),
            "{path}: {last:?}"
        );
        let audit = site.get(&format!("/api/v1/audit?action={action}")).await.expect(200);
        assert_eq!(audit["items"][0]["subject"], format!("call:{call}"), "{action}");
    }
}

#[tokio::test]
async fn a_target_that_is_none_is_refused_before_anything_rings() {
    let site = Site::sqlite().await;
    let call = CallId::new(Timestamp(MONDAY.0), &mut Rng::seeded(4));
    for wrong in ["", "sip:1002@evil.example", "1002\r\nX: y", &"1".repeat(33)] {
        for path in ["transfer", "consult", "conference"] {
            let body = json!({ "target": wrong });
            let (status, problem) = post(&site, &format!("/api/v1/calls/{call}/{path}"), body).await;
            assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("target")), "{problem}");
        }
    }
    let (status, _) =
        post(&site, &format!("/api/v1/calls/{call}/supervise"), json!({ "target": "1009", "mode": "shout" }))
            .await;
    assert!(matches!(status, 400 | 422), "{status}");
    assert!(site.orders.lock().unwrap().is_empty());
}
