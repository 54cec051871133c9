//! Which files must be in the recordings folder, with which digest, and which may be there.

use std::collections::BTreeSet;

use super::super::db::on;
use super::super::{Error, Store};
use super::of_keys;
use crate::custody::{Digest, Kind};

/// Calls whose ids differ in the last letter at most.
const OF_ONE: u32 = 500;

/// A file that must exist now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is: a recording, a comment, the file of a ticket.
    pub kind: Kind,
    /// Of which, as in the chain.
    pub subject: String,
    /// Where it is stored: empty, in the recordings folder; else `file://` with a folder, or `s3://`.
    pub place: String,
    /// Below that place.
    pub path: String,
    /// What its SHA-256 must be.
    pub known: Known,
}

/// How it is told what the digest of a file must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Hex SHA-256 of the file.
    Sha256(String),
    /// The digest in the chain over the SHA-256 of the file.
    Linked(Digest),
    /// It is not linked yet.
    Nowhere,
}

impl Known {
    /// Whether a file with this hex SHA-256 is the one.
    pub fn is(&self, sha256: &str) -> bool {
        match self {
            Known::Sha256(known) => known == sha256,
            Known::Linked(digest) => *digest == crate::custody::digest("", &super::content::comment(sha256)),
            Known::Nowhere => true,
        }
    }
}

#[derive(Clone, sqlx::FromRow)]
struct StoredCall {
    id: String,
    place: Option<String>,
    path: Option<String>,
    sha256: Option<String>,
    is_gone: i64,
}

#[derive(sqlx::FromRow)]
struct StoredComment {
    call_id: String,
    seq: i64,
    place: Option<String>,
    path: String,
    sha256: Option<String>,
    digest: Option<String>,
}

impl Store {
    /// The files of the next `limit` calls with ids behind `after` and before `before`: recordings with
    /// their comments. Also gives the last call that was looked at; None: there are no more.
    ///
    /// A further stored form of a recording is told here, and here alone.
    pub async fn expected_files(
        &self,
        after: &str,
        before: &str,
        limit: u32,
    ) -> Result<(Vec<Expected>, Option<String>), Error> {
        let calls: Vec<StoredCall> = on!(self.db(), p => sqlx::query_as(
            "SELECT c.id, f.place, COALESCE(f.path, c.recording) AS path, COALESCE(f.sha256, c.sha256) AS sha256,
                    CAST(CASE WHEN f.id IS NULL AND EXISTS
                         (SELECT 1 FROM recording_files g WHERE g.name = c.recording) THEN 1 ELSE 0 END AS BIGINT) AS is_gone
             FROM calls c LEFT JOIN recording_files f ON f.name = c.recording AND f.gone_at IS NULL
             WHERE c.id > $1 AND c.id < $2 AND (c.sha256 IS NOT NULL OR EXISTS
                 (SELECT 1 FROM answers a WHERE a.call_id = c.id AND a.comment IS NOT NULL))
                 AND c.state = 'ended'
             ORDER BY c.id LIMIT $3")
            .bind(after)
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        let Some(StoredCall { id: last, .. }) = calls.last().cloned() else { return Ok((Vec::new(), None)) };
        let ids: Vec<String> = calls.iter().map(|call| call.id.clone()).collect();
        let one = |call: StoredCall| {
            let (path, sha256) = (call.path?, call.sha256?);
            (call.is_gone == 0).then(|| Expected {
                kind: Kind::Recording,
                subject: format!("call:{}", call.id),
                place: call.place.unwrap_or_default(),
                path,
                known: Known::Sha256(sha256),
            })
        };
        let mut expected: Vec<Expected> = calls.into_iter().filter_map(one).collect();
        let comments = of_keys!(
            self.db(),
            StoredComment,
            "SELECT a.call_id, a.seq, f.place, COALESCE(f.path, a.comment) AS path, f.sha256, l.digest FROM answers a
             LEFT JOIN recording_files f ON f.name = a.comment AND f.gone_at IS NULL
             LEFT JOIN custody_chain l ON l.kind = 'comment'
                  AND l.subject = 'call:' || a.call_id || '/' || CAST(a.seq AS TEXT)
             WHERE a.comment IS NOT NULL
               AND (f.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM recording_files g WHERE g.name = a.comment))
               AND a.call_id IN (",
            ids
        );
        for comment in comments {
            let known = match (comment.sha256, comment.digest) {
                (Some(sha256), _) => Known::Sha256(sha256),
                (None, Some(text)) => Known::Linked(super::digest("digest of a comment", &text)?),
                (None, None) => Known::Nowhere,
            };
            expected.push(Expected {
                kind: Kind::Comment,
                subject: format!("call:{}/{}", comment.call_id, comment.seq),
                place: comment.place.unwrap_or_default(),
                path: comment.path,
                known,
            });
        }
        Ok((expected, Some(last)))
    }

    /// The file that must exist now of a call, a comment or a file of a ticket; None: none must.
    pub async fn expected_file(&self, subject: &str) -> Result<Option<Expected>, Error> {
        let expected = match subject.strip_prefix("call:").and_then(|rest| rest.split('/').next()) {
            // Everything from the call on; it comes first.
            Some(call) => {
                let before = call.get(..call.len().saturating_sub(1)).unwrap_or_default();
                self.expected_files(before, &format!("{call}~"), OF_ONE).await?.0
            }
            None => self.expected_ticket_files().await?,
        };
        Ok(expected.into_iter().find(|file| file.subject == subject))
    }

    /// How many recordings there must be of those calls.
    pub async fn count_expected(&self, after: &str, before: &str) -> Result<u64, Error> {
        let (count,): (i64,) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) FROM calls WHERE id > $1 AND id < $2 AND sha256 IS NOT NULL")
            .bind(after)
            .bind(before)
            .fetch_one(p)
            .await)?;
        Ok(count.unsigned_abs())
    }

    /// All files of tickets.
    pub async fn expected_ticket_files(&self) -> Result<Vec<Expected>, Error> {
        let rows: Vec<(i64, String, String)> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, path, sha256 FROM ticket_files WHERE path <> '' ORDER BY id").fetch_all(p).await)?;
        let one = |(id, path, sha256): (i64, String, String)| Expected {
            kind: Kind::File,
            subject: format!("file:{id}"),
            place: String::new(),
            path,
            known: Known::Sha256(sha256),
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Which paths of files named after these calls some row knows, and which of the calls are still up.
    pub async fn known_files(&self, calls: &[String]) -> Result<(BTreeSet<String>, BTreeSet<String>), Error> {
        let rows = of_keys!(
            self.db(),
            (String, String, Option<String>),
            "SELECT id, state, recording FROM calls WHERE id IN (",
            calls
        );
        let comments = of_keys!(
            self.db(),
            (String,),
            "SELECT comment FROM answers WHERE comment IS NOT NULL AND call_id IN (",
            calls
        );
        let stored = of_keys!(
            self.db(),
            (String,),
            "SELECT path FROM recording_files WHERE place = '' AND removed_at IS NULL AND call_id IN (",
            calls
        );
        let up = rows.iter().filter(|(_, state, _)| state == "reserved").map(|(id, ..)| id.clone()).collect();
        let recorded = rows.into_iter().filter_map(|(.., path)| path);
        let others = comments.into_iter().chain(stored).map(|(path,)| path);
        Ok((recorded.chain(others).collect(), up))
    }
}
