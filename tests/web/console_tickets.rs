//! Tickets over HTTP: by deadline and as a board, one with its acts, a department's page, the roster.

use reqwest::Method;
use serde_json::{Value, json};

use super::console_desk::person;
use super::site::{Site, send};
use crate::support::databases::Database;
use crate::tickets::office::Office;

async fn office() -> Office {
    let database = Database::sqlite();
    let office = Office::open(&database).await;
    std::mem::forget(database);
    office
}

/// A complaint at ten, and an enquiry that is due before it.
async fn two(office: &Office) -> (Value, Value) {
    let complaint = json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001",
        "name": "张伟", "fields": { "content": "<b>迟了三天</b>" } });
    let complaint = office.ticket("2026-03-03 10:00", complaint).await;
    let query =
        json!({ "pack": "furniture_mall", "kind": "shipping_query", "phone": "13800000002", "name": "李娜" });
    (complaint, office.ticket("2026-03-03 10:05", query).await)
}

fn id(ticket: &Value) -> i64 {
    ticket["ticket"]["id"].as_i64().unwrap()
}

#[tokio::test]
async fn tickets_are_listed_by_deadline_filtered_by_the_address_and_stand_on_a_board() {
    let office = office().await;
    let (complaint, query) = two(&office).await;
    let site = &office.shop.site;
    let rows = site.get("/api/v1/tickets?sort=due&phase=owed").await.expect(200);
    let due: Vec<i64> =
        rows["items"].as_array().unwrap().iter().map(|r| r["due_at"].as_i64().unwrap()).collect();
    assert!(due.is_sorted() && due.len() == 2, "{rows}");
    let first = site.get("/api/v1/tickets?sort=due&limit=1").await.expect(200);
    let path = format!("/api/v1/tickets?sort=due&limit=1&after={}", first["next"].as_str().unwrap());
    let second = site.get(&path).await.expect(200);
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"], "the next page goes on");
    let li = person(site, "li.wei", "manager", "").await;
    for lang in ["zh-CN", "en"] {
        let page = li.get_in("/tickets", lang).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        assert!(text.contains(complaint["ticket"]["number"].as_str().unwrap()), "{text}");
        assert!(text.contains("138****0001") && !text.contains("13800000001"), "{text}");
    }
    let text = li.get("/tickets?kind=complaint").await.text();
    assert!(text.contains("张伟") && !text.contains("李娜"), "{text}");
    office.set("2026-03-09 10:00");
    // A session of a week ago is over.
    let li = person(site, "wang.fang", "manager", "").await;
    assert!(li.get("/tickets?overdue=true").await.text().contains("超时"));
    assert_eq!(li.get("/tickets?from=yesterday").await.status, 422);
    assert_eq!(li.get("/tickets?colour=red").await.status, 422);
    assert!(li.get("/tickets?phase=closed").await.text().contains("没有符合条件的工单"));
    let board = li.get("/tickets/board").await.text();
    assert!(board.contains("录入并转交") && board.contains(&format!("/tickets/{}\"", id(&query))), "{board}");
    let reader = person(site, "installer", "auditor", "").await;
    assert_eq!(reader.get("/tickets").await.status, 403);
    // A search is a table of contents of half a year of tickets: the next page is a link.
    let types = site.get("/api/v1/ticket-types?pack=xian_decoration").await.expect(200);
    let categories = types["items"][0]["categories"].as_array().unwrap();
    assert!(categories.iter().any(|category| category["department"] == "客服部"), "{types}");
}

#[tokio::test]
async fn a_ticket_shows_why_it_is_due_and_offers_what_fits_its_state() {
    let office = office().await;
    let (complaint, _) = two(&office).await;
    let site = &office.shop.site;
    let li = person(site, "li.wei", "manager", "").await;
    let path = format!("/tickets/{}", id(&complaint));
    let text = li.get(&path).await.text();
    for word in [
        "下一个时限",
        "怎么算的",
        "id=\"report-handover\"",
        "工程部 签收",
        "&#60;b&#62;迟了三天",
        "主管特批结案",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("重新打开") && !text.contains("<b>迟了三天"), "{text}");
    let act =
        async |body: Value| li.send(Method::POST, &format!("/api/v1{path}/acts"), &body).await.expect(200);
    act(json!({ "do": "promise", "at": "2026-03-03T16:00", "what": "告知方案" })).await;
    let shown = act(json!({ "do": "comment", "text": "客户着急" })).await;
    assert_eq!(
        shown["promises"][0]["at"],
        crate::tickets::office::ms("2026-03-03 16:00"),
        "the house's own zone"
    );
    let text = li.get(&path).await.text();
    assert!(text.contains("客户着急") && text.contains("告知方案") && text.contains("待兑现"), "{text}");
    act(json!({ "do": "override", "reason": "客户撤诉" })).await;
    let text = li.get(&path).await.text();
    assert!(
        text.contains("重新打开") && text.contains("主管特批") && !text.contains("id=\"report-"),
        "{text}"
    );
    assert_eq!(li.get("/tickets/99999").await.status, 404);
    // Who only works on tickets closes none over a customer's head.
    let anna = person(site, "anna.li", "specialist", "").await;
    let other = office
        .ticket(
            "2026-03-03 11:00",
            json!({ "pack": "xian_decoration", "kind": "complaint",
        "owner": "anna.li", "phone": "13800000003" }),
        )
        .await;
    let text = anna.get(&format!("/tickets/{}", id(&other))).await.text();
    assert!(!text.contains("主管特批结案"), "{text}");
    let new = li.get("/tickets/new?pack=xian_decoration&kind=complaint").await.text();
    assert!(new.contains("工期 → 工程部"), "{new}");
}

#[tokio::test]
async fn a_department_opens_its_link_in_a_browser_and_gets_a_page() {
    let office = office().await;
    let (complaint, _) = two(&office).await;
    office.done("2026-03-03 10:30", &complaint, json!({ "do": "hand_over" })).await;
    let site: &Site = &office.shop.site;
    let made = site.post(&format!("/api/v1/tickets/{}/links", id(&complaint)), json!({})).await.expect(201);
    let link = format!("{}{}", site.base, made["path"].as_str().unwrap());
    let page = send(site.client.get(&link).header("accept", "text/html,*/*")).await;
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    for word in ["id=\"acknowledge\"", "工程部", "138****0001", "id=\"report-contact\""] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("主管特批") && !text.contains("<nav"), "{text}");
    let seen = send(site.client.get(&link)).await.expect(200);
    assert_eq!(seen["ticket"]["number"], complaint["ticket"]["number"], "a program gets what it got");
    let body = json!({ "name": "刘工", "act": { "do": "acknowledge" } });
    send(site.client.post(format!("{link}/acts")).json(&body)).await.expect(200);
    let text = send(site.client.get(format!("{link}/ticket"))).await.text();
    assert!(text.contains("刘工 (工程部)") && !text.contains("id=\"acknowledge\""), "{text}");
    let wrong = send(site.client.get(format!("{}/department/rb_wrong/ticket", site.base))).await;
    assert_eq!(wrong.status, 404);
}

#[tokio::test]
async fn figures_of_tickets_keep_their_filter_in_the_address_and_lead_to_the_tickets() {
    let office = office().await;
    let (complaint, query) = two(&office).await;
    let site = &office.shop.site;
    office.set("2026-03-13 10:10");
    let li = person(site, "li.wei", "manager", "").await;
    for (path, chinese, english) in [
        ("/tickets/ageing", "未结工单按天数", "Open tickets by age"),
        ("/tickets/ledger", "转到部门的事项", "come to a department"),
        ("/tickets/points", "这段时间没有扣分", "No points were taken off"),
        ("/tickets/delay", "全部来电", "All inbound calls"),
    ] {
        for (lang, expect) in [("zh-CN", chinese), ("en", english)] {
            let page = li.get_in(path, lang).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text());
            assert!(page.text().contains(expect), "{path} lacks {expect}: {}", page.text());
        }
        let wrong = li.get(&format!("{path}?colour=red")).await;
        assert_eq!(wrong.status, 422, "{path}");
    }
    let ages = li.get("/tickets/ageing?pack=xian_decoration").await.text();
    assert!(ages.contains(&format!("/tickets/{}\"", id(&complaint))), "{ages}");
    assert!(!ages.contains(&format!("/tickets/{}\"", id(&query))), "of another pack: {ages}");
    assert!(
        ages.contains("min_days=8") && ages.contains("max_days=14"),
        "the bar leads to its tickets: {ages}"
    );
    let of_age = li.get("/tickets/ageing?min_days=8&max_days=14").await.text();
    assert!(of_age.contains(&format!("/tickets/{}\"", id(&complaint))), "{of_age}");
    assert!(li.get("/tickets/ageing?min_days=31").await.text().contains("没有符合条件的工单"));
    assert_eq!(li.get("/tickets/ageing?min_days=old").await.status, 422);
    assert_eq!(li.get("/tickets/points?from=yesterday").await.status, 422);

    let rows = site.get("/api/v1/ticket-reports/ageing?kind=complaint&min_days=10").await.expect(200);
    assert_eq!(rows["items"].as_array().unwrap().len(), 1, "{rows}");
    assert_eq!((&rows["items"][0]["id"], &rows["items"][0]["days"]), (&json!(id(&complaint)), &json!(10)));
    let late = site.get("/api/v1/ticket-reports/ageing?overdue=false").await.expect(200);
    let of_late = |rows: &Value| rows["items"].as_array().unwrap().iter().all(|row| row["overdue"] == false);
    assert!(of_late(&late), "{late}");
    let csv = site.get("/api/v1/ticket-reports/ageing.csv?min_days=8&kind=complaint").await.text();
    assert_eq!(csv.lines().count(), 2, "exactly the filter: {csv}");
    let delays = site.get("/api/v1/ticket-reports/answer-delay.csv").await;
    assert!(delays.text().contains("平均等待毫秒"), "{}", delays.text());
    let auditor = person(site, "installer", "auditor", "").await;
    assert_eq!(auditor.get("/tickets/ageing").await.status, 403);
}
