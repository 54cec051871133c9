//! Departments that hear of events.

use serde_json::json;

use super::world::{listed, outbox, settings, turn};
use crate::plan::firm::Firm;
use crate::plan::shop::at;
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    not_01_finance_and_bank_hear_the_day_before_and_who_does_not_confirm_has_a_task,
    not_08_the_technical_department_hears_within_minutes_with_a_time_stamp,
    imp_08_the_copy_of_a_handover_is_in_the_outbox_of_project_management,
}

async fn not_01_finance_and_bank_hear_the_day_before_and_who_does_not_confirm_has_a_task(db: &Database) {
    let firm = Firm::open(db, "real-estate").await;
    let outbox = outbox(&firm.shop, settings("[notices]\nescalate_to = \"售后经理\"\n"));
    firm.shop.site.api.set_notices(outbox.clone());
    let fields = json!({ "mortgage_at": "2026-03-10 14:00" });
    firm.happens("mortgage.scheduled", "M1", "2026-03-05 10:00", "13600000001", fields).await;
    turn(&outbox, "2026-03-05 10:01").await;
    turn(&outbox, "2026-03-09 08:59").await;
    assert!(listed(&firm.shop, "topic=event.*").await.is_empty());
    turn(&outbox, "2026-03-09 09:00").await;
    let told = listed(&firm.shop, "topic=event.appointment").await;
    let to: Vec<&str> = told.iter().rev().map(|n| n["to"].as_str().unwrap()).collect();
    assert_eq!(to, ["财务部", "银行"]);
    assert!(told[0]["text"].as_str().unwrap().contains("2026-03-09 17:00"), "{}", told[0]["text"]);
    firm.shop.set("2026-03-09 11:00");
    let path = format!("/api/v1/notices/{}/acknowledge", told[1]["id"]);
    firm.shop.site.post(&path, json!({ "note": "确认" })).await.expect(200);
    turn(&outbox, "2026-03-09 16:59").await;
    let tasks = async || -> Vec<_> {
        firm.warnings().await.into_iter().filter(|(code, ..)| code == "unconfirmed_notice").collect()
    };
    assert!(tasks().await.is_empty());
    turn(&outbox, "2026-03-09 17:00").await;
    let bank = format!("notice:{}", told[0]["id"]);
    assert_eq!(tasks().await, [("unconfirmed_notice".to_owned(), bank.clone(), true)], "the bank alone");
    assert_eq!(listed(&firm.shop, "to=售后经理&topic=notice.unacknowledged").await.len(), 1);
    turn(&outbox, "2026-03-09 17:10").await;
    firm.shop.set("2026-03-09 17:30");
    let path = format!("/api/v1/notices/{}/acknowledge", told[0]["id"]);
    firm.shop.site.post(&path, json!({ "note": "14:00" })).await.expect(200);
    assert_eq!(
        tasks().await,
        [("unconfirmed_notice".to_owned(), bank, false)],
        "confirmed late, it is no task"
    );
    assert_eq!(listed(&firm.shop, "state=acknowledged").await.len(), 2, "confirmations are kept");
}

async fn not_08_the_technical_department_hears_within_minutes_with_a_time_stamp(db: &Database) {
    let firm = Firm::open(db, "equipment-manufacturer").await;
    let outbox = outbox(&firm.shop, settings(""));
    firm.shop.site.api.set_notices(outbox.clone());
    turn(&outbox, "2026-03-05 09:59").await;
    let fields = json!({ "rectification_at": "2026-03-12" });
    firm.happens("rectification.scheduled", "R1", "2026-03-05 10:00", "13600000001", fields).await;
    turn(&outbox, "2026-03-05 10:01").await;
    turn(&outbox, "2026-03-05 10:05").await;
    let told = listed(&firm.shop, "to=技术部").await;
    assert_eq!(told.len(), 1, "once");
    assert_eq!(told[0]["created_at"], at("2026-03-05 10:01").0);
    assert_eq!(told[0]["facts"]["rectification_at"], "2026-03-12");
    assert_eq!(listed(&firm.shop, "to=营销中心").await.len(), 1);
}

async fn imp_08_the_copy_of_a_handover_is_in_the_outbox_of_project_management(db: &Database) {
    let firm = Firm::open(db, "telecom-si").await;
    let outbox = outbox(&firm.shop, settings(""));
    firm.shop.site.api.set_notices(outbox.clone());
    let form = "移交单号,项目编号,项目名称,客户名称,联系电话,移交日期,售后工程师\nH1,P1,专网,甲公司,13600000001,2026-03-02,周工\n";
    firm.brings("handover", "2026-03-02 09:00", form).await;
    for moment in ["2026-03-02 09:01", "2026-03-02 09:05"] {
        turn(&outbox, moment).await;
    }
    let told = listed(&firm.shop, "to=项目管理部").await;
    assert_eq!(told.len(), 1, "once");
    assert_eq!(
        (&told[0]["topic"], &told[0]["created_at"]),
        (&json!("intake.copy"), &json!(at("2026-03-02 09:01").0))
    );
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains("项目移交") && text.contains("专网") && text.contains("P1"), "{text}");
    let sent = firm.shop.number("SELECT COUNT(*) FROM intake_copies WHERE sent_at IS NOT NULL").await;
    assert_eq!(sent, 1);
}
