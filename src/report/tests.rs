use jiff::civil::Date;

use super::*;
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::register::{Fields, Record};

fn calendar() -> Calendar {
    Calendar::plain(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap())
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    calendar().instant(civil.date(), civil.time())
}

fn schedule(text: &str) -> Schedule {
    toml::from_str(text).unwrap()
}

#[test]
fn rpt_01_before_the_30th_is_the_29th_and_in_february_its_last_day() {
    let monthly = |inclusive: bool| {
        schedule(&format!(
            "every = \"month\"\nof = \"same\"\nday = 28\ndue = {{ day = 30, inclusive = {inclusive}, remind_days = 1 }}"
        ))
    };
    let due = |inclusive: bool, text: &str| {
        let period = monthly(inclusive).period_of(&calendar(), day(text));
        (period.due.to_string(), period.remind.unwrap().to_string(), period.due_at)
    };
    assert_eq!(due(false, "2026-03-10"), ("2026-03-29".into(), "2026-03-28".into(), at("2026-03-30 00:00")));
    assert_eq!(due(false, "2026-02-10"), ("2026-02-28".into(), "2026-02-27".into(), at("2026-03-01 00:00")));
    assert_eq!(due(false, "2028-02-10").0, "2028-02-29");
    assert_eq!(due(true, "2026-03-10").0, "2026-03-30");
    assert_eq!(due(true, "2026-02-10").0, "2026-02-28");
}

#[test]
fn rpt_02_the_week_is_told_on_monday_and_the_month_on_the_28th() {
    let weekly = schedule("every = \"week\"\nat = \"08:00\"");
    let days = |period: &Period| (period.from.to_string(), period.to.to_string());
    let period = weekly.newest(&calendar(), at("2026-03-09 08:00")).unwrap();
    assert_eq!(days(&period), ("2026-03-02".into(), "2026-03-08".into()));
    let before = weekly.newest(&calendar(), at("2026-03-09 07:59")).unwrap();
    assert_eq!(before.to.to_string(), "2026-03-01");
    assert_eq!(weekly.next(&calendar(), at("2026-03-09 08:00")), at("2026-03-16 08:00"));
    let monthly = schedule("every = \"month\"\nof = \"same\"\nday = 28\nperiod = \"to_the_eve\"");
    let period = monthly.newest(&calendar(), at("2026-03-28 08:00")).unwrap();
    assert_eq!(days(&period), ("2026-02-28".into(), "2026-03-27".into()));
    assert_eq!(monthly.newest(&calendar(), at("2026-03-28 07:59")).unwrap().to.to_string(), "2026-02-27");
    // The 29th of March belongs to what is told in April.
    assert_eq!(
        days(&monthly.period_of(&calendar(), day("2026-03-29"))),
        ("2026-03-28".into(), "2026-04-27".into())
    );
    let calendar_month = schedule("every = \"month\"\nof = \"same\"\nday = 28");
    let period = calendar_month.newest(&calendar(), at("2026-03-28 08:00")).unwrap();
    assert_eq!(days(&period), ("2026-03-01".into(), "2026-03-31".into()));
}

#[test]
fn periods_of_quarter_and_year_and_the_last_day_of_each_month() {
    let quarterly = schedule("every = \"quarter\"");
    let period = quarterly.newest(&calendar(), at("2026-04-01 08:00")).unwrap();
    assert_eq!((period.from, period.to), (day("2026-01-01"), day("2026-03-31")));
    let yearly = schedule("every = \"year\"\nof = \"same\"\nday = 0\nat = \"18:00\"");
    let period = yearly.newest(&calendar(), at("2026-12-31 18:00")).unwrap();
    assert_eq!((period.from, period.to), (day("2026-01-01"), day("2026-12-31")));
    let last = schedule("every = \"month\"\nof = \"same\"\nday = 0\nat = \"18:00\"");
    for end in ["2026-02-28", "2028-02-29", "2026-03-31", "2026-04-30"] {
        assert_eq!(last.newest(&calendar(), at(&format!("{end} 18:00"))).unwrap().to, day(end));
    }
    // A month that has no 31st is told on its last day.
    let on_31st = schedule("every = \"month\"\nof = \"same\"\nday = 31");
    assert_eq!(on_31st.period_of(&calendar(), day("2026-04-02")).made_at, at("2026-04-30 08:00"));
}

fn record(fields: &[(&'static str, &str)]) -> Record {
    let mut all = Fields::default();
    fields.iter().for_each(|(name, value)| all.set(*name, *value));
    Record { id: "callback:1".into(), at: Timestamp(0), fields: all }
}

fn figure(text: &str) -> Figure {
    toml::from_str(text).unwrap()
}

fn counted(figure: &Figure, rows: &[Record]) -> Counted {
    let mut tally = Tally::new(figure);
    rows.iter().for_each(|row| tally.add(row));
    tally.finish()
}

#[test]
fn rpt_07_a_share_shows_both_its_parts_and_says_nothing_where_nothing_was_due() {
    let rate = figure(
        "id = \"rate\"\ntitle = \"回访率\"\nfrom = \"owed\"\nkind = \"share\"\ncount = [{ field = \"state\", is = [\"done\"] }]",
    );
    let mut rows = vec![record(&[("state", "done")]); 118];
    rows.extend(vec![record(&[("state", "open")]); 2]);
    let found = counted(&rate, &rows);
    assert_eq!((found.numerator, found.denominator, found.value), (118, 120, Some(98.33)));
    assert_eq!(counted(&rate, &[]).value, None, "0 of 0 is nothing, and not 0 %");
}

#[test]
fn rpt_02_what_is_missing_is_counted_as_missing_and_never_estimated() {
    let mean = figure(
        "id = \"m\"\ntitle = \"平均分\"\nfrom = \"answers\"\nkind = \"mean\"\nvalue = \"score\"\nby = \"who\"",
    );
    let rows = [
        record(&[("who", "张"), ("score", "5")]),
        record(&[("who", "张"), ("score", "4")]),
        record(&[("who", "张")]),
        record(&[("who", "李"), ("score", "不详")]),
    ];
    let found = counted(&mean, &rows);
    assert_eq!((found.value, found.numerator, found.denominator, found.missing), (Some(4.5), 2, 4, 2));
    let lines: Vec<_> = found.groups.iter().map(|g| (g.name.as_str(), g.value, g.missing)).collect();
    assert_eq!(lines, [("张", Some(4.5), 1), ("李", None, 1)]);
}

#[test]
fn a_sum_that_does_not_come_out_is_said() {
    let one = figure("id = \"due\"\ntitle = \"应\"\nfrom = \"owed\"");
    let two = figure(
        "id = \"done\"\ntitle = \"已\"\nfrom = \"owed\"\ncount = [{ field = \"state\", is = [\"done\"] }]",
    );
    let rows = [record(&[("state", "done")]), record(&[("state", "strange")])];
    let figures = [counted(&one, &rows), counted(&two, &rows)];
    let sum = Identity { title: "应 = 已".into(), left: vec!["due".into()], right: vec!["done".into()] };
    assert_eq!(sum.judge(&figures), Verdict { title: "应 = 已".into(), left: 2, right: 1, holds: false });
}

#[test]
fn rpt_01_a_report_goes_from_draft_to_approved_and_no_step_is_left_out() {
    let steps = [Step::Submit, Step::Review, Step::Approve];
    let end = steps.into_iter().try_fold(State::Draft, State::after);
    assert_eq!(end, Ok(State::Approved));
    assert!(State::Draft.after(Step::Approve).unwrap_err().contains("submit it first"));
    assert_eq!(State::Submitted.after(Step::Return), Ok(State::Draft));
    for step in [Step::Submit, Step::Review, Step::Approve, Step::Return] {
        assert!(State::Approved.after(step).unwrap_err().contains("locked"));
    }
}

fn appraisal() -> Appraisal {
    let text = r#"
        id = "default"
        title = "月度绩效表"
        few = 5
        [[line]]
        standard = 100.0
        tier = 5.0
        below = -1.0
        figure = { id = "rate", title = "回访率", from = "owed", kind = "share", by = "who", count = [{ field = "state", is = ["done"] }] }
        [[line]]
        is_points = true
        figure = { id = "events", title = "奖惩", from = "scores", kind = "sum", value = "points", by = "who" }
    "#;
    Appraisal::parse("appraisals/default.toml", text).unwrap()
}

#[test]
fn prf_01_each_tier_below_the_standard_that_was_begun_takes_a_point_off() {
    let rule = &appraisal().lines[0];
    for (value, expect) in [
        (100.0, (0, 0.0)),
        (99.9, (1, -1.0)),
        (95.0, (1, -1.0)),
        (94.9, (2, -2.0)),
        (91.0, (2, -2.0)),
        (0.0, (20, -20.0)),
    ] {
        assert_eq!(points_of(rule, value), expect, "{value} %");
    }
}

#[test]
fn prf_02_a_sheet_is_the_sum_of_its_lines_and_small_numbers_are_not_ranked() {
    let appraisal = appraisal();
    let mut tallies: Vec<Tally> = appraisal.lines.iter().map(|line| Tally::new(&line.figure)).collect();
    let owed = |who: &'static str, state: &'static str| record(&[("who", who), ("state", state)]);
    (0..91).for_each(|_| tallies[0].add(&owed("张", "done")));
    (0..9).for_each(|_| tallies[0].add(&owed("张", "open")));
    (0..10).for_each(|_| tallies[0].add(&owed("李", "done")));
    (0..4).for_each(|_| tallies[0].add(&owed("新", "open")));
    tallies[1].add(&record(&[("who", "张"), ("points", "3")]));
    tallies[1].add(&record(&[("who", "张"), ("points", "-1")]));
    let sheets = sheet(&appraisal, "2026-03", tallies);
    let shown: Vec<_> = sheets.iter().map(|s| (s.person.as_str(), s.total, s.rank)).collect();
    assert_eq!(shown, [("张", 0.0, Some(1)), ("新", 0.0, None), ("李", 0.0, Some(1))]);
    let zhang = &sheets[0];
    assert_eq!(zhang.lines.iter().map(|l| l.points).collect::<Vec<_>>(), [-2.0, 2.0]);
    assert_eq!(zhang.total, zhang.lines.iter().map(|l| l.points).sum::<f64>());
    assert!(
        sheets[1].lines[0].few && sheets[1].lines[0].points == 0.0,
        "4 of 4 missed, and too few to judge"
    );
    assert!(zhang.lines[0].rows.starts_with("/performance/rows?month=2026-03&line=rate&person=%E5%BC%A0"));
}

#[test]
fn a_drawing_has_a_bar_for_each_line_and_none_where_nothing_can_be_said() {
    let mean = figure(
        "id = \"m\"\ntitle = \"<分>\"\nfrom = \"answers\"\nkind = \"mean\"\nvalue = \"score\"\nby = \"who\"",
    );
    let rows = [record(&[("who", "a&b"), ("score", "5")]), record(&[("who", "c")])];
    let drawn = svg(&counted(&mean, &rows));
    assert_eq!(drawn.matches("<rect").count(), 2);
    assert!(drawn.contains("width=\"400.0\"") && drawn.contains("width=\"0.0\""), "{drawn}");
    assert!(drawn.contains("a&amp;b") && drawn.contains("&lt;分&gt;") && drawn.contains("—"), "{drawn}");
}

#[test]
fn a_mistake_in_a_reports_file_is_shown_with_its_place() {
    let text = "id = \"r\"\ntitle = \"t\"\nto = []\nschedule = { every = \"month\" }\n[[figure]]\nid = \"due\"\ntitle = \"t\"\nfrom = \"owed\"\n[[identity]]\ntitle = \"t\"\nleft = [\"deu\"]\nright = []\n";
    let mistake = Report::parse("reports/r.toml", text).unwrap_err().to_string();
    assert!(mistake.contains("r.toml:11:") && mistake.contains("did you mean `due`?"), "{mistake}");
    let mistake =
        Report::parse("reports/r.toml", &text.replace("from = \"owed\"", "form = \"owed\"")).unwrap_err();
    assert!(mistake.to_string().contains("did you mean `from`?"), "{mistake}");
    let sums = text.replace("from = \"owed\"", "from = \"owed\"\nkind = \"sum\"");
    assert!(Report::parse("reports/r.toml", &sums).unwrap_err().to_string().contains("adds up no field"));
}
