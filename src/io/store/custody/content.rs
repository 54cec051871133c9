//! What a fact says, as the chain digests it: a JSON object of its fields. Linking and verifying read it
//! here, so that they cannot differ.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::db::on;
use super::super::{Error, Store};
use super::of_keys;
use crate::custody::Kind;

/// A submitted sheet.
#[derive(Clone, Debug, sqlx::FromRow, Serialize)]
pub(in crate::io::store) struct SheetFact {
    #[serde(skip)]
    pub id: i64,
    pub case_id: i64,
    pub version: i64,
    pub auditor: String,
    pub pack: String,
    pub form_version: String,
    pub scorecard_version: String,
    pub body: String,
    pub result: String,
    pub score: Option<f64>,
    pub grade: String,
    pub critical: String,
    pub reason: String,
    pub submitted_at: Option<i64>,
}

/// An answer in writing.
#[derive(Clone, Debug, sqlx::FromRow, Serialize)]
pub(in crate::io::store) struct ReplyFact {
    #[serde(skip)]
    pub callback_id: i64,
    #[serde(skip)]
    pub seq: i64,
    pub question: String,
    pub keys: Option<String>,
    pub meaning: Option<String>,
    pub score: Option<i64>,
    pub dissatisfied: i64,
    pub rated_function: Option<String>,
    pub rated_person: Option<String>,
    pub dimension: Option<String>,
    pub comment: Option<String>,
    pub at: i64,
}

#[derive(sqlx::FromRow, Serialize)]
struct AnswerFact {
    #[serde(skip)]
    call_id: String,
    #[serde(skip)]
    seq: i64,
    #[serde(skip)]
    comment: Option<String>,
    question: String,
    keys: Option<String>,
    meaning: Option<String>,
    score: Option<i64>,
    dissatisfied: i64,
    rated_function: Option<String>,
    rated_person: Option<String>,
    dimension: Option<String>,
    at: i64,
}

#[derive(sqlx::FromRow, Serialize)]
struct FileFact {
    #[serde(skip)]
    id: i64,
    ticket_id: i64,
    name: String,
    kind: String,
    sha256: String,
    bytes: i64,
    added_by: String,
    added_at: i64,
}

#[derive(sqlx::FromRow, Serialize)]
struct StoredFact {
    #[serde(skip)]
    id: i64,
    call_id: String,
    name: String,
    form: String,
    sealed: String,
    place: String,
    path: String,
    bytes: i64,
    sha256: String,
    wav_bytes: i64,
    wav_sha256: String,
    at: i64,
}

#[derive(sqlx::FromRow, Serialize)]
struct GoneFact {
    #[serde(skip)]
    id: i64,
    gone_at: Option<i64>,
    gone_why: String,
}

#[derive(sqlx::FromRow, Serialize)]
struct AccessFact {
    #[serde(skip)]
    id: i64,
    at: i64,
    who: String,
    place: String,
    what: String,
    subject: String,
    detail: String,
}

#[derive(sqlx::FromRow, Serialize)]
struct HeardFact {
    #[serde(skip)]
    id: i64,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    requests: i64,
    last_at: i64,
}

#[derive(sqlx::FromRow, Serialize)]
struct TombstoneFact {
    #[serde(skip)]
    id: i64,
    at: i64,
    actor: String,
    reason: String,
    kind: String,
    subject: String,
    was: String,
    remains: String,
}

#[derive(sqlx::FromRow, Serialize)]
struct AuditFact {
    #[serde(skip)]
    id: i64,
    at: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
}

/// Fields in their order, with their names.
pub(in crate::io::store) fn content_of(fact: &impl Serialize) -> Result<String, Error> {
    super::super::write::json(fact)
}

/// What is linked of the file of a comment, whose digest stands nowhere else.
pub(in crate::io) fn comment(sha256: &str) -> String {
    format!("{{\"sha256\":\"{sha256}\"}}")
}

/// Row ids of subjects such as `sheet:3`.
fn ids(subjects: &[&str]) -> Vec<i64> {
    subjects.iter().filter_map(|subject| subject.split_once(':')?.1.parse().ok()).collect()
}

impl Store {
    /// What facts of one kind say now, by subject; one that is not there is left out. Of comments: the
    /// path of the file, for its content lies on the disk.
    pub async fn custody_contents(
        &self,
        kind: Kind,
        subjects: &[&str],
    ) -> Result<BTreeMap<String, String>, Error> {
        if subjects.is_empty() {
            return Ok(BTreeMap::new());
        }
        macro_rules! by_id {
            ($fact:ty, $word:literal, $sql:literal) => {{
                let facts = of_keys!(self.db(), $fact, $sql, ids(subjects));
                let line = |fact: &$fact| Ok((format!("{}:{}", $word, fact.id), content_of(fact)?));
                facts.iter().map(line).collect::<Result<_, Error>>()
            }};
        }
        match kind {
            Kind::Recording => self.recordings(subjects).await,
            Kind::Comment | Kind::Answer => self.answers_of(kind, subjects).await,
            Kind::Reply => self.written_answers(subjects).await,
            Kind::Sheet => by_id!(
                SheetFact,
                "sheet",
                "SELECT id, case_id, version, auditor, pack, form_version, scorecard_version, body, result, score,
                        grade, critical, reason, submitted_at
                 FROM audit_sheets WHERE state = 'submitted' AND id IN ("
            ),
            Kind::File => by_id!(
                FileFact,
                "file",
                "SELECT id, ticket_id, name, kind, sha256, bytes, added_by, added_at FROM ticket_files WHERE id IN ("
            ),
            Kind::Stored => by_id!(
                StoredFact,
                "stored",
                "SELECT id, call_id, name, form, sealed, place, path, bytes, sha256, wav_bytes, wav_sha256, at
                 FROM recording_files WHERE id IN ("
            ),
            Kind::Gone => by_id!(
                GoneFact,
                "stored",
                "SELECT id, gone_at, gone_why FROM recording_files WHERE gone_at IS NOT NULL AND id IN ("
            ),
            Kind::Access => by_id!(
                AccessFact,
                "access",
                "SELECT id, at, who, place, what, subject, detail FROM accesses WHERE id IN ("
            ),
            Kind::Heard => by_id!(
                HeardFact,
                "access",
                "SELECT id, from_ms, to_ms, requests, last_at FROM accesses
                 WHERE ended_at IS NOT NULL AND id IN ("
            ),
            Kind::Tombstone => by_id!(
                TombstoneFact,
                "tombstone",
                "SELECT id, at, actor, reason, kind, subject, was, remains FROM tombstones WHERE id IN ("
            ),
            Kind::Audit => by_id!(
                AuditFact,
                "audit",
                "SELECT id, at, actor, action, subject, detail FROM audit_log WHERE id IN ("
            ),
        }
    }

    async fn recordings(&self, subjects: &[&str]) -> Result<BTreeMap<String, String>, Error> {
        #[derive(Serialize)]
        struct RecordingFact<'a> {
            sha256: &'a str,
            ms: Option<i64>,
        }
        let calls: Vec<String> =
            subjects.iter().filter_map(|s| s.strip_prefix("call:")).map(str::to_owned).collect();
        let rows = of_keys!(
            self.db(),
            (String, String, Option<i64>),
            "SELECT id, sha256, recording_ms FROM calls WHERE sha256 IS NOT NULL AND id IN (",
            calls
        );
        let line = |(call, sha256, ms): &(String, String, Option<i64>)| {
            Ok((format!("call:{call}"), content_of(&RecordingFact { sha256, ms: *ms })?))
        };
        rows.iter().map(line).collect()
    }

    /// Answers by telephone, or the paths of their comments.
    async fn answers_of(&self, kind: Kind, subjects: &[&str]) -> Result<BTreeMap<String, String>, Error> {
        let mut calls: Vec<String> =
            subjects.iter().filter_map(|s| super::of_call(s)).map(|(call, _)| call.to_owned()).collect();
        calls.dedup();
        let facts = of_keys!(
            self.db(),
            AnswerFact,
            "SELECT call_id, seq, comment, question, keys, meaning, score, dissatisfied, rated_function, rated_person,
                    dimension, at
             FROM answers WHERE call_id IN (",
            calls
        );
        let mut all = BTreeMap::new();
        for fact in facts {
            let subject = format!("call:{}/{}", fact.call_id, fact.seq);
            match (kind, &fact.comment) {
                (Kind::Comment, Some(path)) => drop(all.insert(subject, path.clone())),
                (Kind::Comment, None) => {}
                _ => drop(all.insert(subject, content_of(&fact)?)),
            }
        }
        Ok(all)
    }

    async fn written_answers(&self, subjects: &[&str]) -> Result<BTreeMap<String, String>, Error> {
        let callback = |subject: &&str| subject.strip_prefix("callback:")?.split_once('/')?.0.parse().ok();
        let mut callbacks: Vec<i64> = subjects.iter().filter_map(callback).collect();
        callbacks.dedup();
        let facts = of_keys!(
            self.db(),
            ReplyFact,
            "SELECT callback_id, seq, question, keys, meaning, score, dissatisfied, rated_function, rated_person,
                    dimension, comment, at
             FROM form_answers WHERE callback_id IN (",
            callbacks
        );
        let line =
            |fact: &ReplyFact| Ok((format!("callback:{}/{}", fact.callback_id, fact.seq), content_of(fact)?));
        facts.iter().map(line).collect()
    }
}
