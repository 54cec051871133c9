//! Lists of the API: the same parameters, limits and refusals everywhere, and no row lost or doubled while rows
//! come in.

use std::collections::BTreeSet;

use ringback::io::web::openapi_json;
use serde_json::{Value, json};

use super::site::Site;
use crate::support::databases::{Database, execute};
use crate::tickets::office::Office;

fn document() -> Value {
    serde_json::from_str(openapi_json()).unwrap()
}

fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(path) => document.pointer(path.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    }
}

/// Every GET that answers with rows: its path, its parameters and the schema of the answer.
fn lists(document: &Value) -> Vec<(String, Vec<Value>, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let gets = paths.iter().filter_map(|(path, methods)| Some((path, methods.get("get")?)));
    gets.filter_map(|(path, get)| {
        let schema = &get["responses"]["200"]["content"]["application/json"]["schema"];
        // Other things have items too: a scorecard, a draw.
        schema["$ref"].as_str().filter(|name| name.contains("/Items_"))?;
        let schema = followed(document, schema);
        let parameters = get["parameters"].as_array().cloned().unwrap_or_default();
        Some((path.clone(), parameters, schema.clone()))
    })
    .collect()
}

#[test]
fn every_list_has_its_rows_and_its_next_page_at_the_same_place() {
    let document = document();
    let lists = lists(&document);
    assert!(lists.len() > 60, "{}", lists.len());
    let mut paged = 0;
    for (path, parameters, schema) in &lists {
        let kind = &schema["properties"]["items"]["type"];
        assert_eq!(kind, "array", "{path}");
        let next = schema["properties"].get("next").unwrap_or_else(|| panic!("{path} has no `next`"));
        assert_eq!(next["type"], json!(["string", "null"]), "{path}");
        let names = |word: &str| parameters.iter().any(|p| p["in"] == "query" && p["name"] == word);
        // No other words for the same.
        for other in ["cursor", "offset", "page", "per_page", "page_size", "before", "skip", "count", "size"]
        {
            assert!(!names(other), "{path} takes `{other}`");
        }
        assert_eq!(names("after"), names("limit"), "{path} takes one of `after` and `limit`");
        if !names("after") {
            continue;
        }
        paged += 1;
        let limit = parameters.iter().find(|p| p["name"] == "limit").unwrap();
        assert_eq!(limit["required"], false, "{path}");
        let schema = &limit["schema"];
        assert_eq!(
            (&schema["minimum"], &schema["maximum"], &schema["default"]),
            (&json!(1), &json!(500), &json!(50)),
            "{path}"
        );
    }
    assert!(paged > 25, "{paged}");
}

#[test]
fn an_operation_without_parameters_or_body_says_nothing_of_them() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let empty = operation.as_object().unwrap().iter().find(|(_, value)| value.is_null());
            assert!(empty.is_none(), "{method} {path}: {empty:?}");
        }
    }
}

#[tokio::test]
async fn every_list_refuses_the_same_pages_in_the_same_words() {
    let database = Database::sqlite();
    let office = Office::open(&database).await;
    let site = &office.shop.site;
    site.api.set_rate(ringback::io::web::Rate { per_second: 10_000, burst: 10_000 });
    let document = document();
    let mut looked = 0;
    for (path, parameters, _) in lists(&document) {
        let names = |word: &str| parameters.iter().any(|p| p["in"] == "query" && p["name"] == word);
        // What the path names must be there before a page of it is looked at.
        if !names("after") || path.contains('{') {
            continue;
        }
        let required = parameters.iter().filter(|p| p["in"] == "query" && p["required"] == true);
        let needed: String = required
            .map(|p| {
                let name = p["name"].as_str().unwrap();
                format!("&{name}={}", if name == "pack" { "furniture_mall" } else { "2026-03" })
            })
            .collect();
        for (query, field, words) in [
            ("limit=0", "limit", "write 1 to 500"),
            ("limit=501", "limit", "write 1 to 500"),
            ("after=nonsense", "after", "give `next` of the page before"),
        ] {
            let refused = site.get(&format!("{path}?{query}{needed}")).await.expect(422);
            assert_eq!(refused["errors"][0]["field"], field, "{path}?{query}: {refused}");
            assert_eq!(refused["errors"][0]["hint"], words, "{path}?{query}: {refused}");
        }
        let unknown = site.get(&format!("{path}?offset=7{needed}")).await.expect(422);
        assert!(unknown.to_string().contains("offset"), "{path}: {unknown}");
        looked += 1;
    }
    assert!(looked > 18, "{looked}");
}

/// Walks a list to its end by pages of seven; `between` happens between two pages.
async fn walk(site: &Site, path: &str, key: &str, between: &[String]) -> Vec<String> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let (mut seen, mut after, mut steps) = (Vec::new(), String::new(), between.iter());
    loop {
        let page = site.get(&format!("{path}{mark}limit=7{after}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 7, "{path}");
        seen.extend(items.iter().map(|item| item[key].to_string()));
        let Some(next) = page["next"].as_str() else { return seen };
        assert!(!items.is_empty(), "{path}: an empty page has no next one");
        after = format!("&after={}", encoded(next));
        if let Some(sql) = steps.next() {
            execute(&site.store, sql).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Rows of each kind by numbers from `from` to `to`.
fn rows(from: u32, to: u32) -> Vec<String> {
    let n = format!("WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to})");
    // Two of each time, so that a page may end between equals.
    let statement = |table: &str, values: &str| format!("INSERT INTO {table} {n} SELECT {values} FROM n");
    vec![
        statement(
            "calls (id, direction, state, phone, reserved_at, ended_at, disposition)",
            "'01KJR0000000' || printf('%014d', i), 'inbound', 'ended', '138' || printf('%08d', i), i / 2, i, 'completed'",
        ),
        statement(
            "customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account, plan_every,
                 owner, email, standing, fields, version, created_at, changed_at)",
            "i, 'shop', 'K' || i, '客户', '', '', '', '', 0, '', '', '', 'active', '{}', 1, 0, 0",
        ),
        statement(
            "tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone, name, matter,
                 complaint, dissatisfied, level, meeting, opened_at, due_at, version, body)",
            "i, 'shop', 'P' || i, 'k', 'ordinary', '', 'call', 'open', 'open', '李', '', '', '', '', 0, 0, 0, '', i / 2, i / 2, 1, '{}'",
        ),
        statement("do_not_call (phone, reason, created_by, created_at)", "'137' || printf('%08d', i * 7919 % 100000), 'asked', 'x', 0"),
        statement(
            "accesses (at, who, place, what, subject, detail, requests, last_at, ended_at)",
            "i / 2, 'li', 'local', 'listen', 'call:' || i, '', 1, i / 2, i",
        ),
        statement("audit_log (at, actor, action, subject, detail)", "i / 2, 'li', 'x', 's' || i, ''"),
        statement(
            "entries (list_id, row_key, external_id, phone, extension, name, language, priority, fields, state, reason, detail,
                 due_at, created_at, changed_at)",
            "1, 'B' || i, 'B' || i, '139' || printf('%08d', i), '', '客户', '', 5, '{}', 'pending', 'due', '', 0, 0, i / 2",
        ),
        statement("lists (id, name, created_at)", "1000 + i, 'list ' || i, i / 2"),
    ]
}

#[tokio::test]
async fn a_walk_to_the_end_sees_every_row_once_while_others_come_in() {
    let database = Database::sqlite();
    let office = Office::open(&database).await;
    let site = &office.shop.site;
    site.api.set_rate(ringback::io::web::Rate { per_second: 10_000, burst: 10_000 });
    execute(&site.store, "INSERT INTO lists (id, name, created_at) VALUES (1, 'first', 0)").await.unwrap();
    for sql in rows(101, 160) {
        execute(&site.store, &sql).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
    }
    // Each step adds rows before, between and after those that were there.
    let mut steps = (1..=6).map(|step| [rows(step, step), rows(1_000 + step, 1_000 + step)].concat());
    let mut more: Vec<Vec<String>> = steps.by_ref().collect();
    for (path, key, table) in [
        ("/api/v1/calls", "id", "calls"),
        ("/api/v1/calls?sort=oldest", "id", "calls"),
        ("/api/v1/calls?sort=longest", "id", "calls"),
        ("/api/v1/customers", "id", "customers"),
        ("/api/v1/tickets", "id", "tickets"),
        ("/api/v1/tickets?sort=due", "id", "tickets"),
        ("/api/v1/do-not-call?unmask=true", "phone", "do_not_call"),
        ("/api/v1/accesses", "id", "accesses"),
        ("/api/v1/audit?actor=li", "id", "audit_log"),
        ("/api/v1/lists/1/entries", "id", "entries"),
        ("/api/v1/lists/1/entries?sort=changed", "id", "entries"),
        ("/api/v1/lists", "id", "lists"),
    ] {
        let before: BTreeSet<String> = walk(site, path, key, &[]).await.into_iter().collect();
        assert!(before.len() >= 60, "{path}: {}", before.len());
        // One step of rows of this list's table between any two pages, as long as there are some.
        let place = more
            .iter()
            .position(|step| step.iter().any(|sql| sql.contains(&format!("INSERT INTO {table} ("))));
        let between: Vec<String> = place
            .map(|place| {
                let step = &mut more[place];
                let (own, others) = std::mem::take(step)
                    .into_iter()
                    .partition(|sql| sql.contains(&format!("INSERT INTO {table} (")));
                *step = others;
                own
            })
            .unwrap_or_default();
        let seen = walk(site, path, key, &between).await;
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{path} shows a row twice");
        let lost: Vec<&String> = before.difference(&once).collect();
        assert!(lost.is_empty(), "{path} loses {lost:?}");
    }
}

#[test]
fn webhooks_are_described_with_what_is_sent_and_how_it_is_signed() {
    let document = document();
    let hook = &document["webhooks"]["notices"]["post"];
    let headers: Vec<&str> =
        hook["parameters"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(headers, ["X-Ringback-Id", "X-Ringback-Timestamp", "X-Ringback-Signature", "Idempotency-Key"]);
    assert!(hook["description"].as_str().unwrap().contains("HMAC-SHA256"), "{hook}");
    // The schema is that of what is sent: every field of it, and no other.
    let channel = ringback::notice::Channel {
        name: "hook".into(),
        url: ringback::notice::Secret("https://example.com/hook".into()),
        secret: ringback::notice::Secret("s3cret".into()),
        ..Default::default()
    };
    let item = ringback::notice::Item { key: "k".into(), topic: "t".into(), ..Default::default() };
    let message = ringback::notice::Message {
        id: "abc".into(),
        at: super::site::MONDAY,
        title: "x".into(),
        text: "x".into(),
        items: vec![(item, "x".into(), "x".into())],
        attachment: Some(ringback::notice::Attachment { name: "a.csv".into(), text: "x".into() }),
    };
    let ringback::notice::Wire::Http(request) =
        ringback::notice::wire(&channel, &message, super::site::MONDAY)
    else {
        panic!("a webhook is a request");
    };
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    let schema = &document["components"]["schemas"]["WebhookMessage"];
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&sent), keys(&schema["properties"]));
    assert_eq!(keys(&sent["notices"][0]), keys(&schema["properties"]["notices"]["items"]["properties"]));
    let names: BTreeSet<String> = request.headers.iter().map(|(name, _)| name.to_string()).collect();
    let described: BTreeSet<String> = headers.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(names, described);
}
