//! Tombstones: what is erased leaves who, when, why, and the digest of what it was.

use super::super::db::{Tx, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::custody::{self, Kind};

/// Something that is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io::store) struct Buried {
    /// What.
    pub kind: Kind,
    /// Of which.
    pub subject: String,
    /// What is left of it, as [`super::content`] writes it; None: nothing.
    pub remains: Option<String>,
}

impl Buried {
    /// Something of which nothing is left.
    pub fn whole(kind: Kind, subject: String) -> Buried {
        Buried { kind, subject, remains: None }
    }
}

/// Puts tombstones in the transaction that erases, before it does so. The salts go with what was
/// salted.
pub(in crate::io::store) async fn bury(
    tx: &mut Tx,
    things: &[Buried],
    (actor, reason): (&str, &str),
    now: Timestamp,
) -> Result<(), Error> {
    super::alone(tx).await?;
    for Buried { kind, subject, remains } in things {
        let was: Option<(String,)> = within!(&mut *tx, c => sqlx::query_as(
            "SELECT digest FROM custody_chain WHERE kind = $1 AND subject = $2")
            .bind(kind.as_str())
            .bind(subject)
            .fetch_optional(c)
            .await)?;
        let remains = remains.as_deref().map(|content| custody::digest("", content).to_string());
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO tombstones (at, actor, reason, kind, subject, was, remains)
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(now.0)
            .bind(clean(actor))
            .bind(clean(reason))
            .bind(kind.as_str())
            .bind(subject)
            .bind(was.map(|(digest,)| digest).unwrap_or_default())
            .bind(remains.unwrap_or_default())
            .execute(c)
            .await
            .map(drop))?;
        within!(&mut *tx, c => sqlx::query(
            "UPDATE custody_chain SET salt = NULL WHERE kind = $1 AND subject = $2 AND salt IS NOT NULL")
            .bind(kind.as_str())
            .bind(subject)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

/// Notes a file, relative to the recordings folder, whose row goes: a crash between the two leaves
/// nothing behind.
pub(in crate::io::store) async fn remove_later(tx: &mut Tx, path: &str, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO files_to_remove (path, since) VALUES ($1, $2) ON CONFLICT (path) DO NOTHING")
        .bind(path)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

impl Store {
    /// Files that are to be removed from the disk, relative to the recordings folder.
    pub async fn erased_files(&self) -> Result<Vec<String>, Error> {
        let rows: Vec<(String,)> = super::super::db::on!(self.db(), p => sqlx::query_as(
            "SELECT path FROM files_to_remove ORDER BY path LIMIT 1000").fetch_all(p).await)?;
        Ok(rows.into_iter().map(|(path,)| path).collect())
    }

    /// A file is gone from the disk.
    pub async fn file_removed(&self, path: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        super::changed(&mut tx, "DELETE FROM files_to_remove WHERE path = $1", path).await?;
        tx.commit().await
    }
}
