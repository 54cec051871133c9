//! The chain of custody in the database: what is to be linked, what is linked, roots, tombstones,
//! accesses, and the files that must be there.

mod access;
mod bury;
mod check;
mod content;
mod files;
mod link;
mod read;

pub use access::{AccessFilter, AccessRow, NewAccess};
pub(super) use bury::{Buried, bury, remove_later};
pub use check::CheckRow;
pub(super) use content::{ReplyFact, SheetFact, content_of};
pub use files::{Expected, Known};
pub use link::{LINKED_AT_ONCE, Waiting};
pub use read::{EntryRow, RootRow, Standing, TombstoneRow};

use super::Error;
use super::db::{Tx, within};
use crate::custody::Digest;

/// Names the lock of the chain among PostgreSQL's advisory locks of a database.
const LOCK: i64 = 0x6375_7374_6F64_7900;

/// Waits until nobody else links or erases: an erasure takes the salt of what was linked, and nothing
/// is linked behind its back. On SQLite whoever writes is alone.
async fn alone(tx: &mut Tx) -> Result<(), Error> {
    if let Tx::Pg(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut **tx).await?;
    }
    Ok(())
}

/// A digest as it is stored.
fn digest(what: &'static str, text: &str) -> Result<Digest, Error> {
    text.parse().map_err(|detail| Error::Corrupt { what, detail })
}

/// Runs a query that ends in `IN (` with keys, in shares, on the pool at hand: all rows as tuples.
macro_rules! of_keys {
    ($db:expr, $row:ty, $sql:expr, $keys:expr) => {{
        let mut all: Vec<$row> = Vec::new();
        for share in super::super::write::shares(&$keys) {
            let rows: Vec<$row> = on!($db, p => {
                let mut query = sqlx::QueryBuilder::new($sql);
                let mut values = query.separated(", ");
                for key in share {
                    values.push_bind(key.clone());
                }
                query.push(")");
                query.build_query_as().fetch_all(p).await
            })?;
            all.extend(rows);
        }
        all
    }};
}
use of_keys;

/// The call and the number of an answer: `call:01K.../2`.
fn of_call(subject: &str) -> Option<(&str, Option<i64>)> {
    let rest = subject.strip_prefix("call:")?;
    match rest.split_once('/') {
        None => Some((rest, None)),
        Some((call, seq)) => Some((call, Some(seq.parse().ok()?))),
    }
}

/// Rows that an update touched.
async fn changed(tx: &mut Tx, sql: &'static str, path: &str) -> Result<u64, Error> {
    Ok(within!(tx, c => sqlx::query(sql).bind(path).execute(c).await.map(|done| done.rows_affected()))?)
}
