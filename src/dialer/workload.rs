//! One campaign at work: its queue of due entries, its pace, and when to ask for more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::pace::Pacer;
use super::seats::Tally;
use super::{Campaign, CampaignState, Candidate, EntryUpdate, Fetched};
use crate::base::{EntryId, Mono, Now, Timestamp};
use crate::calendar::Windows;
use crate::policy::Reason;

/// A running campaign looks at its list at least so often, because lists change from
/// outside and the wall clock may be set.
pub(super) const POLL: Duration = Duration::from_secs(30);
/// The same while its window is closed, when only its end can be found out.
pub(super) const CLOSED_POLL: Duration = Duration::from_secs(600);
/// Between two fetches that brought nothing new.
pub(super) const FETCH_PAUSE: Duration = Duration::from_secs(1);
/// A fetch that is not answered for so long is given up.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(60);
/// An entry that the store refused to reserve is not taken up again for so long.
pub(super) const REFUSED_REST: Duration = Duration::from_secs(60);
/// The same of a call that a customer was promised: it has a minute.
pub(super) const PROMISED_REST: Duration = Duration::from_secs(10);
/// So long before a promised call one place of the campaign's concurrency is kept free.
const PLACE_KEPT: Duration = Duration::from_secs(180);
/// Entries at rest that are remembered per campaign; older ones may come up again early.
pub(super) const MAX_RESTING: usize = 10_000;

/// Where the fetching of entries stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum FetchState {
    /// Asked, at that time and for so many.
    Asked(Mono, u32),
    /// Not to be asked before.
    At(Mono),
}

/// What the last fetch said about the rest of the list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    pub unfinished: u64,
    pub next_due: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Workload {
    pub campaign: Campaign,
    pub windows: Windows,
    /// Whether the window is open, and the time span for which that was worked out.
    pub open: bool,
    open_known: Option<(Timestamp, Timestamp)>,
    opening: Option<Timestamp>,
    pub queue: VecDeque<Candidate>,
    /// Entries in `queue`, and those with a call.
    pub taken: BTreeSet<EntryId>,
    resting: BTreeMap<EntryId, Mono>,
    /// Calls reserved, waiting or up.
    pub in_flight: u32,
    /// Calls that are reserved on disk but not dialled: while there are any, none is reserved.
    pub waiting: u32,
    /// Paces reservations, so that no more are made than can be dialled.
    pub reserve: Pacer,
    /// Paces the calls themselves.
    pub dial: Pacer,
    pub fetch: FetchState,
    pub rest: Option<Rest>,
    /// The list changed since it was last read.
    pub look: bool,
    /// When the next customer is promised a call.
    promised: Option<Timestamp>,
    /// As last told; the outer None: never told.
    pub blocked: Option<Option<Reason>>,
    /// Turn in which it was last served, so that equals take turns.
    pub served: u64,
    /// What its customers of today found.
    pub tally: Tally,
}

impl Workload {
    pub(super) fn new(campaign: Campaign, windows: Windows) -> Self {
        let rate = campaign.settings.calls_per_second;
        Workload {
            campaign,
            windows,
            open: false,
            open_known: None,
            opening: None,
            queue: VecDeque::new(),
            taken: BTreeSet::new(),
            resting: BTreeMap::new(),
            in_flight: 0,
            waiting: 0,
            reserve: Pacer::new(rate),
            dial: Pacer::new(rate),
            fetch: FetchState::At(Mono(0)),
            rest: None,
            look: false,
            promised: None,
            blocked: None,
            served: 0,
            tally: Tally::default(),
        }
    }

    /// New settings for a campaign at work. Its state stays: this machine leads it.
    pub(super) fn replace(&mut self, campaign: Campaign, windows: Windows) {
        let state = self.campaign.state;
        self.reserve.set_rate(campaign.settings.calls_per_second);
        self.dial.set_rate(campaign.settings.calls_per_second);
        self.campaign = Campaign { state, ..campaign };
        self.windows = windows;
        self.open_known = None;
    }

    /// A customer answered on this day.
    pub(super) fn note_answer(&mut self, day: jiff::civil::Date, abandoned: bool) {
        if self.tally.day != day {
            self.tally = Tally { day, ..Tally::default() };
        }
        self.tally.answered += 1;
        self.tally.abandoned += u32::from(abandoned);
    }

    pub(super) fn is_running(&self) -> bool {
        self.campaign.state == CampaignState::Running
    }

    /// Whether the entry at the head of the queue was promised a call.
    pub(super) fn leads_with_promise(&self) -> bool {
        self.queue.front().is_some_and(Candidate::is_appointment)
    }

    /// Room for the entry at the head of the queue. One place is kept for a call that is
    /// promised for the next minutes, for nobody can be hung up to make room for it.
    pub(super) fn has_room(&self, utc: Timestamp) -> bool {
        let limit = self.campaign.settings.concurrency;
        let near = self.promised.is_some_and(|at| at <= utc + PLACE_KEPT);
        let kept = u32::from(near && !self.leads_with_promise());
        limit == 0 || self.in_flight.saturating_add(kept) < limit
    }

    /// When the list must be read although enough is queued: at once where it changed, else
    /// when the next promised call is due.
    pub(super) fn must_look(&self, now: Now) -> Option<Mono> {
        if self.look {
            return Some(now.mono);
        }
        let wait = self.promised?.millis_since(now.utc).max(0).unsigned_abs();
        Some(now.mono + Duration::from_millis(wait))
    }

    /// Looks at the window again where the last look is out of date; gives the time at
    /// which it changes.
    pub(super) fn look_at_window(&mut self, utc: Timestamp) -> Timestamp {
        match self.open_known {
            Some((from, to)) if from <= utc && utc < to => to,
            _ => {
                let far = Timestamp(utc.0.saturating_add(24 * 3_600_000));
                let closing = self.windows.closing(utc);
                self.open = closing.is_some();
                self.opening = if self.open { Some(utc) } else { self.windows.next_opening(utc) };
                let to = closing.or(self.opening).unwrap_or(far);
                self.open_known = Some((utc, to));
                if self.open {
                    self.fetch = match self.fetch {
                        FetchState::At(_) => FetchState::At(Mono(0)),
                        asked => asked,
                    };
                } else {
                    // What is queued gets stale overnight; it is still pending in the store.
                    self.drop_queue();
                }
                to
            }
        }
    }

    /// When the window opens next, as worked out by the last look; None: not within a year.
    pub(super) fn opens_at(&self) -> Option<Timestamp> {
        self.opening
    }

    pub(super) fn drop_queue(&mut self) {
        for candidate in self.queue.drain(..) {
            self.taken.remove(&candidate.entry);
        }
    }

    /// Asks for entries no later than `at`.
    pub(super) fn fetch_by(&mut self, at: Mono) {
        if let FetchState::At(old) = &mut self.fetch {
            *old = (*old).min(at);
        }
    }

    /// Takes the answer to a fetch into the queue.
    pub(super) fn take_in(&mut self, now: Now, fetched: Fetched) {
        let asked = match self.fetch {
            FetchState::Asked(_, limit) => limit,
            FetchState::At(_) => 0,
        };
        self.resting.retain(|_, until| *until > now.mono);
        let all = fetched.candidates.len() < usize::try_from(asked).unwrap_or(usize::MAX);
        let (mut fresh, mut resting_until) = (0usize, None::<Mono>);
        let mut promised = fetched.next_exact;
        for candidate in fetched.candidates {
            if let Some(until) = self.resting.get(&candidate.entry) {
                if candidate.is_appointment() {
                    let after = now.utc + until.since(now.mono);
                    promised = Some(promised.map_or(after, |at| at.min(after)));
                }
                resting_until = Some(resting_until.map_or(*until, |u| u.min(*until)));
            } else if self.open && self.taken.insert(candidate.entry) {
                self.queue.push_back(candidate);
                fresh += 1;
            }
        }
        if fresh > 0 {
            // What came in later goes before what is less urgent; equals keep their order.
            self.queue
                .make_contiguous()
                .sort_by_key(|c| (!c.is_appointment(), std::cmp::Reverse(c.details.priority)));
        }
        self.rest = Some(Rest { unfinished: fetched.unfinished, next_due: fetched.next_due });
        self.promised = promised;
        let next = if (fresh > 0 && !all) || self.look {
            now.mono
        } else {
            let due = fetched.next_due.map(|due| match due.millis_since(now.utc) {
                ms if ms > 0 => now.mono + Duration::from_millis(ms.unsigned_abs()),
                _ => now.mono + FETCH_PAUSE,
            });
            // Only entries in calls are left, and none of them here: their records are on
            // the way to the store.
            let settling = fetched.next_due.is_none() && fetched.unfinished > 0 && self.in_flight == 0;
            let soon = (settling || !all).then(|| now.mono + FETCH_PAUSE);
            if self.open {
                [due, soon, resting_until].into_iter().flatten().fold(now.mono + POLL, Mono::min)
            } else {
                now.mono + if settling { FETCH_PAUSE } else { CLOSED_POLL }
            }
        };
        self.fetch = FetchState::At(next);
    }

    /// A customer is promised a call when this entry is due: read the list then.
    pub(super) fn note_promise(&mut self, now: Now, update: &EntryUpdate) {
        if let (Some(_), Some(due)) = (update.exact_at, update.due_at) {
            self.promised_at(now, due);
        }
    }

    /// Reads the list at `at`, whatever is queued then.
    pub(super) fn promised_at(&mut self, now: Now, at: Timestamp) {
        self.promised = Some(self.promised.map_or(at, |before| before.min(at)));
        self.fetch_by(now.mono + Duration::from_millis(at.millis_since(now.utc).max(0).unsigned_abs()));
    }

    /// The store refused to reserve this entry: leave it alone for a while.
    pub(super) fn lay_to_rest(&mut self, entry: EntryId, until: Mono) {
        if self.resting.len() < MAX_RESTING {
            self.resting.insert(entry, until);
        }
    }

    /// Nothing is queued and no call is up or reserved.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight == 0
    }
}
