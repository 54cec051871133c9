//! The customers of a pack as rows of a rehearsal: who they are, what happened to them, and when it
//! was known.

use std::collections::BTreeMap;

use super::{Refused, Subjects};
use crate::archive::{Customer, Event, Standing};
use crate::base::{CustomerId, PhoneNumber, Timestamp};
use crate::intake::{Fact, NewCustomer, NewEvent, Outcome, RowResult};
use crate::io::store::{Error, Store};

/// Customers that are rehearsed at most: the days of more take minutes, and a file says which matter.
pub const CUSTOMERS: usize = 20_000;
/// Customers that are read at once.
const BATCH: u32 = 500;
/// Numbers of the do-not-call list that are read at once.
const BARRED: u32 = 1_000;

/// Everybody of a pack, with the events that are known before `end`.
///
/// # Errors
/// Those of the store; within, that there are too many customers or none.
pub async fn archive(store: &Store, pack: &str, end: Timestamp) -> Result<Result<Subjects, Refused>, Error> {
    let (mut rows, mut after, mut people) = (Vec::new(), CustomerId(0), 0);
    loop {
        let ids = store.customers_of_pack(pack, None, after, BATCH).await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        people += ids.len();
        if people > CUSTOMERS {
            let text = format!(
                "`{pack}` has more than {CUSTOMERS} customers: give a file of those that matter in `customers`"
            );
            return Ok(Err(Refused::TooMuch(text)));
        }
        for subject in store.subjects(&ids).await? {
            rows.extend(rows_of(subject.customer, subject.events, end));
        }
    }
    if rows.is_empty() {
        let text = format!("`{pack}` has no customer yet: bring some in, or give a file in `customers`");
        return Ok(Err(Refused::TooMuch(text)));
    }
    rows.sort_by_key(|(at, _)| *at);
    for (line, (_, row)) in (1..).zip(rows.iter_mut()) {
        row.line = line;
    }
    let barred = barred(store, &rows).await?;
    Ok(Ok(Subjects::Rows { rows, barred }))
}

/// Numbers of theirs that must not be called.
async fn barred(store: &Store, rows: &[(Timestamp, RowResult)]) -> Result<Vec<PhoneNumber>, Error> {
    let customers = rows.iter().filter_map(|(_, row)| match &row.outcome {
        Outcome::Taken(fact) => Some(&fact.customer),
        _ => None,
    });
    let theirs: BTreeMap<String, &PhoneNumber> = customers
        .flat_map(|customer| &customer.contacts)
        .map(|contact| (contact.phone.to_string(), &contact.phone))
        .collect();
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = store.do_not_call(after.as_deref(), BARRED).await?;
        found.extend(page.iter().filter_map(|row| theirs.get(&row.phone)).map(|phone| (*phone).clone()));
        after = page.last().map(|row| row.phone.clone());
        if page.len() < BARRED as usize {
            return Ok(found);
        }
    }
}

/// A customer with an event a row; one without events is a row too. Who was erased says nothing.
fn rows_of(customer: Customer, events: Vec<Event>, end: Timestamp) -> Vec<(Timestamp, RowResult)> {
    if customer.standing == Standing::Erased {
        return Vec::new();
    }
    let id = customer.id;
    let customer = NewCustomer {
        // Two that the archive keeps apart stay apart.
        external_id: match customer.external_id.is_empty() {
            true => format!("#{id}"),
            false => customer.external_id,
        },
        name: customer.name,
        contacts: customer.contacts,
        language: customer.language,
        grade: customer.grade,
        preferred_hours: customer.preferred_hours,
        quiet_hours: customer.quiet_hours,
        key_account: Some(customer.key_account),
        plan_every: customer.plan_every,
        plan_from: customer.plan_from,
        owner: customer.owner,
        email: customer.email,
        standing: Some(customer.standing),
        fields: customer.fields,
    };
    let row = |at: Timestamp, event: Option<NewEvent>| {
        let fact = Fact { customer: customer.clone(), event, warnings: Vec::new() };
        (at, RowResult { line: 0, outcome: Outcome::Taken(Box::new(fact)) })
    };
    let known: Vec<_> = events.into_iter().filter(|event| event.received_at < end).collect();
    if known.is_empty() {
        return vec![row(Timestamp(0), None)];
    }
    known.into_iter().map(|event| row(event.received_at, Some(new_event(event)))).collect()
}

fn new_event(event: Event) -> NewEvent {
    NewEvent {
        external_id: match event.external_id.is_empty() {
            true => format!("#{}", event.id),
            false => event.external_id,
        },
        kind: event.kind,
        at: event.at,
        has_time: event.has_time,
        matter: event.matter,
        fields: event.fields,
        received_at: event.received_at,
        late: false,
    }
}
