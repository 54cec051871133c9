//! Rules for trying again, by how an attempt ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::after::Next;
use super::code;
use super::pack::Spacing;
use crate::base::Disposition;
use crate::calendar::Unit;

/// Longest wait a rule may ask for: 30 days.
pub const MAX_DELAY_MINUTES: u32 = 30 * 24 * 60;
/// Most repetitions a rule may ask for: more is harassment, not service.
pub const MAX_RETRIES: u32 = 20;
/// Longest spacing in days.
const MAX_SPACING_DAYS: i32 = 30;

/// When and how often to try again after one disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRule {
    /// Minutes to wait, at least.
    pub delay_minutes: u32,
    /// Attempts that may follow attempts with this disposition; 0 means never again.
    pub max: u32,
    /// Wait for the next window to open even if this one is still open then.
    #[serde(default)]
    pub next_window: bool,
}

/// Retry rules by disposition. What is not listed follows [`default_rule`].
pub type RetryTable = BTreeMap<Disposition, RetryRule>;

/// What a disposition means before any rule is asked.
pub(super) enum Meaning {
    /// The end, whatever the rules say.
    End(Next, &'static str),
    /// The end, unless the campaign's rules name it.
    Result,
    /// Tried again by rule.
    Miss,
}

pub(super) const fn meaning(disposition: Disposition) -> Meaning {
    use Disposition::*;
    match disposition {
        Completed | Served => Meaning::End(Next::Done, code::FINISHED),
        Refused => Meaning::End(Next::Stopped, code::REFUSED),
        DoNotCall => Meaning::End(Next::Stopped, code::DO_NOT_CALL),
        InvalidNumber => Meaning::End(Next::Failed, code::INVALID_NUMBER),
        Partial | PersonWanted | MessageLeft => Meaning::Result,
        _ => Meaning::Miss,
    }
}

/// The rule for a disposition that a campaign does not list; None: it is not tried again.
pub const fn default_rule(disposition: Disposition) -> Option<RetryRule> {
    use Disposition::*;
    let (delay_minutes, max, next_window) = match disposition {
        Busy => (10, 2, false),
        NoAnswer | Unavailable => (60, 2, false),
        Congestion => (2, 3, false),
        // The attempt may have rung; once more at once, and then the day's caps decide.
        Lost => (0, 1, false),
        DeadAir => (5, 1, false),
        Machine => (120, 2, false),
        HungUp | NoInput => (60, 1, false),
        Declined => (0, 1, true),
        WrongPerson => (120, 1, false),
        Failed => (5, 2, false),
        Later => (60, 3, false),
        // We stopped it: that is no attempt of the customer's, but a telephone that has just
        // rung, or a talk that was cut off, is not followed by another call at once.
        Cancelled => (5, MAX_RETRIES, false),
        _ => return None,
    };
    Some(RetryRule { delay_minutes, max, next_window })
}

/// Whether an attempt that ended so counts against `max_attempts`. Those that the customer
/// asked for, and those at which no telephone of theirs could ring, do not.
pub(super) const fn counts(disposition: Disposition) -> bool {
    !matches!(
        disposition,
        Disposition::Cancelled
            | Disposition::Later
            | Disposition::Congestion
            | Disposition::Failed
            | Disposition::InvalidNumber
    )
}

/// Whether the customer was there to be reached and was not: these follow a campaign's
/// spacing. Faults of ours and of the network have technical rules, whatever the policy.
pub(super) const fn is_spaced(disposition: Disposition) -> bool {
    use Disposition::*;
    matches!(disposition, Busy | NoAnswer | Unavailable | Machine | HungUp | NoInput | Declined | WrongPerson)
}

/// Whether the next attempt goes to the customer's next number: nobody of theirs was reached
/// at this one.
pub const fn turns_number(disposition: Disposition) -> bool {
    use Disposition::*;
    matches!(disposition, Busy | NoAnswer | Unavailable | Machine | WrongPerson | InvalidNumber)
}

/// Attempts that count against `max_attempts`, out of all attempts of an entry.
pub fn counted_attempts(attempts: u32, attempts_by: &BTreeMap<Disposition, u32>) -> u32 {
    let free: u32 = attempts_by.iter().filter(|(d, _)| !counts(**d)).map(|(_, n)| *n).sum();
    attempts.saturating_sub(free)
}

/// What is wrong with a campaign's rules, and how to mend it.
pub fn check_rules(rules: &RetryTable) -> Result<(), String> {
    for (disposition, rule) in rules {
        if matches!(meaning(*disposition), Meaning::End(..)) && rule.max > 0 {
            return Err(format!(
                "`{disposition}` ends an entry and cannot be tried again: take its rule out"
            ));
        }
        if rule.delay_minutes > MAX_DELAY_MINUTES {
            return Err(format!(
                "`{disposition}`: a delay of {} minutes is more than 30 days ({MAX_DELAY_MINUTES})",
                rule.delay_minutes
            ));
        }
        if rule.max > MAX_RETRIES {
            return Err(format!("`{disposition}`: {} repetitions are more than {MAX_RETRIES}", rule.max));
        }
    }
    Ok(())
}

/// What is wrong with a campaign's spacing, and how to mend it.
pub fn check_spacing(spacing: &[Spacing]) -> Result<(), String> {
    if spacing.len() > usize::try_from(MAX_RETRIES).unwrap_or(0) {
        return Err(format!("{} spacings are more than {MAX_RETRIES}", spacing.len()));
    }
    for spacing in spacing {
        let Spacing::After(offset) = spacing else { continue };
        let most = match offset.unit {
            Unit::Minutes => MAX_SPACING_DAYS * 24 * 60,
            Unit::Hours => MAX_SPACING_DAYS * 24,
            Unit::Days => MAX_SPACING_DAYS,
            Unit::WorkingDays | Unit::Months | Unit::Years => {
                return Err(format!("`{offset}`: attempts are spaced in min, h or d: write 30min, 2h or 1d"));
            }
        };
        if !(0..=most).contains(&offset.amount) {
            return Err(format!("`{offset}` is not between 0 and {MAX_SPACING_DAYS} days"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Offset;

    #[test]
    fn attempts_that_rang_nowhere_do_not_count() {
        use Disposition::*;
        let by = BTreeMap::from([(Busy, 1), (Congestion, 3), (Cancelled, 2), (Later, 1), (InvalidNumber, 1)]);
        assert_eq!(counted_attempts(8, &by), 1);
        assert_eq!(counted_attempts(9, &by), 2, "one in progress");
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let rules = |d, delay_minutes, max| {
            check_rules(&BTreeMap::from([(d, RetryRule { delay_minutes, max, next_window: false })]))
        };
        assert_eq!(rules(Disposition::Busy, 10, 2), Ok(()));
        assert!(rules(Disposition::Refused, 10, 1).unwrap_err().contains("cannot be tried again"));
        assert!(rules(Disposition::Busy, 50_000, 1).unwrap_err().contains("30 days"));
        assert!(rules(Disposition::Busy, 10, 21).unwrap_err().contains("more than 20"));
    }

    #[test]
    fn spacings_that_make_no_sense_are_refused() {
        let after = |text: &str| check_spacing(&[Spacing::After(text.parse::<Offset>().unwrap())]);
        for good in ["0min", "30min", "2h", "1d", "30d"] {
            assert_eq!(after(good), Ok(()), "{good}");
        }
        assert!(after("2wd").unwrap_err().contains("write 30min, 2h or 1d"));
        assert!(after("-1h").unwrap_err().contains("not between"));
        assert!(after("31d").unwrap_err().contains("not between"));
        assert!(check_spacing(&[Spacing::After(Offset::hours(1)); 21]).unwrap_err().contains("more than 20"));
    }
}
