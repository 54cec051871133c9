//! How numbers are said in Mandarin: groups of ten thousand, one "ling" for a gap of zeros,
//! "liang" before thousands, ten thousands and measure words, "er" elsewhere.

use jiff::civil::Time;

/// Two before a measure word.
pub(super) const LIANG: &str = "number/liang";

const TEN_THOUSAND: u64 = 10_000;

/// 0 to 99,999,999.
pub(super) fn number(n: u64, parts: &mut Vec<String>) {
    let (high, low) = (n / TEN_THOUSAND, n % TEN_THOUSAND);
    if high > 0 {
        if high == 2 {
            parts.push(LIANG.into())
        } else {
            section(high, true, parts)
        }
        parts.push("number/ten-thousand".into());
        if low == 0 {
            return;
        }
        if low < 1_000 {
            parts.push("number/0".into());
        }
    }
    section(low, high == 0, parts);
}

/// 0 to 9,999. `first`: nothing was said before it, so 12 is "shi er" and not "yi shi er".
fn section(n: u64, first: bool, parts: &mut Vec<String>) {
    let (thousands, hundreds, rest) = (n / 1_000, n / 100 % 10, n % 100);
    if thousands > 0 {
        parts.push(if thousands == 2 { LIANG.into() } else { format!("number/{thousands}") });
        parts.push("number/thousand".into());
    }
    if hundreds > 0 {
        parts.push(format!("number/{hundreds}"));
        parts.push("number/hundred".into());
    }
    let something_before = thousands > 0 || hundreds > 0;
    if rest == 0 {
        if !something_before {
            parts.push("number/0".into());
        }
        return;
    }
    let gap = (thousands > 0 && hundreds == 0) || (something_before && rest < 10);
    if gap {
        parts.push("number/0".into());
    }
    if (10..20).contains(&rest) && (something_before || !first) {
        parts.push("number/1".into());
    }
    parts.push(format!("number/{rest}"));
}

/// Yuan, jiao, fen.
pub(super) fn money(fen: u64) -> Vec<String> {
    let (yuan, jiao, cents) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut parts = Vec::new();
    let lone = |n: u64| if n == 2 { LIANG.to_owned() } else { format!("number/{n}") };
    if yuan > 0 || fen == 0 {
        if yuan == 2 {
            parts.push(LIANG.into())
        } else {
            number(yuan, &mut parts)
        }
        parts.push("money/yuan".into());
    }
    if jiao > 0 {
        parts.push(if yuan == 0 { lone(jiao) } else { format!("number/{jiao}") });
        parts.push("money/jiao".into());
    }
    if cents > 0 {
        if yuan > 0 && jiao == 0 {
            parts.push("number/0".into());
        }
        parts.push(if parts.is_empty() { lone(cents) } else { format!("number/{cents}") });
        parts.push("money/fen".into());
    }
    parts
}

/// 2026: er ling er liu nian.
pub(super) fn year(year: i16) -> Vec<String> {
    let mut parts: Vec<String> = year.to_string().chars().map(|d| format!("number/{d}")).collect();
    parts.push("date/year".into());
    parts
}

/// Part of the day, hour on the 12-hour clock, minutes.
pub(super) fn time(time: Time) -> Vec<String> {
    let part_of_day = match time.hour() {
        0..=5 => "dawn",
        6..=8 => "early",
        9..=11 => "morning",
        12 => "noon",
        13..=17 => "afternoon",
        _ => "evening",
    };
    let hour = if time.hour() > 12 { time.hour() - 12 } else { time.hour() };
    let mut parts = vec![format!("time/{part_of_day}")];
    parts.push(if hour == 2 { LIANG.into() } else { format!("number/{hour}") });
    parts.push("time/hour".into());
    match time.minute() {
        0 => {}
        30 => parts.push("time/half".into()),
        minute => {
            if minute < 10 {
                parts.push("number/0".into());
            }
            parts.push(format!("number/{minute}"));
            parts.push("time/minute".into());
        }
    }
    parts
}
