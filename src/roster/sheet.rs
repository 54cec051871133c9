//! A roster as offices write it: a line for each night, a column for each role.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::month::{Duty, Month, Person};
use super::role::Role;
use crate::table::date;
use crate::table::header::{half_width, plain};

/// Digits of our own numbers at most.
const LONGEST_EXTENSION: usize = 5;
/// Digits of an area code at least, with its 0: fewer behind a name may belong to the name.
const AREA_CODE: usize = 3;

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
            match people(cell) {
                Ok(people) => {
                    duties.extend(people.into_iter().map(|person| Duty { date: day, role: *role, person }));
                }
                Err(problem) => errors.push(wrong(*line, format!("{}: {problem}", role.title()))),
            }
        }
    }
    if errors.is_empty() { Ok(duties) } else { Err(errors) }
}

fn day(text: &str) -> Result<Date, String> {
    let written = date::read(text, &TimeZone::UTC)?;
    Ok(written.at.to_jiff().to_zoned(TimeZone::UTC).date())
}

fn people(cell: &str) -> Result<Vec<Person>, String> {
    let cell = half_width(cell).into_owned();
    let parts = cell.split(['、', ',', ';', '\n', '/']).map(str::trim);
    // A dash in place of a name is nobody.
    parts
        .filter(|part| part.contains(char::is_alphanumeric))
        .map(|part| person(part).map_err(|problem| format!("`{part}`: {problem}")))
        .collect()
}

/// A name with a number or an extension behind it, in any spacing. What may be read in two ways, or in
/// none, is refused: a roster with a wrong number rings nobody at night.
fn person(text: &str) -> Result<Person, String> {
    let is_of_number = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-().".contains(c);
    // Behind the number there may be a note, such as `(备用)`.
    let end = text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
    let (text, note) = if end == 0 { (text, "") } else { text.split_at(end) };
    if end == 0 {
        return Ok(Person { name: name_of(text), phone: String::new(), extension: String::new() });
    }
    let begin = text
        .rfind(|c: char| !is_of_number(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let (name, number) = text.split_at(begin);
    let groups: Vec<&str> =
        number.split(|c: char| !c.is_ascii_digit() && c != '+').filter(|group| !group.is_empty()).collect();
    // `值班0 137...`: a short figure right behind the name belongs to it.
    let short = groups.first().is_some_and(|first| first.len() < AREA_CODE);
    let attached = number.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty();
    let whole = is_number(&groups.concat());
    let rest = groups.len() > 1 && short && is_number(&groups[1..].concat());
    let from = match (whole, rest) {
        (true, true) if attached => 1,
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => {
            return Err(format!("`{}` is no number; write one number behind each name", number.trim()));
        }
    };
    if name.split(|c: char| !c.is_ascii_digit()).any(|figures| figures.len() > LONGEST_EXTENSION) {
        return Err(
            "two numbers stand in it; put `、` between people, and one number behind each name".into()
        );
    }
    let name = match from {
        0 => name_of(name),
        _ => name_of(&format!("{name}{}", groups[0])),
    };
    if name.is_empty() {
        return Err("no name stands before the number".into());
    }
    if note.chars().any(|c| c.is_ascii_digit()) {
        return Err(format!("`{}` behind the number cannot be read", note.trim()));
    }
    let number = groups[from..].concat();
    // Numbers of our own have up to five digits.
    Ok(match number.len() <= LONGEST_EXTENSION {
        true => Person { name, phone: String::new(), extension: number },
        false => Person { name, phone: number, extension: String::new() },
    })
}

fn name_of(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ':' | '-' | '.')).to_owned()
}

/// Whether digits can be dialled as they stand: an extension, a number of the place, or one with its area.
fn is_number(digits: &str) -> bool {
    let home = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086"));
    if home.is_none() && digits.starts_with('+') {
        return digits.len() >= 8 && digits.len() <= 16;
    }
    let digits = home.unwrap_or(digits);
    if digits.contains('+') {
        return false;
    }
    match (digits.len(), digits.as_bytes().first()) {
        (1..=LONGEST_EXTENSION, _) => home.is_none(),
        (7 | 8, Some(b'2'..=b'9')) => true,
        (10, Some(b'4' | b'8')) => true,
        (11, Some(b'1')) => digits.as_bytes()[1] >= b'3',
        (10..=12, Some(b'0')) => true,
        _ => false,
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
    #[test]
    fn ros_01_a_name_and_its_number_are_told_apart_or_refused_with_the_reason() {
        let good = |cell: &str, name: &str, phone: &str, extension: &str| {
            let person = person(&half_width(cell)).unwrap();
            let found = (person.name.as_str(), person.phone.as_str(), person.extension.as_str());
            assert_eq!(found, (name, phone, extension), "{cell}");
        };
        good("值班0 13700000001", "值班0", "13700000001", "");
        good("值班0  1370 000 0001", "值班0", "13700000001", "");
        good("值班0\u{3000}137-0000-0001", "值班0", "13700000001", "");
        good("值班0 802", "值班0", "", "802");
        good("王强13700000001", "王强", "13700000001", "");
        good("王强137 0000 0001", "王强", "13700000001", "");
        good("王强 0 13700000001", "王强", "013700000001", "");
        good("王强0755 88888888", "王强", "075588888888", "");
        good("赵六（13800000003）", "赵六", "13800000003", "");
        good("赵六：+86 138 0000 0003 备用", "赵六", "+8613800000003", "");
        good("1组王强 801", "1组王强", "", "801");
        good("孙七", "孙七", "", "");
        let bad = |cell: &str, says: &str| {
            let problem = person(&half_width(cell)).unwrap_err();
            assert!(problem.contains(says), "{cell}: {problem}");
        };
        bad("王强 13700000001 13800000002", "is no number");
        bad("王强 0755-88888888转801", "two numbers");
        bad("13700000001", "no name");
        bad("王强 137000000", "is no number");
        let month = "2026-07".parse().unwrap();
        let text = "日期,带班领导\n2026-07-01,王强 137000000\n";
        let errors = read(month, &rows(text)).unwrap_err();
        assert!(errors[0].line == 2 && errors[0].problem.contains("王强 137000000"), "{errors:?}");
    }
}
