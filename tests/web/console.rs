//! The console over HTTP: who is let in, what every page has around it, and how fast it is.

use std::time::Duration;

use reqwest::Method;
use ringback::account::code_at;
use ringback::base::{Disposition, Timestamp};
use ringback::io::store::{LinkKind, NewAccount};
use ringback::io::web::hash_secret;

use super::site::{Answer, Call, MONDAY, Site, send};
use crate::support::databases::execute;

/// A browser: it keeps cookies by hand, so that a test sees them.
pub struct Browser<'a> {
    site: &'a Site,
    pub cookie: String,
    client: reqwest::Client,
}

impl<'a> Browser<'a> {
    pub fn new(site: &'a Site) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Browser { site, cookie: String::new(), client: client.build().unwrap() }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.site.base));
        request.header("cookie", &self.cookie).header("accept-language", "en")
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        let request = self.request(Method::POST, path).header("origin", &self.site.base);
        let answer =
            send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await;
        if let Some(cookie) = answer.header("set-cookie").split(';').next().filter(|c| !c.is_empty()) {
            self.cookie = cookie.to_owned();
        }
        answer
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

pub const PASSWORD: &str = "correct horse battery";

/// A site whose administrator `li.wei` has come by the first link.
pub async fn entered(site: &Site) -> Browser<'_> {
    let secret = "rb_first";
    let expires = MONDAY + Duration::from_secs(60);
    site.store.add_account_link(&hash_secret(secret), LinkKind::First, None, expires).await.unwrap();
    let mut browser = Browser::new(site);
    let answer = browser
        .post("/welcome/rb_first", &[("name", "li.wei"), ("password", PASSWORD), ("again", PASSWORD)])
        .await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"), "{}", answer.text());
    browser
}

#[tokio::test]
async fn the_first_link_makes_the_administrator_and_nothing_else_lets_anybody_in() {
    let site = Site::sqlite().await;
    let stranger = Browser::new(&site);
    for path in ["/", "/calls", "/wallboard", "/account"] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/login"), "{path}");
    }
    assert!(stranger.get("/login").await.text().contains("ringback user first"), "nobody is there yet");
    let mut browser = entered(&site).await;
    let page = browser.get("/").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("li.wei"));
    let again = Browser::new(&site).get("/welcome/rb_first").await;
    assert_eq!(again.status, 410, "the link worked once");
    // The session opens the API too.
    assert_eq!(send(browser.request(Method::GET, "/api/v1/tokens")).await.status, 200);
    assert_eq!(browser.post("/logout", &[]).await.status, 303);
    assert_eq!(browser.get("/").await.status, 303);
}

#[tokio::test]
async fn a_weak_or_mistyped_password_is_refused_with_the_reason_and_the_link_stays_good() {
    let site = Site::sqlite().await;
    let expires = MONDAY + Duration::from_secs(60);
    site.store.add_account_link(&hash_secret("rb_f"), LinkKind::First, None, expires).await.unwrap();
    let mut browser = Browser::new(&site);
    for (name, password, again, expect) in [
        ("li wei", PASSWORD, PASSWORD, "A name has"),
        ("liwei", "short", "short", "too short"),
        ("liwei", "liwei-liwei-liwei", "liwei-liwei-liwei", "must not hold the name"),
        ("liwei", PASSWORD, "another battery", "differ"),
    ] {
        let sent = [("name", name), ("password", password), ("again", again)];
        let answer = browser.post("/welcome/rb_f", &sent).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains(expect), "{expect}: {}", answer.text());
    }
    assert_eq!(site.store.account_count().await.unwrap(), 0);
    let sent = [("name", "liwei"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.post("/welcome/rb_f", &sent).await.status, 303);
}

#[tokio::test]
async fn guessing_shuts_an_account_for_a_while_and_the_right_password_does_not_open_it_then() {
    let site = Site::sqlite().await;
    entered(&site).await;
    let mut browser = Browser::new(&site);
    let mut try_it = async |password: &str| {
        browser.cookie.clear();
        browser.post("/login", &[("name", "li.wei"), ("password", password)]).await
    };
    for _ in 0..5 {
        let answer = try_it("wrong password").await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("set-cookie").is_empty());
    }
    let shut = try_it(PASSWORD).await;
    assert_eq!(shut.status, 429);
    assert!(shut.text().contains("try again in"), "{}", shut.text());
    site.clock.fetch_add(31_000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(try_it(PASSWORD).await.status, 303);
    let nobody = try_it("x").await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn a_cookie_is_hidden_from_scripts_and_secure_where_the_address_is_and_ends_in_time() {
    let site = Site::sqlite().await;
    entered(&site).await;
    let mut browser = Browser::new(&site);
    let login = [("name", "li.wei"), ("password", PASSWORD), ("back", "/calls")];
    let answer = browser.post("/login", &login).await;
    assert_eq!(answer.header("location"), "/calls");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let secret = browser.cookie.split('=').nth(1).unwrap().to_owned();
    assert!(site.store.session(&hash_secret(&secret)).await.unwrap().is_some());
    assert!(site.store.session(&secret).await.unwrap().is_none(), "only the hash is kept");
    let hour = 3_600_000;
    for _ in 0..3 {
        site.clock.fetch_add(7 * hour, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(browser.get("/").await.status, 200, "in use");
    }
    site.clock.fetch_add(8 * hour, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(browser.get("/").await.status, 303, "idle");
    assert_eq!(send(browser.request(Method::GET, "/api/v1/calls")).await.status, 401);
    site.api.set_public_url("https://ringback.example.com".into());
    let answer = browser.post("/login", &login).await;
    assert!(answer.header("set-cookie").contains("Secure"));
    let evil = browser
        .post("/login", &[("name", "li.wei"), ("password", PASSWORD), ("back", "//evil.example")])
        .await;
    assert_eq!(evil.header("location"), "/");
}

#[tokio::test]
async fn what_another_site_sends_in_a_visitors_name_is_refused() {
    let site = Site::sqlite().await;
    let browser = entered(&site).await;
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        for path in ["/logout", "/campaigns/1/stop", "/api/v1/drain", "/api/v1/campaigns/1/stop"] {
            let answer = send(browser.request(Method::POST, path).header(name, value)).await;
            assert_eq!(answer.status, 403, "{path}");
            assert_eq!(answer.json()["type"], "/problems/from-elsewhere");
        }
    }
    assert_eq!(browser.get("/").await.status, 200, "nobody was logged out");
}

#[tokio::test]
async fn one_time_codes_are_asked_for_once_they_are_on() {
    let site = Site::sqlite().await;
    let mut browser = entered(&site).await;
    let page = browser.get("/account").await.text();
    let secret = page.split("name=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let bytes = ringback::account::secret_of(&secret).unwrap();
    let now = || Timestamp(site.clock.load(std::sync::atomic::Ordering::Relaxed));
    let wrong = [("old", PASSWORD), ("secret", secret.as_str()), ("code", "000000")];
    let answer = browser.post("/account/codes", &wrong).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains(&secret), "the same secret is shown again");
    let code = code_at(&bytes, now());
    assert_eq!(
        browser
            .post("/account/codes", &[("old", PASSWORD), ("secret", &secret), ("code", &code)])
            .await
            .status,
        303
    );
    let mut log_in = async |code: &str| {
        browser.cookie.clear();
        browser
            .post("/login", &[("name", "li.wei"), ("password", PASSWORD), ("code", code)])
            .await
            .status
            .as_u16()
    };
    assert_eq!(log_in("").await, 401);
    assert_eq!(log_in(&code_at(&bytes, now())).await, 303);
    assert_eq!(log_in(&code_at(&bytes, now())).await, 401, "no code works twice");
    site.clock.fetch_add(30_000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(log_in(&code_at(&bytes, now())).await, 303);
}

#[tokio::test]
async fn a_new_password_logs_out_everywhere_and_a_reset_link_sets_one() {
    let site = Site::sqlite().await;
    let mut browser = entered(&site).await;
    let next = "another fine battery";
    let change = |old| [("old", old), ("password", next), ("again", next)];
    assert_eq!(browser.post("/account/password", &change("wrong")).await.status, 422);
    assert_eq!(browser.post("/account/password", &change(PASSWORD)).await.status, 303);
    assert_eq!(browser.get("/").await.status, 303, "logged out");
    assert_eq!(browser.post("/login", &[("name", "li.wei"), ("password", PASSWORD)]).await.status, 401);
    assert_eq!(browser.post("/login", &[("name", "li.wei"), ("password", next)]).await.status, 303);
    let account = site.store.account("li.wei").await.unwrap().unwrap();
    let expires = MONDAY + Duration::from_secs(60);
    site.store
        .add_account_link(&hash_secret("rb_r"), LinkKind::Password, Some(account.id), expires)
        .await
        .unwrap();
    assert_eq!(
        browser.post("/welcome/rb_r", &[("password", PASSWORD), ("again", PASSWORD)]).await.status,
        303
    );
    assert_eq!(browser.get("/").await.status, 200);
    site.store.lock_account("li.wei", true, "test", MONDAY).await.unwrap();
    assert_eq!(browser.get("/").await.status, 303, "locked");
    assert_eq!(browser.post("/login", &[("name", "li.wei"), ("password", PASSWORD)]).await.status, 403);
}

#[tokio::test]
async fn who_may_only_look_sees_no_buttons_and_cannot_steer() {
    let site = Site::sqlite().await;
    entered(&site).await;
    let (campaign, _) = site.campaign(&["13800000001"]).await;
    let roles = ["read".to_owned()];
    let new = NewAccount { name: "eye", roles: &roles, ..NewAccount::default() };
    let account = site.store.add_account(&new, "t", MONDAY).await.unwrap();
    let expires = MONDAY + Duration::from_secs(60);
    site.store
        .add_account_link(&hash_secret("rb_l"), LinkKind::Login, Some(account.id), expires)
        .await
        .unwrap();
    let mut browser = Browser::new(&site);
    let came = browser.get("/welcome/rb_l").await;
    browser.cookie = came.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = browser.get("/").await.text();
    assert!(page.contains("march") && !page.contains("/start\""), "{page}");
    assert_eq!(browser.post(&format!("/campaigns/{campaign}/start"), &[]).await.status, 403);
    assert!(site.orders.lock().unwrap().iter().all(|order| !format!("{order:?}").contains("StartCampaign")));
    site.store.set_account_roles("eye", &["operate".to_owned()], "t", MONDAY).await.unwrap();
    assert!(browser.get("/").await.text().contains("/start\""));
    assert_eq!(browser.post(&format!("/campaigns/{campaign}/start"), &[]).await.status, 303);
    assert!(format!("{:?}", site.orders.lock().unwrap()).contains("StartCampaign"));
}

#[tokio::test]
async fn every_page_has_its_policy_both_languages_and_no_word_of_a_script_in_it() {
    let mut site = Site::sqlite().await;
    let (campaign, entries) = site.campaign(&["13800000001"]).await;
    let call = Call {
        disposition: Disposition::Completed,
        scores: &[Some(5)],
        seconds: 20,
        recording: None,
        detail: "",
    };
    let id = site.call(campaign, entries[0], "13800000001", MONDAY.0, call).await;
    let browser = entered(&site).await;
    let pages = [
        "/".to_owned(),
        "/wallboard".into(),
        "/calls".into(),
        "/calls?disposition=completed&phone=&sort=longest".into(),
        format!("/calls/{id}?t=3"),
        format!("/entries?campaign={campaign}"),
        "/plan/shop/2026-03-02?verdict=not&code=holiday".into(),
        "/account".into(),
        "/login".into(),
        "/none-such".into(),
    ];
    for path in &pages {
        for (lang, mark) in [("en", "lang=\"en\""), ("zh-CN", "lang=\"zh-CN\"")] {
            let request = browser.request(Method::GET, path);
            let cookie = format!("{}; rb_lang={lang}", browser.cookie);
            let answer = send(request.header("cookie", cookie)).await;
            if path == "/none-such" {
                assert_eq!(answer.status, 404);
                continue;
            }
            let page = answer.text();
            assert_eq!(answer.status, 200, "{path}: {page}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
            assert!(page.contains(mark), "{path}: {page}");
            for word in [" style=", "<style", " onclick=", "javascript:", "http://", "https://"] {
                assert!(!page.replace("http://www.w3.org", "").contains(word), "{path} holds {word}");
            }
            assert_eq!(page.matches("<script").count(), 1, "{path}");
            // A customer of this list has the number in the name.
            let page = page.replace("C 13800000001", "");
            assert!(!page.contains("13800000001"), "{path} shows a whole number");
            let other = if lang == "en" { "zh-CN" } else { "en" };
            assert!(page.contains(&format!("/look?lang={other}")), "{path} has the toggle");
        }
    }
    let asset = browser.get("/").await.text();
    let sheet = asset.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(browser.get(sheet).await.header("cache-control").contains("immutable"));
    let toggled = browser.get("/look?lang=zh-CN&back=%2Fcalls%3Fphone%3D1").await;
    assert_eq!(toggled.header("location"), "/calls?phone=1", "the toggle keeps the address");
    assert!(toggled.header("set-cookie").starts_with("rb_lang=zh-CN"));
}

#[tokio::test]
async fn filters_of_calls_stand_in_the_address_and_a_wrong_one_is_explained() {
    let mut site = Site::sqlite().await;
    let (campaign, entries) = site.campaign(&["13800000001", "13800000002"]).await;
    let made = |disposition, scores| Call { disposition, scores, seconds: 20, recording: None, detail: "" };
    let done = site
        .call(campaign, entries[0], "13800000001", MONDAY.0, made(Disposition::Completed, &[Some(5)]))
        .await;
    let busy =
        site.call(campaign, entries[1], "13800000002", MONDAY.0 + 60_000, made(Disposition::Busy, &[])).await;
    let browser = entered(&site).await;
    let page = browser.get("/calls").await.text();
    assert!(page.contains(&done.to_string()) && page.contains(&busy.to_string()));
    let page = browser.get("/calls?disposition=busy&phone=").await.text();
    assert!(!page.contains(&done.to_string()) && page.contains(&busy.to_string()));
    assert!(page.contains("/api/v1/calls.csv?disposition=busy"), "{page}");
    let sheet = browser.get("/api/v1/calls.csv?disposition=busy").await.text();
    assert!(sheet.contains(&busy.to_string()) && !sheet.contains(&done.to_string()));
    let fragment = send(browser.request(Method::GET, "/calls?disposition=busy").header("x-fragment", "rows"))
        .await
        .text();
    assert!(fragment.contains("id=\"rows\"") && !fragment.contains("<html"), "{fragment}");
    let wrong = browser.get("/calls?phone=abc").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("phone") && wrong.text().contains("13800000000"), "{}", wrong.text());
    assert!(browser.get("/calls?disposition=refused").await.text().contains("No call fits"));
    assert_eq!(browser.get("/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.status, 404);
}

/// A hundred thousand calls, and a paused campaign of as many entries.
async fn fill(site: &Site) {
    crate::store::million::fill(&site.store, 100_000).await;
    let statements = [
        "INSERT INTO lists (id, name, created_at) VALUES (2, 'large', 0)",
        "INSERT INTO campaigns (id, name, list_id, state, priority, settings, created_at, changed_at)
         VALUES (2, 'large', 2, 'paused', 5, '{\"script\":\"one-key\"}', 0, 0)",
        "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority, fields, state,
                              disposition, reason, detail, due_at, attempts, created_at, changed_at)
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
         SELECT 2, 'B' || i, 'B' || i, '139' || substr(CAST(100000000 + i AS TEXT), 2), '', 'C' || i, '', 5, '{}',
            CASE i % 3 WHEN 0 THEN 'pending' WHEN 1 THEN 'done' ELSE 'failed' END,
            CASE i % 3 WHEN 1 THEN 'completed' WHEN 2 THEN 'no_answer' END,
            CASE i % 3 WHEN 0 THEN 'due' WHEN 1 THEN 'finished' ELSE 'attempts_spent' END, '', 1700000000000, 1,
            1700000000000, 1700000000000 FROM n",
    ];
    for statement in statements {
        execute(&site.store, statement).await.unwrap();
    }
}

#[tokio::test]
async fn figures_of_100_000_rows_are_those_of_the_rows() {
    let site = Site::sqlite().await;
    fill(&site).await;
    let browser = entered(&site).await;
    for path in ["/", "/entries?campaign=2&reason=due"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("33,333") || path != "/", "{}", answer.text());
        assert!((2_000..60_000).contains(&answer.bytes.len()), "{path} has {} bytes", answer.bytes.len());
    }
}

#[tokio::test]
async fn a_chinese_browser_reads_in_chinese_what_kind_of_problem_it_is_and_a_program_reads_english() {
    let site = Site::sqlite().await;
    let browser = entered(&site).await;
    let ask = async |path: &str, accepted: &str| {
        let request = browser.client.get(format!("{}{path}", site.base)).header("cookie", &browser.cookie);
        send(request.header("accept-language", accepted)).await
    };
    let title = async |accepted| ask("/api/v1/lists/99", accepted).await.expect(404)["title"].clone();
    assert_eq!(title("zh-CN,zh;q=0.9").await, "找不到");
    assert_eq!(title("en-GB").await, "There is no such thing");
    let page = ask("/calls/none", "zh-CN").await;
    assert!(page.text().contains("<h1>找不到</h1>"), "{}", page.text());
}
