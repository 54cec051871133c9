//! A roster as offices write it: a line for each night, a column for each role.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::month::{Duty, Month, Person};
use super::role::Role;
use crate::table::date;
use crate::table::header::{half_width, plain};

/// What is wrong in a file: the line from 1, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetError {
    /// Line of the file.
    pub line: u64,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

/// Duties of a month from the rows of a file, the first of which names the columns: a date and
/// roles. A cell holds a person, or several with `、` between them, each with a number or an
/// extension behind the name: `张三 13800000001、李四 802`.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn read(month: Month, rows: &[(u64, Vec<String>)]) -> Result<Vec<Duty>, Vec<SheetError>> {
    let wrong = |line: u64, problem: String| SheetError { line, problem };
    let Some(((first, header), rows)) = rows.split_first() else {
        return Err(vec![wrong(1, "the file is empty".into())]);
    };
    let names = ["日期", "date", "值班日期", "时间", "夜班日期"];
    let Some(day_at) = header.iter().position(|name| names.contains(&plain(name).as_str())) else {
        return Err(vec![wrong(*first, "no column is called `日期` or `date`".into())]);
    };
    let columns: Vec<(usize, Role)> =
        header.iter().enumerate().filter_map(|(at, name)| Some((at, name.parse().ok()?))).collect();
    if columns.is_empty() {
        let known: Vec<String> = Role::ALL.iter().map(|role| format!("{} ({role})", role.title())).collect();
        let problem = format!("no column is a role; name them {}", known.join(", "));
        return Err(vec![wrong(*first, problem)]);
    }
    let (mut duties, mut errors) = (Vec::new(), Vec::new());
    for (line, cells) in rows.iter().filter(|(_, cells)| cells.iter().any(|c| !c.trim().is_empty())) {
        let text = cells.get(day_at).map_or("", String::as_str);
        let day = match day(text) {
            Ok(day) if month.holds(day) => day,
            Ok(day) => {
                errors.push(wrong(*line, format!("{day} is not in {month}")));
                continue;
            }
            Err(problem) => {
                errors.push(wrong(*line, problem));
                continue;
            }
        };
        for (at, role) in &columns {
            let cell = cells.get(*at).map_or("", String::as_str);
            for person in people(cell) {
                duties.push(Duty { date: day, role: *role, person });
            }
        }
    }
    if errors.is_empty() { Ok(duties) } else { Err(errors) }
}

fn day(text: &str) -> Result<Date, String> {
    let written = date::read(text, &TimeZone::UTC)?;
    Ok(written.at.to_jiff().to_zoned(TimeZone::UTC).date())
}

fn people(cell: &str) -> Vec<Person> {
    let cell = half_width(cell).into_owned();
    let parts = cell.split(['、', ',', ';', '\n', '/']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(person).collect()
}

fn person(text: &str) -> Person {
    let digits_at = text.find(|c: char| c.is_ascii_digit() || c == '+').unwrap_or(text.len());
    let (name, number) = text.split_at(digits_at);
    let number: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ':' | '-')).to_owned();
    // Numbers of our own have up to five digits.
    match number.len() {
        1..=5 => Person { name, phone: String::new(), extension: number },
        _ => Person { name, phone: number, extension: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let line = |(at, line): (usize, &str)| (at as u64 + 1, line.split(',').map(str::to_owned).collect());
        text.lines().enumerate().map(line).collect()
    }

    #[test]
    fn a_roster_is_read_as_offices_write_it() {
        let text = "值班日期,帶班領導,技術員,駕駛員,材料員,維修人員,备注\n\
                    2026/7/1,王强 801,李明 13800000002,赵六(13800000003),孙七,周八 804、吴九 805,\n\
                    7月2日,x\n\n2026-08-01,王强\n";
        let month = "2026-07".parse().unwrap();
        let errors = read(month, &rows(text)).unwrap_err();
        let lines: Vec<u64> = errors.iter().map(|e| e.line).collect();
        assert_eq!(lines, [3, 5], "{errors:?}");
        let good: Vec<_> = rows(text).into_iter().take(2).collect();
        let duties = read(month, &good).unwrap();
        let shown: Vec<(&str, &str, &str, &str)> = duties
            .iter()
            .map(|d| {
                (
                    d.role.as_str(),
                    d.person.name.as_str(),
                    d.person.phone.as_str(),
                    d.person.extension.as_str(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("leader", "王强", "", "801"),
                ("technician", "李明", "13800000002", ""),
                ("driver", "赵六", "13800000003", ""),
                ("clerk", "孙七", "", ""),
                ("mechanic", "周八", "", "804"),
                ("mechanic", "吴九", "", "805"),
            ]
        );
        assert_eq!(read(month, &rows("日期,备注\n")).unwrap_err()[0].line, 1);
        assert!(read(month, &[]).is_err());
    }
}
