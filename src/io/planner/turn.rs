//! One turn of the daemon: everything that is due is done, and it is known when to look again.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;

use super::{ACTOR, Error, Planner, Settings};
use crate::base::Timestamp;

/// Looked at again by then where nothing is known to come.
const A_DAY: Duration = Duration::from_secs(24 * 3600);
/// Deadlines that are marked in one transaction.
const BREACHES: u32 = 1_000;

/// What a turn came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Callbacks that were settled by their calls.
    pub settled: u64,
    /// Callbacks that came into being.
    pub made: u64,
    /// Callbacks that the rules changed.
    pub changed: u64,
    /// Deadlines that passed.
    pub breached: u64,
    /// Entries that the dialler was given.
    pub released: u64,
    /// Whether more waits already.
    pub more: bool,
    /// When time alone gives the next turn something to do.
    pub next: Timestamp,
}

impl Planner {
    /// Does everything that is due at `now`.
    ///
    /// # Errors
    /// The first part that the database did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let settings = self.settings();
        self.keep_policies(&settings, now).await?;
        let mut turn = Turn { settled: self.settle(&settings, now).await?, ..Turn::default() };
        let reviewed = self.review(&settings, now).await?;
        (turn.made, turn.changed, turn.more) = (reviewed.made, reviewed.changed, reviewed.more);
        loop {
            let breached = self.store().mark_breached(now, BREACHES).await?;
            for breach in &breached {
                tracing::warn!(
                    callback = breach.id,
                    pack = breach.pack,
                    rule = breach.rule,
                    "a deadline passed"
                );
            }
            turn.breached += breached.len() as u64;
            if breached.len() < BREACHES as usize {
                break;
            }
        }
        let today = settings.calendar.date(now);
        for pack in self.packs(&settings, today) {
            self.close_days(&settings, &pack, now).await?;
            self.keep_warnings(&settings, &pack, today, now).await?;
            // A backlog of facts is worked off before a list is made of half of it.
            if !turn.more {
                turn.released += self.keep_day(&settings, &pack, today, now).await?;
            }
        }
        turn.more |= self.owe_surveys(&settings, now).await?;
        let ring = self.ring_appointments(&settings, now).await?;
        turn.next = self.next(&settings, today, now).await?;
        turn.next = turn.next.min(ring.unwrap_or(turn.next));
        Ok(turn)
    }

    /// Packs with a policy in force.
    fn packs(&self, settings: &Settings, today: Date) -> BTreeSet<String> {
        settings.policies.all_in_force(today).map(|policy| policy.pack.pack.clone()).collect()
    }

    /// From the release time on: draws, builds and releases the day once, and adds what became
    /// due since. Gives how many entries the dialler was given.
    async fn keep_day(
        &self,
        settings: &Settings,
        pack: &str,
        today: Date,
        now: Timestamp,
    ) -> Result<u64, Error> {
        if now < settings.calendar.instant(today, settings.release_at) {
            return Ok(0);
        }
        let state = self.store().day_plan(pack, today).await?.map(|plan| plan.state);
        if matches!(state.as_deref(), None | Some("draft")) {
            self.draw_samples(settings, pack, today, now).await?;
        }
        match state.as_deref() {
            None => {
                self.build_day(pack, today, now).await?;
                if settings.auto_release {
                    return Ok(self.release_day(pack, today, ACTOR, now).await?.added);
                }
                Ok(0)
            }
            Some("draft") if settings.auto_release => {
                Ok(self.release_day(pack, today, ACTOR, now).await?.added)
            }
            Some("released") => {
                self.sweep(settings, pack, today, now).await?;
                self.add_to_day(pack, today, now).await
            }
            Some(_) => Ok(0),
        }
    }

    /// The next moment at which a turn has something to do.
    async fn next(&self, settings: &Settings, today: Date, now: Timestamp) -> Result<Timestamp, Error> {
        let calendar = &settings.calendar;
        let tomorrow = today.tomorrow().unwrap_or(today);
        let clock = [
            calendar.instant(today, settings.release_at),
            calendar.instant(tomorrow, settings.release_at),
            calendar.end_of(today),
        ];
        let clock = clock.into_iter().filter(|at| *at > now).min();
        let stored = self.store().next_planning().await?.map(|at| at.max(now));
        Ok([clock, stored].into_iter().flatten().min().unwrap_or(now + A_DAY))
    }
}
