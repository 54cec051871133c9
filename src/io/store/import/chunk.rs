//! The rows of one transaction: what is there already, what is new, what changed, each in
//! one statement for all of them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::write::clean;
use super::{IMPORT_CHUNK, ImportSession, number};
use crate::base::ImportId;
use crate::dialer::NewEntry;
use crate::dialer::import::{RowOutcome, RowResult};

#[derive(sqlx::FromRow)]
struct Existing {
    id: i64,
    row_key: String,
    phone: String,
    extension: String,
    name: String,
    language: String,
    priority: i64,
    fields: String,
    due_at: i64,
    state: String,
    attempts: i64,
}

/// What becomes of one row.
pub(super) struct Verdict {
    pub result: &'static str,
    line: u64,
    code: &'static str,
    column: String,
    reason: String,
    text: String,
    entry: Option<i64>,
}

/// A row that is good, with what is stored of it.
struct Good<'a> {
    place: usize,
    entry: &'a NewEntry,
    key: String,
    phone: String,
    fields: String,
}

impl ImportSession {
    /// Judges the rows and, unless it is a dry run, does what follows from it; one verdict a row.
    pub(super) async fn judge(&self, tx: &mut Tx, rows: &[RowResult]) -> Result<Vec<Verdict>, Error> {
        let mut verdicts: Vec<Verdict> = rows.iter().map(verdict).collect();
        let mut good = Vec::with_capacity(rows.len());
        for (place, row) in rows.iter().enumerate() {
            if let RowOutcome::Accepted(entry) = &row.result {
                good.push(Good::new(place, entry)?);
            }
        }
        if good.is_empty() {
            return Ok(verdicts);
        }
        let existing = self.existing(tx, &good).await?;
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for row in good {
            let verdict = &mut verdicts[row.place];
            let Some(old) = existing.get(&row.key) else {
                new.push(row);
                continue;
            };
            verdict.entry = Some(old.id);
            if old.says_the_same(&row) {
                verdict.result = "unchanged";
            } else if old.state == "pending" {
                verdict.result = "changed";
                changed.push((old.id, row));
            } else {
                verdict.result = "unchanged";
                verdict.reason = format!("the entry is {}: the new details were not taken", old.state);
            }
        }
        if self.file.dry_run {
            return Ok(verdicts);
        }
        if !changed.is_empty() {
            self.update(tx, &changed).await?;
        }
        if !new.is_empty() {
            let made = self.insert(tx, &new).await?;
            for row in &new {
                let verdict = &mut verdicts[row.place];
                verdict.entry = made.get(&row.key).copied();
                if verdict.entry.is_none() {
                    verdict.result = "unchanged";
                    verdict.reason = "another import brought it in at the same moment".into();
                }
            }
        }
        Ok(verdicts)
    }

    /// Each key is looked up by itself in the unique index of list and key: a planner that
    /// has no statistics of a list just being filled would read all of it for each chunk.
    async fn existing(&self, tx: &mut Tx, rows: &[Good<'_>]) -> Result<BTreeMap<String, Existing>, Error> {
        let found: Vec<Existing> = within!(tx, c => {
            let mut query = QueryBuilder::new(
                "SELECT id, row_key, phone, extension, name, language, priority, fields, due_at, state, attempts
                 FROM entries WHERE id IN
                     (SELECT (SELECT e.id FROM entries e WHERE e.row_key = v.column1 AND e.list_id = ");
            query.push_bind(self.list.0).push(") FROM (");
            query.push_values(rows, |mut values, row: &Good<'_>| {
                values.push_bind(row.key.as_str());
            });
            query.push(") AS v)");
            query.build_query_as().persistent(rows.len() == IMPORT_CHUNK).fetch_all(c).await
        })?;
        Ok(found.into_iter().map(|old| (old.row_key.clone(), old)).collect())
    }

    /// Ids by row key. A number on the do-not-call list comes in `stopped`, so that its
    /// reason is seen at once.
    async fn insert(&self, tx: &mut Tx, rows: &[Good<'_>]) -> Result<BTreeMap<String, i64>, Error> {
        let banned = banned(tx, rows).await?;
        let made: Result<Vec<(String, i64)>, _> = within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority,
                                      fields, due_at, state, reason, detail, created_at, changed_at) ");
            query.push_values(rows, |mut values, row: &Good<'_>| {
                let (state, reason) = match banned.contains(&row.phone) {
                    true => ("stopped", "do_not_call"),
                    false => ("pending", "due"),
                };
                values
                    .push_bind(self.list.0)
                    .push_bind(row.key.as_str())
                    .push_bind(clean(&row.entry.external_id))
                    .push_bind(row.phone.as_str())
                    .push_bind(clean(&row.entry.extension))
                    .push_bind(clean(&row.entry.name))
                    .push_bind(clean(&row.entry.language))
                    .push_bind(i64::from(row.entry.priority))
                    .push_bind(row.fields.as_str())
                    .push_bind(row.entry.due_at.unwrap_or(self.now).0)
                    .push_bind(state)
                    .push_bind(reason)
                    .push_bind("")
                    .push_bind(self.now.0)
                    .push_bind(self.now.0);
            });
            query.push(" ON CONFLICT (list_id, row_key) DO NOTHING RETURNING row_key, id");
            query.build_query_as().persistent(rows.len() == IMPORT_CHUNK).fetch_all(c).await
        });
        Ok(made.map_err(|e| Error::from(e).or_not_found("list", self.list))?.into_iter().collect())
    }

    /// After the first attempt the due time is the dialler's, not the file's.
    async fn update(&self, tx: &mut Tx, rows: &[(i64, Good<'_>)]) -> Result<(), Error> {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "UPDATE entries SET phone = v.column2, extension = v.column3, name = v.column4,
                        language = v.column5, priority = v.column6, fields = v.column7,
                        due_at = CASE WHEN attempts = 0 THEN COALESCE(v.column8, due_at) ELSE due_at END,
                        changed_at = ");
            query.push_bind(self.now.0).push(" FROM (");
            query.push_values(rows, |mut values, (id, row)| {
                values
                    .push_bind(*id)
                    .push_bind(row.phone.as_str())
                    .push_bind(clean(&row.entry.extension))
                    .push_bind(clean(&row.entry.name))
                    .push_bind(clean(&row.entry.language))
                    .push_bind(i64::from(row.entry.priority))
                    .push_bind(row.fields.as_str())
                    .push_bind(row.entry.due_at.map(|t| t.0));
            });
            query.push(") AS v WHERE entries.id = v.column1 AND entries.state = 'pending'");
            query.build().persistent(rows.len() == IMPORT_CHUNK).execute(c).await.map(drop)
        })?;
        Ok(())
    }
}

impl<'a> Good<'a> {
    fn new(place: usize, entry: &'a NewEntry) -> Result<Self, Error> {
        let fields = serde_json::to_string(&entry.fields)
            .map_err(|e| Error::Refused(format!("the fields cannot be stored: {e}")))?;
        let key = clean(&entry.row_key()).into_owned();
        Ok(Good { place, entry, key, phone: entry.phone.to_string(), fields })
    }
}

impl Existing {
    fn says_the_same(&self, row: &Good<'_>) -> bool {
        let due = self.attempts > 0 || row.entry.due_at.is_none_or(|due| due.0 == self.due_at);
        due && self.phone == row.phone
            && self.extension == clean(&row.entry.extension)
            && self.name == clean(&row.entry.name)
            && self.language == clean(&row.entry.language)
            && self.priority == i64::from(row.entry.priority)
            && self.fields == row.fields
    }
}

/// What a row comes to before the list is looked at.
fn verdict(row: &RowResult) -> Verdict {
    let blank = Verdict {
        result: "added",
        line: row.line,
        code: "",
        column: String::new(),
        reason: String::new(),
        text: String::new(),
        entry: None,
    };
    match &row.result {
        RowOutcome::Accepted(_) => blank,
        RowOutcome::Duplicate { of } => {
            let reason = format!("same key as line {of}");
            Verdict { result: "duplicate", code: "duplicate", reason, ..blank }
        }
        RowOutcome::Rejected { code, column, reason, text } => Verdict {
            result: "rejected",
            code,
            column: column.clone(),
            reason: reason.clone(),
            text: text.clone(),
            ..blank
        },
    }
}

/// Numbers of these rows that are on the do-not-call list.
async fn banned(tx: &mut Tx, rows: &[Good<'_>]) -> Result<BTreeSet<String>, Error> {
    let found: Vec<(String,)> = within!(tx, c => {
        let mut query = QueryBuilder::new("SELECT phone FROM do_not_call WHERE phone IN (");
        let mut phones = query.separated(", ");
        for row in rows {
            phones.push_bind(row.phone.as_str());
        }
        query.push(")");
        query.build_query_as().persistent(rows.len() == IMPORT_CHUNK).fetch_all(c).await
    })?;
    Ok(found.into_iter().map(|(phone,)| phone).collect())
}

/// Keeps what became of each row.
pub(super) async fn keep_rows(tx: &mut Tx, id: ImportId, verdicts: &[Verdict]) -> Result<(), Error> {
    within!(tx, c => {
        let mut query = QueryBuilder::new("INSERT INTO import_rows (import_id, line, result, code, field, reason, text, entry_id) ");
        query.push_values(verdicts, |mut values, verdict| {
            values
                .push_bind(id.0)
                .push_bind(number(verdict.line))
                .push_bind(verdict.result)
                .push_bind(verdict.code)
                .push_bind(clean(&verdict.column))
                .push_bind(clean(&verdict.reason))
                .push_bind(clean(&verdict.text))
                .push_bind(verdict.entry);
        });
        query.build().persistent(verdicts.len() == IMPORT_CHUNK).execute(c).await.map(drop)
    })?;
    Ok(())
}
