//! What triggers have noted becomes entries of the chain.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;

use super::super::db::{Tx, on, within};
use super::super::write::shares;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::custody::{Digest, Entry, Head, Kind, digest};

/// Facts of one transaction: the write lock of SQLite is held for some milliseconds.
pub const LINKED_AT_ONCE: u32 = 256;

/// A fact that is to be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Row id of the note.
    pub id: i64,
    /// What it is.
    pub kind: Kind,
    /// Of which.
    pub subject: String,
}

/// A fact with its digest, on its way into the chain.
struct Sealed<'a> {
    waiting: &'a Waiting,
    digest: Digest,
    salt: Option<String>,
}

impl Store {
    /// Facts that are to be linked, oldest first; at most [`LINKED_AT_ONCE`].
    pub async fn custody_waiting(&self) -> Result<Vec<Waiting>, Error> {
        let rows: Vec<(i64, String, String)> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, kind, subject FROM custody_pending ORDER BY id LIMIT $1")
            .bind(i64::from(LINKED_AT_ONCE))
            .fetch_all(p)
            .await)?;
        let one = |(id, word, subject): (i64, String, String)| match Kind::of(&word) {
            Some(kind) => Ok(Waiting { id, kind, subject }),
            None => Err(Error::Corrupt { what: "fact that is to be linked", detail: format!("`{word}`") }),
        };
        rows.into_iter().map(one).collect()
    }

    /// Links facts, in one transaction, and takes them off the list. `comments` are the digests of the
    /// files of comments among them, `salt` gives hexadecimal digits that nobody can guess, `floor` is
    /// the end of the last day that has its root: no entry stands before it. Gives how many entries
    /// came of it; what is linked already is not linked again.
    pub async fn custody_link(
        &self,
        waiting: &[Waiting],
        comments: &BTreeMap<String, String>,
        mut salt: impl FnMut() -> Result<String, Error>,
        (now, floor): (Timestamp, Timestamp),
    ) -> Result<u64, Error> {
        let mut contents: BTreeMap<(Kind, String), String> = BTreeMap::new();
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Comment) {
            let subjects: Vec<&str> =
                waiting.iter().filter(|w| w.kind == kind).map(|w| w.subject.as_str()).collect();
            let found = self.custody_contents(kind, &subjects).await?;
            contents.extend(found.into_iter().map(|(subject, content)| ((kind, subject), content)));
        }
        let mut sealed = Vec::with_capacity(waiting.len());
        for one in waiting {
            let content = match one.kind {
                Kind::Comment => comments.get(&one.subject).map(|sha256| super::content::comment(sha256)),
                kind => contents.remove(&(kind, one.subject.clone())),
            };
            let salt = (content.is_some() && one.kind.is_salted()).then(&mut salt).transpose()?;
            let of = |content: String| digest(salt.as_deref().unwrap_or_default(), &content);
            sealed.push(Sealed { waiting: one, digest: content.map_or(Digest::NONE, of), salt });
        }
        let mut tx = self.db.begin().await?;
        super::alone(&mut tx).await?;
        let known = known(&mut tx, waiting).await?;
        let mut head = head(&mut tx).await?;
        let mut entries: Vec<(Entry, Option<String>)> = Vec::with_capacity(sealed.len());
        let mut twice = BTreeSet::new();
        for Sealed { waiting: one, mut digest, mut salt } in sealed {
            let key = (one.kind.as_str().to_owned(), one.subject.clone());
            match known.get(&key) {
                Some(Before::Linked) => continue,
                // It was erased since it was read: nothing of it may be guessed from here.
                Some(Before::Erased) => (digest, salt) = (Digest::NONE, None),
                None => {}
            }
            if twice.insert(key) {
                entries.push((head.link(now.max(floor), one.kind, one.subject.clone(), digest), salt));
            }
        }
        insert(&mut tx, &entries).await?;
        forget(&mut tx, waiting).await?;
        tx.commit().await?;
        Ok(entries.len() as u64)
    }
}

/// What happened to a fact before it is linked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Linked,
    Erased,
}

/// Which of them are linked or erased already.
async fn known(tx: &mut Tx, waiting: &[Waiting]) -> Result<BTreeMap<(String, String), Before>, Error> {
    let mut known = BTreeMap::new();
    for (sql, before) in [
        ("SELECT kind, subject FROM tombstones WHERE subject IN (", Before::Erased),
        ("SELECT kind, subject FROM custody_chain WHERE subject IN (", Before::Linked),
    ] {
        for share in shares(waiting) {
            let rows: Vec<(String, String)> = within!(&mut *tx, c => {
                let mut query = QueryBuilder::new(sql);
                let mut values = query.separated(", ");
                for one in share {
                    values.push_bind(one.subject.as_str());
                }
                query.push(")");
                query.build_query_as().fetch_all(c).await
            })?;
            known.extend(rows.into_iter().map(|key| (key, before)));
        }
    }
    Ok(known)
}

/// Where the chain ends.
pub(super) async fn head(tx: &mut Tx) -> Result<Head, Error> {
    let row: Option<(i64, i64, String)> = within!(tx, c => sqlx::query_as(
        "SELECT seq, at, hash FROM custody_chain ORDER BY seq DESC LIMIT 1").fetch_optional(c).await)?;
    let Some((seq, at, hash)) = row else { return Ok(Head::default()) };
    Ok(Head { seq: seq.unsigned_abs(), at: Timestamp(at), hash: super::digest("chain", &hash)? })
}

async fn insert(tx: &mut Tx, entries: &[(Entry, Option<String>)]) -> Result<(), Error> {
    for share in shares(entries) {
        within!(&mut *tx, c => {
            let mut query =
                QueryBuilder::new("INSERT INTO custody_chain (seq, at, kind, subject, digest, hash, salt) ");
            query.push_values(share, |mut values, (entry, salt)| {
                values
                    .push_bind(i64::try_from(entry.seq).unwrap_or(i64::MAX))
                    .push_bind(entry.at.0)
                    .push_bind(entry.kind.as_str())
                    .push_bind(entry.subject.as_str())
                    .push_bind(entry.digest.to_string())
                    .push_bind(entry.hash.to_string())
                    .push_bind(salt.as_deref());
            });
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn forget(tx: &mut Tx, waiting: &[Waiting]) -> Result<(), Error> {
    for share in shares(waiting) {
        within!(&mut *tx, c => {
            let mut query = QueryBuilder::new("DELETE FROM custody_pending WHERE id IN (");
            let mut values = query.separated(", ");
            for one in share {
                values.push_bind(one.id);
            }
            query.push(")");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}
