//! Which files must be in the recordings folder, with which digest, and which may be there.

use std::collections::BTreeSet;

use super::super::db::on;
use super::super::{Error, Store};
use super::of_keys;
use crate::custody::{Digest, Kind};

/// A file that must exist now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is: a recording, a comment, the file of a ticket.
    pub kind: Kind,
    /// Of which, as in the chain.
    pub subject: String,
    /// Below the recordings folder.
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
        let calls: Vec<(String, Option<String>, Option<String>)> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, recording, sha256 FROM calls
             WHERE id > $1 AND id < $2 AND (sha256 IS NOT NULL OR EXISTS
                 (SELECT 1 FROM answers a WHERE a.call_id = calls.id AND a.comment IS NOT NULL))
                 AND state = 'ended'
             ORDER BY id LIMIT $3")
            .bind(after)
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        let Some((last, ..)) = calls.last() else { return Ok((Vec::new(), None)) };
        let last = last.clone();
        let ids: Vec<String> = calls.iter().map(|(id, ..)| id.clone()).collect();
        let mut expected: Vec<Expected> = calls
            .into_iter()
            .filter_map(|(id, path, sha256)| Some((id, path?, sha256?)))
            .map(|(id, path, sha256)| Expected {
                kind: Kind::Recording,
                subject: format!("call:{id}"),
                path,
                known: Known::Sha256(sha256),
            })
            .collect();
        let comments = of_keys!(
            self.db(),
            (String, i64, String, Option<String>),
            "SELECT a.call_id, a.seq, a.comment, l.digest FROM answers a
             LEFT JOIN custody_chain l ON l.kind = 'comment'
                  AND l.subject = 'call:' || a.call_id || '/' || CAST(a.seq AS TEXT)
             WHERE a.comment IS NOT NULL AND a.call_id IN (",
            ids
        );
        for (call, seq, path, linked) in comments {
            let known = match linked {
                Some(text) => Known::Linked(super::digest("digest of a comment", &text)?),
                None => Known::Nowhere,
            };
            expected.push(Expected {
                kind: Kind::Comment,
                subject: format!("call:{call}/{seq}"),
                path,
                known,
            });
        }
        Ok((expected, Some(last)))
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
        let up = rows.iter().filter(|(_, state, _)| state == "reserved").map(|(id, ..)| id.clone()).collect();
        let known = rows.into_iter().filter_map(|(.., path)| path);
        Ok((known.chain(comments.into_iter().map(|(path,)| path)).collect(), up))
    }
}
