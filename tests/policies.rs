//! The policies that are shipped: each reads well, works, names where it comes from, and says in
//! plain words what was agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::{Date, date};
use ringback::app::{Folders, load_calendar, load_library, load_policies, load_tickets};
use ringback::calendar::Calendar;
use ringback::config;
use ringback::io::cli::{PolicyCommand, Shelf};
use ringback::policy::pack::{Around, Method, Policies, Policy, Purpose, Severity, check};
use ringback::ticket::rules_of_tickets;

/// A day on which the calendar knows this year and two months more.
const TODAY: Date = date(2026, 3, 2);

fn shipped() -> Policies {
    let loaded = load_policies(&config::Policy::default()).unwrap();
    assert_eq!(loaded.problems, Vec::<String>::new());
    loaded.policies
}

fn calendar() -> Arc<Calendar> {
    load_calendar(&config::Policy::default()).unwrap()
}

fn policy(pack: &str) -> Policy {
    shipped().in_force(pack, TODAY).unwrap_or_else(|| panic!("{pack}")).clone()
}

#[test]
fn every_kind_of_organisation_has_a_policy() {
    let packs: Vec<String> = shipped().all().map(|p| p.pack.pack.clone()).collect();
    let expect = [
        "auto_repair",
        "billboard_maker",
        "catering_vip",
        "equipment_manufacturer",
        "express_sampling",
        "furniture_mall",
        "generic_enterprise",
        "home_decoration",
        "hospital",
        "real_estate",
        "repair_station_rescue",
        "sales_company",
        "telecom_si",
        "whole_house_install",
        "xian_decoration",
    ];
    assert_eq!(packs, expect);
    for policy in shipped().all() {
        let file = format!("{}.toml", policy.pack.pack.replace('_', "-"));
        assert_eq!(policy.file, file);
        assert!(!policy.pack.title_en.is_empty() && !policy.pack.source.is_empty(), "{file}");
    }
}

#[test]
fn no_shipped_policy_has_an_error_or_a_warning() {
    let calendar = calendar();
    let none = |_: &str| Vec::new();
    let around = Around { calendar: &calendar, scripts: None, missing_prompts: &none, today: TODAY };
    // As read, and as the daemon has them: with the rules for calls of tickets.
    for policies in [shipped(), shipped().with_rules(&rules_of_tickets())] {
        let found: Vec<String> = policies
            .all()
            .flat_map(|policy| check(policy, &around))
            .filter(|finding| finding.severity > Severity::Note)
            .map(|finding| finding.to_string())
            .collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn every_script_that_a_policy_names_is_shipped() {
    let library = load_library(&Folders::default(), "zh-CN").unwrap().library;
    let mut missing = BTreeSet::new();
    for policy in shipped().all() {
        for (id, rule) in &policy.pack.rule {
            let absent = rule.all_scripts().filter(|script| !library.scripts.contains_key(*script));
            missing.extend(absent.map(|script| format!("{}/{id}: {script}", policy.pack.pack)));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_rule_and_list_names_its_requirement_or_is_ours() {
    let known: BTreeSet<&str> = include_str!("requirements.toml")
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
        .collect();
    for policy in shipped().all() {
        let rules = policy.pack.rule.iter().map(|(id, rule)| (id, &rule.source));
        let lists = policy.pack.intake.iter().map(|(id, intake)| (id, &intake.source));
        for (id, source) in rules.chain(lists) {
            for name in source.split(", ").filter(|name| *name != "ours") {
                assert!(known.contains(name), "{}: {id}: there is no requirement `{name}`", policy.file);
            }
        }
    }
}

/// What time and trade brought is in the rules: every row of the six categories that asks for a
/// rule has one.
#[test]
fn every_requirement_about_rules_has_a_rule_in_some_policy() {
    let mut named = BTreeMap::new();
    for policy in shipped().all() {
        let rules = policy.pack.rule.values().map(|rule| rule.source.clone());
        let lists = policy.pack.intake.values().map(|intake| intake.source.clone());
        for source in rules.chain(lists) {
            for id in source.split(", ") {
                *named.entry(id.to_owned()).or_insert(0) += 1;
            }
        }
    }
    let numbered = |kind: &str, last: u32| (1..=last).map(|n| format!("{kind}-{n:02}")).collect::<Vec<_>>();
    // SCH-37 and IMP-10 are about all policies; REM-09 begins with a message.
    let wanted = numbered("SCH", 36).into_iter().chain(numbered("REM", 12)).chain(numbered("IMP", 9));
    let missing: Vec<String> = wanted.filter(|id| !named.contains_key(id)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn events_and_rules_have_titles_in_both_languages() {
    for policy in shipped().all() {
        for (kind, event) in &policy.pack.event {
            assert!(!event.title.is_empty() && !event.title_en.is_empty(), "{}: {kind}", policy.file);
        }
        for (id, rule) in &policy.pack.rule {
            assert!(!rule.title.is_empty() && !rule.title_en.is_empty(), "{}: {id}", policy.file);
        }
    }
}

#[test]
fn each_policy_says_in_plain_words_what_was_agreed() {
    for policy in shipped().all() {
        // The version changes with every comment; all else is agreed.
        let words = policy.in_words().replace(&policy.version, "(version)");
        insta::with_settings!({ snapshot_path => "golden/policies", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(policy.pack.pack.clone(), words);
        });
    }
}

#[test]
fn sch_01_sch_02_installation_is_called_from_nine_and_bound_to_the_first_visit() {
    let pack = policy("whole_house_install").pack;
    let rule = &pack.rule["install"];
    assert_eq!(
        (rule.at.as_deref(), rule.due.to_string(), rule.deadline.to_string()),
        (Some("09:00"), "+1d".into(), "+2d".into())
    );
    assert_eq!(rule.deadline_anchor, Some(ringback::policy::pack::Anchor::First));
}

#[test]
fn sch_06_two_callers_in_two_names() {
    let pack = policy("furniture_mall").pack;
    let (first, second) = (&pack.rule["install_first"], &pack.rule["install_second"]);
    assert_eq!((first.caller.role.as_str(), first.caller.on_behalf_of.as_str()), ("调度专员", "安装部"));
    assert_eq!((second.caller.role.as_str(), second.caller.on_behalf_of.as_str()), ("客服专员", "客服部"));
    assert_eq!(second.caller.not_the_caller_of, "install_first");
    assert_ne!(first.script, second.script);
}

#[test]
fn imp_03_imp_04_slips_are_rejected_for_reasons_that_stay() {
    use ringback::policy::pack::holds_all;
    let pack = policy("whole_house_install").pack;
    let rejected = |fields: &[(&str, &'static str)]| {
        let field = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let reject = pack.intake["slips"].reject.iter().find(|reject| holds_all(&reject.when, field));
        reject.map(|reject| reject.reason.clone())
    };
    let absent = [("score", "5"), ("customer_present", "no")];
    let signed = [absent[0], absent[1], ("supervisor", "李主管"), ("supervisor_signoff", "2026-03-02")];
    assert_eq!(rejected(&[("score", "")]), Some("no_customer_score".into()));
    assert_eq!(rejected(&absent), Some("supervisor_signoff_required".into()));
    assert_eq!(rejected(&signed[..3]), Some("supervisor_signoff_required".into()));
    assert_eq!(rejected(&signed), None);
    assert_eq!(rejected(&[("score", "5"), ("customer_present", "yes")]), None);
}

#[test]
fn imp_12_each_kind_of_order_has_its_rule() {
    let pack = policy("furniture_mall").pack;
    let kinds = &pack.intake["orders"].event_by["order_type"];
    for (word, rule) in [
        ("合同单", "contract"),
        ("安装单", "install_first"),
        ("遗留单", "outstanding_slip"),
        ("售后单", "after_sales"),
        ("保洁单", "cleaning"),
    ] {
        assert!(pack.rule[rule].on.event.contains(&kinds[word]), "{word}");
    }
    assert_eq!(kinds.get("退货单"), None);
}

#[test]
fn sch_10_cnt_20_interviews_of_our_own_people_stay_apart() {
    for policy in shipped().all() {
        for (id, rule) in &policy.pack.rule {
            if rule.purpose == Purpose::Internal {
                assert!(!rule.counts, "{}: {id} would count in the customers' rate", policy.file);
            }
        }
    }
    let pack = policy("home_decoration").pack;
    assert_eq!(pack.rule["project_manager"].script, "project-manager");
}

#[test]
fn sch_32_only_calls_need_a_script() {
    for policy in shipped().all() {
        for (id, rule) in &policy.pack.rule {
            let needs = rule.method == Method::Phone;
            assert_eq!(needs, !rule.script.is_empty(), "{}: {id}", policy.file);
        }
    }
}

fn shelf() -> Shelf {
    Shelf {
        policies: shipped(),
        problems: Vec::new(),
        calendar: calendar(),
        tickets: load_tickets(&config::Policy::default()).unwrap().packs,
        scripts: BTreeMap::from([("hospital".to_owned(), Vec::new())]),
        today: TODAY,
    }
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_command_line_lists_shows_and_checks() {
    let shelf = shelf();
    let (list, code) = shelf.run(&PolicyCommand::List, false);
    assert_eq!(code, 0);
    assert!(list.contains("hospital") && list.contains("医院客服部"), "{list}");
    let (json, _) = shelf.run(&PolicyCommand::List, true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 15);

    let show = |name: &str, json| shelf.run(&PolicyCommand::Show { policy: name.into() }, json);
    let (words, code) = show("hospital", false);
    assert!(code == 0 && words.contains("7 days after it"), "{words}");
    let (json, _) = show("auto-repair.toml", true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["pack"]["rule"]["satisfaction"]["due"], "+1d");
    let (words, code) = show("hopsital", false);
    assert!(code == 1 && words.contains("no policy `hopsital`; the policies are auto_repair"), "{words}");
}

#[test]
fn the_check_ends_with_78_where_something_cannot_work() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf();
    let run = |name: &str, json| shelf.run(&PolicyCommand::Check { policies: vec![name.into()] }, json);
    let hospital = policy("hospital");
    let plain = hospital.text().replace("hospital-outpatient", "hospital");
    let (words, code) = run(&file(folder.path(), "good.toml", &plain), false);
    assert!(code == 0 && words.ends_with("1 policy, 0 errors, 0 warnings\n"), "{words}");
    let late = plain.replacen("deadline = \"10d\"", "deadline = \"6d\"", 1);
    let (words, code) = run(&file(folder.path(), "late.toml", &late), false);
    assert!(code == 78 && words.contains("is over before the callback is due"), "{words}");
    let (words, code) = run(&file(folder.path(), "no.toml", "pack = 1"), false);
    assert!(code == 78 && words.contains("no.toml:1:8"), "{words}");
    let (json, code) = run(&file(folder.path(), "late.toml", &late), true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["errors"].as_u64()), (78, Some(1)), "{json}");
    assert_eq!(json["items"][0]["findings"][0]["severity"], "error");
    let (words, code) = run("nothing", false);
    assert!(code == 78 && words.contains("no file and no policy `nothing`"), "{words}");
}

#[test]
fn a_folder_takes_the_place_of_a_shipped_policy_and_adds_others() {
    let folder = tempfile::tempdir().unwrap();
    let shorter = policy("hospital").text().replace("\"10d\"", "\"9d\"");
    file(folder.path(), "hospital.toml", &shorter);
    file(folder.path(), "broken.toml", "pack = ");
    let own = shorter.replace("pack = \"hospital\"", "pack = \"clinic\"");
    file(folder.path(), "clinic.toml", &own);
    let next =
        shorter.replace("source = \"003:72-116\"", "source = \"003:72-116\"\neffective = \"2026-04-01\"");
    file(folder.path(), "hospital-april.toml", &next);
    let settings =
        config::Policy { folder: Some(folder.path().into()), calendar: None, ..Default::default() };
    let loaded = load_policies(&settings).unwrap();
    let at = |day| loaded.policies.in_force("hospital", day).map(|p| p.file.clone());
    assert_eq!(at(date(2026, 3, 31)), Some("hospital.toml".into()));
    assert_eq!(at(date(2026, 4, 1)), Some("hospital-april.toml".into()));
    assert_eq!(loaded.policies.in_force("hospital", TODAY).unwrap().text(), shorter);
    assert!(loaded.policies.in_force("clinic", TODAY).is_some());
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
    assert!(loaded.problems[0].starts_with("broken.toml:1:"), "{:?}", loaded.problems);
    let gone =
        config::Policy { folder: Some("/nowhere/at/all".into()), calendar: None, ..Default::default() };
    assert!(load_policies(&gone).is_err());
    let calendar = config::Policy {
        folder: None,
        calendar: Some(folder.path().join("broken.toml")),
        ..Default::default()
    };
    assert!(load_calendar(&calendar).unwrap_err().contains("broken.toml"));
}
