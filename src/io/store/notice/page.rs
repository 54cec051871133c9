//! Notices and channels in pages for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::read::{Cursor, Page, fetch};
use super::super::within::{Thing, push_reach};
use super::super::{Error, Store};
use crate::access::Reach;

/// A notice for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct NoticeRow {
    /// Row id.
    pub id: i64,
    /// Names it; a second one with the same key is not queued.
    pub key: String,
    /// What it is about.
    pub topic: String,
    /// Person, role or department it is for.
    #[sqlx(rename = "recipient")]
    pub to: String,
    /// The record it is about.
    pub subject: String,
    /// Pack of that record.
    pub pack: String,
    /// Its facts, as the caller may see them.
    #[serde(with = "super::super::read::page_json")]
    #[schema(value_type = Object)]
    pub facts: String,
    /// Whether it asks for an acknowledgement: 0 or 1.
    pub wants_ack: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// How often it was sent.
    pub rounds: i64,
    /// Unacknowledged then, it became a task.
    pub confirm_by: Option<i64>,
    /// When somebody acknowledged it.
    pub acked_at: Option<i64>,
    /// Who did.
    pub acked_by: String,
    /// What they said.
    pub ack_note: String,
    /// When it went to the next level, unacknowledged.
    pub escalated_at: Option<i64>,
    /// Name of the file that goes with it; null: none.
    pub file: Option<String>,
    /// One line for people, filled in by the API.
    #[sqlx(default)]
    pub title: String,
    /// Its text for people, filled in by the API.
    #[sqlx(default)]
    pub text: String,
    /// Its deliveries.
    #[sqlx(skip)]
    pub deliveries: Vec<DeliveryRow>,
}

/// One delivery of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct DeliveryRow {
    /// The notice.
    #[serde(skip_serializing, default)]
    pub notice_id: i64,
    /// By what channel.
    pub channel: String,
    /// 0, then one more for each reminder.
    pub round: i64,
    /// Id of the message in which it went; empty: none yet.
    pub message_id: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: i64,
    /// When it arrived.
    pub sent_at: Option<i64>,
    /// When it was given up.
    pub given_up_at: Option<i64>,
    /// Why the last attempt failed.
    pub error: String,
}

/// How a channel fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ChannelRow {
    /// Its name.
    pub name: String,
    /// When a message arrived last; milliseconds since 1970.
    pub last_sent_at: Option<i64>,
    /// Since when it fails; null: it does not.
    pub failing_since: Option<i64>,
    /// Why, as it said last.
    pub error: String,
    /// Deliveries that wait for it.
    pub waiting: i64,
}

/// Which notices; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeFilter {
    /// Of this topic; `callback.*` takes all that begin with `callback.`.
    pub topic: Option<String>,
    /// About this record.
    pub subject: Option<String>,
    /// For this person, role or department.
    pub to: Option<String>,
    /// Of this pack.
    pub pack: Option<String>,
    /// `waiting`, `sent`, `failed`, `unrouted`, `unacknowledged` or `acknowledged`.
    pub state: Option<String>,
    /// Only what is reached.
    pub within: Reach,
}

const ROW: &str =
    "SELECT n.id, n.key, n.topic, n.recipient, n.subject, n.pack, n.facts, n.wants_ack, n.created_at,
        n.rounds, n.confirm_by, n.acked_at, n.acked_by, n.ack_note, n.escalated_at, f.name AS file
    FROM notices n LEFT JOIN notice_files f ON f.notice_id = n.id WHERE ";

impl Store {
    /// A page of notices with their deliveries, newest first.
    pub async fn notice_rows(
        &self,
        filter: &NoticeFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<NoticeRow>, Error> {
        let rows: Vec<NoticeRow> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(ROW);
            query.push("1 = 1");
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            match filter.topic.as_deref().map(|topic| (topic, topic.strip_suffix('*'))) {
                Some((_, Some(head))) => {
                    query.push(" AND SUBSTR(n.topic, 1, LENGTH(").push_bind(head).push(")) = ").push_bind(head);
                }
                Some((topic, None)) => drop(query.push(" AND n.topic = ").push_bind(topic)),
                None => {}
            }
            when!(filter.subject.as_deref(), " AND n.subject = ");
            when!(filter.to.as_deref(), " AND n.recipient = ");
            when!(filter.pack.as_deref(), " AND n.pack = ");
            if let Some(condition) = filter.state.as_deref().and_then(state) {
                query.push(condition);
            }
            push_reach(&mut query, Thing::Notice, &filter.within);
            when!(after.map(|a| a.key), " AND n.id < ");
            query.push(" ORDER BY n.id DESC LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        let mut page =
            Page::cut(rows, limit, |row: &NoticeRow| Cursor { key: row.id, id: row.id.to_string() });
        self.add_deliveries(&mut page.rows).await?;
        Ok(page)
    }

    /// One notice with its deliveries.
    pub async fn notice_row(&self, id: i64) -> Result<Option<NoticeRow>, Error> {
        let row: Option<NoticeRow> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(ROW);
            query.push("n.id = ").push_bind(id);
            query.build_query_as().fetch_optional(p).await
        })?;
        let mut rows: Vec<NoticeRow> = row.into_iter().collect();
        self.add_deliveries(&mut rows).await?;
        Ok(rows.pop())
    }

    /// The file of a notice: its name and text.
    pub async fn notice_file(&self, id: i64) -> Result<Option<(String, String)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as("SELECT name, text FROM notice_files WHERE notice_id = $1")
            .bind(id)
            .fetch_optional(p)
            .await)?)
    }

    /// How channels fare: those that were used, and those for which something waits.
    pub async fn notice_channels(&self) -> Result<Vec<ChannelRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT c.name, c.last_sent_at, c.failing_since, c.error,
                    (SELECT COUNT(*) FROM notice_deliveries d
                     WHERE d.channel = c.name AND d.sent_at IS NULL AND d.given_up_at IS NULL) AS waiting
             FROM notice_channels c
             UNION ALL
             SELECT d.channel, NULL, NULL, '', COUNT(*) FROM notice_deliveries d
             WHERE d.sent_at IS NULL AND d.given_up_at IS NULL
               AND d.channel NOT IN (SELECT name FROM notice_channels)
             GROUP BY d.channel ORDER BY 1")
            .fetch_all(p)
            .await)?)
    }

    async fn add_deliveries(&self, rows: &mut [NoticeRow]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let all: Vec<DeliveryRow> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(
                "SELECT notice_id, channel, round, message_id, attempts, next_at, sent_at, given_up_at, error
                 FROM notice_deliveries WHERE notice_id IN (");
            let mut ids = query.separated(", ");
            rows.iter().for_each(|row| {
                ids.push_bind(row.id);
            });
            query.push(") ORDER BY id");
            query.build_query_as().persistent(false).fetch_all(p).await
        })?;
        let mut of: BTreeMap<i64, Vec<DeliveryRow>> = BTreeMap::new();
        for delivery in all {
            of.entry(delivery.notice_id).or_default().push(delivery);
        }
        for row in rows {
            row.deliveries = of.remove(&row.id).unwrap_or_default();
        }
        Ok(())
    }
}

/// The condition of a state; None for a word that is none.
fn state(word: &str) -> Option<&'static str> {
    Some(match word {
        "waiting" => {
            " AND (n.routed_at IS NULL OR EXISTS (SELECT 1 FROM notice_deliveries d WHERE d.notice_id = n.id
              AND d.sent_at IS NULL AND d.given_up_at IS NULL))"
        }
        "sent" => {
            " AND EXISTS (SELECT 1 FROM notice_deliveries d WHERE d.notice_id = n.id AND d.sent_at IS NOT NULL)"
        }
        "failed" => {
            " AND EXISTS (SELECT 1 FROM notice_deliveries d WHERE d.notice_id = n.id AND d.given_up_at IS NOT NULL)"
        }
        "unrouted" => {
            " AND n.routed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM notice_deliveries d WHERE d.notice_id = n.id)"
        }
        "unacknowledged" => " AND n.wants_ack = 1 AND n.acked_at IS NULL",
        "acknowledged" => " AND n.acked_at IS NOT NULL",
        _ => return None,
    })
}

/// Words of [`NoticeFilter::state`].
pub const STATES: [&str; 6] = ["waiting", "sent", "failed", "unrouted", "unacknowledged", "acknowledged"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_condition() {
        assert!(STATES.iter().all(|word| state(word).is_some()));
        assert_eq!(state("lost"), None);
    }
}
