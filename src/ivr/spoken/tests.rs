use jiff::civil::{date, time};

use super::*;

/// Drops the folder, for tables one can read.
fn words(parts: Option<Vec<String>>) -> String {
    parts.map_or("-".into(), |parts| {
        parts.iter().map(|p| p.split_once('/').map_or(p.as_str(), |(_, w)| w)).collect::<Vec<_>>().join(" ")
    })
}

#[test]
fn chinese_numbers_are_said_as_people_say_them() {
    let table = [
        (0, "0"),
        (2, "2"),
        (10, "10"),
        (12, "12"),
        (99, "99"),
        (100, "1 hundred"),
        (105, "1 hundred 0 5"),
        (110, "1 hundred 1 10"),
        (115, "1 hundred 1 15"),
        (222, "2 hundred 22"),
        (1_000, "1 thousand"),
        (1_005, "1 thousand 0 5"),
        (1_015, "1 thousand 0 1 15"),
        (1_050, "1 thousand 0 50"),
        (2_100, "liang thousand 1 hundred"),
        (2_222, "liang thousand 2 hundred 22"),
        (10_000, "1 ten-thousand"),
        (10_001, "1 ten-thousand 0 1"),
        (20_000, "liang ten-thousand"),
        (120_015, "12 ten-thousand 0 1 15"),
        (1_002_000, "1 hundred ten-thousand liang thousand"),
        (1_050_300, "1 hundred 0 5 ten-thousand 0 3 hundred"),
        (99_999_999, "9 thousand 9 hundred 99 ten-thousand 9 thousand 9 hundred 99"),
        (-7, "minus 7"),
        (100_000_000, "-"),
        (i64::MIN, "-"),
    ];
    for (n, expect) in table {
        assert_eq!(words(Grammar::Chinese.number(n)), expect, "{n}");
    }
}

#[test]
fn english_numbers_are_said_as_people_say_them() {
    let table = [
        (0, "0"),
        (21, "21"),
        (100, "1 hundred"),
        (105, "1 hundred and 5"),
        (1_005, "1 thousand and 5"),
        (1_234, "1 thousand 2 hundred and 34"),
        (12_000, "12 thousand"),
        (1_000_000, "1 million"),
        (99_999_999, "99 million 9 hundred and 99 thousand 9 hundred and 99"),
        (-1, "minus 1"),
    ];
    for (n, expect) in table {
        assert_eq!(words(Grammar::English.number(n)), expect, "{n}");
    }
}

#[test]
fn every_kind_of_cell_is_spoken_or_left_out() {
    use Kind::*;
    let table = [
        (Number, "3.05", "3 point 0 5", "3 point 0 5"),
        (Number, "-0.5", "minus 0 point 5", "minus 0 point 5"),
        (Number, "1,234", "1 thousand 2 hundred 34", "1 thousand 2 hundred and 34"),
        (Number, "many", "-", "-"),
        (Number, "1.x", "-", "-"),
        (Digits, "138-1002", "yao 3 8 yao 0 0 2", "1 3 8 1 0 0 2"),
        (Digits, "ab1", "a b yao", "a b 1"),
        (Digits, "--", "-", "-"),
        (Money, "0", "0 yuan", "0 yuan"),
        (Money, "2", "liang yuan", "2 yuan"),
        (Money, "12.05", "12 yuan 0 5 fen", "12 yuan and 5 fen"),
        (
            Money,
            "1234.5",
            "1 thousand 2 hundred 34 yuan 5 jiao",
            "1 thousand 2 hundred and 34 yuan and 50 fen",
        ),
        (Money, "0.20", "liang jiao", "20 fen"),
        (Money, "0.02", "liang fen", "2 fen"),
        (Money, "3.22", "3 yuan 2 jiao 2 fen", "3 yuan and 22 fen"),
        (Money, "1.005", "-", "-"),
        (Money, "-5", "-", "-"),
        (Date, "2026-03-10", "month-3 day-10", "month-3 day-10"),
        (Date, "2026/3/1", "yesterday", "yesterday"),
        (Date, "2026-03-02 15:00", "today", "today"),
        (Date, "2026-03-03T09:00", "tomorrow", "tomorrow"),
        (Date, "2025-12-31", "2 0 2 5 year month-12 day-31", "month-12 day-31 20 25"),
        (Date, "2026-02-30", "-", "-"),
        (Date, "soon", "-", "-"),
        (Weekday, "2026-03-02", "weekday-1", "weekday-1"),
        (Time, "15:00", "afternoon 3 hour", "3 pm"),
        (Time, "14:05", "afternoon liang hour 0 5 minute", "2 o 5 pm"),
        (Time, "2026-03-02 09:30", "morning 9 hour half", "9 30 am"),
        (Time, "12:00", "noon 12 hour", "12 pm"),
        (Time, "00:15", "dawn 0 hour 15 minute", "12 15 am"),
        (Time, "22:00", "evening 10 hour", "10 pm"),
        (Time, "25:00", "-", "-"),
        (Duration, "2", "liang minute", "2 minute-plural"),
        (Duration, "60", "1 hour", "1 hour"),
        (Duration, "125", "liang hour 0 5 minute", "2 hour-plural and 5 minute-plural"),
        (Count("item"), "2", "liang item", "2 item-plural"),
        (Count("item"), "12", "12 item", "12 item-plural"),
        (Count("item"), "1", "1 item", "1 item"),
        (Count("item"), "门板划痕;缺拉手", "liang item", "2 item-plural"),
    ];
    let today = date(2026, 3, 2);
    for (kind, text, chinese, english) in table {
        assert_eq!(words(kind.say(Grammar::Chinese, text, today)), chinese, "{kind:?} {text}");
        assert_eq!(words(kind.say(Grammar::English, text, today)), english, "{kind:?} {text}");
    }
}

#[test]
fn english_years_are_said_in_pairs() {
    let table = [
        (2026, "20 26"),
        (2005, "2 thousand and 5"),
        (1905, "19 o 5"),
        (1900, "19 hundred"),
        (2000, "2 thousand"),
    ];
    for (year, expect) in table {
        assert_eq!(words(Some(english::year(year))), expect, "{year}");
    }
}

#[test]
fn nothing_is_spoken_that_the_list_of_parts_does_not_name() {
    let today = date(2026, 3, 2);
    let kinds =
        [Kind::Number, Kind::Digits, Kind::Money, Kind::Date, Kind::Weekday, Kind::Time, Kind::Duration];
    let kinds: Vec<Kind> = kinds.into_iter().chain(MEASURES.iter().map(|m| Kind::Count(m))).collect();
    let mut texts: Vec<String> = (0..2_000).map(|n| (n * 49_999 % 100_000_000).to_string()).collect();
    texts.extend((0..200).map(|n| format!("{}.{:02}", n * 37, n % 100)));
    texts.extend((0..800).map(|n| (date(2024, 1, 1) + jiff::Span::new().days(n)).to_string()));
    texts.extend(
        (0..1_440)
            .map(|n: i64| (time(0, 0, 0, 0) + jiff::Span::new().minutes(n)).strftime("%H:%M").to_string()),
    );
    texts.push("-12.5".into());
    texts.push("AZ09".into());
    for grammar in [Grammar::Chinese, Grammar::English] {
        for kind in &kinds {
            let named = kind.parts(grammar);
            for text in &texts {
                for part in kind.say(grammar, text, today).unwrap_or_default() {
                    assert!(named.contains(&part), "{grammar:?} {kind:?} {text}: {part} is not named");
                }
            }
        }
    }
}
