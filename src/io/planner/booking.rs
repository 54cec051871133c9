//! Demand that bookings foretell, by day and shop or service (REM-09).

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Error, Planner};
use crate::archive::Event;
use crate::base::Timestamp;
use crate::plan::{Booked, WEEKS, demand};
use crate::table::date;

/// The event of a booking, its end, and its fields.
const MADE: &str = "booking.made";
const CANCELLED: &str = "booking.cancelled";
const WHEN: &str = "booking_at";
const PERSONS: &str = "persons";
/// Days ahead at most for which bookings are taken and demand is asked.
const MOST_DAYS: i32 = 92;
/// Events of one query.
const PAGE: u32 = 1_000;

/// What one day may bring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DemandLine {
    /// The day.
    pub day: String,
    /// Shop or service, by the field that was asked for; empty: not said.
    pub group: String,
    /// Bookings by now.
    pub booked: u32,
    /// Their persons.
    pub persons: u32,
    /// Bookings that are to be expected in the end, to one decimal.
    pub expected: f64,
    /// Weeks on which the expectation rests; 0: on none.
    pub weeks: u32,
}

impl Planner {
    /// Demand of the days from `from` to `to`, told apart by a field of the booking.
    ///
    /// # Errors
    /// [`Error::Refused`] for a span that is too long; those of the store.
    pub async fn demand(
        &self,
        pack: &str,
        (from, to): (Date, Date),
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<DemandLine>, Error> {
        if to < from || (to - from).get_days() > MOST_DAYS {
            return Err(Error::Refused(format!("{from} to {to}: ask for 1 to {MOST_DAYS} days")));
        }
        let calendar = self.settings().calendar;
        let today = calendar.date(now);
        let back = (7 * WEEKS + 2 * i64::from(MOST_DAYS)).days();
        let since = from.min(today).checked_sub(back).unwrap_or(from);
        let span = (calendar.start_of(since), calendar.end_of(today));
        let made = self.events_in(pack, MADE, span).await?;
        let mut ends: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for event in self.events_in(pack, CANCELLED, span).await? {
            ends.entry(event.subject()).or_default().push(event.at);
        }
        let booked = |event: &Event| {
            let cancelled = ends.get(&event.subject()).is_some_and(|at| at.iter().any(|at| *at >= event.at));
            let when = event.fields.get(WHEN).filter(|_| !cancelled)?;
            Some(Booked {
                made: calendar.date(event.at),
                day: calendar.date(date::read(when, calendar.zone()).ok()?.at),
                group: event.fields.get(by).map(|text| text.trim().to_owned()).unwrap_or_default(),
                persons: event.fields.get(PERSONS).and_then(|n| n.trim().parse().ok()).unwrap_or(1),
            })
        };
        let bookings: Vec<Booked> = made.iter().filter_map(booked).collect();
        let lines = demand(&bookings, today, from, to);
        let line = |d: crate::plan::Demand| DemandLine {
            day: d.day.to_string(),
            group: d.group,
            booked: d.booked,
            persons: d.persons,
            expected: (d.expected * 10.0).round() / 10.0,
            weeks: d.weeks,
        };
        Ok(lines.into_iter().map(line).collect())
    }

    async fn events_in(
        &self,
        pack: &str,
        kind: &str,
        span: (Timestamp, Timestamp),
    ) -> Result<Vec<Event>, Error> {
        let mut found: Vec<Event> = Vec::new();
        loop {
            let after = found.last().map(|event| (event.at, event.id));
            let page = self.store().events_of_kind(pack, kind, span, after, PAGE).await?;
            let more = page.len() == PAGE as usize;
            found.extend(page);
            if !more {
                return Ok(found);
            }
        }
    }
}
