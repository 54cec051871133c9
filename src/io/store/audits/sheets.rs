//! Score sheets and appeals. A submitted sheet is never changed; triggers refuse it.

use serde::{Deserialize, Serialize};

use super::super::audit::append;
use super::super::db::{on, within};
use super::super::read::{Cursor, Page, fetch};
use super::super::{AuditLine, Change, Error, Store, Topic};
use crate::base::Timestamp;

/// A sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct SheetRow {
    /// Its id.
    pub id: i64,
    /// Its case.
    pub case_id: i64,
    /// From 1; the highest submitted one counts.
    pub version: i64,
    /// `draft` or `submitted`.
    pub state: String,
    /// Who scored.
    pub auditor: String,
    /// Pack of the form.
    pub pack: String,
    /// Version of the form.
    pub form_version: String,
    /// Version of the phrase book and thresholds behind what was filled in.
    pub scorecard_version: String,
    /// JSON of marks, rulings and notes.
    pub body: String,
    /// JSON of the score; of a draft `{}`.
    pub result: String,
    /// 0 to 100.
    pub score: Option<f64>,
    /// Grade.
    pub grade: String,
    /// JSON array of confirmed critical items.
    pub critical: String,
    /// Why it was corrected; empty: it is the first.
    pub reason: String,
    /// Milliseconds since 1970: when it was saved.
    pub saved_at: i64,
    /// When it was submitted.
    pub submitted_at: Option<i64>,
    /// SHA-256 of `body` and, behind a line feed, `result`.
    pub sha256: String,
}

/// A sheet to keep.
#[derive(Clone, Debug)]
pub struct NewSheet<'a> {
    /// Its case.
    pub case_id: i64,
    /// Who scores.
    pub auditor: &'a str,
    /// Pack of the form.
    pub pack: &'a str,
    /// Version of the form.
    pub form_version: &'a str,
    /// JSON of the form.
    pub form: &'a str,
    /// Version of the scorecard.
    pub scorecard_version: &'a str,
    /// JSON.
    pub body: &'a str,
    /// Score, grade and JSONs of result and critical items; None: a draft.
    pub score: Option<(f64, &'a str, &'a str, &'a str)>,
    /// Why it is corrected.
    pub reason: &'a str,
    /// SHA-256 of body and result.
    pub sha256: &'a str,
}

/// An appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AppealRow {
    /// Its id.
    pub id: i64,
    /// The sheet it is against.
    pub sheet_id: i64,
    /// Its case.
    pub case_id: i64,
    /// Who was scored.
    pub agent: String,
    /// Who scored.
    pub auditor: String,
    /// What the agent says.
    pub text: String,
    /// Milliseconds since 1970.
    pub made_at: i64,
    /// `open`, `upheld` or `rejected`.
    pub state: String,
    /// Who decided; empty: nobody yet.
    pub reviewer: String,
    /// What they say.
    pub answer: String,
    /// When.
    pub decided_at: Option<i64>,
}

macro_rules! sheet_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, case_id, version, state, auditor, pack, form_version, scorecard_version, body, result, score,
                    grade, critical, reason, saved_at, submitted_at, sha256 FROM audit_sheets ",
            $rest
        )
    };
}

macro_rules! appeal_sql {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.sheet_id, s.case_id, a.agent, s.auditor, a.text, a.made_at, a.state, a.reviewer, a.answer,
                    a.decided_at
             FROM audit_appeals a JOIN audit_sheets s ON s.id = a.sheet_id ",
            $rest
        )
    };
}

impl Store {
    /// Keeps a sheet in place of the draft of its case; a submitted one stays for ever.
    pub async fn save_sheet(&self, new: &NewSheet<'_>, now: Timestamp) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM audit_sheets WHERE case_id = $1 AND state = 'draft'")
            .bind(new.case_id)
            .execute(c)
            .await
            .map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO audit_forms (version, pack, form, used_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(new.form_version)
            .bind(new.pack)
            .bind(new.form)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        let (score, grade, result, critical) = match new.score {
            Some((score, grade, result, critical)) => (Some(score), grade, result, critical),
            None => (None, "", "{}", "[]"),
        };
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO audit_sheets (case_id, version, state, auditor, pack, form_version, scorecard_version, body,
                    result, score, grade, critical, reason, saved_at, submitted_at, sha256)
             VALUES ($1, (SELECT COALESCE(MAX(version), 0) + 1 FROM audit_sheets WHERE case_id = $1), $2, $3, $4, $5, $6, $7,
                     $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id")
            .bind(new.case_id)
            .bind(if score.is_some() { "submitted" } else { "draft" })
            .bind(new.auditor)
            .bind(new.pack)
            .bind(new.form_version)
            .bind(new.scorecard_version)
            .bind(new.body)
            .bind(result)
            .bind(score)
            .bind(grade)
            .bind(critical)
            .bind(new.reason)
            .bind(now.0)
            .bind(score.map(|_| now.0))
            .bind(new.sha256)
            .fetch_one(c)
            .await)?;
        if let Some(score) = score {
            let (subject, detail) =
                (format!("sheet:{id}"), format!("case {}, {score}, {}", new.case_id, new.sha256));
            let line = AuditLine {
                at: now,
                actor: new.auditor,
                action: "sheet.submit",
                subject: &subject,
                detail: &detail,
            };
            append(&mut tx, &line).await?;
        }
        tx.commit().await?;
        if score.is_some() {
            let act = if new.reason.is_empty() { "submit" } else { "correct" };
            self.tell(
                Change::new(Topic::Audit, new.case_id, act, new.auditor).of_pack(new.pack).of(new.auditor),
            );
        }
        Ok(id)
    }

    /// JSON of a form by which something was scored.
    pub async fn used_form(&self, version: &str) -> Result<Option<String>, Error> {
        let row: Option<(String,)> = on!(self.db(), p => sqlx::query_as("SELECT form FROM audit_forms WHERE version = $1")
            .bind(version)
            .fetch_optional(p)
            .await)?;
        Ok(row.map(|(form,)| form))
    }

    /// Sheets of a case, the newest first.
    pub async fn sheets_of(&self, case: i64) -> Result<Vec<SheetRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(sheet_sql!("WHERE case_id = $1 ORDER BY version DESC"))
            .bind(case)
            .fetch_all(p)
            .await)?)
    }

    /// Files an appeal against a sheet, once.
    pub async fn file_appeal(
        &self,
        sheet: i64,
        agent: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        let made: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO audit_appeals (sheet_id, agent, text, made_at, state, reviewer, answer)
             VALUES ($1, $2, $3, $4, 'open', '', '') ON CONFLICT (sheet_id) DO NOTHING RETURNING id")
            .bind(sheet)
            .bind(agent)
            .bind(text)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let (id,) =
            made.ok_or_else(|| Error::Exists { what: "appeal against sheet", name: sheet.to_string() })?;
        tx.commit().await?;
        self.tell_of_appeal(id, "appeal", agent).await;
        Ok(id)
    }

    /// Decides an open appeal; false: it is decided already.
    pub async fn decide_appeal(
        &self,
        id: i64,
        upheld: bool,
        reviewer: &str,
        answer: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let state = if upheld { "upheld" } else { "rejected" };
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE audit_appeals SET state = $2, reviewer = $3, answer = $4, decided_at = $5
             WHERE id = $1 AND state = 'open'")
            .bind(id)
            .bind(state)
            .bind(reviewer)
            .bind(answer)
            .bind(now.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        let (subject, detail) = (format!("appeal:{id}"), format!("{state}: {answer}"));
        append(
            &mut tx,
            &AuditLine {
                at: now,
                actor: reviewer,
                action: "appeal.decide",
                subject: &subject,
                detail: &detail,
            },
        )
        .await?;
        if changed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        self.tell_of_appeal(id, "decide", reviewer).await;
        Ok(true)
    }

    /// An appeal is heard of as a change of its case. What was done stands, even if nobody can be told.
    async fn tell_of_appeal(&self, id: i64, act: &str, by: &str) {
        if let Ok(Some(appeal)) = self.appeal_row(id).await {
            self.tell(
                Change::new(Topic::Audit, appeal.case_id, act, by).of(&appeal.auditor).now(&appeal.state),
            );
        }
    }

    /// One appeal.
    pub async fn appeal_row(&self, id: i64) -> Result<Option<AppealRow>, Error> {
        Ok(
            on!(self.db(), p => sqlx::query_as(appeal_sql!("WHERE a.id = $1")).bind(id).fetch_optional(p).await)?,
        )
    }

    /// Appeals in a case, the newest first.
    pub async fn appeals_of(&self, case: i64) -> Result<Vec<AppealRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(appeal_sql!("WHERE s.case_id = $1 ORDER BY a.id DESC"))
            .bind(case)
            .fetch_all(p)
            .await)?)
    }

    /// Appeals that nobody decided, the oldest first, those after a place.
    pub async fn open_appeals(&self, after: Option<&Cursor>, limit: u32) -> Result<Page<AppealRow>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            appeal_sql!("WHERE a.state = 'open' AND a.id > $1 ORDER BY a.id LIMIT $2"))
            .bind(after.map_or(0, |after| after.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row: &AppealRow| Cursor { key: row.id, id: "appeal".into() }))
    }
}
