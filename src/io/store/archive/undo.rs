//! Taking an intake back. Every step is a short transaction that may be done again, so that an
//! undo that was cut off is completed by asking for it again.

use std::collections::BTreeSet;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, on, within};
use super::super::{Error, Store, Topic, change};
use super::intake::{StoredEvent, alone};
use super::save::{self, Because, Change};
use crate::archive::Customer;
use crate::base::{CustomerId, ImportId, Timestamp};

/// Rows in one transaction.
const CHUNK: i64 = 1_000;

/// What an undo did.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct Undone {
    /// Events that are not there any more.
    pub events_withdrawn: u64,
    /// Events that say what they said before.
    pub events_restored: u64,
    /// Events that a later intake changed: they stay.
    pub events_kept: u64,
    /// Customers that the intake made and that nothing else hangs on.
    pub customers_removed: u64,
    /// Customers whose details are as they were before.
    pub customers_restored: u64,
    /// Customers that were changed since, or have other events: they stay.
    pub customers_kept: u64,
}

impl Store {
    /// Takes an intake back: its events are withdrawn, what it changed is as before, customers
    /// it made are removed if nothing else hangs on them. What somebody changed since stays.
    /// Gives the customers whose callbacks are to be worked out again.
    ///
    /// # Errors
    /// [`Error::Refused`] where it is running, was undone, or calls were made for its callbacks
    /// since: what was said to a customer cannot be taken back.
    pub async fn undo_intake(
        &self,
        intake: ImportId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(Undone, Vec<CustomerId>), Error> {
        self.check_undo(intake).await?;
        let why = format!("undo of intake {intake}: {reason}");
        let mut undone = Undone::default();
        let mut touched = BTreeSet::new();
        while self.withdraw(intake, &why, now, &mut undone, &mut touched).await? {}
        let mut line = 0;
        while let Some(next) = self.restore_events(intake, line, &mut undone, &mut touched).await? {
            line = next;
        }
        let mut version = i64::MAX;
        while let Some(next) =
            self.restore_customers(intake, version, &why, by, now, &mut undone, &mut touched).await?
        {
            version = next;
        }
        let mut customer = 0;
        while let Some(next) = self.remove_customers(intake, customer, &mut undone, &mut touched).await? {
            customer = next;
        }
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE intakes SET state = 'undone', undone_by = $2, undone_at = $3, undone_reason = $4 WHERE id = $1")
            .bind(intake.0)
            .bind(by)
            .bind(now.0)
            .bind(reason)
            .execute(c)
            .await
            .map(drop))?;
        let (subject, detail) = (
            format!("intake:{intake}"),
            format!(
                "{reason}: {} events withdrawn, {} restored, {} kept; {} customers removed, {} restored, {} kept",
                undone.events_withdrawn,
                undone.events_restored,
                undone.events_kept,
                undone.customers_removed,
                undone.customers_restored,
                undone.customers_kept
            ),
        );
        audit::append(
            &mut tx,
            &AuditLine { at: now, actor: by, action: "intake.undo", subject: &subject, detail: &detail },
        )
        .await?;
        tx.commit().await?;
        self.tell(change::Change::new(Topic::Intake, intake.0, "undo", by).now("undone"));
        Ok((undone, touched.into_iter().collect()))
    }

    async fn check_undo(&self, intake: ImportId) -> Result<(), Error> {
        let row: Option<(String, i64)> = on!(self.db(), p => sqlx::query_as(
            "SELECT state, created_at FROM intakes WHERE id = $1").bind(intake.0).fetch_optional(p).await)?;
        let Some((state, created_at)) = row else {
            return Err(Error::NotFound { what: "intake", name: intake.to_string() });
        };
        match state.as_str() {
            "running" => {
                return Err(Error::Refused(format!("intake {intake} is still running: wait for its end")));
            }
            "undone" => return Err(Error::Refused(format!("intake {intake} was undone already"))),
            _ => {}
        }
        let (kept,): (i64,) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) FROM events WHERE (intake_id = $1 OR changed_in = $1) AND archive_id IS NOT NULL")
            .bind(intake.0)
            .fetch_one(p)
            .await)?;
        if kept > 0 {
            return Err(Error::Refused(format!(
                "{kept} events of intake {intake} lie in an archive: it is not undone any more"
            )));
        }
        let (calls,): (i64,) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) FROM calls c
             WHERE c.reserved_at >= $2 AND (c.state = 'reserved' OR c.disposition <> 'cancelled') AND c.entry_id IN (
                 SELECT b.entry_id FROM callbacks b JOIN events v ON v.id = b.event_id
                 WHERE b.entry_id IS NOT NULL AND (v.intake_id = $1 OR v.changed_in = $1)
                 UNION SELECT e.id FROM entries e JOIN callbacks b ON b.id = e.callback_id
                                                  JOIN events v ON v.id = b.event_id
                 WHERE v.intake_id = $1 OR v.changed_in = $1)")
            .bind(intake.0)
            .bind(created_at)
            .fetch_one(p)
            .await)?;
        if calls > 0 {
            return Err(Error::Refused(format!(
                "{calls} calls were made for callbacks of intake {intake} since it came in, so it cannot be undone as a whole: correct the file and bring it in again, or withdraw single events (POST /events/<id>/withdraw)"
            )));
        }
        Ok(())
    }

    /// Withdraws some events; whether there may be more.
    async fn withdraw(
        &self,
        intake: ImportId,
        why: &str,
        now: Timestamp,
        undone: &mut Undone,
        touched: &mut BTreeSet<CustomerId>,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        alone(&mut tx).await?;
        let gone: Vec<(Option<i64>,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE events SET withdrawn_at = $2, withdrawn_reason = $3
             WHERE id IN (SELECT id FROM events WHERE intake_id = $1 AND withdrawn_at IS NULL
                          AND (changed_in IS NULL OR changed_in = $1) LIMIT $4)
             RETURNING customer_id")
            .bind(intake.0)
            .bind(now.0)
            .bind(why)
            .bind(CHUNK)
            .fetch_all(c)
            .await)?;
        tx.commit().await?;
        undone.events_withdrawn += gone.len() as u64;
        touched.extend(gone.iter().filter_map(|(id,)| id.map(CustomerId)));
        Ok(!gone.is_empty())
    }

    /// Restores events of some lines that the intake changed; the last line looked at.
    async fn restore_events(
        &self,
        intake: ImportId,
        after: i64,
        undone: &mut Undone,
        touched: &mut BTreeSet<CustomerId>,
    ) -> Result<Option<i64>, Error> {
        let mut tx = self.db.begin().await?;
        alone(&mut tx).await?;
        let rows: Vec<(i64, String)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT line, before FROM intake_rows
             WHERE intake_id = $1 AND line > $2 AND result = 'changed' AND before IS NOT NULL ORDER BY line LIMIT $3")
            .bind(intake.0)
            .bind(after)
            .bind(CHUNK)
            .fetch_all(c)
            .await)?;
        for (_, before) in &rows {
            let event: StoredEvent = serde_json::from_str(before)
                .map_err(|e| Error::Corrupt { what: "event before a change", detail: e.to_string() })?;
            match restore(&mut tx, intake, &event).await? {
                None => undone.events_kept += 1,
                Some(now_of) => {
                    undone.events_restored += 1;
                    touched.extend(now_of.into_iter().chain(event.customer_id).map(CustomerId));
                }
            }
        }
        tx.commit().await?;
        Ok(rows.last().map(|(line, _)| *line))
    }

    /// Restores some customers that the intake changed, the last change first; the last
    /// version looked at.
    #[expect(clippy::too_many_arguments, reason = "one step of the undo, with its books")]
    async fn restore_customers(
        &self,
        intake: ImportId,
        before: i64,
        why: &str,
        by: &str,
        now: Timestamp,
        undone: &mut Undone,
        touched: &mut BTreeSet<CustomerId>,
    ) -> Result<Option<i64>, Error> {
        let mut tx = self.db.begin().await?;
        alone(&mut tx).await?;
        // Only the first change of each customer matters: before it, all was as it was.
        let rows: Vec<(i64, i64, i64, String)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT v.id, v.customer_id, (SELECT MAX(l.version) FROM customer_versions l
                                          WHERE l.intake_id = $1 AND l.customer_id = v.customer_id), v.before
             FROM customer_versions v
             WHERE v.intake_id = $1 AND v.id < $2 AND v.before <> '{}'
               AND v.id = (SELECT MIN(f.id) FROM customer_versions f
                           WHERE f.intake_id = $1 AND f.customer_id = v.customer_id)
             ORDER BY v.id DESC LIMIT $3")
            .bind(intake.0)
            .bind(before)
            .bind(CHUNK)
            .fetch_all(c)
            .await)?;
        let current = save::load(&mut tx, &rows.iter().map(|(_, id, ..)| *id).collect::<Vec<_>>()).await?;
        for (_, id, last, text) in &rows {
            let Some(customer) = current.get(id) else { continue };
            if customer.version != *last {
                undone.customers_kept += 1;
                continue;
            }
            let old: Customer = serde_json::from_str(text)
                .map_err(|e| Error::Corrupt { what: "customer before a change", detail: e.to_string() })?;
            let same = Customer { version: customer.version, ..old.clone() } == *customer;
            if !same {
                let because = Because { actor: by, why, intake: Some(intake.0), now };
                save::update(&mut tx, &[Change { before: customer, after: &old }], because).await?;
                undone.customers_restored += 1;
                touched.insert(CustomerId(*id));
            }
        }
        tx.commit().await?;
        Ok(rows.last().map(|(id, ..)| *id))
    }

    /// Removes some customers that the intake made; the last one looked at.
    async fn remove_customers(
        &self,
        intake: ImportId,
        after: i64,
        undone: &mut Undone,
        touched: &mut BTreeSet<CustomerId>,
    ) -> Result<Option<i64>, Error> {
        let mut tx = self.db.begin().await?;
        alone(&mut tx).await?;
        let made: Vec<(i64, i64)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT c.id, CAST(CASE WHEN
                 EXISTS (SELECT 1 FROM events e WHERE e.customer_id = c.id AND e.withdrawn_at IS NULL)
                 OR EXISTS (SELECT 1 FROM customer_versions v
                            WHERE v.customer_id = c.id AND COALESCE(v.intake_id, 0) <> $1)
                 OR EXISTS (SELECT 1 FROM customers m WHERE m.merged_into = c.id)
                 OR EXISTS (SELECT 1 FROM callbacks b WHERE b.customer_id = c.id)
                 OR c.merged_into IS NOT NULL THEN 1 ELSE 0 END AS BIGINT)
             FROM customers c WHERE c.intake_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3")
            .bind(intake.0)
            .bind(after)
            .bind(CHUNK / 2)
            .fetch_all(c)
            .await)?;
        let Some(last) = made.last().map(|(id, _)| *id) else { return Ok(None) };
        let free: Vec<i64> = made.iter().filter(|(_, bound)| *bound == 0).map(|(id, _)| *id).collect();
        undone.customers_kept += (made.len() - free.len()) as u64;
        undone.customers_removed += free.len() as u64;
        for id in &free {
            touched.remove(&CustomerId(*id));
        }
        remove(&mut tx, &free).await?;
        tx.commit().await?;
        Ok(Some(last))
    }
}

/// Writes back what an event said; None where a later intake has changed it. Else the
/// customer it belonged to until now.
async fn restore(tx: &mut Tx, intake: ImportId, event: &StoredEvent) -> Result<Option<Option<i64>>, Error> {
    let now_of: Option<(Option<i64>,)> = within!(tx, c => sqlx::query_as(
        "SELECT customer_id FROM events WHERE id = $1 AND changed_in = $2")
        .bind(event.id)
        .bind(intake.0)
        .fetch_optional(c)
        .await)?;
    let Some((now_of,)) = now_of else { return Ok(None) };
    within!(tx, c => sqlx::query(
        "UPDATE events SET at = $2, has_time = $3, customer_id = $4, matter = $5, fields = $6, changed_in = NULL
         WHERE id = $1")
        .bind(event.id)
        .bind(event.at)
        .bind(event.has_time)
        .bind(event.customer_id)
        .bind(&event.matter)
        .bind(&event.fields)
        .execute(c)
        .await
        .map(drop))?;
    Ok(Some(now_of))
}

async fn remove(tx: &mut Tx, ids: &[i64]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    for sql in [
        "UPDATE events SET customer_id = NULL WHERE customer_id IN (",
        "DELETE FROM customer_phones WHERE customer_id IN (",
        "DELETE FROM customer_versions WHERE customer_id IN (",
        "DELETE FROM customers WHERE id IN (",
    ] {
        within!(tx, c => {
            let mut query = sqlx::QueryBuilder::new(sql);
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push(")");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}
