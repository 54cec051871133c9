//! Column mappings by source, remembered from the last time.

use std::collections::BTreeMap;

use super::super::db::{on, within};
use super::super::{Error, Store};
use super::save::json;
use crate::base::Timestamp;

/// How the columns of one source are read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct SourceMapping {
    /// Policy pack.
    pub pack: String,
    /// Name of the source: `yhsoft`.
    pub source: String,
    /// Column to field.
    pub mapping: BTreeMap<String, String>,
    /// Who said so last.
    pub changed_by: String,
    /// Milliseconds since 1970.
    pub changed_at: i64,
}

type Row = (String, String, String, String, i64);

fn read(row: Row) -> Result<SourceMapping, Error> {
    let (pack, source, mapping, changed_by, changed_at) = row;
    let mapping = serde_json::from_str(&mapping)
        .map_err(|e| Error::Corrupt { what: "column mapping", detail: e.to_string() })?;
    Ok(SourceMapping { pack, source, mapping, changed_by, changed_at })
}

impl Store {
    /// Every remembered mapping, by pack and source.
    pub async fn source_mappings(&self) -> Result<Vec<SourceMapping>, Error> {
        let rows: Vec<Row> = on!(self.db(), p => sqlx::query_as(
            "SELECT pack, source, mapping, changed_by, changed_at FROM intake_sources ORDER BY pack, source")
            .fetch_all(p)
            .await)?;
        rows.into_iter().map(read).collect()
    }

    /// The mapping of one source; empty where none is remembered.
    pub async fn source_mapping(&self, pack: &str, source: &str) -> Result<BTreeMap<String, String>, Error> {
        let row: Option<Row> = on!(self.db(), p => sqlx::query_as(
            "SELECT pack, source, mapping, changed_by, changed_at FROM intake_sources WHERE pack = $1 AND source = $2")
            .bind(pack)
            .bind(source)
            .fetch_optional(p)
            .await)?;
        Ok(row.map(read).transpose()?.map(|found| found.mapping).unwrap_or_default())
    }

    /// Remembers a mapping in place of the last one.
    pub async fn remember_mapping(
        &self,
        pack: &str,
        source: &str,
        mapping: &BTreeMap<String, String>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        if source.trim().is_empty() {
            return Err(Error::Refused("a source needs a name".into()));
        }
        let mapping = json(mapping)?;
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO intake_sources (pack, source, mapping, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (pack, source) DO UPDATE
             SET mapping = EXCLUDED.mapping, changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at")
            .bind(pack)
            .bind(source)
            .bind(mapping)
            .bind(by)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }
}
