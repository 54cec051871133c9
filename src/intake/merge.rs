//! What a row changes of a customer who is there already.

use super::{MAX_CONTACTS, NewCustomer};
use crate::archive::{Contact, Customer};

/// How much a row may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// The row is about the customer: what it says goes before what is stored.
    Overwrite,
    /// The row is about an event: name and settings are filled in only where they are empty,
    /// for two orders may spell one customer differently; numbers are added, fields written.
    FillIn,
}

/// The customer as they are after the row; None where nothing changes. What the row does not
/// say stays. Numbers of the row go first where it is about the customer, else behind the
/// others; a number is never taken away.
pub fn update(old: &Customer, row: &NewCustomer, how: Update) -> Option<Customer> {
    let mut new = old.clone();
    let overwrite = how == Update::Overwrite;
    let set = |place: &mut String, value: &str| {
        if !value.is_empty() && (overwrite || place.is_empty()) {
            value.clone_into(place);
        }
    };
    set(&mut new.external_id, if old.external_id.is_empty() { &row.external_id } else { "" });
    set(&mut new.name, &row.name);
    set(&mut new.language, &row.language);
    set(&mut new.grade, &row.grade);
    set(&mut new.preferred_hours, &row.preferred_hours);
    set(&mut new.quiet_hours, &row.quiet_hours);
    set(&mut new.owner, &row.owner);
    set(&mut new.email, &row.email);
    if overwrite {
        new.key_account = row.key_account.unwrap_or(old.key_account);
        new.plan_every = row.plan_every.or(old.plan_every);
        new.plan_from = row.plan_from.or(old.plan_from);
        new.standing = row.standing.unwrap_or(old.standing);
    } else {
        new.key_account |= row.key_account.unwrap_or(false);
        new.plan_every = old.plan_every.or(row.plan_every);
        new.plan_from = old.plan_from.or(row.plan_from);
    }
    new.fields.extend(row.fields.iter().map(|(k, v)| (k.clone(), v.clone())));
    new.contacts = joined(&old.contacts, &row.contacts, overwrite);
    (new != *old).then_some(new)
}

fn joined(old: &[Contact], row: &[Contact], row_first: bool) -> Vec<Contact> {
    let (first, second) = if row_first { (row, old) } else { (old, row) };
    let mut all: Vec<Contact> = Vec::with_capacity(first.len() + second.len());
    for contact in first.iter().chain(second) {
        match all.iter_mut().find(|known| known.phone == contact.phone) {
            None => all.push(contact.clone()),
            Some(known) => {
                // The spelling with more in it wins.
                if known.extension.is_empty() {
                    contact.extension.clone_into(&mut known.extension);
                }
                if known.label.is_empty() {
                    contact.label.clone_into(&mut known.label);
                }
            }
        }
    }
    all.truncate(MAX_CONTACTS);
    all
}
