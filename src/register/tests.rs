use super::*;
use crate::base::Timestamp;

/// The day on which forms are filled.
const DAY: jiff::civil::Date = jiff::civil::date(2026, 3, 3);

const FILE: &str = r#"
id = "sheet"
title = "客户回访记录表"
form = "F13"
from = "callbacks"
packs = ["shop"]
where = [{ field = "method", is = ["phone"] }]
wrap_up_minutes = 10
[[column]]
title = "序号"
name = "no"
from = ["no"]
[[column]]
title = "客户"
name = "customer"
from = ["name"]
[[column]]
title = "结果"
name = "result"
from = ["outcome"]
words = { satisfied = "满意" }
[[column]]
title = "客户反馈"
name = "feedback"
from = ["note.feedback", "filled.feedback"]
required = true
"#;

fn record(id: &str, at: i64, fields: &[(&'static str, &str)]) -> Record {
    let mut all = Fields::default();
    fields.iter().for_each(|(name, value)| all.set(*name, *value));
    Record { id: id.into(), at: Timestamp(at), fields: all }
}

#[test]
fn reg_01_the_time_from_call_to_register_is_measured_and_a_late_one_is_flagged() {
    let register = Register::parse("sheet.toml", FILE).unwrap();
    let minute = 60_000;
    let saved = (25 * minute).to_string();
    let rows = [
        record(
            "callback:1",
            1,
            &[("method", "phone"), ("ended_ms", "0"), ("noted_ms", &saved), ("note.feedback", "好")],
        ),
        record("callback:2", 2, &[("method", "phone"), ("ended_ms", "0")]),
        record("callback:3", 3, &[("method", "onsite")]),
        record("callback:4", 4, &[("method", "phone"), ("pack", "other")]),
    ];
    let early = table(&register, &rows, ("2026-03-03", "2026-03-03"), (9 * minute, DAY));
    let shown: Vec<_> = early.rows.iter().map(|r| (r.record.as_str(), r.wrap_up, r.late)).collect();
    assert_eq!(shown, [("callback:1", Some(25), true), ("callback:2", None, false)]);
    assert_eq!(early.missing, [Missing { record: "callback:2".into(), columns: vec!["客户反馈".into()] }]);
    let later = table(&register, &rows, ("2026-03-03", "2026-03-03"), (11 * minute, DAY));
    assert!(later.rows[1].late, "an open one is late once its time has passed");
}

#[test]
fn cells_take_the_first_field_that_has_a_value_in_the_words_of_the_form() {
    let register = Register::parse("sheet.toml", FILE).unwrap();
    let row = record(
        "callback:7/suggestion/1",
        5,
        &[
            ("method", "phone"),
            ("name", "李四"),
            ("outcome", "satisfied"),
            ("filled.feedback", "快"),
            ("pack", "shop"),
        ],
    );
    let table = table(&register, &[row], ("2026-03-01", "2026-03-31"), (0, DAY));
    assert_eq!(table.rows[0].cells, ["1", "李四", "满意", "快"]);
    assert_eq!(table.rows[0].link, "/callbacks/7");
    assert_eq!(register.notes().collect::<Vec<_>>(), ["feedback"]);
}

#[test]
fn prf_03_a_row_is_eligible_once_it_is_complete_and_reg_15_a_step_is_overdue_after_its_days() {
    let text = format!(
        "{FILE}[[column]]\ntitle = \"可计提成\"\nname = \"eligible\"\nfrom = [\"complete\"]\nvocabulary = \"yes_no\"\n\
         [[column]]\ntitle = \"完整时间\"\nname = \"completed\"\nfrom = [\"noted\"]\nwhen_complete = true\n\
         [[column]]\ntitle = \"送件\"\nname = \"submitted\"\nfrom = [\"note.submitted\"]\nwithin_days = 7\n"
    );
    let register = Register::parse("sheet.toml", &text).unwrap();
    let row = |feedback: &str, submitted: &str| {
        let fields = [
            ("method", "phone"),
            ("date", "2026-03-03"),
            ("noted", "2026-03-04 09:00"),
            ("note.feedback", feedback),
            ("note.submitted", submitted),
        ];
        record("callback:1", 1, &fields)
    };
    let on = |row: Record, day| table(&register, &[row], ("", ""), (0, day)).rows.remove(0);
    let open = on(row("", ""), jiff::civil::date(2026, 3, 10));
    assert_eq!(
        (&open.cells[4..], open.status.as_str()),
        (&["否".into(), String::new(), String::new()][..], "wrap_up")
    );
    assert_eq!((open.overdue.len(), open.late), (0, false), "the seventh day is not over");
    let over = on(row("好", ""), jiff::civil::date(2026, 3, 11));
    assert_eq!(&over.cells[4..6], ["是", "2026-03-04 09:00"]);
    assert_eq!((over.overdue, over.late, over.status.as_str()), (vec!["submitted".into()], true, "complete"));
    assert!(!on(row("好", "2026-03-09"), jiff::civil::date(2026, 3, 31)).late);
}

#[test]
fn a_mistake_in_a_file_is_shown_with_its_place() {
    let wrong = |from: &str, to: &str| {
        Register::parse("sheet.toml", &FILE.replace(from, to)).unwrap_err().to_string()
    };
    assert!(wrong("title = \"客户\"", "titel = \"客户\"").contains("did you mean `title`?"));
    assert!(wrong("name = \"result\"", "name = \"customer\"").contains("two columns are named `customer`"));
    assert!(wrong("id = \"sheet\"", "id = \"other\"").contains("sheet.toml:2:6"));
    assert!(wrong("form = \"F13\"", "sort = \"nothing\"").contains("no column `nothing`"));
}
