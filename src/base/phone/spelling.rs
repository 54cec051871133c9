//! From what people and spreadsheets write to groups of digits.

use unicode_normalization::UnicodeNormalization;

use super::PhoneError;

/// Longest text that can be one number with its extension and decoration, in characters.
pub(super) const MAX_TEXT_CHARS: usize = 64;

/// Longest extension: private exchanges use up to 6 digits, conference pins up to 8.
pub(super) const MAX_EXTENSION_DIGITS: usize = 8;

/// Words and signs before an extension; longer ones first, for `ext` holds `x`.
const EXTENSION_MARKS: [&str; 12] =
    ["转分机", "轉分機", ";ext=", "extension", "分机", "分機", "ext", "转", "轉", "x", "#", ","];

/// A number taken apart: its digits in the groups in which they were written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spelled {
    /// It began with `+`.
    pub plus: bool,
    /// Runs of digits; at least one, none empty.
    pub groups: Vec<String>,
    /// A dash stands before the last group, which may thus be an extension.
    pub last_after_dash: bool,
    /// Extension behind a word or sign.
    pub extension: Option<String>,
    /// The text, tidied, for messages.
    pub text: String,
}

impl Spelled {
    /// All digits without their grouping.
    pub fn digits(&self) -> String {
        self.groups.concat()
    }
}

/// Takes a text apart; says what in it cannot belong to a number.
pub(super) fn read(text: &str) -> Result<Spelled, PhoneError> {
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(PhoneError(format!(
            "the text is longer than {MAX_TEXT_CHARS} characters: give one number"
        )));
    }
    let text = tidy(text);
    let text = text.strip_prefix("tel:").unwrap_or(&text).trim();
    if text.is_empty() {
        return Err(PhoneError("the number is empty".into()));
    }
    refuse_scientific(text)?;
    refuse_several(text)?;
    let (number, extension) = split_extension(text)?;
    let mut spelled = groups(without_decimals(number))?;
    spelled.extension = extension;
    spelled.text = text.to_owned();
    if spelled.groups.is_empty() {
        return Err(PhoneError(format!("`{text}` holds no digits")));
    }
    Ok(spelled)
}

/// Full-width to ASCII (NFKC), every dash to `-`, invisible marks out, lower case, and
/// without the marks by which spreadsheets say "this is text" (`'` and `="..."`).
fn tidy(text: &str) -> String {
    let plain: String = text
        .nfkc()
        .filter_map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{30FC}' | '\u{FE58}' => Some('-'),
            // Zero-width and direction marks, which contact lists of phones leave behind.
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => None,
            c if c.is_whitespace() => Some(' '),
            c => Some(c.to_ascii_lowercase()),
        })
        .collect();
    let plain = plain.trim();
    let plain = plain.strip_prefix('=').unwrap_or(plain);
    let marks = ['\'', '"', '`', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}'];
    plain.trim_matches(|c| marks.contains(&c) || c == ' ').to_owned()
}

fn refuse_scientific(text: &str) -> Result<(), PhoneError> {
    let Some((mantissa, exponent)) = text.split_once('e') else { return Ok(()) };
    let is_number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_number(mantissa) && is_number(exponent.trim_start_matches(['+', '-'])) {
        return Err(PhoneError(format!(
            "`{text}` is what a spreadsheet makes of a long number, and digits are lost: format the column as text and export again"
        )));
    }
    Ok(())
}

fn refuse_several(text: &str) -> Result<(), PhoneError> {
    // Below this many digits the part behind the sign is an extension or a remark.
    const WHOLE: usize = 7;
    let digits = |t: &str| t.bytes().filter(u8::is_ascii_digit).count();
    for sign in ['/', ';', '、', '|', '或', '和', ',', '\\'] {
        if let Some((first, second)) = text.split_once(sign)
            && digits(first) >= WHOLE
            && digits(second) >= WHOLE
        {
            return Err(PhoneError(format!("`{text}` holds several numbers: give one number a row")));
        }
    }
    Ok(())
}

fn split_extension(text: &str) -> Result<(&str, Option<String>), PhoneError> {
    let found = EXTENSION_MARKS
        .iter()
        .filter_map(|mark| Some((text.find(mark)?, mark.len())))
        .min_by_key(|(at, len)| (*at, usize::MAX - len));
    let Some((at, len)) = found else { return Ok((text, None)) };
    let extension: String = text[at + len..]
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | ':' | '-' | '=' | '号' | '(' | ')'))
        .collect();
    if extension.is_empty()
        || extension.len() > MAX_EXTENSION_DIGITS
        || !extension.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(PhoneError(format!(
            "`{text}`: behind `{}` an extension of 1 to {MAX_EXTENSION_DIGITS} digits is expected",
            &text[at..at + len]
        )));
    }
    Ok((text[..at].trim_end_matches([' ', '-', '(']), Some(extension)))
}

/// `13602388518.0`, as a spreadsheet writes a number that it took for a quantity.
fn without_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros))
            if whole.len() >= 5
                && whole.bytes().all(|b| b.is_ascii_digit())
                && !zeros.is_empty()
                && zeros.bytes().all(|b| b == b'0')
                && zeros.len() <= 2 =>
        {
            whole
        }
        _ => text,
    }
}

fn groups(text: &str) -> Result<Spelled, PhoneError> {
    let mut spelled = Spelled::default();
    let (mut in_group, mut dash) = (false, false);
    for (place, c) in text.chars().enumerate() {
        match c {
            '0'..='9' => {
                if !in_group {
                    spelled.groups.push(String::new());
                    spelled.last_after_dash = dash;
                }
                if let Some(group) = spelled.groups.last_mut() {
                    group.push(c);
                }
                (in_group, dash) = (true, false);
            }
            '+' if spelled.groups.is_empty() && !spelled.plus => spelled.plus = true,
            ' ' | '-' | '.' | '(' | ')' | '_' => {
                in_group = false;
                dash |= c == '-';
            }
            _ => {
                return Err(PhoneError(format!(
                    "`{text}`: `{c}` at place {} does not belong to a number; digits, +, spaces, - . ( ) and an extension may stand here",
                    place + 1
                )));
            }
        }
    }
    Ok(spelled)
}
