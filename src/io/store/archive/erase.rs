//! A person who asks to be forgotten: what names them goes, figures stay.

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, within};
use super::super::{Error, Store};
use super::save;
use crate::archive::Standing;
use crate::base::{CustomerId, Timestamp};

/// Stands in calls and entries in place of a number that was erased.
const ERASED: &str = "erased";

/// What was erased beside the record itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Erased {
    /// Calls that are without a number now; results and times stay.
    pub calls: u64,
    /// Entries of lists without name, number and fields.
    pub entries: u64,
    /// Events without fields.
    pub events: u64,
    /// Recordings, relative to their folder; whoever asked removes the files.
    pub recordings: Vec<String>,
}

impl Store {
    /// Erases what names a customer: record, numbers, versions, fields of events, and, of
    /// calls and entries with numbers that nobody else has, number, name, fields, trace,
    /// comments and recording. Counts, times and results stay. Lines of the audit log and of
    /// the do-not-call list stay: the one cannot be edited, the other keeps the number from
    /// being called.
    pub async fn erase_customer(
        &self,
        customer: CustomerId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Erased, Error> {
        let mut tx = self.db.begin().await?;
        super::intake::alone(&mut tx).await?;
        let found = save::load(&mut tx, &[customer.0]).await?.remove(&customer.0);
        match found {
            None => return Err(Error::NotFound { what: "customer", name: customer.to_string() }),
            Some(old) if old.standing == Standing::Erased => {
                return Err(Error::Refused(format!("customer {customer} is erased already")));
            }
            Some(_) => {}
        }
        let phones: Vec<(String,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT DISTINCT p.phone FROM customer_phones p JOIN customers m ON m.id = p.customer_id
             WHERE (m.id = $1 OR m.merged_into = $1)
               AND NOT EXISTS (SELECT 1 FROM customer_phones o JOIN customers k ON k.id = o.customer_id
                               WHERE o.phone = p.phone AND o.valid_to IS NULL AND k.id <> $1
                                 AND COALESCE(k.merged_into, 0) <> $1)")
            .bind(customer.0)
            .fetch_all(c)
            .await)?;
        let mut erased = Erased::default();
        for (phone,) in &phones {
            calls(&mut tx, phone, customer, &mut erased).await?;
        }
        record(&mut tx, customer, by, now, &mut erased).await?;
        let subject = format!("customer:{customer}");
        let line =
            AuditLine { at: now, actor: by, action: "customer.erase", subject: &subject, detail: reason };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(erased)
    }
}

/// One statement with up to three values; rows that it touched.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $value:expr)*) => {
        within!($tx, c => sqlx::query($sql)$(.bind($value))*.execute(c).await.map(|done| done.rows_affected()))
    };
}

async fn calls(tx: &mut Tx, phone: &str, customer: CustomerId, erased: &mut Erased) -> Result<(), Error> {
    let up: Vec<(String,)> = within!(tx, c => sqlx::query_as(
        "SELECT id FROM calls WHERE phone = $1 AND state = 'reserved'").bind(phone).fetch_all(c).await)?;
    if !up.is_empty() {
        return Err(Error::Refused(format!(
            "customer {customer} is being called at this moment: try again when the call has ended"
        )));
    }
    let recordings: Vec<(String,)> = within!(tx, c => sqlx::query_as(
        "SELECT recording FROM calls WHERE phone = $1 AND recording IS NOT NULL
         UNION ALL
         SELECT a.comment FROM answers a JOIN calls k ON k.id = a.call_id
         WHERE k.phone = $1 AND a.comment IS NOT NULL").bind(phone).fetch_all(c).await)?;
    erased.recordings.extend(recordings.into_iter().map(|(path,)| path));
    run!(tx, "DELETE FROM traces WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)", phone)?;
    run!(tx, "DELETE FROM leg_traces WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)", phone)?;
    // What was found stays, without the words.
    run!(tx, "DELETE FROM transcripts WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)", phone)?;
    run!(
        tx,
        "UPDATE findings SET detail = '' WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE answers SET comment = NULL WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE queue_callbacks SET phone = $2, caller = '{}' WHERE phone = $1 AND fate IS NOT NULL",
        phone,
        ERASED
    )?;
    run!(
        tx,
        "UPDATE import_rows SET text = '', reason = '' WHERE entry_id IN (SELECT id FROM entries WHERE phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE register_notes SET text = '' WHERE record IN (SELECT 'call:' || id FROM calls WHERE phone = $1)",
        phone
    )?;
    erased.entries += run!(
        tx,
        "UPDATE entries SET phone = $2, row_key = $2 || ':' || CAST(id AS TEXT), external_id = '', extension = '',
                name = '', fields = '{}', detail = '', reason = CASE state WHEN 'pending' THEN $2 ELSE reason END,
                state = CASE state WHEN 'pending' THEN 'stopped' ELSE state END
         WHERE phone = $1 AND state <> 'dialling'",
        phone,
        ERASED
    )?;
    erased.calls += run!(
        tx,
        "UPDATE calls SET phone = $2, detail = '', recording = NULL, sha256 = NULL WHERE phone = $1",
        phone,
        ERASED
    )?;
    Ok(())
}

async fn record(
    tx: &mut Tx,
    customer: CustomerId,
    by: &str,
    now: Timestamp,
    erased: &mut Erased,
) -> Result<(), Error> {
    let id = customer.0;
    run!(
        tx,
        "UPDATE intake_rows SET before = NULL, text = '', reason = ''
              WHERE customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)
                 OR event_id IN (SELECT id FROM events WHERE customer_id = $1)",
        id
    )?;
    erased.events +=
        run!(tx, "UPDATE events SET fields = '{}', checks = '{}', matter = '' WHERE customer_id = $1", id)?;
    for statement in [
        "UPDATE form_answers SET comment = NULL WHERE callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1)",
        "UPDATE callback_marks SET note = '' WHERE callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1)",
        "UPDATE callbacks SET note = '', filled = '{}' WHERE customer_id = $1",
        // A register keeps the line, and nothing of what it said.
        "UPDATE register_notes SET text = '' WHERE EXISTS (SELECT 1 FROM callbacks b WHERE b.customer_id = $1
             AND register_notes.record LIKE 'callback:' || b.id || '/%')",
        "UPDATE register_notes SET text = '' WHERE record IN (
             SELECT 'callback:' || id FROM callbacks WHERE customer_id = $1
             UNION ALL SELECT 'event:' || id FROM events WHERE customer_id = $1
             UNION ALL SELECT 'customer:' || id FROM customers WHERE id = $1
             UNION ALL SELECT 'ticket:' || id FROM tickets WHERE customer_id = $1)",
    ] {
        run!(tx, statement, id)?;
    }
    run!(
        tx,
        "DELETE FROM recorded_inputs
              WHERE customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)",
        id
    )?;
    run!(
        tx,
        "DELETE FROM customer_phones
              WHERE customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)",
        id
    )?;
    run!(
        tx,
        "UPDATE customer_versions SET before = '{}', after = '{}', why = ''
              WHERE customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)",
        id
    )?;
    run!(
        tx,
        "INSERT INTO customer_versions (customer_id, version, at, actor, why, before, after)
              SELECT id, version + 1, $2, $3, 'erased on request', '{}', '{}' FROM customers WHERE id = $1",
        id,
        now.0,
        by
    )?;
    // Notices tell of their callbacks, events and themselves; that they were sent stays.
    run!(
        tx,
        "UPDATE notices SET facts = '{}', address = '' WHERE subject = 'customer:' || $1
              OR subject IN (SELECT 'callback:' || id FROM callbacks WHERE customer_id = CAST($1 AS BIGINT))
              OR subject IN (SELECT 'event:' || id FROM events WHERE customer_id = CAST($1 AS BIGINT))",
        id.to_string()
    )?;
    run!(tx, "UPDATE customers SET external_id = '', name = '', language = '', grade = '', preferred_hours = '',
                     quiet_hours = '', plan_every = '', plan_from = NULL, owner = '', email = '', fields = '{}',
                     key_account = 0, standing = 'erased', review_at = NULL, version = version + 1, changed_at = $2
              WHERE id = $1 OR merged_into = $1", id, now.0)?;
    Ok(())
}
