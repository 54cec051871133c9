//! What the card of a customer says beside the record: warranty (ARC-04), membership (ARC-07).

use serde::{Deserialize, Serialize};

use crate::archive::{Warranty, is_vip};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::archive::read::EventRow;
use crate::policy::pack::Pack;

/// Consumptions that the card shows.
const CONSUMPTIONS: usize = 20;

/// Whether service is free of charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WarrantyView {
    /// Last day of the warranty: `2026-03-02`.
    pub until: String,
    /// It holds today.
    pub in_warranty: bool,
    /// Service is paid for today, for life (ARC-04).
    pub paid: bool,
    /// What it was counted from: a field of the customer, or a kind of event.
    pub counted_from: String,
}

/// A customer with a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Membership {
    /// They are a VIP.
    pub vip: bool,
    /// Number of the card; may be empty.
    pub card_no: String,
    /// What they consumed of late, newest first.
    pub consumptions: Vec<EventRow>,
}

fn fields(json: &str) -> std::collections::BTreeMap<String, String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The first ten characters as a day.
fn date(text: &str) -> Option<jiff::civil::Date> {
    text.trim().get(..10)?.replace('/', "-").parse().ok()
}

/// The warranty of a customer at a moment: the day that their record names, else counted from
/// the delivery that it names, else from the last event that begins one.
pub(super) fn warranty(
    pack: &Pack,
    calendar: &Calendar,
    customer: &str,
    events: &[EventRow],
    now: Timestamp,
) -> Option<WarrantyView> {
    let (own, rules) = (fields(customer), &pack.warranty);
    let named = |name: &str| own.get(name).and_then(|text| date(text));
    let count = |from| Warranty::from_delivery(from, rules.months, rules.anniversary);
    let (warranty, counted_from) = if let Some(until) = named(&rules.ends) {
        (Warranty { until }, rules.ends.clone())
    } else if let Some(delivered) = named(&rules.delivered) {
        (count(delivered), rules.delivered.clone())
    } else {
        let begins = |e: &&EventRow| e.withdrawn_at.is_none() && rules.from.contains(&e.kind);
        let event = events.iter().filter(begins).max_by_key(|e| e.at)?;
        (count(calendar.date(Timestamp(event.at))), event.kind.clone())
    };
    let holds = warranty.holds_on(calendar.date(now));
    Some(WarrantyView { until: warranty.until.to_string(), in_warranty: holds, paid: !holds, counted_from })
}

/// The membership of a customer who has one.
pub(super) fn membership(customer: &str, events: &[EventRow]) -> Option<Membership> {
    let own = fields(customer);
    let vip = is_vip(&own);
    let card_no = own.get("card_no").cloned().unwrap_or_default();
    if !vip && card_no.is_empty() {
        return None;
    }
    let of_them = |e: &&EventRow| e.withdrawn_at.is_none() && e.kind.starts_with("consumption.");
    let consumptions = events.iter().filter(of_them).take(CONSUMPTIONS).cloned().collect();
    Some(Membership { vip, card_no, consumptions })
}
