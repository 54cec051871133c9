//! Departments that get a copy of what was taken in (IMP-08).

use super::{Error, Notices};
use crate::base::Timestamp;
use crate::io::store::notice::Copy;
use crate::notice::{NewNotice, event_facts};

/// Copies of one transaction.
const BATCH: u32 = 200;
/// Topic of a copy.
const TOPIC: &str = "intake.copy";

impl Notices {
    pub(super) async fn tell_copies(&self, now: Timestamp) -> Result<(), Error> {
        loop {
            let owed = self.store().copies_owed(BATCH).await?;
            let notices: Vec<NewNotice> = owed.iter().map(|copy| self.of_copy(copy, now)).collect();
            let ids: Vec<i64> = owed.iter().map(|copy| copy.id).collect();
            if !ids.is_empty() {
                self.store().copies_sent(&ids, &notices, now).await?;
            }
            if owed.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    fn of_copy(&self, copy: &Copy, now: Timestamp) -> NewNotice {
        let planner = self.parts.planner.settings();
        let policy = planner.policies.in_force(&copy.pack, planner.calendar.date(now));
        let kind = policy.and_then(|policy| policy.pack.event.get(&copy.kind));
        let title = kind.map_or(copy.kind.as_str(), |kind| kind.title.as_str());
        let at = planner.calendar.civil(Timestamp(copy.at));
        let fields = serde_json::from_str(&copy.fields).unwrap_or_default();
        NewNotice {
            key: format!("copy:{}", copy.id),
            topic: TOPIC.into(),
            to: copy.recipient.clone(),
            subject: format!("event:{}", copy.event_id),
            pack: copy.pack.clone(),
            facts: event_facts(title, &at, &copy.customer, &copy.phone, &copy.matter, &fields),
            wants_ack: false,
        }
    }
}
