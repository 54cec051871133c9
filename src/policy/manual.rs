//! A call that a person dials by hand (WIN-06): the guard holds for it too, and what is done
//! against it is done with a right, for a reason, and is written down.

use super::{Decision, Facts, Reason, code, decide};

/// The word of an override in the audit log; the monthly adherence report counts these.
pub const OVERRIDE_ACTION: &str = "call.override";

/// What a person who dials by hand brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand<'a> {
    /// Whether their rights let them call against a rule.
    pub may_override: bool,
    /// Why they do; empty: they did not say.
    pub reason: &'a str,
}

/// Whether a call dialled by hand may leave.
#[derive(Clone, Debug, PartialEq)]
pub enum ManualDecision {
    /// Nothing speaks against it.
    Dial {
        /// Why.
        because: Reason,
    },
    /// It leaves against a rule: to be stored with the call and written into the audit log as
    /// [`OVERRIDE_ACTION`] before it does.
    Overridden {
        /// [`code::OVERRIDDEN`], with the rule and the person's reason.
        because: Reason,
    },
    /// It does not leave.
    Refused {
        /// The rule.
        because: Reason,
        /// Whether a reason, by somebody with the right, would let it.
        can_be_overridden: bool,
    },
}

/// Asks the guard about a call by hand. The do-not-call list is not overridden call by call:
/// who must call such a number takes it off the list first, which is written down as well.
/// The count of attempts and the due time bind the robot and not a person.
pub fn decide_by_hand(facts: &Facts<'_>, hand: Hand<'_>) -> ManualDecision {
    let asked = Facts { due_at: None, attempts: 0, max_attempts: facts.max_attempts.max(1), ..facts.clone() };
    let rule = match decide(&asked) {
        Decision::Call { because } => return ManualDecision::Dial { because },
        Decision::Wait { because, .. } | Decision::Never { because } => because,
    };
    let can_be_overridden = rule.code != code::DO_NOT_CALL;
    let reason = hand.reason.trim();
    if can_be_overridden && hand.may_override && !reason.is_empty() {
        let detail = format!("{}: {}; by hand all the same: {reason}", rule.code, rule.detail);
        return ManualDecision::Overridden { because: Reason::new(code::OVERRIDDEN, detail) };
    }
    ManualDecision::Refused { because: rule, can_be_overridden }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::calendar::Windows;
    use crate::policy::Hours;
    use crate::policy::pack::Caps;

    fn ask(now: &str, do_not_call: bool, may_override: bool, reason: &str) -> ManualDecision {
        let civil: jiff::civil::DateTime = now.parse().unwrap();
        let windows = Windows::parse(&["10:00-12:00,15:00-17:00"], "Asia/Shanghai").unwrap();
        let facts = Facts {
            now: Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp()),
            hours: Hours::of(&windows),
            due_at: Some(Timestamp(i64::MAX)),
            appointment: false,
            deadline: None,
            do_not_call,
            attempts: 9,
            max_attempts: 3,
            caps: Caps::NONE,
            calls: &[],
        };
        decide_by_hand(&facts, Hand { may_override, reason })
    }

    #[test]
    fn win_06_a_call_by_hand_at_1230_needs_a_right_and_a_reason() {
        let noon = "2026-10-08T12:30:00";
        assert!(matches!(ask("2026-10-08T11:30:00", false, false, ""), ManualDecision::Dial { .. }));
        for (may, reason) in [(false, ""), (false, "asked for it"), (true, ""), (true, "  ")] {
            match ask(noon, false, may, reason) {
                ManualDecision::Refused { because, can_be_overridden: true } => {
                    assert_eq!(because.code, "window_closed");
                }
                other => panic!("{may} {reason:?}: {other:?}"),
            }
        }
        match ask(noon, false, true, "the customer asked for it") {
            ManualDecision::Overridden { because } => {
                assert_eq!(because.code, "overridden");
                assert!(because.detail.starts_with("window_closed: "), "{because:?}");
                assert!(because.detail.ends_with("the customer asked for it"), "{because:?}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn win_04_the_do_not_call_list_is_not_overridden_by_hand() {
        match ask("2026-10-08T11:30:00", true, true, "important") {
            ManualDecision::Refused { because, can_be_overridden: false } => {
                assert_eq!(because.code, "do_not_call");
            }
            other => panic!("{other:?}"),
        }
    }
}
