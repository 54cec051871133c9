//! Customers in the console: found by what one has at hand, with everything on one timeline.

use reqwest::Method;
use serde_json::json;

use super::site::{Answer, Site, send, token_of};
use crate::plan::shop::Shop;
use crate::support::databases::{Database, execute};
use ringback::io::store::NewToken;

async fn page(site: &Site, token: &str, path: &str, lang: &str) -> Answer {
    send(site.request(Method::GET, path, token).header("accept-language", lang)).await
}

#[tokio::test]
async fn a_customer_is_found_by_name_number_and_number_plate() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let wang = shop.customer("王小明", "13800000001").await;
    shop.customer("李四", "13800000002").await;
    shop.event(wang, "install.finished", "2026-03-02 10:00", "粤B12345", "{}").await;
    for (path, wang_is_there) in [
        ("/customers?q=王小", true),
        ("/customers?q=138 0000 0001", true),
        ("/customers?q=粤B12345", true),
        ("/customers?matter=粤B12345", true),
        ("/customers?q=粤B99999", false),
        ("/customers?q=李四", false),
        ("/customers?standing=active&field=product&is=boiler", true),
        ("/customers?key_account=true", false),
    ] {
        let found = page(&shop.site, &shop.site.admin, path, "en").await;
        assert_eq!(found.status, 200, "{path}");
        assert_eq!(found.text().contains("王小明"), wang_is_there, "{path}: {}", found.text());
        assert!(!found.text().contains(">13800000001<"), "numbers are masked");
    }
    let wrong = page(&shop.site, &shop.site.admin, "/customers?is=x", "en").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("no field is named"), "{}", wrong.text());
    assert!(page(&shop.site, &shop.site.admin, "/customers", "zh-CN").await.text().contains("查找客户"));
    let new = NewToken { name: "audits", scope: "auditor", ..NewToken::default() };
    let auditor = token_of(&shop.site.store, &new).await;
    assert_eq!(page(&shop.site, &auditor, "/customers", "en").await.status, 403);
    assert_eq!(page(&shop.site, &auditor, &format!("/customers/{wang}"), "en").await.status, 403);
}

#[tokio::test]
async fn everything_stands_on_one_timeline_and_a_change_shows_who_why_and_what() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let wang = shop.customer("王小明", "13800000001").await;
    shop.event(wang, "install.finished", "2026-03-02 10:00", "粤B12345", "{\"installer\":\"钱师傅\"}").await;
    shop.turn("2026-03-03 08:40").await;
    let patch = json!({"why": "moved", "version": 1, "owner": "Chen", "fields": {"address": "和平路 1"}});
    let patch =
        shop.site.request(Method::PATCH, &format!("/api/v1/customers/{wang}"), &shop.site.admin).json(&patch);
    send(patch).await.expect(200);
    let card = page(&shop.site, &shop.site.admin, &format!("/customers/{wang}"), "zh-CN").await;
    assert_eq!(card.status, 200, "{}", card.text());
    for expect in
        ["安装完成", "粤B12345", "钱师傅", "安装次日回访", "moved", "和平路 1", "客户经理", "Chen", "会失去"]
    {
        assert!(card.text().contains(expect), "{expect}: {}", card.text());
    }
    assert!(!card.text().contains("13800000001"), "numbers are masked on the card");
    let only =
        page(&shop.site, &shop.site.admin, &format!("/customers/{wang}?show=change"), "en").await.text();
    assert!(only.contains("moved") && !only.contains("钱师傅"), "{only}");
    let whole =
        page(&shop.site, &shop.site.admin, &format!("/customers/{wang}?unmask=true"), "en").await.text();
    assert!(whole.contains("13800000001"), "{whole}");
    assert_eq!(page(&shop.site, &shop.site.admin, "/customers/99", "en").await.status, 404);

    // Numbers of a customer are barred together, without anybody typing them.
    let barred = json!({"customer": wang, "reason": "asked for it"});
    shop.site.post("/api/v1/do-not-call", barred).await.expect(201);
    assert!(shop.site.get("/api/v1/do-not-call?phone=13800000001").await.text().contains("asked for it"));

    let erased = format!("/api/v1/customers/{wang}?reason=asked");
    send(shop.site.request(Method::DELETE, &erased, &shop.site.admin)).await.expect(200);
    let after = page(&shop.site, &shop.site.admin, &format!("/customers/{wang}"), "en").await.text();
    assert!(
        !after.contains("erase-do") && after.contains("Erased"),
        "nothing is to be done with it: {after}"
    );
}

#[tokio::test]
async fn who_may_not_see_names_or_edit_has_neither() {
    let database = Database::sqlite();
    let shop = Shop::open(&database).await;
    let wang = shop.customer("王小明", "13800000001").await;
    let new = NewToken { name: "desk", scope: "dispatcher", ..NewToken::default() };
    let dispatcher = token_of(&shop.site.store, &new).await;
    let card = page(&shop.site, &dispatcher, &format!("/customers/{wang}"), "en").await;
    assert_eq!(card.status, 200, "{}", card.text());
    for absent in ["edit-save", "merge-do", "erase-do", "/export"] {
        assert!(!card.text().contains(absent), "{absent}");
    }
    assert!(card.text().contains("unmask-do"), "they may see a number for a reason: {}", card.text());
}

#[tokio::test]
async fn the_search_stays_small_with_100_000_customers_behind_it() {
    let site = Site::sqlite().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO customers (pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
            plan_every, owner, email, standing, fields, version, created_at, changed_at)
        SELECT 'shop', 'k' || i, '客户' || i, '', '', '', '', 0, '', '', '', 'active', '{}', 1, 0, 0 FROM n";
    execute(&site.store, fill).await.unwrap();
    execute(
        &site.store,
        "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
         SELECT id, pack, '1380' || (1000000 + id), '', '', 0, 0 FROM customers",
    )
    .await
    .unwrap();
    for path in ["/customers", "/customers?q=客户99999", "/customers?q=13801099999", "/customers?q=没有人"]
    {
        let answer = page(&site, &site.admin, path, "en").await;
        assert_eq!(answer.status, 200);
        assert!(answer.bytes.len() < 60_000, "{path}: {} bytes", answer.bytes.len());
    }
}

#[tokio::test]
async fn fields_are_added_by_the_policys_list_and_removed_where_a_person_added_them() {
    let database = Database::sqlite();
    let text = format!(
        "{}\n[customer]\ncity = \"所在城市\"\nwarranty_end = \"质保到期\"\n",
        crate::plan::shop::SHOP
    );
    let shop = Shop::with(&database, crate::plan::shop::settings(&[&text])).await;
    let pack = ringback::policy::pack::Policy::parse("shop.toml", &text).unwrap().pack;
    shop.site.api.desk().packs().set([pack]);
    let wang = shop.customer("王小明", "13800000001").await;
    let path = format!("/api/v1/customers/{wang}");
    let patch = async |fields: serde_json::Value| {
        let body = json!({ "why": "asked", "fields": fields });
        send(shop.site.request(Method::PATCH, &path, &shop.site.admin).json(&body)).await
    };
    let card = page(&shop.site, &shop.site.admin, &format!("/customers/{wang}"), "zh-CN").await.text();
    assert!(card.contains("value=\"city\">所在城市"), "{card}");
    assert!(!card.contains("data-drop=\"product\""), "it was not added by a person: {card}");

    let wrong = patch(json!({ "ctiy": "西安" })).await.expect(422);
    assert_eq!(wrong["errors"][0]["field"], "fields.ctiy", "{wrong}");
    assert!(wrong["errors"][0]["hint"].as_str().unwrap().contains("did you mean `city`"), "{wrong}");
    let unknown = patch(json!({ "colour of the door": "red" })).await.expect(422);
    assert!(unknown["errors"][0]["hint"].as_str().unwrap().contains("city, warranty_end"), "{unknown}");
    let absent = patch(json!({ "city": null })).await.expect(422);
    assert!(absent["errors"][0]["detail"].as_str().unwrap().contains("has no such field"), "{absent}");
    let long = patch(json!({ "city": "西".repeat(5_000) })).await.expect(422);
    assert!(long["errors"][0]["detail"].as_str().unwrap().contains("too long"), "{long}");

    patch(json!({ "city": "西安", "product": "stove" })).await.expect(200);
    let card = page(&shop.site, &shop.site.admin, &format!("/customers/{wang}"), "zh-CN").await.text();
    assert!(card.contains("data-drop=\"city\"") && !card.contains("data-drop=\"product\""), "{card}");
    assert!(!card.contains("value=\"city\">所在城市"), "it is there already: {card}");
    patch(json!({ "city": null })).await.expect(200);
    let after = shop.site.get(&path).await.expect(200);
    assert_eq!(after["customer"]["fields"], json!({ "product": "stove" }));
    assert_eq!(after["versions"].as_array().unwrap().len(), 2, "both stay in the history");
}
