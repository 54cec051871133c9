//! Random samples that anybody can draw again: the frame is hashed, the seed is published, and
//! the order of the draw is that of SHA-256 of seed and key (SCH-18, X17).

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::{CustomerId, EventId, Timestamp, hex};
use crate::calendar::{Calendar, Offset, Sum};
use crate::policy::pack::Sample;
use crate::policy::{Reason, code};

/// One thing that can be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name in the published frame: the event's own key.
    pub key: String,
    /// Value of the field that is drawn from in proportion; empty where there is none.
    pub stratum: String,
    /// The customer behind it.
    pub customer: CustomerId,
    /// The event behind it.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
}

/// A draw, as it is published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// The day of the draw.
    pub date: Date,
    /// The seed.
    pub seed: u64,
    /// Units that could be drawn.
    pub frame_size: u64,
    /// SHA-256 of the keys of the frame, sorted, each with a line feed behind it, in hex.
    pub frame_hash: String,
    /// Each part of the frame.
    pub strata: Vec<Stratum>,
    /// What was drawn, in the order of the draw.
    pub picks: Vec<Pick>,
    /// Units that were left out of the frame: `recency`, `cooloff`, `same_customer`, with their number.
    pub left_out: BTreeMap<String, u64>,
}

/// One part of the frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// The value of its field.
    pub name: String,
    /// Units in it.
    pub size: u64,
    /// Units drawn of it.
    pub drawn: u64,
    /// With what probability each of its units was drawn.
    pub probability: f64,
}

/// One unit that was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// Its key.
    pub key: String,
    /// Its stratum.
    pub stratum: String,
    /// The customer.
    pub customer: CustomerId,
    /// The event.
    pub event: EventId,
    /// SHA-256 of `<seed>|<key>`, in hex: the smallest of a stratum are drawn.
    pub order: String,
}

/// Draws a sample. `last_drawn` says when each customer was drawn last.
pub fn draw(
    sample: &Sample,
    calendar: &Calendar,
    date: Date,
    seed: u64,
    units: &[Unit],
    last_drawn: &BTreeMap<CustomerId, Timestamp>,
) -> Draw {
    let (frame, left_out) = frame(sample, calendar, date, units, last_drawn);
    let mut strata: BTreeMap<&str, Vec<Pick>> = BTreeMap::new();
    for unit in &frame {
        let stratum = if sample.strata.is_empty() { "" } else { unit.stratum.as_str() };
        strata.entry(stratum).or_default().push(Pick {
            key: unit.key.clone(),
            stratum: stratum.to_owned(),
            customer: unit.customer,
            event: unit.event,
            order: hex(&Sha256::digest(format!("{seed}|{}", unit.key))),
        });
    }
    let sizes: Vec<u64> = strata.values().map(|units| units.len() as u64).collect();
    let shares = proportional(&sizes, u64::from(sample.size));
    let mut picks = Vec::new();
    let mut table = Vec::new();
    for ((name, mut units), share) in strata.into_iter().zip(shares) {
        let size = units.len() as u64;
        units.sort_unstable_by(|a, b| (&a.order, &a.key).cmp(&(&b.order, &b.key)));
        picks.extend(units.into_iter().take(usize::try_from(share).unwrap_or(usize::MAX)));
        let probability = share as f64 / size.max(1) as f64;
        table.push(Stratum { name: name.to_owned(), size, drawn: share, probability });
    }
    picks.sort_unstable_by(|a, b| (&a.order, &a.key).cmp(&(&b.order, &b.key)));
    let frame_hash = hash(frame.iter().map(|unit| unit.key.as_str()));
    Draw { date, seed, frame_size: frame.len() as u64, frame_hash, strata: table, picks, left_out }
}

/// Why each unit that was not drawn is not called: the other half of the list of the day.
pub fn not_drawn(draw: &Draw, units: &[Unit]) -> Vec<(EventId, Reason)> {
    let picked: BTreeSet<&str> = draw.picks.iter().map(|pick| pick.key.as_str()).collect();
    let detail =
        format!("{} of {} drawn on {}, seed {}", picked.len(), draw.frame_size, draw.date, draw.seed);
    units
        .iter()
        .filter(|unit| !picked.contains(unit.key.as_str()))
        .map(|unit| (unit.event, Reason::new(code::OUT_OF_SAMPLE, detail.as_str())))
        .collect()
}

/// What can be drawn, by key: recent, of customers who rest from no draw, one for each customer.
fn frame<'u>(
    sample: &Sample,
    calendar: &Calendar,
    date: Date,
    units: &'u [Unit],
    last_drawn: &BTreeMap<CustomerId, Timestamp>,
) -> (Vec<&'u Unit>, BTreeMap<String, u64>) {
    let back = |offset: Offset| {
        let offset = Offset { amount: -offset.amount.abs(), unit: offset.unit };
        if offset.unit.is_civil() {
            calendar.start_of(calendar.add_days(date, offset, &mut Sum::default()))
        } else {
            calendar.add(calendar.start_of(date), offset, crate::calendar::Edge::Start, None).at
        }
    };
    let (recent, rested, end) = (back(sample.recency), back(sample.cooloff), calendar.start_of(date));
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    let mut sorted: Vec<&Unit> = units.iter().collect();
    sorted.sort_unstable_by(|a, b| (&a.key, a.event).cmp(&(&b.key, b.event)));
    sorted.dedup_by(|a, b| a.key == b.key);
    let mut customers = BTreeSet::new();
    sorted.retain(|unit| {
        let why = if unit.at < recent || unit.at >= end {
            "recency"
        } else if last_drawn.get(&unit.customer).is_some_and(|at| *at >= rested) {
            "cooloff"
        } else if !customers.insert(unit.customer) {
            "same_customer"
        } else {
            return true;
        };
        *left_out.entry(why.to_owned()).or_default() += 1;
        false
    });
    (sorted, left_out)
}

/// `size` shared out in proportion, the remainders to the largest fractions; no share exceeds
/// its part.
fn proportional(parts: &[u64], size: u64) -> Vec<u64> {
    let all: u64 = parts.iter().sum();
    let size = size.min(all);
    if all == 0 {
        return vec![0; parts.len()];
    }
    let product = |part: &u64| u128::from(*part) * u128::from(size);
    let mut shares: Vec<u64> =
        parts.iter().map(|part| u64::try_from(product(part) / u128::from(all)).unwrap_or(0)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(product(&parts[*at]) % u128::from(all)), *at));
    let left = size - shares.iter().sum::<u64>();
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[at] += 1;
    }
    shares
}

/// The hash of a frame whose keys are sorted.
fn hash<'k>(keys: impl Iterator<Item = &'k str>) -> String {
    let mut hash = Sha256::new();
    for key in keys {
        hash.update(key.as_bytes());
        hash.update(b"\n");
    }
    hex(&hash.finalize())
}

/// Whether a sample is drawn on a day.
pub fn is_drawn_on(sample: &Sample, day: Date) -> bool {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    sample.days.iter().any(|name| name.trim().to_lowercase().starts_with(NAMES[at]))
}

/// Draws of a week against what the rule asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// As many as there should be.
    Kept,
    /// Fewer; warned of on the Monday after.
    UnderQuota,
    /// More.
    OverQuota,
}

/// Checks the week that ended on the Sunday before `monday`.
pub fn week_before(sample: &Sample, monday: Date, draws: &[Date]) -> Quota {
    let from = monday.checked_sub(7.days()).unwrap_or(monday);
    let days: BTreeSet<&Date> = draws.iter().filter(|day| **day >= from && **day < monday).collect();
    let made = u32::try_from(days.len()).unwrap_or(u32::MAX);
    if made < sample.min_a_week {
        Quota::UnderQuota
    } else if sample.max_a_week > 0 && made > sample.max_a_week {
        Quota::OverQuota
    } else {
        Quota::Kept
    }
}
