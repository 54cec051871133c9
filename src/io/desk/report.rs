//! Reports over the tickets of a time.

use jiff::civil::Date;

use super::{Error, TicketDesk};
use crate::base::Timestamp;
use crate::io::store::AnswerLine;
use crate::io::store::ticket::{AgeingFilter, AnswerDelay, Unregistered};
use crate::ticket::{
    AgeingLine, DepartmentLine, DissatisfiedLine, FirstContact, LedgerLine, PointsLine, RegisterLine, Ticket,
    dissatisfied, ledger, register,
};

/// A span of time, and the pack asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Policy pack.
    pub pack: String,
    /// From.
    pub from: Timestamp,
    /// Before.
    pub to: Timestamp,
}

/// Answer delay with what was allowed.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Delay {
    /// The figures.
    #[serde(flatten)]
    pub delay: AnswerDelay,
    /// Seconds that are allowed.
    pub allowed_seconds: u32,
    /// How fast agents answered the callers of each queue, by name.
    pub queues: Vec<AnswerLine>,
    /// How fast each agent answered what rang at their phone, by name.
    pub agents: Vec<AnswerLine>,
}

impl TicketDesk {
    async fn opened_in(&self, month: &Month) -> Result<Vec<Ticket>, Error> {
        let pack = Some(month.pack.as_str()).filter(|pack| !pack.is_empty());
        Ok(self.store().tickets_between(pack, month.from, month.to).await?)
    }

    /// How departments handle their tickets.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn supervision(&self, month: &Month, now: Timestamp) -> Result<Vec<DepartmentLine>, Error> {
        Ok(self.store().department_lines(&month.pack, (month.from, month.to), now).await?)
    }

    /// How long open tickets have stood where they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ageing(&self, filter: &AgeingFilter, now: Timestamp) -> Result<Vec<AgeingLine>, Error> {
        Ok(self.store().ageing(filter, now).await?)
    }

    /// The register of a time.
    ///
    /// # Errors
    /// Those of the store, and a pack without a file.
    pub async fn register(&self, month: &Month) -> Result<Vec<RegisterLine>, Error> {
        Ok(register(&self.rules(&month.pack)?, &self.opened_in(month).await?))
    }

    /// The ledger of a department.
    ///
    /// # Errors
    /// Those of the store, and a pack without a file.
    pub async fn ledger(&self, month: &Month, department: &str) -> Result<Vec<LedgerLine>, Error> {
        Ok(ledger(&self.rules(&month.pack)?, &self.opened_in(month).await?, department))
    }

    /// The manager's list of dissatisfied customers.
    ///
    /// # Errors
    /// Those of the store, and a pack without a file.
    pub async fn dissatisfied(&self, month: &Month, now: Timestamp) -> Result<Vec<DissatisfiedLine>, Error> {
        Ok(dissatisfied(&self.rules(&month.pack)?, &self.opened_in(month).await?, now))
    }

    /// How many were solved on the first contact.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn first_contact(&self, month: &Month) -> Result<FirstContact, Error> {
        Ok(self.store().first_contacts(&month.pack, (month.from, month.to)).await?)
    }

    /// Points taken off in a time.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn points(&self, month: &Month) -> Result<Vec<PointsLine>, Error> {
        Ok(self.store().points_taken(&month.pack, (month.from, month.to)).await?)
    }

    /// Inbound calls of a day that belong to no ticket.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn unregistered(&self, day: Date) -> Result<Vec<Unregistered>, Error> {
        let calendar = self.calendar();
        Ok(self.store().unregistered_calls(calendar.start_of(day), calendar.end_of(day)).await?)
    }

    /// How long callers of a time waited.
    ///
    /// # Errors
    /// Those of the store, and a pack without a file.
    pub async fn answer_delay(&self, month: &Month) -> Result<Delay, Error> {
        let allowed_seconds = self.rules(&month.pack)?.pack.intake.answer_seconds;
        let allowed_ms = i64::from(allowed_seconds) * 1_000;
        let store = self.store();
        let (delay, queues, agents) = tokio::try_join!(
            store.answer_delay(month.from, month.to, allowed_seconds),
            store.queue_delays(month.from, month.to, allowed_ms),
            store.agent_delays(month.from, month.to, allowed_ms)
        )?;
        Ok(Delay { delay, allowed_seconds, queues, agents })
    }
}
