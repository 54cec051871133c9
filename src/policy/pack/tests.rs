use std::sync::Arc;

use jiff::civil::{Date, date};

use super::*;
use crate::base::Timestamp;
use crate::calendar::Calendar;

pub(super) const PLAIN: &str = r#"
pack = "plain"
title = "示例"
[event."job.done"]
title = "完成"
fields = { level = "x" }
[rule.first]
title = "回访"
source = "ours"
on = { event = ["job.done"] }
due = "1d"
deadline = "3d"
script = "generic"
"#;

fn mistake(text: &str, line: usize, words: &[&str]) {
    let error = Pack::parse("p.toml", text).unwrap_err();
    assert_eq!(error.place.line, line, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{error} lacks {word}");
    }
}

fn calendar() -> Arc<Calendar> {
    Arc::new(Calendar::parse(include_str!("../../../config/calendar/cn.toml")).unwrap())
}

#[test]
fn a_mistake_is_shown_where_it_stands_with_its_mend() {
    mistake(
        &PLAIN.replace("due =", "deu ="),
        11,
        &["p.toml:11:1", "unknown key `deu`", "did you mean `due`?", "^^^"],
    );
    mistake(&PLAIN.replace("\"1d\"", "\"1 day\""), 11, &["is not an offset", "+1d"]);
    mistake(
        &PLAIN.replace("on = { event = [\"job.done\"] }", "on = {}"),
        10,
        &["no trigger", "on = { event"],
    );
    mistake(
        &PLAIN.replace("on = {", "on = { manual = true,"),
        10,
        &["several triggers: event, manual", "keep one"],
    );
    mistake(&format!("{PLAIN}at = \"9\"\n"), 14, &["`9` is not a time of day", "09:00"]);
    mistake(&format!("{PLAIN}windows = [\"Mon 9\"]\n"), 14, &["not a time range", "Mon-Fri 09:00-12:00"]);
    mistake(&PLAIN.replace("\"plain\"", "\"Plain!\""), 2, &["`Plain!` is not the id of a pack"]);
    let dated = PLAIN.replace("title = \"示例\"", "title = \"示例\"\neffective = \"1.3.2026\"");
    mistake(&dated, 4, &["`1.3.2026` is not a date", "2026-03-01"]);
    let yearly = PLAIN.replace(
        "on = { event = [\"job.done\"] }",
        "on = { yearly = { period = \"year\", from = \"13-01\", to = \"12-31\" } }",
    );
    mistake(&yearly, 10, &["`13-01` is not a day of the year"]);
}

#[test]
fn a_caret_stands_under_chinese_text() {
    let error = Pack::parse("p.toml", "pack = \"店铺\"\ntitle = 1\n").unwrap_err();
    assert!(
        error.to_string().ends_with(
            "2 | title = 1\n  |         ^\n  = hint: `ringback policy schema` describes every key"
        ),
        "{error}"
    );
    let error = Pack::parse("p.toml", &PLAIN.replace("\"plain\"", "\"店铺\"")).unwrap_err();
    assert!(error.to_string().contains("\n  |        ^^^^^^"), "{error}");
}

#[test]
fn the_defaults_are_a_file_without_settings() {
    let pack = Pack::parse("p.toml", PLAIN).unwrap();
    assert_eq!((pack.attempts.max, pack.attempts.caps.day, pack.rate.target), (3, 2, 100.0));
    assert_eq!(pack.windows.call, ["09:00-12:00", "14:00-18:00"]);
    assert_eq!(pack.rule["first"].priority, 5);
    let again: Pack = toml::from_str(&toml::to_string(&pack).unwrap()).unwrap();
    assert_eq!(again, pack, "what is written is what was read");
}

#[test]
fn sch_14_a_changed_text_is_another_version_from_its_day_on() {
    let seven = PLAIN.replace("\"3d\"", "\"7d\"");
    let ten = PLAIN
        .replace("\"3d\"", "\"10d\"")
        .replace("title = \"示例\"", "title = \"示例\"\neffective = \"2026-03-03\"");
    let (old, new) = (Policy::parse("a.toml", &seven).unwrap(), Policy::parse("b.toml", &ten).unwrap());
    assert_ne!(old.version, new.version);
    assert_eq!(old.version.len(), 12);
    let mut policies = Policies::default();
    policies.add(new.clone()).unwrap();
    policies.add(old.clone()).unwrap();
    let at = |day: Date| policies.in_force("plain", day).map(|p| p.version.clone());
    assert_eq!(at(date(2026, 3, 2)), Some(old.version.clone()));
    assert_eq!(at(date(2026, 3, 3)), Some(new.version.clone()));
    assert_eq!(policies.named("a", date(2026, 3, 4)), Some(&old));
    assert_eq!(policies.named("plain", date(2026, 3, 4)), Some(&new));
    let twin = policies.add(Policy::parse("c.toml", &seven).unwrap()).unwrap_err();
    assert!(twin.contains("c.toml") && twin.contains("a.toml"), "{twin}");
    assert_eq!(policies.in_force("other", date(2026, 3, 3)), None);
}

#[test]
fn sch_37_the_version_names_the_text_to_the_letter() {
    let hospital = include_str!("../../../config/policies/hospital.toml");
    let old = Policy::parse("hospital.toml", hospital).unwrap();
    let edited = hospital.replace("earliest = \"10d\"", "earliest = \"11d\"");
    let new = Policy::parse("hospital.toml", &edited).unwrap();
    assert_eq!(Pack::version(old.text()), old.version);
    assert_ne!(old.version, new.version, "rule, flow, material and requirement are one object");
    assert_eq!(Pack::version(""), "e3b0c44298fc", "the first digits of the SHA-256 of nothing");
}

#[test]
fn cnt_17_the_script_is_chosen_by_grade_stage_and_kind() {
    let text = include_str!("../../../config/policies/xian-decoration.toml");
    let pack = Pack::parse("xian-decoration.toml", text).unwrap();
    let script = |rule: &str, grade: &'static str| {
        pack.rule[rule].script_for(|name| (name == "grade").then_some(grade)).to_owned()
    };
    assert_eq!(script("concealed", "A"), "xian-inprogress-a");
    assert_eq!(script("concealed", "C"), "xian-inprogress-bc");
    assert_eq!(script("concealed", ""), "xian-inprogress-bc");
    assert_eq!(script("completed", "A"), "xian-completed");
    assert_eq!(script("complaint", "A"), "xian-complaint");
}

#[test]
fn sch_26_the_strictest_deadline_holds_unless_another_is_named() {
    let text = include_str!("../../../config/policies/billboard-maker.toml");
    let pack = Pack::parse("billboard-maker.toml", text).unwrap();
    let group: Vec<_> = pack.rule.iter().filter(|(_, rule)| rule.group == "repair").collect();
    assert_eq!(group.len(), 2);
    assert_eq!(pack.conflict, Conflict::Strictest);
    let days = |id: &str| pack.rule[id].deadline.to_string();
    assert_eq!((days("after_repair"), days("tracking_repair")), ("+3d".into(), "+7d".into()));
    let text = text.replace("conflict = \"strictest\"", "conflict = { rule = \"tracking_repair\" }");
    let changed = Pack::parse("b.toml", &text).unwrap();
    assert_eq!(changed.conflict, Conflict::Rule("tracking_repair".into()));
}

#[test]
fn win_01_the_hospital_is_closed_on_holidays_and_weekends() {
    let text = include_str!("../../../config/policies/hospital.toml");
    let pack = Pack::parse("hospital.toml", text).unwrap();
    let windows = pack.windows_of(&pack.rule["inpatient"], &calendar()).unwrap();
    let cn = |text: &str| {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    };
    assert_eq!(windows.next_opening(cn("2026-10-01T00:00:00")), Some(cn("2026-10-08T10:00:00")));
    assert_eq!(windows.next_opening(cn("2026-03-06T17:00:00")), Some(cn("2026-03-09T10:00:00")), "a weekend");
    assert!(windows.is_open(cn("2026-10-10T10:00:00")), "a Saturday that is worked");
    assert_eq!(pack.roll_of(&pack.rule["basic"]), crate::calendar::Roll::Forward);
}

#[test]
fn win_05_night_duty_of_the_rescue_hotline() {
    let text = include_str!("../../../config/policies/repair-station-rescue.toml");
    let pack = Pack::parse("r.toml", text).unwrap();
    let night = pack.duty("night", &calendar()).unwrap();
    let cn = |text: &str| {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    };
    assert!(!night.is_open(cn("2026-07-01T18:29:00")));
    assert!(night.is_open(cn("2026-07-01T18:30:00")));
    assert!(night.is_open(cn("2026-12-01T17:00:00")));
    assert!(night.is_open(cn("2026-10-01T23:00:00")), "a holiday is a night too");
    assert!(pack.duty("noon", &calendar()).unwrap_err().to_string().contains("`noon`"));
}

#[test]
fn x05_sets_switch_their_rules_together() {
    let text = include_str!("../../../config/policies/home-decoration.toml");
    let on = |text: &str| {
        let pack = Pack::parse("h.toml", text).unwrap();
        pack.active_rules().map(|(id, _)| id.to_owned()).collect::<Vec<_>>()
    };
    let shipped = on(text);
    assert!(shipped.contains(&"half_year".into()) && shipped.contains(&"stage".into()));
    assert!(!shipped.contains(&"coverage".into()) && !shipped.contains(&"project_manager".into()));
    let other =
        on(&text.replace("coverage = false", "coverage = true").replace("series = true", "series = false"));
    assert!(other.contains(&"coverage".into()) && !other.contains(&"first".into()));
}

#[test]
fn fields_of_the_event_go_before_those_of_the_customer() {
    use crate::archive::{Customer, Event, Standing};
    use crate::base::{CustomerId, EventId};
    let fields = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>()
    };
    let customer = Customer {
        id: CustomerId(1),
        pack: "plain".into(),
        external_id: String::new(),
        name: "王芳".into(),
        contacts: Vec::new(),
        language: String::new(),
        grade: "A".into(),
        preferred_hours: String::new(),
        quiet_hours: String::new(),
        key_account: true,
        plan_every: None,
        plan_from: None,
        owner: String::new(),
        email: String::new(),
        standing: Standing::Active,
        fields: fields(&[("product", "柜"), ("city", "西安")]),
        version: 1,
    };
    let event = Event {
        id: EventId(1),
        pack: "plain".into(),
        kind: "job.done".into(),
        external_id: String::new(),
        at: Timestamp(0),
        has_time: false,
        customer: CustomerId(1),
        matter: String::new(),
        fields: fields(&[("product", "门"), ("city", " ")]),
        received_at: Timestamp(0),
    };
    let value = |name: &str| field_of(&customer, Some(&event), name);
    assert_eq!((value("product"), value("city")), (Some("门"), Some("西安")));
    assert_eq!((value("grade"), value("key_account"), value("missing")), (Some("A"), Some("true"), None));
    assert_eq!(field_of(&customer, None, "product"), Some("柜"));
}

#[test]
fn the_schema_explains_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    for name in ["Rule", "Trigger", "Intake", "Condition", "Attempts", "EventKind"] {
        let table = &schema["definitions"][name];
        assert_eq!(table["additionalProperties"], false, "{name}");
        for (key, entry) in table["properties"].as_object().unwrap() {
            let text = entry["description"].as_str().unwrap_or_default();
            assert!(text.len() >= 7, "{name}.{key} is not explained: {entry}");
        }
    }
}
