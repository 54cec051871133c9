//! The pages of the audit over HTTP: what each shows, to whom, and in which language.

use reqwest::Method;
use ringback::io::store::NewToken;
use serde_json::{Value, json};

use super::site::{Answer, Site, send, token_of};
use crate::audits::world::{House, Made, sheet};
use crate::support::databases::Database;

async fn page_in(site: &Site, token: &str, path: &str, lang: &str) -> Answer {
    send(site.request(Method::GET, path, token).header("accept-language", lang)).await
}

/// A page in English that must be there.
async fn page(site: &Site, token: &str, path: &str) -> String {
    let answer = page_in(site, token, path, "en").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

async fn person(site: &Site, name: &str, scope: &str) -> String {
    token_of(&site.store, &NewToken { name, scope, ..NewToken::default() }).await
}

/// March with forty calls of two agents; it is April.
async fn march(database: &Database) -> House {
    let mut house = House::open(database).await;
    for n in 0..40 {
        let agent = ["li", "ma"][n % 2];
        let moment = format!("2026-03-{:02} 10:{n:02}", 2 + n / 10);
        let audit = if n == 3 { r#"["too_short"]"# } else { "[]" };
        let call = house.call(&Made { moment: &moment, agent, audit, ..Made::default() });
        if n == 3 {
            house.finding(&call, 1, "interruptions", "", 2.0, "warn", "agent");
            house.also(&format!("UPDATE calls SET recording_ms = 60000 WHERE id = '{call}';"));
        }
    }
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    house
}

#[tokio::test]
async fn a_draw_is_shown_step_by_step_with_its_proof() {
    let database = Database::sqlite();
    let house = march(&database).await;
    let site = &house.shop.site;
    let first = page(site, &site.admin, "/audit").await;
    assert!(
        first.contains("2026-03 is over and not frozen") && first.contains("POST /audits/draws"),
        "{first}"
    );
    let chinese = page_in(site, &site.admin, "/audit", "zh-CN").await.text();
    assert!(chinese.contains("2026-03 已经过完") && chinese.contains("lang=\"zh-CN\""));

    let frozen = house.ask(Method::POST, "/audits/draws", json!({ "month": "2026-03" })).await.expect(201);
    let id = &frozen["id"];
    let here = format!("/audit/{id}");
    let shown = page(site, &site.admin, &here).await;
    assert!(shown.contains(frozen["list_sha256"].as_str().unwrap()), "the hash is shown");
    assert!(shown.contains(&format!("POST /audits/draws/{id}/seed")), "the seed is asked for");
    let looks = page(site, &site.read, &here).await;
    assert!(!looks.contains("POST /audits/draws"), "who only looks types no seed in");

    let seeded = json!({ "seed": "03 09 14 22 27 31", "auditors": ["wang", "zhao"] });
    house.ask(Method::POST, &format!("/audits/draws/{id}/seed"), seeded).await.expect(200);
    let drawn = page(site, &site.admin, &here).await;
    for expect in ["Too short", "03 09 14 22 27 31", "Drawn", "wang", "zhao", "/audit/cases/"] {
        assert!(drawn.contains(expect), "{expect}");
    }
    assert!(!drawn.contains("139000"), "no number of a customer stands in a draw");
    let verified = page(site, &site.admin, &format!("{here}?verify=yes")).await;
    assert!(verified.contains("It comes out the same") && verified.contains("40 calls"), "{verified}");
    let of_ma = page(site, &site.admin, &format!("{here}?agent=ma")).await;
    let picks = of_ma.split("id=\"picks\"").nth(1).unwrap();
    assert!(picks.contains("<td>ma</td>") && !picks.contains("<td>li</td>"));
    let list = page(site, &site.admin, "/audit").await;
    assert!(list.contains(&format!("href=\"{here}\"")) && list.contains("0 / "), "{list}");
    assert_eq!(page_in(site, &site.admin, "/audit/99", "en").await.status, 404);
}

#[tokio::test]
async fn a_case_is_scored_by_its_auditor_read_by_its_agent_and_closed_to_others() {
    let database = Database::sqlite();
    let house = march(&database).await;
    let site = &house.shop.site;
    house.drawn("2026-03", "27182818", &["wang"]).await;
    let cases = house.cases("agent=ma").await;
    let case = cases.iter().find(|case| case["why"].as_str().unwrap().contains("too_short")).unwrap();
    let id = &case["id"];
    let here = format!("/audit/cases/{id}");
    let wang = person(site, "wang", "auditor").await;
    let ma = person(site, "ma", "agent").await;

    let list = page(site, &wang, "/audit/cases?auditor=wang&open=true").await;
    assert!(list.contains(&format!("href=\"{here}\"")) && list.contains("Too short"), "{list}");
    assert!(page(site, &wang, "/audit").await.contains("wait for your score"));
    let fragment =
        send(site.request(Method::GET, "/audit/cases?open=true", &wang).header("x-fragment", "rows"));
    let fragment = fragment.await.text();
    assert!(fragment.contains("id=\"rows\"") && !fragment.contains("<html"));

    let card = page(site, &wang, &here).await;
    for expect in
        ["<score-card", " edits", "data-item=\"B1\"", "Filled in", "data-critical=\"K1\"", "/recording"]
    {
        assert!(card.contains(expect), "{expect}: {card}");
    }
    assert!(!card.contains("style="));
    assert!(!page(site, &site.admin, &here).await.contains(" edits"), "only its auditor scores it");
    assert_eq!(page_in(site, &ma, &here, "en").await.status, 403, "nothing is submitted yet");
    assert!(page(site, &ma, "/audit/own").await.contains("None of your calls"));

    let view =
        house.ask_as(&wang, Method::GET, &format!("/audits/cases/{id}"), Value::Null).await.expect(200);
    let mut body = sheet(&view, &[("A1", 2.0)]);
    body["notes"] = json!([{ "at_ms": 12_000, "text": "问候缺品牌" }]);
    body["summary"] = json!("先报品牌");
    let sent = json!({ "sheet": body });
    house.ask_as(&wang, Method::POST, &format!("/audits/cases/{id}/submit"), sent).await.expect(201);
    let read = page(site, &ma, &here).await;
    for expect in
        ["问候缺品牌", "先报品牌", "data-seek=\"12000\"", "/appeal", "2 / 4", "Appeals are possible until"]
    {
        assert!(read.contains(expect), "{expect}: {read}");
    }
    assert!(page(site, &ma, "/audit/own").await.contains(&format!("href=\"{here}\"")));
    assert!(page(site, &ma, "/audit").await.contains("<h1>My sheets"), "they are led to their own");
    assert_eq!(page_in(site, &ma, "/audit/cases", "en").await.status, 403);
    assert_eq!(page_in(site, &person(site, "li", "agent").await, &here, "en").await.status, 403);
    assert!(page(site, &wang, &format!("{here}?correct=yes")).await.contains("id=\"reason\""));

    let appeal = json!({ "text": "开头说了品牌" });
    house.ask_as(&ma, Method::POST, &format!("/audits/cases/{id}/appeal"), appeal).await.expect(201);
    let waiting = page(site, &site.admin, "/audit/appeals").await;
    assert!(waiting.contains("开头说了品牌") && waiting.contains("/decide"), "{waiting}");
    assert!(page(site, &wang, "/audit/appeals").await.contains("another person decides"));
    assert!(!page(site, &ma, &here).await.contains(&format!("POST /audits/cases/{id}/appeal")), "once");
}

#[tokio::test]
async fn results_rank_only_who_has_enough_sheets_and_lead_to_them() {
    let database = Database::sqlite();
    let house = march(&database).await;
    let site = &house.shop.site;
    house.drawn("2026-03", "27182818", &["wang"]).await;
    let wang = person(site, "wang", "auditor").await;
    for case in house.cases("agent=li").await {
        let path = format!("/audits/cases/{}", case["id"]);
        let view = house.ask_as(&wang, Method::GET, &path, Value::Null).await.expect(200);
        let sent = json!({ "sheet": sheet(&view, &[]) });
        house.ask_as(&wang, Method::POST, &format!("{path}/submit"), sent).await.expect(201);
    }
    let shown = page(site, &site.read, "/audit/results?month=2026-03").await;
    for expect in
        ["class=\"interval\"", "class=\"trend\"", "too few to rank", "href=\"/audit/cases?agent=li\""]
    {
        assert!(shown.contains(expect), "{expect}: {shown}");
    }
    assert!(shown.contains("/audit/performance?month=2026-03&#38;person=li"), "{shown}");
    let newest = page(site, &site.read, "/audit/results").await;
    assert!(newest.contains("Results of 2026-03"), "the newest draw is the default");
    let mistake = page_in(site, &site.read, "/audit/results?month=march", "en").await;
    assert_eq!(mistake.status, 422);
    assert_eq!(page_in(site, &wang, "/audit/cases?sort=newest", "en").await.status, 422);
    assert_eq!(page_in(site, &wang, "/audit/performance", "en").await.status, 403);
}

#[tokio::test]
async fn a_session_shows_who_differs_once_all_have_scored_and_examples_are_kept() {
    let database = Database::sqlite();
    let mut house = House::open(&database).await;
    let call = house.call(&Made::default());
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    let site = &house.shop.site;
    let called = json!({ "title": "四月校准", "call_id": call, "auditors": ["wang", "zhao"] });
    let session = house.ask(Method::POST, "/audits/sessions", called).await.expect(201);
    let here = format!("/audit/sessions/{}", session["session"]["id"]);
    assert!(page(site, &site.admin, "/audit/sessions").await.contains("四月校准"));
    assert!(page(site, &site.admin, &here).await.contains("once everybody has submitted"));
    for (case, points) in session["cases"].as_array().unwrap().iter().zip([4.0, 0.0]) {
        let path = format!("/audits/cases/{}", case["id"]);
        let token = person(site, case["auditor"].as_str().unwrap(), "auditor").await;
        let view = house.ask_as(&token, Method::GET, &path, Value::Null).await.expect(200);
        let sent = json!({ "sheet": sheet(&view, &[("A2", points)]) });
        house.ask_as(&token, Method::POST, &format!("{path}/submit"), sent).await.expect(201);
    }
    let shown = page(site, &site.admin, &here).await;
    assert!(shown.contains("A2") && shown.contains("Totals differ by"), "{shown}");

    let example = json!({ "call_id": call, "kind": "good", "item": "A1", "from_ms": 1000, "to_ms": 9000,
        "title": "开场完整", "note": "" });
    house.ask(Method::POST, "/audits/examples", example).await.expect(201);
    let examples = page(site, &site.read, "/audit/examples?kind=good").await;
    assert!(examples.contains("开场完整") && examples.contains(&format!("/calls/{call}?t=1")), "{examples}");
    assert!(page(site, &site.read, "/audit/examples?kind=bad").await.contains("No examples yet"));
}

#[tokio::test]
async fn comments_stand_at_their_place_in_the_call_for_those_who_may_read_them() {
    let database = Database::sqlite();
    let house = march(&database).await;
    let site = &house.shop.site;
    house.drawn("2026-03", "27182818", &["wang"]).await;
    let cases = house.cases("agent=ma").await;
    let case = cases.iter().find(|case| case["why"].as_str().unwrap().contains("too_short")).unwrap();
    let (id, call) = (&case["id"], case["call_id"].as_str().unwrap());
    let here = format!("/calls/{call}");
    let comments = format!("{here}/comments");
    let (wang, ma) = (person(site, "wang", "auditor").await, person(site, "ma", "agent").await);

    let remark = json!({ "at_ms": 12_000, "text": "问候缺品牌" });
    let kept = house.ask_as(&wang, Method::POST, &comments, remark.clone()).await.expect(201);
    assert_eq!((&kept["at_ms"], &kept["draft"]), (&json!(12_000), &json!(true)));
    for (body, field) in [
        (json!({ "at_ms": 12_000, "text": " " }), "text"),
        (json!({ "at_ms": 60_001, "text": "x" }), "at_ms"),
        (json!({ "at_ms": -1, "text": "x" }), "at_ms"),
    ] {
        let refused = house.ask_as(&wang, Method::POST, &comments, body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let not_theirs = person(site, "zhao", "auditor").await;
    house.ask_as(&not_theirs, Method::POST, &comments, remark.clone()).await.expect(409);
    house.ask_as(&ma, Method::POST, &comments, remark.clone()).await.expect(403);

    let shown = page(site, &wang, &here).await;
    for expect in ["问候缺品牌", "data-seek=\"12000\"", "id=\"remark\"", "is-comment", "draft"] {
        assert!(shown.contains(expect), "{expect}: {shown}");
    }
    for (token, who) in [(&ma, "the agent, before it is submitted"), (&not_theirs, "another auditor")] {
        let shown = page(site, token, &here).await;
        assert!(!shown.contains("问候缺品牌") && !shown.contains("id=\"remark\""), "{who}: {shown}");
        let read = house.ask_as(token, Method::GET, &comments, Value::Null).await.expect(200);
        assert_eq!(read["items"], json!([]), "{who}");
    }

    let path = format!("/audits/cases/{id}");
    let view = house.ask_as(&wang, Method::GET, &path, Value::Null).await.expect(200);
    let draft = &view["sheets"][0]["body"];
    let draft: Value =
        draft.as_str().map_or_else(|| draft.clone(), |text| serde_json::from_str(text).unwrap());
    assert_eq!(draft["notes"], json!([{ "at_ms": 12_000, "text": "问候缺品牌" }]), "it is on the sheet");
    let mut body = sheet(&view, &[("A1", 2.0)]);
    body["notes"] = draft["notes"].clone();
    body["marks"]["A1"]["comment"] = json!("没有报品牌");
    body["summary"] = json!("先报品牌");
    house.ask_as(&wang, Method::POST, &format!("{path}/submit"), json!({ "sheet": body })).await.expect(201);
    let read = house.ask_as(&ma, Method::GET, &comments, Value::Null).await.expect(200);
    let texts: Vec<&str> =
        read["items"].as_array().unwrap().iter().map(|c| c["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["问候缺品牌", "没有报品牌", "先报品牌"], "what has no place stands last");
    assert!(page(site, &ma, &here).await.contains("问候缺品牌"), "the agent reads what was submitted");
    house.ask_as(&wang, Method::POST, &comments, remark).await.expect(409);
    let fragment =
        send(site.request(Method::GET, &here, &wang).header("x-fragment", "comments")).await.text();
    assert!(fragment.contains("id=\"comments\"") && !fragment.contains("<html"), "{fragment}");
}

#[tokio::test]
async fn auditors_are_chosen_from_the_accounts_that_may_score() {
    let database = Database::sqlite();
    let house = march(&database).await;
    let site = &house.shop.site;
    for (name, role, agent) in
        [("wang.qa", "auditor", ""), ("zhao.agent", "auditor", "zhao"), ("li.wei", "dispatcher", "")]
    {
        let roles = [role.to_owned()];
        let new = ringback::io::store::NewAccount { name, roles: &roles, agent, ..Default::default() };
        site.store.add_account(&new, "test", super::site::MONDAY).await.unwrap();
    }
    let known = house.ask(Method::GET, "/audits/auditors", Value::Null).await.expect(200);
    assert_eq!(
        known["items"],
        json!([{ "name": "wang.qa", "account": "wang.qa" }, { "name": "zhao", "account": "zhao.agent" }]),
        "by the name under which they score"
    );
    house.ask_as(&site.read, Method::GET, "/audits/auditors", Value::Null).await.expect(403);
    let frozen = house.ask(Method::POST, "/audits/draws", json!({ "month": "2026-03" })).await.expect(201);
    let shown = page(site, &site.admin, &format!("/audit/{}", frozen["id"])).await;
    for expect in ["value=\"wang.qa\"", "value=\"zhao\"", "People without an account"] {
        assert!(shown.contains(expect), "{expect}: {shown}");
    }
    assert!(!shown.contains("value=\"li.wei\""), "{shown}");
}
