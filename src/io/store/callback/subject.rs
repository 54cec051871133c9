//! Customers with everything that is known about them, many at a time: what the planner works on.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::{Error, Store, segment};
use crate::archive::{Contact, Customer, Event, Standing};
use crate::base::{CustomerId, EventId, PhoneNumber, Timestamp};
use crate::plan;
use crate::policy::Callback;

/// Customers of one query.
const CHUNK: usize = 1_000;

/// A customer with their events and callbacks of their pack.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The customer.
    pub customer: Customer,
    /// Their events.
    pub events: Vec<Event>,
    /// Their callbacks, open and closed.
    pub callbacks: Vec<Callback>,
}

impl Subject {
    /// The same, as the plan sees it.
    pub fn as_plan(&self) -> plan::Subject<'_> {
        plan::Subject { customer: &self.customer, events: &self.events, callbacks: &self.callbacks }
    }
}

#[derive(sqlx::FromRow)]
struct CustomerRow {
    id: i64,
    pack: String,
    external_id: String,
    name: String,
    language: String,
    grade: String,
    preferred_hours: String,
    quiet_hours: String,
    key_account: i64,
    plan_every: String,
    plan_from: Option<i64>,
    owner: String,
    email: String,
    standing: String,
    fields: String,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct PhoneRow {
    customer_id: i64,
    phone: String,
    extension: String,
    label: String,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: i64,
    pack: String,
    kind: String,
    external_id: String,
    at: i64,
    has_time: i64,
    customer_id: i64,
    matter: String,
    fields: String,
    received_at: i64,
}

/// Runs one query with an `IN (...)` list of ids: what comes before the list, and after it.
macro_rules! by_ids {
    ($store:expr, $ids:expr, $before:expr, $after:expr) => {
        on!(&$store.db, p => {
            let mut query = QueryBuilder::new($before);
            query.push(" IN (");
            let mut list = query.separated(", ");
            $ids.iter().for_each(|id| {
                list.push_bind(id.0);
            });
            query.push(")").push($after);
            query.build_query_as().persistent($ids.len() == CHUNK).fetch_all(p).await
        })
    };
}

impl Store {
    /// These customers with their events and callbacks, by id. Those that were merged into
    /// another are left out: the other has all of theirs.
    pub async fn subjects(&self, ids: &[CustomerId]) -> Result<Vec<Subject>, Error> {
        self.subjects_of(ids, None).await
    }

    /// The same; with `at` what was withdrawn after that moment counts too.
    pub(super) async fn subjects_of(
        &self,
        ids: &[CustomerId],
        at: Option<Timestamp>,
    ) -> Result<Vec<Subject>, Error> {
        let customers = self.customers_by_id(ids).await?;
        let mut events = self.events_of(ids, at).await?;
        let mut callbacks: BTreeMap<CustomerId, Vec<Callback>> = BTreeMap::new();
        for chunk in ids.chunks(CHUNK) {
            for stored in self.callbacks_of(chunk).await? {
                callbacks.entry(stored.callback.customer).or_default().push(stored.callback);
            }
        }
        let subject = |customer: Customer| {
            let mut events = events.remove(&customer.id).unwrap_or_default();
            events.retain(|event| event.pack == customer.pack);
            let mut callbacks = callbacks.remove(&customer.id).unwrap_or_default();
            callbacks.retain(|callback| callback.pack == customer.pack);
            Subject { customer, events, callbacks }
        };
        Ok(customers.into_values().map(subject).collect())
    }

    /// These customers, by id; those that were merged into another are left out.
    pub async fn customers_by_id(&self, ids: &[CustomerId]) -> Result<BTreeMap<CustomerId, Customer>, Error> {
        let mut found = BTreeMap::new();
        let segments = self.segments(None).await?;
        for chunk in ids.chunks(CHUNK) {
            let rows: Vec<CustomerRow> = by_ids!(
                self,
                chunk,
                "SELECT id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
                        plan_every, plan_from, owner, email, standing, fields, version
                 FROM customers WHERE merged_into IS NULL AND id",
                ""
            )?;
            let phones: Vec<PhoneRow> = by_ids!(
                self,
                chunk,
                "SELECT customer_id, phone, extension, label FROM customer_phones
                 WHERE valid_to IS NULL AND customer_id",
                " ORDER BY customer_id, position"
            )?;
            let mut contacts: BTreeMap<i64, Vec<Contact>> = BTreeMap::new();
            for row in phones {
                let Ok(phone) = row.phone.parse::<PhoneNumber>() else { continue };
                let contact = Contact { phone, extension: row.extension, label: row.label };
                contacts.entry(row.customer_id).or_default().push(contact);
            }
            for row in rows {
                let contacts = contacts.remove(&row.id).unwrap_or_default();
                match customer(row, contacts) {
                    Ok(mut customer) => {
                        segment::mark(&mut customer, &segments);
                        found.insert(customer.id, customer);
                    }
                    Err(error) => tracing::error!(%error, "a customer is passed over"),
                }
            }
        }
        Ok(found)
    }

    /// Events of these customers, in the order of time; with `at` those too that were withdrawn
    /// after that moment.
    pub async fn events_of(
        &self,
        ids: &[CustomerId],
        at: Option<Timestamp>,
    ) -> Result<BTreeMap<CustomerId, Vec<Event>>, Error> {
        let mut found: BTreeMap<CustomerId, Vec<Event>> = BTreeMap::new();
        let stands = match at {
            None => "withdrawn_at IS NULL".to_owned(),
            Some(at) => format!("(withdrawn_at IS NULL OR withdrawn_at > {})", at.0),
        };
        for chunk in ids.chunks(CHUNK) {
            let rows: Vec<EventRow> = by_ids!(
                self,
                chunk,
                format!(
                    "SELECT id, pack, kind, external_id, at, has_time, customer_id, matter, fields, received_at
                     FROM events WHERE {stands} AND customer_id"
                ),
                " ORDER BY customer_id, at, id"
            )?;
            for row in rows {
                match event(row) {
                    Ok(event) => found.entry(event.customer).or_default().push(event),
                    Err(error) => tracing::error!(%error, "an event is passed over"),
                }
            }
        }
        Ok(found)
    }

    /// Events of a kind in `[from, to)`, in the order of time, after the one given.
    pub async fn events_of_kind(
        &self,
        pack: &str,
        kind: &str,
        (from, to): (Timestamp, Timestamp),
        after: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<Event>, Error> {
        let (at, id) = after.map_or((i64::MIN, i64::MIN), |(at, id)| (at.0, id.0));
        let rows: Vec<EventRow> = on!(&self.db, p => sqlx::query_as(
            "SELECT id, pack, kind, external_id, at, has_time, customer_id, matter, fields, received_at
             FROM events WHERE pack = $1 AND kind = $2 AND at >= $3 AND at < $4 AND (at, id) > ($5, $6)
               AND withdrawn_at IS NULL AND customer_id IS NOT NULL
             ORDER BY at, id LIMIT $7")
            .bind(pack)
            .bind(kind)
            .bind(from.0)
            .bind(to.0)
            .bind(at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        rows.into_iter().map(event).collect()
    }

    /// These events, by id.
    pub async fn events_by_id(&self, ids: &[EventId]) -> Result<BTreeMap<EventId, Event>, Error> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(CHUNK) {
            let rows: Vec<EventRow> = by_ids!(
                self,
                chunk,
                "SELECT id, pack, kind, external_id, at, has_time, customer_id, matter, fields, received_at
                 FROM events WHERE customer_id IS NOT NULL AND id",
                ""
            )?;
            for row in rows {
                match event(row) {
                    Ok(event) => drop(found.insert(event.id, event)),
                    Err(error) => tracing::error!(%error, "an event is passed over"),
                }
            }
        }
        Ok(found)
    }
}

fn customer(row: CustomerRow, contacts: Vec<Contact>) -> Result<Customer, Error> {
    let id = row.id;
    let bad = |detail: String| Error::Corrupt { what: "customer", detail: format!("{id}: {detail}") };
    let every = Some(row.plan_every).filter(|text| !text.is_empty());
    Ok(Customer {
        id: CustomerId(id),
        pack: row.pack,
        external_id: row.external_id,
        name: row.name,
        contacts,
        language: row.language,
        grade: row.grade,
        preferred_hours: row.preferred_hours,
        quiet_hours: row.quiet_hours,
        key_account: row.key_account != 0,
        plan_every: every.map(|text| text.parse()).transpose().map_err(bad)?,
        plan_from: row.plan_from.map(Timestamp),
        owner: row.owner,
        email: row.email,
        standing: Standing::parse(&row.standing)
            .ok_or_else(|| bad(format!("unknown standing `{}`", row.standing)))?,
        fields: serde_json::from_str(&row.fields).map_err(|e| bad(format!("fields: {e}")))?,
        version: row.version,
    })
}

fn event(row: EventRow) -> Result<Event, Error> {
    let id = row.id;
    let bad = |detail: String| Error::Corrupt { what: "event", detail: format!("{id}: {detail}") };
    Ok(Event {
        id: EventId(id),
        pack: row.pack,
        kind: row.kind,
        external_id: row.external_id,
        at: Timestamp(row.at),
        has_time: row.has_time != 0,
        customer: CustomerId(row.customer_id),
        matter: row.matter,
        fields: serde_json::from_str(&row.fields).map_err(|e| bad(format!("fields: {e}")))?,
        received_at: Timestamp(row.received_at),
    })
}
