//! What reports count of tickets: by the columns beside the bodies, which are read for none of it.

use std::collections::BTreeMap;

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::ticket::{AgeingLine, DepartmentLine, FirstContact, PointsLine, Ticket};

const DAY_MS: i64 = 24 * 3_600_000;

/// Tickets whose age is asked for; None and an empty word are no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgeingFilter {
    /// Policy pack.
    pub pack: Option<String>,
    /// Type.
    pub kind: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Open for as many whole days at least.
    pub min_days: Option<i64>,
    /// Open for as many whole days at most.
    pub max_days: Option<i64>,
    /// Only what is past a deadline, or only what is not.
    pub overdue: Option<bool>,
}

#[derive(sqlx::FromRow)]
struct Department {
    department: String,
    tickets: i64,
    open: i64,
    unacknowledged: i64,
    in_time: i64,
    breached: i64,
}

#[derive(sqlx::FromRow)]
struct Aged {
    id: i64,
    pack: String,
    number: String,
    kind: String,
    state: String,
    owner: String,
    opened_at: i64,
    state_since: i64,
    due_at: Option<i64>,
}

fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn filled(word: &str) -> Option<&str> {
    Some(word).filter(|word| !word.is_empty())
}

/// Keeps the points that a ticket took off.
pub(super) async fn score(tx: &mut Tx, ticket: &Ticket) -> Result<(), Error> {
    within!(&mut *tx, c => sqlx::query("DELETE FROM ticket_points WHERE ticket_id = $1")
        .bind(ticket.id)
        .execute(c)
        .await
        .map(drop))?;
    for (number, points) in (1_i64..).zip(&ticket.points) {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_points (ticket_id, number, at, who, points) VALUES ($1, $2, $3, $4, $5)")
            .bind(ticket.id)
            .bind(number)
            .bind(points.at.0)
            .bind(clean(&points.who))
            .bind(points.points)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

impl Store {
    /// How departments handle the tickets of a pack that were opened between two moments, or are open all
    /// the same.
    pub async fn department_lines(
        &self,
        pack: &str,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Vec<DepartmentLine>, Error> {
        let pack = filled(pack);
        let counted: Vec<Department> = on!(self.db(), p => sqlx::query_as(
            "SELECT department, COUNT(*) AS tickets, CAST(SUM(open) AS BIGINT) AS open,
                    CAST(SUM(CASE WHEN open = 1 AND acknowledged = 0 THEN 1 ELSE 0 END) AS BIGINT) AS unacknowledged,
                    CAST(SUM(in_time) AS BIGINT) AS in_time, CAST(SUM(breached) AS BIGINT) AS breached
             FROM (SELECT department, CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END AS open, acknowledged, in_time,
                          breached
                   FROM tickets
                   WHERE opened_at >= $1 AND opened_at < $2 AND (CAST($3 AS TEXT) IS NULL OR pack = $3)
                   UNION ALL
                   SELECT department, 1, acknowledged, in_time, breached
                   FROM tickets
                   WHERE closed_at IS NULL AND (opened_at < $1 OR opened_at >= $2)
                     AND (CAST($3 AS TEXT) IS NULL OR pack = $3)) t
             GROUP BY department")
            .bind(from.0)
            .bind(to.0)
            .bind(pack)
            .fetch_all(p)
            .await)?;
        let late: Vec<(String, String)> = on!(self.db(), p => sqlx::query_as(
            "SELECT department, number FROM tickets
             WHERE closed_at IS NULL AND due_at <= $1 AND (CAST($2 AS TEXT) IS NULL OR pack = $2)
             ORDER BY opened_at, id")
            .bind(now.0)
            .bind(pack)
            .fetch_all(p)
            .await)?;
        let line = |row: Department| {
            let line = DepartmentLine {
                department: row.department.clone(),
                tickets: small(row.tickets),
                open: small(row.open),
                unacknowledged: small(row.unacknowledged),
                in_time: small(row.in_time),
                breached: small(row.breached),
                without_response: Vec::new(),
            };
            (row.department, line)
        };
        let mut lines: BTreeMap<String, DepartmentLine> = counted.into_iter().map(line).collect();
        for (department, number) in late {
            lines.entry(department).or_default().without_response.push(number);
        }
        Ok(lines.into_values().collect())
    }

    /// How long open tickets have stood, the oldest first.
    pub async fn ageing(&self, filter: &AgeingFilter, now: Timestamp) -> Result<Vec<AgeingLine>, Error> {
        let opened_by = filter.min_days.map(|days| now.0.saturating_sub(days.saturating_mul(DAY_MS)));
        let opened_after =
            filter.max_days.map(|days| now.0.saturating_sub(days.saturating_add(1).saturating_mul(DAY_MS)));
        let rows: Vec<Aged> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, pack, number, kind, state, owner, opened_at, state_since, due_at FROM tickets
             WHERE closed_at IS NULL AND opened_at <= $1 AND opened_at > $2
               AND (CAST($3 AS TEXT) IS NULL OR pack = $3) AND (CAST($4 AS TEXT) IS NULL OR kind = $4)
               AND (CAST($5 AS TEXT) IS NULL OR owner = $5)
               AND (CAST($6 AS BIGINT) IS NULL OR CASE WHEN due_at <= $7 THEN 1 ELSE 0 END = $6)
             ORDER BY opened_at, id")
            .bind(opened_by.unwrap_or(i64::MAX))
            .bind(opened_after.unwrap_or(i64::MIN))
            .bind(filter.pack.as_deref().and_then(filled))
            .bind(filter.kind.as_deref().and_then(filled))
            .bind(filter.owner.as_deref().and_then(filled))
            .bind(filter.overdue.map(i64::from))
            .bind(now.0)
            .fetch_all(p)
            .await)?;
        let line = |row: Aged| AgeingLine {
            id: row.id,
            pack: row.pack,
            number: row.number,
            kind: row.kind,
            state: row.state,
            owner: row.owner,
            days: (now.0 - row.opened_at).max(0) / DAY_MS,
            days_in_state: (now.0 - row.state_since).max(0) / DAY_MS,
            overdue: row.due_at.is_some_and(|due| due <= now.0),
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// How many tickets that were opened between two moments were solved on the first contact.
    pub async fn first_contacts(
        &self,
        pack: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<FirstContact, Error> {
        let (tickets, solved, reported): (i64, i64, i64) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*), COUNT(CASE WHEN first_contact = 1 THEN 1 END),
                    COUNT(CASE WHEN first_contact = 0 AND reported_at IS NOT NULL THEN 1 END)
             FROM tickets
             WHERE opened_at >= $1 AND opened_at < $2 AND (CAST($3 AS TEXT) IS NULL OR pack = $3)")
            .bind(from.0)
            .bind(to.0)
            .bind(filled(pack))
            .fetch_one(p)
            .await)?;
        Ok(FirstContact { tickets: small(tickets), solved: small(solved), reported: small(reported) })
    }

    /// Points that tickets took off between two moments, by person.
    pub async fn points_taken(
        &self,
        pack: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<PointsLine>, Error> {
        let rows: Vec<(String, i64, i64)> = on!(self.db(), p => sqlx::query_as(
            "SELECT k.who, k.points, k.ticket_id FROM ticket_points k JOIN tickets t ON t.id = k.ticket_id
             WHERE k.at >= $1 AND k.at < $2 AND (CAST($3 AS TEXT) IS NULL OR t.pack = $3)
             ORDER BY t.opened_at, t.id, k.number")
            .bind(from.0)
            .bind(to.0)
            .bind(filled(pack))
            .fetch_all(p)
            .await)?;
        let mut lines: BTreeMap<String, PointsLine> = BTreeMap::new();
        for (who, points, ticket) in rows {
            let blank = || PointsLine { who: who.clone(), points: 0, times: 0, tickets: Vec::new() };
            let line = lines.entry(who.clone()).or_insert_with(blank);
            line.points += points;
            line.times += 1;
            if line.tickets.last() != Some(&ticket) {
                line.tickets.push(ticket);
            }
        }
        Ok(lines.into_values().collect())
    }
}
