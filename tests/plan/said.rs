//! What customers say on the telephone, by the shipped scripts: stored, summed up by month, and
//! followed up.

use ringback::base::{CallId, Disposition};
use ringback::call::StoredAnswer;
use serde_json::{Value, json};

use super::shop::{SHOP, Shop, phone, settings};
use crate::ivr::caller::{Caller, facts};
use crate::ivr::script;
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    sch_04_two_scores_are_stored_one_for_each_rated_person,
    rol_08_a_rating_names_the_function_also_where_nobody_is_named,
    cnt_04_the_mean_of_each_dimension_can_be_asked_for,
    cnt_18_both_months_have_a_mean_and_the_difference,
    cnt_20_what_a_project_manager_says_leaves_the_mean_of_the_customers_alone,
    sch_12_a_dissatisfied_answer_without_a_score_has_its_follow_up,
}

const MORE: &str = r#"
[event."contract.signed"]
title = "签合同"
[event."complaint.solved"]
title = "投诉已处理"
[event."project.completed"]
title = "竣工"

[rule.contract]
title = "合同单回访"
source = "SCH-04"
on = { event = ["contract.signed"] }
due = "1d"
deadline = "2d"
script = "mall-contract"

[rule.manager]
title = "项目经理回访"
source = "CNT-20"
on = { event = ["project.completed"] }
due = "1d"
deadline = "2d"
script = "project-manager"
counts = false

[rule.verify]
title = "投诉验证"
source = "SCH-12"
purpose = "verification"
on = { event = ["complaint.solved"] }
due = "1d"
deadline = "2d"
script = "verification"

[rule.again]
title = "再次处理"
source = "SCH-12"
on = { after = { rule = "verify", outcome = ["dissatisfied"] } }
due = "1d"
deadline = "2d"
method = "task"
"#;

async fn open(db: &Database) -> Shop {
    Shop::with(db, settings(&[&format!("{SHOP}{MORE}")])).await
}

/// The answers that a customer of these fields gives to a shipped script.
fn says(name: &str, fields: &[(&str, &str)], plan: &str) -> Vec<ringback::ivr::Answer> {
    Caller::run(script(name), facts(fields), plan).answers
}

/// Calls the first customer for a rule and stores what they say, as a call does.
async fn call(shop: &mut Shop, rule: &str, answers: Vec<ringback::ivr::Answer>) -> CallId {
    let id = shop.call(rule, &phone(0), Disposition::Completed, &[]).await;
    let at = shop.now();
    let stored = |(place, answer)| StoredAnswer::new(id, place as u32 + 1, answer, at);
    shop.site.answered(answers.into_iter().enumerate().map(stored).collect()).await;
    id
}

/// Signs a contract the day before, and is called about it on the third of the month.
async fn contract(shop: &mut Shop, month: &str, plan: &str) -> CallId {
    if shop.number("SELECT COUNT(*) FROM customers").await == 0 {
        shop.customer("C0", &phone(0)).await;
    }
    let customer = shop.number("SELECT MIN(id) FROM customers").await;
    shop.event(customer, "contract.signed", &format!("{month}-02 16:00"), month, "{}").await;
    shop.turn(&format!("{month}-02 16:01")).await;
    shop.turn(&format!("{month}-03 08:50")).await;
    shop.set(&format!("{month}-03 10:00"));
    let rated = [("designer", "陈设计"), ("shopping_guide", "周导购")];
    let id = call(shop, "contract", says("mall-contract", &rated, plan)).await;
    shop.turn(&format!("{month}-03 11:00")).await;
    id
}

async fn items(shop: &Shop, path: &str) -> Vec<Value> {
    shop.site.get(&format!("/api/v1/{path}")).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn sch_04_two_scores_are_stored_one_for_each_rated_person(db: &Database) {
    let mut shop = open(db).await;
    let id = contract(&mut shop, "2026-03", "1 5 3 mute hang").await;
    let answers = items(&shop, &format!("calls/{id}/answers")).await;
    let rated: Vec<(&Value, &Value, &Value)> = answers
        .iter()
        .filter(|a| !a["score"].is_null())
        .map(|a| (&a["rated_function"], &a["rated_person"], &a["score"]))
        .collect();
    let (designer, guide) = (json!("陈设计"), json!("周导购"));
    let functions = (json!("设计师"), json!("导购"));
    assert_eq!(rated, [(&functions.0, &designer, &json!(5)), (&functions.1, &guide, &json!(3))]);
    let sheet = shop.site.get("/api/v1/answers.csv").await.text();
    assert!(sheet.contains("设计师,陈设计") && sheet.contains("导购,周导购"), "{sheet}");
    let people = items(&shop, "surveys?from=2026-03&rule=contract&by=person").await;
    let mean = |person: &Value| people.iter().find(|l| l["rated_person"] == *person).unwrap()["mean"].clone();
    assert_eq!((people.len(), mean(&designer), mean(&guide)), (2, json!(5.0), json!(3.0)));
}

async fn rol_08_a_rating_names_the_function_also_where_nobody_is_named(db: &Database) {
    let mut shop = open(db).await;
    shop.happened(1, "slip.cleaning", "2026-03-03 09:30").await;
    shop.turn("2026-03-03 09:31").await;
    shop.set("2026-03-03 10:00");
    let cleaner = [("cleaner", "吴姐")];
    let id = call(&mut shop, "cleaning", says("mall-cleaning", &cleaner, "1 5 mute hang")).await;
    let nobody = says("mall-cleaning", &[], "1 4 mute hang");
    let rated = |answer: &ringback::ivr::Answer| answer.score.is_some();
    let at = shop.now();
    let unnamed = nobody.into_iter().find(rated).map(|answer| StoredAnswer::new(id, 90, answer, at));
    shop.site.answered(unnamed.into_iter().collect()).await;
    let answers = items(&shop, &format!("calls/{id}/answers")).await;
    let scored: Vec<&Value> = answers.iter().filter(|a| !a["score"].is_null()).collect();
    assert!(scored.iter().all(|a| a["rated_function"] == "保洁"), "{scored:?}");
    let people: Vec<&Value> = scored.iter().map(|a| &a["rated_person"]).collect();
    assert_eq!(people, [&json!("吴姐"), &Value::Null]);
}

async fn cnt_04_the_mean_of_each_dimension_can_be_asked_for(db: &Database) {
    let mut shop = open(db).await;
    shop.happened(1, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    let fields = [("has_ticket", "yes"), ("planned_end", "2026-02-01"), ("actual_end", "2026-02-01")];
    let given = says("home-decoration", &fields, "1 5 4 3 4 5 4 3 4 5 4 say 2 hang");
    call(&mut shop, "installed", given).await;
    shop.turn("2026-03-03 11:00").await;
    let lines = items(&shop, "surveys?from=2026-03&rule=installed&by=dimension").await;
    let means: Vec<(&str, f64)> =
        lines.iter().map(|l| (l["dimension"].as_str().unwrap(), l["mean"].as_f64().unwrap())).collect();
    let expect = [("售后服务", 4.5), ("工程进度", 4.0), ("工程质量", 4.0), ("总体", 4.0), ("服务态度", 4.0)];
    assert_eq!(means.len(), expect.len(), "{means:?}");
    assert!(expect.iter().all(|line| means.contains(line)), "{means:?}");
    let sheet = shop.site.get("/api/v1/surveys.csv?from=2026-03&by=dimension").await.text();
    assert!(sheet.contains("售后服务") && sheet.contains("4.50"), "{sheet}");
}

async fn cnt_18_both_months_have_a_mean_and_the_difference(db: &Database) {
    let mut shop = open(db).await;
    contract(&mut shop, "2026-01", "1 5 4 mute hang").await;
    contract(&mut shop, "2026-02", "1 3 3 mute hang").await;
    let lines = items(&shop, "surveys?rule=contract&from=2026-01&to=2026-02").await;
    let line = |place: usize| {
        let line = &lines[place];
        (line["month"].as_str().unwrap(), line["n"].as_i64(), line["mean"].as_f64(), line["delta"].as_f64())
    };
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(line(0), ("2026-01", Some(2), Some(4.5), None));
    assert_eq!(line(1), ("2026-02", Some(2), Some(3.0), Some(-1.5)));
    let wrong = shop.site.get("/api/v1/surveys?from=spring").await.expect(422);
    assert!(wrong["errors"][0]["hint"].as_str().unwrap().contains("2026-03"), "{wrong}");
}

async fn cnt_20_what_a_project_manager_says_leaves_the_mean_of_the_customers_alone(db: &Database) {
    let mut shop = open(db).await;
    contract(&mut shop, "2026-03", "1 5 4 mute hang").await;
    let before = items(&shop, "surveys?from=2026-03&rule=contract").await;
    let customer = shop.number("SELECT MIN(id) FROM customers").await;
    shop.event(customer, "project.completed", "2026-03-09 16:00", "P", "{}").await;
    shop.turn("2026-03-10 08:50").await;
    shop.set("2026-03-10 10:00");
    // Even where the script of our own people asked for scores.
    let mut given = says("project-manager", &[], "1 1 1 2 2 mute hang");
    given[1].score = Some(1);
    call(&mut shop, "manager", given).await;
    shop.turn("2026-03-10 11:00").await;
    assert_eq!(items(&shop, "surveys?from=2026-03&rule=contract").await, before);
    let own = items(&shop, "surveys?from=2026-03&rule=manager").await;
    assert_eq!((&own[0]["mean"], &own[0]["counts"]), (&json!(1.0), &json!(false)), "kept, and apart");
}

async fn sch_12_a_dissatisfied_answer_without_a_score_has_its_follow_up(db: &Database) {
    let mut shop = open(db).await;
    let customer = shop.customer("C0", &phone(0)).await;
    let days = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"];
    let told = [
        ("verification", "1 2 say 5 mute hang", true),
        ("verification", "1 1 5 mute hang", false),
        ("telecom-verify", "1 2 say 5 mute hang", true),
        ("xian-complaint", "1 2 say 5 5 mute hang", true),
    ];
    let mut follow_ups = 0;
    for (day, (name, plan, dissatisfied)) in days.iter().zip(told) {
        shop.event(customer, "complaint.solved", &format!("{day} 16:00"), day, "{}").await;
        let next: jiff::civil::Date = day.parse().unwrap();
        let next = next.tomorrow().unwrap();
        shop.turn(&format!("{next} 08:50")).await;
        shop.set(&format!("{next} 10:00"));
        let given = says(name, &[], plan);
        assert!(given.iter().all(|a| a.score.is_none_or(|score| score > 2)), "{name}: no low score");
        call(&mut shop, "verify", given).await;
        shop.turn(&format!("{next} 11:00")).await;
        let last = shop.callbacks("rule=verify&state=done").await.last().unwrap().clone();
        assert_eq!(last["outcome"] == "dissatisfied", dissatisfied, "{name}: {last}");
        if dissatisfied {
            assert!(last["detail"].as_str().unwrap().contains("not_solved"), "{last}");
        }
        follow_ups += usize::from(dissatisfied);
        assert_eq!(shop.callbacks("rule=again").await.len(), follow_ups, "{name}");
    }
}
