//! Closed records of a month, put away by themselves once the month is over (ARC-08).

use jiff::ToSpan;
use jiff::civil::Date;

use super::{ACTOR, Error, Planner, Settings};
use crate::base::Timestamp;

impl Planner {
    /// Puts away the month of a day whose books were closed, where the month is over and its pack
    /// names a keeper; once for a month.
    pub(super) async fn put_away_month(
        &self,
        settings: &Settings,
        pack: &str,
        day: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (first, today) = (day.first_of_month(), settings.calendar.date(now));
        let keeper = settings.policies.in_force(pack, today).map_or("", |policy| policy.pack.keeper.trim());
        if keeper.is_empty() || today.first_of_month() <= first {
            return Ok(());
        }
        let month = first.strftime("%Y-%m").to_string();
        let kept = self.store().archive_rows(Some(pack)).await?;
        if kept.iter().any(|row| row.month == month && row.created_by == ACTOR) {
            return Ok(());
        }
        let next = first.saturating_add(1.month());
        let span = (settings.calendar.start_of(first), settings.calendar.start_of(next));
        let row = self.store().put_away(pack, &month, span, keeper, ACTOR, now).await?;
        tracing::info!(
            pack,
            month,
            callbacks = row.callbacks,
            events = row.events,
            keeper,
            "a month is put away"
        );
        Ok(())
    }
}
