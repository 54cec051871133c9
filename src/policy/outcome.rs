//! What the end of a callback's attempts makes of the callback: done, excused, or another
//! channel's task.

use super::pack::{Method, Purpose, Scale};
use super::{CallbackState, Outcome, Reason, code};
use crate::base::Disposition;

/// What the dialler came to.
#[derive(Clone, Debug)]
pub struct Attempts<'a> {
    /// Result of the last attempt; None where none was made.
    pub disposition: Option<Disposition>,
    /// Why no further attempt is made.
    pub reason: &'a Reason,
    /// Scores that the customer gave, in the order of the questions.
    pub scores: &'a [i64],
    /// What dissatisfied answers without a score mean, such as `not_solved`, by the script.
    pub complaints: &'a [String],
}

/// What the rule says of it.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Where dissatisfaction begins.
    pub scale: &'a Scale,
    /// Why the call was made.
    pub purpose: Purpose,
    /// The channel that takes over where nobody is reached.
    pub fallback: Option<Method>,
}

/// What becomes of the callback.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// It is closed.
    Closed {
        /// Done or excused.
        state: CallbackState,
        /// How.
        outcome: Outcome,
        /// Why.
        reason: Reason,
    },
    /// It stays owed, by another channel (SCH-33).
    Fallback {
        /// Which.
        method: Method,
        /// Why.
        reason: Reason,
    },
}

/// Judges the end of a callback's attempts.
pub fn settle(attempts: &Attempts<'_>, terms: Terms<'_>) -> Settled {
    use Disposition::*;
    let reason = attempts.reason;
    let excused = |outcome, code: &str| Settled::Closed {
        state: CallbackState::Excused,
        outcome,
        reason: Reason::new(code, reason.detail.clone()),
    };
    if reason.code == code::DO_NOT_CALL {
        return excused(Outcome::Forbidden, code::DO_NOT_CALL);
    }
    match attempts.disposition {
        Some(Completed | Partial | PersonWanted | Served) => reached(attempts, terms),
        // A message tells what a notice has to tell; it asks nobody how satisfied they are.
        Some(MessageLeft) if matches!(terms.purpose, Purpose::Notice | Purpose::Reminder) => {
            reached(attempts, terms)
        }
        Some(Refused) => excused(Outcome::Refused, code::REFUSED),
        Some(DoNotCall) => excused(Outcome::Forbidden, code::DO_NOT_CALL),
        _ if reason.code == "removed" => excused(Outcome::Removed, "removed"),
        disposition => unreached(disposition, reason, terms),
    }
}

fn reached(attempts: &Attempts<'_>, terms: Terms<'_>) -> Settled {
    let outcome = match attempts.complaints {
        [] => judge(attempts.scores, terms.scale),
        _ => Outcome::Dissatisfied,
    };
    let mut detail = match attempts.scores {
        [] => "reached, no score was given".to_owned(),
        scores => format!("scores {}", join(scores)),
    };
    if !attempts.complaints.is_empty() {
        detail.push_str(&format!("; dissatisfied: {}", attempts.complaints.join(", ")));
    }
    Settled::Closed { state: CallbackState::Done, outcome, reason: Reason::new(code::FINISHED, detail) }
}

/// One dissatisfied score makes the whole callback so: that is the one somebody must look at.
pub fn judge(scores: &[i64], scale: &Scale) -> Outcome {
    if scores.iter().any(|score| *score <= scale.dissatisfied_at_or_below) {
        Outcome::Dissatisfied
    } else if scores.iter().any(|score| !scale.neutral.contains(score)) {
        Outcome::Satisfied
    } else {
        Outcome::Reached
    }
}

fn unreached(disposition: Option<Disposition>, reason: &Reason, terms: Terms<'_>) -> Settled {
    let last = disposition.map_or("no attempt", Disposition::as_str);
    let detail = match reason.detail.as_str() {
        "" => format!("{}: {last}", reason.code),
        figures => format!("{}: {last}, {figures}", reason.code),
    };
    match terms.fallback.filter(|method| *method != Method::Phone) {
        Some(method) => Settled::Fallback {
            method,
            reason: Reason::new(
                code::FALLBACK,
                format!("not reached by phone ({detail}): {}", method.as_str()),
            ),
        },
        None => Settled::Closed {
            state: CallbackState::Excused,
            outcome: Outcome::Unreached,
            reason: Reason::new(code::UNREACHED, detail),
        },
    }
}

fn join(scores: &[i64]) -> String {
    scores.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(
        disposition: Option<Disposition>,
        word: &str,
        scores: &[i64],
        fallback: Option<Method>,
    ) -> Settled {
        let (scale, reason) = (Scale::default(), Reason::new(word, "3 of 3"));
        let terms = Terms { scale: &scale, purpose: Purpose::Callback, fallback };
        settle(&Attempts { disposition, reason: &reason, scores, complaints: &[] }, terms)
    }

    fn closed(settled: &Settled) -> (CallbackState, Outcome) {
        match settled {
            Settled::Closed { state, outcome, .. } => (*state, *outcome),
            Settled::Fallback { .. } => panic!("{settled:?}"),
        }
    }

    #[test]
    fn scores_make_the_outcome_by_the_scale_of_the_pack() {
        let scale = Scale { dissatisfied_at_or_below: 2, neutral: vec![3] };
        for (scores, expect) in [
            (&[5, 4][..], Outcome::Satisfied),
            (&[5, 2], Outcome::Dissatisfied),
            (&[3], Outcome::Reached),
            (&[3, 5], Outcome::Satisfied),
            (&[], Outcome::Reached),
        ] {
            assert_eq!(judge(scores, &scale), expect, "{scores:?}");
        }
    }

    #[test]
    fn an_answer_without_a_score_can_be_dissatisfied() {
        let (scale, reason) = (Scale::default(), Reason::new(code::FINISHED, ""));
        let terms = Terms { scale: &scale, purpose: Purpose::Verification, fallback: None };
        let complaints = ["not_solved".to_owned()];
        for scores in [&[][..], &[5, 5]] {
            let disposition = Some(Disposition::Completed);
            let attempts = Attempts { disposition, reason: &reason, scores, complaints: &complaints };
            let settled = settle(&attempts, terms);
            assert_eq!(closed(&settled), (CallbackState::Done, Outcome::Dissatisfied), "{settled:?}");
        }
    }

    #[test]
    fn every_end_of_the_attempts_is_done_excused_or_another_channel() {
        use CallbackState::{Done, Excused};
        let check = |disposition, word, expect| {
            assert_eq!(closed(&ends(disposition, word, &[], None)), expect, "{disposition:?}");
        };
        check(Some(Disposition::Completed), code::FINISHED, (Done, Outcome::Reached));
        check(Some(Disposition::Refused), code::REFUSED, (Excused, Outcome::Refused));
        check(Some(Disposition::DoNotCall), code::DO_NOT_CALL, (Excused, Outcome::Forbidden));
        check(None, code::DO_NOT_CALL, (Excused, Outcome::Forbidden));
        check(None, "removed", (Excused, Outcome::Removed));
        check(Some(Disposition::NoAnswer), code::ATTEMPTS_SPENT, (Excused, Outcome::Unreached));
        check(Some(Disposition::InvalidNumber), code::INVALID_NUMBER, (Excused, Outcome::Unreached));
        check(Some(Disposition::MessageLeft), code::FINISHED, (Excused, Outcome::Unreached));
        for disposition in Disposition::ALL {
            // No panic, and something becomes of each.
            closed(&ends(Some(*disposition), code::NO_RETRY, &[], None));
        }
    }

    #[test]
    fn sch_33_who_is_not_reached_by_phone_is_owed_by_the_fallback_channel() {
        let settled = ends(Some(Disposition::NoAnswer), code::ATTEMPTS_SPENT, &[], Some(Method::Email));
        let Settled::Fallback { method, reason } = settled else { panic!("{settled:?}") };
        assert_eq!((method, reason.code.as_str()), (Method::Email, code::FALLBACK));
        assert!(reason.detail.contains("no_answer") && reason.detail.contains("3 of 3"), "{}", reason.detail);
        let refused = ends(Some(Disposition::Refused), code::REFUSED, &[], Some(Method::Email));
        assert_eq!(closed(&refused).1, Outcome::Refused, "who refuses is not written to instead");
    }
}
