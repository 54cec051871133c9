//! After a stop in the middle of calls: every attempt without an outcome becomes `lost`,
//! and its entry follows the retry rule. So nobody is called twice for one attempt and
//! nobody is forgotten.

use std::collections::BTreeMap;

use super::db::{Tx, within};
use super::due::{dispositions, ledger};
use super::{Error, Store};
use crate::base::{CallId, CampaignId, Disposition, EntryId, Timestamp};
use crate::dialer::EntryUpdate;

/// A call that was reserved or up when the daemon stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct LostAttempt {
    /// The call.
    pub call: CallId,
    /// Its campaign, for list calls.
    pub campaign: Option<CampaignId>,
    /// Its entry, for list calls.
    pub entry: Option<EntryId>,
    /// The other side's number.
    pub phone: String,
    /// When it was reserved, or came in.
    pub reserved_at: Timestamp,
    /// Survey answers that were stored before the stop.
    pub answers: u32,
    /// Attempts made for the entry so far, this one included.
    pub attempts: u32,
    /// Attempts for the entry by how they ended, this one included as `lost`.
    pub attempts_by: BTreeMap<Disposition, u32>,
    /// When the entry must be done.
    pub deadline_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    campaign_id: Option<i64>,
    entry_id: Option<i64>,
    phone: String,
    reserved_at: i64,
    answers: i64,
    attempts: Option<i64>,
    attempts_by: Option<String>,
    deadline_at: Option<i64>,
}

impl Store {
    /// Closes what an earlier run left open, imports too; to be called once, before the [`super::Writer`]
    /// starts. `decide` says what becomes of the entry of a lost attempt (the retry rule for
    /// [`Disposition::Lost`]); it is not asked for calls that belong to no entry.
    pub async fn recover(
        &self,
        now: Timestamp,
        mut decide: impl FnMut(&LostAttempt) -> EntryUpdate,
    ) -> Result<Vec<LostAttempt>, Error> {
        let mut tx = self.db.begin_alone().await?;
        let rows: Vec<Row> = within!(&mut tx, c => sqlx::query_as(
            concat!(
                "SELECT c.id, c.campaign_id, c.entry_id, c.phone, c.reserved_at, e.attempts, e.deadline_at,
                        (SELECT COUNT(*) FROM answers a WHERE a.call_id = c.id) AS answers, ",
                ledger!(), " AS attempts_by
                 FROM calls c LEFT JOIN entries e ON e.id = c.entry_id
                 WHERE c.state = 'reserved' ORDER BY c.reserved_at, c.id"
            ))
            .fetch_all(c)
            .await)?;
        let mut lost = Vec::with_capacity(rows.len());
        for row in rows {
            let attempt = attempt(row)?;
            close_call(&mut tx, &attempt, now).await?;
            if attempt.entry.is_some() {
                super::write::settle_entries(&mut tx, &[&decide(&attempt)], now).await?;
            }
            lost.push(attempt);
        }
        free_entries(&mut tx, now).await?;
        within!(&mut tx, c => sqlx::query("UPDATE imports SET state = 'stopped' WHERE state = 'running'")
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        Ok(lost)
    }
}

fn attempt(row: Row) -> Result<LostAttempt, Error> {
    let corrupt = |detail: String| Error::Corrupt { what: "call", detail: format!("{}: {detail}", row.id) };
    let mut attempts_by = dispositions(row.attempts_by.as_deref().unwrap_or("")).map_err(&corrupt)?;
    *attempts_by.entry(Disposition::Lost).or_default() += 1;
    Ok(LostAttempt {
        call: row.id.parse().map_err(|e: crate::base::ParseIdError| corrupt(e.to_string()))?,
        campaign: row.campaign_id.map(CampaignId),
        entry: row.entry_id.map(EntryId),
        phone: row.phone,
        reserved_at: Timestamp(row.reserved_at),
        answers: u32::try_from(row.answers).unwrap_or(0),
        attempts: u32::try_from(row.attempts.unwrap_or(0)).unwrap_or(0),
        attempts_by,
        deadline_at: row.deadline_at.map(Timestamp),
    })
}

async fn close_call(tx: &mut Tx, lost: &LostAttempt, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE calls SET state = 'ended', ended_at = $2, disposition = 'lost', blame = 'ours',
                ended_by = 'fault', detail = 'the daemon stopped before the call had an outcome'
         WHERE id = $1 AND state = 'reserved'")
        .bind(lost.call.to_string())
        .bind(now.0.max(lost.reserved_at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// An entry is `dialling` only while an open call belongs to it. A report that was set
/// aside could have left one behind: it is due again, for the dialler to judge.
async fn free_entries(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE entries SET state = 'pending', reason = 'released', detail = 'no call belonged to it',
                changed_at = $1
         WHERE state = 'dialling'
           AND NOT EXISTS (SELECT 1 FROM calls WHERE entry_id = entries.id AND state = 'reserved')")
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
