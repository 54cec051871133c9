//! What a phone may dial: nothing that is not listed, because a stolen password is used within
//! minutes to call numbers that cost money.

/// Longest number that is looked at.
const MAX_DIGITS: usize = 24;

/// A number with places: digits, a leading `+`, `X` for any digit, `*` at the end for any tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// The text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither `agents` nor a number: write digits, X for any digit, * at the end for any tail, \
     with ! before it to forbid"
)]
pub struct PatternError(pub String);

/// What the phones of an agent may dial besides the star codes, which only move their own agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MayDial {
    /// Other agents, by extension.
    pub agents: bool,
    /// Numbers outside, over a trunk.
    pub numbers: Vec<Pattern>,
    /// Numbers that stay forbidden whatever else says.
    pub never: Vec<Pattern>,
}

/// What was dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// A star code.
    Code(super::Order),
    /// Another agent, by name.
    Agent(String),
    /// A number outside, separators removed.
    Outside(String),
    /// The same, against a rule, with the reason for it.
    Anyway(String, String),
    /// Something that this phone may not dial.
    Forbidden,
}

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    /// The text, where it is no pattern.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let body = text.strip_prefix('+').unwrap_or(text);
        let body = body.strip_suffix('*').unwrap_or(body);
        let plain = body.chars().all(|c| c.is_ascii_digit() || c == 'X');
        let empty = body.is_empty() && !text.ends_with('*');
        if !plain || empty || text.len() > MAX_DIGITS {
            return Err(PatternError(text.chars().take(64).collect()));
        }
        Ok(Pattern(text.to_owned()))
    }

    /// True for a pattern that every number fits.
    pub fn is_everything(&self) -> bool {
        self.0 == "*"
    }

    /// Whether a number fits.
    pub fn fits(&self, number: &str) -> bool {
        let (body, open) = match self.0.strip_suffix('*') {
            Some(body) => (body, true),
            None => (self.0.as_str(), false),
        };
        let mut digits = number.chars();
        let head = body.chars().all(|want| match (want, digits.next()) {
            ('X', Some(digit)) => digit.is_ascii_digit(),
            (want, got) => got == Some(want),
        });
        head && (open || digits.next().is_none())
    }
}

impl MayDial {
    /// Reads a list of words: `agents`, patterns, patterns after `!`.
    ///
    /// # Errors
    /// The place and text of each that cannot be read.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<MayDial, Vec<(usize, PatternError)>> {
        let (mut may, mut bad) = (MayDial::default(), Vec::new());
        for (at, word) in words.iter().enumerate() {
            let word = word.as_ref().trim();
            if word == "agents" {
                may.agents = true;
                continue;
            }
            let (list, body) = match word.strip_prefix('!') {
                Some(body) => (&mut may.never, body),
                None => (&mut may.numbers, word),
            };
            match Pattern::parse(body) {
                Ok(pattern) => list.push(pattern),
                Err(_) => bad.push((at, PatternError(word.chars().take(64).collect()))),
            }
        }
        if bad.is_empty() { Ok(may) } else { Err(bad) }
    }

    /// Whether a number outside may be dialled; what forbids goes before what allows.
    pub fn allows(&self, number: &str) -> bool {
        !self.never.iter().any(|pattern| pattern.fits(number))
            && self.numbers.iter().any(|pattern| pattern.fits(number))
    }
}

/// The digits of what was dialled, separators removed; None where it is no number.
pub(super) fn digits(dialled: &str) -> Option<String> {
    let kept: String = dialled.chars().filter(|c| !matches!(c, '-' | ' ' | '(' | ')' | '.')).collect();
    let body = kept.strip_prefix('+').unwrap_or(&kept);
    let good = !body.is_empty() && kept.len() <= MAX_DIGITS && body.bytes().all(|b| b.is_ascii_digit());
    good.then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_numbers() {
        for (pattern, number, expect) in [
            ("1XXXXXXXXXX", "13800001111", true),
            ("1XXXXXXXXXX", "1380000111", false),
            ("1XXXXXXXXXX", "138000011112", false),
            ("0*", "02112345678", true),
            ("0*", "12345", false),
            ("+86*", "+8613800001111", true),
            ("86*", "+8613800001111", false),
            ("*", "0044900", true),
            ("X*", "+44", false),
            ("95588", "95588", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().fits(number), expect, "{pattern} {number}");
        }
        for bad in ["", "+", "12a", "1*2", "**", "!1", "sip:x@y", &"1".repeat(25)] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_allowed_that_is_not_listed_and_what_forbids_wins() {
        assert!(!MayDial::default().allows("13800001111"));
        let may = MayDial::parse(&["agents", "1XXXXXXXXXX", "0*", "!00*"]).unwrap();
        assert!(may.agents && may.allows("02155556666") && !may.allows("0044123"));
        let bad = MayDial::parse(&["agents", "x", "!"]).unwrap_err();
        assert_eq!(bad.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(digits("+86 (138) 0000-1111").as_deref(), Some("+8613800001111"));
        assert_eq!((digits("*31"), digits("a"), digits("")), (None, None, None));
    }
}
