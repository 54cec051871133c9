//! Requests that come twice, edits of a version, and what the document says of every operation.

use std::collections::BTreeSet;

use reqwest::Method;
use ringback::io::web::openapi_json;
use serde_json::{Value, json};

use super::site::{Answer, Site, send};
use crate::support::databases::Database;

async fn keyed(site: &Site, path: &str, key: &str, body: Value) -> Answer {
    let request = site.request(Method::POST, &format!("/api/v1{path}"), &site.admin);
    send(request.header("idempotency-key", key).json(&body)).await
}

async fn on_both(check: impl AsyncFn(&Site)) {
    check(&Site::sqlite().await).await;
    if let Some(database) = Database::postgres().await {
        check(&Site::on(&database).await).await;
    }
}

#[tokio::test]
async fn a_request_that_comes_twice_is_carried_out_once() {
    let site = &Site::sqlite().await;
    let body = json!({ "name": "march" });
    let first = keyed(site, "/lists", "a", body.clone()).await;
    let made = first.expect(201);
    let again = keyed(site, "/lists", "a", body.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), made);
    let other = keyed(site, "/lists", "a", json!({ "name": "april" })).await;
    assert_eq!(other.expect(422)["errors"][0]["field"], "Idempotency-Key");
    // Without the key, and with another, it is another request.
    keyed(site, "/lists", "b", body.clone()).await.expect(409);
    // A refusal is not kept: it may be sent again.
    assert!(keyed(site, "/lists", "b", body.clone()).await.header("idempotency-replayed").is_empty());
    // Somebody else's key is another key.
    let request = site.request(Method::POST, "/api/v1/lists", &site.operate).header("idempotency-key", "a");
    send(request.json(&json!({ "name": "may" }))).await.expect(201);
    // After a day it is forgotten.
    site.clock.fetch_add(86_400_001, std::sync::atomic::Ordering::Relaxed);
    keyed(site, "/lists", "a", json!({ "name": "april" })).await.expect(201);
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    on_both(async |site| {
        let once = || keyed(site, "/lists", "k", json!({ "name": "march" }));
        let (a, b, c, d) = tokio::join!(once(), once(), once(), once());
        let statuses = [a, b, c, d].map(|answer| answer.status.as_u16());
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
        assert!(statuses.contains(&201), "{statuses:?}");
        let lists = site.get("/api/v1/lists").await.expect(200);
        assert_eq!(lists["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_nowhere() {
    let site = &Site::sqlite().await;
    let body = json!({ "name": "bot", "scope": "read" });
    let secret = keyed(site, "/tokens", "t", body.clone()).await.expect(201)["secret"].clone();
    let again = keyed(site, "/tokens", "t", body).await;
    assert_eq!(again.status, 409, "{}", again.text());
    assert!(!again.text().contains(secret.as_str().unwrap()));
}

#[tokio::test]
async fn an_edit_of_another_version_is_refused() {
    let site = &Site::sqlite().await;
    let (campaign, _) = site.campaign(&["13800000001"]).await;
    let path = format!("/api/v1/campaigns/{campaign}");
    let first = site.get(&path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 22, "{tag}");
    assert_eq!(site.get(&path).await.header("etag"), tag, "the same answer has the same tag");
    let known = send(site.request(Method::GET, &path, &site.admin).header("if-none-match", &tag)).await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    let mut settings = first.expect(200)["settings"].clone();
    settings["concurrency"] = json!(3);
    let put = async |tag: &str, settings: &Value| {
        let request = site.request(Method::PUT, &path, &site.admin).header("if-match", tag);
        send(request.json(&json!({ "settings": settings }))).await
    };
    assert_eq!(put("\"old\"", &settings).await.expect(412)["type"], "/problems/changed");
    let done = put(&tag, &settings).await;
    assert!(done.status.is_success(), "{}", done.text());
    assert_eq!(put(&tag, &settings).await.status, 412, "somebody was quicker");
    assert!(put("*", &settings).await.status.is_success());
    let nobody = site.request(Method::PUT, "/api/v1/campaigns/999", &site.admin).header("if-match", "*");
    assert_eq!(send(nobody.json(&json!({ "settings": settings }))).await.status, 404);
    // Who may not read a thing learns nothing of its version.
    let stranger = site.client.put(format!("{}{path}", site.base)).header("if-match", "\"x\"");
    assert_eq!(send(stranger.json(&json!({}))).await.status, 401);
}

#[test]
fn every_operation_is_told_whole() {
    let document: Value = serde_json::from_str(openapi_json()).unwrap();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(summary.len() > 3 && !summary.ends_with('.'), "{name}: `{summary}`");
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{name}: its id is taken"
            );
            assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{name}");
            let answers = operation["responses"].as_object().unwrap();
            if operation.get("security").is_some() {
                for status in ["401", "403", "429", "503"] {
                    assert!(answers.contains_key(status), "{name}: {status}");
                }
            }
            if path.contains('{') {
                assert!(answers.contains_key("404"), "{name}: 404");
            }
            if let Some(body) = operation["requestBody"]["content"].get("application/json") {
                assert!(!body["example"].is_null(), "{name} has no example");
                assert!(answers.contains_key("422"), "{name}: 422");
            }
            for (status, answer) in answers.iter().filter(|(status, _)| status.as_str() >= "400") {
                let is_problem = answer.get("$ref").is_some()
                    || answer["content"].get("application/problem+json").is_some()
                    // Pages for people and for probes.
                    || ["/readyz", "/q/{code}"].contains(&path.as_str());
                assert!(is_problem, "{name}: {status} is no problem document");
            }
        }
    }
    for tag in document["tags"].as_array().unwrap() {
        assert!(tag["description"].is_string(), "{tag} says nothing");
    }
    assert!(ids.len() > 200, "{}", ids.len());
}

/// Two types of one name would be one schema in the document, and one of them a lie.
#[test]
fn no_two_schemas_have_one_name() {
    let mut known = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for rest in text
                .split("#[derive(")
                .skip(1)
                .filter(|rest| rest.split(")]").next().is_some_and(|traits| traits.contains("ToSchema")))
            {
                let head = rest.split(" {").next().unwrap_or_default();
                let own = head
                    .split(['\n', ' ', '<', '(', ';'])
                    .filter(|word| !word.is_empty())
                    .collect::<Vec<_>>();
                let at = own.iter().position(|word| ["struct", "enum"].contains(word));
                let Some(name) = at.and_then(|at| own.get(at + 1)) else { continue };
                let renamed = head.split("schema(as = ").nth(1).and_then(|rest| rest.split(')').next());
                let name = renamed.unwrap_or(name).to_owned();
                assert!(known.insert(name.clone()), "{}: there is another {name}", path.display());
            }
        }
    }
    assert!(known.len() > 150, "{}", known.len());
}
