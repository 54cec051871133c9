//! What a person should look at, found by the daemon itself: each once for its day, open until
//! it holds no more or a person settles it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::read::{Cursor, PAGE_LIMIT, Page};
use super::{Change, Error, Store, Topic};
use crate::base::Timestamp;

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct WarningRow {
    /// Row id.
    pub id: i64,
    /// Policy pack; empty: it is of the whole house.
    pub pack: String,
    /// Day it is about: `2026-03-03`.
    pub day: String,
    /// Stable word: `missing_slip`, `report_due`, `report_missing`, `under_quota`, `over_quota`,
    /// `coverage_breach`, `calendar_year_missing`, `unconfirmed_notice`, `roster_missing`,
    /// `recording_not_kept`, `recording_not_sealed`, `archive_unreachable`.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// In words.
    pub detail: String,
    /// Milliseconds since 1970.
    pub raised_at: i64,
    /// When it held no more or was settled; null: it is open.
    pub settled_at: Option<i64>,
    /// Who settled it; the planner where it held no more.
    pub settled_by: String,
    /// Why.
    pub settled_reason: String,
}

/// A warning that holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWarning {
    /// Day it is about.
    pub day: Date,
    /// Stable word.
    pub code: String,
    /// What it is about; with day and code its key.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// A callback of a rule that everybody must be reached by, past its deadline (SCH-09).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Uncovered {
    /// Row id of the callback.
    pub id: i64,
    /// Rule.
    pub rule: String,
    /// Customer's name.
    pub name: String,
    /// Exclusive; milliseconds since 1970.
    pub deadline: i64,
}

const ROW: &str =
    "SELECT id, pack, day, code, subject, detail, raised_at, settled_at, settled_by, settled_reason
    FROM warnings WHERE ";

impl Store {
    /// Warnings of a pack that are open, and all of a day.
    pub async fn known_warnings(&self, pack: &str, day: Date) -> Result<Vec<WarningRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = sqlx::QueryBuilder::new(ROW);
            query.push("pack = ").push_bind(pack);
            query.push(" AND (settled_at IS NULL OR day = ").push_bind(day.to_string()).push(") ORDER BY id");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// Keeps warnings; gives those that are new, or hold again after they held no more. What a
    /// person has settled stays settled.
    pub async fn raise_warnings(
        &self,
        pack: &str,
        warnings: &[NewWarning],
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<NewWarning>, Error> {
        let mut tx = self.db.begin().await?;
        let mut raised = Vec::new();
        for warning in warnings {
            let rows = within!(&mut tx, c => sqlx::query(
                "INSERT INTO warnings (pack, day, code, subject, detail, raised_at) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (pack, day, code, subject) DO UPDATE
                 SET settled_at = NULL, settled_by = '', settled_reason = '', detail = excluded.detail,
                     raised_at = excluded.raised_at
                 WHERE warnings.settled_at IS NOT NULL AND warnings.settled_by = $7")
                .bind(pack)
                .bind(warning.day.to_string())
                .bind(&warning.code)
                .bind(&warning.subject)
                .bind(super::write::clean(&warning.detail))
                .bind(now.0)
                .bind(by)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
            if rows > 0 {
                raised.push(warning.clone());
            }
        }
        tx.commit().await?;
        if !raised.is_empty() {
            let count = raised.len() as u64;
            self.tell(Change::new(Topic::Warning, None, "raise", by).of_pack(pack).times(count));
        }
        Ok(raised)
    }

    /// Closes warnings that hold no more.
    pub async fn close_warnings(&self, ids: &[i64], by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for id in ids {
            within!(&mut tx, c => sqlx::query(
                "UPDATE warnings SET settled_at = $2, settled_by = $3, settled_reason = 'holds no more'
                 WHERE id = $1 AND settled_at IS NULL")
                .bind(id)
                .bind(now.0)
                .bind(by)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await
    }

    /// A person has seen to it.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Refused`] where it is settled already.
    pub async fn settle_warning(&self, id: i64, reason: &str, by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(Option<i64>, String, String)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT settled_at, settled_by, pack FROM warnings WHERE id = $1").bind(id).fetch_optional(c).await)?;
        let Some((settled, who, pack)) = row else {
            return Err(Error::NotFound { what: "warning", name: id.to_string() });
        };
        if settled.is_some() {
            return Err(Error::Refused(format!("warning {id} was settled already by {who}")));
        }
        within!(&mut tx, c => sqlx::query(
            "UPDATE warnings SET settled_at = $2, settled_by = $3, settled_reason = $4 WHERE id = $1")
            .bind(id)
            .bind(now.0)
            .bind(by)
            .bind(reason)
            .execute(c)
            .await
            .map(drop))?;
        let subject = format!("warning:{id}");
        let line =
            AuditLine { at: now, actor: by, action: "warning.settle", subject: &subject, detail: reason };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Warning, id, "settle", by).of_pack(&pack));
        Ok(())
    }

    /// Warnings, newest first; `open` picks those that are open, or the others.
    pub async fn warning_rows(
        &self,
        pack: Option<&str>,
        open: Option<bool>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<WarningRow>, Error> {
        let limit = limit.clamp(1, PAGE_LIMIT);
        let mut rows: Vec<WarningRow> = on!(self.db(), p => {
            let mut query = sqlx::QueryBuilder::new(ROW);
            query.push("1 = 1");
            if let Some(pack) = pack {
                query.push(" AND pack = ").push_bind(pack);
            }
            match open {
                Some(true) => drop(query.push(" AND settled_at IS NULL")),
                Some(false) => drop(query.push(" AND settled_at IS NOT NULL")),
                None => {}
            }
            if let Some(after) = after {
                query.push(" AND id < ").push_bind(after.key);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit) + 1);
            query.build_query_as().fetch_all(p).await
        })?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.id, id: row.id.to_string() });
        Ok(Page { rows, next })
    }

    /// Callbacks of a rule that passed their deadline and are still owed, of which no warning
    /// was ever raised; at most 1,000.
    pub async fn uncovered(&self, pack: &str, rule: &str) -> Result<Vec<Uncovered>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT b.id, b.rule, c.name, b.deadline FROM callbacks b JOIN customers c ON c.id = b.customer_id
             WHERE b.pack = $1 AND b.rule = $2 AND b.state = 'open' AND b.breached_at IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM warnings w WHERE w.pack = b.pack AND w.code = 'coverage_breach'
                               AND w.subject = 'callback:' || b.id)
             ORDER BY b.id LIMIT 1000")
            .bind(pack)
            .bind(rule)
            .fetch_all(p)
            .await)?)
    }

    /// Open warnings of coverage whose callback is not owed any more.
    pub async fn covered_since(&self, pack: &str) -> Result<Vec<i64>, Error> {
        let rows: Vec<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT w.id FROM warnings w WHERE w.pack = $1 AND w.code = 'coverage_breach' AND w.settled_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM callbacks b WHERE 'callback:' || b.id = w.subject AND b.state = 'open')")
            .bind(pack)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}
