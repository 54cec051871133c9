//! What the dialler is through with becomes done, excused, or another channel's task.

use super::{Error, Planner, Settings};
use crate::base::Timestamp;
use crate::io::store::callback::{Ending, Settling, Stored};
use crate::policy::pack::{Method, Purpose, Scale};
use crate::policy::{Attempts, CallbackState, Reason, Settled, Terms, settle};

/// Callbacks of one transaction.
const BATCH: u32 = 200;

impl Planner {
    /// Settles every released callback whose entry is final; gives how many.
    pub(super) async fn settle(&self, settings: &Settings, now: Timestamp) -> Result<u64, Error> {
        let mut settled = 0;
        loop {
            let found = self.store().settling(BATCH).await?;
            if found.is_empty() {
                return Ok(settled);
            }
            let ids: Vec<_> = found.iter().map(|s| s.stored.callback.id).collect();
            let joined = self.store().joined_callbacks(&ids).await?;
            let mut endings = Vec::with_capacity(found.len() + joined.len());
            for settling in &found {
                let id = settling.stored.callback.id;
                endings.push(ending(settings, &settling.stored, settling, None));
                for other in joined.iter().filter(|j| j.callback.merged_into == Some(id)) {
                    endings.push(ending(settings, other, settling, Some(id)));
                }
            }
            let ended = self.store().end_callbacks(&endings, now).await?;
            settled += ended;
            if ended == 0 {
                // Somebody else settled them at this moment.
                return Ok(settled);
            }
        }
    }
}

/// What becomes of a callback, by its own rule, after the attempts of one that was called.
fn ending(
    settings: &Settings,
    stored: &Stored,
    settling: &Settling,
    into: Option<crate::base::CallbackId>,
) -> Ending {
    let b = &stored.callback;
    let day = settings.calendar.date(settling.at);
    let policy = settings.policies.in_force(&b.pack, day);
    let rule = policy.and_then(|p| p.pack.rule.get(&b.rule));
    let scale = policy.map_or_else(Scale::default, |p| p.pack.scale.clone());
    let terms = Terms {
        scale: &scale,
        purpose: rule.map_or(Purpose::Callback, |r| r.purpose),
        fallback: rule.and_then(|r| r.fallback),
    };
    let attempts = Attempts {
        disposition: settling.disposition,
        reason: &settling.reason,
        scores: &settling.scores,
        complaints: &settling.complaints,
    };
    let (state, outcome, method, reason) = match settle(&attempts, terms) {
        Settled::Closed { state, outcome, reason } => (state, Some(outcome), Method::Phone, reason),
        Settled::Fallback { method, reason } => (CallbackState::Open, None, method, reason),
    };
    let reason = match into {
        Some(id) => Reason { detail: format!("{}; one call with callback {id}", reason.detail), ..reason },
        None => reason,
    };
    Ending {
        callback: b.id,
        customer: b.customer,
        pack: b.pack.clone(),
        day: stored.released_day,
        state,
        outcome,
        method,
        reason,
        call: settling.call,
        at: settling.at,
    }
}
