//! Lists and policies in the console: each page with real data, in both languages, for those who may
//! see it; an import with mistakes and the way back.

use reqwest::Method;
use serde_json::json;

use super::site::{Answer, Site, send, token_of};
use crate::plan::shop::Shop;
use crate::support::databases::Database;
use ringback::io::store::NewToken;

const FILE: &str = "姓名,电话,订单号,备注\n张三,13800000001,A1,好\n李四,1380000,A2,\n王五,13800000003,A3,\n王五,13800000003,A3,\n";

/// A page as somebody sees it who reads that language.
async fn page(site: &Site, token: &str, path: &str, lang: &str) -> Answer {
    send(site.request(Method::GET, path, token).header("accept-language", lang)).await
}

/// A list with mistakes, as it came in.
async fn imported(site: &Site) -> i64 {
    let report = site.upload("list_name=三月&file_name=三月.csv", FILE).await.expect(201);
    assert_eq!(
        (report["counts"]["added"].as_i64(), report["counts"]["rejected"].as_i64()),
        (Some(2), Some(1))
    );
    report["id"].as_i64().unwrap()
}

#[tokio::test]
async fn every_page_of_lists_answers_with_data_in_both_languages() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let import = imported(&shop.site).await;
    let customer = shop.customer("赵六", "13800000009").await;
    shop.event(customer, "install.finished", "2026-03-02 10:00", "粤B12345", "{}").await;
    shop.turn("2026-03-03 08:40").await;
    let plan = "/lists/plan/shop/2026-03-03";
    for (path, chinese, english) in [
        ("/lists".to_owned(), "外呼名单", "Dial lists"),
        ("/lists/1".into(), "建立外呼任务", "Make a campaign"),
        (format!("/lists/imports/{import}"), "电话号码不对", "not a phone number"),
        ("/lists/import".into(), "把文件拖到这里", "Drop a file here"),
        ("/lists/plan".into(), "未来七天", "The next seven days"),
        (plan.into(), "应办", "due"),
        (format!("{plan}?against=shop"), "没有差别", "There is no difference"),
        ("/lists/plan/shop/2026-04-01".into(), "预览", "Preview"),
        ("/lists/policies".into(), "门店", "rules"),
        ("/lists/policies/shop".into(), "安装次日回访", "at once"),
        ("/lists/policies/shop/edit".into(), "先检查", "checked before"),
        ("/lists/calendar".into(), "三月", "March"),
        ("/lists/calendar?year=2026&pack=shop".into(), "拨打", "Calls"),
        ("/lists/do-not-call".into(), "名单是空的", "The list is empty"),
        ("/lists/rehearsals".into(), "开始预演", "Nothing was rehearsed"),
    ] {
        for (lang, expect) in [("zh-CN", chinese), ("en", english)] {
            let answer = page(&shop.site, &shop.site.admin, &path, lang).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert!(answer.text().contains(expect), "{path} lacks {expect}: {}", answer.text());
            assert!(answer.bytes.len() < 60_000, "{path}: {} bytes", answer.bytes.len());
        }
    }
    let rules = page(&shop.site, &shop.site.admin, "/lists/policies/shop", "zh-CN").await.text();
    for expect in ["SCH-20", "发生「安装完成」", "之后 7 天", "邮件", "最多"] {
        assert!(rules.contains(expect), "{expect}: {rules}");
    }
    let day = page(&shop.site, &shop.site.admin, plan, "zh-CN").await.text();
    assert!(day.contains("赵六") && day.contains(&format!("/customers/{customer}")), "{day}");
    // People read the rule's title; its id is at hand.
    assert!(day.contains("title=\"installed\">安装次日回访</td>"), "{day}");
    shop.site.post("/api/v1/plan/shop/2026-03-03/build", json!({})).await.expect(200);
    let kept = page(&shop.site, &shop.site.admin, plan, "zh-CN").await.text();
    assert!(kept.contains("title=\"installed\">安装次日回访</td>"), "of a list that was kept too: {kept}");
    let why = shop.site.get("/api/v1/plan/shop/2026-03-03/why").await.expect(200);
    assert_eq!(
        (&why["items"][0]["rule"], &why["items"][0]["title"]),
        (&json!("installed"), &json!("安装次日回访"))
    );
    let other = crate::plan::shop::SHOP.replacen("due = \"1d\"", "due = \"2d\"", 1);
    let tried = json!({ "date": "2026-03-03", "pack": "shop", "against": other });
    let tried = shop.site.post("/api/v1/plan", tried).await.expect(200);
    assert_eq!(tried["difference"][0]["title"], "安装次日回访", "{tried}");
}

#[tokio::test]
async fn pages_of_lists_open_to_those_who_may_and_what_may_not_be_done_is_left_out() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    imported(&shop.site).await;
    let new = NewToken { name: "desk", scope: "agent", ..NewToken::default() };
    let agent = token_of(&shop.site.store, &new).await;
    for (path, by_read, by_agent) in [
        ("/lists", 200, 403),
        ("/lists/1", 200, 403),
        ("/lists/import", 403, 403),
        ("/lists/imports/1", 200, 403),
        ("/lists/plan", 200, 403),
        ("/lists/policies", 200, 200),
        ("/lists/policies/shop/edit", 403, 403),
        ("/lists/calendar", 200, 200),
        ("/lists/do-not-call", 403, 403),
        ("/lists/rehearsals", 403, 403),
    ] {
        assert_eq!(page(&shop.site, &shop.site.read, path, "en").await.status, by_read, "{path}");
        assert_eq!(page(&shop.site, &agent, path, "en").await.status, by_agent, "{path}");
    }
    let seen = page(&shop.site, &shop.site.read, "/lists/imports/1", "en").await.text();
    assert!(!seen.contains("undo-do"), "who may not change lists has no button: {seen}");
    let seen = page(&shop.site, &shop.site.read, "/lists/policies/shop", "en").await.text();
    assert!(!seen.contains("/edit"), "{seen}");
    let wrong = page(&shop.site, &shop.site.admin, "/lists/1?state=odd", "en").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("is not a state"), "{}", wrong.text());
    assert_eq!(page(&shop.site, &shop.site.admin, "/lists/do-not-call?phone=12", "en").await.status, 422);
    assert_eq!(page(&shop.site, &shop.site.admin, "/lists/99", "en").await.status, 404);
}

#[tokio::test]
async fn an_import_with_mistakes_is_looked_at_tried_brought_in_and_taken_back() {
    let site = Site::sqlite().await;
    let (bytes, _, _) = encoding_rs::GB18030.encode(FILE);
    let look = site.request(Method::POST, "/api/v1/imports/look", &site.admin);
    let look = send(look.header("content-type", "application/octet-stream").body(bytes.to_vec())).await;
    let look = look.expect(200);
    assert_eq!((look["encoding"].as_str(), look["format"].as_str()), (Some("gb18030"), Some("csv")));
    let fields: Vec<&str> =
        look["columns"].as_array().unwrap().iter().map(|c| c["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "phone", "external_id", "备注"]);
    assert_eq!(look["columns"][1]["samples"][1], "1380000");

    let tried = site.upload("list_name=三月&dry_run=true", bytes.to_vec()).await.expect(200);
    let problem = &tried["problems"][0];
    assert_eq!(
        (problem["line"].as_i64(), problem["code"].as_str(), problem["field"].as_str()),
        (Some(3), Some("bad_phone"), Some("电话")),
        "{tried}"
    );
    assert!(problem["text"].as_str().unwrap().contains("李四"), "the row is shown to who sent it");
    assert_eq!(site.get("/api/v1/lists").await.expect(200)["items"], json!([]), "a trial changes nothing");

    let id = imported(&site).await;
    let rows = site.get(&format!("/api/v1/imports/{id}/rows?result=rejected")).await.expect(200);
    assert_eq!(
        (rows["items"][0]["code"].as_str(), rows["items"][0]["text"].as_str()),
        (Some("bad_phone"), Some(""))
    );
    let undo = format!("/api/v1/imports/{id}/undo");
    assert_eq!(site.post(&undo, json!({"reason": ""})).await.status, 422);
    let undone = site.post(&undo, json!({"reason": "wrong file"})).await.expect(200);
    assert_eq!(undone, json!({"removed": 2, "kept": 0, "changed": 0}));
    assert_eq!(site.get("/api/v1/lists/1").await.expect(200)["entries"], 0);
    assert_eq!(site.post(&undo, json!({"reason": "again"})).await.status, 409);
    assert!(
        page(&site, &site.admin, &format!("/lists/imports/{id}"), "en").await.text().contains("wrong file")
    );
    imported(&site).await;
    assert_eq!(site.get("/api/v1/lists/1").await.expect(200)["entries"], 2, "the file comes in once more");
}

#[tokio::test]
async fn who_was_called_stays_when_an_import_is_taken_back() {
    let mut site = Site::sqlite().await;
    let (campaign, entries) = site.campaign(&["13800000001", "13800000002"]).await;
    let call = super::site::Call {
        disposition: ringback::base::Disposition::Completed,
        scores: &[],
        seconds: 9,
        recording: None,
        detail: "",
    };
    site.call(campaign, entries[0], "13800000001", super::site::MONDAY.0, call).await;
    let undone = site.post("/api/v1/imports/1/undo", json!({"reason": "too early"})).await.expect(200);
    assert_eq!(undone, json!({"removed": 1, "kept": 1, "changed": 0}));
}

#[tokio::test]
async fn a_policy_is_checked_before_it_is_saved_and_every_mistake_has_its_line() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let text = shop.site.get("/api/v1/policies/shop").await.expect(200)["text"].as_str().unwrap().to_owned();
    let text = text
        .replace("title = \"安装完成\"", "title = \"安装完成\"\nfields = { second = \"再打一次\" }")
        .replace("title = \"签收\"", "title = \"签收\"\nfields = { state = \"状态\" }");
    let check = async |text: &str| {
        shop.site.post("/api/v1/policies/shop/check", json!({"text": text})).await.expect(200)
    };
    let good = check(&text).await;
    assert_eq!((good["usable"].as_bool(), good["rules"].as_u64()), (Some(true), Some(7)), "{good}");
    let bad = check(&text.replace("deadline = \"10d\"", "dedline = \"10d\"")).await;
    assert_eq!(bad["usable"], false);
    assert!(bad["findings"][0]["line"].as_u64().unwrap() > 30, "{bad}");
    let other = check(&text.replace("pack = \"shop\"", "pack = \"mall\"")).await;
    assert_eq!(other["findings"][0]["key"], "pack");
}

#[tokio::test]
async fn a_number_is_found_added_and_taken_off_the_do_not_call_list() {
    let site = Site::sqlite().await;
    let added = json!({"phone": "138-0000-0001", "reason": "asked for it"});
    site.post("/api/v1/do-not-call", added).await.expect(201);
    let found = page(&site, &site.admin, "/lists/do-not-call?phone=13800000001", "en").await.text();
    assert!(found.contains("asked for it") && !found.contains("13800000001</th>"), "it is masked: {found}");
    let none = page(&site, &site.admin, "/lists/do-not-call?phone=13800000002", "en").await.text();
    assert!(none.contains("not on the list"), "{none}");
    let off = json!({"reason": "asked back"});
    site.post("/api/v1/do-not-call/13800000001/remove", off).await.expect(204);
    assert!(page(&site, &site.admin, "/lists/do-not-call", "en").await.text().contains("The list is empty"));
}
