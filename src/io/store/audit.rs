//! Who changed what. The program appends; triggers refuse everything else.

use super::db::{Tx, within};
use super::{Error, Store};
use crate::base::Timestamp;

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine<'a> {
    /// When.
    pub at: Timestamp,
    /// A token's name, `local`, or a part of the daemon such as `dialer`.
    pub actor: &'a str,
    /// Stable word: `campaign.state`, `list.import`, `token.create`, ...
    pub action: &'a str,
    /// What it was done to: `campaign:3`, `phone:13800000000`.
    pub subject: &'a str,
    /// Its figures, for people.
    pub detail: &'a str,
}

impl Store {
    /// Appends one line by itself. Changes of this module write theirs in their own transaction.
    pub async fn append_audit(&self, line: &AuditLine<'_>) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        append(&mut tx, line).await?;
        tx.commit().await
    }
}

/// Appends one line in the transaction of the change it tells of.
pub(super) async fn append(tx: &mut Tx, line: &AuditLine<'_>) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO audit_log (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)")
        .bind(line.at.0)
        .bind(line.actor)
        .bind(line.action)
        .bind(line.subject)
        .bind(line.detail)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
