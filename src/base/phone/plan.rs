//! The Chinese numbering plan, as far as dialling needs it.

use super::spelling::Spelled;
use super::{PhoneError, PhoneNumber};

/// What sort of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// `1[3-9]` and nine digits.
    Mobile,
    /// 0, area code and local number.
    Fixed,
    /// 400 and 800 numbers.
    Service,
    /// 95xxx, 96xxx, 10xxx, 12xxx.
    Short,
    /// Any other country, as E.164.
    Foreign,
}

/// E.164 section 6: at most 15 digits with the country code.
const E164_MAX: usize = 15;
/// The shortest foreign numbers in use have a country code and 5 digits.
const FOREIGN_MIN: usize = 7;
/// Digits of an extension behind a bare dash; a longer run is part of the number.
const DASH_EXTENSION_MAX: usize = 6;
/// Numbers that call out ambulances and police.
const EMERGENCY: [&str; 4] = ["110", "119", "120", "122"];

/// The kind of a canonical number.
pub(super) fn kind(canonical: &str) -> NumberKind {
    match canonical.as_bytes() {
        [b'+', ..] => NumberKind::Foreign,
        [b'0', ..] => NumberKind::Fixed,
        [b'1', b'3'..=b'9', ..] if canonical.len() == 11 => NumberKind::Mobile,
        [b'4' | b'8', b'0', b'0', ..] if canonical.len() == 10 => NumberKind::Service,
        _ => NumberKind::Short,
    }
}

/// Length of the area code of a fixed number, with its 0: 3 for 010 and 02x, else 4.
pub(super) fn area_len(fixed: &str) -> usize {
    match fixed.as_bytes() {
        [b'0', b'1' | b'2', ..] => 3,
        _ => 4,
    }
}

/// `010`, `02x` without the unassigned 026, or `0` with three digits of which the first is 3-9.
pub(super) fn is_area_code(text: &str) -> bool {
    match text.as_bytes() {
        [b'0', b'1', b'0'] => true,
        [b'0', b'2', c] => c.is_ascii_digit() && *c != b'6',
        [b'0', b'3'..=b'9', c, d] => c.is_ascii_digit() && d.is_ascii_digit(),
        _ => false,
    }
}

/// Decides what belongs to the number and what to the extension, then the number itself.
pub(super) fn settle(
    spelled: &Spelled,
    home: Option<&str>,
) -> Result<(PhoneNumber, Option<String>), PhoneError> {
    let whole = canonical(&spelled.digits(), spelled.plus, home, &spelled.text);
    let may_have_extension =
        spelled.extension.is_none() && spelled.last_after_dash && spelled.groups.len() > 1;
    if may_have_extension && let [head @ .., last] = spelled.groups.as_slice() {
        let complete = head.last().is_some_and(|g| g.len() >= 7 || is_short(g));
        let sure = matches!(&whole, Ok(n) if matches!(kind(&n.0), NumberKind::Mobile | NumberKind::Service));
        let wanted = whole.is_err() || (complete && !sure);
        if wanted
            && last.len() <= DASH_EXTENSION_MAX
            && let Ok(number) = canonical(&head.concat(), spelled.plus, home, &spelled.text)
        {
            return Ok((number, Some(last.clone())));
        }
    }
    whole.map(|number| (number, spelled.extension.clone()))
}

fn canonical(digits: &str, plus: bool, home: Option<&str>, text: &str) -> Result<PhoneNumber, PhoneError> {
    if EMERGENCY.contains(&digits) {
        return Err(PhoneError(format!("`{text}` is an emergency number and is never dialled from a list")));
    }
    if plus {
        return international(digits, text);
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return international(rest, text);
    }
    // 12 digits and more cannot be Chinese without the country code; fewer may well begin with 86.
    if let Some(rest) = digits.strip_prefix("86")
        && digits.len() >= 12
    {
        return national(rest, text);
    }
    inland(digits, home, text)
}

/// Behind `+` or `00`.
fn international(digits: &str, text: &str) -> Result<PhoneNumber, PhoneError> {
    if let Some(rest) = digits.strip_prefix("86") {
        return national(rest, text);
    }
    if digits.starts_with('0') || !(FOREIGN_MIN..=E164_MAX).contains(&digits.len()) {
        return Err(PhoneError(format!(
            "`{text}` is not an international number: behind + or 00 a country code and {FOREIGN_MIN} to {E164_MAX} digits in all are expected"
        )));
    }
    Ok(PhoneNumber(format!("+{digits}")))
}

/// Behind the country code 86: with or without the 0 of the area code.
fn national(digits: &str, text: &str) -> Result<PhoneNumber, PhoneError> {
    if digits.starts_with('0') || is_mobile(digits) || is_service(digits) || is_short(digits) {
        return inland(digits, None, text);
    }
    let fixed = format!("0{digits}");
    if is_fixed(&fixed) {
        return Ok(PhoneNumber(fixed));
    }
    Err(PhoneError(format!(
        "`{text}` is not a number of China: behind 86 a mobile number (11 digits from 13 to 19) or an area code and 7 or 8 digits are expected"
    )))
}

/// As dialled within China.
fn inland(digits: &str, home: Option<&str>, text: &str) -> Result<PhoneNumber, PhoneError> {
    if is_mobile(digits) || is_service(digits) || is_short(digits) || is_fixed(digits) {
        return Ok(PhoneNumber(digits.to_owned()));
    }
    if let Some(mobile) = digits.strip_prefix('0').filter(|d| is_mobile(d)) {
        return Ok(PhoneNumber(mobile.to_owned()));
    }
    if is_local(digits) {
        return local(digits, home, text);
    }
    Err(PhoneError(explain(digits, text)))
}

fn local(digits: &str, home: Option<&str>, text: &str) -> Result<PhoneNumber, PhoneError> {
    let Some(area) = home else {
        return Err(PhoneError(format!(
            "`{text}` has no area code: write it with one (020-{digits}) or set the home area code"
        )));
    };
    let fixed = format!("{area}{digits}");
    if is_fixed(&fixed) {
        return Ok(PhoneNumber(fixed));
    }
    Err(PhoneError(format!("`{text}` has {} digits, but numbers of area {area} have 8", digits.len())))
}

/// The likeliest reason why digits are not a number.
fn explain(digits: &str, text: &str) -> String {
    let count = digits.len();
    let lost_zero = format!("0{digits}");
    if is_fixed(&lost_zero) && count >= 10 {
        return format!(
            "`{text}` seems to lack its leading 0, which spreadsheets drop: write {lost_zero}, and format the column as text (a foreign number begins with + and country code)"
        );
    }
    match digits.as_bytes() {
        [b'1', b'3'..=b'9', ..] => {
            format!("`{text}` begins like a mobile number but has {count} digits; 11 are expected")
        }
        [b'1', ..] if count == 11 => format!("`{text}`: no mobile number begins with {}", &digits[..2]),
        [b'4' | b'8', b'0', b'0', ..] => {
            format!("`{text}` begins like a {} number but has {count} digits; 10 are expected", &digits[..3])
        }
        [b'0', ..] if count >= 4 => {
            let area = &digits[..area_len(digits)];
            let places = if area.len() == 3 { "8" } else { "7 or 8" };
            format!(
                "`{text}` is not a fixed number: behind the area code {area} {places} digits that begin with 2 to 9 are expected"
            )
        }
        _ if count < 7 => format!("`{text}` has only {count} digits"),
        _ => format!(
            "`{text}` ({count} digits) is no Chinese mobile, fixed, 400 or short number; write foreign ones with + and country code"
        ),
    }
}

fn is_mobile(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]) && digits.len() == 11
}

fn is_service(digits: &str) -> bool {
    (digits.starts_with("400") || digits.starts_with("800")) && digits.len() == 10
}

fn is_short(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'9', b'5', ..] => matches!(digits.len(), 5 | 6 | 8),
        [b'9', b'6', ..] => matches!(digits.len(), 5 | 6),
        [b'1', b'0'..=b'2', ..] => matches!(digits.len(), 5 | 6),
        _ => false,
    }
}

/// A local number begins with 2 to 8; 0, 1 and 9 lead elsewhere.
fn is_local(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'2'..=b'8', ..]) && matches!(digits.len(), 7 | 8)
}

/// Area code and local number, or area code and the short code of another place.
fn is_fixed(digits: &str) -> bool {
    let len = area_len(digits);
    let Some((area, rest)) = digits.split_at_checked(len) else { return false };
    if !is_area_code(area) {
        return false;
    }
    let local =
        matches!(rest.as_bytes(), [b'2'..=b'9', ..]) && (rest.len() == 8 || (rest.len() == 7 && len == 4));
    local || is_short(rest)
}
