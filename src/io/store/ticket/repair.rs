//! The last repair of a customer, for whoever repairs next (REG-08).

use serde::{Deserialize, Serialize};

use super::super::db::on;
use super::super::{Error, Store};
use crate::base::CustomerId;
use crate::ticket::Ticket;

/// A repair of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LastRepair {
    /// Number of its ticket.
    pub number: String,
    /// When it was done; milliseconds since 1970.
    pub done_at: Option<i64>,
    /// The parts that were replaced.
    pub parts: String,
    /// What was found.
    pub finding: String,
}

/// Repairs that are looked through for one whose parts are known.
const LOOKED_AT: i64 = 20;

impl Store {
    /// The last repair of a customer whose parts are known, other than the ticket at hand.
    pub async fn last_repair(
        &self,
        customer: CustomerId,
        other_than: i64,
    ) -> Result<Option<LastRepair>, Error> {
        let rows: Vec<(String,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT body FROM tickets WHERE customer_id = $1 AND id <> $2 AND kind = 'repair' ORDER BY id DESC LIMIT $3")
            .bind(customer.0)
            .bind(other_than)
            .bind(LOOKED_AT)
            .fetch_all(p)
            .await)?;
        let repair = |(body,): (String,)| {
            let ticket: Ticket = serde_json::from_str(&body).ok()?;
            let parts = ticket.field("parts_replaced")?.to_owned();
            let done =
                ticket.stages.iter().find(|stage| stage.rule.id == "repair").and_then(|stage| stage.done_at);
            let finding = ticket.field("finding").unwrap_or_default().to_owned();
            Some(LastRepair { number: ticket.number, done_at: done.map(|at| at.0), parts, finding })
        };
        Ok(rows.into_iter().find_map(repair))
    }
}
