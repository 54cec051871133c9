//! Results that look made up are audited in any case, and say why (REC-04).

use reqwest::Method;
use ringback::app::load_books;
use ringback::config;
use ringback::io::books::Books;
use serde_json::{Value, json};

use super::world::{House, Made};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    rec_04_made_up_results_must_be_audited_and_say_why,
}

async fn rec_04_made_up_results_must_be_audited_and_say_why(database: &Database) {
    let mut house = House::open(database).await;
    house.a_list();
    let made = |moment: &'static str| Made { moment, ..Made::default() };
    // 'satisfied' for a call of 6 s in which the customer was never heard.
    let silent = house.call(&Made { audit: r#"["perfunctory","too_short"]"#, ..made("2026-03-02 09:00") });
    house.register(&silent, "satisfied", "", &json!({}), &[]);
    // The customer pressed 2, the agent typed 5.
    let typed = house.call(&made("2026-03-02 09:10"));
    house.register(&typed, "reached", "", &json!({ "quality": "5" }), &[("quality", 2)]);
    // The customer pressed 1, the agent wrote 'satisfied'.
    let glossed = house.call(&made("2026-03-02 09:20"));
    house.register(&glossed, "satisfied", "", &json!({}), &[("overall", 1)]);
    // Three customers with one text; a fourth whose text is too short to mean anything.
    let mut same = Vec::new();
    for moment in ["2026-03-02 09:30", "2026-03-02 09:40", "2026-03-02 09:50"] {
        let call = house.call(&made(moment));
        house.register(&call, "reached", "客户表示一切正常。", &json!({}), &[]);
        same.push(call);
    }
    let brief = house.call(&made("2026-03-02 09:55"));
    house.register(&brief, "reached", "正常", &json!({}), &[]);
    // Ten results in a row of another agent with nothing but fives; an honest four follows.
    let mut fives = Vec::new();
    for minute in 10..20 {
        let moment = format!("2026-03-03 10:{minute}");
        let call = house.call(&Made { moment: &moment, agent: "ma", ..Made::default() });
        house.register(&call, "reached", "", &json!({ "quality": "5", "attitude": "5" }), &[("quality", 5)]);
        fives.push(call);
    }
    let four = house.call(&Made { agent: "ma", ..made("2026-03-03 10:30") });
    house.register(&four, "reached", "", &json!({ "quality": "5", "attitude": "4" }), &[]);
    house.written().await;
    house.shop.set("2026-04-01 09:00");
    let draw = house.drawn("2026-03", "1 6 2 5 3 4", &["wang"]).await;
    let cases = house.cases(&format!("draw={}", draw["id"])).await;
    let why = |call: &String| {
        let case = cases.iter().find(|case| case["call_id"] == call.as_str()).expect("audited");
        serde_json::from_str::<Value>(case["why"].as_str().unwrap()).unwrap()
    };
    assert_eq!(why(&silent), json!(["perfunctory", "too_short"]));
    assert_eq!(why(&typed), json!(["low_score", "typed_score"]));
    assert_eq!(why(&glossed), json!(["low_score", "typed_score"]));
    for call in &same {
        assert_eq!(why(call), json!(["same_text"]));
    }
    for call in &fives {
        assert_eq!(why(call), json!(["equal_scores"]));
    }
    assert_eq!(
        (why(&brief), why(&four)),
        (json!(["drawn"]), json!(["drawn"])),
        "nothing is to be said against these"
    );
    // K4: a candidate that a person confirms; then the score is 0, and it is a case.
    let case = cases.iter().find(|case| case["call_id"] == typed.as_str()).unwrap();
    let view = house.get(&format!("/audits/cases/{}", case["id"])).await;
    assert_eq!(view["candidates"]["K4"][0]["detector"], "typed_score", "{view}");
    let mut marks = super::world::sheet(&view, &[]);
    marks["criticals"] = json!({ "K4": { "confirmed": true, "comment": "pressed 2, typed 5" } });
    let body = json!({ "sheet": marks, "by": "wang" });
    let sheet =
        house.ask(Method::POST, &format!("/audits/cases/{}/submit", case["id"]), body).await.expect(201);
    let result: Value = serde_json::from_str(sheet["result"].as_str().unwrap()).unwrap();
    assert_eq!(
        (sheet["score"].as_f64(), &result["case"], result["before"].as_f64()),
        (Some(0.0), &json!(true), Some(100.0))
    );
    // The department has them as a list, and each agent's monthly sheet counts and opens them.
    let books = load_books(&config::Policy::default()).unwrap();
    let (site, planner) = (&house.shop.site, house.shop.planner.clone());
    site.api.set_books(Books::new(site.store.clone(), planner, books.settings));
    let form = house.get("/registers/made-up-results?from=2026-03-01&to=2026-03-31").await;
    let of = |call: &String| -> Vec<&Value> {
        let rows = form["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["link"] == format!("/calls/{call}")).map(|row| &row["cells"][4]).collect()
    };
    assert_eq!(of(&typed), [&json!("录入评分与按键不符")], "{form}");
    assert_eq!(of(&silent), [&json!("客户未发声即完成"), &json!("通话过短")]);
    assert_eq!((of(&same[0]).len(), of(&brief).len()), (1, 0));
    let sheets = house.get("/performance?month=2026-03&person=ma").await;
    let lines = sheets["items"][0]["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["id"] == "made_up").unwrap();
    assert_eq!((&line["numerator"], &line["points"]), (&json!(10), &json!(0.0)), "{line}");
    assert_eq!(house.get(line["rows"].as_str().unwrap()).await["items"].as_array().unwrap().len(), 10);
}
