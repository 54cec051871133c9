//! Questionnaires in writing: sent to whom nobody reached, answered on a page, kept with what they
//! are about.

use std::sync::Arc;

use reqwest::Method;
use ringback::base::{CallbackId, Disposition};
use ringback::io::web::Catalogue;
use ringback::ivr::{Texts, Written};
use serde_json::{Value, json};

use super::mailbox::Mailbox;
use super::sink::Sink;
use super::world::{listed, outbox, settings, turn};
use crate::ivr;
use crate::plan::firm::Firm;
use crate::plan::shop::{Shop, at};
use crate::support::databases::{Database, execute, on_both_databases};
use crate::web::site::{Answer, send};

on_both_databases! {
    sch_33_the_mail_with_the_questions_is_sent_and_its_answer_closes_the_callback,
    sch_33_without_an_address_for_links_the_answer_quotes_the_number,
    cnt_16_a_visit_is_rated_by_a_link_and_the_score_stands_with_that_consumption,
    rem_09_who_presses_3_books_a_table_and_gets_a_message,
    what_an_agent_types_in_on_the_telephone_closes_the_callback_once_the_script_was_ticked,
}

const PHONE: &str = "13600000001";

/// The shipped scripts and texts, as a daemon publishes them.
pub fn written() -> Written {
    let mut texts = Texts::default();
    for language in ["zh-CN", "en"] {
        for (name, text) in ivr::texts(language) {
            texts.insert(language, &name, &text);
        }
    }
    Written { scripts: ivr::scripts().clone(), texts: Arc::new(texts) }
}

fn publish(shop: &Shop) {
    let catalogue = Catalogue { written: Arc::new(written()), ..Catalogue::default() };
    shop.site.catalogue.send_replace(Arc::new(catalogue));
}

/// A browser without any token.
async fn open(shop: &Shop, path: &str) -> Answer {
    send(shop.site.client.get(format!("{}{path}", shop.site.base))).await
}

async fn fill_in(shop: &Shop, path: &str, answers: &[(&str, &str)]) -> Answer {
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(answers).finish();
    let request = shop.site.client.request(Method::POST, format!("{}{path}", shop.site.base));
    send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

async fn sch_33_the_mail_with_the_questions_is_sent_and_its_answer_closes_the_callback(db: &Database) {
    let mut firm = Firm::open(db, "home-decoration").await;
    publish(&firm.shop);
    let mailbox = Mailbox::open().await;
    let text = format!(
        "[api]\npublic_url = \"https://cb.example.com\"\n[notices]\nemail = \"mail\"\n[[notices.channel]]\nname = \"mail\"\n\
         kind = \"email\"\nserver = \"127.0.0.1:{}\"\ntls = \"off\"\nuser = \"ringback\"\npassword = \"s3cret\"\n\
         from = \"回访中心 <ringback@example.com>\"\nto = [\"all@example.com\"]\n",
        mailbox.port
    );
    let outbox = outbox(&firm.shop, settings(&text));
    let fields = json!({ "project_manager": "老周", "designer": "陈设计" });
    firm.happens("project.completed", "P1", "2026-03-02 10:00", PHONE, fields).await;
    execute(&firm.shop.site.store, "UPDATE customers SET email = 'zhang@example.com'").await.unwrap();
    firm.shop.turn("2026-03-03 08:50").await;
    firm.shop.set("2026-03-03 16:00");
    firm.shop.call_of("home_decoration/first", PHONE, Disposition::NoAnswer, &[]).await;
    firm.shop.turn("2026-03-03 16:01").await;
    turn(&outbox, "2026-03-03 16:02").await;
    turn(&outbox, "2026-03-03 16:30").await;
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 1, "one mail, once");
    assert_eq!(letters[0].to, ["zhang@example.com"]);
    let queued = listed(&firm.shop, "topic=customer.questionnaire").await;
    assert_eq!(queued.len(), 1);
    let owed = firm.shop.only("rule=first").await;
    assert_eq!((&owed["state"], &owed["method"]), (&json!("open"), &json!("email")), "a mail is no answer");
    let id = CallbackId(owed["id"].as_i64().unwrap());
    let code = firm.shop.planner.questionnaire_code(id, at("2026-03-03 16:30")).await.unwrap();
    firm.shop.set("2026-03-04 09:00");
    let page = open(&firm.shop, &format!("/q/{code}")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("您对所用的材料满意吗？") && page.text().contains("非常满意"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("请按"), "nobody presses keys on a page: {}", page.text());
    let filled = [("q1", "5"), ("q5", "4"), ("q11", "楼梯很好")];
    assert_eq!(fill_in(&firm.shop, &format!("/q/{code}"), &filled).await.status, 200);
    let done = firm.shop.only("rule=first").await;
    let shown = [&done["state"], &done["method"], &done["outcome"], &done["closed_at"]];
    assert_eq!(
        shown,
        [&json!("done"), &json!("email"), &json!("satisfied"), &json!(at("2026-03-04 09:00").0)]
    );
    let kept = firm.shop.site.get(&format!("/api/v1/callbacks/{id}/answers")).await.expect(200);
    let rated: Vec<&Value> = kept["items"].as_array().unwrap().iter().map(|r| &r["rated_person"]).collect();
    assert_eq!(rated, [&Value::Null, &json!("陈设计"), &Value::Null]);
    assert_eq!(kept["items"][2]["comment"], "楼梯很好");
    let people = firm.shop.site.get("/api/v1/surveys?from=2026-03&rule=first&by=person").await.expect(200);
    let mean = people["items"].as_array().unwrap().iter().find(|l| l["rated_person"] == "陈设计").unwrap();
    assert_eq!((&mean["n"], &mean["mean"]), (&json!(1), &json!(4.0)), "it counts as one by telephone");
    let audit = firm.shop.text("SELECT actor FROM audit_log WHERE action = 'callback.done'").await;
    assert_eq!(audit, "customer");
}

async fn sch_33_without_an_address_for_links_the_answer_quotes_the_number(db: &Database) {
    let mut firm = Firm::open(db, "hospital").await;
    publish(&firm.shop);
    let sink = Sink::open().await;
    let text =
        format!("[notices]\nsms = \"sms\"\n[[notices.channel]]\nname = \"sms\"\nurl = \"{}\"\n", sink.url);
    let outbox = outbox(&firm.shop, settings(&text));
    firm.happens("patient.discharged", "H1", "2026-02-24 10:00", PHONE, json!({ "department": "骨科" }))
        .await;
    firm.shop.turn("2026-03-03 09:50").await;
    firm.shop.set("2026-03-03 10:30");
    firm.shop.call_of("hospital/inpatient", PHONE, Disposition::NoAnswer, &[]).await;
    firm.shop.turn("2026-03-03 10:31").await;
    turn(&outbox, "2026-03-03 10:32").await;
    let owed = firm.shop.only("rule=inpatient").await;
    let told = sink.taken();
    let text = told[0].body["text"].as_str().unwrap();
    assert!(text.contains(&format!("编号{}", owed["id"])) && !text.contains("/q/"), "{text}");
    let path = format!("/api/v1/callbacks/{}/answers", owed["id"]);
    for wrong in
        [json!({ "answers": {} }), json!({ "answers": { "h1": "7" } }), json!({ "answers": { "x": "1" } })]
    {
        firm.shop.site.post(&path, wrong).await.expect(422);
    }
    let answer = json!({ "answers": { "h1": "3", "h1_note": "伤口疼" } });
    let done = firm.shop.site.post(&path, answer.clone()).await.expect(200);
    assert_eq!(
        [&done["state"], &done["method"], &done["outcome"]],
        [&json!("done"), &json!("sms"), &json!("dissatisfied")],
        "who does not feel well is somebody's matter"
    );
    firm.shop.site.post(&path, answer).await.expect(409);
}

async fn what_an_agent_types_in_on_the_telephone_closes_the_callback_once_the_script_was_ticked(
    db: &Database,
) {
    let firm = Firm::open(db, "hospital").await;
    publish(&firm.shop);
    firm.happens("patient.discharged", "H1", "2026-02-24 10:00", PHONE, json!({ "department": "骨科" }))
        .await;
    firm.shop.turn("2026-03-03 09:50").await;
    firm.shop.set("2026-03-03 10:30");
    let owed = firm.shop.only("rule=inpatient").await;
    let path = format!("/api/v1/callbacks/{}", owed["id"]);
    let card = firm.shop.site.get(&format!("{path}/card")).await.expect(200);
    let asked = card["questions"].as_array().unwrap();
    let first = asked.iter().find(|question| question["name"] == "h1").unwrap();
    assert!(first["choices"].as_array().unwrap().iter().any(|choice| choice["key"] == "3"), "{first}");
    let answer = json!({ "method": "phone", "answers": { "h1": "3" } });
    for block in card["blocks_required"].as_array().unwrap() {
        firm.shop.site.post(&format!("{path}/answers"), answer.clone()).await.expect(422);
        let tick = json!({ "block": block, "result": "done" });
        firm.shop.site.post(&format!("{path}/marks"), tick).await.expect(204);
    }
    firm.shop
        .site
        .post(&format!("{path}/answers"), json!({ "method": "task", "answers": {} }))
        .await
        .expect(422);
    let done = firm.shop.site.post(&format!("{path}/answers"), answer).await.expect(200);
    assert_eq!([&done["state"], &done["method"]], [&json!("done"), &json!("phone")], "{done}");
    let detail = firm.shop.text("SELECT detail FROM audit_log WHERE action = 'callback.done'").await;
    assert!(detail.contains("by telephone"), "{detail}");
}

async fn cnt_16_a_visit_is_rated_by_a_link_and_the_score_stands_with_that_consumption(db: &Database) {
    let mut firm = Firm::open(db, "catering-vip").await;
    publish(&firm.shop);
    let sink = Sink::open().await;
    let text = format!(
        "[api]\npublic_url = \"https://cb.example.com\"\n[notices]\nsms = \"sms\"\n[[notices.channel]]\nname = \"sms\"\nurl = \"{}\"\n",
        sink.url
    );
    let outbox = outbox(&firm.shop, settings(&text));
    let vip = json!({ "bill": "E1", "waiter": "小林", "customer.vip": "是" });
    let first = firm.happens("consumption.done", "E1", "2026-03-02 20:00", PHONE, vip.clone()).await;
    execute(&firm.shop.site.store, "UPDATE customers SET language = 'en'").await.unwrap();
    firm.shop.turn("2026-03-03 08:50").await;
    firm.shop.set("2026-03-03 14:40");
    firm.shop.call_of("catering_vip/rating", PHONE, Disposition::NoAnswer, &[]).await;
    firm.shop.turn("2026-03-03 14:41").await;
    turn(&outbox, "2026-03-03 14:42").await;
    let told = sink.taken();
    assert_eq!(told.len(), 1, "the next day");
    let text = told[0].body["text"].as_str().unwrap();
    let path = text.split("https://cb.example.com").nth(1).unwrap_or_else(|| panic!("{text}")).trim();
    assert!(path.len() > 32, "it cannot be guessed: {path}");
    let page = open(&firm.shop, path).await;
    assert!(page.text().contains("How satisfied are you with the dishes?"), "{}", page.text());
    assert!(page.text().contains("Very satisfied") && page.text().contains("width=device-width"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let empty = fill_in(&firm.shop, path, &[("d1", "")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("at least one question"), "{}", empty.text());
    assert_eq!(
        fill_in(&firm.shop, path, &[("d1", "5"), ("d2", "1"), ("reason", "慢 <b>")]).await.status,
        200
    );
    let again = fill_in(&firm.shop, path, &[("d1", "1")]).await;
    assert!(again.text().contains("is over"), "{}", again.text());
    for forged in [path.replace('.', ".0"), format!("{path}0"), "/q/1.".into(), "/q/x".into()] {
        assert_eq!(open(&firm.shop, &forged).await.status, 404, "{forged}");
    }
    let rated = firm.shop.callbacks("rule=rating&state=done").await;
    assert_eq!(rated.len(), 1);
    assert_eq!((&rated[0]["outcome"], &rated[0]["method"]), (&json!("dissatisfied"), &json!("sms")));
    let second = firm.happens("consumption.done", "E2", "2026-03-04 20:00", PHONE, vip).await;
    let card = firm.shop.site.get("/api/v1/customers/1").await.expect(200);
    let of = |event: i64| -> Vec<(String, Value)> {
        let all = card["event_answers"].as_array().unwrap().iter().filter(|a| a["event_id"] == event);
        all.map(|a| (a["question"].as_str().unwrap().to_owned(), a["score"].clone())).collect()
    };
    let said = [("d1", json!(5)), ("d2", json!(1)), ("reason", Value::Null)].map(|(q, s)| (q.to_owned(), s));
    assert_eq!(of(first), said);
    assert!(of(second).is_empty(), "the other consumption has no score yet");
    firm.shop.turn("2026-03-05 08:50").await;
    firm.shop.set("2026-03-05 14:40");
    firm.shop.call_of("catering_vip/rating", PHONE, Disposition::Completed, &[Some(4)]).await;
    firm.shop.turn("2026-03-05 14:45").await;
    let card = firm.shop.site.get("/api/v1/customers/1").await.expect(200);
    let by_phone =
        card["event_answers"].as_array().unwrap().iter().find(|a| a["event_id"] == second).unwrap();
    assert_eq!((&by_phone["score"], &by_phone["method"]), (&json!(4), &json!("phone")));
}

async fn rem_09_who_presses_3_books_a_table_and_gets_a_message(db: &Database) {
    let firm = Firm::open(db, "catering-vip").await;
    let sink = Sink::open().await;
    let text =
        format!("[notices]\nsms = \"sms\"\n[[notices.channel]]\nname = \"sms\"\nurl = \"{}\"\n", sink.url);
    let outbox = outbox(&firm.shop, settings(&text));
    let now = firm.shop.set("2026-03-03 11:00");
    let caller = ivr::caller::Caller::run(
        ivr::script("catering-hotline"),
        ivr::caller::facts(&[("open", "no")]),
        "3 0 3 0 6 1 8 3 0 4 # 1 hang",
    );
    let store = &firm.shop.site.store;
    let (begin, end) = (now.0 - 60_000, now.0 - 1_000);
    let call = "01K00000000000000000000007";
    let sql = format!(
        "INSERT INTO calls (id, direction, state, phone, script, reserved_at, started_at, answered_at, ended_at, disposition)
         VALUES ('{call}', 'inbound', 'ended', '{PHONE}', 'catering-hotline', {begin}, {begin}, {begin}, {end}, 'completed')"
    );
    execute(store, &sql).await.unwrap();
    let text_or_null = |text: &Option<String>| text.as_ref().map_or("NULL".into(), |t| format!("'{t}'"));
    for (place, answer) in caller.answers.iter().enumerate() {
        let sql = format!(
            "INSERT INTO answers (call_id, seq, question, keys, meaning, at) VALUES ('{call}', {}, '{}', {}, {}, {end})",
            place + 1,
            answer.question,
            text_or_null(&answer.keys),
            text_or_null(&answer.meaning),
        );
        execute(store, &sql).await.unwrap();
    }
    let lists = firm.shop.site.api.import();
    let desk = firm.shop.site.api.desk();
    assert_eq!(desk.take_calls(&lists, now).await.unwrap(), 1, "{}", caller.transcript);
    assert_eq!(desk.take_calls(&lists, now).await.unwrap(), 0, "once");
    firm.shop.turn("2026-03-03 11:00").await;
    turn(&outbox, "2026-03-03 11:01").await;
    let card = firm.shop.site.get("/api/v1/customers/1").await.expect(200);
    let booking = &card["events"][0];
    assert_eq!(
        [&booking["kind"], &booking["fields"]["booking_at"], &booking["fields"]["persons"]],
        [&json!("booking.made"), &json!("2026-03-06 18:30"), &json!("4")]
    );
    let told = sink.taken();
    assert_eq!(told.len(), 1);
    let text = told[0].body["text"].as_str().unwrap();
    assert!(text.contains("2026-03-06 18:30") && text.contains("人数:4"), "{text}");
    assert_eq!(told[0].body["notices"][0]["address"], format!("sms:{PHONE}"));
    let done = firm.shop.only("rule=booking_confirmed").await;
    assert_eq!(done["state"], "done", "what is only told is done when it arrives");
    // One that was made by the web, in another shop; one that was cancelled.
    let web = json!({ "booking_at": "2026-03-06 19:00", "persons": 2, "store": "福田店" });
    firm.happens("booking.made", "B1", "2026-03-03 12:00", "13600000002", web.clone()).await;
    firm.happens("booking.made", "B2", "2026-03-03 12:00", "13600000003", web).await;
    firm.happens("booking.cancelled", "B3", "2026-03-03 12:10", "13600000003", json!({})).await;
    let path = "/api/v1/bookings/demand?pack=catering_vip&from=2026-03-06&to=2026-03-06";
    let demand = firm.shop.site.get(path).await.expect(200);
    let lines: Vec<_> = demand["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| {
            (l["group"].as_str().unwrap(), l["booked"].as_u64().unwrap(), l["persons"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(lines, [("", 1, 4), ("福田店", 1, 2)], "by shop: {demand}");
    firm.shop
        .site
        .get("/api/v1/bookings/demand?pack=catering_vip&from=2026-03-06&to=2027-03-06")
        .await
        .expect(409);
}
