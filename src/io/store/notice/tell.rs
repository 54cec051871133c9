//! What happened that people are told of: callbacks that were done, events of their department,
//! and what customers are told by text message.

use std::collections::BTreeMap;

use super::super::db::{on, within};
use super::super::{Error, Store};
use super::{Extended, facts, queue_one};
use crate::base::Timestamp;

/// A callback that was done, for those who hear of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Told {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// Customer's name.
    pub customer: String,
    /// The number that is called first; empty: none.
    pub phone: String,
    /// How it ended.
    pub outcome: String,
    /// When; milliseconds since 1970.
    pub closed_at: i64,
    /// The call that ended it; empty: none.
    pub call: String,
    /// Path of the recording; empty: none.
    pub recording: String,
    /// Who was to call.
    pub assignee: String,
    /// Note of a person.
    pub note: String,
    /// JSON: what was filled in.
    pub filled: String,
    /// Event it came of; null: none.
    pub event_id: Option<i64>,
    /// JSON: fields of that event.
    pub event_fields: Option<String>,
}

/// An event of which a department hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldEvent {
    /// Row id.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Customer's name.
    pub customer: String,
    /// The number that is called first; empty: none.
    pub phone: String,
    /// Order, project, stay.
    pub matter: String,
    /// Its fields.
    pub fields: BTreeMap<String, String>,
}

/// A callback that is due by text message or e-mail.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ToCustomer {
    /// Row id of the callback.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// `sms` or `email`.
    pub method: String,
    /// Customer's name.
    pub customer: String,
    /// The number that is called first; empty: none.
    pub phone: String,
    /// E-mail address; empty: none.
    pub email: String,
    /// Note of a person.
    pub note: String,
    /// When it is due.
    pub due: i64,
    /// When its event happened; null: it has none.
    pub event_at: Option<i64>,
    /// JSON: fields of the event.
    pub event_fields: Option<String>,
}

/// A customer who wants to hear of news (NOT-07).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Consenting {
    /// Row id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// The number that is called first; empty: none.
    pub phone: String,
    /// E-mail address; empty: none.
    pub email: String,
    /// JSON: fields of the customer.
    pub fields: String,
}

/// A callback in the table of a day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TableRow {
    /// Row id.
    pub id: i64,
    /// Rule.
    pub rule: String,
    /// Customer's name.
    pub customer: String,
    /// The number that is called first; empty: none.
    pub phone: String,
    /// Order, project, stay.
    pub subject: String,
    /// `open`, `done` or `excused`.
    pub state: String,
    /// How it ended; empty: it has not.
    pub outcome: String,
    /// Stable word of the reason.
    pub reason: String,
    /// Its figures.
    pub detail: String,
    /// When it was due.
    pub due: i64,
    /// When it ended.
    pub closed_at: Option<i64>,
    /// Who was to call.
    pub assignee: String,
    /// Note of a person.
    pub note: String,
}

/// The number of a customer `c` that is called first.
macro_rules! first_phone {
    () => {
        "COALESCE((SELECT p.phone FROM customer_phones p WHERE p.customer_id = c.id AND p.valid_to IS NULL
                   ORDER BY p.position LIMIT 1), '') AS phone"
    };
}
pub(super) use first_phone;

impl Store {
    /// Callbacks that were done and are not told of yet.
    pub async fn callbacks_to_tell(&self, limit: u32) -> Result<Vec<Told>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT b.id, b.pack, b.rule, c.name AS customer, ", first_phone!(), ", COALESCE(b.outcome, '') AS outcome,
                    COALESCE(b.closed_at, 0) AS closed_at, COALESCE(b.call_id, '') AS call,
                    COALESCE(k.recording, '') AS recording, b.assignee, b.note, b.filled, b.event_id,
                    e.fields AS event_fields
             FROM callbacks_to_tell t JOIN callbacks b ON b.id = t.callback_id
             JOIN customers c ON c.id = b.customer_id LEFT JOIN calls k ON k.id = b.call_id
             LEFT JOIN events e ON e.id = b.event_id
             ORDER BY t.callback_id LIMIT $1"))
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// What was answered in a call: question, meaning or keys, comment.
    pub async fn told_answers(&self, call: &str) -> Result<Vec<(String, String)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT question, COALESCE(meaning, CAST(score AS TEXT), keys, '') FROM answers
             WHERE call_id = $1 ORDER BY seq")
            .bind(call)
            .fetch_all(p)
            .await)?)
    }

    /// Queues what tells of these callbacks, and takes them off those that are to be told of, in
    /// one transaction.
    pub async fn callbacks_told(
        &self,
        callbacks: &[i64],
        notices: &[Extended],
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for notice in notices {
            queue_one(&mut tx, notice, now).await?;
        }
        for id in callbacks {
            within!(&mut tx, c => sqlx::query("DELETE FROM callbacks_to_tell WHERE callback_id = $1")
                .bind(id)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await
    }

    /// Events of a kind that came in after `since` and were not withdrawn, from row `from` on.
    pub async fn events_to_tell(
        &self,
        pack: &str,
        kind: &str,
        from: i64,
        since: Timestamp,
    ) -> Result<Vec<ToldEvent>, Error> {
        type Row = (i64, i64, String, String, String, String);
        let rows: Vec<Row> = on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT e.id, e.at, c.name, ", first_phone!(), ", e.matter, e.fields
             FROM events e JOIN customers c ON c.id = e.customer_id
             WHERE e.pack = $1 AND e.kind = $2 AND e.id >= $3 AND e.received_at >= $4 AND e.withdrawn_at IS NULL
             ORDER BY e.id LIMIT 5000"))
            .bind(pack)
            .bind(kind)
            .bind(from)
            .bind(since.0)
            .fetch_all(p)
            .await)?;
        let told = |(id, at, customer, phone, matter, json): Row| ToldEvent {
            id,
            at: Timestamp(at),
            customer,
            phone,
            matter,
            fields: facts(&json),
        };
        Ok(rows.into_iter().map(told).collect())
    }

    /// How far notices of that name were made; 0: not begun.
    pub async fn notice_mark(&self, name: &str) -> Result<i64, Error> {
        let row: Option<(i64,)> = on!(&self.db, p => sqlx::query_as("SELECT place FROM notice_marks WHERE name = $1")
            .bind(name)
            .fetch_optional(p)
            .await)?;
        Ok(row.map_or(0, |(place,)| place))
    }

    /// Notes how far they were made; it never goes back.
    pub async fn set_notice_mark(&self, name: &str, place: i64) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO notice_marks (name, place) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE
             SET place = excluded.place WHERE notice_marks.place < excluded.place")
            .bind(name)
            .bind(place)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// Open callbacks by that method whose time has come and for which nothing is on its way.
    pub async fn callbacks_to_customers(
        &self,
        method: &str,
        now: Timestamp,
    ) -> Result<Vec<ToCustomer>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT b.id, b.pack, b.rule, b.method, c.name AS customer, ", first_phone!(), ", c.email, b.note, b.due,
                    e.at AS event_at, e.fields AS event_fields
             FROM callbacks b JOIN customers c ON c.id = b.customer_id LEFT JOIN events e ON e.id = b.event_id
             WHERE b.state = 'open' AND b.method = $1 AND b.due <= $2 AND b.merged_into IS NULL
               AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.key IN ('customer:callback:' || b.id || ':' || b.method,
                                                                   'customer:form:' || b.id || ':' || b.method))
             ORDER BY b.id LIMIT 500"))
            .bind(method)
            .bind(now.0)
            .fetch_all(p)
            .await)?)
    }

    /// Open callbacks whose text message or e-mail has arrived and asks nothing: row id, method, and when.
    pub async fn customers_told(&self) -> Result<Vec<(i64, String, i64)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT b.id, b.method, MAX(d.sent_at) FROM callbacks b
             JOIN notices n ON n.key = 'customer:callback:' || b.id || ':' || b.method
             JOIN notice_deliveries d ON d.notice_id = n.id AND d.sent_at IS NOT NULL
             WHERE b.state = 'open' AND b.method IN ('sms', 'email')
             GROUP BY b.id, b.method ORDER BY b.id LIMIT 500")
            .fetch_all(p)
            .await)?)
    }

    /// Customers of a pack who are not on the do-not-call list and have a number or an address,
    /// from row `from` on; whether they consent stands in their fields.
    pub async fn customers_with_fields(
        &self,
        pack: &str,
        from: i64,
        limit: u32,
    ) -> Result<Vec<Consenting>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT c.id, c.name, ", first_phone!(), ", c.email, c.fields FROM customers c
             WHERE c.pack = $1 AND c.id > $2 AND c.merged_into IS NULL
               AND NOT EXISTS (SELECT 1 FROM customer_phones q JOIN do_not_call n ON n.phone = q.phone
                               WHERE q.customer_id = c.id AND q.valid_to IS NULL)
             ORDER BY c.id LIMIT $3"))
            .bind(pack)
            .bind(from)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// The callback table of a day: what was due or ended in `[from, to)`.
    pub async fn table_of_day(
        &self,
        pack: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<TableRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT b.id, b.rule, c.name AS customer, ", first_phone!(), ", b.subject, b.state,
                    COALESCE(b.outcome, '') AS outcome, b.reason, b.detail, b.due, b.closed_at, b.assignee, b.note
             FROM callbacks b JOIN customers c ON c.id = b.customer_id
             WHERE b.pack = $1 AND b.state <> 'waiting'
               AND ((b.due >= $2 AND b.due < $3) OR (b.closed_at >= $2 AND b.closed_at < $3)
                    OR (b.state = 'open' AND b.due < $3))
             ORDER BY b.id LIMIT 100000"))
            .bind(pack)
            .bind(from.0)
            .bind(to.0)
            .fetch_all(p)
            .await)?)
    }
}
