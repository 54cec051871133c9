//! Callbacks as rows of registers, with their customer, event, call and answers.

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, CHUNK};
use crate::register::Wanted;

/// A callback with all that is known of it, as far as it was asked for; the rest is empty.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
#[sqlx(default)]
pub struct CallbackRecord {
    /// Row id.
    pub id: i64,
    /// The time by which it is read: of its close, or its deadline.
    pub at: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// Where it comes from.
    pub origin: String,
    /// Channel.
    pub method: String,
    /// `waiting`, `open`, `done`, `excused`.
    pub state: String,
    /// Outcome; empty: none yet.
    pub outcome: String,
    /// Stable word.
    pub reason: String,
    /// Its figures.
    pub detail: String,
    /// Whose task it is.
    pub assignee: String,
    /// What a person noted.
    pub note: String,
    /// JSON: what a person filled in.
    pub filled: String,
    /// When it is to be done; milliseconds since 1970, as all times here.
    pub due: i64,
    /// When it must be done.
    pub deadline: i64,
    /// When it was closed.
    pub closed_at: Option<i64>,
    /// When its deadline passed while it was open.
    pub breached_at: Option<i64>,
    /// Row id of the customer.
    pub customer_id: i64,
    /// The company's own key.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Grade.
    pub grade: String,
    /// Named owner.
    pub owner: String,
    /// JSON: everything else of the customer.
    pub customer_fields: String,
    /// Number that is called first.
    pub phone: String,
    /// Kind of the event it comes from.
    pub event_kind: String,
    /// Its key.
    pub event_key: String,
    /// When it happened.
    pub event_at: Option<i64>,
    /// Order, project, vehicle.
    pub matter: String,
    /// JSON: everything else of the event.
    pub event_fields: String,
    /// The call that closed it.
    pub call_id: String,
    /// When that began.
    pub call_at: Option<i64>,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Path of its recording.
    pub recording: String,
    /// Who talked.
    pub agent: String,
    /// Number of the ticket that came of the call, or that asked for the callback.
    pub ticket: String,
}

/// An answer by telephone or on a page, as far as it was asked for; the rest is empty.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
#[sqlx(default)]
pub struct AnswerOf {
    /// Id of the call, or row id of the callback.
    pub owner: String,
    /// Place in the survey.
    pub seq: i64,
    /// Question.
    pub question: String,
    /// Keys.
    pub keys: Option<String>,
    /// What they mean.
    pub meaning: Option<String>,
    /// Score.
    pub score: Option<i64>,
    /// Path of a spoken comment, or a written one.
    pub comment: Option<String>,
    /// Function that it rates: installer, designer.
    pub rated_function: Option<String>,
    /// Person that it rates.
    pub rated_person: Option<String>,
    /// About what.
    pub dimension: Option<String>,
    /// 1: somebody is not content.
    pub dissatisfied: i64,
}

const JOINED: &str = " AS at FROM callbacks b JOIN customers u ON u.id = b.customer_id
    LEFT JOIN events e ON e.id = b.event_id LEFT JOIN calls c ON c.id = b.call_id WHERE ";

const PHONE: &str = "COALESCE((SELECT n.phone FROM customer_phones n WHERE n.customer_id = u.id
    AND n.valid_to IS NULL ORDER BY n.position LIMIT 1), '')";
const AGENT: &str =
    "COALESCE((SELECT l.agent FROM legs l WHERE l.call_id = b.call_id AND l.answered_at IS NOT NULL
    AND l.agent IS NOT NULL ORDER BY l.number LIMIT 1), '')";
const TICKET: &str = "COALESCE((SELECT t.number FROM ticket_calls k JOIN tickets t ON t.id = k.ticket_id
                                WHERE k.call_id = b.call_id ORDER BY t.id LIMIT 1),
                               (SELECT t.number FROM ticket_callbacks k JOIN tickets t ON t.id = k.ticket_id
                                WHERE k.callback_id = b.id ORDER BY t.id LIMIT 1), '')";

/// Columns, and the values of a row that are made of each: one that nobody reads is not fetched, for the
/// columns of a row are most of what it costs.
const COLUMNS: [(&str, &str, &[&str]); 36] = [
    ("pack", "b.pack", &["pack", "rule_title"]),
    ("rule", "b.rule", &["rule", "rule_title"]),
    ("subject", "b.subject", &["subject"]),
    ("origin", "b.origin", &["origin"]),
    ("method", "b.method", &["method"]),
    ("state", "b.state", &["state", "in_time"]),
    ("outcome", "COALESCE(b.outcome, '')", &["outcome"]),
    ("reason", "b.reason", &["reason"]),
    ("detail", "b.detail", &["detail"]),
    ("assignee", "b.assignee", &["assignee", "caller", "responsible", "ended_ms"]),
    ("note", "b.note", &["note", "noted_ms"]),
    ("filled", "b.filled", &["filled.", "noted_ms"]),
    ("due", "b.due", &["due"]),
    ("deadline", "b.deadline", &["deadline"]),
    ("closed_at", "b.closed_at", &["closed", "ended_ms", "noted_ms"]),
    ("breached_at", "b.breached_at", &["in_time"]),
    ("customer_id", "b.customer_id", &["customer_id"]),
    ("external_id", "u.external_id", &["external_id"]),
    ("name", "u.name", &["name"]),
    ("grade", "u.grade", &["grade"]),
    ("owner", "u.owner", &["owner", "responsible"]),
    ("customer_fields", "u.fields", &["customer."]),
    ("phone", PHONE, &["phone"]),
    ("event_kind", "COALESCE(e.kind, '')", &["event_kind"]),
    ("event_key", "COALESCE(e.external_id, '')", &["event_key"]),
    ("event_at", "e.at", &["event_at"]),
    ("matter", "COALESCE(e.matter, '')", &["matter"]),
    ("event_fields", "COALESCE(e.fields, '{}')", &["event."]),
    ("call_id", "COALESCE(b.call_id, '')", &["call_id", "caller", "recording"]),
    ("call_at", "c.reserved_at", &["started", "answered", "talk_seconds"]),
    ("answered_at", "c.answered_at", &["answered", "talk_seconds"]),
    ("ended_at", "c.ended_at", &["ended", "talk_seconds", "ended_ms"]),
    ("recording", "COALESCE(c.recording, '')", &["recording"]),
    ("agent", AGENT, &["agent", "caller", "responsible", "ended_ms"]),
    ("ticket", TICKET, &["ticket"]),
    ("id", "b.id", &[]),
];

/// The same of answers.
const OF_ANSWERS: [(&str, &[&str]); 10] = [
    ("seq", &[]),
    ("score", &[]),
    ("question", &["question", "answer.", "score.", "comment."]),
    ("keys", &["answer", "answer."]),
    ("meaning", &["answer", "answer."]),
    ("comment", &["comment", "comment."]),
    ("rated_function", &["rated_function", "rated_person", "rated."]),
    ("rated_person", &["rated_person", "rated."]),
    ("dimension", &["dimension"]),
    ("dissatisfied", &["dissatisfied"]),
];

/// By which time callbacks are read.
const fn time(owed: bool) -> &'static str {
    if owed { "b.deadline" } else { "b.closed_at" }
}

impl Store {
    /// The next callbacks: by their deadline where `owed`, else by their close. What nobody wants is empty.
    pub async fn register_callbacks(
        &self,
        owed: bool,
        wanted: &Wanted,
        after: &After,
    ) -> Result<Vec<CallbackRecord>, Error> {
        let time = time(owed);
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new("SELECT ");
            for (name, column, _) in COLUMNS.iter().filter(|(_, _, of)| of.is_empty() || wanted.has_any(of)) {
                query.push(column).push(" AS ").push(name).push(", ");
            }
            query.push(time).push(JOINED).push(time).push(" IS NOT NULL AND ");
            query.push(time).push(" < ").push_bind(after.to);
            query.push(" AND (").push(time).push(", b.id) > (").push_bind(after.at).push(", ").push_bind(after.id);
            query.push(") ORDER BY ").push(time).push(", b.id LIMIT ").push_bind(CHUNK);
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// What was answered in the callbacks of a chunk, by telephone and in writing.
    pub async fn register_answers(
        &self,
        owed: bool,
        wanted: &Wanted,
        (after, last): (&After, &CallbackRecord),
    ) -> Result<Vec<AnswerOf>, Error> {
        let time = time(owed);
        let read = OF_ANSWERS.iter().filter(|(_, of)| of.is_empty() || wanted.has_any(of));
        let columns: Vec<String> = read.map(|(name, _)| format!("a.{name}")).collect();
        let columns = format!("{} FROM callbacks b JOIN ", columns.join(", "));
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new("SELECT CAST(b.id AS TEXT) AS owner, ");
            for (place, table) in ["answers a ON a.call_id = b.call_id", "form_answers a ON a.callback_id = b.id"]
                .into_iter()
                .enumerate()
            {
                if place > 0 {
                    query.push(" UNION ALL SELECT CAST(b.id AS TEXT) AS owner, ");
                }
                query.push(&columns).push(table).push(" WHERE (").push(time).push(", b.id) > (");
                query.push_bind(after.at).push(", ").push_bind(after.id).push(") AND (").push(time);
                query.push(", b.id) <= (").push_bind(last.at).push(", ").push_bind(last.id).push(")");
            }
            query.push(" ORDER BY owner, seq");
            query.build_query_as().fetch_all(p).await
        })?)
    }
}
