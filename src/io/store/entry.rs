//! What a person does to single entries: taking one out, and putting it back.

use super::audit::{self, AuditLine};
use super::db::{Tx, within};
use super::{Error, Store};
use crate::base::{EntryId, ListId, Timestamp};

impl Store {
    /// Takes an entry out, with a reason; gives its list. A call that is up goes on, and its
    /// result is kept, but the entry stays out.
    pub async fn remove_entry(
        &self,
        entry: EntryId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<ListId, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE entries SET state = 'stopped', reason = 'removed', detail = $2, changed_at = $3
             WHERE id = $1 AND state <> 'dialling' RETURNING list_id")
            .bind(entry.0)
            .bind(reason)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let Some((list,)) = row else { return Err(self.entry_refusal(entry).await?) };
        let line = AuditLine { at: now, actor: by, action: "entry.remove", subject: "", detail: reason };
        keep(tx, entry, line).await?;
        Ok(ListId(list))
    }

    /// Puts an entry back: it is due at once and begins a new series, in which it has all its
    /// attempts again and no retry rule counts what was before. The day's cap of its number
    /// counts on. [`Error::Refused`] while it is being called, or where its number is on the
    /// do-not-call list.
    pub async fn put_entry_back(
        &self,
        entry: EntryId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<ListId, Error> {
        let mut tx = self.db.begin().await?;
        let banned: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT d.reason FROM entries e JOIN do_not_call d ON d.phone = e.phone WHERE e.id = $1")
            .bind(entry.0)
            .fetch_optional(c)
            .await)?;
        if let Some((why,)) = banned {
            return Err(Error::Refused(format!(
                "the number of entry {entry} is on the do-not-call list ({why}): take it off there first"
            )));
        }
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE entries SET state = 'pending', reason = 'put_back', detail = $2, due_at = $3, exact_at = NULL,
                    attempts = 0,
                    series = series + 1, changed_at = $3
             WHERE id = $1 AND state <> 'dialling' RETURNING list_id")
            .bind(entry.0)
            .bind(reason)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let Some((list,)) = row else { return Err(self.entry_refusal(entry).await?) };
        let line = AuditLine { at: now, actor: by, action: "entry.put_back", subject: "", detail: reason };
        keep(tx, entry, line).await?;
        Ok(ListId(list))
    }

    async fn entry_refusal(&self, entry: EntryId) -> Result<Error, Error> {
        Ok(match self.entry_row(entry).await? {
            None => Error::NotFound { what: "entry", name: entry.to_string() },
            Some(_) => Error::Refused(format!(
                "entry {entry} is being called at this moment: try again when the call has ended"
            )),
        })
    }
}

/// Commits a change of an entry with its line in the audit log.
async fn keep(mut tx: Tx, entry: EntryId, line: AuditLine<'_>) -> Result<(), Error> {
    let subject = format!("entry:{entry}");
    audit::append(&mut tx, &AuditLine { subject: &subject, ..line }).await?;
    tx.commit().await
}
