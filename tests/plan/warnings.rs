//! What a person should look at raises itself, once, and goes when it holds no more.

use serde_json::json;

use super::firm::{Firm, line, shipped};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    imp_01_a_missing_slip_raises_itself_at_half_past_eight_and_goes_when_it_comes,
    rem_05_a_missing_report_is_reminded_of_and_becomes_an_alarm,
    sch_18_a_week_with_one_draw_is_under_quota_on_monday_until_a_person_settles_it,
    sch_09_whom_nobody_reached_in_three_months_raises_a_breach,
    a_year_without_holidays_in_the_calendar_raises_itself,
}

async fn imp_01_a_missing_slip_raises_itself_at_half_past_eight_and_goes_when_it_comes(db: &Database) {
    let firm = Firm::open(db, "whole-house-install").await;
    for n in 1..=3 {
        let (key, phone) = (format!("F{n}"), format!("1360000000{n}"));
        let fields = json!({ "install_status": "完成", "installer": "李师傅" });
        firm.happens("install.finished", &key, "2026-03-02 17:00", &phone, fields).await;
    }
    let slips = "单号,订单号,客户姓名,客户电话,安装日期,安装状态,安装师傅,客户评分,收单人,交单人\n\
                 S1,M-13600000001,客户1,13600000001,2026-03-02,完成,李师傅,5,安装主管,李师傅\n\
                 S2,M-13600000002,客户2,13600000002,2026-03-02,完成,李师傅,4,安装主管,李师傅\n";
    let report = firm.brings("slips", "2026-03-03 08:05", slips).await;
    assert_eq!(report["counts"]["added"], 2, "{report}");
    let missing = |all: Vec<(String, String, bool)>| -> Vec<_> {
        all.into_iter().filter(|(code, ..)| code == "missing_slip").collect()
    };
    firm.shop.turn("2026-03-03 08:29").await;
    assert_eq!(missing(firm.warnings().await), []);
    firm.shop.turn("2026-03-03 08:30").await;
    let named = line("missing_slip", "slips/M-13600000003", true);
    assert_eq!(missing(firm.warnings().await), std::slice::from_ref(&named));
    let detail = firm.shop.text("SELECT detail FROM warnings WHERE code = 'missing_slip'").await;
    assert!(detail.contains("客户13600000003"), "{detail}");
    firm.shop.turn("2026-03-03 09:30").await;
    firm.shop.turn("2026-03-04 08:40").await;
    assert_eq!(missing(firm.warnings().await), [named], "once, and it stays until the slip is there");
    let third = "单号,订单号,客户姓名,客户电话,安装日期,安装状态,安装师傅,客户评分,收单人\n\
                 S3,M-13600000003,客户3,13600000003,2026-03-02,完成,李师傅,3,安装主管\n";
    let report = firm.brings("slips", "2026-03-04 09:00", third).await;
    assert_eq!(report["counts"]["added"], 1, "{report}");
    assert_eq!(missing(firm.warnings().await), [line("missing_slip", "slips/M-13600000003", false)]);
}

async fn rem_05_a_missing_report_is_reminded_of_and_becomes_an_alarm(db: &Database) {
    let firm = Firm::open(db, "whole-house-install").await;
    let mut alarms = firm.shop.site.api.parts.events.subscribe(None);
    firm.shop.turn("2026-03-02 10:00").await;
    assert_eq!(firm.warnings().await, [], "a pack without a customer is nobody's");
    let first = "发货单号,订单号,货物,发货日期,客户电话,客户姓名\nG0,M-0,柜门,2026-03-02,13600000009,李四\n";
    firm.brings("goods", "2026-03-02 10:05", first).await;
    firm.shop.turn("2026-03-03 09:44").await;
    assert_eq!(firm.warnings().await, []);
    firm.shop.turn("2026-03-03 09:45").await;
    assert_eq!(firm.warnings().await, [line("report_due", "goods", true)]);
    firm.shop.turn("2026-03-03 10:00").await;
    let alarm = line("report_missing", "goods", true);
    assert_eq!(firm.warnings().await, [line("report_due", "goods", false), alarm]);
    let mut told = String::new();
    while let Ok(ringback::io::web::Batch::Events(events)) =
        tokio::time::timeout(std::time::Duration::from_millis(50), alarms.next()).await
    {
        events.iter().filter(|e| &*e.topic == "alarm").for_each(|e| told.push_str(&e.json));
    }
    assert_eq!(told.matches("report_missing: goods").count(), 1, "{told}");
    let goods = "发货单号,订单号,货物,发货日期,客户电话,客户姓名\nG1,M-1,柜门,2026-03-03,13600000001,张三\n";
    firm.brings("goods", "2026-03-03 10:20", goods).await;
    assert!(firm.warnings().await.iter().all(|(.., open)| !open), "it is there");
    firm.shop.turn("2026-03-04 10:00").await;
    assert_eq!(
        firm.warnings().await.last(),
        Some(&line("report_missing", "goods", true)),
        "each day its own"
    );
}

async fn sch_18_a_week_with_one_draw_is_under_quota_on_monday_until_a_person_settles_it(db: &Database) {
    let firm = Firm::open(db, "express-sampling").await;
    firm.shop.turn("2026-03-02 08:50").await;
    assert_eq!(firm.warnings().await, [], "nothing ran in the week before this Monday");
    let fields = json!({ "sign_status": "正常", "outlet": "东门" });
    firm.sends("parcel.signed", "P1", "2026-03-02 12:00", "13600000001", fields).await.expect(200);
    firm.shop.turn("2026-03-03 08:50").await;
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM draws").await, 1, "Tuesday's draw, and no other");
    firm.shop.turn("2026-03-08 08:00").await;
    assert_eq!(firm.warnings().await, [], "the week is not over");
    firm.shop.turn("2026-03-09 08:50").await;
    let under = line("under_quota", "express_sampling/sample", true);
    assert_eq!(firm.warnings().await, [under]);
    let id = firm.shop.number("SELECT id FROM warnings").await;
    let path = format!("/api/v1/warnings/{id}/settle");
    firm.shop.site.post(&path, json!({ "reason": "the system of the outlet was down" })).await.expect(204);
    firm.shop.turn("2026-03-09 12:00").await;
    assert_eq!(firm.warnings().await, [line("under_quota", "express_sampling/sample", false)]);
    firm.shop.site.post(&path, json!({ "reason": "again" })).await.expect(409);
    firm.shop.site.post("/api/v1/warnings/99/settle", json!({ "reason": "x" })).await.expect(404);
}

async fn sch_09_whom_nobody_reached_in_three_months_raises_a_breach(db: &Database) {
    let text = shipped("home-decoration");
    let text = text.replace("coverage = false", "coverage = true").replace("series = true", "series = false");
    let firm = Firm::by(db, &text).await;
    firm.happens("project.completed", "C1", "2025-12-03 10:00", "13600000001", json!({})).await;
    let breaches = async |firm: &Firm| -> Vec<(String, String, bool)> {
        firm.warnings().await.into_iter().filter(|(code, ..)| code == "coverage_breach").collect()
    };
    firm.shop.turn("2026-03-03 23:59").await;
    assert_eq!(breaches(&firm).await, []);
    firm.shop.turn("2026-03-04 00:01").await;
    assert_eq!(breaches(&firm).await.len(), 1);
    firm.shop.turn("2026-03-05 00:01").await;
    assert_eq!(breaches(&firm).await.len(), 1, "once");
    let day = firm.shop.text("SELECT day FROM warnings WHERE code = 'coverage_breach'").await;
    assert_eq!(day, "2026-03-03", "the day on which it was missed");
    let open = firm.shop.only("rule=coverage").await;
    firm.shop.edit(&open, "remove", json!({ "reason": "moved away" })).await.expect(200);
    firm.shop.turn("2026-03-05 10:00").await;
    assert!(!breaches(&firm).await[0].2, "owed no more");
}

async fn a_year_without_holidays_in_the_calendar_raises_itself(db: &Database) {
    let firm = Firm::open(db, "hospital").await;
    firm.shop.turn("2026-03-03 09:00").await;
    assert_eq!(firm.warnings().await, []);
    firm.shop.turn("2039-03-03 09:00").await;
    assert_eq!(firm.warnings().await, [line("calendar_year_missing", "calendar/2039", true)]);
    firm.shop.turn("2039-03-04 09:00").await;
    let all = firm.warnings().await;
    let open: Vec<bool> = all.iter().map(|(.., open)| *open).collect();
    assert_eq!(open, [false, true], "each day one, and that of today is open: {all:?}");
}
