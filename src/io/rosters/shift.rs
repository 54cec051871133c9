//! Shifts as people see them, and who is there for them.

use serde::{Deserialize, Serialize};

use super::{Error, Rosters};
use crate::base::Timestamp;
use crate::io::store::roster::ShiftRow;
use crate::roster::{Attendance, Shift, attendance};

/// A shift and how it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShiftView {
    /// The shift.
    #[serde(flatten)]
    pub shift: ShiftRow,
    /// `excused`, `in_time`, `late` or `awaited`.
    pub attendance: String,
    /// Minutes late.
    pub late_minutes: u64,
}

impl Rosters {
    /// Shifts that overlap `[from, to)`, with how they are kept at `now`.
    ///
    /// # Errors
    /// The database.
    pub async fn shifts(
        &self,
        pack: Option<&str>,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<ShiftView>, Error> {
        let calendar = self.parts.planner.settings().calendar;
        let rows = self.store().shifts(pack, from, to, |at| calendar.date(at)).await?;
        Ok(rows.into_iter().map(|row| self.view(row, now)).collect())
    }

    pub(super) fn view(&self, row: ShiftRow, now: Timestamp) -> ShiftView {
        let shift = Shift {
            person: row.person.clone(),
            starts_at: Timestamp(row.starts_at),
            ends_at: Timestamp(row.ends_at),
            arrived_at: row.arrived_at.map(Timestamp),
            on_leave: row.on_leave == 1,
        };
        let before = self.settings(&row.pack).present_before;
        let (word, late_minutes) = match attendance(&shift, before, now) {
            Attendance::Excused => ("excused", 0),
            Attendance::InTime => ("in_time", 0),
            Attendance::Awaited => ("awaited", 0),
            Attendance::Late(minutes) => ("late", minutes),
        };
        ShiftView { shift: row, attendance: word.into(), late_minutes }
    }

    /// Agents of a pack who have a shift now and are there: calls that need one may be placed for
    /// as many, and none where nobody is there. None: the pack has no shift now, and says nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn agents_present(&self, pack: &str, now: Timestamp) -> Result<Option<usize>, Error> {
        let next = Timestamp(now.0.saturating_add(1));
        let shifts = self.shifts(Some(pack), now, next, now).await?;
        if shifts.is_empty() {
            return Ok(None);
        }
        let presence = self.store().presence().await?;
        let is_there = |view: &&ShiftView| presence.get(&view.shift.person).is_some_and(|p| p.present);
        Ok(Some(shifts.iter().filter(is_there).count()))
    }
}
