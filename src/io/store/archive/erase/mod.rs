//! A person who asks to be forgotten: what names them goes, figures stay.

mod calls;
mod sheets;
mod texts;
mod tickets;

use super::super::audit::{self, AuditLine};
use super::super::custody::{Buried, ReplyFact, bury, content_of};
use super::super::db::{Tx, within};
use super::super::{Change, Error, Store, Topic};
use super::save;
use crate::archive::Standing;
use crate::base::{CustomerId, Timestamp};
use crate::custody::Kind;

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
    /// Score sheets without words.
    pub sheets: u64,
    /// Tickets without name, number, words and files.
    pub tickets: u64,
    /// Recordings, comments and files of tickets, relative to the folder of the recordings. They are
    /// noted with the erasure, and the daemon removes them.
    pub recordings: Vec<String>,
}

/// Who is forgotten, by whom, why and when.
struct Order<'a> {
    customer: CustomerId,
    by: &'a str,
    reason: &'a str,
    now: Timestamp,
}

impl Order<'_> {
    /// By whom and why, as a tombstone says it.
    fn said(&self) -> (&str, &str) {
        (self.by, self.reason)
    }
}

/// One statement with some values; rows that it touched.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $value:expr)*) => {
        within!(&mut *$tx, c => sqlx::query($sql)$(.bind($value))*.execute(c).await.map(|done| done.rows_affected()))
    };
}
use run;

impl Store {
    /// Erases what names a customer: record, numbers, versions, fields of events, persons and words of
    /// tickets with their files, and, of calls and entries with numbers that nobody else has, number,
    /// name, fields, trace, comments, recording, and what auditors wrote; out of other texts, such as what
    /// went along on a visit, their number and name. Counts, times and results stay. What was linked in the chain of custody leaves a tombstone. Lines of the audit log and of
    /// the do-not-call list stay: the one cannot be edited, the other keeps the number from being
    /// called.
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
        let order = Order { customer, by, reason, now };
        tickets::tickets(&mut tx, &order, &mut erased).await?;
        texts::texts(&mut tx, &phones, &order).await?;
        for (phone,) in &phones {
            calls::calls(&mut tx, phone, &order, &mut erased).await?;
        }
        replies(&mut tx, &order).await?;
        record(&mut tx, &order, &mut erased).await?;
        let subject = format!("customer:{customer}");
        let line =
            AuditLine { at: now, actor: by, action: "customer.erase", subject: &subject, detail: reason };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Customer, customer.0, "erase", by));
        Ok(erased)
    }
}

/// What they wrote in their own words on the pages of questionnaires.
async fn replies(tx: &mut Tx, order: &Order<'_>) -> Result<(), Error> {
    let replies: Vec<ReplyFact> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT callback_id, seq, question, keys, meaning, score, dissatisfied, rated_function, rated_person, dimension,
                comment, at
         FROM form_answers WHERE comment IS NOT NULL
           AND callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1) ORDER BY callback_id, seq")
        .bind(order.customer.0)
        .fetch_all(c)
        .await)?;
    let mut stones = Vec::with_capacity(replies.len());
    for mut reply in replies {
        reply.comment = None;
        let subject = format!("callback:{}/{}", reply.callback_id, reply.seq);
        stones.push(Buried { kind: Kind::Reply, subject, remains: Some(content_of(&reply)?) });
    }
    bury(tx, &stones, order.said(), order.now).await?;
    run!(
        tx,
        "UPDATE form_answers SET comment = NULL WHERE callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1)",
        order.customer.0
    )?;
    Ok(())
}

async fn record(tx: &mut Tx, order: &Order<'_>, erased: &mut Erased) -> Result<(), Error> {
    let (id, by, now) = (order.customer.0, order.by, order.now);
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
