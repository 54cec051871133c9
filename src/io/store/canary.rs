//! Canaries of trunks: each when it is over, with what was found of it; and who overrode one.

use jiff::civil::Date;

use super::audit::{self, AuditLine};
use super::db::{Tx, on, within};
use super::write::{clean, json};
use super::{Error, Store};
use crate::base::{CallId, Timestamp};
use crate::canary::CanaryCheck;
use crate::engine::{CanaryRun, KEYS_QUESTION};

/// A canary that is over.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CanaryRow {
    /// Row id.
    pub id: i64,
    /// The call that went out.
    pub caller_id: String,
    /// The call that came back; None: none did.
    pub called_id: Option<String>,
    /// Name of the trunk.
    pub trunk: String,
    /// Day in the calendar's zone.
    pub day: String,
    /// Number that was called.
    pub number: String,
    /// Key that was pressed.
    pub pressed: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When it was ordered.
    pub began_at: i64,
    /// When both calls were over.
    pub ended_at: i64,
    /// From order to end by the monotonic clock, in milliseconds.
    pub mono_ms: i64,
    /// When it came back.
    pub back_at: Option<i64>,
    /// Trunk by which it came back; empty: it did not.
    pub back_by: String,
    /// Why it was not placed; empty: it was.
    pub problem: String,
    /// 1: every check passed; None: nobody has looked yet.
    pub passed: Option<i64>,
    /// JSON of the checks.
    pub checks: String,
}

impl CanaryRow {
    /// The checks, in order.
    ///
    /// # Errors
    /// They are not what this program wrote.
    pub fn checks(&self) -> Result<Vec<CanaryCheck>, Error> {
        serde_json::from_str(&self.checks)
            .map_err(|e| Error::Corrupt { what: "canary", detail: format!("{}: {e}", self.id) })
    }
}

/// One of its calls, as far as it is judged by it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CanaryCallRow {
    /// INVITE sent or received.
    pub started_at: Option<i64>,
    /// The answer.
    pub answered_at: Option<i64>,
    /// The end.
    pub ended_at: Option<i64>,
    /// How it ended, for people.
    pub detail: String,
    /// Final SIP status.
    pub sip_status: Option<i64>,
    /// Path of the recording.
    pub recording: Option<String>,
    /// Its length.
    pub recording_ms: Option<i64>,
    /// JSON of [`crate::media::Quality`].
    pub quality: Option<String>,
    /// Keys that were received, in order.
    pub keys: Option<String>,
}

/// Who overrode a trunk's canary for a day.
#[derive(
    Clone, Debug, PartialEq, Eq, sqlx::FromRow, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct CanaryOverride {
    /// Name of the trunk.
    pub trunk: String,
    /// The day, in the calendar's zone.
    pub day: String,
    /// When; milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Columns of [`CanaryRow`].
const ROW: &str =
    "SELECT id, caller_id, called_id, trunk, day, number, pressed, asked_by, began_at, ended_at, mono_ms,
    back_at, back_by, problem, passed, checks FROM canaries WHERE ";

impl Store {
    /// Canaries that nobody has looked at, oldest first.
    pub async fn canaries_to_judge(&self) -> Result<Vec<CanaryRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = sqlx::QueryBuilder::new(ROW);
            query.push("passed IS NULL ORDER BY id LIMIT 100");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// The last canaries of a trunk, the newest first.
    pub async fn canaries(&self, trunk: &str, limit: u32) -> Result<Vec<CanaryRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = sqlx::QueryBuilder::new(ROW);
            query.push("trunk = ").push_bind(trunk).push(" ORDER BY began_at DESC, id DESC LIMIT ");
            query.push_bind(i64::from(limit));
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// Whether the canary whose call went out by that id is stored.
    pub async fn has_canary(&self, caller: CallId) -> Result<bool, Error> {
        let (count,): (i64,) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) FROM canaries WHERE caller_id = $1")
            .bind(caller.to_string())
            .fetch_one(p)
            .await)?;
        Ok(count > 0)
    }

    /// A call of a canary; None: it was never placed.
    pub async fn canary_call(&self, call: &str) -> Result<Option<CanaryCallRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT started_at, answered_at, ended_at, detail, sip_status, recording, recording_ms, quality,
                    (SELECT a.keys FROM answers a WHERE a.call_id = calls.id AND a.question = $2
                     ORDER BY a.seq DESC LIMIT 1) AS keys
             FROM calls WHERE id = $1")
            .bind(call)
            .bind(KEYS_QUESTION)
            .fetch_optional(p)
            .await)?)
    }

    /// Notes what was found of a canary; the first finding stays.
    pub async fn judge_canary(
        &self,
        id: i64,
        checks: &[CanaryCheck],
        passed: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let text = json(&checks)?;
        let mut tx = self.db().begin().await?;
        let done = within!(&mut tx, c => sqlx::query(
            "UPDATE canaries SET passed = $2, checks = $3, judged_at = $4 WHERE id = $1 AND passed IS NULL")
            .bind(id)
            .bind(i64::from(passed))
            .bind(clean(&text))
            .bind(now.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Who overrode canaries on a day.
    pub async fn canary_overrides(&self, day: Date) -> Result<Vec<CanaryOverride>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT trunk, day, at, by, reason FROM canary_overrides WHERE day = $1 ORDER BY trunk")
            .bind(day.to_string())
            .fetch_all(p)
            .await)?)
    }

    /// Lets a trunk be dialled on a day in spite of its canary, with its line in the audit log; said
    /// again, the last reason counts.
    pub async fn override_canary(&self, new: &CanaryOverride) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO canary_overrides (trunk, day, at, by, reason) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (trunk, day) DO UPDATE SET at = excluded.at, by = excluded.by, reason = excluded.reason")
            .bind(clean(&new.trunk))
            .bind(&new.day)
            .bind(new.at)
            .bind(clean(&new.by))
            .bind(clean(&new.reason))
            .execute(c)
            .await
            .map(drop))?;
        let line = AuditLine {
            at: Timestamp(new.at),
            actor: &new.by,
            action: "trunk.canary_override",
            subject: &format!("trunk:{}", new.trunk),
            detail: &format!("for {}: {}", new.day, new.reason),
        };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }
}

/// Keeps a canary that is over; done twice, it stands there once.
pub(super) async fn keep(tx: &mut Tx, run: &CanaryRun) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO canaries (caller_id, called_id, trunk, day, number, pressed, asked_by, began_at, ended_at, mono_ms,
             back_at, back_by, problem)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (caller_id) DO NOTHING")
        .bind(run.caller.to_string())
        .bind(run.called.map(|call| call.to_string()))
        .bind(clean(&run.trunk))
        .bind(run.day.to_string())
        .bind(&run.number)
        .bind(run.key.to_string())
        .bind(clean(&run.by))
        .bind(run.began.0)
        .bind(run.ended.0)
        .bind(i64::try_from(run.mono_ms).unwrap_or(i64::MAX))
        .bind(run.back_at.map(|at| at.0))
        .bind(clean(&run.back_by))
        .bind(clean(&run.problem))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
