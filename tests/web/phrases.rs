//! What is said in Chinese to who reads Chinese: problems, imports, findings of policies, reasons on pages;
//! and in English to everybody else.

use reqwest::Method;
use serde_json::{Value, json};

use super::site::{Answer, Site, send};
use crate::plan::shop::Shop;
use crate::support::databases::Database;
use crate::tickets::office::Office;

const FILE: &str =
    "姓名,电话,订单号\n张三,13800000001,A1\n李四,1380000,A2\n王五,,A3\n赵六,13800000001转,A4\n";

/// A request of a browser that reads this language; empty: of a program.
async fn ask(site: &Site, method: Method, path: &str, lang: &str, body: &Value) -> Answer {
    let mut request = site.request(method.clone(), path, &site.admin);
    if !lang.is_empty() {
        request = request.header("accept-language", lang);
    }
    send(if method == Method::GET { request } else { request.json(body) }).await
}

/// The English words of a text that stand beside each other, outside of what is to be typed.
fn english(text: &str) -> Vec<String> {
    let said: String = text.split('`').step_by(2).collect::<Vec<_>>().join("|");
    // The name of a field stands before what is said of it.
    let is_field = |word: &&str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._[]".contains(&b));
    let said: String = said.split('：').filter(|part| !is_field(part)).collect::<Vec<_>>().join("：");
    let said: String = said.split(['「', '」', '|']).collect::<Vec<_>>().join(" | ");
    let words: Vec<&str> = said.split([' ', '，', '；', '：', '。', '、']).collect();
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
    words.windows(2).filter(|two| two.iter().all(is_word)).map(|two| two.join(" ")).collect()
}

/// Everything that a problem says.
fn told(problem: &Value) -> Vec<String> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().flat_map(|e| [text(e, "detail"), text(e, "hint")]);
    errors.chain([text(problem, "title"), text(problem, "detail")]).collect()
}

#[tokio::test]
async fn a_wrong_request_is_explained_in_the_language_of_the_browser_with_the_same_codes() {
    let site = Site::sqlite().await;
    let body = json!({"name": "x", "list_name": "x", "settings": {"windows": ["Mon 9"]}});
    let path = "/api/v1/campaigns";
    let english = ask(&site, Method::POST, path, "", &body).await.expect(422);
    let chinese = ask(&site, Method::POST, path, "zh-CN,zh;q=0.9", &body).await.expect(422);
    assert_eq!(ask(&site, Method::POST, path, "en", &body).await.expect(422)["errors"], english["errors"]);
    for key in ["type", "status"] {
        assert_eq!(chinese[key], english[key]);
    }
    let of = |problem: &Value| {
        let errors = problem["errors"].as_array().unwrap();
        let wrong = |e: &&Value| e["field"].as_str().unwrap().ends_with("windows[0]");
        errors.iter().find(wrong).unwrap_or_else(|| panic!("{problem}")).clone()
    };
    let (chinese, english) = (of(&chinese), of(&english));
    assert_eq!(chinese["field"], english["field"]);
    assert_eq!(english["hint"], "write it as Mon-Fri 09:00-12:00");
    assert_eq!(chinese["hint"], "请写成 Mon-Fri 09:00-12:00");
    assert_eq!(english["detail"], "`Mon 9`: `9` is not a time range: write it as 09:00-12:00");
    assert_eq!(chinese["detail"], "`Mon 9`：「9」不是时间段：请写成 09:00-12:00");
    // The language of the console counts, whatever the browser speaks.
    let request = site.request(Method::GET, "/api/v1/lists/99", &site.admin);
    let request = request.header("accept-language", "en").header("cookie", "rb_lang=zh-CN");
    assert_eq!(send(request).await.expect(404)["detail"], "没有名单 99");
}

#[tokio::test]
async fn wrong_requests_of_every_kind_are_explained_without_an_english_word() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let site = &shop.site;
    let nothing = json!({});
    for (method, path, body) in [
        (Method::GET, "/api/v1/calls?limit=0", &nothing),
        (Method::GET, "/api/v1/calls?after=nowhere", &nothing),
        (Method::GET, "/api/v1/calls?colour=red", &nothing),
        (Method::GET, "/api/v1/calls?from=yesterday", &nothing),
        (Method::GET, "/api/v1/calls/0", &nothing),
        (Method::GET, "/api/v1/nothing", &nothing),
        (Method::DELETE, "/api/v1/calls", &nothing),
        (Method::GET, "/api/v1/customers/77", &nothing),
        (Method::GET, "/api/v1/customers?is=x", &nothing),
        (Method::POST, "/api/v1/customers", &json!({"pack": "mall", "name": "x"})),
        (Method::POST, "/api/v1/customers", &json!({"pack": "shop", "phones": ["12"]})),
        (Method::POST, "/api/v1/lists", &json!({"name": ""})),
        (Method::POST, "/api/v1/lists", &json!({"nam": "x"})),
        (Method::POST, "/api/v1/campaigns", &json!({"name": "x"})),
        (Method::POST, "/api/v1/do-not-call", &json!({"reason": "x"})),
        (Method::POST, "/api/v1/do-not-call", &json!({"phone": "1380000", "reason": "x"})),
        (Method::POST, "/api/v1/tokens", &json!({"name": "", "roles": ["haed"]})),
        (Method::POST, "/api/v1/plan", &json!({"pack": "mall", "day": "2026-13-01"})),
        (Method::PUT, "/api/v1/policies/Mall!", &json!({"text": "", "reason": "x"})),
    ] {
        let answer = ask(site, method.clone(), path, "zh-CN", body).await;
        assert!(answer.status.is_client_error(), "{method} {path}: {} {}", answer.status, answer.text());
        for text in told(&answer.json()) {
            assert_eq!(english(&text), Vec::<String>::new(), "{method} {path} {body}: {text}");
        }
    }
}

#[tokio::test]
async fn an_import_with_mistakes_says_in_chinese_what_is_wrong_with_each_row() {
    let site = Site::sqlite().await;
    let upload = async |query: &str, lang: &str| {
        let request = site.request(Method::POST, &format!("/api/v1/imports?{query}"), &site.admin);
        let request = request.header("content-type", "text/csv").header("accept-language", lang);
        send(request.body(FILE)).await
    };
    let reasons = |report: &Value| -> Vec<String> {
        let problems = report["problems"].as_array().unwrap();
        problems.iter().map(|p| p["reason"].as_str().unwrap().to_owned()).collect()
    };
    let english = upload("list_name=x&dry_run=true", "en").await.expect(200);
    let chinese = upload("list_name=x&dry_run=true", "zh-CN").await.expect(200);
    assert_eq!(reasons(&english)[1], "the row has no telephone number");
    assert_eq!(reasons(&chinese)[1], "这一行没有电话号码");
    assert_eq!(english["problems"][0]["code"], chinese["problems"][0]["code"]);
    for reason in reasons(&chinese) {
        assert_eq!(self::english(&reason), Vec::<String>::new(), "{reason}");
    }
    // What is stored is one language; each reader has their own, on the page and in the file to be mended.
    let id = upload("list_name=x", "zh-CN").await.expect(201)["id"].clone();
    let rows = format!("/api/v1/imports/{id}/rows.csv?result=rejected");
    for (path, lang, expect) in [
        (rows.as_str(), "zh-CN", "这一行没有电话号码"),
        (rows.as_str(), "", "the row has no telephone number"),
        (&format!("/lists/imports/{id}"), "zh-CN", "这一行没有电话号码"),
        (&format!("/lists/imports/{id}"), "en", "the row has no telephone number"),
    ] {
        let answer = ask(&site, Method::GET, path, lang, &Value::Null).await;
        assert!(answer.text().contains(expect), "{path} {lang}: {}", answer.text());
    }
    let empty = site.request(Method::POST, "/api/v1/imports?list_name=x", &site.admin);
    let empty = empty.header("content-type", "text/csv").header("accept-language", "zh").body("");
    assert_eq!(send(empty).await.expect(422)["errors"][0]["detail"], "文件是空的");
}

#[tokio::test]
async fn findings_of_a_policy_are_chinese_for_who_reads_chinese() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let site = &shop.site;
    let text = site.get("/api/v1/policies/shop").await.expect(200)["text"].as_str().unwrap().to_owned();
    let unknown = text.replace("deadline = \"10d\"", "dedline = \"10d\"");
    let silent = text.replace("title = \"安装完成\"", "title = \"安装完成\"\nfields = { unused = \"不用\" }");
    for text in [unknown, silent, text.replace("pack = \"shop\"", "pack = \"mall\"")] {
        let check = async |lang: &str| {
            let path = "/api/v1/policies/shop/check";
            let answer = ask(site, Method::POST, path, lang, &json!({"text": text})).await.expect(200);
            answer["findings"].as_array().unwrap().clone()
        };
        let (chinese, english) = (check("zh-CN").await, check("").await);
        assert_eq!(chinese.len(), english.len());
        for (one, other) in chinese.iter().zip(&english) {
            assert_eq!((&one["key"], &one["line"]), (&other["key"], &other["line"]));
            assert_ne!(one["message"], other["message"]);
            for key in ["message", "hint"] {
                let said = one[key].as_str().unwrap();
                assert_eq!(self::english(said), Vec::<String>::new(), "{said}: {}", other[key]);
            }
        }
    }
}

#[tokio::test]
async fn a_page_says_in_chinese_why_somebody_is_not_called() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let customer = shop.customer("赵六", "13800000009").await;
    shop.event(customer, "install.finished", "2026-03-02 10:00", "粤B12345", "{}").await;
    shop.site.post("/api/v1/do-not-call", json!({"phone": "13800000009", "reason": "x"})).await.expect(201);
    shop.turn("2026-03-03 08:40").await;
    for (lang, expect) in
        [("zh-CN", "138****0009 在免打名单"), ("en", "138****0009 is on the do-not-call list")]
    {
        let page = ask(&shop.site, Method::GET, "/lists/plan/shop/2026-03-03", lang, &Value::Null).await;
        assert!(page.text().contains(expect), "{}", page.text());
    }
}

#[tokio::test]
async fn a_wrong_act_on_a_ticket_is_explained_in_chinese_and_its_line_of_time_is_read_in_chinese() {
    let database = Database::sqlite();
    let office = Office::open(&database).await;
    let site = &office.shop.site;
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    let acts = format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]);
    let kind = json!({ "pack": "xian_decoration", "kind": "nothing", "phone": "13800000001" });
    for (path, body) in [
        ("/api/v1/tickets", &kind),
        (&acts, &json!({ "do": "close" })),
        (&acts, &json!({ "do": "report", "stage": "nothing", "result": "done" })),
        (&acts, &json!({ "do": "report", "stage": "visit", "result": "perhaps" })),
        (&acts, &json!({ "do": "promise", "at": "yesterday" })),
        (&acts, &json!({ "do": "reopen", "reason": "x" })),
        (&acts, &json!({ "do": "verify", "score": 9 })),
        (&acts, &json!({ "do": "dance" })),
    ] {
        let (chinese, other) = (
            ask(site, Method::POST, path, "zh-CN", body).await,
            ask(site, Method::POST, path, "", body).await,
        );
        assert!(chinese.status.is_client_error(), "{body}: {}", chinese.text());
        for text in told(&chinese.json()) {
            assert_eq!(english(&text), Vec::<String>::new(), "{body}: {text}: {}", other.text());
        }
        assert_ne!(chinese.json()["detail"], other.json()["detail"], "{body}");
    }
    let page = format!("/tickets/{}", ticket["ticket"]["id"]);
    let page = ask(site, Method::GET, &page, "zh-CN", &Value::Null).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(
        page.text().contains("投诉 · 手工") && !page.text().contains("complaint from"),
        "{}",
        page.text()
    );
}
