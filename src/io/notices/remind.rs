//! Acknowledgements that do not come: asked for again, then the next level hears of it, and what
//! had to be confirmed by a time becomes a task (NOT-01, NOT-04).

use serde_json::json;

use super::turn::millis;
use super::{ACTOR, Error, Notices};
use crate::base::Timestamp;
use crate::io::store::NewWarning;
use crate::io::store::notice::Unacked;
use crate::notice::{NewNotice, Settings, Standing, standing};

/// Notices that are looked at in one turn.
const LOOKED_AT: u32 = 500;

impl Notices {
    pub(super) async fn remind(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        let before = Timestamp(now.0.saturating_sub(millis(settings.ack_after)));
        for unacked in self.store().unacked_notices(before, now, LOOKED_AT).await? {
            if unacked.confirm_by.is_some() {
                self.task(&unacked, now).await?;
                self.escalate(settings, &unacked, now).await?;
                continue;
            }
            match standing(settings, unacked.asked_at, unacked.rounds, now) {
                Standing::Wait(_) => {}
                Standing::Again => self.store().ask_again(unacked.id).await?,
                Standing::Escalate => self.escalate(settings, &unacked, now).await?,
            }
        }
        Ok(())
    }

    /// A warning that a person settles, or that goes with the confirmation.
    async fn task(&self, unacked: &Unacked, now: Timestamp) -> Result<(), Error> {
        let planner = self.parts.planner.settings();
        let notice = &unacked.notice;
        let warning = NewWarning {
            day: planner.calendar.date(now),
            code: "unconfirmed_notice".into(),
            subject: format!("notice:{}", unacked.id),
            detail: format!("{} has not confirmed {} about {}", notice.to, notice.topic, notice.subject),
        };
        for raised in self.store().raise_warnings(&notice.pack, &[warning], ACTOR, now).await? {
            let alarm = format!("{}: {}: {}", raised.code, raised.subject, raised.detail);
            tracing::warn!(alarm, "a person should look at this");
            let told =
                json!({ "call": null, "alarm": alarm, "pack": notice.pack, "day": raised.day.to_string() });
            self.parts.hub.publish_value("alarm", &told);
        }
        Ok(())
    }

    async fn escalate(&self, settings: &Settings, unacked: &Unacked, now: Timestamp) -> Result<(), Error> {
        let planner = self.parts.planner.settings();
        let notice = &unacked.notice;
        let level = settings.next_level(&notice.to);
        let facts = [
            ("notice", unacked.id.to_string()),
            ("about", format!("{} {}", notice.topic, notice.subject)),
            ("recipient", notice.to.clone()),
            ("times", unacked.rounds.to_string()),
            ("since", planner.calendar.civil(unacked.asked_at)),
        ];
        let next = NewNotice {
            key: format!("unacked:{}", unacked.id),
            topic: "notice.unacknowledged".into(),
            to: level.to_owned(),
            subject: notice.subject.clone(),
            pack: notice.pack.clone(),
            facts: facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            wants_ack: false,
        };
        let is_heard = !level.is_empty() || settings.is_routed(&next.topic, &next.pack);
        // Otherwise one escalation would call for the next without end.
        let is_last = notice.topic == next.topic;
        let next = (is_heard && !is_last).then_some(&next);
        self.store().escalate_notice(unacked.id, next, now).await?;
        tracing::warn!(
            notice = unacked.id,
            topic = notice.topic,
            to = notice.to,
            "nobody acknowledged a notice"
        );
        Ok(())
    }
}
