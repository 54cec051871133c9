//! Campaigns and orders to the daemon.

use std::sync::Arc;

use reqwest::Method;
use ringback::base::{CampaignId, Timestamp};
use ringback::dialer::CampaignState;
use ringback::io::web::{Catalogue, Control, DrainMode, LiveCampaign, ScriptFact};
use serde_json::json;

use super::site::{MONDAY, Site, send};

#[tokio::test]
async fn a_campaign_is_made_changed_ordered_and_deleted() {
    let site = Site::sqlite().await;
    let (id, _) = site.campaign(&["13800000001"]).await;
    let path = format!("/api/v1/campaigns/{id}");
    site.post("/api/v1/campaigns", json!({"name": "march", "list": 1})).await.expect(409);
    site.post("/api/v1/campaigns", json!({"name": "april", "list": 1})).await.expect(409);
    site.post("/api/v1/campaigns", json!({"name": "april", "list": 77})).await.expect(404);
    let body = json!({"settings": {"concurrency": 3, "windows": ["Mon-Fri 09:00-12:00"]}});
    let changed = send(site.request(Method::PUT, &path, &site.admin).json(&body)).await.expect(200);
    assert_eq!(
        (&changed["settings"]["concurrency"], &changed["settings"]["max_attempts"]),
        (&json!(3), &json!(3))
    );
    for (order, state) in [("start", "running"), ("pause", "paused"), ("stop", "stopped"), ("end", "ending")]
    {
        assert_eq!(site.post(&format!("{path}/{order}"), json!({})).await.expect(200)["state"], state);
    }
    let refused = site.post(&format!("{path}/resume"), json!({})).await.expect(409);
    assert_eq!(refused["detail"], "a draft cannot be resumed; start it");
    site.post(&format!("{path}/explode"), json!({})).await.expect(404);
    site.post("/api/v1/campaigns/99/start", json!({})).await.expect(404);
    let orders = site.orders.lock().unwrap().clone();
    let by = "admin".to_string();
    assert!(orders.contains(&Control::StartCampaign { id, by }), "{orders:?}");
    assert!(matches!(&orders[1], Control::CampaignCreated(c) if c.id == id), "{orders:?}");
    send(site.request(Method::DELETE, &path, &site.admin)).await.expect(204);
    site.get(&path).await.expect(404);
    assert_eq!(site.orders.lock().unwrap().last(), Some(&Control::CampaignDeleted(id)));
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_one_by_one() {
    let site = Site::sqlite().await;
    site.upload("list_name=l", "phone\n13800000001\n").await.expect(201);
    let script = ScriptFact {
        name: "s".into(),
        title: "S".into(),
        questions: vec![],
        steps: vec![],
        origin: "default".into(),
        problems: vec![],
    };
    site.catalogue.send_replace(Arc::new(Catalogue { scripts: vec![script], ..Catalogue::default() }));
    let settings = json!({
        "script": "none", "timezone": "Mars/Olympus", "windows": ["Mon-Fri 09:00-12:00", "Mon 25-26"],
        "calls_per_second": -1.0, "ring_seconds": 1, "priority": 12, "max_attempts": 0,
    });
    let problem = site
        .post("/api/v1/campaigns", json!({"name": "x", "list": 1, "settings": settings}))
        .await
        .expect(422);
    let fields: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "settings.script",
            "settings.timezone",
            "settings.windows[1]",
            "settings.calls_per_second",
            "settings.ring_seconds",
            "settings.priority",
            "settings.max_attempts",
        ]
    );
    assert!(problem["errors"].as_array().unwrap().iter().all(|e| !e["hint"].as_str().unwrap().is_empty()));
    let unknown =
        site.post("/api/v1/campaigns", json!({"name": "x", "list": 1, "settings": {"scrip": "s"}})).await;
    assert!(unknown.expect(422)["detail"].as_str().unwrap().contains("scrip"));
    site.post("/api/v1/campaigns", json!({"name": "x", "list": 1, "settings": {"script": "s"}}))
        .await
        .expect(201);
}

#[tokio::test]
async fn progress_counts_by_result_and_tells_the_end() {
    use ringback::base::Disposition::{Busy, Completed};
    let mut site = Site::sqlite().await;
    let phones = ["13800000001", "13800000002", "13800000003", "13800000004", "13800000005"];
    let (id, entries) = site.campaign(&phones).await;
    for (place, disposition) in [Completed, Busy, Completed].into_iter().enumerate() {
        let call = super::site::Call { disposition, scores: &[], seconds: 10, recording: None, detail: "" };
        site.call(id, entries[place], phones[place], MONDAY.0 + place as i64 * 60_000, call).await;
    }
    let path = format!("/api/v1/campaigns/{id}/progress");
    let progress = site.get(&path).await.expect(200);
    assert_eq!(progress["by_result"], json!({"busy": 1, "completed": 2}));
    assert_eq!(progress["by_state"], json!({"done": 3, "pending": 2}));
    assert_eq!(
        (&progress["entries"], &progress["settled"], &progress["calls"]),
        (&json!(5), &json!(3), &json!(3))
    );
    assert_eq!(progress["eta"], json!(null), "a draft has no end");
    let live = LiveCampaign {
        id: CampaignId(id.0),
        state: CampaignState::Running,
        calls: 1,
        blocked: None,
        eta: Some(Timestamp(MONDAY.0 + 5)),
    };
    site.live.send_modify(|l| Arc::make_mut(l).campaigns.push(live));
    let progress = site.get(&path).await.expect(200);
    assert_eq!((&progress["eta"], &progress["state"]), (&json!(MONDAY.0 + 5), &json!("running")));
    site.get("/api/v1/campaigns/77/progress").await.expect(404);
}

#[tokio::test]
async fn drain_and_reload_reach_the_engine_and_the_audit_log() {
    let site = Site::sqlite().await;
    let drained = site.post("/api/v1/drain", json!({"mode": "when-idle"})).await.expect(202);
    assert_eq!(drained["calls"], 2);
    site.post("/api/v1/drain", json!({"mode": "never"})).await.expect(422);
    assert_eq!(site.post("/api/v1/reload", json!({})).await.expect(200)["sections"][0]["result"], "applied");
    let by = "admin".to_string();
    let orders = [Control::Drain { mode: DrainMode::WhenIdle, by: by.clone() }, Control::Reload { by }];
    assert_eq!(*site.orders.lock().unwrap(), orders);
    let audit = site.get("/api/v1/audit?actor=admin").await.expect(200);
    let actions: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["daemon.reload", "daemon.drain"]);
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked_without_ever_showing_a_stored_secret() {
    let site = Site::sqlite().await;
    let made = site
        .post("/api/v1/tokens", json!({"name": "wallboard", "scope": "read", "expires_in": 60}))
        .await
        .expect(201);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(made["expires_at"], MONDAY.0 + 60_000);
    send(site.request(Method::GET, "/api/v1/lists", secret)).await.expect(200);
    site.post("/api/v1/tokens", json!({"name": "wallboard", "scope": "read"})).await.expect(409);
    site.post("/api/v1/tokens", json!({"name": "x", "scope": "root"})).await.expect(422);
    let list = site.get("/api/v1/tokens").await;
    assert!(!list.text().contains("rb_") && !list.text().contains("hash"), "{}", list.text());
    send(site.request(Method::DELETE, "/api/v1/tokens/wallboard", &site.admin)).await.expect(204);
    send(site.request(Method::DELETE, "/api/v1/tokens/none", &site.admin)).await.expect(404);
    send(site.request(Method::GET, "/api/v1/lists", secret)).await.expect(401);
}
