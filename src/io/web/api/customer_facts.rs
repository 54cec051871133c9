//! What the card of a customer says beside the record: warranty (ARC-04), membership (ARC-07).

use serde::{Deserialize, Serialize};

use crate::archive::is_vip;
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::archive::read::EventRow;
use crate::policy;
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

/// The warranty of a customer at a moment.
pub(super) fn warranty(
    pack: &Pack,
    calendar: &Calendar,
    customer: &str,
    events: &[EventRow],
    now: Timestamp,
) -> Option<WarrantyView> {
    let standing = events.iter().filter(|e| e.withdrawn_at.is_none());
    let events = standing.map(|e| (e.kind.as_str(), Timestamp(e.at)));
    let (warranty, counted_from) = policy::warranty(&pack.warranty, calendar, &fields(customer), events)?;
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
