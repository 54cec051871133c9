//! The pages of reports over HTTP: registers, reports and their steps, the chain of custody.

use reqwest::Method;
use ringback::io::store::NewToken;
use serde_json::json;

use super::site::{Answer, Site, send, token_of};
use crate::books::world::{Department, Made};
use crate::custody::world::Archive;
use crate::support::databases::Database;

async fn page_in(site: &Site, token: &str, path: &str, lang: &str) -> Answer {
    send(site.request(Method::GET, path, token).header("accept-language", lang)).await
}

/// A page in English that must be there.
async fn page(site: &Site, path: &str) -> String {
    let answer = page_in(site, &site.admin, path, "en").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// A hospital with three callbacks of 3 March.
async fn hospital(database: &Database) -> Department {
    let mut department = Department::open(database).await;
    for (outcome, assignee) in [("satisfied", "li"), ("dissatisfied", "li"), ("satisfied", "ma")] {
        let filled = json!({ "d1": "5" });
        department.callback(Made { outcome, assignee, filled, ..Made::default() }).await;
    }
    department.office.set("2026-03-04 09:00");
    department
}

#[tokio::test]
async fn registers_are_found_by_name_and_filled_with_the_rows_of_some_days() {
    let database = Database::sqlite();
    let department = hospital(&database).await;
    let site = &department.office.shop.site;
    let all = page(site, "/reports/registers").await;
    assert!(all.contains("62 registers") || all.matches("<li><a href=\"/reports/registers/").count() > 50);
    let found = page(site, "/reports/registers?q=F46").await;
    assert!(found.matches("href=\"/reports/registers/").count() < 20, "{found}");
    let none = page(site, "/reports/registers?q=zzz").await;
    assert!(none.contains("There is no such register"));

    let id = first_with_rows(&department).await;
    let here = format!("/reports/registers/{id}");
    let filled = page(site, &format!("{here}?from=2026-03-01&to=2026-03-05")).await;
    for expect in [
        "<table class=\"rows dense\"",
        "3 rows",
        "/excel?from=2026-03-01&#38;to=2026-03-05",
        ".csv?from=2026-03-01",
    ] {
        assert!(filled.contains(expect), "{expect}: {filled}");
    }
    assert!(!filled.contains("13800000001"), "numbers are masked");
    let given = department.get("/accesses?what=report").await;
    assert_eq!(given["items"][0]["place"], "127.0.0.1", "a page hands on where its visitor is: {given}");
    let record = filled.split("record=").nth(1).unwrap().split('#').next().unwrap();
    let noted = page(site, &format!("{here}?from=2026-03-01&to=2026-03-05&record={record}")).await;
    assert!(noted.contains("POST /register-notes") && noted.contains("No notes yet"), "{noted}");
    let mistake = page_in(site, &site.admin, &format!("{here}?from=2026-03-05&to=2026-03-01"), "en").await;
    assert_eq!(mistake.status, 422);
    assert!(mistake.text().contains("it lies before `from`"));
    assert_eq!(page_in(site, &site.admin, "/reports/registers/none", "en").await.status, 404);
}

/// A register that shows callbacks of the hospital.
async fn first_with_rows(department: &Department) -> String {
    let all = department.get("/registers?pack=hospital").await;
    for register in all["items"].as_array().unwrap() {
        let id = register["id"].as_str().unwrap();
        let form = department.register(id, "2026-03-01", "2026-03-05").await;
        if form["rows"].as_array().unwrap().len() == 3 {
            return id.to_owned();
        }
    }
    panic!("no register has the three callbacks");
}

#[tokio::test]
async fn a_report_shows_its_figures_what_is_behind_them_and_who_took_each_step() {
    let database = Database::sqlite();
    let department = hospital(&database).await;
    let site = &department.office.shop.site;
    let index = page(site, "/reports").await;
    for expect in ["Each day", "Each month", "Each year", "POST /reports", "none yet"] {
        assert!(index.contains(expect), "{expect}");
    }
    let report = department.report("hospital-day", "2026-03-03").await;
    let here = format!("/reports/{}", report["id"]);
    let shown = page(site, &here).await;
    for expect in ["Draft", "id=\"step-submit\"", "class=\"big\"", "/excel"] {
        assert!(shown.contains(expect), "{expect}: {shown}");
    }
    assert!(!shown.contains("style="));
    let figure = report["figures"].as_array().unwrap().iter().find(|f| f["numerator"] != 0).unwrap();
    let behind =
        page(site, &format!("{here}/figures/{}?part=numerator", figure["id"].as_str().unwrap())).await;
    assert!(behind.contains("<table class=\"rows dense\"") && behind.contains("row"), "{behind}");
    assert!(!behind.contains("13800000001"), "numbers are masked");

    let steps = format!("/reports/{}/steps", report["id"]);
    for text in report["texts"].as_array().unwrap() {
        let body = json!({ "field": text["id"], "text": "已改进" });
        department.post(&format!("/reports/{}/texts", report["id"]), body, 200).await;
    }
    department.post(&steps, json!({ "step": "submit" }), 200).await;
    let submitted = page(site, &here).await;
    assert!(
        submitted.contains("id=\"step-approve\"") && submitted.contains("id=\"step-return\""),
        "{submitted}"
    );
    department.approve(&steps).await;
    let approved = page(site, &here).await;
    assert!(approved.contains("jing") && !approved.contains("/steps\""), "{approved}");
    let chinese = page_in(site, &site.admin, &here, "zh-CN").await.text();
    assert!(chinese.contains("已批准") && chinese.contains("锁定"));
    let list = page(site, "/reports?report=hospital-day&state=approved").await;
    assert!(list.contains(&format!("href=\"{here}\"")));
    assert_eq!(page_in(site, &site.admin, "/reports?from=x", "en").await.status, 422);
    assert_eq!(page_in(site, &site.admin, &format!("{here}/figures/none"), "en").await.status, 404);

    let agent = token_of(&site.store, &NewToken { name: "a", scope: "agent", ..NewToken::default() }).await;
    for path in ["/reports", here.as_str(), "/reports/registers", "/reports/rates", "/reports/chain"] {
        assert_eq!(page_in(site, &agent, path, "en").await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn rates_of_a_month_and_actions_of_reports_are_pages() {
    let database = Database::sqlite();
    let department = hospital(&database).await;
    let site = &department.office.shop.site;
    let rates = page(site, "/reports/rates?month=2026-03").await;
    assert!(rates.contains("Callback rates") && rates.contains("/rates.csv?month=2026-03"), "{rates}");
    assert_eq!(page_in(site, &site.admin, "/reports/rates?month=x", "en").await.status, 422);
    assert!(page(site, "/reports/actions").await.contains("No open actions"));
    let sheets = page(site, "/audit/performance?month=2026-03&pack=hospital").await;
    assert!(sheets.contains("/audit/performance/rows?month=2026-03"), "{sheets}");
    let rows = sheets.split("href=\"/audit/performance/rows?").nth(1).unwrap().split('"').next().unwrap();
    let rows = page(site, &format!("/audit/performance/rows?{}", rows.replace("&#38;", "&"))).await;
    assert!(rows.contains("Evidence") && rows.contains("<table class=\"rows dense\""), "{rows}");
}

#[tokio::test]
async fn the_chain_shows_its_roots_verifies_itself_and_tells_of_accesses() {
    let database = Database::sqlite();
    let mut archive = Archive::open(&database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[5]).await;
    archive.turn("2026-03-04 09:00").await;
    archive.turn("2026-03-05 09:00").await;
    let site = &archive.house.shop.site;
    assert_eq!(site.get(&format!("/api/v1/calls/{call}/recording")).await.status, 200);
    let shown = page(site, "/reports/chain").await;
    for expect in ["2026-03-04", "Verify", "SHA-256", "Listened", "Nothing was verified"] {
        assert!(shown.contains(expect), "{expect}: {shown}");
    }
    site.post("/api/v1/custody/verification", json!({})).await.expect(202);
    let mut verified = String::new();
    for _ in 0..100 {
        verified = page(site, "/reports/chain").await;
        if !verified.contains("data-running") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(verified.contains("All as it was"), "{verified}");
    let looks = page_in(site, &site.read, "/reports/chain", "en").await.text();
    assert!(!looks.contains("POST /custody/verification") && !looks.contains("Accesses"), "{looks}");
}
