//! The outbox of notices: what is owed, how it reaches people, and who acknowledged it.

mod ack;
mod copy;
mod deliver;
mod page;
mod route;
mod tell;

use super::db::{Tx, within};
use super::write::clean;
use super::{Error, Store, callback};
use crate::base::Timestamp;
use crate::notice::{Attachment, NewNotice};

pub use ack::Unacked;
pub use copy::Copy;
pub use deliver::{Chooser, Leased, Outage};
pub use page::{ChannelRow, DeliveryRow, NoticeFilter, NoticeRow, STATES};
pub use route::Unrouted;
pub use tell::{Consenting, TableRow, ToCustomer, Told, ToldEvent};

/// A notice with what only some have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extended {
    /// The notice.
    pub notice: NewNotice,
    /// `sms:13800000001` or `email:zhang@example.com` of a customer who is told; empty: by the
    /// routes.
    pub address: String,
    /// Unacknowledged at this moment, it becomes a task (NOT-01).
    pub confirm_by: Option<Timestamp>,
    /// A file that goes with it.
    pub file: Option<Attachment>,
}

impl From<NewNotice> for Extended {
    fn from(notice: NewNotice) -> Extended {
        Extended { notice, ..Extended::default() }
    }
}

impl Store {
    /// Queues notices; those whose key is known are left out.
    pub async fn queue_notices(&self, notices: &[NewNotice], now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        queue(&mut tx, notices, now).await?;
        tx.commit().await
    }

    /// Queues notices with addresses, times to be confirmed by, and files. Gives how many were
    /// new.
    pub async fn queue_extended(&self, notices: &[Extended], now: Timestamp) -> Result<u64, Error> {
        let mut tx = self.db.begin().await?;
        let mut added = 0;
        for extended in notices {
            added += u64::from(queue_one(&mut tx, extended, now).await?);
        }
        tx.commit().await?;
        Ok(added)
    }
}

/// Queues notices in the transaction of what they tell of; one whose key is known is left out.
pub(super) async fn queue(tx: &mut Tx, notices: &[NewNotice], now: Timestamp) -> Result<(), Error> {
    for notice in notices {
        queue_one(tx, &notice.clone().into(), now).await?;
    }
    Ok(())
}

/// Queues one notice; whether it is new.
pub(super) async fn queue_one(tx: &mut Tx, extended: &Extended, now: Timestamp) -> Result<bool, Error> {
    let notice = &extended.notice;
    let facts = callback::json(&notice.facts)?;
    let row: Option<(i64,)> = within!(&mut *tx, c => sqlx::query_as(
        "INSERT INTO notices (key, topic, recipient, subject, pack, facts, wants_ack, created_at, address, confirm_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING RETURNING id")
        .bind(clean(&notice.key))
        .bind(clean(&notice.topic))
        .bind(clean(&notice.to))
        .bind(clean(&notice.subject))
        .bind(clean(&notice.pack))
        .bind(&facts)
        .bind(i64::from(notice.wants_ack))
        .bind(now.0)
        .bind(clean(&extended.address))
        .bind(extended.confirm_by.map(|at| at.0))
        .fetch_optional(c)
        .await)?;
    let Some((id,)) = row else { return Ok(false) };
    if let Some(file) = &extended.file {
        within!(&mut *tx, c => sqlx::query("INSERT INTO notice_files (notice_id, name, text) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(clean(&file.name))
            .bind(clean(&file.text))
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(true)
}

/// Facts as stored; what was written by something else has none.
fn facts(json: &str) -> std::collections::BTreeMap<String, String> {
    serde_json::from_str(json).unwrap_or_default()
}
