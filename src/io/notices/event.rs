//! Departments that hear of events (NOT-01, NOT-08).

use std::time::Duration;

use super::turn::millis;
use super::{Error, Notices};
use crate::base::Timestamp;
use crate::io::store::notice::{Extended, ToldEvent};
use crate::notice::{EventNotice, NewNotice, Settings, event_facts};
use crate::policy::pack::Policies;

/// What came in before is not told of at once any more: the daemon was off for longer.
const FRESH: Duration = Duration::from_secs(24 * 3_600);
/// Events with a date to come are looked for so far back.
const BACK: Duration = Duration::from_secs(366 * 24 * 3_600);
/// Rows that are looked at again, for transactions end in another order than they begin.
const OVERLAP: i64 = 1_000;

impl Notices {
    pub(super) async fn tell_events(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        let planner = self.parts.planner.settings();
        for rule in &settings.events {
            let at_once = rule.field.is_empty();
            let name = format!("event {} {} {}", rule.pack, rule.kind, rule.topic);
            let from = if at_once { self.store().notice_mark(&name).await? } else { 0 };
            let since = Timestamp(now.0.saturating_sub(millis(if at_once { FRESH } else { BACK })));
            let events = self.store().events_to_tell(&rule.pack, &rule.kind, from, since).await?;
            let mut notices = Vec::new();
            for event in &events {
                let Some((at, confirm_by)) = rule.due(&event.fields, &planner.calendar, now) else {
                    continue;
                };
                if at <= now {
                    notices.extend(self.of_event(rule, event, confirm_by, &planner.policies, now));
                }
            }
            if !notices.is_empty() {
                self.store().queue_extended(&notices, now).await?;
            }
            if let Some(last) = events.last().filter(|last| at_once && last.id - OVERLAP > from) {
                self.store().set_notice_mark(&name, last.id - OVERLAP).await?;
            }
        }
        Ok(())
    }

    fn of_event<'a>(
        &'a self,
        rule: &'a EventNotice,
        event: &'a ToldEvent,
        confirm_by: Option<Timestamp>,
        policies: &'a Policies,
        now: Timestamp,
    ) -> impl Iterator<Item = Extended> + 'a {
        let planner = self.parts.planner.settings();
        let calendar = planner.calendar;
        let today = calendar.date(now);
        let kind = policies.in_force(&rule.pack, today).and_then(|p| p.pack.event.get(&rule.kind));
        let title = kind.map_or(rule.kind.as_str(), |kind| kind.title.as_str());
        let at = calendar.civil(event.at);
        let mut facts = event_facts(title, &at, &event.customer, &event.phone, &event.matter, &event.fields);
        if let Some(when) = event.fields.get(&rule.field) {
            facts.insert("when".into(), when.clone());
        }
        if let Some(by) = confirm_by {
            facts.insert("confirm_by".into(), calendar.civil(by));
        }
        rule.to.iter().map(move |to| Extended {
            notice: NewNotice {
                key: rule.key(event.id, &event.fields, to),
                topic: rule.topic.clone(),
                to: to.clone(),
                subject: format!("event:{}", event.id),
                pack: rule.pack.clone(),
                facts: facts.clone(),
                wants_ack: confirm_by.is_some(),
            },
            confirm_by,
            ..Extended::default()
        })
    }
}
