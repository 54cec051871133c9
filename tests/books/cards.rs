//! What the card of a call tells an agent to say, and what comes of praise.

use std::sync::Arc;
use std::time::Duration;

use ringback::app::{Folders, load_library, load_scorecards};
use ringback::config;
use ringback::io::evidence::{Examiner, Settings};
use ringback::io::web::Catalogue;
use ringback::ivr::Written;
use serde_json::{Value, json};

use super::world::{Department, Made, figure, groups};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    eti_12_a_low_score_brings_the_probing_phrase_to_the_screen,
    eti_16_the_card_addresses_the_customer_by_gender,
    eti_23_praise_shows_thanks_and_is_a_row_for_whom_it_is,
    eti_24_a_first_call_is_made_in_the_name_of_the_installation_department,
}

/// A department with the shipped phrase book, scripts and texts.
async fn open(db: &Database) -> Department {
    let department = Department::open(db).await;
    let (site, planner) = (&department.office.shop.site, department.office.shop.planner.clone());
    let cards = Arc::new(load_scorecards(&config::Policy::default()).unwrap().cards);
    let settings = Settings { cards, transcribe: Vec::new(), transcribe_limit: Duration::from_secs(1) };
    let examiner = Examiner::start(site.store.clone(), planner, site.api.vault().clone(), settings).unwrap();
    site.api.set_examiner(examiner);
    let library = load_library(&Folders::default(), "zh-CN").unwrap().library;
    let written = Arc::new(Written { scripts: library.scripts, texts: library.texts });
    site.catalogue.send_replace(Arc::new(Catalogue { written, ..Catalogue::default() }));
    department
}

fn owed<'a>(pack: &'a str, rule: &'a str, customer: Value) -> Made<'a> {
    Made { pack, rule, closed: "", state: "open", customer, ..Made::default() }
}

/// The phrase of a card: its words, and whether it is called for now.
fn phrase(card: &Value, id: &str) -> (Vec<String>, bool) {
    let all = card["phrases"].as_array().unwrap();
    let found = all.iter().find(|phrase| phrase["id"] == id).unwrap_or_else(|| panic!("no {id}: {all:#?}"));
    (serde_json::from_value(found["any"].clone()).unwrap(), found["now"] == true)
}

async fn eti_12_a_low_score_brings_the_probing_phrase_to_the_screen(db: &Database) {
    let mut department = open(db).await;
    let id = department.callback(owed("furniture_mall", "install_first", json!({}))).await;
    let card = |query: &str| format!("/callbacks/{id}/card{query}");
    let (words, now) = phrase(&department.get(&card("")).await, "probe");
    assert_eq!((words[0].as_str(), now), ("请问您是对哪些方面存在疑义呢？我会着重进行跟进。", false));
    assert!(phrase(&department.get(&card("?score=2")).await, "probe").1);
    assert!(!phrase(&department.get(&card("?score=3")).await, "probe").1);
    // What must not be said is not on the card.
    let whole = department.get(&card("")).await;
    assert!(whole["phrases"].as_array().unwrap().iter().all(|phrase| phrase["kind"] != "forbidden"));
}

async fn eti_16_the_card_addresses_the_customer_by_gender(db: &Database) {
    let mut department = open(db).await;
    for (gender, title) in [("F", "女士"), ("男", "先生"), ("", "")] {
        let customer = json!({ "gender": gender });
        let id = department.callback(owed("billboard_maker", "tracking", customer)).await;
        let card = department.get(&format!("/callbacks/{id}/card")).await;
        assert_eq!(card["address_as"], title, "{gender}");
        assert_eq!(phrase(&card, "tracking_closing").0[0], "非常感谢合作");
    }
}

async fn eti_23_praise_shows_thanks_and_is_a_row_for_whom_it_is(db: &Database) {
    let mut department = open(db).await;
    let id = department.callback(owed("home_decoration", "regular", json!({}))).await;
    let (words, now) =
        phrase(&department.get(&format!("/callbacks/{id}/card?feedback=praise")).await, "praise_thanks");
    assert!(now && words[0].contains("感谢"), "{words:?}");
    assert!(
        !phrase(&department.get(&format!("/callbacks/{id}/card?feedback=complaint")).await, "praise_thanks")
            .1
    );
    for (event, filled) in [
        (json!({ "project_manager": "赵经理" }), json!({ "praise": "工地干净；按时完工" })),
        (json!({ "project_manager": "赵经理" }), json!({ "praise": "师傅耐心", "praised": "王师傅" })),
        (json!({}), json!({ "suggestion": "多打电话" })),
    ] {
        let made = Made { pack: "home_decoration", rule: "regular", event, filled, ..Made::default() };
        department.callback(made).await;
    }
    let rows = department.rows("praises", "2026-03-01", "2026-03-31").await;
    let shown: Vec<_> =
        rows.iter().map(|row| (row["praised"].as_str().unwrap(), row["content"].as_str().unwrap())).collect();
    assert_eq!(shown, [("赵经理", "工地干净"), ("赵经理", "按时完工"), ("王师傅", "师傅耐心")]);
    let report = department.report("staff-month", "2026-03-03").await;
    let praises = figure(&report, "praises");
    assert_eq!(groups(praises), [("王师傅".to_owned(), 1, 1), ("赵经理".to_owned(), 2, 2)], "{praises}");
}

async fn eti_24_a_first_call_is_made_in_the_name_of_the_installation_department(db: &Database) {
    let mut department = open(db).await;
    for (rule, own, other) in [("install_first", "安装部", "客服部"), ("install_second", "客服部", "安装部")]
    {
        let id = department.callback(owed("furniture_mall", rule, json!({}))).await;
        let card = department.get(&format!("/callbacks/{id}/card")).await;
        let text = card["blocks"].to_string();
        assert!(text.contains(own) && !text.contains(other), "{rule}: {text}");
        assert_eq!(card["on_behalf_of"], own);
        assert_eq!(phrase(&card, "introduction").0, [own], "what the check of a transcript expects");
    }
}
