//! Channels by the API and the command line.

use ringback::io::cli::{Cli, ClientSettings};
use serde_json::json;

use super::sink::{Reply, Sink};
use super::world::{channel, notice, outbox, settings, turn};
use crate::plan::shop::{Shop, at};
use crate::support::databases::Database;

#[tokio::test]
async fn a_channel_is_tried_and_says_how_it_fares() {
    let db = Database::sqlite();
    let (shop, sink) = (Shop::open(&db).await, Sink::open().await);
    shop.site.get("/api/v1/notice-channels").await.expect(503);
    let outbox = outbox(&shop, settings(&channel("feishu", &sink.url, "*")));
    shop.site.api.set_notices(outbox.clone());
    shop.site.post("/api/v1/notice-channels/none/test", json!({})).await.expect(404);
    shop.site.post("/api/v1/notice-channels/group/test", json!({})).await.expect(204);
    assert!(sink.taken()[0].body["content"]["text"].as_str().unwrap().starts_with("测试通知:group"));
    sink.reply(&[Reply::With(200, r#"{"code":19021,"msg":"sign match fail"}"#)]);
    let refused = shop.site.post("/api/v1/notice-channels/group/test", json!({})).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("19021: sign match fail"), "{refused}");
    shop.site.store.queue_notices(&[notice("a", "ticket.new", "")], at("2026-03-02 09:00")).await.unwrap();
    turn(&outbox, "2026-03-02 09:00").await;
    let channels = shop.site.get("/api/v1/notice-channels").await.expect(200);
    let row = &channels["items"][0];
    assert_eq!((&row["name"], &row["kind"], &row["waiting"]), (&json!("group"), &json!("feishu"), &json!(0)));
    assert_eq!(row["last_sent_at"], at("2026-03-02 09:00").0);
    let audit = shop.number("SELECT COUNT(*) FROM audit_log WHERE action = 'notice.test'").await;
    assert_eq!(audit, 2);
}

#[tokio::test]
async fn the_command_line_shows_notices_and_tries_channels() {
    let db = Database::sqlite();
    let (shop, sink) = (Shop::open(&db).await, Sink::open().await);
    let outbox = outbox(&shop, settings(&channel("webhook", &sink.url, "*")));
    shop.site.api.set_notices(outbox.clone());
    shop.site
        .store
        .queue_notices(&[notice("a", "ticket.new", "李四")], at("2026-03-02 09:00"))
        .await
        .unwrap();
    turn(&outbox, "2026-03-02 09:00").await;
    let client = ClientSettings {
        socket: shop.site.socket(),
        database: shop.site.url(),
        console: shop.site.base.clone(),
        zone: jiff::tz::TimeZone::UTC,
        roles: ringback::io::roles::built_in(),
    };
    let run = async |words: &[&str]| {
        let all = ["ringback", "notices"].iter().chain(words);
        let cli = <Cli as clap::Parser>::try_parse_from(all).unwrap();
        ringback::io::cli::run(&cli, &client).await
    };
    run(&[]).await.unwrap();
    run(&["--topic", "ticket.*", "--state", "sent"]).await.unwrap();
    run(&["channels"]).await.unwrap();
    run(&["test", "group"]).await.unwrap();
    assert_eq!(sink.received().len(), 2);
    run(&["acknowledge", "1", "--note", "seen"]).await.unwrap();
    assert!(run(&["test", "none"]).await.is_err());
    assert!(run(&["--state", "lost"]).await.is_err());
}

#[tokio::test]
async fn the_texts_are_shown_with_who_gets_them_and_how_they_will_be_read() {
    let db = Database::sqlite();
    let (shop, sink) = (Shop::open(&db).await, Sink::open().await);
    let outbox = outbox(&shop, settings(&channel("feishu", &sink.url, "callback.*")));
    shop.site.api.set_notices(outbox);
    let all = shop.site.get("/api/v1/notice-templates").await.expect(200);
    let one = |topic: &str| {
        let items = all["items"].as_array().unwrap();
        items.iter().find(|item| item["topic"] == topic).unwrap_or_else(|| panic!("{topic}: {all}")).clone()
    };
    let done = one("callback.done");
    assert_eq!((&done["file"], &done["own"]), (&json!("callbacks.toml"), &json!(false)));
    assert!(done["facts"].as_array().unwrap().contains(&json!("customer")), "{done}");
    assert_eq!(done["routes"], json!([{ "to": [], "packs": [], "channels": ["group"], "urgent": false }]));
    let examples = done["examples"].as_array().unwrap();
    let ways: Vec<(&str, &str)> =
        examples.iter().map(|e| (e["channel"].as_str().unwrap(), e["language"].as_str().unwrap())).collect();
    assert_eq!(ways, [("", "zh-CN"), ("", "en"), ("group", "zh-CN")]);
    for example in examples {
        let text = example.to_string();
        assert!(text.contains("138****0001") && !text.contains("13800000001"), "{text}");
        assert!(!text.contains("张小三") && !text.contains("Xiaosan"), "{text}");
    }
    assert_eq!(one("roster.missing")["routes"], json!([]), "no route names it");

    let test = "/api/v1/notice-templates/callback.done/test";
    shop.site.post(test, json!({ "channel": "group" })).await.expect(204);
    let sent = sink.taken()[0].body.to_string();
    assert!(sent.contains("回访完成") && sent.contains("138****0001"), "{sent}");
    shop.site.post(test, json!({ "channel": "none" })).await.expect(404);
    shop.site.post("/api/v1/notice-templates/nothing/test", json!({ "channel": "group" })).await.expect(404);

    for (lang, expects) in [
        ("zh-CN", ["发给谁", "程序自带", "给我发一条试试", "settings-fact\">customer"]),
        ("en", ["Who gets it", "Comes with the program", "Send me a test", "settings-fact\">customer"]),
    ] {
        let path = "/settings/notices/templates?topic=callback.done";
        let request = shop.site.request(reqwest::Method::GET, path, &shop.site.admin);
        let page = crate::web::site::send(request.header("accept-language", lang)).await;
        assert_eq!(page.status, 200, "{}", page.text());
        for expect in expects {
            assert!(page.text().contains(expect), "{expect}: {}", page.text());
        }
    }
    let missing = shop.site.get("/settings/notices/templates?topic=nothing").await;
    assert_eq!(missing.status, 404);
}
