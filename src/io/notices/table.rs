//! The callback table of the day, shared once at its end (NOT-03).

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Error, Notices};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::notice::{Extended, TableRow};
use crate::io::web::{Sheet, SheetRow};
use crate::notice::{Attachment, Masks, NewNotice, Settings};

/// A line of the table, with covered numbers and names.
struct Line {
    cells: Vec<String>,
}

impl SheetRow for Line {
    const NAME: &'static str = "callback-table";
    const COLUMNS: &'static [&'static str] = &[
        "编号 id",
        "客户 customer",
        "电话 phone",
        "回访 rule",
        "事项 subject",
        "状态 state",
        "结果 outcome",
        "原因 reason",
        "说明 detail",
        "应回访 due",
        "完成 closed",
        "回访人 caller",
        "备注 note",
    ];

    fn cells(&self) -> Vec<String> {
        self.cells.clone()
    }
}

impl Notices {
    pub(super) async fn share_tables(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        let planner = self.parts.planner.settings();
        let today = planner.calendar.date(now);
        let packs: Vec<(String, String)> = planner
            .policies
            .all_in_force(today)
            .map(|p| (p.pack.pack.clone(), p.pack.title.clone()))
            .filter(|(pack, _)| settings.is_routed("callback.table", pack) && settings.masks.of(pack).share)
            .collect();
        for (pack, title) in packs {
            let name = format!("table {pack}");
            let mark = self.store().notice_mark(&name).await?;
            for day in owed(settings, &planner.calendar, mark, now) {
                self.share(settings, &planner.calendar, &pack, &title, day, now).await?;
                self.store().set_notice_mark(&name, number(day)).await?;
            }
        }
        Ok(())
    }

    async fn share(
        &self,
        settings: &Settings,
        calendar: &Calendar,
        pack: &str,
        title: &str,
        day: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        let rows = self.store().table_of_day(pack, calendar.start_of(day), calendar.end_of(day)).await?;
        let lines: Vec<Line> = rows.iter().map(|row| line(&settings.masks, calendar, pack, row)).collect();
        let count = |state: &str| rows.iter().filter(|row| row.state == state).count().to_string();
        let link = match settings.public_url.as_str() {
            "" => String::new(),
            url => format!("{url}/api/v1/callbacks.csv?pack={pack}"),
        };
        let facts = [
            ("day", day.to_string()),
            ("total", rows.len().to_string()),
            ("done", count("done")),
            ("open", count("open")),
            ("excused", count("excused")),
            ("title", title.to_owned()),
            ("link", link),
        ];
        let notice = NewNotice {
            key: format!("callback.table:{pack}:{day}"),
            topic: "callback.table".into(),
            subject: format!("day:{day}"),
            pack: pack.to_owned(),
            facts: facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            ..NewNotice::default()
        };
        let name = format!("客户回访表_{pack}_{day}.csv");
        let csv = String::from_utf8_lossy(&Sheet::of(&lines).to_csv()).into_owned();
        let file = Some(Attachment { name, text: csv.trim_start_matches('\u{FEFF}').to_owned() });
        self.store().queue_extended(&[Extended { notice, file, ..Extended::default() }], now).await?;
        Ok(())
    }
}

/// Days whose table is owed: today's from its hour on, and yesterday's where the daemon was off
/// at that hour.
fn owed(settings: &Settings, calendar: &Calendar, mark: i64, now: Timestamp) -> Vec<Date> {
    let today = calendar.date(now);
    let mut days = Vec::new();
    if let Ok(yesterday) = today.checked_sub(1.day())
        && mark > 0
        && mark < number(yesterday)
    {
        days.push(yesterday);
    }
    if now >= calendar.instant(today, settings.share_at) && mark < number(today) {
        days.push(today);
    }
    days
}

/// A day as a number that grows: 20260302.
fn number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

fn line(masks: &Masks, calendar: &Calendar, pack: &str, row: &TableRow) -> Line {
    let facts =
        [("customer", &row.customer), ("phone", &row.phone), ("note", &row.note), ("detail", &row.detail)];
    let facts = facts.into_iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
    let mut shown = masks.cover(pack, "", false, &facts);
    let mut take = |key: &str| shown.remove(key).unwrap_or_default();
    let civil = |at: i64| calendar.civil(Timestamp(at));
    Line {
        cells: vec![
            row.id.to_string(),
            take("customer"),
            take("phone"),
            row.rule.clone(),
            row.subject.clone(),
            row.state.clone(),
            row.outcome.clone(),
            row.reason.clone(),
            take("detail"),
            civil(row.due),
            row.closed_at.map(civil).unwrap_or_default(),
            row.assignee.clone(),
            take("note"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn todays_table_is_owed_from_its_hour_on_and_yesterdays_where_it_was_missed() {
        let calendar = Calendar::plain(jiff::tz::TimeZone::UTC);
        let settings = Settings::default();
        let at = |text: &str| {
            let civil: jiff::civil::DateTime = text.parse().unwrap();
            Timestamp::from_jiff(civil.in_tz("UTC").unwrap().timestamp())
        };
        let days = |mark, moment: &str| -> Vec<String> {
            owed(&settings, &calendar, mark, at(moment)).iter().map(ToString::to_string).collect()
        };
        assert!(days(0, "2026-03-02 17:59").is_empty());
        assert_eq!(days(0, "2026-03-02 18:00"), ["2026-03-02"]);
        assert!(days(20_260_302, "2026-03-02 23:00").is_empty());
        assert!(days(20_260_302, "2026-03-03 09:00").is_empty());
        assert_eq!(days(20_260_301, "2026-03-03 09:00"), ["2026-03-02"]);
        assert_eq!(days(20_260_228, "2026-03-03 19:00"), ["2026-03-02", "2026-03-03"]);
    }
}
