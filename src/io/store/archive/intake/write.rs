//! Events of a chunk on their way into the database.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;

use super::super::super::Error;
use super::super::super::db::{Tx, within};
use super::super::super::write::clean;
use super::super::save::json;
use super::chunk::{EventWrite, Verdict, Whose};
use super::{INTAKE_CHUNK, IntakeOrder, number};
use crate::base::{CustomerId, Timestamp};

/// An event with the id of its customer and its fields as text.
struct Ready<'a> {
    write: &'a EventWrite<'a>,
    customer: i64,
    fields: String,
}

/// Stores events and puts ids into the verdicts; gives the customers concerned. `made` are
/// the ids of the customers that this chunk made, in their order.
pub(super) async fn events(
    tx: &mut Tx,
    order: &IntakeOrder,
    intake: Option<i64>,
    now: Timestamp,
    writes: &[EventWrite<'_>],
    made: &[i64],
    verdicts: &mut [Verdict],
) -> Result<BTreeSet<CustomerId>, Error> {
    for verdict in verdicts.iter_mut() {
        if let Some(place) = verdict.customer.filter(|id| *id < 0) {
            verdict.customer = usize::try_from(-1 - place).ok().and_then(|at| made.get(at)).copied();
        }
    }
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for write in writes {
        let customer = match write.whose {
            Whose::Stored(id) => id,
            Whose::New(at) => made.get(at).copied().unwrap_or_default(),
        };
        let ready = Ready { write, customer, fields: json(&write.event.fields)? };
        if write.old.is_some() { old.push(ready) } else { new.push(ready) }
    }
    let mut added: Vec<i64> = Vec::new();
    if !new.is_empty() {
        let ids = insert(tx, order, intake, &new).await?;
        for ready in &new {
            let event = ready.write.event;
            let id = ids.get(&(event.kind.clone(), event.external_id.clone())).copied();
            verdicts[ready.write.place].event = id;
            added.extend(id);
        }
    }
    for ready in &old {
        let Some(before) = ready.write.old else { continue };
        let verdict = &mut verdicts[ready.write.place];
        verdict.event = Some(before.id);
        if before.withdrawn_at.is_some() {
            added.push(before.id);
        }
        verdict.before = Some(json(before)?);
    }
    for part in [true, false] {
        let some: Vec<&Ready<'_>> = old
            .iter()
            .filter(|ready| ready.write.old.is_some_and(|old| old.withdrawn_at.is_some()) == part)
            .collect();
        update(tx, intake, &some, part).await?;
    }
    if let Some(intake) = intake.filter(|_| !order.copy_to.is_empty() && !added.is_empty()) {
        copies(tx, intake, &added, &order.copy_to, now).await?;
    }
    Ok(new.iter().chain(&old).map(|ready| CustomerId(ready.customer)).collect())
}

/// Ids by kind and key.
async fn insert(
    tx: &mut Tx,
    order: &IntakeOrder,
    intake: Option<i64>,
    rows: &[Ready<'_>],
) -> Result<BTreeMap<(String, String), i64>, Error> {
    let made: Vec<(String, String, i64)> = within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late,
                    received_at, intake_id) ");
        query.push_values(rows, |mut values, ready| {
            let event = ready.write.event;
            values
                .push_bind(order.pack.as_str())
                .push_bind(event.kind.as_str())
                .push_bind(clean(&event.external_id))
                .push_bind(event.at.0)
                .push_bind(i64::from(event.has_time))
                .push_bind(ready.customer)
                .push_bind(clean(&event.matter))
                .push_bind(ready.fields.as_str())
                .push_bind(i64::from(event.late))
                .push_bind(event.received_at.0)
                .push_bind(intake);
        });
        query.push(" RETURNING kind, external_id, id");
        query.build_query_as().persistent(rows.len() == INTAKE_CHUNK).fetch_all(c).await
    })?;
    Ok(made.into_iter().map(|(kind, key, id)| ((kind, key), id)).collect())
}

/// Writes what the rows say over what is stored. `again`: events that were withdrawn are
/// there again, as new ones of this intake.
async fn update(tx: &mut Tx, intake: Option<i64>, rows: &[&Ready<'_>], again: bool) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "UPDATE events SET at = v.column2, has_time = v.column3, customer_id = v.column4, matter = v.column5,
                    fields = v.column6, ");
        if again {
            query.push(
                "late = v.column7, received_at = v.column8, withdrawn_at = NULL, withdrawn_reason = NULL,
                 changed_in = NULL, intake_id = ");
        } else {
            query.push("changed_in = ");
        }
        query.push_bind(intake).push(" FROM (");
        query.push_values(rows, |mut values, ready| {
            let event = ready.write.event;
            values
                .push_bind(ready.write.old.map_or(0, |old| old.id))
                .push_bind(event.at.0)
                .push_bind(i64::from(event.has_time))
                .push_bind(ready.customer)
                .push_bind(clean(&event.matter))
                .push_bind(ready.fields.as_str())
                .push_bind(i64::from(event.late))
                .push_bind(event.received_at.0);
        });
        query.push(") AS v WHERE events.id = v.column1");
        query.build().execute(c).await.map(drop)
    })?;
    Ok(())
}

async fn copies(tx: &mut Tx, intake: i64, events: &[i64], to: &str, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => {
        let mut query = QueryBuilder::new("INSERT INTO intake_copies (intake_id, event_id, recipient, created_at) ");
        query.push_values(events, |mut values, event| {
            values.push_bind(intake).push_bind(*event).push_bind(to).push_bind(now.0);
        });
        query.build().execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Keeps what became of each row.
pub(super) async fn keep_rows(tx: &mut Tx, id: i64, verdicts: &[Verdict]) -> Result<(), Error> {
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO intake_rows (intake_id, line, result, code, reason, text, event_id, customer_id, before) ");
        query.push_values(verdicts, |mut values, verdict| {
            values
                .push_bind(id)
                .push_bind(number(verdict.line))
                .push_bind(verdict.result)
                .push_bind(clean(&verdict.code))
                .push_bind(clean(&verdict.reason))
                .push_bind(clean(&verdict.text))
                .push_bind(verdict.event)
                .push_bind(verdict.customer)
                .push_bind(verdict.before.as_deref());
        });
        query.build().persistent(verdicts.len() == INTAKE_CHUNK).execute(c).await.map(drop)
    })?;
    Ok(())
}
