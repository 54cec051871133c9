//! Calls in the hands of auditors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::{Tx, on, within};
use super::super::read::{Cursor, Page, fetch};
use super::super::within::{Thing, push_reach};
use super::super::{Change, Error, Store, Topic};
use crate::access::Reach;
use crate::base::Timestamp;

/// Cases of one statement: eleven values each, below SQLite's limit.
const SHARE: usize = 500;

/// A call to be audited.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCase {
    /// Its draw, where it was drawn.
    pub draw_id: Option<i64>,
    /// Its session, where several score it.
    pub session_id: Option<i64>,
    /// The call.
    pub call_id: String,
    /// Who is scored.
    pub agent: String,
    /// JSON array of reasons.
    pub why: String,
    /// With which probability it was drawn.
    pub probability: Option<f64>,
    /// Who scores.
    pub auditor: String,
    /// A second look.
    pub second: bool,
    /// When the sheet is due.
    pub due_at: Option<i64>,
}

/// A case with its newest submitted sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct CaseRow {
    /// Its id.
    pub id: i64,
    /// Its draw; null: it was not drawn.
    pub draw_id: Option<i64>,
    /// Its session; null: none.
    pub session_id: Option<i64>,
    /// The call.
    pub call_id: String,
    /// Who is scored.
    pub agent: String,
    /// JSON array: `drawn`, or why it is audited in any case.
    pub why: String,
    /// With which probability it was drawn; null: it was not.
    pub probability: Option<f64>,
    /// Who scores.
    pub auditor: String,
    /// 1: a second look that knows nothing of the first.
    pub second: i64,
    /// Milliseconds since 1970: when the sheet is due.
    pub due_at: Option<i64>,
    /// The newest submitted sheet; null: none.
    pub sheet_id: Option<i64>,
    /// Version of that sheet.
    pub version: Option<i64>,
    /// Its score.
    pub score: Option<f64>,
    /// Its grade.
    pub grade: Option<String>,
    /// JSON array of its critical items.
    pub critical: Option<String>,
}

/// Which cases; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Of this draw.
    pub draw: Option<i64>,
    /// Of this session.
    pub session: Option<i64>,
    /// Of this auditor.
    pub auditor: Option<String>,
    /// Of this agent.
    pub agent: Option<String>,
    /// Of this call.
    pub call: Option<String>,
    /// Of calls from this id on.
    pub from: Option<String>,
    /// Of calls before this id.
    pub to: Option<String>,
    /// Only those without, or with, a submitted sheet.
    pub open: Option<bool>,
    /// Only what is reached.
    pub within: Reach,
}

macro_rules! case_sql {
    () => {
        "SELECT k.id, k.draw_id, k.session_id, k.call_id, k.agent, k.why, k.probability, k.auditor, k.second, k.due_at,
                s.id AS sheet_id, s.version, s.score, s.grade, s.critical
         FROM audit_cases k LEFT JOIN audit_sheets s ON s.case_id = k.id AND s.state = 'submitted'
              AND s.version = (SELECT MAX(n.version) FROM audit_sheets n WHERE n.case_id = k.id AND n.state = 'submitted')
         WHERE 1 = 1"
    };
}

impl Store {
    /// Opens cases; the id of the last.
    pub async fn open_cases(&self, cases: &[NewCase], by: &str, now: Timestamp) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        insert_cases(&mut tx, cases, by, now).await?;
        let (id,): (i64,) =
            within!(&mut tx, c => sqlx::query_as("SELECT MAX(id) FROM audit_cases").fetch_one(c).await)?;
        tx.commit().await?;
        self.given_out(cases, by);
        Ok(id)
    }

    /// Gives a case to another auditor, as long as it has no sheet.
    pub async fn reassign_case(&self, id: i64, auditor: &str) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE audit_cases SET auditor = $2 WHERE id = $1
             AND NOT EXISTS (SELECT 1 FROM audit_sheets s WHERE s.case_id = $1)")
            .bind(id)
            .bind(auditor)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        if changed > 0 {
            self.tell(Change::new(Topic::Audit, id, "assign", auditor).of(auditor));
        }
        Ok(changed > 0)
    }

    /// Each auditor hears of all cases given to them at once: a draw opens hundreds.
    pub(super) fn given_out(&self, cases: &[NewCase], by: &str) {
        let mut given: BTreeMap<&str, u64> = BTreeMap::new();
        cases.iter().for_each(|case| *given.entry(&case.auditor).or_default() += 1);
        for (auditor, count) in given {
            self.tell(Change::new(Topic::Audit, None, "give", by).of(auditor).times(count));
        }
    }

    /// One case.
    pub async fn case_row(&self, id: i64) -> Result<Option<CaseRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(case_sql!(), " AND k.id = $1"))
            .bind(id)
            .fetch_optional(p)
            .await)?)
    }

    /// Cases by id, those after a place.
    pub async fn case_page(
        &self,
        filter: &CaseFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<CaseRow>, Error> {
        let rows = self.cases(filter, after.map(|after| after.key), Some(fetch(limit))).await?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: "case".into() }))
    }

    /// All cases, by id.
    pub async fn all_cases(&self, filter: &CaseFilter) -> Result<Vec<CaseRow>, Error> {
        self.cases(filter, None, None).await
    }

    async fn cases(
        &self,
        filter: &CaseFilter,
        after: Option<i64>,
        limit: Option<i64>,
    ) -> Result<Vec<CaseRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = QueryBuilder::new(case_sql!());
            for (condition, value) in [
                (" AND k.auditor = ", &filter.auditor),
                (" AND k.agent = ", &filter.agent),
                (" AND k.call_id = ", &filter.call),
                (" AND k.call_id >= ", &filter.from),
                (" AND k.call_id < ", &filter.to),
            ] {
                if let Some(value) = value.as_deref() {
                    query.push(condition).push_bind(value);
                }
            }
            for (condition, value) in
                [(" AND k.draw_id = ", filter.draw), (" AND k.session_id = ", filter.session), (" AND k.id > ", after)]
            {
                if let Some(value) = value {
                    query.push(condition).push_bind(value);
                }
            }
            match filter.open {
                Some(true) => drop(query.push(" AND s.id IS NULL")),
                Some(false) => drop(query.push(" AND s.id IS NOT NULL")),
                None => {}
            }
            push_reach(&mut query, Thing::Case, &filter.within);
            query.push(" ORDER BY k.id");
            if let Some(limit) = limit {
                query.push(" LIMIT ").push_bind(limit);
            }
            query.build_query_as().fetch_all(p).await
        })?)
    }
}

pub(super) async fn insert_cases(
    tx: &mut Tx,
    cases: &[NewCase],
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    for share in cases.chunks(SHARE) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO audit_cases (draw_id, session_id, call_id, agent, why, probability, auditor, second, due_at,
                     made_by, made_at) ");
            query.push_values(share, |mut values, case| {
                values
                    .push_bind(case.draw_id)
                    .push_bind(case.session_id)
                    .push_bind(case.call_id.as_str())
                    .push_bind(case.agent.as_str())
                    .push_bind(case.why.as_str())
                    .push_bind(case.probability)
                    .push_bind(case.auditor.as_str())
                    .push_bind(i64::from(case.second))
                    .push_bind(case.due_at)
                    .push_bind(by)
                    .push_bind(now.0);
            });
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
    }
    Ok(())
}
