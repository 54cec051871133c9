use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::*;
use crate::archive::Customer;
use crate::base::CustomerId;
use crate::calendar::Calendar;
use crate::policy::pack::Pack;

/// 2026-03-03 08:20 in Shanghai.
const TUESDAY: Timestamp = Timestamp(1_772_497_200_000);

const PACK: &str = r#"
pack = "install"
title = "安装"
[event."install.finished"]
title = "安装完成"
[event."slip.received"]
title = "收到反馈单"
required = ["installer"]
[event."contract.signed"]
title = "合同"
[event."cleaning.done"]
title = "保洁"
[event."signing.pending"]
title = "待签"
[event."plan.item"]
title = "回访计划"
required = ["purpose", "method"]
[event."appointment.made"]
title = "预约"
[event."goods.shipped"]
title = "发货"
[rule]
[intake.slips]
event = "slip.received"
columns = { "客户评分" = "score", "安装师傅" = "installer", "客户在场" = "customer_present", "主管签字" = "supervisor_signoff" }
same_day = true
expects = "install.finished"
by = "08:30"
[[intake.slips.reject]]
reason = "no_customer_score"
title = "客户评分 is empty: ask the customer and hand the slip in again"
when = [{ field = "score", given = false }]
[[intake.slips.reject]]
reason = "supervisor_signoff_required"
title = "the customer was absent: the supervisor must look and sign"
when = [{ field = "customer_present", is = ["no", "否"] }, { field = "supervisor_signoff", given = false }]
[intake.orders]
[intake.orders.event_by.order_type]
"合同单" = "contract.signed"
"安装单" = "install.finished"
"保洁单" = "cleaning.done"
[intake.settled]
event = "install.finished"
only = [{ field = "status", is = ["已结算", "已結算"] }]
columns = { "状态" = "status" }
[intake.pending]
event = "signing.pending"
[[intake.pending.reject]]
reason = "manager_confirmation_missing"
title = "销售经理确认 is missing"
when = [{ field = "销售经理确认", given = false }]
[intake.plan]
event = "plan.item"
columns = { "目的" = "purpose", "方式" = "method", "大概时间" = "at" }
[intake.appointments]
event = "appointment.made"
[[intake.appointments.reject]]
reason = "deposit_too_low"
title = "the deposit is less than half of the price"
when = [{ field = "deposit/price", below = 0.5 }]
[intake.shipping]
event = "goods.shipped"
by = "10:00"
"#;

fn pack(text: &str) -> Pack {
    toml::from_str(text).unwrap_or_else(|e| panic!("{e}"))
}

fn settings(now: Timestamp) -> Settings {
    Settings { home_area: Some("0769".into()), timezone: "Asia/Shanghai".into(), now, ..Settings::default() }
}

/// Results of a table with its header, by line.
fn table(pack: &Pack, intake: &str, rows: &[&str], settings: &Settings) -> Vec<Outcome> {
    let cells = |row: &str| row.split(',').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let reader = Reader::new(pack, Some(intake), settings).unwrap();
    let mut intake = Intake::new(reader, cells(rows[0]), &settings.mapping).unwrap_or_else(|e| panic!("{e}"));
    let row =
        |(at, row): (usize, &&str)| intake.row(at as u64 + 2, Ok(cells(row)), || (*row).to_owned()).outcome;
    rows[1..].iter().enumerate().map(row).collect()
}

fn taken(outcome: &Outcome) -> &Fact {
    match outcome {
        Outcome::Taken(fact) => fact,
        other => panic!("{other:?}"),
    }
}

fn code(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Taken(_) => "taken",
        Outcome::Duplicate { .. } => "duplicate",
        Outcome::Skipped(remark) | Outcome::Rejected { remark, .. } => &remark.code,
    }
}

fn codes(outcomes: &[Outcome]) -> Vec<&str> {
    outcomes.iter().map(code).collect()
}

#[test]
fn imp_02_a_slip_entered_on_a_later_day_than_received_is_late() {
    let pack = pack(PACK);
    let rows = [
        "订单号,电话,收单时间,录入时间,客户评分,安装师傅",
        "A,13600001111,2026-03-03 08:05,2026-03-03 08:20,5,李",
        "B,13600001112,2026-03-03,2026-03-04 00:01,5,李",
    ];
    let found = table(&pack, "slips", &rows, &settings(TUESDAY));
    let late: Vec<bool> = found.iter().map(|o| taken(o).event.as_ref().unwrap().late).collect();
    assert_eq!(late, [false, true]);
    // The day of entry is the day of the import where the file does not say.
    let rows = ["订单号,电话,收单时间,客户评分,安装师傅", "A,13600001111,2026-03-03 23:59,5,李"];
    let next_day = Timestamp(TUESDAY.0 + 24 * 3_600_000);
    for (now, late) in [(TUESDAY, false), (next_day, true)] {
        let found = table(&pack, "slips", &rows, &settings(now));
        assert_eq!(taken(&found[0]).event.as_ref().unwrap().late, late);
    }
}

#[test]
fn imp_03_a_slip_without_score_is_rejected_or_warned_of_as_the_pack_says() {
    let rows = ["订单号,电话,客户评分,安装师傅", "A,13600001111,,李", "B,13600001112,4,李"];
    let found = table(&pack(PACK), "slips", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["no_customer_score", "taken"]);
    let Outcome::Rejected { text, remark } = &found[0] else { panic!("{found:?}") };
    assert!(remark.text.contains("客户评分"), "{remark:?}");
    assert_eq!(text, rows[1]);
    let lenient =
        PACK.replacen("when = [{ field = \"score\"", "warn_only = true\nwhen = [{ field = \"score\"", 1);
    let found = table(&pack(&lenient), "slips", &rows, &settings(TUESDAY));
    assert_eq!(taken(&found[0]).warnings[0].code, "no_customer_score");
    assert!(taken(&found[1]).warnings.is_empty());
}

#[test]
fn imp_04_a_slip_of_an_absent_customer_needs_the_supervisors_signature() {
    let rows = [
        "订单号,电话,客户评分,安装师傅,客户在场,主管签字",
        "A,13600001111,4,李,no,",
        "B,13600001112,4,李,否,李主管 2026-03-02",
        "C,13600001113,4,李,是,",
    ];
    let found = table(&pack(PACK), "slips", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["supervisor_signoff_required", "taken", "taken"]);
    let fields = &taken(&found[1]).event.as_ref().unwrap().fields;
    assert_eq!(fields["supervisor_signoff"], "李主管 2026-03-02");
}

#[test]
fn imp_05_only_settled_jobs_count_and_the_others_are_no_error() {
    let rows = [
        "单号,客户,手機,状态,結算日期",
        "J1,陳大文,13600001111,已結算,2026-3-2",
        "J2,李四,13600001112,未结算,2026-3-2",
        "J3,王五,13600001113, 已结算 ,2026年3月2日",
    ];
    let mapping = BTreeMap::from([("結算日期".to_owned(), "at".to_owned())]);
    let settings = Settings { mapping, ..settings(TUESDAY) };
    let found = table(&pack(PACK), "settled", &rows, &settings);
    assert_eq!(codes(&found), ["taken", "not_selected", "taken"]);
    let event = taken(&found[0]).event.as_ref().unwrap();
    assert_eq!((event.external_id.as_str(), event.at.0, event.has_time), ("J1", 1_772_380_800_000, false));
    assert_eq!(taken(&found[0]).customer.name, "陳大文", "names stay as they are written");
}

#[test]
fn imp_11_a_pending_signature_needs_the_managers_confirmation() {
    let rows = ["编号,姓名,电话,销售经理确认", "1,张三,13600001111,", "2,李四,13600001112,王经理"];
    let found = table(&pack(PACK), "pending", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["manager_confirmation_missing", "taken"]);
    assert_eq!(taken(&found[1]).event.as_ref().unwrap().kind, "signing.pending");
}

#[test]
fn imp_12_each_kind_of_order_becomes_its_event_and_an_unknown_kind_is_rejected() {
    let rows = [
        "单号,电话,日期,ORDER_TYPE",
        "1,13600001111,2026-03-02,合同单",
        "2,13600001112,2026-03-02,安裝單",
        "3,13600001113,2026-03-02,保洁单",
        "4,13600001114,2026-03-02,赠品单",
        "5,13600001115,2026-03-02,",
    ];
    let found = table(&pack(PACK), "orders", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["taken", "taken", "taken", "unknown_type", "unknown_type"]);
    let kinds: Vec<&str> =
        found[..3].iter().map(|o| taken(o).event.as_ref().unwrap().kind.as_str()).collect();
    assert_eq!(kinds, ["contract.signed", "install.finished", "cleaning.done"]);
    let Outcome::Rejected { remark, .. } = &found[3] else { panic!() };
    assert!(remark.text.contains("赠品单") && remark.text.contains("合同单"), "{remark:?}");
}

#[test]
fn sch_31_a_plan_without_purpose_names_the_field() {
    let rows = [
        "编号,客户,电话,大概时间,目的,方式,资料",
        "1,甲厂,13600001111,2026-03-10,,电话,维护记录",
        "2,乙厂,13600001112,2026-03-11,了解设备运行,上门,维护记录",
    ];
    let found = table(&pack(PACK), "plan", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["missing_field", "taken"]);
    let Outcome::Rejected { remark, .. } = &found[0] else { panic!() };
    assert!(remark.text.contains("`purpose`"), "{remark:?}");
    let event = taken(&found[1]).event.as_ref().unwrap();
    assert_eq!(
        (event.fields["purpose"].as_str(), event.fields["资料"].as_str()),
        ("了解设备运行", "维护记录")
    );
}

#[test]
fn rem_02_a_deposit_below_half_of_the_price_is_refused() {
    let rows = [
        "编号,电话,日期,price,deposit",
        "1,13600001111,2026-03-03 16:50,1000,400",
        "2,13600001112,2026-03-03 16:50,1000,500",
    ];
    let found = table(&pack(PACK), "appointments", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["deposit_too_low", "taken"]);
    assert!(taken(&found[1]).event.as_ref().unwrap().has_time);
}

#[test]
fn imp_01_and_rem_05_what_is_expected_is_looked_for_from_its_time_on() {
    let pack = pack(PACK);
    let calendar = Calendar::plain(TimeZone::get("Asia/Shanghai").unwrap());
    let at = |clock: &str| calendar.instant(jiff::civil::date(2026, 3, 3), clock.parse().unwrap());
    let asked = |clock: &str| -> Vec<(String, bool)> {
        checks(&pack, &calendar, at(clock)).into_iter().map(|c| (c.intake, c.is_late)).collect()
    };
    assert_eq!(asked("08:29:59"), []);
    assert_eq!(asked("08:30:00"), [("slips".to_owned(), true)]);
    assert_eq!(asked("09:45:00"), [("shipping".to_owned(), false), ("slips".to_owned(), true)]);
    assert_eq!(asked("10:00:00"), [("shipping".to_owned(), true), ("slips".to_owned(), true)]);
    let slips = checks(&pack, &calendar, at("08:30:00")).remove(0);
    let Checked::Slips { expects, kinds, from, to } = slips.what else { panic!() };
    assert_eq!((expects.as_str(), to.0 - from.0), ("install.finished", 24 * 3_600_000));
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["slip.received"]);
}

#[test]
fn imp_06_missing_extra_and_altered_lines_are_told_by_caller() {
    let line = |key: &str, phone: &str, caller: &str| RegisterLine {
        key: key.into(),
        name: format!("客户{key}"),
        phone: phone.into(),
        caller: caller.into(),
    };
    let source: Vec<RegisterLine> =
        (0..10).map(|n| line(&n.to_string(), &format!("1360000111{n}"), "anna")).collect();
    let mut register = source.clone();
    register.remove(3);
    register[0].phone = "13999999999".into();
    register.push(line("77", "13600002222", "bob"));
    let found = reconcile(&source, &register);
    let short: Vec<_> = found.iter().map(|d| (d.caller.as_str(), d.kind.as_str(), d.key.as_str())).collect();
    assert_eq!(short, [("anna", "missing", "3"), ("anna", "altered", "0"), ("bob", "extra", "77")]);
    assert!(found[1].detail.contains("13600001110") && found[1].detail.contains("13999999999"));
    assert_eq!(reconcile(&source, &source), []);
}

#[test]
fn columns_are_known_mapped_by_the_pack_and_mapped_by_the_user_who_wins() {
    let pack = pack(PACK);
    let mapping = BTreeMap::from([
        ("备用".to_owned(), "phone:wife".to_owned()),
        ("密码".into(), "-".into()),
        ("客戶評分".into(), "stars".into()),
    ]);
    let rows = [
        "訂單號,客戶姓名,手機號碼（必填）,备用,密码,客户评分,安装师傅,地址",
        "A１,张三,１３６００００１１１１/0769-22508699,13602388518,x,5,李,东莞",
    ];
    let found = table(&pack, "slips", &rows, &Settings { mapping, ..settings(TUESDAY) });
    // The score went elsewhere, so that the pack misses it.
    assert_eq!(codes(&found), ["no_customer_score"]);
    let found = table(
        &pack,
        "slips",
        &["订单号,电话,客户评分,安装师傅,地址,颜色", "A,13600001111/22508699,5,李,东莞,白"],
        &settings(TUESDAY),
    );
    let fact = taken(&found[0]);
    let phones: Vec<&str> = fact.customer.contacts.iter().map(|c| c.phone.as_str()).collect();
    assert_eq!(phones, ["13600001111", "076922508699"]);
    assert_eq!(fact.customer.fields["address"], "东莞");
    let event = fact.event.as_ref().unwrap();
    assert_eq!((event.fields["颜色"].as_str(), event.matter.as_str()), ("白", "A"));
    assert!(
        !event.has_time && event.at.0 == 1_772_467_200_000,
        "the day of the import stands for a missing column"
    );
    let reader = Reader::new(&pack, Some("slips"), &settings(TUESDAY)).unwrap();
    let wrong = BTreeMap::from([("Handy".to_owned(), "phone".to_owned())]);
    let refused = Intake::new(reader, vec!["电话".into()], &wrong).unwrap_err();
    assert!(refused.0.contains("`Handy`"), "{refused}");
    assert!(Reader::new(&pack, Some("nothing"), &settings(TUESDAY)).unwrap_err().0.contains("`slips`"));
}

#[test]
fn a_row_is_the_same_row_by_its_key_or_by_all_that_it_says() {
    let pack = pack(PACK);
    let rows = [
        "电话,日期,客户评分,安装师傅",
        "13600001111,2026-03-02,5,李",
        "136-0000-1111,2026年3月2日,4,李",
        "13600001111,2026-03-01,5,李",
    ];
    let found = table(&pack, "slips", &rows, &settings(TUESDAY));
    assert_eq!(codes(&found), ["taken", "duplicate", "taken"]);
    let again = table(&pack, "slips", &rows, &settings(TUESDAY));
    assert_eq!(
        taken(&found[0]).event.as_ref().unwrap().external_id,
        taken(&again[0]).event.as_ref().unwrap().external_id
    );
}

#[test]
fn bad_values_say_what_is_wrong_with_them() {
    let pack = pack(PACK);
    for (header, row, expect) in [
        ("订单号,电话,客户评分,安装师傅", "A,1360,5,李", "bad_phone"),
        ("订单号,电话,日期,客户评分,安装师傅", "A,13600001111,昨天,5,李", "bad_date"),
        ("订单号,电话,日期,客户评分,安装师傅", "A,13600001111,,5,李", "no_date"),
        ("订单号,电话,客户评分,安装师傅,quiet_hours", "A,13600001111,5,李,noon", "bad_value"),
        ("订单号,电话,客户评分,安装师傅", "A,13600001111,5,", "missing_field"),
        ("订单号,电话,客户评分,安装师傅", "A,13600001111,5,李,多", "not_a_row"),
    ] {
        let found = table(&pack, "slips", &[header, row], &settings(TUESDAY));
        assert_eq!(codes(&found), [expect], "{row}: {found:?}");
    }
}

#[test]
fn a_row_about_a_customer_goes_before_and_a_row_about_an_event_fills_in() {
    let contact = |phone: &str| Contact {
        phone: phone.parse().unwrap(),
        extension: String::new(),
        label: String::new(),
    };
    let old = Customer {
        id: CustomerId(7),
        pack: "p".into(),
        external_id: "C1".into(),
        name: "张三".into(),
        contacts: vec![contact("13600001111")],
        language: String::new(),
        grade: String::new(),
        preferred_hours: String::new(),
        quiet_hours: String::new(),
        key_account: false,
        plan_every: None,
        plan_from: None,
        owner: String::new(),
        email: String::new(),
        standing: Standing::Active,
        fields: BTreeMap::new(),
        version: 1,
    };
    let row = NewCustomer {
        name: "张先生".into(),
        grade: "A".into(),
        contacts: vec![contact("13602388518"), contact("13600001111")],
        ..NewCustomer::default()
    };
    let phones = |c: &Customer| c.contacts.iter().map(|c| c.phone.to_string()).collect::<Vec<_>>();
    let told = update(&old, &row, Update::Overwrite).unwrap();
    assert_eq!((told.name.as_str(), told.grade.as_str()), ("张先生", "A"));
    assert_eq!(phones(&told), ["13602388518", "13600001111"]);
    let filled = update(&old, &row, Update::FillIn).unwrap();
    assert_eq!((filled.name.as_str(), filled.grade.as_str()), ("张三", "A"));
    assert_eq!(phones(&filled), ["13600001111", "13602388518"]);
    assert_eq!(update(&filled, &row, Update::FillIn), None);
    assert_eq!(update(&told, &row, Update::Overwrite), None);
}
