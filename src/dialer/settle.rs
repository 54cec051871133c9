//! From facts and results to entry updates: where the dialler meets policy.

use super::{CampaignSettings, Candidate, Ended, EntryState, EntryUpdate};
use crate::base::Timestamp;
use crate::calendar::Windows;
use crate::policy::{self, Attempted, Decision, Facts, Next, Reason, code};

/// The column of a list in which a customer's quiet hours stand, as window text.
pub const QUIET_HOURS_FIELD: &str = "quiet_hours";

/// Whether this customer may be called at this moment; asked last before an attempt is reserved.
pub(super) fn judge(
    now: Timestamp,
    settings: &CampaignSettings,
    windows: &Windows,
    candidate: &Candidate,
) -> Decision {
    // A text that is no window was refused at import; what slips past is no reason to be silent.
    let quiet = candidate
        .details
        .fields
        .get(QUIET_HOURS_FIELD)
        .and_then(|text| Windows::parse(&[text], &settings.timezone).ok());
    policy::decide(&Facts {
        now,
        windows,
        quiet: quiet.as_ref(),
        due_at: candidate.details.due_at,
        do_not_call: candidate.do_not_call,
        attempts: policy::counted_attempts(candidate.attempts, &candidate.attempts_by),
        max_attempts: settings.max_attempts,
        calls_today: candidate.calls_today,
        daily_cap: settings.daily_cap_per_number,
    })
}

/// The update for an entry that was looked at and is not called.
pub(super) fn set_aside(candidate: &Candidate, until: Option<Timestamp>, because: Reason) -> EntryUpdate {
    let state = match (until, because.code.as_str()) {
        (Some(_), _) => EntryState::Pending,
        (None, code::ATTEMPTS_SPENT) => EntryState::Failed,
        (None, _) => EntryState::Stopped,
    };
    EntryUpdate { entry: candidate.entry, state, disposition: None, due_at: until, reason: because }
}

/// What becomes of an entry after an attempt: by the campaign's retry rules and windows.
///
/// `candidate` holds the attempts before this one. Also used at start for attempts that
/// were left without an outcome ([`crate::base::Disposition::Lost`]).
pub fn settle(
    now: Timestamp,
    settings: &CampaignSettings,
    windows: &Windows,
    candidate: &Candidate,
    ended: Ended,
) -> EntryUpdate {
    let mut attempts_by = candidate.attempts_by.clone();
    *attempts_by.entry(ended.disposition).or_default() += 1;
    let after = policy::after_attempt(&Attempted {
        now,
        disposition: ended.disposition,
        later_at: ended.later_at,
        attempts_by: &attempts_by,
        max_attempts: settings.max_attempts,
        rules: &settings.retry,
        windows,
    });
    let (state, due_at) = match after.next {
        Next::Again(at) => (EntryState::Pending, Some(at)),
        Next::Done => (EntryState::Done, None),
        Next::Failed => (EntryState::Failed, None),
        Next::Stopped => (EntryState::Stopped, None),
    };
    EntryUpdate {
        entry: candidate.entry,
        state,
        disposition: Some(ended.disposition),
        due_at,
        reason: after.because,
    }
}
