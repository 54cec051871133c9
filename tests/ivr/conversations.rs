//! Every shipped script with a few callers, written down as a conversation one can read.

use super::caller::{Caller, facts};
use super::script;

/// Compares `tests/golden/ivr/<name>.snap` with the conversations of these callers.
fn check(name: &str, callers: &[(&str, &[(&str, &str)])]) {
    let mut text = String::new();
    for (plan, fields) in callers {
        let caller = Caller::run(script(name), facts(fields), plan);
        text.push_str(&format!("== {plan}   {fields:?}\n{}\n", caller.transcript));
    }
    insta::with_settings!({
        snapshot_path => "../golden/ivr",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn install_survey_reads_as_agreed() {
    check(
        "install-survey",
        &[
            ("1 5 4 5 5 say hang", &[("install_status", "done")]),
            ("1 2 1 5 . . . 4 say", &[("install_status", "done")]),
            (
                "1 1 hang",
                &[
                    ("install_status", "not_done"),
                    ("outstanding_items", "门板划痕;缺拉手"),
                    ("appointment", "2026-03-03 09:30"),
                ],
            ),
            ("1 2 say", &[]),
            ("9 1 5 0 0 hang", &[]),
        ],
    );
}

#[test]
fn auto_repair_reads_as_agreed() {
    check("auto-repair", &[("1 5 5 4 5 3 5 5 5 2 4 say hang", &[]), ("!1 !5 !5 !5 hang", &[])]);
}

#[test]
fn express_reads_as_agreed() {
    check(
        "express",
        &[("1 1 1 2 1 mute hang", &[]), ("1 1 1 1 1 1 say", &[]), ("0 1 hang", &[]), ("beep", &[])],
    );
}

#[test]
fn hospital_reads_as_agreed() {
    check(
        "hospital",
        &[
            ("1 1 2 5 5 4 5 5 5 say hang", &[]),
            ("1 3 say 1 5 5 5 5 5 5 mute hang", &[("department", "骨科")]),
            ("2", &[]),
        ],
    );
}

#[test]
fn furniture_mall_reads_as_agreed() {
    check(
        "furniture-mall",
        &[
            ("1 2 say 2 say hang", &[]),
            ("1 5 5 mute hang", &[("kind", "contract")]),
            ("1 4 mute hang", &[("kind", "cleaning")]),
            ("# hang", &[("kind", "service")]),
        ],
    );
}

#[test]
fn billboard_reads_as_agreed() {
    check(
        "billboard",
        &[
            ("1 4 5 say 1 hang", &[("product", "三面翻")]),
            ("1 4 5 mute 2 hang", &[("product", "换画灯箱")]),
            ("9 1 5 0 0 hang", &[]),
            ("0 hang", &[]),
        ],
    );
}

#[test]
fn generic_reads_as_agreed() {
    check(
        "generic",
        &[
            ("1 1 5 mute hang", &[]),
            ("1 3 2 1 say", &[("planned_end", "2026-02-20"), ("actual_end", "2026-02-27")]),
            ("doubt 5 7 * 1 hang", &[]),
        ],
    );
}

#[test]
fn record_prompt_reads_as_agreed() {
    check("record-prompt", &[("mute mute mute mute mute hang", &[("prompt", "company/name")])]);
}

/// One test a script: its callers, each with a plan and the fields of their line.
macro_rules! read_as_agreed {
    ($($test:ident $name:literal: $($plan:literal $fields:expr),+;)+) => {
        $(#[test]
        fn $test() {
            check($name, &[$(($plan, &$fields)),+]);
        })+
    };
}

read_as_agreed! {
    home_decoration_reads_as_agreed "home-decoration":
        "1 5 5 5 4 say 5 4 5 4 5 5 say 2 hang" [
            ("planned_end", "2026-02-09"), ("actual_end", "2026-02-20"), ("has_ticket", "yes"),
            ("designer", "陈设计"), ("project_manager", "刘经理"), ("after_sales", "赵姐"),
        ],
        "1 5 . . . 2 4 5 5 5 5 5 say mute 1 say hang" [];
    home_decoration_stage_reads_as_agreed "home-decoration-stage":
        "1 5 4 1 say mute hang" [("project_manager", "刘经理")], "1 2 4 2 say say hang" [];
    xian_inprogress_a_reads_as_agreed "xian-inprogress-a":
        "1 5 4 5 4 1 say 1 mute hang" [("designer", "陈设计"), ("foreman", "刘经理")], "# hang" [];
    xian_inprogress_bc_reads_as_agreed "xian-inprogress-bc":
        "1 5 4 2 say hang" [("foreman", "刘经理")], "1 1 4 2 say hang" [];
    xian_completed_reads_as_agreed "xian-completed":
        "1 5 5 4 4 1 mute hang" [("designer", "陈设计"), ("foreman", "刘经理")], "9 1 5 0 0 hang" [];
    xian_complaint_reads_as_agreed "xian-complaint":
        "1 1 4 5 mute hang" [("handler", "唐师傅")], "1 2 say hang" [];
    whole_house_reads_as_agreed "whole-house":
        "1 5 4 5 5 say hang" [("install_status", "done"), ("installer", "王工")],
        "1 2 say hang" [
            ("install_status", "not_done"), ("outstanding_items", "门板划痕;缺拉手"),
            ("progress", "arrived"), ("appointment", "2026-03-03 09:30"),
        ],
        "1 2 say" [];
    mall_install_first_reads_as_agreed "mall-install-first":
        "1 1 5 mute hang" [("installer", "王工")], "1 2 say 2 say hang" [("installer", "王工")],
        "1 2 * 2 say 4 mute hang" [("outstanding_items", "缺拉手")];
    mall_install_second_reads_as_agreed "mall-install-second":
        "1 2 5 mute hang" [("installer", "王工")], "1 1 say 2 say 2 say hang" [("outstanding_items", "缺拉手")];
    mall_contract_reads_as_agreed "mall-contract":
        "1 5 4 mute hang" [("designer", "陈设计"), ("shopping_guide", "周导购")], "1 2 4 say hang" [];
    mall_service_reads_as_agreed "mall-service":
        "1 5 mute hang" [("technician", "孙师傅")], "1 1 say hang" [];
    mall_cleaning_reads_as_agreed "mall-cleaning":
        "1 5 mute hang" [("cleaner", "吴姐")], "0 hang" [];
    mall_outstanding_reads_as_agreed "mall-outstanding":
        "1 1 1 mute hang" [("outstanding_items", "缺拉手"), ("progress", "shipped")],
        "1 2 say 2 say say hang" [("outstanding_items", "缺拉手"), ("appointment", "2026-03-10 14:00")],
        "1 1 4 mute hang" [("resolved", "yes"), ("installer", "王工")];
    mall_anniversary_reads_as_agreed "mall-anniversary":
        "1 5 4 1 mute hang" [], "1 2 4 2 say hang" [];
    telecom_verify_reads_as_agreed "telecom-verify":
        "1 1 5 mute hang" [("engineer", "郑工")], "1 2 say 4 mute hang" [];
    telecom_verify_major_reads_as_agreed "telecom-verify-major":
        "1 1 1 5 mute hang" [("engineer", "郑工")], "1 2 say 2 say 1 say hang" [];
    equipment_yearly_reads_as_agreed "equipment-yearly":
        "1 5 4 say hang" [], "1 2 4 say mute hang" [];
    equipment_verify_reads_as_agreed "equipment-verify":
        "1 1 5 4 mute hang" [("engineer", "郑工")], "1 2 say 3 4 mute hang" [];
    auto_repair_lost_reads_as_agreed "auto-repair-lost":
        "1 3 say hang" [], "1 7 6 . 1 mute hang" [];
    auto_repair_short_reads_as_agreed "auto-repair-short":
        "1 5 4 5 mute hang" [], "1 5 4 2 say hang" [];
    reminder_maintenance_reads_as_agreed "reminder-maintenance":
        "1 hang" [("due_date", "2026-03-09")], "2 say hang" [("due_date", "2026-03-09")];
    reminder_insurance_reads_as_agreed "reminder-insurance":
        "1 hang" [("due_date", "2026-04-01")], "2 hang" [("due_date", "2026-04-01")];
    reminder_appointment_reads_as_agreed "reminder-appointment":
        "1 hang" [("appointment_at", "2026-03-03 14:00")], "* 2 say hang" [("appointment_at", "2026-03-03 14:00")];
    express_outlet_reads_as_agreed "express-outlet":
        "1 say hang" [], "9 . . . hang" [];
    hospital_outpatient_reads_as_agreed "hospital-outpatient":
        "1 1 2 5 4 5 5 4 5 mute hang" [("department", "内科")], "1 3 say 1 5 5 5 5 5 5 mute hang" [],
        "2 hang" [];
    repair_station_reads_as_agreed "repair-station":
        "1 5 5 hang" [("technician", "何师傅")], "1 4 2 say hang" [];
    repair_station_again_reads_as_agreed "repair-station-again":
        "1 4 hang" [], "1 * 2 say hang" [];
    billboard_repair_reads_as_agreed "billboard-repair":
        "1 4 5 say 1 hang" [("product", "三面翻"), ("technician", "王工")],
        "1 4 2 say 2 hang" [("product", "换画灯箱")];
    billboard_tracking_reads_as_agreed "billboard-tracking":
        "1 4 mute 2 hang" [("product", "换画灯箱")], "1 2 say 1 hang" [("suggestion", "加装避雷器")];
    billboard_solution_reads_as_agreed "billboard-solution":
        "1 1 hang" [], "1 2 say hang" [];
    real_estate_signing_reads_as_agreed "real-estate-signing":
        "1 1 hang" [("signing_at", "2026-03-10 10:00"), ("payment", "按揭"), ("marital_status", "已婚")],
        "1 * 2 say hang" [("signing_at", "2026-03-10 10:00"), ("payment", "full")], "2 hang" [];
    real_estate_mortgage_reads_as_agreed "real-estate-mortgage":
        "1 1 hang" [("mortgage_at", "2026-03-10 10:00"), ("marital_status", "single")];
    real_estate_fund_reads_as_agreed "real-estate-fund":
        "1 2 hang" [("deadline", "2026-03-09")], "1 3 say hang" [("deadline", "2026-03-09")];
    real_estate_loan_reads_as_agreed "real-estate-loan":
        "1 1 hang" [("released_on", "2026-03-02"), ("first_payment_on", "2026-04-20")], "1 2 say hang" [];
    generic_routine_reads_as_agreed "generic-routine":
        "1 1 5 2 mute hang" [], "1 3 say 2 1 say say hang" [];
    generic_key_reads_as_agreed "generic-key":
        "1 1 5 4 2 1 say mute hang" [("owner", "冯经理")];
    generic_appointment_reads_as_agreed "generic-appointment":
        "1 say 1 4 2 mute hang" [];
    catering_rating_reads_as_agreed "catering-rating":
        "1 5 4 5 mute hang" [("consumed_at", "2026-03-01 20:00"), ("waiter", "小何")], "1 2 4 3 say hang" [];
    project_manager_reads_as_agreed "project-manager":
        "1 1 1 2 2 mute hang" [], "1 2 say 2 3 1 say mute hang" [];
    verification_reads_as_agreed "verification":
        "1 1 hang" [], "1 2 say hang" [];
    ticket_verify_reads_as_agreed "ticket-verify":
        "1 1 5 mute hang" [], "1 2 say hang" [];
    agent_survey_reads_as_agreed "agent-survey":
        "1 5 mute hang" [], "1 2 say mute hang" [];
    hotline_reads_as_agreed "hotline":
        "3 talk 5 mute hang" [("open", "yes"), ("queue", "service")],
        "2 talk 1 say hang" [("open", "yes"), ("queue", "service")],
        ". . nobody say" [("open", "yes"), ("queue", "service")],
        "7 3 talk 5 mute hang" [("open", "yes"), ("queue", "service")],
        "say" [("open", "no"), ("queue", "service")];
    catering_hotline_reads_as_agreed "catering-hotline":
        "3 0 3 0 6 1 8 3 0 4 # 2 0 3 0 7 1 9 0 0 6 # 1 hang" [("open", "no"), ("queue", "service")],
        "1 talk hang" [("open", "yes"), ("queue", "service")],
        "1 nobody say" [("open", "yes"), ("queue", "service")],
        "1 say" [("open", "no"), ("queue", "service")];
    queue_callback_reads_as_agreed "queue-callback":
        "1 talk 5 hang" [("queue", "service")], "1 nobody hang" [("queue", "service")],
        "2 hang" [("queue", "service")], ". ." [("queue", "service")];
    ticket_department_reads_as_agreed "ticket-department":
        "1 hang" [("ticket", "0012")], "2 say hang" [("ticket", "0012")], ". . ." [("ticket", "0012")];
    trunk_test_reads_as_agreed "trunk-test": "1 hang" [], "2 say hang" [], ". . ." [];
}
