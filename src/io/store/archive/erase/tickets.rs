//! Tickets of a person who is forgotten: stages, deadlines and results stay, the person and the words
//! go, with the files.

use super::super::super::Error;
use super::super::super::custody::{Buried, bury, remove_later};
use super::super::super::db::{Tx, within};
use super::super::super::write::json;
use super::{Erased, Order, run};
use crate::custody::Kind;
use crate::ticket::Ticket;

/// Erases what names a customer in their tickets.
pub(super) async fn tickets(tx: &mut Tx, order: &Order<'_>, erased: &mut Erased) -> Result<(), Error> {
    let rows: Vec<(i64, String, String, String)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT id, number, phase, body FROM tickets
         WHERE customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1) ORDER BY id")
        .bind(order.customer.0)
        .fetch_all(c)
        .await)?;
    let open: Vec<&str> = rows
        .iter()
        .filter(|(_, _, phase, _)| matches!(phase.as_str(), "open" | "verifying"))
        .map(|(_, number, ..)| number.as_str())
        .collect();
    if !open.is_empty() {
        return Err(Error::Refused(format!(
            "customer {} has tickets that are open, {}: close them first",
            order.customer,
            open.join(", ")
        )));
    }
    for (id, _, _, body) in rows {
        files(tx, id, order, erased).await?;
        let mut ticket: Ticket = serde_json::from_str(&body)
            .map_err(|error| Error::Corrupt { what: "ticket", detail: format!("{id}: {error}") })?;
        ticket.forget();
        run!(
            tx,
            "UPDATE tickets SET phone = '', name = '', matter = '', body = $2, version = $3 WHERE id = $1",
            id,
            json(&ticket)?,
            ticket.version
        )?;
        run!(tx, "UPDATE ticket_log SET detail = '' WHERE ticket_id = $1", id)?;
        run!(tx, "DELETE FROM ticket_links WHERE ticket_id = $1", id)?;
        let subject = format!("ticket:{id}");
        run!(
            tx,
            "DELETE FROM notice_files WHERE notice_id IN (SELECT id FROM notices WHERE subject = $1)",
            subject.as_str()
        )?;
        run!(tx, "UPDATE notices SET facts = '{}', address = '' WHERE subject = $1", subject.as_str())?;
        erased.tickets += 1;
    }
    Ok(())
}

async fn files(tx: &mut Tx, ticket: i64, order: &Order<'_>, erased: &mut Erased) -> Result<(), Error> {
    let rows: Vec<(i64, String)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT id, path FROM ticket_files WHERE ticket_id = $1 ORDER BY id")
        .bind(ticket)
        .fetch_all(c)
        .await)?;
    let stones: Vec<Buried> =
        rows.iter().map(|(id, _)| Buried::whole(Kind::File, format!("file:{id}"))).collect();
    bury(tx, &stones, order.said(), order.now).await?;
    run!(tx, "DELETE FROM ticket_files WHERE ticket_id = $1", ticket)?;
    for (_, path) in rows {
        remove_later(tx, &path, order.now).await?;
        erased.recordings.push(path);
    }
    Ok(())
}
