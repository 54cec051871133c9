//! Every route and who may use it. `access.rs` holds the program to it.

/// Method, path in the document, scope it needs.
pub const ROUTES: &[(&str, &str, &str)] = &[
    ("get", "/livez", "open"),
    ("get", "/readyz", "open"),
    ("get", "/metrics", "read"),
    ("get", "/api/v1/openapi.json", "read"),
    ("get", "/api/v1/health", "read"),
    ("get", "/api/v1/lists", "read"),
    ("post", "/api/v1/lists", "operate"),
    ("get", "/api/v1/lists/{id}", "read"),
    ("get", "/api/v1/lists/{id}/entries", "read"),
    ("get", "/api/v1/imports", "read"),
    ("post", "/api/v1/imports", "operate"),
    ("get", "/api/v1/imports/{id}", "read"),
    ("get", "/api/v1/imports/{id}/rows", "read"),
    ("get", "/api/v1/entries/{id}", "read"),
    ("get", "/api/v1/entries/{id}/calls", "read"),
    ("post", "/api/v1/entries/{id}/remove", "operate"),
    ("post", "/api/v1/entries/{id}/put-back", "operate"),
    ("get", "/api/v1/campaigns", "read"),
    ("post", "/api/v1/campaigns", "operate"),
    ("get", "/api/v1/campaigns/{id}", "read"),
    ("put", "/api/v1/campaigns/{id}", "operate"),
    ("delete", "/api/v1/campaigns/{id}", "operate"),
    ("get", "/api/v1/campaigns/{id}/progress", "read"),
    ("post", "/api/v1/campaigns/{id}/{order}", "operate"),
    ("get", "/api/v1/calls", "read"),
    ("get", "/api/v1/calls/{id}", "read"),
    ("post", "/api/v1/calls/{id}/hang-up", "operate"),
    ("get", "/api/v1/calls/{id}/legs", "read"),
    ("post", "/api/v1/calls/{id}/legs/hang-up", "operate"),
    ("post", "/api/v1/calls/{id}/hold", "operate"),
    ("post", "/api/v1/calls/{id}/resume", "operate"),
    ("post", "/api/v1/calls/{id}/mute", "operate"),
    ("post", "/api/v1/calls/{id}/transfer", "operate"),
    ("post", "/api/v1/calls/{id}/consult", "operate"),
    ("post", "/api/v1/calls/{id}/complete", "operate"),
    ("post", "/api/v1/calls/{id}/back", "operate"),
    ("post", "/api/v1/calls/{id}/conference", "operate"),
    ("post", "/api/v1/calls/{id}/supervise", "operate"),
    ("post", "/api/v1/calls/{id}/recording/pause", "operate"),
    ("get", "/api/v1/calls/{id}/answers", "read"),
    ("get", "/api/v1/calls/{id}/answers/{seq}/comment", "operate"),
    ("get", "/api/v1/calls/{id}/recording", "operate"),
    ("get", "/api/v1/calls/{id}/peaks", "read"),
    ("get", "/api/v1/calls/{id}/trace", "operate"),
    ("get", "/api/v1/calls/{id}/evidence", "read"),
    ("get", "/api/v1/calls/{id}/evidence/picture", "read"),
    ("get", "/api/v1/calls/{id}/transcript", "operate"),
    ("put", "/api/v1/calls/{id}/transcript", "operate"),
    ("get", "/api/v1/findings", "read"),
    ("get", "/api/v1/evidence/must-audit", "read"),
    ("get", "/api/v1/scorecards", "read"),
    ("get", "/api/v1/audits/draws", "read"),
    ("post", "/api/v1/audits/draws", "admin"),
    ("get", "/api/v1/audits/draws/{id}", "read"),
    ("get", "/api/v1/audits/draws/{id}/list", "read"),
    ("get", "/api/v1/audits/draws/{id}/verify", "read"),
    ("post", "/api/v1/audits/draws/{id}/seed", "admin"),
    ("get", "/api/v1/audits/how", "read"),
    ("get", "/api/v1/audits/results", "read"),
    ("get", "/api/v1/audits/forms", "read"),
    ("get", "/api/v1/audits/forms/{id}", "read"),
    ("get", "/api/v1/audits/cases", "operate"),
    ("post", "/api/v1/audits/cases", "operate"),
    ("get", "/api/v1/audits/cases/{id}", "read"),
    ("put", "/api/v1/audits/cases/{id}/auditor", "operate"),
    ("put", "/api/v1/audits/cases/{id}/draft", "operate"),
    ("post", "/api/v1/audits/cases/{id}/submit", "operate"),
    ("post", "/api/v1/audits/cases/{id}/appeal", "read"),
    ("get", "/api/v1/audits/appeals", "operate"),
    ("post", "/api/v1/audits/appeals/{id}/decide", "operate"),
    ("post", "/api/v1/audits/sessions", "operate"),
    ("get", "/api/v1/audits/sessions/{id}", "read"),
    ("get", "/api/v1/audits/examples", "read"),
    ("post", "/api/v1/audits/examples", "operate"),
    ("get", "/api/v1/answers", "read"),
    ("get", "/api/v1/live/calls", "read"),
    ("get", "/api/v1/trunks", "read"),
    ("get", "/api/v1/agents", "read"),
    ("get", "/api/v1/queues", "read"),
    ("get", "/api/v1/queues/callbacks", "read"),
    ("post", "/api/v1/queues/callbacks/{id}/cancel", "operate"),
    ("get", "/api/v1/agents/history", "read"),
    ("get", "/api/v1/agents/times", "read"),
    ("get", "/api/v1/agents/logins", "read"),
    ("put", "/api/v1/agents/{name}/state", "operate"),
    ("get", "/api/v1/agents/talks", "read"),
    ("get", "/api/v1/agents/{name}/card", "read"),
    ("post", "/api/v1/agents/{name}/dial", "operate"),
    ("post", "/api/v1/agents/{name}/preview", "operate"),
    ("post", "/api/v1/agents/{name}/preview/dial", "operate"),
    ("post", "/api/v1/agents/{name}/preview/skip", "operate"),
    ("get", "/api/v1/campaigns/{id}/abandoned", "read"),
    ("get", "/api/v1/prompts", "read"),
    ("get", "/api/v1/scripts", "read"),
    ("get", "/api/v1/do-not-call", "operate"),
    ("post", "/api/v1/do-not-call", "operate"),
    ("post", "/api/v1/do-not-call/{phone}/remove", "operate"),
    ("get", "/api/v1/tokens", "admin"),
    ("post", "/api/v1/tokens", "admin"),
    ("delete", "/api/v1/tokens/{name}", "admin"),
    ("get", "/api/v1/audit", "admin"),
    ("get", "/api/v1/dead-letters", "admin"),
    ("get", "/api/v1/notices", "read"),
    ("get", "/api/v1/notices/{id}", "read"),
    ("get", "/api/v1/notices/{id}/file", "operate"),
    ("post", "/api/v1/notices/{id}/acknowledge", "operate"),
    ("post", "/api/v1/announcements", "operate"),
    ("get", "/api/v1/notice-channels", "read"),
    ("post", "/api/v1/notice-channels/{name}/test", "operate"),
    ("get", "/api/v1/rosters", "read"),
    ("get", "/api/v1/rosters/{pack}/{month}", "read"),
    ("put", "/api/v1/rosters/{pack}/{month}", "operate"),
    ("post", "/api/v1/rosters/{pack}/{month}/import", "operate"),
    ("post", "/api/v1/rosters/{pack}/{month}/publish", "operate"),
    ("post", "/api/v1/rosters/{pack}/{month}/swaps", "operate"),
    ("get", "/api/v1/on-duty/{pack}", "read"),
    ("get", "/api/v1/shifts", "read"),
    ("post", "/api/v1/shifts", "operate"),
    ("get", "/api/v1/leaves", "read"),
    ("post", "/api/v1/leaves", "operate"),
    ("post", "/api/v1/presence", "operate"),
    ("get", "/api/v1/teams/{pack}", "read"),
    ("put", "/api/v1/teams/{pack}", "operate"),
    ("post", "/api/v1/teams/{pack}/next", "operate"),
    ("post", "/api/v1/drain", "admin"),
    ("post", "/api/v1/reload", "admin"),
    ("get", "/api/v1/events", "read"),
    ("post", "/api/v1/events", "operate"),
    ("post", "/api/v1/events/{id}/checks", "operate"),
    ("post", "/api/v1/intake", "operate"),
    ("get", "/api/v1/intakes", "read"),
    ("get", "/api/v1/intakes/{id}", "read"),
    ("get", "/api/v1/intakes/{id}/rows", "read"),
    ("get", "/api/v1/intakes/{id}/rejected", "operate"),
    ("post", "/api/v1/intakes/{id}/undo", "operate"),
    ("get", "/api/v1/intake-sources", "read"),
    ("put", "/api/v1/intake-sources", "operate"),
    ("get", "/api/v1/intake-warnings", "read"),
    ("get", "/api/v1/reconciliations", "read"),
    ("post", "/api/v1/reconciliations", "operate"),
    ("get", "/api/v1/matters", "read"),
    ("get", "/q/{code}", "open"),
    ("post", "/q/{code}", "open"),
    ("get", "/api/v1/callbacks/{id}/answers", "read"),
    ("post", "/api/v1/callbacks/{id}/answers", "operate"),
    ("post", "/api/v1/callbacks/{id}/marks", "operate"),
    ("post", "/api/v1/callbacks/{id}/expert", "operate"),
    ("get", "/api/v1/calls/{id}/markers", "read"),
    ("get", "/api/v1/matters/card", "read"),
    ("get", "/api/v1/bookings/demand", "read"),
    ("get", "/api/v1/score-events", "read"),
    ("get", "/api/v1/segments", "read"),
    ("get", "/api/v1/segments/{pack}/{name}", "read"),
    ("put", "/api/v1/segments/{pack}/{name}", "operate"),
    ("delete", "/api/v1/segments/{pack}/{name}", "operate"),
    ("get", "/api/v1/segments/{pack}/{name}/customers", "read"),
    ("get", "/api/v1/materials", "read"),
    ("post", "/api/v1/materials", "operate"),
    ("post", "/api/v1/materials/{id}/back", "operate"),
    ("post", "/api/v1/materials/{id}/excuse", "admin"),
    ("get", "/api/v1/expenses", "read"),
    ("post", "/api/v1/expenses", "operate"),
    ("post", "/api/v1/expenses/{id}/approve", "admin"),
    ("post", "/api/v1/expenses/{id}/refuse", "admin"),
    ("get", "/api/v1/customers", "read"),
    ("post", "/api/v1/customers", "operate"),
    ("post", "/api/v1/customers/merge", "operate"),
    ("post", "/api/v1/customers/to-callbacks", "operate"),
    ("get", "/api/v1/archives", "read"),
    ("post", "/api/v1/archives", "operate"),
    ("get", "/api/v1/customers/{id}", "read"),
    ("patch", "/api/v1/customers/{id}", "operate"),
    ("delete", "/api/v1/customers/{id}", "admin"),
    ("get", "/api/v1/customers/{id}/export", "operate"),
    ("get", "/api/v1/plan", "read"),
    ("post", "/api/v1/plan", "read"),
    ("post", "/api/v1/plan/{pack}/{day}/build", "operate"),
    ("post", "/api/v1/plan/{pack}/{day}/release", "operate"),
    ("post", "/api/v1/plan/{pack}/{day}/replay", "read"),
    ("get", "/api/v1/plan/{pack}/{day}/why", "read"),
    ("get", "/api/v1/rates", "read"),
    ("get", "/api/v1/warnings", "read"),
    ("post", "/api/v1/warnings/{id}/settle", "operate"),
    ("post", "/api/v1/events/{id}/withdraw", "operate"),
    ("get", "/api/v1/surveys", "read"),
    ("get", "/api/v1/callbacks", "read"),
    ("post", "/api/v1/callbacks", "operate"),
    ("get", "/api/v1/callbacks/{id}", "read"),
    ("get", "/api/v1/callbacks/{id}/card", "read"),
    ("post", "/api/v1/callbacks/{id}/remove", "operate"),
    ("post", "/api/v1/callbacks/{id}/done", "operate"),
    ("post", "/api/v1/callbacks/{id}/follow-up", "operate"),
    ("post", "/api/v1/callbacks/{id}/appointment", "operate"),
    ("post", "/api/v1/callbacks/{id}/move", "operate"),
    ("post", "/api/v1/callbacks/{id}/assign", "operate"),
    ("post", "/api/v1/callbacks/{id}/note", "operate"),
    ("post", "/api/v1/callbacks/{id}/call-now", "operate"),
    ("get", "/api/v1/tickets", "read"),
    ("post", "/api/v1/tickets", "operate"),
    ("get", "/api/v1/tickets/{id}", "read"),
    ("get", "/api/v1/tickets/{id}/form", "read"),
    ("post", "/api/v1/tickets/{id}/acts", "operate"),
    ("post", "/api/v1/tickets/{id}/files", "operate"),
    ("get", "/api/v1/tickets/{id}/files/{file}", "operate"),
    ("post", "/api/v1/tickets/{id}/links", "operate"),
    ("post", "/api/v1/tickets/{id}/department-calls", "operate"),
    ("get", "/department/{secret}", "open"),
    ("post", "/department/{secret}/acts", "open"),
    ("get", "/api/v1/ticket-reports/departments", "read"),
    ("get", "/api/v1/ticket-reports/ageing", "read"),
    ("get", "/api/v1/ticket-reports/register", "read"),
    ("get", "/api/v1/ticket-reports/ledger", "read"),
    ("get", "/api/v1/ticket-reports/dissatisfied", "read"),
    ("get", "/api/v1/ticket-reports/first-contact", "read"),
    ("get", "/api/v1/ticket-reports/points", "read"),
    ("get", "/api/v1/ticket-reports/unregistered-calls", "read"),
    ("get", "/api/v1/ticket-reports/answer-delay", "read"),
    ("get", "/api/v1/meetings/open", "read"),
    ("get", "/api/v1/adherence", "read"),
    ("get", "/api/v1/visits", "read"),
    ("get", "/api/v1/coverage", "read"),
];

/// All of them.
fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    ROUTES.iter().chain(super::routes_of_books::ROUTES)
}

const SCOPES: [&str; 3] = ["read", "operate", "admin"];

fn url(path: &str) -> String {
    path.replace("{id}", "7")
        .replace("{order}", "start")
        .replace("{pack}", "shop")
        .replace("{day}", "2026-03-03")
        .replace("{seq}", "1")
        .replace("{phone}", "13800000000")
        .replace("{name}", "x")
        .replace("{month}", "2026-07")
}

/// The answer without its body: an event stream has no end.
async fn status(site: &Site, method: &str, path: &str, token: Option<&str>) -> Answer {
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
            let scope = operation["security"][0]["bearer"][0].as_str().unwrap_or("open");
            documented.insert((method.clone(), path.clone(), scope.to_owned()));
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
    for file in walk("src/io/web") {
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
        let new = NewToken { name, hash: &hash, scope: "admin", expires_at, roles: &[] };
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
