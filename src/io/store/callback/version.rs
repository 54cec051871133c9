//! The texts of the packs as they were in force: a callback shows the rule it was made by
//! (SCH-14, SCH-37).

use serde::{Deserialize, Serialize};

use super::super::audit::{self, AuditLine};
use super::super::db::{on, within};
use super::super::{Error, Store};
use crate::base::Timestamp;

/// One version of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct PolicyVersion {
    /// Policy pack.
    pub pack: String,
    /// First 12 hex digits of the text's SHA-256.
    pub version: String,
    /// 1, 2, 3 ... within the pack.
    pub number: i64,
    /// The file as it was.
    pub text: String,
    /// First day in force; None: from when it was loaded.
    pub effective: Option<String>,
    /// When it was loaded; milliseconds since 1970.
    pub loaded_at: i64,
    /// Who loaded it.
    pub loaded_by: String,
}

macro_rules! version_columns {
    () => {
        "pack, version, number, text, effective, loaded_at, loaded_by"
    };
}

impl Store {
    /// Keeps a version of a pack; true where it was not known. The audit log names the version
    /// before it, so that both texts can be compared.
    pub async fn keep_policy(
        &self,
        pack: &str,
        version: &str,
        text: &str,
        effective: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let last: Option<(String, i64)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT version, number FROM policy_versions WHERE pack = $1 ORDER BY number DESC LIMIT 1")
            .bind(pack)
            .fetch_optional(c)
            .await)?;
        let number = last.as_ref().map_or(1, |(_, number)| number + 1);
        let made = within!(&mut tx, c => sqlx::query(concat!(
            "INSERT INTO policy_versions (", version_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (pack, version) DO NOTHING"))
            .bind(pack)
            .bind(version)
            .bind(number)
            .bind(text)
            .bind(effective)
            .bind(now.0)
            .bind(by)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if made > 0 {
            let detail = match last {
                Some((old, _)) => format!("version {number} is {version}, before it {old}"),
                None => format!("version {number} is {version}"),
            };
            let subject = format!("policy:{pack}");
            let line = AuditLine {
                at: now,
                actor: by,
                action: "policy.version",
                subject: &subject,
                detail: &detail,
            };
            audit::append(&mut tx, &line).await?;
        }
        tx.commit().await?;
        Ok(made > 0)
    }

    /// One version of a pack with its text.
    pub async fn policy_version(&self, pack: &str, version: &str) -> Result<Option<PolicyVersion>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT ", version_columns!(), " FROM policy_versions WHERE pack = $1 AND version = $2"))
            .bind(pack)
            .bind(version)
            .fetch_optional(p)
            .await)?)
    }

    /// Every version of a pack, newest first.
    pub async fn policy_versions(&self, pack: &str) -> Result<Vec<PolicyVersion>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT ", version_columns!(), " FROM policy_versions WHERE pack = $1 ORDER BY number DESC LIMIT 200"))
            .bind(pack)
            .fetch_all(p)
            .await)?)
    }
}
