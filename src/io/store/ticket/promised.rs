//! Promises to customers that are not kept yet: dated replies of tickets, and calls that were agreed
//! for an exact time.

use serde::{Deserialize, Serialize};

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use super::one;
use crate::base::CustomerId;
use crate::ticket::Ticket;

/// A promise that is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PromiseRow {
    /// Row id of the ticket that holds it; null: it is a callback that was agreed.
    pub ticket_id: Option<i64>,
    /// Number of that ticket; empty: there is none.
    pub number: String,
    /// Row id of the callback by which it is to be kept; null: no call is on the list for it.
    pub callback_id: Option<i64>,
    /// Policy pack.
    pub pack: String,
    /// Type of the ticket, or rule of the callback.
    pub kind: String,
    /// Row id of the customer; null: the archive does not know them.
    pub customer_id: Option<i64>,
    /// Their name.
    pub name: String,
    /// Their number, masked unless asked for.
    pub phone: String,
    /// Who is to keep it; empty: anybody.
    pub keeper: String,
    /// Who gave it; empty: nobody noted it.
    pub made_by: String,
    /// For when; milliseconds since 1970.
    pub due: i64,
    /// What was promised.
    pub what: String,
}

/// Whose promises, or to whom; None is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromiseFilter {
    /// Given by this agent, by their account or token too, or to be kept by them.
    pub agent: Option<String>,
    /// To this customer, or to this number.
    pub to: Option<(Option<CustomerId>, String)>,
}

#[derive(sqlx::FromRow)]
struct Found {
    ticket_id: Option<i64>,
    number: String,
    callback_id: Option<i64>,
    pack: String,
    kind: String,
    customer_id: Option<i64>,
    name: String,
    phone: String,
    keeper: String,
    made_by: String,
    due: i64,
    place: i64,
    /// Note of the callback; body of the ticket.
    words: String,
}

impl Found {
    fn row(self) -> PromiseRow {
        let what = match self.ticket_id {
            None => self.words,
            Some(id) => match one(&self.words) {
                Ok(ticket) => {
                    let made = ticket.promises.iter().find(|made| i64::from(made.no) == self.place);
                    made.map(|made| made.what.clone()).unwrap_or_default()
                }
                Err(error) => {
                    tracing::error!(id, %error, "a ticket's promise is without its words");
                    String::new()
                }
            },
        };
        PromiseRow {
            ticket_id: self.ticket_id,
            number: self.number,
            callback_id: self.callback_id,
            pack: self.pack,
            kind: self.kind,
            customer_id: self.customer_id,
            name: self.name,
            phone: self.phone,
            keeper: self.keeper,
            made_by: self.made_by,
            due: self.due,
            what,
        }
    }
}

/// Keeps the promises that a ticket owes.
pub(super) async fn owe(tx: &mut Tx, ticket: &Ticket) -> Result<(), Error> {
    within!(&mut *tx, c => sqlx::query("DELETE FROM ticket_promises WHERE ticket_id = $1")
        .bind(ticket.id)
        .execute(c)
        .await
        .map(drop))?;
    let owed = ticket.promises.iter().filter(|promise| ticket.is_open() && promise.kept_at.is_none());
    for promise in owed {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_promises (ticket_id, number, at, made_by) VALUES ($1, $2, $3, $4)")
            .bind(ticket.id)
            .bind(i64::from(promise.no))
            .bind(promise.at.0)
            .bind(clean(&promise.by))
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

impl Store {
    /// Promises that are owed, by their time, at most `limit`.
    pub async fn promises(&self, filter: &PromiseFilter, limit: u32) -> Result<Vec<PromiseRow>, Error> {
        let (customer, phone) = match &filter.to {
            Some((customer, phone)) => (customer.map(|id| id.0), Some(phone.as_str())),
            None => (None, None),
        };
        let rows: Vec<Found> = on!(self.db(), p => sqlx::query_as(
            "WITH mine AS (
                 SELECT CAST($1 AS TEXT) AS name UNION SELECT name FROM accounts WHERE agent = $1
                 UNION SELECT name FROM tokens WHERE agent = $1)
             SELECT t.id AS ticket_id, t.number,
                    (SELECT MIN(b.id) FROM ticket_callbacks k JOIN callbacks b ON b.id = k.callback_id
                     WHERE k.ticket_id = t.id AND k.purpose = 'promise' AND b.state = 'open' AND b.due = p.at)
                        AS callback_id,
                    t.pack, t.kind, t.customer_id, t.name,
                    COALESCE(NULLIF(t.phone, ''),
                             (SELECT h.phone FROM customer_phones h WHERE h.customer_id = t.customer_id
                                AND h.valid_to IS NULL ORDER BY h.position LIMIT 1), '') AS phone,
                    t.owner AS keeper, p.made_by, p.at AS due,
                    p.number AS place, t.body AS words
             FROM ticket_promises p JOIN tickets t ON t.id = p.ticket_id
             WHERE (CAST($1 AS TEXT) IS NULL OR t.owner IN (SELECT name FROM mine)
                        OR p.made_by IN (SELECT name FROM mine))
               AND (CAST($3 AS TEXT) IS NULL OR t.customer_id = CAST($2 AS BIGINT) OR (t.phone = $3 AND t.phone <> ''))
             UNION ALL
             SELECT CAST(NULL AS BIGINT), '', b.id, b.pack, b.rule, b.customer_id, c.name,
                    COALESCE((SELECT h.phone FROM customer_phones h WHERE h.customer_id = b.customer_id
                                AND h.valid_to IS NULL ORDER BY h.position LIMIT 1), ''),
                    b.assignee, '', b.due, 0, b.note
             FROM callbacks b JOIN customers c ON c.id = b.customer_id
             WHERE b.origin = 'appointment' AND b.state = 'open'
               AND NOT EXISTS (SELECT 1 FROM ticket_callbacks k WHERE k.callback_id = b.id)
               AND (CAST($1 AS TEXT) IS NULL OR b.assignee IN (SELECT name FROM mine))
               AND (CAST($3 AS TEXT) IS NULL OR b.customer_id = CAST($2 AS BIGINT)
                    OR EXISTS (SELECT 1 FROM customer_phones h WHERE h.customer_id = b.customer_id
                                 AND h.valid_to IS NULL AND h.phone = $3))
             ORDER BY due, place LIMIT $4")
            .bind(filter.agent.as_deref())
            .bind(customer)
            .bind(phone)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(Found::row).collect())
    }

    /// Tickets that are open and that a call is about: it came up in them, or is made for them.
    pub async fn open_tickets_of_call(&self, call: &str) -> Result<Vec<i64>, Error> {
        let rows: Vec<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT t.id FROM tickets t WHERE t.phase IN ('open', 'verifying') AND t.id IN (
                 SELECT ticket_id FROM ticket_calls WHERE call_id = $1
                 UNION SELECT k.ticket_id FROM ticket_callbacks k JOIN calls c ON c.callback_id = k.callback_id
                       WHERE c.id = $1
                 UNION SELECT k.ticket_id FROM ticket_callbacks k JOIN entries e ON e.callback_id = k.callback_id
                       JOIN calls c ON c.entry_id = e.id WHERE c.id = $1)
             ORDER BY t.id LIMIT 20")
            .bind(call)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}
