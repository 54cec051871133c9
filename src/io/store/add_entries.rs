//! Entries that a policy puts on a list while the daemon runs.

use sqlx::QueryBuilder;

use super::audit::{self, AuditLine};
use super::db::within;
use super::write::clean;
use super::{Error, Store};
use crate::base::{EntryId, ListId, Timestamp};
use crate::dialer::NewEntry;

/// Entries in one statement of 19 values each, fewer in all than the 32,766 that SQLite takes.
const CHUNK: usize = 500;

struct Row<'a> {
    entry: &'a NewEntry,
    key: String,
    fields: String,
    numbers: String,
}

impl Store {
    /// Puts entries on a list; gives the ids of those that are new. One whose key the list
    /// has, or whose callback has an entry already, is left as it is, so that releasing a day
    /// twice adds nothing. Afterwards tell the engine that the list has grown
    /// (`Engine::handle_list_changed`, or `Control::ListGrown` to a running daemon): it looks
    /// at once then, else within 30 s.
    pub async fn add_entries(
        &self,
        list: ListId,
        entries: &[NewEntry],
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<EntryId>, Error> {
        let rows = entries.iter().map(Row::new).collect::<Result<Vec<_>, _>>()?;
        let mut tx = self.db.begin().await?;
        let mut added = Vec::new();
        for chunk in rows.chunks(CHUNK) {
            let made: Result<Vec<(i64,)>, _> = within!(&mut tx, c => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority,
                                          fields, due_at, state, reason, detail, created_at, changed_at, callback_id,
                                          script, caller_name, deadline_at, preferred_hours, quiet_hours, exact_at,
                                          numbers) ");
                query.push_values(chunk, |mut values, row: &Row<'_>| {
                    let (entry, terms) = (row.entry, &row.entry.terms);
                    values
                        .push_bind(list.0)
                        .push_bind(row.key.as_str())
                        .push_bind(clean(&entry.external_id))
                        .push_bind(entry.phone.as_str())
                        .push_bind(clean(&entry.extension))
                        .push_bind(clean(&entry.name))
                        .push_bind(clean(&entry.language))
                        .push_bind(i64::from(entry.priority))
                        .push_bind(row.fields.as_str())
                        // A promised call is due at its time and no sooner.
                        .push_bind(terms.exact_at.or(entry.due_at).unwrap_or(now).0)
                        .push_unseparated(", 'pending', 'due', ''")
                        .push_bind(now.0)
                        .push_bind(now.0)
                        .push_bind(terms.callback.map(|id| id.0))
                        .push_bind(clean(&terms.script))
                        .push_bind(clean(&terms.caller_name))
                        .push_bind(terms.deadline_at.map(|t| t.0))
                        .push_bind(clean(&terms.preferred_hours))
                        .push_bind(clean(&terms.quiet_hours))
                        .push_bind(terms.exact_at.map(|t| t.0))
                        .push_bind(row.numbers.as_str());
                });
                query.push(" ON CONFLICT DO NOTHING RETURNING id");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(c).await
            });
            added.extend(made.map_err(|e| Error::from(e).or_not_found("list", list))?);
        }
        let (subject, detail) = (format!("list:{list}"), format!("{} of {} new", added.len(), entries.len()));
        let line = AuditLine { at: now, actor: by, action: "list.add", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(added.into_iter().map(|(id,)| EntryId(id)).collect())
    }
}

impl<'a> Row<'a> {
    fn new(entry: &'a NewEntry) -> Result<Self, Error> {
        let refused = |e: serde_json::Error| Error::Refused(format!("the entry cannot be stored: {e}"));
        Ok(Row {
            key: clean(&entry.row_key()).into_owned(),
            fields: serde_json::to_string(&entry.fields).map_err(refused)?,
            numbers: serde_json::to_string(&entry.terms.numbers).map_err(refused)?,
            entry,
        })
    }
}
