//! The register of callers against the list it was made from, day by day (IMP-06).

use serde::{Deserialize, Serialize};

use super::super::audit::{self, AuditLine};
use super::super::db::{on, within};
use super::super::score::{self, NewScore};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::intake::{Difference, RegisterLine};

/// Points that one difference takes off a caller's score.
const POINTS: i64 = 1;

/// One difference of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ReconciliationRow {
    /// `2026-03-03`.
    pub day: String,
    /// The source of the list.
    pub source: String,
    /// `missing`, `extra` or `altered`.
    pub kind: String,
    /// Whose line it is.
    pub caller: String,
    /// Order or job, or the number.
    pub line_key: String,
    /// What differs.
    pub detail: String,
    /// Points taken off the caller's score.
    pub points: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

impl Store {
    /// What the source's list said for a day: rows that its intakes of that time brought in.
    pub async fn source_lines(
        &self,
        pack: &str,
        source: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<RegisterLine>, Error> {
        let rows: Vec<(String, String, Option<String>, String)> = on!(self.db(), p => sqlx::query_as(
            "SELECT e.external_id, c.name,
                    (SELECT MIN(h.phone) FROM customer_phones h
                     WHERE h.customer_id = c.id AND h.valid_to IS NULL AND h.position = 0), e.fields
             FROM events e JOIN customers c ON c.id = e.customer_id
             WHERE e.pack = $1 AND e.withdrawn_at IS NULL
               AND e.intake_id IN (SELECT i.id FROM intakes i WHERE i.pack = $1 AND i.source = $2
                                   AND i.created_at >= $3 AND i.created_at < $4 AND i.state = 'done')
             ORDER BY e.id")
            .bind(pack)
            .bind(source)
            .bind(from.0)
            .bind(to.0)
            .fetch_all(p)
            .await)?;
        let caller = |fields: &str| -> String {
            let fields: serde_json::Value = serde_json::from_str(fields).unwrap_or_default();
            fields["caller"].as_str().unwrap_or_default().to_owned()
        };
        let line = |(key, name, phone, fields): (String, String, Option<String>, String)| RegisterLine {
            key,
            name,
            phone: phone.unwrap_or_default(),
            caller: caller(&fields),
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Keeps the differences of a day in place of those found before.
    pub async fn keep_reconciliation(
        &self,
        pack: &str,
        day: &str,
        source: &str,
        differences: &[Difference],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "DELETE FROM reconciliations WHERE pack = $1 AND day = $2 AND source = $3")
            .bind(pack).bind(day).bind(source).execute(c).await.map(drop))?;
        for difference in differences {
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO reconciliations (pack, day, source, kind, caller, line_key, detail, points, created_by,
                        created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
                .bind(pack)
                .bind(day)
                .bind(source)
                .bind(difference.kind.as_str())
                .bind(clean(&difference.caller))
                .bind(clean(&difference.key))
                .bind(clean(&difference.detail))
                .bind(POINTS)
                .bind(by)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        let about = format!("reconciliation:{pack}/{day}/{source}");
        // What was found before and is found no more was no mistake of theirs.
        score::withdraw(&mut tx, &about, now).await?;
        for difference in differences.iter().filter(|d| !d.caller.is_empty()) {
            let (kind, line) = (difference.kind.as_str(), &difference.key);
            let event = NewScore {
                key: format!("{about}/{kind}/{line}"),
                pack: pack.to_owned(),
                person: difference.caller.clone(),
                day: day.to_owned(),
                kind: "reconciliation".into(),
                subject: about.clone(),
                points: -POINTS,
                detail: format!("{kind} {line}: {}", difference.detail),
            };
            score::put(&mut tx, &event, by, now).await?;
        }
        let (subject, detail) =
            (format!("reconciliation:{pack}/{day}"), format!("{source}: {} differences", differences.len()));
        let line =
            AuditLine { at: now, actor: by, action: "reconciliation", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// The differences of a day, by caller.
    pub async fn reconciliation(
        &self,
        pack: &str,
        day: &str,
        source: Option<&str>,
    ) -> Result<Vec<ReconciliationRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT day, source, kind, caller, line_key, detail, points, created_at FROM reconciliations
             WHERE pack = $1 AND day = $2 AND (CAST($3 AS TEXT) IS NULL OR source = $3) ORDER BY caller, kind, id")
            .bind(pack)
            .bind(day)
            .bind(source)
            .fetch_all(p)
            .await)?)
    }
}
