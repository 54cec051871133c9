//! What a new ticket is covered by: the warranty of its customer (ARC-04), and whether after-sales
//! of its matter has begun (IMP-08).

use super::{Error, TicketDesk};
use crate::base::CustomerId;
use crate::io::store::ticket::Matter;
use crate::policy;
use crate::ticket::{NewTicket, Rules};

/// Field of a ticket with the last day that is free of charge.
const WARRANTY_END: &str = "warranty_end";

impl TicketDesk {
    /// Completes what is known before the ticket is opened.
    pub(super) async fn look_up_cover(&self, rules: &Rules, new: &mut NewTicket) -> Result<(), Error> {
        if let Some(customer) = new.customer
            && !new.known.contains_key(WARRANTY_END)
            && let Some(until) = self.warranty_of(new, customer).await?
        {
            new.known.insert(WARRANTY_END.to_owned(), until);
        }
        let coverage = &rules.pack.coverage;
        if coverage.from.is_empty() || coverage.flag.is_empty() {
            return Ok(());
        }
        let (phone, customer) = (new.phone.as_str(), new.customer);
        let of = Matter { pack: &new.pack, customer, phone, matter: &new.matter };
        for kind in &coverage.from {
            if self.store().has_happened(kind, of, new.at).await? {
                return Ok(());
            }
        }
        new.flags.insert(coverage.flag.clone());
        Ok(())
    }

    async fn warranty_of(&self, new: &NewTicket, customer: CustomerId) -> Result<Option<String>, Error> {
        let settings = self.parts.planner.settings();
        let day = settings.calendar.date(new.at);
        let Some(policy) = settings.policies.in_force(&new.pack, day) else { return Ok(None) };
        let rules = &policy.pack.warranty;
        let events = match rules.from.is_empty() {
            true => Vec::new(),
            false => self.store().events_of(&[customer], None).await?.remove(&customer).unwrap_or_default(),
        };
        let events = events.iter().filter(|e| e.at <= new.at).map(|e| (e.kind.as_str(), e.at));
        let found = policy::warranty(rules, &settings.calendar, &new.known, events);
        Ok(found.map(|(warranty, _)| warranty.until.to_string()))
    }
}
