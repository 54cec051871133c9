//! Callbacks as rows of registers, with their customer, event, call and answers.

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, CHUNK};
use crate::register::Wanted;

/// A callback with all that is known of it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
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

/// An answer by telephone or on a page.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
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

const OWN: &str = "SELECT b.id, b.pack, b.rule, b.subject, b.origin, b.method, b.state,
    COALESCE(b.outcome, '') AS outcome, b.reason, b.detail, b.assignee, b.note, b.due, b.deadline, b.closed_at,
    b.breached_at, b.customer_id, u.external_id, u.name, u.grade, u.owner,
    COALESCE(e.kind, '') AS event_kind, COALESCE(e.external_id, '') AS event_key, e.at AS event_at,
    COALESCE(e.matter, '') AS matter, COALESCE(b.call_id, '') AS call_id,
    c.reserved_at AS call_at, c.answered_at, c.ended_at, COALESCE(c.recording, '') AS recording, ";
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

/// Columns that cost a search, or a page of text, for each row: empty where nobody reads them.
fn dear(wanted: &Wanted) -> [(&'static str, &'static str); 6] {
    let agent = ["agent", "caller", "responsible", "ended_ms"];
    let or = |is_read: bool, column, empty| if is_read { column } else { empty };
    [
        (or(wanted.has("phone"), PHONE, "''"), "phone"),
        (or(wanted.has_any(&agent), AGENT, "''"), "agent"),
        (or(wanted.has("ticket"), TICKET, "''"), "ticket"),
        (or(wanted.has_below("filled.") || wanted.has("noted_ms"), "b.filled", "'{}'"), "filled"),
        (or(wanted.has_below("customer."), "u.fields", "'{}'"), "customer_fields"),
        (or(wanted.has_below("event."), "COALESCE(e.fields, '{}')", "'{}'"), "event_fields"),
    ]
}

/// By which time callbacks are read.
const fn time(owed: bool) -> &'static str {
    if owed { "b.deadline" } else { "b.closed_at" }
}

impl Store {
    /// The next callbacks: by their deadline where `owed`, else by their close. What costs a search of its
    /// own is empty where nobody wants it.
    pub async fn register_callbacks(
        &self,
        owed: bool,
        wanted: &Wanted,
        after: &After,
    ) -> Result<Vec<CallbackRecord>, Error> {
        let time = time(owed);
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new(OWN);
            for (column, name) in dear(wanted) {
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
        after: &After,
        last: &CallbackRecord,
    ) -> Result<Vec<AnswerOf>, Error> {
        const COLUMNS: &str = "a.seq, a.question, a.keys, a.meaning, a.score, a.comment, a.rated_function,
            a.rated_person, a.dimension, a.dissatisfied FROM callbacks b JOIN ";
        let time = time(owed);
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new("SELECT CAST(b.id AS TEXT) AS owner, ");
            for (place, table) in ["answers a ON a.call_id = b.call_id", "form_answers a ON a.callback_id = b.id"]
                .into_iter()
                .enumerate()
            {
                if place > 0 {
                    query.push(" UNION ALL SELECT CAST(b.id AS TEXT) AS owner, ");
                }
                query.push(COLUMNS).push(table).push(" WHERE (").push(time).push(", b.id) > (");
                query.push_bind(after.at).push(", ").push_bind(after.id).push(") AND (").push(time);
                query.push(", b.id) <= (").push_bind(last.at).push(", ").push_bind(last.id).push(")");
            }
            query.push(" ORDER BY owner, seq");
            query.build_query_as().fetch_all(p).await
        })?)
    }
}
