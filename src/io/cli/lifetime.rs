//! How long a token is good.

/// Seconds, or None for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(pub Option<u64>);

/// `30d` as seconds.
pub(super) fn lifetime(text: &str) -> Result<Lifetime, String> {
    let wrong = || "write a number with s, m, h or d, such as 30d, or never".to_owned();
    if text == "never" {
        return Ok(Lifetime(None));
    }
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    // Times beyond a century would not fit the numbers that other parts add to.
    let total =
        number.checked_mul(seconds).filter(|s| *s > 0 && *s <= 100 * 366 * 86_400).ok_or_else(wrong)?;
    Ok(Lifetime(Some(total)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_with_their_unit() {
        let check = |text: &str, expect: Option<Option<u64>>| {
            assert_eq!(lifetime(text).ok().map(|l| l.0), expect, "{text}");
        };
        check("30d", Some(Some(2_592_000)));
        check("12h", Some(Some(43_200)));
        check("10m", Some(Some(600)));
        check("5s", Some(Some(5)));
        check("never", Some(None));
        for wrong in ["", "d", "30", "30w", "-1d", "0d", "99999999999999999999d", "9999999d", "天"] {
            check(wrong, None);
        }
    }
}
