//! Deliveries on their way: leased before they are sent, marked after. What was leased and not
//! marked, for the daemon was killed, is leased again with the message it was given.

use std::collections::BTreeMap;

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use super::facts;
use crate::base::Timestamp;
use crate::notice::{Attachment, Item, RATE_WINDOW, Waiting};

/// Deliveries that are looked at for one message.
const LOOKED_AT: i64 = 500;
/// Names the lock under which one daemon at a time chooses, among PostgreSQL's advisory locks:
/// two that choose at once would send one message with different notices in it.
const CHOOSING: i64 = 0x7269_6E67_6E6F_7465;

/// Chooses the deliveries of the next message: what waits, when a message about the same was sent
/// last, and how many messages went out in the last minute and when the first of them did.
pub type Chooser<'a> = &'a (
        dyn Fn(
    &[Waiting],
    &BTreeMap<String, Timestamp>,
    (u32, Option<Timestamp>),
) -> Result<Vec<i64>, Option<Timestamp>>
            + Sync
    );

/// A message that is to be sent now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leased {
    /// Its id; empty: it has none yet and is given one.
    pub message: String,
    /// Its deliveries.
    pub deliveries: Vec<i64>,
    /// Its notices.
    pub items: Vec<Item>,
    /// When the first of them was made.
    pub at: Timestamp,
    /// Failures so far.
    pub attempts: u32,
    /// The file of the only notice.
    pub file: Option<Attachment>,
}

/// A channel that fails.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Outage {
    /// Channel.
    pub name: String,
    /// Since when.
    pub failing_since: i64,
    /// Why, as it said last.
    pub error: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    about: String,
    message_id: String,
    next_at: i64,
    urgent: i64,
    file: i64,
}

#[derive(sqlx::FromRow)]
struct Taken {
    key: String,
    topic: String,
    recipient: String,
    subject: String,
    pack: String,
    facts: String,
    address: String,
    round: i64,
    created_at: i64,
    attempts: i64,
    file_name: Option<String>,
    file_text: Option<String>,
}

impl Store {
    /// Channels for which deliveries wait whose time has come.
    pub async fn waiting_channels(&self, now: Timestamp) -> Result<Vec<String>, Error> {
        let rows: Vec<(String,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT DISTINCT channel FROM notice_deliveries
             WHERE sent_at IS NULL AND given_up_at IS NULL AND next_at <= $1 AND leased_until <= $1
               AND channel NOT IN (SELECT name FROM notice_channels WHERE held_until > $1)")
            .bind(now.0)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(channel,)| channel).collect())
    }

    /// Leases the next message of a channel until `until`; or when to look again.
    pub async fn lease_message(
        &self,
        channel: &str,
        choose: Chooser<'_>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Leased, Option<Timestamp>>, Error> {
        let mut tx = self.db.begin().await?;
        if let Tx::Pg(tx) = &mut tx {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CHOOSING).execute(&mut **tx).await?;
        }
        let waiting = waiting(&mut tx, channel, now).await?;
        let last: Vec<(String, i64)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT about, MAX(sent_at) FROM notice_deliveries WHERE channel = $1 AND sent_at > $2 GROUP BY about")
            .bind(channel)
            .bind(now.0 - 3_600_000)
            .fetch_all(c)
            .await)?;
        let last = last.into_iter().map(|(about, at)| (about, Timestamp(at))).collect();
        let window = i64::try_from(RATE_WINDOW.as_millis()).unwrap_or(i64::MAX);
        let (count, oldest): (i64, Option<i64>) = within!(&mut tx, c => sqlx::query_as(
            "SELECT COUNT(DISTINCT message_id), MIN(sent_at) FROM notice_deliveries
             WHERE channel = $1 AND sent_at > $2")
            .bind(channel)
            .bind(now.0 - window)
            .fetch_one(c)
            .await)?;
        let sent = (u32::try_from(count).unwrap_or(u32::MAX), oldest.map(Timestamp));
        let ids = match choose(&waiting, &last, sent) {
            Ok(ids) => ids,
            Err(again) => return Ok(Err(again)),
        };
        let mut leased = Leased { deliveries: ids, ..Leased::default() };
        for id in &leased.deliveries {
            let taken = take(&mut tx, *id, until).await?;
            if leased.items.is_empty() {
                leased.at = Timestamp(taken.created_at);
                leased.file =
                    taken.file_name.zip(taken.file_text).map(|(name, text)| Attachment { name, text });
            }
            leased.attempts = leased.attempts.max(u32::try_from(taken.attempts).unwrap_or(u32::MAX));
            leased.items.push(Item {
                key: taken.key,
                topic: taken.topic,
                to: taken.recipient,
                subject: taken.subject,
                pack: taken.pack,
                facts: facts(&taken.facts),
                round: u32::try_from(taken.round).unwrap_or(u32::MAX),
                address: taken.address,
            });
        }
        let first = leased.deliveries.first();
        leased.message =
            waiting.iter().find(|w| Some(&w.id) == first).map(|w| w.message.clone()).unwrap_or_default();
        if leased.message.is_empty() {
            let notices = leased.items.iter().map(|item| (item.key.as_str(), item.round));
            leased.message = crate::notice::message_id(channel, notices);
            for id in &leased.deliveries {
                within!(&mut tx, c => sqlx::query("UPDATE notice_deliveries SET message_id = $2 WHERE id = $1")
                    .bind(id)
                    .bind(&leased.message)
                    .execute(c)
                    .await
                    .map(drop))?;
            }
        }
        tx.commit().await?;
        Ok(Ok(leased))
    }

    /// The message arrived.
    pub async fn message_sent(&self, channel: &str, deliveries: &[i64], now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for id in deliveries {
            within!(&mut tx, c => sqlx::query(
                "UPDATE notice_deliveries SET sent_at = $2, attempts = attempts + 1, leased_until = 0, error = ''
                 WHERE id = $1 AND sent_at IS NULL")
                .bind(id)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO notice_channels (name, last_sent_at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE
             SET last_sent_at = excluded.last_sent_at, failing_since = NULL, alarmed_at = NULL, held_until = NULL, error = ''")
            .bind(channel)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// The message did not arrive: it is tried again at `next`, or given up where that is None.
    /// `held`: the other side wants to be left alone until then, whatever else waits for it.
    pub async fn message_failed(
        &self,
        channel: &str,
        deliveries: &[i64],
        why: &str,
        next: Option<Timestamp>,
        held: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for id in deliveries {
            within!(&mut tx, c => sqlx::query(
                "UPDATE notice_deliveries SET attempts = attempts + 1, leased_until = 0, error = $2,
                        next_at = COALESCE($3, next_at), given_up_at = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN $4 END
                 WHERE id = $1 AND sent_at IS NULL")
                .bind(id)
                .bind(clean(why))
                .bind(next.map(|at| at.0))
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO notice_channels (name, failing_since, error, held_until) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE
             SET failing_since = COALESCE(notice_channels.failing_since, excluded.failing_since), error = excluded.error,
                 held_until = excluded.held_until")
            .bind(channel)
            .bind(now.0)
            .bind(clean(why))
            .bind(held.map(|at| at.0))
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        let act = if next.is_some() { "fail" } else { "give_up" };
        self.tell(Change { kind: channel.to_owned(), ..Change::new(Topic::Notice, None, act, "") });
        Ok(())
    }

    /// Channels that have failed since before `before`, each once for each outage.
    pub async fn raise_outages(&self, before: Timestamp, now: Timestamp) -> Result<Vec<Outage>, Error> {
        let found: Vec<Outage> = on!(&self.db, p => sqlx::query_as(
            "SELECT name, failing_since, error FROM notice_channels
             WHERE failing_since <= $1 AND alarmed_at IS NULL ORDER BY name")
            .bind(before.0)
            .fetch_all(p)
            .await)?;
        if found.is_empty() {
            return Ok(found);
        }
        let mut tx = self.db.begin().await?;
        for outage in &found {
            within!(&mut tx, c => sqlx::query("UPDATE notice_channels SET alarmed_at = $2 WHERE name = $1")
                .bind(&outage.name)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await?;
        Ok(found)
    }
}

async fn waiting(tx: &mut Tx, channel: &str, now: Timestamp) -> Result<Vec<Waiting>, Error> {
    let rows: Vec<Row> = within!(tx, c => sqlx::query_as(
        "SELECT d.id, d.about, d.message_id, d.next_at, d.urgent,
                (SELECT COUNT(*) FROM notice_files f WHERE f.notice_id = d.notice_id) AS file
         FROM notice_deliveries d
         WHERE d.channel = $1 AND d.sent_at IS NULL AND d.given_up_at IS NULL AND d.leased_until <= $2
         ORDER BY d.id LIMIT $3")
        .bind(channel)
        .bind(now.0)
        .bind(LOOKED_AT)
        .fetch_all(c)
        .await)?;
    let waiting = |row: Row| Waiting {
        id: row.id,
        group: row.about,
        message: row.message_id,
        next_at: Timestamp(row.next_at),
        urgent: row.urgent == 1,
        alone: row.file > 0,
    };
    Ok(rows.into_iter().map(waiting).collect())
}

/// Leases one delivery and reads its notice.
async fn take(tx: &mut Tx, id: i64, until: Timestamp) -> Result<Taken, Error> {
    within!(&mut *tx, c => sqlx::query("UPDATE notice_deliveries SET leased_until = $2 WHERE id = $1")
        .bind(id)
        .bind(until.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(within!(tx, c => sqlx::query_as(
        "SELECT n.key, n.topic, n.recipient, n.subject, n.pack, n.facts, n.address, d.round, n.created_at, d.attempts,
                f.name AS file_name, f.text AS file_text
         FROM notice_deliveries d JOIN notices n ON n.id = d.notice_id
         LEFT JOIN notice_files f ON f.notice_id = n.id WHERE d.id = $1")
        .bind(id)
        .fetch_one(c)
        .await)?)
}
