//! What goes along on a visit and what it costs: materials that are taken out and brought back, and
//! expenses that a supervisor approves within a limit (ARC-09).

use serde::{Deserialize, Serialize};

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::write::clean;
use super::{Error, Store};
use crate::base::Timestamp;

/// Something that is taken along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMaterial {
    /// Policy pack.
    pub pack: String,
    /// The visit; None: none is named.
    pub callback: Option<i64>,
    /// What it is.
    pub item: String,
    /// Who has it.
    pub holder: String,
    /// When it must be back.
    pub due_back: Timestamp,
}

/// The same as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MaterialRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// The visit.
    pub callback_id: Option<i64>,
    /// What it is.
    pub item: String,
    /// Who has it.
    pub holder: String,
    /// Milliseconds since 1970: taken out.
    pub out_at: i64,
    /// When it must be back.
    pub due_back_at: i64,
    /// Who handed it out.
    pub out_by: String,
    /// When it came back, or was excused; null: it is out.
    pub closed_at: Option<i64>,
    /// Who took it back, or approved that it does not come.
    pub closed_by: Option<String>,
    /// Why it does not come back; null: it came.
    pub excuse: Option<String>,
}

/// What somebody paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewExpense {
    /// Policy pack.
    pub pack: String,
    /// The visit; None: none is named.
    pub callback: Option<i64>,
    /// Who paid.
    pub person: String,
    /// The day: `2026-03-03`.
    pub day: String,
    /// What for.
    pub purpose: String,
    /// Amount in fen.
    pub amount: i64,
    /// The most that is paid back, in fen.
    pub ceiling: i64,
}

/// The same as stored; amounts in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ExpenseRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// The visit.
    pub callback_id: Option<i64>,
    /// Who paid.
    pub person: String,
    /// The day.
    pub day: String,
    /// What for.
    pub purpose: String,
    /// What was paid.
    pub amount: i64,
    /// The most that is paid back.
    pub ceiling: i64,
    /// What is paid back; null: nobody has decided; 0: refused.
    pub approved: Option<i64>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When, in milliseconds since 1970.
    pub decided_at: Option<i64>,
    /// Why it was decided so.
    pub reason: String,
    /// Who entered it.
    pub created_by: String,
    /// When.
    pub created_at: i64,
}

/// Which materials or expenses; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitFilter {
    /// Of this pack.
    pub pack: Option<String>,
    /// Of this holder or person.
    pub person: Option<String>,
    /// Still out, or undecided; or the others.
    pub open: Option<bool>,
}

macro_rules! material {
    () => {
        "SELECT id, pack, callback_id, item, holder, out_at, due_back_at, out_by, closed_at, closed_by, excuse
         FROM materials WHERE "
    };
}

macro_rules! expense {
    () => {
        "SELECT id, pack, callback_id, person, day, purpose, amount, ceiling, approved, decided_by, decided_at, reason,
                created_by, created_at
         FROM expenses WHERE "
    };
}

impl Store {
    /// Hands something out.
    pub async fn take_material(
        &self,
        new: &NewMaterial,
        by: &str,
        now: Timestamp,
    ) -> Result<MaterialRow, Error> {
        let mut tx = self.db.begin().await?;
        let made: Result<MaterialRow, _> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO materials (pack, callback_id, item, holder, out_at, due_back_at, out_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             RETURNING id, pack, callback_id, item, holder, out_at, due_back_at, out_by, closed_at, closed_by, excuse")
            .bind(clean(&new.pack))
            .bind(new.callback)
            .bind(clean(&new.item))
            .bind(clean(&new.holder))
            .bind(now.0)
            .bind(new.due_back.0)
            .bind(by)
            .fetch_one(c)
            .await);
        let made =
            made.map_err(|e| Error::from(e).or_not_found("callback", new.callback.unwrap_or_default()))?;
        // The log is for ever: what was handed out may name a customer, and stands in the row.
        let (subject, detail) = (format!("material:{}", made.id), format!("to {}", new.holder));
        let line =
            AuditLine { at: now, actor: by, action: "material.out", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Takes it back; with an excuse it is approved that it does not come back.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Refused`] where it is not out any more.
    pub async fn close_material(
        &self,
        id: i64,
        excuse: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<MaterialRow, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<MaterialRow> = within!(&mut tx, c => sqlx::query_as(concat!(material!(), "id = $1")).bind(id).fetch_optional(c).await)?;
        let row = row.ok_or_else(|| Error::NotFound { what: "material", name: id.to_string() })?;
        if row.closed_at.is_some() {
            return Err(Error::Refused(format!("material {id} ({}) is not out any more", row.item)));
        }
        within!(&mut tx, c => sqlx::query(
            "UPDATE materials SET closed_at = $2, closed_by = $3, excuse = $4 WHERE id = $1")
            .bind(id)
            .bind(now.0)
            .bind(by)
            .bind(excuse.map(clean))
            .execute(c)
            .await
            .map(drop))?;
        let action = if excuse.is_some() { "material.excuse" } else { "material.back" };
        let subject = format!("material:{id}");
        let line = AuditLine { at: now, actor: by, action, subject: &subject, detail: "" };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        let excuse = excuse.map(str::to_owned);
        Ok(MaterialRow { closed_at: Some(now.0), closed_by: Some(by.to_owned()), excuse, ..row })
    }

    /// Materials, newest first.
    pub async fn materials(&self, filter: &VisitFilter) -> Result<Vec<MaterialRow>, Error> {
        let open = filter.open.map(i64::from);
        let sql = concat!(
            material!(),
            "(CAST($1 AS TEXT) IS NULL OR pack = $1) AND (CAST($2 AS TEXT) IS NULL OR holder = $2)
             AND (CAST($3 AS BIGINT) IS NULL OR (closed_at IS NULL) = ($3 = 1)) ORDER BY id DESC LIMIT 1000"
        );
        Ok(on!(&self.db, p => sqlx::query_as(sql)
            .bind(filter.pack.as_deref())
            .bind(filter.person.as_deref())
            .bind(open)
            .fetch_all(p)
            .await)?)
    }

    /// Materials that are out and should be back at `now`.
    pub async fn materials_owed(&self, now: Timestamp) -> Result<Vec<MaterialRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            material!(), "closed_at IS NULL AND due_back_at <= $1 ORDER BY due_back_at, id LIMIT 500"))
            .bind(now.0)
            .fetch_all(p)
            .await)?)
    }

    /// Enters what somebody paid.
    pub async fn enter_expense(
        &self,
        new: &NewExpense,
        by: &str,
        now: Timestamp,
    ) -> Result<ExpenseRow, Error> {
        let mut tx = self.db.begin().await?;
        let made: Result<ExpenseRow, _> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO expenses (pack, callback_id, person, day, purpose, amount, ceiling, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             RETURNING id, pack, callback_id, person, day, purpose, amount, ceiling, approved, decided_by, decided_at,
                       reason, created_by, created_at")
            .bind(clean(&new.pack))
            .bind(new.callback)
            .bind(clean(&new.person))
            .bind(&new.day)
            .bind(clean(&new.purpose))
            .bind(new.amount)
            .bind(new.ceiling)
            .bind(by)
            .bind(now.0)
            .fetch_one(c)
            .await);
        let made =
            made.map_err(|e| Error::from(e).or_not_found("callback", new.callback.unwrap_or_default()))?;
        let (subject, detail) =
            (format!("expense:{}", made.id), format!("{} fen by {}", new.amount, new.person));
        let line =
            AuditLine { at: now, actor: by, action: "expense.enter", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Approves what was paid up to the limit, or refuses it. Nobody decides about their own.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Refused`] where it is decided already, or is one's own.
    pub async fn decide_expense(
        &self,
        id: i64,
        approve: bool,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<ExpenseRow, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<ExpenseRow> = within!(&mut tx, c => sqlx::query_as(concat!(expense!(), "id = $1")).bind(id).fetch_optional(c).await)?;
        let row = row.ok_or_else(|| Error::NotFound { what: "expense", name: id.to_string() })?;
        if let Some(before) = &row.decided_by {
            return Err(Error::Refused(format!("expense {id} was decided by {before} already")));
        }
        if row.person == by {
            return Err(Error::Refused(format!("expense {id} is your own: somebody else approves it")));
        }
        let approved = if approve { row.amount.min(row.ceiling) } else { 0 };
        within!(&mut tx, c => sqlx::query(
            "UPDATE expenses SET approved = $2, decided_by = $3, decided_at = $4, reason = $5 WHERE id = $1")
            .bind(id)
            .bind(approved)
            .bind(by)
            .bind(now.0)
            .bind(clean(reason))
            .execute(c)
            .await
            .map(drop))?;
        let (subject, detail) = (format!("expense:{id}"), format!("{approved} of {} fen", row.amount));
        let line =
            AuditLine { at: now, actor: by, action: "expense.decide", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        let (decided_by, decided_at) = (Some(by.to_owned()), Some(now.0));
        Ok(ExpenseRow { approved: Some(approved), decided_by, decided_at, reason: reason.to_owned(), ..row })
    }

    /// Expenses, newest first.
    pub async fn expenses(&self, filter: &VisitFilter) -> Result<Vec<ExpenseRow>, Error> {
        let open = filter.open.map(i64::from);
        let sql = concat!(
            expense!(),
            "(CAST($1 AS TEXT) IS NULL OR pack = $1) AND (CAST($2 AS TEXT) IS NULL OR person = $2)
             AND (CAST($3 AS BIGINT) IS NULL OR (approved IS NULL) = ($3 = 1)) ORDER BY id DESC LIMIT 1000"
        );
        Ok(on!(&self.db, p => sqlx::query_as(sql)
            .bind(filter.pack.as_deref())
            .bind(filter.person.as_deref())
            .bind(open)
            .fetch_all(p)
            .await)?)
    }
}
