//! Reminders and notices: told with their dates, confirmed or moved by key.

use ringback::base::Disposition;

use super::caller::{Caller, facts};
use super::paths::check;
use super::script;

#[test]
fn rem_01_an_appointment_is_confirmed_by_1_and_moved_by_2() {
    let fields = [("appointment_at", "2026-03-10 14:00")];
    let caller = check("reminder-appointment", &fields, "1 hang", "confirm=1", Disposition::Completed);
    assert_eq!(caller.answer("confirm").meaning.as_deref(), Some("confirmed"));
    assert!(caller.transcript.contains("时间是 三月 十号 下午 两 点"), "{}", caller.transcript);
    let moved = "confirm=2 new_time=voice";
    let caller = check("reminder-appointment", &fields, "2 say hang", moved, Disposition::Completed);
    assert_eq!(caller.answer("confirm").meaning.as_deref(), Some("reschedule"));
}

#[test]
fn maintenance_and_insurance_are_told_with_their_day() {
    let due = [("due_date", "2026-03-09")];
    let caller = check("reminder-maintenance", &due, "* 1 hang", "confirm=1", Disposition::Completed);
    assert_eq!(caller.transcript.matches("保养日期是 三月 九号").count(), 2, "{}", caller.transcript);
    check("reminder-maintenance", &due, "2 say hang", "confirm=2 new_time=voice", Disposition::Completed);
    let expiry = [("due_date", "2027-03-09")];
    let caller = check("reminder-insurance", &expiry, "2 hang", "confirm=2", Disposition::Completed);
    assert_eq!(caller.answer("confirm").meaning.as_deref(), Some("help_wanted"));
    assert!(caller.transcript.contains("到期日是 二 零 二 七 年 三月 九号"), "{}", caller.transcript);
}

#[test]
fn rem_07_the_documents_are_those_of_payment_and_marital_status() {
    let table = [
        ("mortgage", "married", &["认购书", "收入证明", "结婚证"][..], &["公积金", "离婚证", "单身证明"][..]),
        ("公积金", "单身", &["认购书", "公积金缴存证明", "单身证明"], &["收入证明", "结婚证"]),
        ("full", "离异", &["全部房款", "离婚证"], &["收入证明", "公积金", "结婚证"]),
        ("", "", &["认购书", "婚姻状况证明"], &["收入证明", "公积金", "结婚证", "离婚证"]),
    ];
    for (payment, marital, said, unsaid) in table {
        let fields = [("signing_at", "2026-03-10 10:00"), ("payment", payment), ("marital_status", marital)];
        let answers = "identity=1 confirm=1";
        let caller = check("real-estate-signing", &fields, "1 1 hang", answers, Disposition::Completed);
        assert!(caller.transcript.contains("签约时间是 三月 十号 上午 十 点"), "{}", caller.transcript);
        for words in said {
            assert!(caller.transcript.contains(words), "{payment} {marital} {words}\n{}", caller.transcript);
        }
        for words in unsaid {
            assert!(!caller.transcript.contains(words), "{payment} {marital} {words}\n{}", caller.transcript);
        }
    }
}

#[test]
fn rem_07_star_says_time_and_documents_again() {
    let fields =
        [("signing_at", "2026-03-10 10:00"), ("mortgage_at", "2026-03-10 10:00"), ("marital_status", "已婚")];
    for (name, paper) in [("real-estate-signing", "认购书"), ("real-estate-mortgage", "收入证明")] {
        let caller = check(
            name,
            &fields,
            "1 * 2 say hang",
            "identity=1 confirm=2 new_time=voice",
            Disposition::Completed,
        );
        for words in ["签约时间是 三月 十号", paper, "结婚证"] {
            assert_eq!(caller.transcript.matches(words).count(), 2, "{name} {words}\n{}", caller.transcript);
        }
    }
}

#[test]
fn a_customer_who_only_presses_star_comes_to_an_end() {
    let stars = "* ".repeat(300);
    let caller = Caller::run(script("real-estate-signing"), facts(&[]), &format!("1 {stars}"));
    assert!(caller.hung_up, "the limits end it");
}

#[test]
fn rem_06_papers_are_asked_for_until_they_are_handed_in() {
    let fields = [("deadline", "2026-03-09")];
    let table = [
        ("1 1 hang", "identity=1 papers=1", "will_come"),
        ("1 2 hang", "identity=1 papers=2", "handed_in"),
        ("1 3 say hang", "identity=1 papers=3 papers_note=voice", "difficulty"),
    ];
    for (plan, answers, means) in table {
        let caller = check("real-estate-fund", &fields, plan, answers, Disposition::Completed);
        assert_eq!(caller.answer("papers").meaning.as_deref(), Some(means));
        assert!(caller.transcript.contains("截止日期是 三月 九号"), "{}", caller.transcript);
    }
    let caller = check("real-estate-fund", &[], "1 * 1 hang", "identity=1 papers=1", Disposition::Completed);
    assert_eq!(caller.transcript.matches("签约后七天之内").count(), 2, "{}", caller.transcript);
}

#[test]
fn a_released_loan_is_told_with_the_days_that_are_known() {
    let fields = [("released_on", "2026-03-01"), ("first_payment_on", "2026-04-20")];
    let caller =
        check("real-estate-loan", &fields, "1 * 1 hang", "identity=1 loan=1", Disposition::Completed);
    for words in ["放款日期是 昨天", "银行首次扣款日期是 四月 二十号 请提前存足款项。"]
    {
        assert_eq!(caller.transcript.matches(words).count(), 2, "{words}\n{}", caller.transcript);
    }
    let answers = "identity=1 loan=2 loan_note=voice";
    let caller = check("real-estate-loan", &[], "1 2 say hang", answers, Disposition::Completed);
    assert!(caller.transcript.contains("您的按揭贷款已经放款。"), "{}", caller.transcript);
    assert!(!caller.transcript.contains("日期是"), "{}", caller.transcript);
}

#[test]
fn nothing_of_a_purchase_or_an_illness_is_said_to_a_wrong_person() {
    let fields = [
        ("signing_at", "2026-03-10 10:00"),
        ("deadline", "2026-03-09"),
        ("released_on", "2026-03-01"),
        ("first_payment_on", "2026-04-20"),
        ("department", "内科"),
    ];
    let scripts = [
        "real-estate-signing",
        "real-estate-mortgage",
        "real-estate-fund",
        "real-estate-loan",
        "hospital-outpatient",
    ];
    for name in scripts {
        for plan in ["2 hang", ". . .", "5 5 5", "beep", "doubt . .", "9 1 5 0 0 hang", "0 hang"] {
            let caller = Caller::run(script(name), facts(&fields), plan);
            for words in ["签约时间", "公积金", "放款", "资料", "七天", "康复", "就诊后", "三月 十号", "四月"]
            {
                assert!(!caller.transcript.contains(words), "{name} {plan} {words}\n{}", caller.transcript);
            }
        }
    }
}

#[test]
fn rem_09_a_table_is_booked_by_keys_at_any_hour() {
    let booked = "menu=3 day=0306 time=1830 persons=4 confirm=1";
    let caller = check(
        "catering-hotline",
        &[("open", "no")],
        "3 0 3 0 6 1 8 3 0 4 # 1 hang",
        booked,
        Disposition::Completed,
    );
    assert_eq!(caller.answer("day").meaning.as_deref(), Some("03-06"));
    assert_eq!(caller.answer("time").meaning.as_deref(), Some("18:30"));
    assert_eq!(caller.answer("confirm").meaning.as_deref(), Some("yes"));
    assert!(caller.transcript.contains("您的预约已经登记"), "{}", caller.transcript);
}
