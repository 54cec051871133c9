//! Customers whose facts changed, or whose time has come, are looked at: which callbacks come
//! into being, become owed, are taken back or fulfilled.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Error, Planner, Settings};
use crate::base::{CustomerId, Timestamp};
use crate::io::store::callback::{Changes, Subject};
use crate::plan::{self, Change, PolicyRef};
use crate::policy::Callback;

/// Customers of one transaction.
const BATCH: u32 = 200;
/// Batches of one turn, so that other turns come in between.
const BATCHES: usize = 25;
/// How long a customer may be in work; after a crash they are looked at again then.
const LEASE: Duration = Duration::from_secs(20);
/// When a customer is looked at again whose facts do not come to rest.
const REST: Duration = Duration::from_secs(60);

/// What reviews came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Reviewed {
    /// Packs in which callbacks came into being or changed.
    pub packs: BTreeSet<String>,
    /// Callbacks that came into being.
    pub made: u64,
    /// Callbacks that changed.
    pub changed: u64,
    /// Whether more customers wait.
    pub more: bool,
}

impl Planner {
    /// Looks at customers whose time has come, a bounded number of them.
    pub(super) async fn review(&self, settings: &Settings, now: Timestamp) -> Result<Reviewed, Error> {
        let mut reviewed = Reviewed::default();
        let lease = now + LEASE;
        for _ in 0..BATCHES {
            let ids = self.store().take_reviews(now, lease, BATCH).await?;
            if ids.is_empty() {
                return Ok(reviewed);
            }
            let changes = self.derive(settings, &ids, lease, now, &mut reviewed.packs).await?;
            let (made, changed) = self.store().change_callbacks(&changes, now).await?;
            reviewed.made += made;
            reviewed.changed += changed;
        }
        reviewed.more = true;
        Ok(reviewed)
    }

    async fn derive(
        &self,
        settings: &Settings,
        ids: &[CustomerId],
        lease: Timestamp,
        now: Timestamp,
        packs: &mut BTreeSet<String>,
    ) -> Result<Changes, Error> {
        let subjects = self.store().subjects(ids).await?;
        let mut changes = Changes { lease, ..Changes::default() };
        let today = settings.calendar.date(now);
        for subject in &subjects {
            let customer = subject.customer.id;
            let Some(policy) = settings.policies.in_force(&subject.customer.pack, today) else {
                changes.reviews.push((customer, None));
                continue;
            };
            let policy = PolicyRef { pack: &policy.pack, version: &policy.version };
            let derived = plan::derive(policy, &settings.calendar, &subject.as_plan(), now);
            for fault in &derived.faults {
                tracing::warn!(%customer, fault, "a rule could not be applied");
            }
            if !derived.changes.is_empty() {
                packs.insert(subject.customer.pack.clone());
            }
            let mut at = derived.review_at;
            if derived.changes.is_empty() && at.is_some_and(|at| at <= now) {
                at = Some(now + REST);
            }
            changes.reviews.push((customer, at));
            apply(&derived.changes, subject, &mut changes);
        }
        Ok(changes)
    }
}

/// Changes of one customer, as what is to be written.
pub(super) fn apply(derived: &[Change], subject: &Subject, changes: &mut Changes) {
    let mut changed: Vec<(crate::policy::CallbackState, Callback)> = Vec::new();
    for change in derived {
        let id = match change {
            Change::New(callback) => {
                changes.new.push(Callback::clone(callback));
                continue;
            }
            Change::Open { id, .. }
            | Change::Excuse { id, .. }
            | Change::Satisfy { id, .. }
            | Change::Breach { id, .. } => *id,
        };
        // Several changes of one callback are written as one.
        if let Some((_, callback)) = changed.iter_mut().find(|(_, c)| c.id == id) {
            change.apply_to(callback);
        } else if let Some(old) = subject.callbacks.iter().find(|c| c.id == id) {
            let mut callback = old.clone();
            change.apply_to(&mut callback);
            changed.push((old.state, callback));
        }
    }
    changes.changed.extend(changed);
}
