//! The shipped ticket files, and what is said of bad ones.

use ringback::app::{load_policies, load_tickets};
use ringback::config;
use ringback::ticket::TicketPack;

#[test]
fn tkt_03_every_pack_has_the_types_of_the_hotline() {
    let loaded = load_tickets(&config::Policy::default()).unwrap();
    assert_eq!(loaded.problems, Vec::<String>::new());
    for pack in loaded.packs.all() {
        for kind in [
            "consultation",
            "complaint",
            "suggestion",
            "repair",
            "shipping_query",
            "technical_query",
            "install_guidance",
            "tech_support",
            "return_exchange",
            "other",
            "missed_call",
            "dissatisfied",
        ] {
            assert!(pack.kind.contains_key(kind), "{}: {kind}", pack.pack);
        }
    }
}

#[test]
fn tkt_15_a_category_finds_its_department_and_the_definition_is_there() {
    let loaded = load_tickets(&config::Policy::default()).unwrap();
    let pack = loaded.packs.of("xian_decoration").unwrap();
    assert_eq!(pack.departments["设计"], "设计部");
    assert_eq!(pack.departments["工期"], "工程部");
    assert!(!pack.criteria.is_empty());
}

#[test]
fn a_file_of_ones_own_stands_in_place_of_the_shipped_one_and_is_no_policy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tickets")).unwrap();
    let text = "pack = \"xian_decoration\"\ntitle = \"x\"\nowner = \"甲\"\nsupervisor = \"乙\"\n";
    std::fs::write(folder.path().join("tickets/xian-decoration.toml"), text).unwrap();
    let settings = config::Policy { folder: Some(folder.path().to_owned()), ..config::Policy::default() };
    let loaded = load_tickets(&settings).unwrap();
    assert_eq!(loaded.packs.of("xian_decoration").unwrap().owner, "甲");
    assert_eq!(ringback::app::load_policies(&settings).unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_bad_file_is_told_of_in_words() {
    let head = "pack = \"p\"\ntitle = \"t\"\nowner = \"o\"\nsupervisor = \"s\"\n";
    let kinds = "[kind.consultation]\n[kind.missed_call]\n[kind.dissatisfied]\n";
    let check = |text: &str, expect: &str| {
        let error = TicketPack::parse("f.toml", &format!("{head}{text}"), None).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("[kind.x]\n", "there is no type `consultation`");
    check(&format!("wrong = 1\n{kinds}"), "unknown field `wrong`");
    check(&format!("{kinds}[[kind.consultation.stage]]\nid = \"a\"\nafter = \"b\"\n"), "after = `b`");
    check(&format!("{kinds}[[kind.consultation.stage]]\nid = \"a\"\ndue = \"-1h\"\n"), "lies before");
    check(
        &format!("{kinds}[[kind.consultation.stage]]\nid = \"a\"\napprovals = [\"z\"]\n"),
        "no approval `z`",
    );
    check(&format!("business = [\"25:00-26:00\"]\n{kinds}"), "business");
    let finding = |text: &str| format!("{kinds}[finding.f]\n{text}");
    check(&finding("opens = \"other\"\nevent = [\"e\"]\n"), "there is no type `other`");
    check(&finding("opens = \"consultation\"\n"), "either kinds of events");
    check(&finding("event = [\"e\"]\n"), "write `opens` or `amends`");
    let stages = "event = [\"e\"]\namends = \"consultation\"\nreports = [\"ship\"]\n";
    check(&finding(stages), "has no stage `ship`");
    check(&finding(&stages.replace("amends", "opens")), "goes with `amends`");
    check(&format!("{kinds}[kind.x]\nstates = {{ open = \"y\" }}\n"), "states: `open`");
    let nobody = "pack = \"p\"\ntitle = \"t\"\nowner = \"\"\nsupervisor = \"s\"\n[kind.consultation]\n";
    assert!(TicketPack::parse("f.toml", nobody, None).unwrap_err().to_string().contains("owner"));
}

#[test]
fn the_schema_knows_every_key_of_the_shipped_files() {
    let schema = ringback::ticket::schema();
    for key in [
        "finding",
        "amends",
        "coverage",
        "lists",
        "states",
        "due_by_region",
        "needs_ack",
        "max_promise",
        "close",
        "urge",
        "closes_with",
    ] {
        assert!(schema.contains(&format!("\"{key}\"")), "{key}");
    }
}

#[test]
fn rules_and_events_that_a_table_names_in_vain_are_told_of() {
    let policies = load_policies(&config::Policy::default()).unwrap().policies;
    let tickets = load_tickets(&config::Policy::default()).unwrap().packs;
    let mut found = 0;
    for pack in tickets.all() {
        for policy in policies.all().filter(|policy| policy.pack.pack == pack.pack) {
            assert_eq!(pack.doubts(&policy.pack), Vec::<String>::new(), "{}", pack.pack);
            found += pack.finding.len();
        }
    }
    assert!(found >= 15, "the tables of the shipped files were looked at: {found}");
    let policy = policies.all().find(|policy| policy.pack.pack == "hospital").unwrap();
    let text = "pack = \"hospital\"\ntitle = \"t\"\nowner = \"o\"\nsupervisor = \"s\"\n[kind.consultation]\n\
                [kind.missed_call]\n[kind.dissatisfied]\n[finding.f]\ncallback = [\"nobody\"]\nopens = \"consultation\"\n\
                [finding.g]\nevent = [\"never\"]\nopens = \"consultation\"\n";
    let doubts = TicketPack::parse("f.toml", text, None).unwrap().doubts(&policy.pack);
    assert!(doubts[0].starts_with("finding.f: policy `hospital` has no rule `nobody`"), "{doubts:?}");
    assert!(doubts[1].starts_with("finding.g: policy `hospital` knows no event `never`"), "{doubts:?}");
}
