//! Tickets found: by id, by what is due, by caller, and page by page for people.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::read::{Cursor, Page, fetch};
use super::super::within::{Thing, push_reach};
use super::super::{Error, Store};
use super::{AnswerDelay, all, one, phase_word};
use crate::access::Reach;
use crate::base::{CustomerId, Timestamp};
use crate::ticket::Ticket;

/// One ticket of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct TicketRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// `KF20260303-0001`.
    pub number: String,
    /// Type.
    pub kind: String,
    /// `ordinary`, `serious` or `major`.
    pub severity: String,
    /// Category.
    pub category: String,
    /// Where it comes from.
    pub source: String,
    /// `open`, `verifying`, `closed` or `joined`.
    pub phase: String,
    /// The word for people.
    pub state: String,
    /// Who answers for it.
    pub owner: String,
    /// Department.
    pub department: String,
    /// Row id of the customer.
    pub customer_id: Option<i64>,
    /// Number, masked unless asked for.
    pub phone: String,
    /// Name.
    pub name: String,
    /// Order, project, vehicle.
    pub matter: String,
    /// Level of escalation.
    pub level: i64,
    /// Milliseconds since 1970, as all times here.
    pub opened_at: i64,
    /// The earliest deadline that is owed.
    pub due_at: Option<i64>,
    /// When it was closed.
    pub closed_at: Option<i64>,
}

impl TicketRow {
    /// The row of a ticket that was read: of the same moment as the ticket.
    pub fn of(ticket: &Ticket) -> TicketRow {
        TicketRow {
            id: ticket.id,
            pack: ticket.pack.clone(),
            number: ticket.number.clone(),
            kind: ticket.kind.clone(),
            severity: ticket.severity.clone(),
            category: ticket.category.clone(),
            source: ticket.source.clone(),
            phase: phase_word(ticket.phase).to_owned(),
            state: ticket.state.clone(),
            owner: ticket.owner.clone(),
            department: ticket.department.clone(),
            customer_id: ticket.customer.map(|id| id.0),
            phone: ticket.phone.clone(),
            name: ticket.name.clone(),
            matter: ticket.matter.clone(),
            level: i64::from(ticket.level),
            opened_at: ticket.opened_at.0,
            due_at: ticket.due_at().map(|at| at.0),
            closed_at: ticket.closed_at.map(|at| at.0),
        }
    }
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct TimelineRow {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Named user, or `desk`.
    pub actor: String,
    /// Stable word.
    pub action: String,
    /// In words.
    pub detail: String,
    /// The call it is about; its recording is `/api/v1/calls/{id}/recording`.
    pub call_id: Option<String>,
}

/// Which tickets; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// Of this pack.
    pub pack: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// In this phase; `owed`: not over yet.
    pub phase: Option<String>,
    /// With this word of state.
    pub state: Option<String>,
    /// Of this owner.
    pub owner: Option<String>,
    /// That this department sees: its own, and those with a stage of it that has begun and is
    /// signed for.
    pub department: Option<String>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// With this canonical number.
    pub phone: Option<String>,
    /// With this number of the ticket.
    pub number: Option<String>,
    /// Whose deadline passed by this moment.
    pub overdue_at: Option<i64>,
    /// With a meeting in this state.
    pub meeting: Option<String>,
    /// Opened at or after.
    pub from: Option<i64>,
    /// Opened before.
    pub to: Option<i64>,
    /// Only what is reached.
    pub within: Reach,
}

/// The order of a list of tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketSort {
    /// Opened last, first.
    #[default]
    Newest,
    /// By the earliest deadline that is owed; those without one last.
    Due,
}

/// What stands for the deadline of a ticket that has none.
const NEVER: i64 = i64::MAX;

/// Tickets that a report holds in memory.
pub(super) const REPORT_ROWS: i64 = 20_000;

impl Store {
    /// A page of tickets, newest first.
    pub async fn ticket_rows(
        &self,
        filter: &TicketFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<TicketRow>, Error> {
        self.sorted_tickets(filter, TicketSort::Newest, after, limit).await
    }

    /// A page of tickets in that order.
    pub async fn sorted_tickets(
        &self,
        filter: &TicketFilter,
        sort: TicketSort,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<TicketRow>, Error> {
        let rows: Vec<TicketRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(
                "SELECT id, pack, number, kind, severity, category, source, phase, state, owner, department, customer_id,
                        phone, name, matter, level, opened_at, due_at, closed_at FROM tickets WHERE 1 = 1");
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.pack.as_deref(), " AND pack = ");
            when!(filter.kind.as_deref(), " AND kind = ");
            match filter.phase.as_deref() {
                Some("owed") => {
                    query.push(" AND phase IN ('open', 'verifying')");
                }
                phase => when!(phase, " AND phase = "),
            }
            when!(filter.state.as_deref(), " AND state = ");
            when!(filter.owner.as_deref(), " AND owner = ");
            if let Some(department) = filter.department.as_deref() {
                query.push(" AND id IN (SELECT ticket_id FROM ticket_departments WHERE department = ");
                query.push_bind(department).push(")");
            }
            when!(filter.customer.map(|id| id.0), " AND customer_id = ");
            when!(filter.phone.as_deref(), " AND phone = ");
            when!(filter.number.as_deref(), " AND number = ");
            when!(filter.overdue_at, " AND due_at <= ");
            when!(filter.meeting.as_deref(), " AND meeting = ");
            when!(filter.from, " AND opened_at >= ");
            when!(filter.to, " AND opened_at < ");
            push_reach(&mut query, Thing::Ticket, &filter.within);
            match (sort, after) {
                (TicketSort::Newest, after) => {
                    when!(after.map(|cursor| cursor.key), " AND id < ");
                    query.push(" ORDER BY id DESC LIMIT ");
                }
                (TicketSort::Due, after) => {
                    if let Some(after) = after {
                        let id = after.id.parse::<i64>().unwrap_or(NEVER);
                        query.push(" AND (COALESCE(due_at, 9223372036854775807), id) > (");
                        query.push_bind(after.key).push(", ").push_bind(id).push(")");
                    }
                    // Written out, as the indexes have it.
                    query.push(" ORDER BY COALESCE(due_at, 9223372036854775807), id LIMIT ");
                }
            }
            query.push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor {
            key: match sort {
                TicketSort::Newest => row.id,
                TicketSort::Due => row.due_at.unwrap_or(NEVER),
            },
            id: row.id.to_string(),
        }))
    }

    /// One ticket.
    pub async fn ticket(&self, id: i64) -> Result<Option<Ticket>, Error> {
        let row: Option<(String,)> = on!(self.db(), p => sqlx::query_as("SELECT body FROM tickets WHERE id = $1")
            .bind(id)
            .fetch_optional(p)
            .await)?;
        row.map(|(body,)| one(&body)).transpose()
    }

    /// Tickets with which time has something to do at `now`, the longest overdue first.
    pub async fn tickets_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Ticket>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            "SELECT body FROM tickets WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2")
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        Ok(all(rows))
    }

    /// When time has something to do with the next ticket.
    pub async fn next_ticket(&self) -> Result<Option<Timestamp>, Error> {
        let (at,): (Option<i64>,) = on!(self.db(), p => sqlx::query_as(
            "SELECT MIN(next_at) FROM tickets WHERE next_at IS NOT NULL").fetch_one(p).await)?;
        Ok(at.map(Timestamp))
    }

    /// Tickets of a number that are open or were closed at or after `since`, newest first.
    pub async fn tickets_of(&self, phone: &str, since: Timestamp) -> Result<Vec<Ticket>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            "SELECT body FROM tickets WHERE phone = $1 AND phone <> '' AND (closed_at IS NULL OR closed_at >= $2)
             ORDER BY id DESC LIMIT 50")
            .bind(phone)
            .bind(since.0)
            .fetch_all(p)
            .await)?;
        Ok(all(rows))
    }

    /// Tickets for a report: of a pack, opened between two moments.
    pub async fn tickets_between(
        &self,
        pack: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Ticket>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            "SELECT body FROM tickets
             WHERE (CAST($1 AS TEXT) IS NULL OR pack = $1) AND opened_at >= $2 AND opened_at < $3
             ORDER BY opened_at, id LIMIT $4")
            .bind(pack)
            .bind(from.0)
            .bind(to.0)
            .bind(REPORT_ROWS)
            .fetch_all(p)
            .await)?;
        Ok(all(rows))
    }

    /// The timeline of a ticket, oldest first.
    pub async fn ticket_timeline(&self, id: i64) -> Result<Vec<TimelineRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT at, actor, action, detail, call_id FROM ticket_log WHERE ticket_id = $1 ORDER BY id")
            .bind(id)
            .fetch_all(p)
            .await)?)
    }

    /// How long callers waited for an answer.
    pub async fn answer_delay(
        &self,
        from: Timestamp,
        to: Timestamp,
        seconds: u32,
    ) -> Result<AnswerDelay, Error> {
        let row: (i64, i64, i64, Option<i64>) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*), COUNT(answered_at),
                    COUNT(CASE WHEN answered_at - started_at > $3 THEN 1 END),
                    CAST(AVG(answered_at - started_at) AS BIGINT)
             FROM calls WHERE direction = 'inbound' AND purpose IS NULL AND reserved_at >= $1 AND reserved_at < $2")
            .bind(from.0)
            .bind(to.0)
            .bind(i64::from(seconds) * 1_000)
            .fetch_one(p)
            .await)?;
        Ok(AnswerDelay { calls: row.0, answered: row.1, late: row.2, mean_ms: row.3.unwrap_or(0) })
    }
}
