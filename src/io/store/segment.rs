//! Saved segments: kept under a name, and told of each customer who belongs to one.

use serde::{Deserialize, Serialize};

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::write::clean;
use super::{Error, Store};
use crate::archive::{Customer, Segment, SegmentTest};
use crate::base::Timestamp;

/// A segment as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SegmentRow {
    /// Policy pack.
    pub pack: String,
    /// Its name; rules ask for it as the field `segment.<name>`.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// What must hold: all of it.
    pub tests: Vec<SegmentTest>,
    /// Who changed it last.
    pub changed_by: String,
    /// Milliseconds since 1970.
    pub changed_at: i64,
}

impl SegmentRow {
    /// The segment itself.
    pub fn segment(&self) -> Segment {
        Segment { name: self.name.clone(), tests: self.tests.clone() }
    }
}

impl Store {
    /// Segments of a pack, or of all, by name.
    pub async fn segments(&self, pack: Option<&str>) -> Result<Vec<SegmentRow>, Error> {
        type Row = (String, String, String, String, String, i64);
        let rows: Vec<Row> = on!(&self.db, p => sqlx::query_as(
            "SELECT pack, name, title, tests, changed_by, changed_at FROM segments
             WHERE (CAST($1 AS TEXT) IS NULL OR pack = $1) ORDER BY pack, name")
            .bind(pack)
            .fetch_all(p)
            .await)?;
        rows.into_iter()
            .map(|(pack, name, title, tests, changed_by, changed_at)| {
                let bad =
                    |e: serde_json::Error| Error::Corrupt { what: "segment", detail: format!("{name}: {e}") };
                let tests = serde_json::from_str(&tests).map_err(bad)?;
                Ok(SegmentRow { pack, name, title, tests, changed_by, changed_at })
            })
            .collect()
    }

    /// Keeps a segment in place of the one of that name; None takes it away. Every customer of the
    /// pack is looked at again, for rules may ask for it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none to take away.
    pub async fn keep_segment(
        &self,
        (pack, name): (&str, &str),
        new: Option<(&str, &[SegmentTest])>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let changed = match new {
            Some((title, tests)) => {
                let tests = super::callback::json(&tests)?;
                within!(&mut tx, c => sqlx::query(
                    "INSERT INTO segments (pack, name, title, tests, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (pack, name) DO UPDATE SET title = excluded.title, tests = excluded.tests,
                         changed_by = excluded.changed_by, changed_at = excluded.changed_at")
                    .bind(pack)
                    .bind(name)
                    .bind(clean(title))
                    .bind(clean(&tests))
                    .bind(by)
                    .bind(now.0)
                    .execute(c)
                    .await
                    .map(|done| done.rows_affected()))?
            }
            None => within!(&mut tx, c => sqlx::query("DELETE FROM segments WHERE pack = $1 AND name = $2")
                .bind(pack)
                .bind(name)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?,
        };
        if changed == 0 {
            return Err(Error::NotFound { what: "segment", name: format!("{pack}/{name}") });
        }
        within!(&mut tx, c => sqlx::query(
            "UPDATE customers SET review_at = 0 WHERE pack = $1 AND merged_into IS NULL AND standing <> 'erased'")
            .bind(pack)
            .execute(c)
            .await
            .map(drop))?;
        let action = if new.is_some() { "segment.keep" } else { "segment.remove" };
        let subject = format!("segment:{pack}/{name}");
        let line =
            AuditLine { at: now, actor: by, action, subject: &subject, detail: new.map_or("", |n| n.0) };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }
}

/// Tells of a customer to which segments they belong, as fields.
pub(super) fn mark(customer: &mut Customer, segments: &[SegmentRow]) {
    for row in segments.iter().filter(|row| row.pack == customer.pack) {
        if row.segment().has(customer) {
            customer.fields.insert(format!("{}{}", Segment::PREFIX, row.name), "yes".into());
        }
    }
}
