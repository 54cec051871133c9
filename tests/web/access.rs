//! Every route opens to whom it should, and what is said to those who may not.

use std::collections::BTreeSet;

use reqwest::Method;
use ringback::access::Permission;
use ringback::io::roles::built_in;
use ringback::io::store::NewToken;
use ringback::io::web::{Rate, hash_secret, new_secret, openapi_json};
use serde_json::{Value, json};

use super::site::{Answer, MONDAY, Site, send};
use super::{routes, routes_of_books};
use ringback::base::Timestamp;

/// The whole table.
pub fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    routes::ROUTES.iter().chain(routes_of_books::ROUTES)
}

const SCOPES: [&str; 3] = ["read", "operate", "admin"];

pub fn url(path: &str) -> String {
    path.replace("{id}", "7")
        .replace("{order}", "start")
        .replace("{pack}", "shop")
        .replace("{day}", "2026-03-03")
        .replace("{seq}", "1")
        .replace("{callback}", "7")
        .replace("{phone}", "13800000000")
        .replace("{name}", "x")
        .replace("{month}", "2026-07")
}

/// The smallest of the three roles that has a permission.
fn smallest(word: &str) -> &'static str {
    let permission = Permission::of(word).unwrap_or_else(|| panic!("there is no permission `{word}`"));
    let roles = built_in();
    let has = |role: &&str| roles.get(role).unwrap().permissions.contains_key(&permission);
    SCOPES.into_iter().find(has).unwrap()
}

/// The answer without its body: an event stream has no end.
pub async fn status(site: &Site, method: &str, path: &str, token: Option<&str>) -> Answer {
    let method: Method = method.to_uppercase().parse().unwrap();
    let mut request = site.client.request(method, format!("{}{}", site.base, url(path)));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = if path.ends_with("/events") { Vec::new() } else { response.bytes().await.unwrap().to_vec() };
    Answer { status, headers, bytes }
}

#[tokio::test]
async fn the_document_and_the_router_have_the_same_routes_and_scopes() {
    let document: Value = serde_json::from_str(openapi_json()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let smallest = match operation["security"][0]["bearer"][0].as_str() {
                Some(word) => smallest(word),
                None => "open",
            };
            documented.insert((method.clone(), path.clone(), smallest.to_owned()));
            assert!(operation["responses"].as_object().is_some_and(|r| !r.is_empty()), "{method} {path}");
        }
    }
    let expected: BTreeSet<_> =
        all().map(|(m, p, s)| ((*m).to_owned(), (*p).to_owned(), (*s).to_owned())).collect();
    assert_eq!(documented, expected);
    // Every documented route exists: the router does not call it unknown or refuse the method.
    let site = Site::sqlite().await;
    for (method, path, _) in all() {
        let answer = status(&site, method, path, Some(&site.admin)).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(!answer.text().contains("unknown-route"), "{method} {path}");
    }
    // And the source registers none behind the document's back.
    // Pages for people are no part of the API.
    for file in walk("src/io/web").into_iter().filter(|file| !file.starts_with("src/io/web/console")) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains(".route("),
            "{}: register routes with routes!() so that they are documented",
            file.display()
        );
    }
}

fn walk(folder: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(walk(path.to_str().unwrap())),
            false => found.push(path),
        }
    }
    assert!(!found.is_empty());
    found
}

#[tokio::test]
async fn every_reference_in_the_document_is_defined() {
    let document: Value = serde_json::from_str(openapi_json()).unwrap();
    let text = openapi_json();
    let mut count = 0;
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference} is not defined");
        count += 1;
    }
    assert!(count > 20, "{count} references");
}

/// Covers requirement lines 25 and 29 of the reliability list.
#[tokio::test]
async fn each_route_opens_to_its_scope_and_to_no_smaller_one() {
    let site = Site::sqlite().await;
    // There are more routes than a token has requests in its burst.
    site.api.set_rate(Rate { per_second: 10_000, burst: 10_000 });
    let tokens = [&site.read, &site.operate, &site.admin];
    for (place, (method, path, needed)) in all().enumerate() {
        // Each from an address of its own, because failures slow an address.
        let own = [127, 0, 1 + (place >> 7) as u8, (place & 127) as u8 + 1];
        let stranger = reqwest::Client::builder().no_proxy().local_address(Some(own.into()));
        let request = stranger
            .build()
            .unwrap()
            .request(method.to_uppercase().parse().unwrap(), format!("{}{}", site.base, url(path)));
        let without = send(request).await;
        if path.starts_with("/department/") || path.starts_with("/q/") {
            // The secret in the path is the right: one that nobody made opens nothing.
            assert!([404, 415].contains(&without.status.as_u16()), "{method} {path}");
            continue;
        }
        if *needed == "open" {
            assert_eq!(without.status, 200, "{method} {path}");
            continue;
        }
        assert_eq!(without.status, 401, "{method} {path} without a token");
        assert_eq!(without.json()["type"], "/problems/unauthorized", "{method} {path}");
        assert_eq!(without.header("www-authenticate"), "Bearer realm=\"ringback\"");
        for (scope, token) in SCOPES.iter().zip(tokens) {
            let answer = status(&site, method, path, Some(token)).await;
            let enough = SCOPES.iter().position(|s| s == scope) >= SCOPES.iter().position(|s| s == needed);
            match enough {
                true => assert!(
                    ![401, 403].contains(&answer.status.as_u16()),
                    "{method} {path} with {scope}: {}",
                    answer.text()
                ),
                false => assert_eq!(answer.status, 403, "{method} {path} with {scope}"),
            }
        }
    }
}

#[tokio::test]
async fn expired_revoked_and_made_up_tokens_open_nothing() {
    let site = Site::sqlite().await;
    let make = async |name: &str, expires_at| {
        let secret = new_secret().unwrap();
        let hash = hash_secret(&secret);
        let new = NewToken { name, hash: &hash, scope: "admin", expires_at, ..NewToken::default() };
        site.store.create_token(&new, "test", MONDAY).await.unwrap();
        secret
    };
    let short = make("short", Some(Timestamp(MONDAY.0 + 1_000))).await;
    let gone = make("gone", None).await;
    let get =
        async |token: &str| send(site.request(Method::GET, "/api/v1/lists", token)).await.status.as_u16();
    assert_eq!((get(&short).await, get(&gone).await), (200, 200));
    site.clock.store(MONDAY.0 + 1_000, std::sync::atomic::Ordering::Relaxed);
    send(site.request(Method::DELETE, "/api/v1/tokens/gone", &site.admin)).await.expect(204);
    assert_eq!((get(&short).await, get(&gone).await), (401, 401));
    for token in ["rb_", &new_secret().unwrap(), "x", &site.admin[..45]] {
        assert_eq!(get(token).await, 401, "{token}");
    }
    let stored: Vec<_> = site.store.tokens().await.unwrap();
    assert!(stored.iter().all(|t| t.hash.len() == 64 && t.hash != site.admin), "only hashes are kept");
}

#[tokio::test]
async fn an_address_without_a_token_is_slowed_and_told_when_to_come_back() {
    let site = Site::sqlite().await;
    let mut seen = Vec::new();
    for _ in 0..14 {
        let answer = status(&site, "get", "/api/v1/lists", None).await;
        seen.push(answer.status.as_u16());
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
            assert_eq!(answer.json()["type"], "/problems/too-many-requests");
        }
    }
    assert_eq!(seen[..10], [401; 10]);
    assert_eq!(seen.last(), Some(&429), "{seen:?}");
    assert_eq!(status(&site, "get", "/livez", None).await.status, 200, "health answers all the same");
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_to_wait() {
    let site = Site::sqlite().await;
    let mut refused = None;
    for _ in 0..2_000 {
        let answer = send(site.request(Method::GET, "/api/v1/trunks", &site.read)).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    assert!(refused.expect("a refusal").header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn what_is_wrong_comes_as_a_problem_document() {
    let site = Site::sqlite().await;
    let check = |answer: Answer, status: u16, kind: &str| {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["type"], format!("/problems/{kind}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], answer.header("x-request-id"), "the request id is in the document");
        for word in ["title", "detail"] {
            assert!(problem[word].as_str().is_some_and(|t| !t.is_empty()), "{word}: {problem}");
        }
        problem
    };
    let post = |path: &str, kind: &str, body: &str| {
        let request = site.request(Method::POST, path, &site.admin);
        send(request.header("content-type", kind.to_owned()).body(body.to_owned()))
    };
    check(site.get("/api/v1/none").await, 404, "unknown-route");
    check(send(site.request(Method::PATCH, "/api/v1/lists", &site.admin)).await, 405, "method-not-allowed");
    for path in [
        "lists/7",
        "lists/x",
        "campaigns/7",
        "entries/7",
        "imports/7",
        "calls/7",
        "calls/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/recording",
        "calls/..%2f..%2fetc%2fpasswd/recording",
        "lists/9999999999999999999999",
    ] {
        check(site.get(&format!("/api/v1/{path}")).await, 404, "not-found");
    }
    check(post("/api/v1/lists", "text/plain", "{}").await, 415, "unsupported-media-type");
    check(post("/api/v1/lists", "application/json", "{").await, 400, "bad-request");
    check(post("/api/v1/lists", "application/json", "{\"nam\":\"x\"}").await, 422, "invalid");
    let problem = check(post("/api/v1/lists", "application/json", "{\"name\":\" \"}").await, 422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "name");
    assert!(problem["errors"][0]["hint"].as_str().unwrap().contains("1 to 200"));
    check(post("/api/v1/lists", "application/json", &"x".repeat(70_000)).await, 413, "too-large");
    check(site.get("/api/v1/calls?limit=501").await, 422, "invalid");
    check(site.get("/api/v1/calls?page=3").await, 422, "invalid");
    check(site.get("/api/v1/calls?after=zzz").await, 422, "invalid");
    check(site.get("/api/v1/calls?from=yesterday").await, 422, "invalid");
    check(site.get("/api/v1/calls?disposition=great").await, 422, "invalid");
    site.post("/api/v1/lists", json!({"name": "a"})).await.expect(201);
    check(site.post("/api/v1/lists", json!({"name": "a"})).await, 409, "conflict");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let site = Site::sqlite().await;
    for path in ["/livez", "/api/v1/lists", "/none", "/metrics"] {
        let answer = site.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        assert!(!answer.header("x-request-id").is_empty());
    }
}

#[tokio::test]
async fn readiness_says_why_not_and_metrics_have_their_names() {
    let site = Site::sqlite().await;
    assert_eq!(site.get("/readyz").await.expect(200)["ready"], true);
    site.live.send_modify(|live| {
        let live = std::sync::Arc::make_mut(live);
        live.readiness.draining = true;
        live.readiness.sip_bound = false;
        live.readiness.disk_ok = false;
    });
    let reasons = site.get("/readyz").await.expect(503)["reasons"].to_string();
    for word in ["draining", "SIP", "recordings"] {
        assert!(reasons.contains(word), "{word}: {reasons}");
    }
    site.store.close().await;
    assert!(site.get("/readyz").await.expect(503)["reasons"].to_string().contains("database"));
    assert_eq!(site.get("/livez").await.status, 200, "liveness touches nothing");
    assert_eq!(site.get("/api/v1/lists").await.expect(503)["type"], "/problems/unavailable");
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_never_by_path() {
    let site = Site::sqlite().await;
    site.get("/api/v1/lists/12345").await.expect(404);
    let page = site.get("/metrics").await;
    assert!(page.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = page.text();
    assert!(
        text.contains(
            "ringback_http_requests_total{route=\"/api/v1/lists/{id}\",method=\"GET\",status=\"404\"} 1"
        ),
        "{text}"
    );
    assert!(!text.contains("12345"));
    assert!(text.contains("ringback_build_info{version="));
}
