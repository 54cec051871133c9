//! What callbacks tell: their content, the dissatisfied, the table of the day.

use ringback::base::Disposition;
use serde_json::json;

use super::sink::{Reply, Sink};
use super::world::{channel, listed, outbox, settings, turn};
use crate::plan::firm::Firm;
use crate::plan::shop::{Shop, phone};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    not_02_what_was_said_is_shared_once_with_numbers_covered,
    not_02_what_patients_say_is_shared_with_no_group,
    not_03_the_table_of_the_day_is_a_file_once_and_an_empty_day_says_0,
    not_05_the_department_hears_of_a_dissatisfied_milestone,
}

async fn not_02_what_was_said_is_shared_once_with_numbers_covered(db: &Database) {
    let (mut shop, sink) = (Shop::open(db).await, Sink::open().await);
    let outbox = outbox(&shop, settings(&channel("webhook", &sink.url, "callback.done")));
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 09:31");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    turn(&outbox, "2026-03-03 09:31").await;
    assert!(sink.taken().is_empty(), "it is not done yet");
    shop.turn("2026-03-03 09:31").await;
    sink.reply(&[Reply::With(500, "down"), Reply::With(500, "down")]);
    turn(&outbox, "2026-03-03 09:31:05").await;
    turn(&outbox, "2026-03-03 09:31:15").await;
    turn(&outbox, "2026-03-03 09:31:31").await;
    let tried = sink.taken();
    assert_eq!(tried.len(), 3, "down twice, then taken, within a minute");
    let body = &tried[2].body;
    assert_eq!(body["id"], tried[0].body["id"]);
    assert_eq!(body["notices"][0]["facts"]["phone"], "138****0000");
    let text = body["text"].as_str().unwrap();
    assert!(
        text.contains("138****0000") && text.contains("安装次日回访") && text.contains("satisfied"),
        "{text}"
    );
    assert!(!String::from_utf8(tried[2].bytes.clone()).unwrap().contains(&phone(0)), "{body}");
    for moment in ["09:32", "09:40", "12:00"] {
        turn(&outbox, &format!("2026-03-03 {moment}")).await;
    }
    assert!(sink.taken().is_empty(), "exactly once");
    assert_eq!(listed(&shop, "topic=callback.done").await.len(), 1);
}

async fn not_02_what_patients_say_is_shared_with_no_group(db: &Database) {
    let sink = Sink::open().await;
    let firm = Firm::open(db, "hospital").await;
    let outbox = outbox(&firm.shop, settings(&channel("wecom", &sink.url, "*")));
    firm.happens(
        "patient.discharged",
        "D1",
        "2026-03-02 10:00",
        "13600000001",
        json!({ "department": "骨科" }),
    )
    .await;
    let callback = firm.shop.callbacks("pack=hospital").await[0].clone();
    for block in ["recovery", "health_education", "specialist", "support", "satisfaction", "opinion"] {
        firm.shop.edit(&callback, "marks", json!({ "block": block, "result": "done" })).await.expect(204);
    }
    firm.shop.set("2026-03-12 10:00");
    let body = json!({ "method": "phone", "outcome": "satisfied", "reason": "spoken to" });
    firm.shop.edit(&callback, "done", body).await.expect(200);
    turn(&outbox, "2026-03-12 10:01").await;
    turn(&outbox, "2026-03-12 18:01").await;
    assert!(sink.taken().is_empty());
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM callbacks_to_tell").await, 0, "it was looked at");
}

async fn not_03_the_table_of_the_day_is_a_file_once_and_an_empty_day_says_0(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[[notices.channel]]\nname = \"share\"\nkind = \"file\"\nfolder = \"{}\"\n\
         [[notices.route]]\ntopics = [\"callback.table\"]\nchannels = [\"share\"]\n",
        folder.path().display()
    );
    let mut shop = Shop::open(db).await;
    let outbox = outbox(&shop, settings(&text));
    shop.site.api.set_notices(outbox.clone());
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    let files = || -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    turn(&outbox, "2026-03-02 17:59").await;
    assert!(files().is_empty());
    turn(&outbox, "2026-03-02 18:00").await;
    assert_eq!(files(), ["客户回访表_shop_2026-03-02.csv"], "a day without callbacks has its table too");
    let rows = listed(&shop, "topic=callback.table").await;
    assert!(rows[0]["title"].as_str().unwrap().contains("0条"), "{}", rows[0]);
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-03 10:01").await;
    for moment in ["18:00", "18:01", "23:00"] {
        turn(&outbox, &format!("2026-03-03 {moment}")).await;
    }
    assert_eq!(files().len(), 2, "once a day");
    let table = std::fs::read_to_string(folder.path().join(&files()[1])).unwrap();
    assert!(table.starts_with("\u{FEFF}编号 id,客户 customer,电话 phone"), "{table}");
    assert!(table.contains("138****0000") && !table.contains(&phone(0)), "{table}");
    assert_eq!(table.lines().count(), 3, "{table}");
    let rows = listed(&shop, "topic=callback.table").await;
    assert_eq!(
        (rows.len(), &rows[0]["facts"]["done"], &rows[0]["facts"]["open"]),
        (2, &json!("1"), &json!("1"))
    );
    let file = shop.site.get(&format!("/api/v1/notices/{}/file", rows[0]["id"])).await;
    assert_eq!(file.text(), table, "and it can be fetched again");
}

async fn not_05_the_department_hears_of_a_dissatisfied_milestone(db: &Database) {
    let mut firm = Firm::open(db, "xian-decoration").await;
    let settings = settings("[api]\npublic_url = \"https://rb.example\"\n");
    let outbox = outbox(&firm.shop, settings);
    firm.shop.site.api.set_notices(outbox.clone());
    for (n, phone) in ["13600000001", "13600000002"].iter().enumerate() {
        firm.happens("work.concealed_done", &format!("C{n}"), "2026-03-02 16:00", phone, json!({})).await;
    }
    firm.shop.turn("2026-03-03 09:00").await;
    firm.shop.set("2026-03-03 10:00");
    let list = "xian_decoration/concealed";
    let bad = firm.shop.call_of(list, "13600000001", Disposition::Completed, &[Some(1)]).await;
    firm.shop.call_of(list, "13600000002", Disposition::Completed, &[Some(5)]).await;
    firm.shop.turn("2026-03-03 10:01").await;
    turn(&outbox, "2026-03-03 10:01").await;
    let inbox = listed(&firm.shop, "to=工程部").await;
    assert_eq!(inbox.len(), 1, "{inbox:#?}");
    assert_eq!((&inbox[0]["topic"], &inbox[0]["wants_ack"]), (&json!("callback.dissatisfied"), &json!(1)));
    assert_eq!(inbox[0]["facts"]["phone"], "136****0001");
    assert_eq!(inbox[0]["facts"]["recording"], "", "this call left none");
    let link = inbox[0]["facts"]["link"].as_str().unwrap();
    assert!(link.starts_with("https://rb.example/api/v1/callbacks/"), "{link}");
    // The recording is behind the scope that may hear it.
    let path = format!("/api/v1/calls/{bad}/recording");
    let read =
        firm.shop.site.request(reqwest::Method::GET, &path, &firm.shop.site.read).send().await.unwrap();
    assert_eq!(read.status(), 403);
}
