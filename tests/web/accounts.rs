//! Accounts over the API: made with a link, changed, locked; nobody is left without an administrator.

use reqwest::Method;
use serde_json::{Value, json};

use super::console::{Browser, PASSWORD, entered};
use super::site::{Answer, Site, send};

async fn ask(browser: &Browser<'_>, method: Method, path: &str, body: Value) -> Answer {
    send(
        browser
            .request(method, &format!("/api/v1{path}"))
            .header("origin", browser_origin(browser))
            .json(&body),
    )
    .await
}

fn browser_origin(browser: &Browser<'_>) -> String {
    browser.request(Method::GET, "").build().unwrap().url().origin().ascii_serialization()
}

#[tokio::test]
async fn an_account_comes_by_its_link_once_and_sees_what_its_role_opens() {
    let site = Site::sqlite().await;
    let admin = entered(&site).await;
    let body = json!({ "name": "wang.fang", "roles": ["specialist"], "department": "客服部" });
    let made = ask(&admin, Method::POST, "/accounts", body).await.expect(201);
    assert_eq!((made["state"].as_str(), made["sessions"].as_i64()), (Some("invited"), Some(0)));
    let link = made["link"].as_str().unwrap();
    assert!(link.contains("/welcome/rb_"), "{link}");
    let mut person = Browser::new(&site);
    let sent = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(person.post(link, &sent).await.status, 303);
    assert_eq!(Browser::new(&site).get(link).await.status, 410, "it worked once");
    assert_eq!(send(person.request(Method::GET, "/api/v1/callbacks")).await.status, 200);
    assert_eq!(send(person.request(Method::GET, "/api/v1/accounts")).await.status, 403);
    let seen = ask(&admin, Method::GET, "/accounts/wang.fang", Value::Null).await.expect(200);
    assert_eq!((seen["state"].as_str(), seen["sessions"].as_i64()), (Some("open"), Some(1)));
    // Closed sessions are closed at once; a lock lets nobody in again.
    assert_eq!(ask(&admin, Method::DELETE, "/accounts/wang.fang/sessions", Value::Null).await.status, 204);
    assert_eq!(send(person.request(Method::GET, "/api/v1/callbacks")).await.status, 401);
    let locked = ask(&admin, Method::POST, "/accounts/wang.fang/lock", json!({})).await.expect(200);
    assert_eq!(locked["state"], "locked");
    let login = [("name", "wang.fang"), ("password", PASSWORD)];
    assert_eq!(person.post("/login", &login).await.status, 403);
    ask(&admin, Method::POST, "/accounts/wang.fang/unlock", json!({})).await.expect(200);
    assert_eq!(person.post("/login", &login).await.status, 303);
    // All of it stands in the audit log.
    let log =
        ask(&admin, Method::GET, "/audit?subject=account:wang.fang&action=account.*", Value::Null).await;
    let log = log.expect(200);
    let actions: Vec<&str> =
        log["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    for action in ["account.create", "account.sessions", "account.lock", "account.unlock", "account.password"]
    {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let made = &log["items"].as_array().unwrap().last().unwrap();
    assert_eq!((made["actor"].as_str(), made["action"].as_str()), (Some("li.wei"), Some("account.create")));
}

#[tokio::test]
async fn the_last_administrator_stays_and_nobody_locks_themselves_out() {
    let site = Site::sqlite().await;
    let admin = entered(&site).await;
    for (method, path, body) in [
        (Method::POST, "/accounts/li.wei/lock", json!({})),
        (Method::PATCH, "/accounts/li.wei", json!({ "roles": ["read"] })),
    ] {
        let own = ask(&admin, method.clone(), path, body.clone()).await;
        assert_eq!(own.status, 409, "{}", own.text());
        // Nor does a program do it: it would leave nobody.
        let last = send(site.request(method, &format!("/api/v1{path}"), &site.admin).json(&body)).await;
        assert_eq!(last.status, 409, "{}", last.text());
        assert!(last.text().contains("last account"), "{}", last.text());
    }
    // Somebody who was invited only does not count; once they have come they do.
    let second = json!({ "name": "second", "roles": ["admin"] });
    let link = ask(&admin, Method::POST, "/accounts", second).await.expect(201)["link"].clone();
    let lock = async || {
        let path = "/api/v1/accounts/li.wei/lock";
        send(site.request(Method::POST, path, &site.admin).json(&json!({}))).await.status.as_u16()
    };
    assert_eq!(lock().await, 409);
    let mut other = Browser::new(&site);
    other.post(link.as_str().unwrap(), &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(lock().await, 200);
    let patch = json!({ "roles": ["admin", "部门负责人"], "department": "工程部" });
    let changed = ask(&other, Method::PATCH, "/accounts/second", patch).await.expect(200);
    assert_eq!(changed["department"], "工程部");
    assert_eq!(changed["roles"], json!(["admin", "部门负责人"]));
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_said_by_field() {
    let site = Site::sqlite().await;
    let long = "x".repeat(61);
    for (body, field) in [
        (json!({ "name": "li wei", "roles": ["read"] }), "name"),
        (json!({ "name": "li", "roles": [] }), "roles"),
        (json!({ "name": "li", "roles": ["raed"] }), "roles"),
        (json!({ "name": "li", "roles": ["read"], "department": long }), "department"),
    ] {
        let answer = site.post("/api/v1/accounts", body).await;
        assert_eq!(answer.expect(422)["errors"][0]["field"], field);
    }
    site.post("/api/v1/accounts", json!({ "name": "li", "roles": ["read"] })).await.expect(201);
    site.post("/api/v1/accounts", json!({ "name": "li", "roles": ["read"] })).await.expect(409);
    site.post("/api/v1/accounts/nobody/reset", json!({})).await.expect(404);
    let link = site.post("/api/v1/accounts/li/reset", json!({})).await.expect(201);
    assert!(link["link"].as_str().unwrap().starts_with("/welcome/"), "no host was configured");
    let sheet = send(site.request(Method::GET, "/api/v1/accounts.csv", &site.admin)).await;
    assert!(sheet.text().contains("li,invited,read"), "{}", sheet.text());
}
