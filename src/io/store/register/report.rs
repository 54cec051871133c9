//! Reports of periods, their steps, and what they decided is to be done.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, on, within};
use super::super::notice::{self, Extended};
use super::super::read::{Cursor, Page, fetch};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use crate::base::Timestamp;

/// A report that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// Id of its file.
    pub report: String,
    /// Pack; empty: all.
    pub pack: String,
    /// First day.
    pub from_day: String,
    /// Last day.
    pub to_day: String,
    /// When it must be handed in.
    pub due_at: Timestamp,
}

/// A report of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ReportRow {
    /// Row id.
    pub id: i64,
    /// Id of its file.
    pub report: String,
    /// Pack; empty: all.
    pub pack: String,
    /// First day: `2026-03-01`.
    pub from_day: String,
    /// Last day.
    pub to_day: String,
    /// `draft`, `submitted`, `reviewed` or `approved`.
    pub state: String,
    /// JSON: the figures as they were handed in; null: they are those of the moment.
    pub figures: Option<String>,
    /// JSON: what people wrote, by field.
    pub texts: String,
    /// When it must be handed in; milliseconds since 1970, as all times here.
    pub due_at: i64,
    /// When it was made.
    pub made_at: i64,
    /// Who made it.
    pub made_by: String,
    /// 1: it was not handed in when it was due.
    pub late: i64,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// A step of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ReportLogRow {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// `made`, `write`, `submit`, `review`, `approve`, `return`.
    pub action: String,
    /// In words.
    pub detail: String,
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ActionRow {
    /// Row id.
    pub id: i64,
    /// Row id of the report.
    pub report_id: i64,
    /// Id of its file.
    pub report: String,
    /// First day of its period.
    pub from_day: String,
    /// The field in which it was written.
    pub field: String,
    /// What is to be done.
    pub text: String,
    /// Who decided it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Who closed it; null: it is open.
    pub closed_by: Option<String>,
    /// When.
    pub closed_at: Option<i64>,
    /// What came of it.
    pub result: String,
}

/// Which reports; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportFilter {
    /// Of this file.
    pub report: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// Whose period begins on this day or later.
    pub from: Option<String>,
}

const ROW: &str = "SELECT id, report, pack, from_day, to_day, state, figures, texts, due_at, made_at, made_by, late, version
    FROM reports WHERE 1 = 1";

impl Store {
    /// Makes a report, with the notices that tell of it, unless its period has one; its row id
    /// where it is new.
    pub async fn make_report(
        &self,
        new: &NewReport,
        notices: &[Extended],
        by: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO reports (report, pack, from_day, to_day, state, texts, due_at, made_at, made_by)
             VALUES ($1, $2, $3, $4, 'draft', '{}', $5, $6, $7) ON CONFLICT (report, from_day) DO NOTHING RETURNING id")
            .bind(&new.report)
            .bind(&new.pack)
            .bind(&new.from_day)
            .bind(&new.to_day)
            .bind(new.due_at.0)
            .bind(now.0)
            .bind(by)
            .fetch_optional(c)
            .await)?;
        let Some((id,)) = row else {
            tx.rollback().await?;
            return Ok(None);
        };
        log(&mut tx, id, "made", "", by, now).await?;
        for notice in notices {
            notice::queue_one(&mut tx, notice, now).await?;
        }
        tx.commit().await?;
        self.tell(
            Change::new(Topic::Report, id, "make", by).of_pack(&new.pack).on(&new.from_day).now("draft"),
        );
        Ok(Some(id))
    }

    /// A page of reports, newest first.
    pub async fn reports(
        &self,
        filter: &ReportFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<ReportRow>, Error> {
        let rows: Vec<ReportRow> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(ROW);
            if let Some(report) = &filter.report {
                query.push(" AND report = ").push_bind(report);
            }
            if let Some(state) = &filter.state {
                query.push(" AND state = ").push_bind(state);
            }
            if let Some(from) = &filter.from {
                query.push(" AND from_day >= ").push_bind(from);
            }
            if let Some(after) = after {
                query.push(" AND id < ").push_bind(after.key);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// One report.
    pub async fn report(&self, id: i64) -> Result<Option<ReportRow>, Error> {
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new(ROW);
            query.push(" AND id = ").push_bind(id);
            query.build_query_as().fetch_optional(p).await
        })?)
    }

    /// Approved reports in whose periods a day lies.
    pub async fn approved_reports(&self, day: &str) -> Result<Vec<ReportRow>, Error> {
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new(ROW);
            query.push(" AND state = 'approved' AND from_day <= ").push_bind(day);
            query.push(" AND to_day >= ").push_bind(day).push(" ORDER BY id");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// The report of a file whose period begins on a day.
    pub async fn report_of(&self, report: &str, from_day: &str) -> Result<Option<ReportRow>, Error> {
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new(ROW);
            query.push(" AND report = ").push_bind(report).push(" AND from_day = ").push_bind(from_day);
            query.build_query_as().fetch_optional(p).await
        })?)
    }

    /// Changes a report that still has the version it was read with: its state, texts and kept
    /// figures; and adds what is to be done.
    ///
    /// # Errors
    /// [`Error::Refused`]: somebody else changed it in between.
    pub async fn change_report(
        &self,
        row: &ReportRow,
        actions: &[(String, String)],
        (action, detail): (&str, &str),
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE reports SET state = $3, figures = $4, texts = $5, version = version + 1 WHERE id = $1 AND version = $2")
            .bind(row.id)
            .bind(row.version)
            .bind(&row.state)
            .bind(&row.figures)
            .bind(&row.texts)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if changed == 0 {
            tx.rollback().await?;
            return Err(Error::Refused("the report was changed by somebody else: read it again".into()));
        }
        for (field, text) in actions {
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO report_actions (report_id, field, text, created_by, created_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(row.id)
                .bind(field)
                .bind(clean(text))
                .bind(by)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        log(&mut tx, row.id, action, detail, by, now).await?;
        tx.commit().await?;
        let change = Change::new(Topic::Report, row.id, action, by);
        self.tell(change.of_pack(&row.pack).on(&row.from_day).now(&row.state));
        Ok(())
    }

    /// Marks reports as late that are still drafts when they are due; gives them.
    pub async fn mark_late_reports(&self, now: Timestamp) -> Result<Vec<ReportRow>, Error> {
        let mut tx = self.db.begin().await?;
        let rows: Vec<ReportRow> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE reports SET late = 1 WHERE state = 'draft' AND late = 0 AND due_at <= $1
             RETURNING id, report, pack, from_day, to_day, state, figures, texts, due_at, made_at, made_by, late, version")
            .bind(now.0)
            .fetch_all(c)
            .await)?;
        tx.commit().await?;
        for row in &rows {
            self.tell(Change::new(Topic::Report, row.id, "late", "").of_pack(&row.pack).on(&row.from_day));
        }
        Ok(rows)
    }

    /// The steps of a report, oldest first.
    pub async fn report_log(&self, id: i64) -> Result<Vec<ReportLogRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT at, actor, action, detail FROM report_log WHERE report_id = $1 ORDER BY id").bind(id).fetch_all(p).await)?)
    }

    /// What is to be done: all that is open, or with `closed` everything.
    pub async fn report_actions(&self, closed: bool) -> Result<Vec<ActionRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT a.id, a.report_id, r.report, r.from_day, a.field, a.text, a.created_by, a.created_at, a.closed_by,
                    a.closed_at, a.result
             FROM report_actions a JOIN reports r ON r.id = a.report_id
             WHERE a.closed_at IS NULL OR $1 = 1 ORDER BY a.id")
            .bind(i64::from(closed))
            .fetch_all(p)
            .await)?)
    }

    /// Closes what was to be done.
    ///
    /// # Errors
    /// [`Error::Refused`]: it is not open.
    pub async fn close_report_action(
        &self,
        id: i64,
        result: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE report_actions SET closed_by = $2, closed_at = $3, result = $4 WHERE id = $1 AND closed_at IS NULL")
            .bind(id)
            .bind(by)
            .bind(now.0)
            .bind(clean(result))
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if changed == 0 {
            tx.rollback().await?;
            return Err(Error::Refused(format!("there is no open action {id}")));
        }
        let subject = format!("report_action:{id}");
        let line = AuditLine {
            at: now,
            actor: by,
            action: "report.action_closed",
            subject: &subject,
            detail: result,
        };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Report, None, "close_action", by));
        Ok(())
    }
}

async fn log(
    tx: &mut Tx,
    id: i64,
    action: &str,
    detail: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    within!(&mut *tx, c => sqlx::query(
        "INSERT INTO report_log (report_id, at, actor, action, detail) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(now.0)
        .bind(by)
        .bind(action)
        .bind(clean(detail))
        .execute(c)
        .await
        .map(drop))?;
    let (subject, action) = (format!("report:{id}"), format!("report.{action}"));
    audit::append(tx, &AuditLine { at: now, actor: by, action: &action, subject: &subject, detail }).await
}
