//! The questionnaires of the packs, each condition and each way through.

use ringback::base::Disposition;
use ringback::ivr::dimension_means;

use super::caller::{Caller, facts};
use super::paths::check;
use super::script;

/// Function and person that an answer rates.
fn rated(caller: &Caller, question: &str) -> (String, Option<String>) {
    let rated = caller.answer(question).rated.clone().unwrap_or_else(|| panic!("{question} rates nobody"));
    (rated.function, rated.person)
}

fn names(function: &str, person: &str) -> (String, Option<String>) {
    (function.into(), Some(person.into()))
}

#[test]
fn cnt_01_a_finished_installation_is_scored_and_names_the_installer() {
    let fields = [("install_status", "done"), ("installer", "王工")];
    let answers = "greeting=1 a1=5 a2=4 a3=5 a4=4 a5=voice";
    let caller = check("whole-house", &fields, "1 5 4 5 4 say hang", answers, Disposition::Completed);
    assert_eq!(caller.answer("a1").score, Some(5));
    assert_eq!(rated(&caller, "a1"), names("安装", "王工"));
    assert_eq!(caller.answer("a3").rated, None, "the goods are no person");
    let asked = "greeting=1 done=1 a1=2 a2=4 a3=5 a4=4 reason=voice";
    check("whole-house", &[], "1 1 2 4 5 4 say hang", asked, Disposition::Completed);
}

#[test]
fn cnt_02_open_points_are_read_one_by_one_with_their_progress() {
    let fields = [
        ("install_status", "未竣工"),
        ("outstanding_items", "门板划痕;缺拉手"),
        ("progress", "已发货"),
        ("appointment", "2026-03-10 14:00"),
    ];
    let caller = Caller::run(script("whole-house"), facts(&fields), "1 * 2 say hang");
    assert_eq!(caller.keys(), "greeting=1 b1=2 b1_note=voice", "{}", caller.transcript);
    let items = "共有 两 项 第一项 zh-CN/items/门板划痕 第二项 zh-CN/items/缺拉手";
    assert_eq!(caller.transcript.matches(items).count(), 2, "star reads them again\n{}", caller.transcript);
    assert!(caller.transcript.contains("物料已经发货"), "{}", caller.transcript);
    assert!(caller.transcript.contains("三月 十号 下午 两 点"), "{}", caller.transcript);
}

#[test]
fn cnt_02_progress_is_told_as_far_as_it_is_known() {
    let table = [
        ("", "", "正在安排，货到后会尽快预约"),
        ("ordered", "", "已经下单"),
        ("到货", "", "已经到货"),
        ("到货", "", "尽快与您预约上门时间"),
        ("厂家补件中", "", "目前的处理进度是 zh-CN/texts/厂家补件中"),
        ("未录音的进度", "", "正在安排，货到后会尽快预约"),
        ("", "2026-03-10 14:00", "我们已为您预约上门"),
    ];
    for (progress, appointment, said) in table {
        let fields = [
            ("install_status", "not_done"),
            ("outstanding_items", "缺拉手"),
            ("progress", progress),
            ("appointment", appointment),
        ];
        let caller = check("whole-house", &fields, "1 1 hang", "greeting=1 b1=1", Disposition::Completed);
        assert!(caller.transcript.contains(said), "{progress} {appointment}\n{}", caller.transcript);
    }
}

#[test]
fn cnt_02_points_that_nobody_recorded_are_told_by_the_customer() {
    for items in ["", "缺拉手;没有录音的一项"] {
        let fields = [("install_status", "not_done"), ("outstanding_items", items)];
        let answers = "greeting=1 b1_note=voice";
        let caller = check("whole-house", &fields, "1 say hang", answers, Disposition::Completed);
        assert!(!caller.transcript.contains("登记齐全吗"), "what was not read cannot be complete");
    }
}

#[test]
fn cnt_03_a_slip_is_checked_for_completeness_and_truth() {
    let slip =
        [("outstanding_items", "缺拉手"), ("progress", "ordered"), ("appointment", "2026-03-10 14:00")];
    let caller = check(
        "mall-outstanding",
        &slip,
        "1 2 say 2 say mute hang",
        "greeting=1 x1=2 x1_note=voice x2=2 x2_note=voice opinion=null",
        Disposition::Completed,
    );
    assert!(caller.transcript.contains("已经下单"), "{}", caller.transcript);
    assert!(caller.transcript.contains("三月 十号 下午 两 点"), "{}", caller.transcript);
    let resolved = [("resolved", "是"), ("installer", "李工")];
    let caller = check(
        "mall-outstanding",
        &resolved,
        "1 2 say 2 say hang",
        "greeting=1 r1=2 r1_note=voice r2=2 reason=voice",
        Disposition::Completed,
    );
    assert_eq!(rated(&caller, "r2"), names("安装", "李工"));
    let good = "greeting=1 r1=1 r2=5 opinion=null";
    let resolved = [("event", "outstanding.resolved"), ("outstanding_items", "缺拉手")];
    check("mall-outstanding", &resolved, "1 1 5 mute hang", good, Disposition::Completed);
}

#[test]
fn cnt_04_one_score_an_item_a_mean_a_dimension_and_no_zero() {
    let fields = [
        ("has_ticket", "yes"),
        ("designer", "陈设计"),
        ("project_manager", "刘经理"),
        ("after_sales", "赵姐"),
        ("planned_end", "2026-02-01"),
        ("actual_end", "2026-02-01"),
    ];
    let caller = check(
        "home-decoration",
        &fields,
        "1 5 4 3 4 5 4 3 4 5 4 say 2 hang",
        "greeting=1 q1=5 q2=4 q3=3 q4=4 q5=5 q6=4 q7=3 q8=4 q9=5 q10=4 q11=voice q12=2",
        Disposition::Completed,
    );
    assert_eq!(caller.answers.iter().filter(|a| a.score.is_some()).count(), 10, "ten scored items");
    let means = dimension_means(&caller.answers);
    let expect = [("售后服务", 4.5), ("工程进度", 4.0), ("工程质量", 4.0), ("总体", 4.0), ("服务态度", 4.0)];
    assert_eq!(means.len(), expect.len(), "{means:?}");
    assert!(expect.iter().all(|(name, mean)| (means[*name] - mean).abs() < 1e-9), "{means:?}");
    assert_eq!(rated(&caller, "q5"), names("设计师", "陈设计"));
    assert_eq!(rated(&caller, "q6"), names("项目经理", "刘经理"));
    assert_eq!(rated(&caller, "q7"), names("售后", "赵姐"));

    let silent = Caller::run(script("home-decoration"), facts(&fields), "1 5 . . . 3 hang");
    assert_eq!(silent.keys(), "greeting=1 q1=5 q2=null q3=3", "{}", silent.transcript);
    assert_eq!(silent.answer("q2").score, None, "null, not 0");
    assert_eq!(dimension_means(&silent.answers)["工程质量"], 4.0, "the mean of 5 and 3");
}

#[test]
fn cnt_05_the_reason_is_asked_where_the_end_was_early_or_late() {
    let table = [
        ("2026-02-01", "2026-02-09", true),
        ("2026-02-09", "2026-02-01", true),
        ("2026-02-09", "2026-02-09", false),
        ("2026-02-09", "2026/2/9", false),
        ("", "2026-02-09", false),
        ("2026-02-09", "", false),
    ];
    for (planned, actual, asked) in table {
        let fields = [("planned_end", planned), ("actual_end", actual)];
        let plan = if asked { "1 5 5 5 5 say 5 hang" } else { "1 5 5 5 5 5 hang" };
        let answers = if asked {
            "greeting=1 q1=5 q2=5 q3=5 q4=5 q4b=voice q5=5"
        } else {
            "greeting=1 q1=5 q2=5 q3=5 q4=5 q5=5"
        };
        check("home-decoration", &fields, plan, answers, Disposition::Partial);
    }
}

#[test]
fn cnt_05_the_solution_is_asked_about_where_there_was_a_ticket_and_problems_are_taken() {
    let caller = check(
        "home-decoration",
        &[("has_ticket", "")],
        "1 5 5 5 5 5 2 5 5 5 say say 1 say hang",
        "greeting=1 q1=5 q2=5 q3=5 q4=5 q5=5 q6=2 q7=5 q9=5 q10=5 reason=voice q11=voice q12=1 q12_note=voice",
        Disposition::Completed,
    );
    let (sorry, reason) = (caller.transcript.find("很抱歉"), caller.transcript.find("哪方面不满意"));
    assert!(sorry.is_some() && sorry < reason, "an apology first\n{}", caller.transcript);
    assert_eq!(caller.answer("q12").meaning.as_deref(), Some("yes"));
}

#[test]
fn cnt_06_a_stage_has_three_items_and_takes_a_problem() {
    let found = "greeting=1 p1=4 p2=5 p2b=1 p2b_note=voice p3=voice";
    check("home-decoration-stage", &[], "1 4 5 1 say say hang", found, Disposition::Completed);
    let low = "greeting=1 p1=1 p2=5 p2b=2 reason=voice p3=null";
    let caller = check("home-decoration-stage", &[], "1 1 5 2 say mute hang", low, Disposition::Completed);
    let steps = ["greeting", "service", "quality", "problem", "reason", "needs", "thanks"];
    assert_eq!(caller.steps(), steps);
}

#[test]
fn cnt_07_the_short_form_has_the_questions_3_6_and_9() {
    let good = "greeting=1 a3=5 a6=4 a9=4 opinion=voice";
    check("auto-repair-short", &[], "1 5 4 4 say hang", good, Disposition::Completed);
    let low = "greeting=1 a3=5 a6=4 a9=2 reason=voice";
    check("auto-repair-short", &[], "1 5 4 2 say hang", low, Disposition::Completed);
}

#[test]
fn a_lost_customer_says_why_by_key_and_what_to_improve_by_voice() {
    let caller =
        check("auto-repair-lost", &[], "1 3 say hang", "greeting=1 l1=3 l2=voice", Disposition::Completed);
    assert_eq!(caller.answer("l1").meaning.as_deref(), Some("price"));
    assert_eq!(caller.answer("l1").score, None, "a choice is no score");
}

#[test]
fn cnt_08_one_one_two_one_skips_phoned_before_and_names_the_courier() {
    let answers = "greeting=1 e1=1 e2=1 e3=2 e4=1 e5=null";
    let courier = [("courier", "小马")];
    let caller = check("express", &courier, "1 1 1 2 1 mute hang", answers, Disposition::Completed);
    assert_eq!(caller.answer("e3").meaning.as_deref(), Some("no"));
    assert_eq!(rated(&caller, "e2"), names("业务员", "小马"));
    check("express-outlet", &[], "1 say hang", "greeting=1 o1=voice", Disposition::Completed);
}

#[test]
fn cnt_09_cnt_10_an_outpatient_hears_the_advice_of_the_department_in_the_fixed_order() {
    let table = [("内科", "定期测量并按时复诊"), ("骨科", "伤口干燥清洁"), ("眼科", "如有不适，请及时就诊")];
    for (department, advice) in table {
        let caller = check(
            "hospital-outpatient",
            &[("department", department)],
            "1 1 1 5 4 5 4 5 4 say hang",
            "identity=1 h1=1 h3=1 h5_registration=5 h5_doctor=4 h5_nurse=5 h5_examination=4 h5_payment=5 \
             h5_environment=4 h6=voice",
            Disposition::Completed,
        );
        assert!(caller.transcript.contains(advice), "{department}\n{}", caller.transcript);
        let blocks = [
            "greeting",
            "self_introduction",
            "recovery",
            "health_education",
            "specialist",
            "support",
            "satisfaction",
            "opinion",
            "related_information",
            "thanks",
        ];
        assert_eq!(caller.steps(), blocks);
        assert_eq!(dimension_means(&caller.answers).len(), 6, "six links of the service");
    }
}

#[test]
fn cnt_11_the_first_mall_call_keeps_its_flow_in_the_name_of_the_installation_department() {
    let caller = check(
        "mall-install-first",
        &[("installer", "王工")],
        "1 2 say 4 say hang",
        "greeting=1 i1=2 i1_note=voice i2=4 i3=voice",
        Disposition::Completed,
    );
    let flow =
        ["greeting", "self_introduction", "installation", "outstanding", "feedback", "opinion", "thanks"];
    assert_eq!(caller.steps(), flow);
    assert!(caller.transcript.contains("安装部"), "{}", caller.transcript);
    assert!(caller.transcript.contains("通知下单员"), "{}", caller.transcript);
    assert_eq!(rated(&caller, "i2"), names("安装", "王工"));
    check(
        "mall-install-first",
        &[],
        "1 1 5 mute hang",
        "greeting=1 i1=1 i2=5 i3=null",
        Disposition::Completed,
    );
    let items = [("outstanding_items", "缺拉手")];
    let known = "greeting=1 i1=2 i1_complete=1 i2=3 i3=null";
    check("mall-install-first", &items, "1 2 1 3 mute hang", known, Disposition::Completed);
}

#[test]
fn cnt_11_the_second_mall_call_asks_in_the_name_of_customer_service() {
    let items = [("outstanding_items", "缺拉手")];
    let caller = check(
        "mall-install-second",
        &items,
        "1 1 say 2 say 2 say hang",
        "greeting=1 u1=1 u1_note=voice u2=2 u2_note=voice i2=2 reason=voice",
        Disposition::Completed,
    );
    assert!(caller.transcript.contains("客服部"), "{}", caller.transcript);
    assert!(caller.transcript.contains("对哪些方面存在疑义"), "the mall's own probe\n{}", caller.transcript);
    let plain = "greeting=1 u1=2 i2=5 i3=null";
    check("mall-install-second", &[], "1 2 5 mute hang", plain, Disposition::Completed);
}

#[test]
fn sch_04_designer_and_shopping_guide_are_scored_apart_each_by_name() {
    let fields = [("designer", "陈设计"), ("shopping_guide", "周导购")];
    let answers = "greeting=1 c1=5 c2=3 opinion=null";
    let caller = check("mall-contract", &fields, "1 5 3 mute hang", answers, Disposition::Completed);
    assert_eq!(rated(&caller, "c1"), names("设计师", "陈设计"));
    assert_eq!(rated(&caller, "c2"), names("导购", "周导购"));
    assert_eq!((caller.answer("c1").score, caller.answer("c2").score), (Some(5), Some(3)));
}

#[test]
fn rol_08_service_and_cleaning_name_the_person_or_say_that_nobody_is_named() {
    let service = [("technician", "孙师傅")];
    let answers = "greeting=1 s1=1 reason=voice";
    let caller = check("mall-service", &service, "1 1 say hang", answers, Disposition::Completed);
    assert_eq!(rated(&caller, "s1"), names("售服", "孙师傅"));
    let answers = "greeting=1 k1=5 opinion=null";
    let caller =
        check("mall-cleaning", &[("cleaner", " ")], "1 5 mute hang", answers, Disposition::Completed);
    assert_eq!(rated(&caller, "k1"), ("保洁".into(), None));
}

#[test]
fn a_year_after_the_installation_a_need_is_taken() {
    let answers = "greeting=1 y1=4 y2=5 y3=1 opinion=voice";
    let caller = check("mall-anniversary", &[], "1 4 5 1 say hang", answers, Disposition::Completed);
    assert!(caller.transcript.contains("主管会与您联系"), "{}", caller.transcript);
}

#[test]
fn cnt_12_five_steps_are_marked_and_an_apology_comes_before_the_details() {
    let caller = check(
        "repair-station",
        &[("technician", "何师傅")],
        "1 4 1 say hang",
        "greeting=1 r1=4 r2=1 r3=voice",
        Disposition::Completed,
    );
    assert_eq!(caller.steps(), ["self_introduction", "car_condition", "explanation", "service", "farewell"]);
    assert_eq!(rated(&caller, "r2"), names("维修技师", "何师傅"));
    let place = |words: &str| caller.transcript.find(words).unwrap_or_else(|| panic!("{words}"));
    assert!(place("很抱歉") < place("说说具体情况"), "{}", caller.transcript);
    check("repair-station", &[], "1 4 5 hang", "greeting=1 r1=4 r2=5", Disposition::Completed);
}

#[test]
fn the_result_of_a_complaint_is_told_and_asked_about_until_satisfied() {
    let caller = check(
        "repair-station-again",
        &[],
        "1 * 2 say hang",
        "greeting=1 r2=2 r3=voice",
        Disposition::Completed,
    );
    assert_eq!(caller.transcript.matches("已经处理完毕").count(), 2, "star tells it again");
    assert!(caller.transcript.contains("处理后再给您回电"), "{}", caller.transcript);
    let good = check("repair-station-again", &[], "1 5 hang", "greeting=1 r2=5", Disposition::Completed);
    assert!(!good.transcript.contains("再给您回电"), "{}", good.transcript);
}

#[test]
fn cnt_13_the_question_is_in_the_words_of_the_product_and_a_need_is_a_lead() {
    let table = [
        ("换画灯箱", "b1x", "换画灯箱滚动情况", "三面翻"),
        ("三面翻", "b1", "三面翻运转情况", "滚动"),
        ("LED", "b1y", "广告牌运行情况", "滚动"),
    ];
    for name in ["billboard-repair", "billboard-tracking"] {
        for (product, id, said, unsaid) in table {
            let plan = if name == "billboard-repair" { "1 4 5 say 1 hang" } else { "1 4 say 1 hang" };
            let caller = Caller::run(script(name), facts(&[("product", product)]), plan);
            assert_eq!(caller.answer(id).score, Some(4), "{name} {product}\n{}", caller.transcript);
            assert_eq!(caller.answer("b4").meaning.as_deref(), Some("yes"), "{}", caller.transcript);
            assert!(caller.transcript.contains(said), "{product}\n{}", caller.transcript);
            assert!(!caller.transcript.contains(unsaid), "{product}\n{}", caller.transcript);
            assert!(caller.transcript.contains("请定期清洁"), "{}", caller.transcript);
            assert!(caller.transcript.contains("非常感谢合作，欢迎保持联系"), "{}", caller.transcript);
        }
    }
}

#[test]
fn sch_35_a_repair_is_followed_by_product_and_staff_questions_about_the_technician() {
    let fields = [("product", "三面翻"), ("technician", "王工")];
    let answers = "greeting=1 b1=4 b3=2 reason=voice b4=2";
    let caller = check("billboard-repair", &fields, "1 4 2 say 2 hang", answers, Disposition::Completed);
    assert_eq!(rated(&caller, "b3"), names("技术员", "王工"));
}

#[test]
fn a_solution_is_told_and_may_be_declined() {
    let no = "greeting=1 t1=2 t1_note=voice";
    let caller = check("billboard-solution", &[], "1 2 say hang", no, Disposition::Completed);
    assert!(caller.transcript.contains("一定会给您满意答复"), "{}", caller.transcript);
    check("billboard-solution", &[], "1 1 hang", "greeting=1 t1=1", Disposition::Completed);
}

#[test]
fn cnt_14_use_satisfaction_and_what_may_become_a_problem() {
    let answers = "greeting=1 g1=2 g1_note=voice g2=4 g3=1 potential=voice opinion=null";
    check("generic-routine", &[], "1 2 say 4 1 say mute hang", answers, Disposition::Completed);
    let key = "greeting=1 g1=1 g2=5 g4=4 g3=2 g5=1 g5_note=voice opinion=voice";
    let owner = [("owner", "冯经理")];
    let caller = check("generic-key", &owner, "1 1 5 4 2 1 say say hang", key, Disposition::Completed);
    assert_eq!(rated(&caller, "g4"), names("客户经理", "冯经理"));
    let chosen = "greeting=1 g0=voice g1=1 g2=2 g3=2 reason=voice";
    check("generic-appointment", &[], "1 say 1 2 2 say hang", chosen, Disposition::Completed);
}

#[test]
fn cnt_16_a_visit_is_named_by_its_day_and_rated() {
    let answers = "greeting=1 d1=5 d2=4 d3=5 opinion=null";
    let fields = [("consumed_at", "2026-03-01 20:00")];
    let caller = check("catering-rating", &fields, "1 5 4 5 mute hang", answers, Disposition::Completed);
    assert!(caller.transcript.contains("想请您评价 昨天 在我店的用餐。"), "{}", caller.transcript);
}

#[test]
fn cnt_17_grade_stage_and_kind_have_their_own_scripts() {
    let people = [("designer", "陈设计"), ("foreman", "刘工长"), ("handler", "唐师傅")];
    let table = [
        ("xian-inprogress-a", "1 5 4 5 4 2 1 mute", "greeting=1 s1=5 s2=4 s3=5 s4=4 s5=2 s6=1 opinion=null"),
        ("xian-inprogress-bc", "1 5 4 1 say mute", "greeting=1 s1=5 s4=4 s5=1 s5_note=voice opinion=null"),
        ("xian-completed", "1 5 5 4 4 1 say", "greeting=1 c1=5 c2=5 c3=4 c4=4 c5=1 opinion=voice"),
        ("xian-complaint", "1 1 5 2 say", "greeting=1 v1=1 v2=5 v3=2 reason=voice"),
        ("xian-complaint", "1 2 say", "greeting=1 v1=2 v1_note=voice"),
    ];
    for (name, plan, answers) in table {
        let caller = check(name, &people, &format!("{plan} hang"), answers, Disposition::Completed);
        if name.starts_with("xian-inprogress") {
            assert_eq!(rated(&caller, "s4"), names("工程", "刘工长"));
        }
    }
}

#[test]
fn a_fault_is_verified_and_what_is_left_is_taken_by_voice() {
    let engineer = [("engineer", "郑工")];
    let table = [
        ("telecom-verify", "1 1 5 mute", "greeting=1 v1=1 v3=5 opinion=null"),
        ("telecom-verify", "1 2 say 2 say", "greeting=1 v1=2 v1_note=voice v3=2 reason=voice"),
        ("telecom-verify-major", "1 1 1 5 mute", "greeting=1 v1=1 v2=1 v3=5 opinion=null"),
        ("telecom-verify-major", "1 1 2 say 4 mute", "greeting=1 v1=1 v2=2 v2_note=voice v3=4 opinion=null"),
        ("equipment-verify", "1 2 say 4 4 mute", "greeting=1 m1=2 m1_note=voice m2=4 m3=4 opinion=null"),
        ("equipment-yearly", "1 4 5 say", "greeting=1 y1=4 y2=5 y3=voice"),
        ("equipment-yearly", "1 1 5 say mute", "greeting=1 y1=1 y2=5 reason=voice y3=null"),
        ("verification", "1 1", "greeting=1 v1=1"),
        ("verification", "1 2 say", "greeting=1 v1=2 v1_note=voice"),
        ("ticket-verify", "1 1 5 mute", "greeting=1 v1=1 v2=5 opinion=null"),
        ("ticket-verify", "1 2 say", "greeting=1 v1=2 v1_note=voice"),
        ("agent-survey", "1 5 mute", "greeting=1 rate=5 opinion=null"),
    ];
    for (name, plan, answers) in table {
        let caller = check(name, &engineer, &format!("{plan} hang"), answers, Disposition::Completed);
        if name.starts_with("telecom") {
            assert_eq!(rated(&caller, "v3"), names("工程师", "郑工"));
        }
    }
}

#[test]
fn cnt_20_a_project_manager_gives_no_score_that_could_change_a_customers_mean() {
    let answers = "greeting=1 pm1=2 pm1_note=voice pm2=1 pm3=3 pm4=1 pm4_note=voice opinion=null";
    let caller =
        check("project-manager", &[], "1 2 say 1 3 1 say mute hang", answers, Disposition::Completed);
    assert!(caller.answers.iter().all(|a| a.score.is_none()), "{}", caller.transcript);
    assert!(dimension_means(&caller.answers).is_empty());
    assert_eq!(caller.answer("pm2").meaning.as_deref(), Some("very_good"));
}
