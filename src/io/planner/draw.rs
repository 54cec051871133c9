//! Random samples on their days. The seed is made of what everybody knows (pack, rule and day),
//! so that anybody can draw the same from the published frame (SCH-18).

use jiff::ToSpan;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::{Error, Planner, Settings, in_force};
use crate::base::{CustomerId, EventId, Timestamp};
use crate::calendar::Unit;
use crate::io::store::callback::{Changes, Draw};
use crate::plan::sample;
use crate::plan::{self, PolicyRef};
use crate::policy::pack::{Policy, Rule, Sample, holds_for};

/// Events of one query.
const PAGE: u32 = 5_000;

impl Planner {
    /// Draws what is to be drawn today, once.
    pub(super) async fn draw_samples(
        &self,
        settings: &Settings,
        pack: &str,
        today: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        let policy = in_force(settings, pack, today)?;
        for (id, rule) in policy.pack.rule.iter().filter(|(_, rule)| rule.enabled) {
            let Some(wanted) = &rule.on.sample else { continue };
            if sample::is_drawn_on(wanted, today) {
                self.draw(settings, policy, id, rule, wanted, today, now).await?;
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // One draw has as many terms.
    async fn draw(
        &self,
        settings: &Settings,
        policy: &Policy,
        rule_id: &str,
        rule: &Rule,
        wanted: &Sample,
        today: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        let pack = &policy.pack.pack;
        if !self.store().draws(pack, rule_id, today, today).await?.is_empty() {
            return Ok(());
        }
        let units = self.frame(settings, pack, rule, wanted, today).await?;
        let last = self.store().last_drawn(pack, rule_id).await?;
        let seed = seed(pack, rule_id, today);
        let drawn = sample::draw(wanted, &settings.calendar, today, seed, &units, &last);
        let customers: Vec<CustomerId> = drawn.picks.iter().map(|pick| pick.customer).collect();
        let customers = self.store().customers_by_id(&customers).await?;
        let events: Vec<EventId> = drawn.picks.iter().map(|pick| pick.event).collect();
        let events = self.store().events_by_id(&events).await?;
        let reference = PolicyRef { pack: &policy.pack, version: &policy.version };
        let callback = |pick: &sample::Pick| {
            let (customer, event) = (customers.get(&pick.customer)?, events.get(&pick.event)?);
            plan::drawn(reference, &settings.calendar, rule_id, customer, event, today, now)
        };
        let changes =
            Changes { new: drawn.picks.iter().filter_map(callback).collect(), ..Changes::default() };
        let kept = Draw {
            pack: pack.clone(),
            rule: rule_id.to_owned(),
            day: today.to_string(),
            seed: seed.to_string(),
            frame_hash: drawn.frame_hash.clone(),
            frame_size: i64::try_from(drawn.frame_size).unwrap_or(i64::MAX),
            picks: serde_json::to_string(&drawn).unwrap_or_default(),
            drawn_at: now.0,
        };
        if self.store().keep_draw(&kept, &changes, now).await? {
            let size = drawn.picks.len();
            tracing::info!(pack, rule = rule_id, %today, seed, frame = drawn.frame_size, size, "sample drawn");
        }
        Ok(())
    }

    /// What can be drawn from: events of the kind, lately, for which the rule's conditions hold.
    async fn frame(
        &self,
        settings: &Settings,
        pack: &str,
        rule: &Rule,
        wanted: &Sample,
        today: Date,
    ) -> Result<Vec<sample::Unit>, Error> {
        // A little more than the recency; the draw itself looks exactly.
        let amount = wanted.recency.amount.unsigned_abs().min(3_660);
        let days = match wanted.recency.unit {
            Unit::Minutes | Unit::Hours => amount / 24 + 2,
            Unit::Days => amount + 1,
            Unit::WorkingDays => amount * 2 + 60,
            Unit::Months => amount.min(120) * 31 + 1,
            Unit::Years => amount.min(10) * 366 + 1,
        };
        let days = i64::from(days);
        let calendar = &settings.calendar;
        let from = calendar.start_of(today.checked_sub(days.days()).unwrap_or(today));
        let to = calendar.start_of(today);
        let mut units = Vec::new();
        let mut after = None;
        loop {
            let events = self.store().events_of_kind(pack, &wanted.from, (from, to), after, PAGE).await?;
            let Some(last) = events.last() else { return Ok(units) };
            after = Some((last.at, last.id));
            let ids: std::collections::BTreeSet<CustomerId> = events.iter().map(|e| e.customer).collect();
            let ids: Vec<CustomerId> = ids.into_iter().collect();
            let customers = self.store().customers_by_id(&ids).await?;
            let fits = |event: &&crate::archive::Event| {
                customers.get(&event.customer).is_some_and(|customer| {
                    customer.standing == crate::archive::Standing::Active
                        && holds_for(&rule.when, customer, Some(event))
                })
            };
            units.extend(events.iter().filter(fits).map(|event| sample::Unit {
                key: event.external_id.clone(),
                stratum: event.fields.get(&wanted.strata).cloned().unwrap_or_default(),
                customer: event.customer,
                event: event.id,
                at: event.at,
            }));
        }
    }
}

/// The seed of a draw: the first 8 bytes of the SHA-256 of `<pack>/<rule>/<day>`, big endian.
fn seed(pack: &str, rule: &str, day: Date) -> u64 {
    let digest = Sha256::digest(format!("{pack}/{rule}/{day}"));
    digest[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
