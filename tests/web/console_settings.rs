//! The pages of the settings, and the documentation of the API.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use ringback::base::Timestamp;
use ringback::io::store::{LinkKind, NewAccount, NewToken};
use ringback::io::web::{Catalogue, LiveSnapshot, LiveTrunk, PromptFact, Sounds, hash_secret};
use ringback::media::{Prompt, PromptLibrary};
use serde_json::json;

use super::console::{Browser, entered};
use super::site::{MONDAY, Site, ready, send, token_of};

/// A site with a trunk and two prompts, one of which is missing.
async fn site() -> Site {
    let site = Site::sqlite().await;
    let trunk = LiveTrunk {
        name: "carrier".into(),
        transport: "udp".into(),
        address: "sip.example.cn:5060".into(),
        state: "up".into(),
        since: MONDAY,
        round_trip_ms: Some(23),
        placed: 10,
        answered: 7,
        ..LiveTrunk::default()
    };
    site.live.send_replace(Arc::new(LiveSnapshot { trunks: vec![trunk], ..ready() }));
    let mut library = PromptLibrary::new("zh-CN");
    library.insert("zh-CN", Arc::new(Prompt::from_pcm("survey/hello", &[900; 8_000])));
    let prompt = |name: &str, missing: bool, text: &str| PromptFact {
        name: name.into(),
        language: "zh-CN".into(),
        duration_ms: if missing { 0 } else { 1_000 },
        used_by: vec!["furniture-mall".into()],
        missing,
        text: text.into(),
    };
    let prompts = vec![prompt("survey/hello", false, "您好"), prompt("company/name", true, "")];
    let sounds = Sounds(Arc::new(library));
    site.catalogue.send_replace(Arc::new(Catalogue { prompts, sounds, ..Catalogue::default() }));
    site
}

const PAGES: [&str; 13] = [
    "/settings",
    "/settings/accounts",
    "/settings/accounts/li.wei",
    "/settings/roles",
    "/settings/roles?role=agent",
    "/settings/tokens",
    "/settings/trunks",
    "/settings/prompts",
    "/settings/prompts?language=zh-CN&name=survey/hello",
    "/settings/log",
    "/settings/dead-letters",
    "/docs",
    "/docs?op=post_accounts",
];

#[tokio::test]
async fn every_page_of_the_settings_answers_in_both_languages() {
    let site = site().await;
    let browser = entered(&site).await;
    for path in PAGES {
        for (lang, word) in [("zh-CN", "设置"), ("en", "Settings")] {
            let cookie = format!("{}; rb_lang={lang}", browser.cookie);
            let answer = send(browser.request(Method::GET, path).header("cookie", cookie)).await;
            let page = answer.text();
            assert_eq!(answer.status, 200, "{path}: {page}");
            assert!(page.contains(word), "{path}");
            for wrong in [" style=", "<style", " onclick="] {
                assert!(!page.contains(wrong), "{path} holds {wrong}");
            }
        }
    }
    let system = browser.get("/settings").await.text();
    assert!(system.contains("Takes work") && system.contains("1.1 GB"), "{system}");
    let trunks = browser.get("/settings/trunks").await.text();
    assert!(trunks.contains("carrier") && trunks.contains("70<small>%"), "{trunks}");
    let accounts = browser.get("/settings/accounts").await.text();
    assert!(accounts.contains("li.wei") && accounts.contains("Administrator"), "{accounts}");
    assert_eq!(browser.get("/settings/accounts/nobody").await.status, 404);
    assert_eq!(browser.get("/docs?op=no_such").await.status, 404);
}

#[tokio::test]
async fn who_may_not_change_accounts_sees_no_page_of_them_and_no_link_to_one() {
    let site = site().await;
    entered(&site).await;
    let roles = ["supervisor".to_owned()];
    let new = NewAccount { name: "eye", roles: &roles, ..NewAccount::default() };
    let account = site.store.add_account(&new, "t", MONDAY).await.unwrap();
    let expires = MONDAY + Duration::from_secs(60);
    let hash = hash_secret("rb_l");
    site.store.add_account_link(&hash, LinkKind::Login, Some(account.id), expires).await.unwrap();
    let mut browser = Browser::new(&site);
    let came = browser.get("/welcome/rb_l").await;
    browser.cookie = came.header("set-cookie").split(';').next().unwrap().to_owned();
    let system = browser.get("/settings").await;
    assert_eq!(system.status, 200, "{}", system.text());
    let system = system.text();
    for hidden in ["/settings/accounts", "/settings/tokens", "/settings/log", "id=\"reload\"", "id=\"drain\""]
    {
        assert!(!system.contains(hidden), "{hidden}");
    }
    for path in ["/settings/accounts", "/settings/accounts/li.wei", "/settings/tokens", "/settings/log"] {
        assert_eq!(browser.get(path).await.status, 403, "{path}");
    }
    assert!(!browser.get("/settings/trunks").await.text().contains("POST /trunks/"), "no test call for them");
}

#[tokio::test]
async fn prompts_are_found_heard_and_replaced() {
    let site = site().await;
    let browser = entered(&site).await;
    let found = browser.get("/settings/prompts?q=%E6%82%A8%E5%A5%BD").await.text();
    assert!(found.contains("survey/hello") && !found.contains("company/name"), "{found}");
    let missing = browser.get("/settings/prompts?missing=true").await.text();
    assert!(missing.contains("company/name") && !missing.contains("survey/hello"), "{missing}");
    let sound = "/api/v1/prompts/sound?language=zh-CN&name=survey/hello";
    let heard = site.get(sound).await;
    assert_eq!((heard.header("content-type"), heard.bytes.len()), ("audio/wav", 44 + 16_000));
    assert_eq!(&heard.bytes[..4], b"RIFF");
    assert_eq!(site.get("/api/v1/prompts/sound?language=en&name=survey/hello").await.status, 404);
    // Nobody said where prompts are kept.
    let put = async |path: &str, body: Vec<u8>| {
        let request = site.request(Method::PUT, path, &site.admin).header("content-type", "audio/wav");
        send(request.body(body)).await
    };
    put(sound, heard.bytes.clone()).await.expect(409);
    let folder = site.folder.path().join("prompts");
    let access = ringback::io::web::AccessSettings {
        prompts: Some(folder.clone()),
        ..ringback::io::web::AccessSettings::built_in()
    };
    site.api.set_access(access);
    let quiet = put(sound, heard.bytes.clone()).await;
    assert!(quiet.expect(422)["detail"].as_str().unwrap().contains("too quiet"), "{}", quiet.text());
    let mut loud = heard.bytes.clone();
    for (place, byte) in loud[44..].chunks_mut(2).enumerate() {
        let sample = ((place as f64 * 0.4).sin() * 12_000.0) as i16;
        byte.copy_from_slice(&sample.to_le_bytes());
    }
    let done = put(sound, loud).await.expect(200);
    assert_eq!(done["duration_ms"], 1_000);
    assert!(folder.join("zh-CN/survey/hello.wav").is_file());
    put("/api/v1/prompts/sound?language=zh-CN&name=../x", heard.bytes.clone()).await.expect(422);
    assert!(format!("{:?}", site.orders.lock().unwrap()).contains("Reload"), "the daemon reads it");
    let body = json!({ "language": "zh-CN", "name": "company/name", "phone": "13800000009" });
    site.post("/api/v1/prompts/record", body).await.expect(202);
    assert!(format!("{:?}", site.orders.lock().unwrap()).contains("zh-CN/company/name"));
}

#[tokio::test]
async fn a_test_call_goes_through_the_trunk_that_was_asked_for() {
    let site = site().await;
    let made = site.post("/api/v1/trunks/carrier/test", json!({ "phone": "13800000009" })).await.expect(202);
    assert!(made["call"].is_string());
    let orders = format!("{:?}", site.orders.lock().unwrap());
    assert!(orders.contains("trunk: \"carrier\"") && orders.contains("trunk-test"), "{orders}");
    site.post("/api/v1/trunks/other/test", json!({ "phone": "13800000009" })).await.expect(404);
    site.post("/api/v1/trunks/carrier/test", json!({ "phone": "x" })).await.expect(422);
    let log = site.get("/api/v1/audit?action=trunk.*").await.expect(200);
    assert_eq!(log["items"][0]["subject"], "trunk:carrier");
    assert!(!log["items"][0]["detail"].as_str().unwrap().contains("13800000009"), "{log}");
}

#[tokio::test]
async fn the_log_is_filtered_by_its_address_and_a_wrong_day_is_explained() {
    let site = site().await;
    let browser = entered(&site).await;
    site.store
        .create_token(
            &NewToken { name: "bot", hash: "x", scope: "read", ..NewToken::default() },
            "li.wei",
            MONDAY,
        )
        .await
        .unwrap();
    let page = browser.get("/settings/log?action=token.*&actor=li.wei").await.text();
    assert!(page.contains("token.create") && !page.contains("session.open"), "{page}");
    let page = browser.get("/settings/log?from=2027-01-01").await.text();
    assert!(page.contains("No line fits"), "{page}");
    let wrong = browser.get("/settings/log?from=yesterday").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("is not a time"), "{}", wrong.text());
    // A token that is over is shown apart.
    let new = NewToken {
        name: "old",
        scope: "read",
        expires_at: Some(Timestamp(MONDAY.0 + 1)),
        ..NewToken::default()
    };
    token_of(&site.store, &new).await;
    site.clock.fetch_add(2, std::sync::atomic::Ordering::Relaxed);
    let tokens = browser.get("/settings/tokens").await.text();
    assert!(tokens.contains("expired") && tokens.contains("POST /tokens"), "{tokens}");
}

#[tokio::test]
async fn the_documentation_shows_an_operation_whole() {
    let site = site().await;
    let browser = entered(&site).await;
    let list = browser.get("/docs").await.text();
    assert!(list.matches("data-p=").count() > 200);
    let page = browser.get("/docs?op=patch_customers_id").await.text();
    for part in ["If-Match", "customers.edit", "-X PATCH", "412", "application/json", "Body"] {
        assert!(page.contains(part), "{part}");
    }
}
