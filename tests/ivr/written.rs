//! Every shipped survey on paper.

use std::collections::BTreeMap;

use super::surveys;
use crate::notices::questionnaires::written;

#[test]
fn every_survey_can_be_answered_on_a_page_in_both_languages() {
    let written = written();
    for (name, _) in surveys() {
        for language in ["zh-CN", "en"] {
            let asked = written.page(name, language, &BTreeMap::new()).expect("there is such a script");
            for one in &asked {
                let place = format!("{language} {name} {}", one.name);
                assert!(!one.text.trim().is_empty(), "{place}: nothing is asked");
                for spoken in ["请按", "井号", "星号", "嘀声", "press ", "pound", "tone"] {
                    assert!(!one.text.contains(spoken), "{place}: {}", one.text);
                }
                for choice in &one.choices {
                    let chinese = choice.label.chars().all(|c| !c.is_ascii_alphabetic());
                    assert!(!choice.label.is_empty() && (language == "en" || chinese), "{place}: {choice:?}");
                }
            }
        }
    }
}

#[test]
fn cnt_09_the_page_of_the_hospital_keeps_the_order_of_the_call() {
    let asked = written().page("hospital", "zh-CN", &BTreeMap::new()).unwrap();
    let names: Vec<&str> = asked.iter().map(|one| one.name.as_str()).collect();
    let order = [
        "h1",
        "h1_note",
        "h3",
        "h5_registration",
        "h5_doctor",
        "h5_nurse",
        "h5_examination",
        "h5_payment",
        "h5_environment",
        "h6",
    ];
    assert_eq!(names, order);
    assert_eq!(asked[0].text, "您恢复得怎么样？");
    let labels: Vec<&str> = asked[0].choices.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(labels, ["恢复良好", "恢复一般", "有不舒服"]);
    let scores: Vec<_> = asked[4].choices.iter().map(|c| (c.label.as_str(), c.score)).collect();
    assert_eq!(scores[0], ("非常满意", Some(5)), "the best first: {scores:?}");
    assert_eq!(scores.len(), 5);
}
