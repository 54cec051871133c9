//! `ringback calendar`: the holidays by which everything is counted.

use clap::{Args, Subcommand};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde_json::{Value, json};

use super::{EXIT_CONFIG, EXIT_OK, Table};
use crate::calendar::{Calendar, DayKind};

/// Days ahead for which holidays must be known; the next year is published in November.
const AHEAD_DAYS: i64 = 60;

/// `calendar`.
#[derive(Clone, Debug, Args)]
pub struct CalendarArgs {
    /// Of this year; by default of now.
    #[arg(long)]
    pub year: Option<i16>,
    /// What with it; by default its days off and make-up working days are shown.
    #[command(subcommand)]
    pub command: Option<CalendarCommand>,
}

/// `calendar check`.
#[derive(Clone, Debug, Subcommand)]
pub enum CalendarCommand {
    /// Whether this year and the next two months are known; exit code 0 or 78.
    Check,
}

/// Runs the command; gives what it prints and the exit code.
pub fn run(calendar: &Calendar, args: &CalendarArgs, today: Date, as_json: bool) -> (String, u8) {
    match args.command {
        Some(CalendarCommand::Check) => check(calendar, args.year, today, as_json),
        None => (show(calendar, args.year.unwrap_or(today.year()), as_json), EXIT_OK),
    }
}

fn check(calendar: &Calendar, year: Option<i16>, today: Date, as_json: bool) -> (String, u8) {
    let ahead = today.checked_add(AHEAD_DAYS.days()).unwrap_or(today);
    let mut years = year.map_or(vec![today.year(), ahead.year()], |year| vec![year]);
    years.dedup();
    let missing: Vec<String> =
        years.iter().filter_map(|year| calendar.missing(*year)).map(|m| m.to_string()).collect();
    let code = if missing.is_empty() { EXIT_OK } else { EXIT_CONFIG };
    if as_json {
        let known: Vec<i16> = calendar.years().iter().copied().collect();
        return (format!("{}\n", json!({ "years": known, "missing": missing })), code);
    }
    let mut out: String = missing.iter().map(|missing| format!("error: {missing}\n")).collect();
    if missing.is_empty() {
        let years: Vec<String> = years.iter().map(ToString::to_string).collect();
        out = format!("the holidays of {} are known\n", years.join(" and "));
    }
    (out, code)
}

fn show(calendar: &Calendar, year: i16, as_json: bool) -> String {
    let first = Date::new(year, 1, 1).unwrap_or(Date::MIN);
    let days = first.series(1.day()).take_while(|day| day.year() == year);
    let special = |day: Date| -> Option<(Date, &'static str, String)> {
        match calendar.day(day) {
            DayKind::Holiday(name) => Some((day, "holiday", name.to_string())),
            DayKind::MakeUp(name) => Some((day, "worked", name.to_string())),
            DayKind::Freeze(name) => Some((day, "closed", name.to_string())),
            DayKind::Work | DayKind::Weekend => None,
        }
    };
    let found: Vec<_> = days.filter_map(special).collect();
    if as_json {
        let items: Vec<Value> = found
            .iter()
            .map(|(day, what, name)| json!({ "day": day.to_string(), "kind": what, "name": name }))
            .collect();
        return format!("{}\n", json!({ "year": year, "items": items }));
    }
    let mut table = Table::new(&["day", "", "what", "name"]);
    for (day, what, name) in found {
        table.row([day.to_string(), weekday(day).into(), what.into(), name]);
    }
    match calendar.missing(year) {
        Some(missing) => format!("{missing}\n{}", table.render("")),
        None => table.render("no day of this year is special"),
    }
}

const fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

fn weekday(day: Date) -> &'static str {
    weekday_name(day.weekday())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const FILE: &str = r#"
        [year.2026]
        off = [{ from = "2026-10-01", to = "2026-10-02", name = "国庆节" }]
        work = [{ day = "2026-10-10", name = "国庆节" }]
    "#;

    fn run_on(today: Date, command: Option<CalendarCommand>, as_json: bool) -> (String, u8) {
        let args = CalendarArgs { year: None, command };
        run(&Calendar::parse(FILE).unwrap(), &args, today, as_json)
    }

    #[test]
    fn win_07_the_days_off_and_the_days_worked_for_them_are_shown() {
        let (text, code) = run_on(date(2026, 3, 2), None, false);
        assert_eq!(code, EXIT_OK);
        for words in ["2026-10-01  Thu  holiday  国庆节", "2026-10-10  Sat  worked   国庆节"] {
            assert!(text.contains(words), "{text}");
        }
        let (text, _) = run_on(date(2026, 3, 2), None, true);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["items"][2], json!({ "day": "2026-10-10", "kind": "worked", "name": "国庆节" }));
    }

    #[test]
    fn a_missing_year_is_an_error_of_the_check() {
        let check = |today| run_on(today, Some(CalendarCommand::Check), false);
        assert_eq!(check(date(2026, 3, 2)), ("the holidays of 2026 are known\n".into(), EXIT_OK));
        let (text, code) = check(date(2026, 11, 20));
        assert_eq!(code, EXIT_CONFIG);
        assert!(text.contains("no holidays for 2027"), "{text}");
    }
}
