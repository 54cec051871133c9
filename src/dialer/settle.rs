//! From facts and results to entry updates: where the dialler meets policy.

use super::{CampaignSettings, Candidate, Ended, EntryState, EntryUpdate, NewEntry, Turn};
use crate::base::{Disposition, PhoneNumber, Timestamp};
use crate::calendar::Windows;
use crate::policy::{self, After, Attempted, Deadline, Decision, Facts, Hours, Next, Reason, code};

/// The column of a list in which a customer's quiet hours stand, as window text.
pub const QUIET_HOURS_FIELD: &str = "quiet_hours";

/// The hours that a customer named.
struct OwnHours {
    quiet: Option<Windows>,
    preferred: Option<Windows>,
}

impl OwnHours {
    /// A text that is no window was refused where it came in; what slips past is no reason to
    /// be silent.
    fn of(details: &NewEntry, settings: &CampaignSettings) -> Self {
        let read = |text: &str| Windows::parse(&[text], &settings.timezone).ok();
        let named = |text: &str| (!text.is_empty()).then(|| read(text)).flatten();
        let field = || details.fields.get(QUIET_HOURS_FIELD).and_then(|text| read(text));
        OwnHours {
            quiet: named(&details.terms.quiet_hours).or_else(field),
            preferred: named(&details.terms.preferred_hours),
        }
    }

    fn within<'a>(&'a self, windows: &'a Windows) -> Hours<'a> {
        Hours { windows, quiet: self.quiet.as_ref(), preferred: self.preferred.as_ref() }
    }
}

fn deadline(details: &NewEntry, settings: &CampaignSettings) -> Option<Deadline> {
    details.terms.deadline_at.map(|at| Deadline { at, goes_on: settings.after_deadline })
}

/// Whether this customer may be called at this moment; asked last before an attempt is reserved.
pub(super) fn judge(
    now: Timestamp,
    settings: &CampaignSettings,
    windows: &Windows,
    candidate: &Candidate,
) -> Decision {
    let own = OwnHours::of(&candidate.details, settings);
    policy::decide(&Facts {
        now,
        hours: own.within(windows),
        due_at: candidate.details.due_at,
        appointment: candidate.is_appointment(),
        deadline: deadline(&candidate.details, settings),
        do_not_call: candidate.do_not_call,
        attempts: policy::counted_attempts(candidate.attempts, &candidate.attempts_by),
        max_attempts: settings.max_attempts,
        caps: settings.caps_per_number(),
        calls: &candidate.recent_calls,
    })
}

/// Whether a call that is reserved or sought another way for falls into hours in which its
/// customer does not want to be called.
pub(super) fn is_quiet(now: Timestamp, settings: &CampaignSettings, candidate: &Candidate) -> bool {
    let own = OwnHours::of(&candidate.details, settings);
    !candidate.is_appointment() && own.quiet.is_some_and(|quiet| quiet.is_open(now))
}

/// The update for an entry that was looked at and is not called: it keeps what the customer
/// was promised.
pub(super) fn set_aside(candidate: &Candidate, until: Option<Timestamp>, because: Reason) -> EntryUpdate {
    let state = match (until, because.code.as_str()) {
        (Some(_), _) => EntryState::Pending,
        (None, code::ATTEMPTS_SPENT | code::DEADLINE_PASSED) => EntryState::Failed,
        (None, _) => EntryState::Stopped,
    };
    let update = EntryUpdate::new(candidate.entry, state, None, until, because);
    EntryUpdate { exact_at: candidate.details.terms.exact_at, ..update }
}

/// What becomes of an entry after an attempt: by the campaign's rules, spacing and windows,
/// the entry's deadline, and the customer's further numbers.
///
/// `candidate` holds the attempts before this one. Also used at start for attempts that
/// were left without an outcome ([`Disposition::Lost`]).
pub fn settle(
    now: Timestamp,
    settings: &CampaignSettings,
    windows: &Windows,
    candidate: &Candidate,
    ended: Ended,
) -> EntryUpdate {
    let mut attempts_by = candidate.attempts_by.clone();
    *attempts_by.entry(ended.disposition).or_default() += 1;
    let (details, own) = (&candidate.details, OwnHours::of(&candidate.details, settings));
    let after = policy::after_attempt(&Attempted {
        now,
        disposition: ended.disposition,
        later_at: ended.later_at,
        attempts_by: &attempts_by,
        max_attempts: settings.max_attempts,
        rules: &settings.retry,
        spacing: &settings.spacing,
        hours: own.within(windows),
        deadline: deadline(details, settings),
        more_numbers: !details.terms.numbers.is_empty(),
    });
    update(candidate, ended.disposition, after)
}

fn update(candidate: &Candidate, disposition: Disposition, after: After) -> EntryUpdate {
    let details = &candidate.details;
    let (state, due_at) = match after.next {
        Next::Again(at) | Next::Promised(at) => (EntryState::Pending, Some(at)),
        Next::Done => (EntryState::Done, None),
        Next::Failed => (EntryState::Failed, None),
        Next::Stopped => (EntryState::Stopped, None),
    };
    let exact_at = match after.next {
        Next::Promised(at) => Some(at),
        // A promised call that did not come about for no reason of the customer's is still
        // owed, and still goes first.
        Next::Again(_) if is_no_try(disposition) => details.terms.exact_at,
        _ => None,
    };
    let turn = due_at.and_then(|_| next_number(&details.phone, &details.terms.numbers, disposition));
    let update = EntryUpdate::new(candidate.entry, state, Some(disposition), due_at, after.because);
    EntryUpdate { exact_at, turn, ..update }
}

const fn is_no_try(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Congestion | Disposition::Failed | Disposition::Cancelled)
}

/// The numbers go round: the one that was tried comes last, unless it does not exist.
fn next_number(phone: &PhoneNumber, numbers: &[PhoneNumber], disposition: Disposition) -> Option<Turn> {
    let (next, rest) = numbers.split_first().filter(|_| policy::turns_number(disposition))?;
    let tried = (disposition != Disposition::InvalidNumber).then(|| phone.clone());
    Some(Turn { phone: next.clone(), numbers: rest.iter().cloned().chain(tried).collect() })
}
