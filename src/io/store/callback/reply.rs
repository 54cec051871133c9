//! What customers answered in writing, kept beside what they say on the telephone.

use serde::{Deserialize, Serialize};

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::ivr::Reply;

/// One written answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ReplyRow {
    /// Position on the page, from 1.
    pub seq: i64,
    /// Name of the question in the script.
    pub question: String,
    /// The key that stands for what was chosen; null: a comment.
    pub keys: Option<String>,
    /// Word of the answer.
    pub meaning: Option<String>,
    /// Score of the answer.
    pub score: Option<i64>,
    /// 1: the customer is dissatisfied, whatever the score.
    pub dissatisfied: i64,
    /// Function of who is rated.
    pub rated_function: Option<String>,
    /// Who that is.
    pub rated_person: Option<String>,
    /// What the answer is about.
    pub dimension: Option<String>,
    /// In the customer's words.
    pub comment: Option<String>,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// An answer with the event that it is about: the consumption that was rated (CNT-16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct EventAnswerRow {
    /// Row id of the event.
    pub event_id: i64,
    /// Row id of the callback.
    pub callback_id: i64,
    /// Rule of that callback.
    pub rule: String,
    /// By what channel: `phone`, `sms`, `email`.
    pub method: String,
    /// Name of the question in the script.
    pub question: String,
    /// Word of the answer.
    pub meaning: Option<String>,
    /// Score of the answer.
    pub score: Option<i64>,
    /// What the answer is about.
    pub dimension: Option<String>,
    /// A comment in writing; what was spoken is with the call.
    pub comment: Option<String>,
    /// The call in which it was given; null: in writing.
    pub call_id: Option<String>,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// Answers `x` of callbacks `b`, by telephone and in writing; a condition on `b` follows twice.
macro_rules! event_answers {
    ($condition:literal) => {
        concat!(
            "SELECT b.event_id, b.id AS callback_id, b.rule, b.method, a.question, a.meaning, a.score, a.dimension,
                    CAST(NULL AS TEXT) AS comment, b.call_id, a.at
             FROM callbacks b JOIN answers a ON a.call_id = b.call_id WHERE b.event_id IS NOT NULL AND ",
            $condition,
            " UNION ALL
             SELECT b.event_id, b.id AS callback_id, b.rule, b.method, f.question, f.meaning, f.score, f.dimension,
                    f.comment, CAST(NULL AS TEXT) AS call_id, f.at
             FROM callbacks b JOIN form_answers f ON f.callback_id = b.id WHERE b.event_id IS NOT NULL AND ",
            $condition,
            " ORDER BY 11, 2, 5"
        )
    };
}

impl Store {
    /// The written answers of a callback, in the order of the page.
    pub async fn replies(&self, callback: CallbackId) -> Result<Vec<ReplyRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT seq, question, keys, meaning, score, dissatisfied, rated_function, rated_person, dimension, comment, at
             FROM form_answers WHERE callback_id = $1 ORDER BY seq")
            .bind(callback.0)
            .fetch_all(p)
            .await)?)
    }

    /// What a person typed in of a call that they made: the answers of the callbacks that it closed.
    pub async fn replies_of_call(&self, call: &str) -> Result<Vec<ReplyRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT f.seq, f.question, f.keys, f.meaning, f.score, f.dissatisfied, f.rated_function, f.rated_person,
                    f.dimension, f.comment, f.at
             FROM form_answers f JOIN callbacks b ON b.id = f.callback_id WHERE b.call_id = $1
             ORDER BY f.callback_id, f.seq")
            .bind(call)
            .fetch_all(p)
            .await)?)
    }

    /// Answers of a customer about events of theirs, oldest first.
    pub async fn event_answers(&self, customer: CustomerId) -> Result<Vec<EventAnswerRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(event_answers!("b.customer_id = $1"))
            .bind(customer.0)
            .fetch_all(p)
            .await)?)
    }

    /// Answers about the events of an order or project, of whomever was asked; oldest first.
    pub async fn matter_answers(&self, pack: &str, matter: &str) -> Result<Vec<EventAnswerRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(event_answers!(
            "b.customer_id IN (SELECT e.customer_id FROM events e WHERE e.pack = $1 AND e.matter = $2)
             AND b.event_id IN (SELECT e.id FROM events e WHERE e.pack = $1 AND e.matter = $2)"))
            .bind(pack)
            .bind(matter)
            .fetch_all(p)
            .await)?)
    }
}

/// Keeps the written answers of a callback.
pub(super) async fn keep(
    tx: &mut Tx,
    callback: CallbackId,
    replies: &[Reply],
    at: Timestamp,
) -> Result<(), Error> {
    for (place, reply) in replies.iter().enumerate() {
        let (function, person) = reply.rated.clone().unzip();
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO form_answers (callback_id, seq, question, keys, meaning, score, dissatisfied, rated_function,
                    rated_person, dimension, comment, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
            .bind(callback.0)
            .bind(i64::try_from(place).unwrap_or(0) + 1)
            .bind(&reply.question)
            .bind(reply.keys.as_deref())
            .bind(reply.meaning.as_deref())
            .bind(reply.score.map(i64::from))
            .bind(i64::from(reply.dissatisfied))
            .bind(function)
            .bind(person.flatten().as_deref().map(clean))
            .bind(reply.dimension.as_deref())
            .bind(reply.comment.as_deref().map(clean))
            .bind(at.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}
