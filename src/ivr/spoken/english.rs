//! How numbers are said in English: groups of a thousand, "and" before the last two digits.

use jiff::civil::Time;

/// 0 to 99,999,999.
pub(super) fn number(n: u64, parts: &mut Vec<String>) {
    let groups = [(n / 1_000_000, "number/million"), (n / 1_000 % 1_000, "number/thousand"), (n % 1_000, "")];
    let mut said = false;
    for (group, word) in groups {
        if group > 0 {
            below_thousand(group, said && word.is_empty(), parts);
            said = true;
            if !word.is_empty() {
                parts.push(word.into());
            }
        }
    }
    if !said {
        parts.push("number/0".into());
    }
}

/// 1 to 999. `last`: thousands were said before, so 5 is "and five".
fn below_thousand(n: u64, last: bool, parts: &mut Vec<String>) {
    let (hundreds, rest) = (n / 100, n % 100);
    if hundreds > 0 {
        parts.push(format!("number/{hundreds}"));
        parts.push("number/hundred".into());
    }
    if rest > 0 {
        if hundreds > 0 || last {
            parts.push("number/and".into());
        }
        parts.push(format!("number/{rest}"));
    }
}

/// Yuan and fen; jiao are said in fen.
pub(super) fn money(fen: u64) -> Vec<String> {
    let mut parts = Vec::new();
    if fen >= 100 || fen == 0 {
        number(fen / 100, &mut parts);
        parts.push("money/yuan".into());
    }
    if !fen.is_multiple_of(100) {
        if fen >= 100 {
            parts.push("number/and".into());
        }
        number(fen % 100, &mut parts);
        parts.push("money/fen".into());
    }
    parts
}

/// 2026: twenty twenty-six; 2005: two thousand and five; 1900: nineteen hundred.
pub(super) fn year(year: i16) -> Vec<String> {
    let year = u64::from(year.unsigned_abs());
    let (century, rest) = (year / 100, year % 100);
    let mut parts = Vec::new();
    if (rest < 10 && century.is_multiple_of(10)) || century < 10 {
        number(year, &mut parts);
        return parts;
    }
    parts.push(format!("number/{century}"));
    match rest {
        0 => parts.push("number/hundred".into()),
        1..=9 => parts.extend(["letter/o".into(), format!("number/{rest}")]),
        _ => parts.push(format!("number/{rest}")),
    }
    parts
}

/// Twelve-hour clock: three p m, three oh five p m.
pub(super) fn time(time: Time) -> Vec<String> {
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let mut parts = vec![format!("number/{hour}")];
    match time.minute() {
        0 => {}
        minute @ 1..=9 => parts.extend(["letter/o".into(), format!("number/{minute}")]),
        minute => parts.push(format!("number/{minute}")),
    }
    parts.push(if time.hour() < 12 { "time/am".into() } else { "time/pm".into() });
    parts
}
