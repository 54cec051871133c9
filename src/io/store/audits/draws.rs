//! Draws and the frozen lists behind them.

use sqlx::QueryBuilder;

use super::super::audit::append;
use super::super::db::{on, within};
use super::super::{AuditLine, Change, Error, Store, Topic};
use super::NewCase;
use super::cases::insert_cases;
use crate::base::Timestamp;

/// Lines of one statement: nine values each, below SQLite's limit.
const SHARE: usize = 500;

/// A draw.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DrawRow {
    /// Its id.
    pub id: i64,
    /// `2026-03`.
    pub month: String,
    /// Policy pack; empty: all.
    pub pack: String,
    /// `frozen` or `drawn`.
    pub state: String,
    /// Version of the form that says how is drawn.
    pub form_version: String,
    /// JSON of [`crate::audit::DrawRule`].
    pub rule: String,
    /// Hash of the published list.
    pub list_sha256: String,
    /// Calls on the list.
    pub calls: i64,
    /// Answered calls of the month that no person had.
    pub left_out: i64,
    /// Where the seed comes from, said beforehand.
    pub source: String,
    /// Who froze it.
    pub frozen_by: String,
    /// When.
    pub frozen_at: i64,
    /// The seed.
    pub seed: Option<String>,
    /// Who typed it in.
    pub seeded_by: Option<String>,
    /// When.
    pub seeded_at: Option<i64>,
    /// JSON of [`crate::audit::Drawn`].
    pub result: Option<String>,
}

/// A list that is frozen.
#[derive(Clone, Debug)]
pub struct NewDraw<'a> {
    /// `2026-03`.
    pub month: &'a str,
    /// Policy pack; empty: all.
    pub pack: &'a str,
    /// Version of the form.
    pub form_version: &'a str,
    /// JSON of the rule.
    pub rule: &'a str,
    /// Hash of the list.
    pub list_sha256: &'a str,
    /// Answered calls that no person had.
    pub left_out: i64,
    /// Where the seed will come from.
    pub source: &'a str,
    /// Who freezes it.
    pub by: &'a str,
    /// The list.
    pub population: &'a [PopulationRow],
}

/// One call of a frozen list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PopulationRow {
    /// Its key in the list.
    pub key: String,
    /// The call.
    pub call_id: String,
    /// Who had the customer.
    pub agent: String,
    /// Rule of the policy.
    pub rule: String,
    /// 1 Monday to 7 Sunday.
    pub weekday: i64,
    /// Hour of the day.
    pub hour: i64,
    /// Severity of the gravest finding.
    pub risk: String,
    /// Reasons joined by blanks.
    pub must: String,
}

macro_rules! draw_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, month, pack, state, form_version, rule, list_sha256, calls, left_out, source, frozen_by,
                    frozen_at, seed, seeded_by, seeded_at, result FROM audit_draws ",
            $rest
        )
    };
}

impl Store {
    /// Freezes a list; its hash stands in the audit log from now on.
    ///
    /// # Errors
    /// [`Error::Exists`] where the month has one.
    pub async fn freeze_draw(&self, new: &NewDraw<'_>, now: Timestamp) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        let calls = i64::try_from(new.population.len()).unwrap_or(i64::MAX);
        let made: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO audit_draws (month, pack, state, form_version, rule, list_sha256, calls, left_out, source,
                    frozen_by, frozen_at)
             VALUES ($1, $2, 'frozen', $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (month, pack) DO NOTHING RETURNING id")
            .bind(new.month)
            .bind(new.pack)
            .bind(new.form_version)
            .bind(new.rule)
            .bind(new.list_sha256)
            .bind(calls)
            .bind(new.left_out)
            .bind(new.source)
            .bind(new.by)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let Some((id,)) = made else {
            return Err(Error::Exists { what: "draw of", name: format!("{} {}", new.month, new.pack) });
        };
        for share in new.population.chunks(SHARE) {
            within!(&mut tx, c => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO audit_population (draw_id, key, call_id, agent, rule, weekday, hour, risk, must) ");
                query.push_values(share, |mut values, row| {
                    values
                        .push_bind(id)
                        .push_bind(row.key.as_str())
                        .push_bind(row.call_id.as_str())
                        .push_bind(row.agent.as_str())
                        .push_bind(row.rule.as_str())
                        .push_bind(row.weekday)
                        .push_bind(row.hour)
                        .push_bind(row.risk.as_str())
                        .push_bind(row.must.as_str());
                });
                query.build().persistent(false).execute(c).await.map(drop)
            })?;
        }
        let detail = format!("{calls} calls, list {}, seed from: {}", new.list_sha256, new.source);
        let subject = format!("draw:{id}");
        append(
            &mut tx,
            &AuditLine { at: now, actor: new.by, action: "draw.freeze", subject: &subject, detail: &detail },
        )
        .await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Audit, None, "freeze", new.by).of_pack(new.pack).on(new.month));
        Ok(id)
    }

    /// Keeps seed, result and cases of a frozen draw, once.
    ///
    /// # Errors
    /// [`Error::Exists`] where it has a seed.
    pub async fn seed_draw(
        &self,
        id: i64,
        seed: &str,
        result: &str,
        cases: &[NewCase],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE audit_draws SET state = 'drawn', seed = $2, seeded_by = $3, seeded_at = $4, result = $5
             WHERE id = $1 AND state = 'frozen'")
            .bind(id)
            .bind(seed)
            .bind(by)
            .bind(now.0)
            .bind(result)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if changed == 0 {
            return Err(Error::Exists { what: "seed of draw", name: id.to_string() });
        }
        insert_cases(&mut tx, cases, by, now).await?;
        let detail = format!("seed {seed}, {} sheets", cases.len());
        let subject = format!("draw:{id}");
        append(
            &mut tx,
            &AuditLine { at: now, actor: by, action: "draw.seed", subject: &subject, detail: &detail },
        )
        .await?;
        tx.commit().await?;
        self.given_out(cases, by);
        Ok(())
    }

    /// Draws, the newest month first.
    pub async fn audit_draws(&self) -> Result<Vec<DrawRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(draw_sql!("ORDER BY month DESC, pack LIMIT 500"))
            .fetch_all(p)
            .await)?)
    }

    /// One draw.
    pub async fn draw_row(&self, id: i64) -> Result<Option<DrawRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(draw_sql!("WHERE id = $1")).bind(id).fetch_optional(p).await)?)
    }

    /// The frozen list of a draw, by key.
    pub async fn draw_population(&self, id: i64) -> Result<Vec<PopulationRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT key, call_id, agent, rule, weekday, hour, risk, must FROM audit_population
             WHERE draw_id = $1 ORDER BY key")
            .bind(id)
            .fetch_all(p)
            .await)?)
    }
}
