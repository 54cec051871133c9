//! Form files, the arithmetic of draw, score and estimate.

use std::collections::BTreeMap;

use ringback::app::{load_forms, load_scorecards};
use ringback::audit::{
    Agreement, CallFacts, DrawRule, Forms, How, Line, Mark, SheetBody, Source, Stratum, agreement, draw,
    hash, parse, prefill, score, stratified, text,
};
use ringback::call::Direction;
use ringback::config;

fn shipped() -> Forms {
    load_forms(&config::Policy::default()).unwrap().forms
}

#[test]
fn the_default_form_has_the_weights_and_caps_of_the_sources() {
    let (form, _) = shipped().of("no such pack").unwrap();
    let mut groups: BTreeMap<&str, f64> = BTreeMap::new();
    for (_, item) in form.applicable(Direction::Outbound, true) {
        *groups.entry(&item.group).or_default() += item.points;
    }
    let expect = [("A", 12.0), ("B", 22.0), ("C", 20.0), ("D", 18.0), ("E", 10.0), ("F", 12.0), ("G", 6.0)];
    assert_eq!(groups, BTreeMap::from(expect));
    let caps: Vec<Option<f64>> = form.critical.values().map(|critical| critical.cap).collect();
    assert_eq!(caps, [59.0, 79.0, 0.0, 0.0, 59.0, 79.0, 0.0, 59.0].map(Some));
    let grades: Vec<(&str, f64)> = form.grade.iter().map(|grade| (grade.name.as_str(), grade.from)).collect();
    assert_eq!(grades, [("A", 90.0), ("B", 80.0), ("C", 70.0), ("D", 0.0)]);
}

#[test]
fn what_fills_a_shipped_form_in_is_a_phrase_of_its_scorecard() {
    let cards = load_scorecards(&config::Policy::default()).unwrap().cards;
    let forms = shipped();
    for (form, _) in forms.all() {
        let (card, _) = cards.of(&form.pack).unwrap();
        let phrases = form.item.iter().flat_map(|(id, item)| item.from.iter().map(move |from| (id, from)));
        for (id, source) in phrases {
            let Source::Phrase(rule) = source else { continue };
            assert!(card.phrase.contains_key(rule), "{}: item {id}: no phrase `{rule}`", form.pack);
        }
        let rules = form.critical.values().flat_map(|critical| &critical.from).flat_map(|sign| &sign.rules);
        for rule in rules {
            assert!(card.phrase.contains_key(rule), "{}: no phrase `{rule}`", form.pack);
        }
    }
}

#[test]
fn eti_22_the_form_of_home_decoration_asks_for_patience_warmth_and_accuracy() {
    let (form, version) = shipped().of("home_decoration").unwrap();
    let titles: Vec<&str> = form
        .applicable(Direction::Outbound, false)
        .filter(|(_, item)| item.how == How::Human)
        .map(|(_, item)| item.title_en.as_str())
        .collect();
    for wanted in ["Patience", "Warmth", "Accuracy"] {
        assert!(titles.contains(&wanted), "{titles:?}");
    }
    assert_ne!(version, shipped().of("").unwrap().1);
}

#[test]
fn eti_14_tone_is_a_persons_to_judge_from_one_to_five_and_nothing_fills_it_in() {
    let (form, _) = shipped().of("furniture_mall").unwrap();
    let facts = CallFacts { direction: Direction::Inbound, complaint: false, heard: true, found: Vec::new() };
    let filled = prefill(&form, &facts);
    let human = ["E3", "E4", "E5", "D4"];
    for id in human {
        assert_eq!(
            (form.item[id].how, form.item[id].scale, filled[id].points),
            (How::Human, 5, None),
            "{id}"
        );
    }
    let mut body = SheetBody::default();
    for (id, item) in form.applicable(Direction::Inbound, false) {
        let mark = if item.scale > 0 {
            Mark { mark: Some(5), ..Mark::default() }
        } else {
            Mark { points: Some(item.points), ..Mark::default() }
        };
        body.marks.insert(id.to_owned(), mark);
    }
    body.marks.insert("E4".into(), Mark { mark: Some(4), comment: "听得出微笑".into(), ..Mark::default() });
    // 4 of 5 of 2 points: 0.4 of 95 are lost.
    assert_eq!(score(&form, &facts, &body).unwrap().total, 99.6);
    body.marks.insert("E4".into(), Mark { points: Some(2.0), ..Mark::default() });
    assert_eq!(score(&form, &facts, &body).unwrap_err()[0].hint, "give `mark` from 1 to 5");
    let auto = "pack = \"x\"\n[item.E2]\nfrom = [{ phrase = \"empathy\" }]\n";
    let refused = shipped().add("x.toml", auto).unwrap_err().to_string();
    assert!(refused.contains("x.toml:3:") && refused.contains("a person's alone"), "{refused}");
}

#[test]
fn a_mistake_in_a_form_says_where_and_how_to_mend_it() {
    for (text, wanted) in [
        ("title = \"x\"\n", &["it is for no pack"][..]),
        ("pack = \"x\"\n[item.B1]\npionts = 9\n", &["x.toml:3:1", "^^^^^^", "did you mean `points`?"]),
        (
            "pack = \"x\"\n[item.B1]\npoints = 9\nsteps = [9, 0]\nfrom = []\n",
            &["99 points together", "off = true"],
        ),
        (
            "pack = \"x\"\n[item.B1]\nfrom = [{ measure = { detector = \"interuptions\", steps = [] } }]\n",
            &["x.toml:3:", "did you mean `interruptions`?"],
        ),
        ("pack = \"x\"\n[item.B1]\ngroup = \"Zoo\"\n", &["no group `Zoo`", "groups: A, B"]),
        ("pack = \"x\"\n[critical.K9]\ntitle = \"x\"\n", &["`K9` changes nothing"]),
        ("pack = \"x\"\n[draw]\nshare = 500.0\n", &["x.toml:3:", "0 to 100"]),
        ("pack = \"default\"\n", &["another file is for pack `default`"]),
    ] {
        let told = shipped().add("x.toml", text).unwrap_err().to_string();
        for word in wanted {
            assert!(told.contains(word), "`{word}` of {text:?} in\n{told}");
        }
    }
}

fn lines(calls: usize) -> Vec<Line> {
    let line = |n: usize| Line {
        key: ringback::audit::key("2026-03", &n.to_string()),
        agent: "李, \"四\"".into(),
        rule: ["a", "b", "c"][n % 3].into(),
        weekday: (n % 7 + 1) as u8,
        hour: 9,
        risk: "info".into(),
        must: Vec::new(),
    };
    (0..calls).map(line).collect()
}

#[test]
fn a_list_is_read_back_as_it_was_published_in_whatever_order_it_came() {
    let mut lines = lines(20);
    lines[3].must = vec!["complaint".into(), "low_score".into()];
    let published = text(&lines);
    lines.reverse();
    assert_eq!(text(&lines), published);
    let mut back = parse(&published).unwrap();
    back.sort();
    lines.sort();
    assert_eq!(back, lines);
    assert_eq!(hash(&published).len(), 64);
    assert!(parse("a,b\n").unwrap_err().contains("line 1"));
    assert!(parse(&published.replace(",09,", ",x,")).unwrap_err().contains("hour `x`"));
    let rule = DrawRule::default();
    assert_eq!(draw(&rule, &lines, "1 2 3 4"), draw(&rule, &parse(&published).unwrap(), "1 2 3 4"));
}

#[test]
fn over_many_seeds_every_call_is_drawn_as_often_as_it_is_said() {
    let (lines, rule) = (lines(60), DrawRule { least: 7, ..DrawRule::default() });
    let mut drawn: BTreeMap<String, u32> = lines.iter().map(|line| (line.key.clone(), 0)).collect();
    let seeds = 3_000;
    for seed in 0..seeds {
        let picks = draw(&rule, &lines, &format!("seed {seed}")).picks;
        assert_eq!(picks.len(), 7);
        for pick in picks {
            assert!((pick.probability - 7.0 / 60.0).abs() < 1e-12);
            *drawn.get_mut(&pick.key).unwrap() += 1;
        }
    }
    // 350 each is expected; five standard deviations are 88.
    let (least, most) = (drawn.values().min().unwrap(), drawn.values().max().unwrap());
    assert!(*least > 262 && *most < 438, "{least} to {most}");
}

#[test]
fn the_estimate_is_the_one_of_the_book() {
    // Three calls audited in any case, all scored; 40 that could be drawn, five of them scored.
    let one = Stratum {
        must: 3,
        frame: 40,
        must_scores: vec![50.0, 60.0, 70.0],
        drawn_scores: vec![80.0, 85.0, 90.0, 95.0, 100.0],
    };
    let estimate = stratified(std::slice::from_ref(&one)).unwrap();
    // (3 * 60 + 40 * 90) / 43; half: 2.776 * 40 / 43 * sqrt((1 - 5/40) * 62.5 / 5).
    assert_eq!((estimate.mean, estimate.low, estimate.high), (87.91, Some(79.37), Some(96.45)));
    assert_eq!((estimate.calls, estimate.sheets), (43, 8));
    let single = Stratum { frame: 40, drawn_scores: vec![80.0], ..Stratum::default() };
    let alone = stratified(&[single]).unwrap();
    assert_eq!((alone.mean, alone.low), (80.0, None), "one sheet has no spread");
    assert_eq!(
        stratified(&[one, Stratum { frame: 9, ..Stratum::default() }]),
        None,
        "a part without a sheet"
    );
}

#[test]
fn kappa_is_the_one_of_the_book() {
    // Cohen 1960: 20 both yes, 15 both no, 5 and 10 apart: kappa 0.4.
    let mut pairs = vec![((90.0, "A"), (90.0, "A")); 20];
    pairs.extend(vec![((90.0, "A"), (80.0, "B")); 5]);
    pairs.extend(vec![((80.0, "B"), (90.0, "A")); 10]);
    pairs.extend(vec![((80.0, "B"), (80.0, "B")); 15]);
    let expect = Agreement { calls: 50, difference: 3.0, same_grade: 0.7, kappa: Some(0.4) };
    assert_eq!(agreement(&pairs), Some(expect));
    assert_eq!(agreement(&[]), None);
}
