//! Rehearsals over the API: days with simulated telephones, compared with the policy in force, within
//! their bounds, and without a trace in the daemon.

use reqwest::Method;
use ringback::io::web::{Batch, EventReader};
use serde_json::{Value, json};

use super::site::{Answer, Site, send};
use crate::plan::shop::{SHOP, Shop};
use crate::support::databases::{Database, number};

/// Waits until an event says that the rehearsal has ended; gives how.
async fn end_of(reader: &mut EventReader, id: i64) -> String {
    loop {
        let Batch::Events(events) = reader.next().await else { continue };
        for event in events {
            let said: Value = serde_json::from_str(&event.json).unwrap();
            let state = said["state"].as_str().unwrap_or_default().to_owned();
            if &*event.topic == "rehearsal"
                && said["id"] == id
                && ["done", "failed", "stopped"].contains(&&*state)
            {
                return state;
            }
        }
    }
}

async fn ask(site: &Site, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
    let request = site.request(method, &format!("/api/v1{path}"), token);
    send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// What is there.
async fn get(site: &Site, path: &str) -> Value {
    ask(site, Method::GET, path, &site.operate, None).await.expect(200)
}

async fn begin(site: &Site, body: Value) -> Answer {
    ask(site, Method::POST, "/rehearsals", &site.operate, Some(body)).await
}

/// A shop whose customers had something installed.
async fn shop(database: &Database) -> Shop {
    let shop = Shop::open(database).await;
    for (place, name) in ["张三丰", "李四", "王五", "赵六"].into_iter().enumerate() {
        let customer = shop.customer(name, &format!("1380000000{place}")).await;
        shop.event(customer, "install.finished", "2026-03-02 10:00", &format!("A{place}"), "{}").await;
        // Long past: whether it was done then is no matter of these days.
        shop.event(customer, "install.finished", "2026-01-05 10:00", &format!("B{place}"), "{}").await;
    }
    shop
}

#[tokio::test]
async fn days_of_the_archive_are_rehearsed_and_nothing_of_the_daemon_is_touched() {
    let database = Database::sqlite();
    let shop = shop(&database).await;
    let site = &shop.site;
    let mut reader = site.api.parts.events.subscribe(None);
    let body = json!({ "pack": "shop", "from": "2026-03-02", "to": "2026-03-05", "answer_rate": 60 });
    let begun = begin(site, body).await.expect(201);
    let id = begun["id"].as_i64().unwrap();
    assert_eq!((begun["state"].as_str(), begun["days"].as_i64()), (Some("running"), Some(4)));
    assert_eq!(end_of(&mut reader, id).await, "done", "{}", get(site, &format!("/rehearsals/{id}")).await);

    let shown = get(site, &format!("/rehearsals/{id}")).await;
    let result = &shown["result"];
    assert_eq!((result["rows"].as_i64(), result["missed"].as_i64()), (Some(8), Some(0)), "{shown}");
    let days = result["days"].as_array().unwrap();
    assert_eq!(days.len(), 4);
    for day in days {
        let of = |word: &str| day[word].as_i64().unwrap();
        assert_eq!(of("due"), of("call") + of("task") + of("not") + of("done") + of("excused"), "{day}");
    }
    let calls: i64 = days.iter().map(|day| day["calls"].as_i64().unwrap()).sum();
    let sum = |list: &Value| -> i64 {
        list.as_array().unwrap().iter().map(|count| count["count"].as_i64().unwrap()).sum()
    };
    assert!(calls >= 4, "{result}");
    assert_eq!((sum(&result["outcomes"]), sum(&result["hours"])), (calls, calls), "{result}");
    assert!(result["differences"].is_null(), "the policy in force is not compared with itself");
    assert_eq!(result["titles"]["installed"], "安装次日回访");

    for (lang, expect) in [("zh-CN", "各时段呼出量"), ("en", "Calls by hour of the day")] {
        let here = site.request(Method::GET, &format!("/lists/rehearsals/{id}"), &site.operate);
        let page = send(here.header("accept-language", lang)).await;
        assert!(page.status == 200 && page.text().contains(expect), "{expect}: {}", page.text());
    }
    let day = site.request(Method::GET, &format!("/lists/rehearsals/{id}?day=2026-03-03"), &site.operate);
    let part = send(day.header("x-fragment", "rows")).await.text();
    assert!(part.contains("id=\"rows\"") && !part.contains("id=\"board\""), "{part}");

    let (calls, callbacks) = ("SELECT COUNT(*) FROM calls", "SELECT COUNT(*) FROM callbacks");
    let stored = (number(&site.store, calls).await, number(&site.store, callbacks).await);
    assert_eq!(stored, (0, 0), "the daemon knows of no call and no callback of it");
}

#[tokio::test]
async fn another_policy_is_compared_with_the_one_in_force_and_names_are_covered() {
    let database = Database::sqlite();
    let shop = shop(&database).await;
    let site = &shop.site;
    let mut reader = site.api.parts.events.subscribe(None);
    // Nobody is called on these days by the other one.
    let other = SHOP.replacen(r#"call = ["09:00-12:00", "14:00-18:00"]"#, r#"call = ["Sun 09:00-09:01"]"#, 1);
    let body = json!({ "pack": "shop", "policy": other, "from": "2026-03-02", "to": "2026-03-04" });
    let begun = begin(site, body).await.expect(201);
    assert_eq!(begun["days"], 6, "the days of both");
    let id = begun["id"].as_i64().unwrap();
    assert_eq!(end_of(&mut reader, id).await, "done", "{}", get(site, &format!("/rehearsals/{id}")).await);
    let shown = get(site, &format!("/rehearsals/{id}")).await;
    let differences = shown["result"]["differences"].as_array().unwrap();
    assert_eq!(shown["result"]["differences_count"], differences.len());
    let first = differences.iter().find(|d| d["after"] == "not").unwrap_or_else(|| panic!("{shown}"));
    assert_ne!(first["before"], "not", "{first}");
    assert_eq!(first["title"], "安装次日回访");
    let text = shown.to_string();
    assert!(!text.contains("张三丰") && text.contains('*'), "{text}");

    let lines = format!("/rehearsals/{id}/lines?verdict=not");
    let page = get(site, &format!("{lines}&limit=1")).await;
    assert_eq!((page["items"].as_array().unwrap().len(), page["next"].as_str()), (1, Some("1")), "{page}");
    let second = get(site, &format!("{lines}&limit=1&after=1")).await;
    assert_ne!(page["items"][0], second["items"][0]);
    let code = page["items"][0]["code"].as_str().unwrap();
    let counted = shown["result"]["reasons"].as_array().unwrap().iter();
    let counted = counted.filter(|c| c["verdict"] == "not" && c["code"] == code).map(|c| c["count"].as_i64());
    let all = get(site, &format!("{lines}&code={code}&limit=500")).await;
    assert_eq!(all["items"].as_array().unwrap().len() as i64, counted.flatten().sum::<i64>());
}

#[tokio::test]
async fn a_rehearsal_has_bounds_and_is_stopped_half_way() {
    let database = Database::sqlite();
    let shop = shop(&database).await;
    let site = &shop.site;
    let body = |from: &str, to: &str| json!({ "pack": "shop", "from": from, "to": to });
    for (body, field) in [
        (body("2026-03-09", "2026-03-02"), "to"),
        (body("2026-01-01", "2026-03-31"), "to"),
        (body("monday", "2026-03-02"), "from"),
        (json!({ "pack": "shop", "from": "2026-03-02", "to": "2026-03-02", "lines": 0 }), "lines"),
        (
            json!({ "pack": "shop", "from": "2026-03-02", "to": "2026-03-02", "answer_rate": 101 }),
            "answer_rate",
        ),
        (
            json!({ "pack": "shop", "from": "2026-03-02", "to": "2026-03-02", "policy": "pack = 1\n" }),
            "policy",
        ),
    ] {
        let refused = begin(site, body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    begin(site, json!({ "pack": "nowhere", "from": "2026-03-02", "to": "2026-03-02" })).await.expect(404);
    let read =
        ask(site, Method::POST, "/rehearsals", &site.read, Some(body("2026-03-02", "2026-03-02"))).await;
    assert_eq!(read.status, 403);
    assert_eq!(get(site, "/rehearsals").await["items"], json!([]), "nothing has begun");

    let mut reader = site.api.parts.events.subscribe(None);
    let id = begin(site, body("2026-03-02", "2026-05-02")).await.expect(201)["id"].as_i64().unwrap();
    let second = begin(site, body("2026-03-02", "2026-03-02")).await.expect(409);
    assert!(second["detail"].as_str().unwrap().contains("is running"), "{second}");
    let path = format!("/rehearsals/{id}");
    // It is under way: its first day was told.
    while get(site, &path).await["day"] == 0 {
        reader.next().await;
    }
    let stopping = ask(site, Method::DELETE, &path, &site.operate, None).await.expect(200);
    assert_eq!(stopping["state"], "stopping");
    assert_eq!(end_of(&mut reader, id).await, "stopped");
    let stopped = get(site, &path).await;
    assert!(stopped["day"].as_i64() < Some(62) && stopped["result"].is_null(), "{stopped}");
    ask(site, Method::DELETE, &path, &site.operate, None).await.expect(200);
    ask(site, Method::GET, &path, &site.operate, None).await.expect(404);
}

#[tokio::test]
async fn a_file_is_rehearsed_in_place_of_the_archive() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let site = &shop.site;
    let mut reader = site.api.parts.events.subscribe(None);
    let body = |customers: &str| json!({ "pack": "shop", "from": "2026-03-02", "to": "2026-03-03", "customers": customers });
    let none =
        begin(site, json!({ "pack": "shop", "from": "2026-03-02", "to": "2026-03-03" })).await.expect(422);
    assert_eq!(none["errors"][0]["field"], "customers", "an empty archive says so: {none}");
    let id = begin(site, body("姓名,电话\n,\n")).await.expect(201)["id"].as_i64().unwrap();
    assert_eq!(end_of(&mut reader, id).await, "failed");
    let failed = get(site, &format!("/rehearsals/{id}")).await;
    assert!(failed["problem"].as_str().unwrap().contains("nothing could be taken"), "{failed}");
    let id = begin(site, body("姓名,电话\n张三丰,13800000001\n李四,1380\n")).await.expect(201)["id"]
        .as_i64()
        .unwrap();
    let ended = end_of(&mut reader, id).await;
    let shown = get(site, &format!("/rehearsals/{id}")).await;
    assert_eq!(ended, "done", "{shown}");
    assert_eq!((&shown["result"]["rows"], &shown["result"]["left_out"]), (&json!(1), &json!(1)), "{shown}");
}
