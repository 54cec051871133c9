use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::date;

use super::super::tests::PLAIN;
use super::*;
use crate::calendar::Calendar;

const CALENDAR: &str = r#"
    [year.2026]
    off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
    work = [{ day = "2026-10-10", name = "国庆节" }]
"#;

fn findings(text: &str) -> Vec<Finding> {
    let policy = Policy::parse("p.toml", text).unwrap_or_else(|e| panic!("{e}"));
    let calendar = Arc::new(Calendar::parse(CALENDAR).unwrap());
    let scripts = BTreeSet::from(["generic".to_owned(), "silent".to_owned()]);
    let missing = |script: &str| if script == "silent" { vec!["zh-CN/hello".to_owned()] } else { Vec::new() };
    let around = Around {
        calendar: &calendar,
        scripts: Some(&scripts),
        missing_prompts: &missing,
        today: date(2026, 3, 2),
    };
    check(&policy, &around)
}

/// The example differs from a good one by this finding alone.
fn found(text: &str, severity: Severity, words: &[&str]) {
    let findings = findings(text);
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let hit = findings
        .iter()
        .find(|f| f.severity == severity && words.iter().all(|word| f.to_string().contains(word)));
    assert!(hit.is_some(), "no {severity:?} with {words:?} in\n{}", all.join("\n"));
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    let expect = usize::from(severity == Severity::Error);
    assert_eq!(errors, expect, "{}", all.join("\n"));
}

fn with(from: &str, to: &str) -> String {
    assert!(PLAIN.contains(from), "{from}");
    PLAIN.replace(from, to)
}

fn and(more: &str) -> String {
    format!("{PLAIN}{more}\n")
}

fn head(more: &str) -> String {
    with("title = \"示例\"", &format!("title = \"示例\"\n{more}"))
}

const EVENT: &str = "on = { event = [\"job.done\"] }";

#[test]
fn a_good_policy_has_no_findings() {
    assert_eq!(findings(PLAIN), []);
}

#[test]
fn windows_that_never_open() {
    found(&head("[windows]\ncall = []"), Severity::Error, &["no window is given"]);
    let frozen = head("[windows]\ncall = [\"09:00-12:00\", \"closed 2026-01-01 to 2028-01-01\"]");
    found(&frozen, Severity::Error, &["windows.call", "no window opens within a year"]);
    let late = and("windows = [\"09:00-12:00 from 08-01 to 08-31\"]\nrepeat = \"1y\"");
    found(&late, Severity::Warning, &["rule.first.windows", "opens on 2026-08-01 09:00, 152 days"]);
    found(&and("at = \"20:00\""), Severity::Warning, &["20:00 lies outside the windows"]);
}

#[test]
fn deadlines_before_the_due_date() {
    found(&with("\"3d\"", "\"0d\""), Severity::Error, &["rule.first.deadline", "is over before"]);
    found(&and("earliest = \"5d\""), Severity::Error, &["is over before the callback is due"]);
    found(
        &and("deadline_from_due = true").replace("\"3d\"", "\"-1d\""),
        Severity::Error,
        &["counted from the due"],
    );
}

#[test]
fn terms_that_fall_into_closed_days() {
    let holidays = head("[calendar]\nholidays = \"no_calls\"");
    found(&holidays, Severity::Note, &["on 5 of 366 days", "2026-09-30", "国庆节", "2026-10-08 09:00"]);
    let sundays = and("windows = [\"Sun 09:00-12:00\"]");
    found(&sundays, Severity::Warning, &["days an event cannot be called in time", "working days"]);
    let never = and("windows = [\"20:00-21:00\"]").replace("\"1d\"", "\"30min\"").replace("\"3d\"", "\"2h\"");
    assert!(
        findings(&never).iter().all(|f| f.severity < Severity::Error),
        "an event in the window is in time"
    );
    let night = and("windows = [\"20:00-21:00\"]").replace("\"1d\"", "\"2h\"").replace("\"3d\"", "\"3h\"");
    found(&night, Severity::Error, &["no window is open between the due date and the deadline"]);
}

#[test]
fn attempts_that_do_not_fit_under_the_caps() {
    let tight = with("\"3d\"", "\"1d\"");
    found(&tight, Severity::Note, &["only 2 of 3 attempts fit", "at most 2 calls a day"]);
    let one = format!("{}\n", head("[attempts]\ncaps = { day = 1, week = 4 }")).replace("\"3d\"", "\"1d\"");
    found(&one, Severity::Warning, &["only 1 of 3 attempts fit"]);
    let week = head("[attempts]\ncaps = { day = 3, week = 2 }");
    found(&week, Severity::Warning, &["a week allows 2 calls and a day 3"]);
    found(&head("[attempts]\nmax = 0"), Severity::Error, &["no attempt is allowed"]);
    found(&head("[attempts]\nspacing = []"), Severity::Error, &["how far apart"]);
    found(&head("[attempts]\nring_seconds = 500"), Severity::Error, &["seconds of ringing"]);
}

#[test]
fn rules_that_never_fire() {
    found(
        &with("[\"job.done\"] }", "[\"job.dome\"] }"),
        Severity::Error,
        &["p.toml:10", "`job.dome`", "never fires", "did you mean `job.done`?"],
    );
    found(
        &and("when = [{ field = \"level\", is = [\"A\"] }, { field = \"level\", is = [\"B\"] }]"),
        Severity::Error,
        &["no value of `level`"],
    );
    found(
        &and("when = [{ field = \"level\", is = [\"A\"], is_not = [\"a\"] }]"),
        Severity::Error,
        &["no value of `level`"],
    );
    found(
        &and("when = [{ field = \"level\", below = 2.0, at_least = 3.0 }]"),
        Severity::Error,
        &["no number of `level`"],
    );
    found(
        &and("when = [{ field = \"level\", given = false }, { field = \"level\", is = [\"A\"] }]"),
        Severity::Error,
        &["to be missing and to have"],
    );
    found(&and("enabled = false"), Severity::Note, &["switched off"]);
    let set = head("[rule_sets]\nextra = false") + "set = \"extra\"\n";
    found(&set, Severity::Note, &["the set `extra` is switched off"]);
    found(
        &with(EVENT, "on = { every = { offset = \"-1d\" } }"),
        Severity::Error,
        &["must lie after the last"],
    );
    found(&and("repeat = \"0d\""), Severity::Error, &["must come later"]);
    found(&and("repeat_max = 3"), Severity::Warning, &["nothing is repeated"]);
}

#[test]
fn sch_18_samples_that_draw_nothing() {
    let sample = |days: &str, size: u32| {
        with(
            EVENT,
            &format!(
                "on = {{ sample = {{ from = \"job.done\", days = {days}, size = {size}, recency = \"3d\", cooloff = \"90d\", min_a_week = 2, max_a_week = 3 }} }}"
            ),
        )
    };
    assert_eq!(findings(&sample("[\"Tue\", \"Thu\"]", 20)), []);
    found(&sample("[]", 20), Severity::Error, &["no day of the week"]);
    found(&sample("[\"Tue\", \"Thu\"]", 0), Severity::Error, &["the size is 0"]);
    found(&sample("[\"Tue\", \"Thursdy\"]", 20), Severity::Error, &["`Thursdy` is not a day"]);
    found(&sample("[\"Tue\"]", 20), Severity::Warning, &["at least 2 are wanted"]);
    found(&sample("[\"Mon\", \"Tue\", \"Wed\", \"Thu\"]", 20), Severity::Warning, &["at most 3 are wanted"]);
}

const SECOND: &str = r#"
[rule.second]
title = "再访"
source = "ours"
on = { after = { rule = "first", outcome = ["done"] } }
due = "1d"
deadline = "3d"
script = "generic"
"#;

#[test]
fn rules_that_follow_others() {
    assert_eq!(findings(&and(SECOND)), []);
    let unknown = and(SECOND).replace("rule = \"first\"", "rule = \"frist\"");
    found(&unknown, Severity::Error, &["there is no rule `frist`", "did you mean `first`?"]);
    let off = and("enabled = false") + SECOND;
    found(&off, Severity::Warning, &["rule `first` is switched off"]);
    let circle = (PLAIN.to_owned() + SECOND)
        .replace(EVENT, "on = { after = { rule = \"second\", outcome = [\"done\"] } }");
    let circles: Vec<_> = findings(&circle).into_iter().filter(|f| f.severity == Severity::Error).collect();
    assert_eq!(circles.len(), 2, "{circles:?}");
    assert!(circles[0].message.contains("first after second after first"), "{circles:?}");
    let mute = and(SECOND).replace("[\"done\"]", "[]");
    found(&mute, Severity::Error, &["no outcome is named"]);
    let same = and("caller = { not_the_caller_of = \"nobody\" }");
    found(&same, Severity::Error, &["there is no rule `nobody`"]);
}

#[test]
fn names_that_lead_nowhere() {
    found(&and("cancelled_by = [\"job.gone\"]"), Severity::Error, &["`job.gone`", "takes nothing back"]);
    found(&and("satisfied_by = [\"job.seen\"]"), Severity::Error, &["`job.seen`", "fulfils nothing"]);
    found(&and("wait_while_open = [\"job.done\", \"job.shut\"]"), Severity::Error, &["`job.shut`"]);
    found(&and("group = \"alone\""), Severity::Warning, &["this one rule only"]);
    found(&and("set = \"extra\""), Severity::Warning, &["[rule_sets] does not name `extra`"]);
    found(&head("[rule_sets]\nextra = true"), Severity::Warning, &["no rule is in the set `extra`"]);
    found(&head("conflict = { rule = \"x\" }"), Severity::Error, &["there is no rule `x`"]);
    found(&head("conflict = { rule = \"first\" }"), Severity::Error, &["is in no group"]);
}

#[test]
fn fields_that_nobody_has() {
    let unknown = and("when = [{ field = \"levle\", is = [\"A\"] }]");
    found(&unknown, Severity::Error, &["rule.first.when", "a field `levle`", "did you mean `level`?"]);
    found(&and("when = [{ field = \"level\", differs_from = \"zz\" }]"), Severity::Error, &["`zz`"]);
    let share = |field: &str| and(&format!("when = [{{ field = \"{field}\", below = 0.5 }}]"));
    assert_eq!(findings(&share("level/grade")), [], "a share of one field in another (REM-02)");
    found(&share("level/prize"), Severity::Error, &["`prize`", "sees no number"]);
    found(&and("anchor = { field = \"when\" }"), Severity::Error, &["its dates can never"]);
    found(&and("target = { field = \"boss\" }"), Severity::Error, &["nobody to call"]);
    found(&and("rates = { \"师傅\" = \"worker\" }"), Severity::Error, &["nobody is rated"]);
    let own =
        and("when = [{ field = \"grade\", is = [\"A\"] }, { field = \"key_account\", is = [\"false\"] }]");
    assert_eq!(findings(&own), []);
    let archive = head("[customer]\ncity = \"城市\"") + "when = [{ field = \"city\", is = [\"西安\"] }]\n";
    assert_eq!(findings(&archive), []);
}

#[test]
fn scripts_and_prompts_that_are_missing() {
    found(
        &with("\"generic\"", "\"generik\""),
        Severity::Error,
        &["there is no script `generik`", "did you mean `generic`?"],
    );
    found(&with("\"generic\"", "\"silent\""), Severity::Error, &["`silent` needs the prompt `zh-CN/hello`"]);
    found(&with("script = \"generic\"", ""), Severity::Error, &["a call needs a script"]);
    assert_eq!(findings(&with("script = \"generic\"", "method = \"task\"")), []);
    let choice = and("scripts = [{ when = [], script = \"generic\" }]");
    found(&choice, Severity::Warning, &["has no condition"]);
}

#[test]
fn settings_out_of_range() {
    found(&and("priority = 12"), Severity::Error, &["12 is no priority"]);
    found(&and("target_rate = 120.0"), Severity::Error, &["120 is no percentage"]);
    found(&head("[rate]\ntarget = -1.0"), Severity::Error, &["rate.target"]);
    found(&with("source = \"ours\"", "source = \"\""), Severity::Warning, &["where this rule comes from"]);
}

#[test]
fn win_07_a_year_without_holidays_is_warned_of() {
    let policy = Policy::parse("p.toml", PLAIN).unwrap();
    let calendar = Arc::new(Calendar::parse(CALENDAR).unwrap());
    let none = |_: &str| Vec::new();
    let at = |today| {
        let around = Around { calendar: &calendar, scripts: None, missing_prompts: &none, today };
        check(&policy, &around).iter().map(|f| f.message.clone()).collect::<Vec<_>>()
    };
    assert!(at(date(2026, 3, 2)).is_empty());
    let november = at(date(2026, 11, 20));
    assert!(november.len() == 1 && november[0].contains("no holidays for 2027"), "{november:?}");
}

#[test]
fn lists_that_become_nothing() {
    let intake = |more: &str| and(&format!("[intake.slips]\ntitle = \"单\"\n{more}"));
    found(&intake(""), Severity::Error, &["become no event"]);
    found(&intake("event = \"job.dne\""), Severity::Error, &["`job.dne`", "rows are lost"]);
    let both = "event = \"job.done\"\nevent_by = { kind = { \"单\" = \"job.done\" } }";
    found(&intake(both), Severity::Error, &["both `event` and `event_by`"]);
    let reject = |what: &str| intake(&format!("event = \"job.done\"\nreject = [{what}]"));
    found(&reject("{ reason = \"no_score\" }"), Severity::Error, &["every row is rejected"]);
    let field = "{ reason = \"no_score\", when = [{ field = \"scor\", given = false }] }";
    found(&reject(field), Severity::Error, &["a field `scor`"]);
    let name = "{ reason = \"No score!\", when = [{ field = \"level\", given = false }] }";
    found(&reject(name), Severity::Error, &["`No score!` is not a reason"]);
    let late = intake("event = \"job.done\"\nby = \"10:00\"\nremind = \"10:30\"");
    found(&late, Severity::Warning, &["late already"]);
}
