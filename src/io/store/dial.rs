//! Calls that agents begin: their rows on disk before the INVITE, cards that are open for one
//! person, appointments that are due, and what agents' calls came to.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::audit::{self, AuditLine};
use super::db::{Tx, on, within};
use super::due::counts;
use super::write::clean;
use super::{Error, Store};
use crate::base::{CallId, CallbackId, CampaignId, EntryId, PhoneNumber, Timestamp};
use crate::policy::OVERRIDE_ACTION;

/// How long a callback that was dialled or skipped rests before it is anybody's next card.
const REST_MS: i64 = 10 * 60_000;

/// A call that an agent is about to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDial<'a> {
    /// The call.
    pub call: CallId,
    /// Who.
    pub agent: &'a str,
    /// Whom.
    pub phone: &'a PhoneNumber,
    /// For which callback.
    pub callback: Option<CallbackId>,
    /// The rule that speaks against it, and the agent's reason; None: none does.
    pub overridden: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// A promised call by an agent whose time has come.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DueAppointment {
    /// Row id of the callback.
    pub id: i64,
    /// Its pack.
    pub pack: String,
    /// Its rule.
    pub rule: String,
    /// Who promised it; empty: anybody.
    pub assignee: String,
    /// Numbers of its customer, best first.
    pub phone: String,
}

/// A call in which the customer talked with an agent, and after which a survey may be owed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Talk {
    /// The call.
    pub id: String,
    /// The customer's number.
    pub phone: String,
    /// When it ended.
    pub ended_at: i64,
    /// The agent who talked last.
    pub agent: String,
    /// Whether the customer rated it.
    pub rated: i64,
}

/// What an agent's talks with customers came to in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AgentTalks {
    /// Name; the extension of a phone that is nobody's.
    pub agent: String,
    /// Talks with customers.
    pub talks: i64,
    /// Of them rated by the customer in the same call.
    pub rated: i64,
    /// Of them ended by the customer first, without a rating.
    pub customer_left: i64,
    /// Of them ended by the agent first, without a rating: cut off, if there was one to give.
    pub cut_off: i64,
    /// Of those without a rating: how many customers get a survey call of the robot.
    pub survey_calls: i64,
    /// Calls that the agent began.
    pub dialled: i64,
}

/// Customers of a campaign who answered and whom nobody was there for, on one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Abandoned {
    /// `2026-03-05`.
    pub day: String,
    /// Customers who answered.
    pub answered: u64,
    /// Of them without anybody to talk to.
    pub abandoned: u64,
    /// Share of the answered, 0 to 1; null where nobody answered.
    pub rate: Option<f64>,
}

/// Keeps an open callback for an agent, unless another has its card.
async fn take(
    tx: &mut Tx,
    callback: CallbackId,
    agent: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let taken = within!(tx, c => sqlx::query(
        "UPDATE callbacks SET preview_by = $2, preview_until = $3
         WHERE id = $1 AND state = 'open' AND (COALESCE(preview_until, 0) <= $4 OR preview_by = $2)")
        .bind(callback.0)
        .bind(clean(agent))
        .bind(until.0)
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(taken > 0)
}

impl Store {
    /// Writes a call that an agent begins, in one transaction with the override it needs. False
    /// where a call to the number is up, or it came on the do-not-call list at this moment.
    pub async fn begin_dial(&self, dial: &NewDial<'_>) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let begun = within!(&mut tx, c => sqlx::query(
            "INSERT INTO calls (id, direction, state, phone, reserved_at, begun_by, callback_id)
             SELECT CAST($1 AS TEXT), 'outbound', 'reserved', CAST($2 AS TEXT), CAST($3 AS BIGINT),
                    CAST($4 AS TEXT), CAST($5 AS BIGINT)
             WHERE NOT EXISTS (SELECT 1 FROM calls o WHERE o.phone = $2 AND o.state = 'reserved')
               AND NOT EXISTS (SELECT 1 FROM do_not_call d WHERE d.phone = $2)")
            .bind(dial.call.to_string())
            .bind(dial.phone.to_string())
            .bind(dial.at.0)
            .bind(clean(dial.agent))
            .bind(dial.callback.map(|id| id.0))
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if begun == 0 {
            return Ok(false);
        }
        if let Some(detail) = dial.overridden {
            let subject = match dial.callback {
                Some(callback) => format!("callback:{callback}"),
                None => format!("call:{}", dial.call),
            };
            let (actor, detail) = (clean(dial.agent), clean(detail));
            let line = AuditLine {
                at: dial.at,
                actor: &actor,
                action: OVERRIDE_ACTION,
                subject: &subject,
                detail: &detail,
            };
            audit::append(&mut tx, &line).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The next callback of the day by one of these rules (`pack/rule`), which agents call: the one
    /// that is open for this agent already, else theirs by name, else anybody's, by its time. Those
    /// passed over are not looked at again.
    pub async fn next_card(
        &self,
        (agent, day, rules): (&str, &str, &[String]),
        passed_over: &[CallbackId],
        now: Timestamp,
    ) -> Result<Option<CallbackId>, Error> {
        if rules.is_empty() {
            return Ok(None);
        }
        let found: Option<(i64,)> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(
                "SELECT b.id FROM day_verdicts v JOIN callbacks b ON b.id = v.callback_id WHERE v.day = ");
            query.push_bind(day);
            // How many agents reach how much in a day is theirs to find out.
            query.push(" AND v.code IN ('agent_needed', 'capacity') AND b.state = 'open' AND b.earliest <= ");
            query.push_bind(now.0);
            query.push(" AND (b.origin <> 'appointment' OR b.due <= ").push_bind(now.0);
            query.push(") AND b.assignee IN ('', ").push_bind(agent);
            query.push(") AND (COALESCE(b.preview_until, 0) <= ").push_bind(now.0);
            query.push(" OR b.preview_by = ").push_bind(agent);
            query.push(") AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.callback_id = b.id AND (c.state = 'reserved' OR c.reserved_at > ");
            query.push_bind(now.0 - REST_MS).push(")) AND b.pack || '/' || b.rule IN (");
            let mut list = query.separated(", ");
            rules.iter().for_each(|rule| {
                list.push_bind(rule.as_str());
            });
            query.push(")");
            if !passed_over.is_empty() {
                query.push(" AND b.id NOT IN (");
                let mut list = query.separated(", ");
                passed_over.iter().for_each(|id| {
                    list.push_bind(id.0);
                });
                query.push(")");
            }
            query.push(" ORDER BY CASE WHEN b.preview_by = ").push_bind(agent);
            query.push(" AND b.preview_until > ").push_bind(now.0);
            query.push(" THEN 0 ELSE 1 END, CASE WHEN b.assignee = ").push_bind(agent);
            query.push(" THEN 0 ELSE 1 END, b.due, b.id LIMIT 1");
            query.build_query_as().persistent(false).fetch_optional(p).await
        })?;
        Ok(found.map(|(id,)| CallbackId(id)))
    }

    /// Keeps a callback for an agent until `until`; false where another was faster.
    pub async fn take_card(
        &self,
        callback: CallbackId,
        agent: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let taken = take(&mut tx, callback, agent, now, until).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// The same for one callback that the agent chose: another that they have open goes back.
    pub async fn choose_card(
        &self,
        callback: CallbackId,
        agent: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let taken = take(&mut tx, callback, agent, now, until).await?;
        if taken {
            within!(&mut tx, c => sqlx::query(
                "UPDATE callbacks SET preview_by = NULL, preview_until = NULL WHERE preview_by = $2 AND id <> $1")
                .bind(callback.0)
                .bind(clean(agent))
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// The callback whose card an agent has open, with the number of its customer to call first.
    pub async fn card_of(
        &self,
        agent: &str,
        now: Timestamp,
    ) -> Result<Option<(CallbackId, Option<String>)>, Error> {
        let row: Option<(i64, Option<String>)> = on!(&self.db, p => sqlx::query_as(
            "SELECT b.id, (SELECT h.phone FROM customer_phones h WHERE h.customer_id = b.customer_id
                             AND h.valid_to IS NULL ORDER BY h.position LIMIT 1)
             FROM callbacks b WHERE b.preview_by = $1 AND b.preview_until > $2 AND b.state = 'open'
             ORDER BY b.id LIMIT 1")
            .bind(agent)
            .bind(now.0)
            .fetch_optional(p)
            .await)?;
        Ok(row.map(|(id, phone)| (CallbackId(id), phone)))
    }

    /// Puts the card of an agent back for a reason: the callback rests for ten minutes, and is
    /// anybody's then. Gives which it was; None: they had none open.
    pub async fn skip_card(
        &self,
        agent: &str,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Option<CallbackId>, Error> {
        let Some((id, _)) = self.card_of(agent, now).await? else { return Ok(None) };
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE callbacks SET preview_by = NULL, preview_until = $2 WHERE id = $1")
            .bind(id.0)
            .bind(now.0 + REST_MS)
            .execute(c)
            .await
            .map(drop))?;
        let (subject, detail) = (format!("callback:{id}"), format!("{agent}: {reason}"));
        let line =
            AuditLine { at: now, actor: by, action: "callback.skip", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Promised calls whose time has come and that nobody has dialled, by their time (REM-03).
    pub async fn due_appointments(&self, now: Timestamp) -> Result<Vec<DueAppointment>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT b.id, b.pack, b.rule, b.assignee,
                    COALESCE((SELECT h.phone FROM customer_phones h WHERE h.customer_id = b.customer_id
                                AND h.valid_to IS NULL ORDER BY h.position LIMIT 1), '') AS phone
             FROM callbacks b
             WHERE b.state = 'open' AND b.origin = 'appointment' AND b.method = 'phone' AND b.entry_id IS NULL
               AND b.due <= $1 AND b.deadline > $1 AND COALESCE(b.preview_until, 0) <= $1
               AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.callback_id = b.id AND c.reserved_at >= b.due)
             ORDER BY b.due, b.id LIMIT 100")
            .bind(now.0)
            .fetch_all(p)
            .await)?)
    }

    /// When the next promised call is due, after `now`.
    pub async fn next_appointment(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let row: (Option<i64>,) = on!(&self.db, p => sqlx::query_as(
            "SELECT MIN(due) FROM callbacks
             WHERE state = 'open' AND origin = 'appointment' AND method = 'phone' AND due > $1")
            .bind(now.0)
            .fetch_one(p)
            .await)?;
        Ok(row.0.map(Timestamp))
    }

    /// Talks with agents after which a survey may be owed, oldest first.
    pub async fn owed_surveys(&self, limit: u32) -> Result<Vec<Talk>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT c.id, c.phone, c.ended_at,
                    COALESCE((SELECT l.agent FROM legs l WHERE l.call_id = c.id AND l.kind = 'agent'
                                AND l.answered_at IS NOT NULL ORDER BY l.ended_at DESC, l.number DESC LIMIT 1), '')
                        AS agent,
                    (SELECT COUNT(*) FROM answers a WHERE a.call_id = c.id AND a.score IS NOT NULL) AS rated
             FROM calls c WHERE c.survey_owed = 1 AND c.state = 'ended' ORDER BY c.id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Says what became of a survey that may have been owed: a call of the robot (2), or none (3).
    pub async fn settle_survey(&self, call: &str, called: bool) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("UPDATE calls SET survey_owed = $2 WHERE id = $1")
            .bind(call)
            .bind(if called { 2_i64 } else { 3 })
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// The callback that a call is for: the agent's who dialled it, or that of its list entry.
    pub async fn callback_of_call(
        &self,
        call: CallId,
        entry: Option<EntryId>,
    ) -> Result<Option<CallbackId>, Error> {
        let row: (Option<i64>,) = on!(&self.db, p => sqlx::query_as(
            "SELECT COALESCE((SELECT callback_id FROM calls WHERE id = $1),
                             (SELECT callback_id FROM entries WHERE id = $2))")
            .bind(call.to_string())
            .bind(entry.map(|id| id.0))
            .fetch_one(p)
            .await)?;
        Ok(row.0.map(CallbackId))
    }

    /// What the talks of agents came to between two moments; `until` is exclusive.
    pub async fn agent_talks(&self, from: Timestamp, until: Timestamp) -> Result<Vec<AgentTalks>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "WITH talks AS (
                 SELECT l.agent, c.id, c.hung_up_first, c.survey_owed, c.begun_by,
                        (SELECT COUNT(*) FROM answers a WHERE a.call_id = c.id AND a.score IS NOT NULL) AS rated
                 FROM legs l JOIN calls c ON c.id = l.call_id
                 WHERE l.kind = 'agent' AND l.answered_at IS NOT NULL AND l.agent IS NOT NULL
                   AND c.survey_owed > 0 AND COALESCE(c.trunk, '') <> 'phones' AND l.started_at >= $1 AND l.started_at < $2
                 GROUP BY l.agent, c.id, c.hung_up_first, c.survey_owed, c.begun_by)
             SELECT agent, COUNT(*) AS talks,
                    COUNT(CASE WHEN rated > 0 THEN 1 END) AS rated,
                    COUNT(CASE WHEN rated = 0 AND hung_up_first = 'customer' THEN 1 END) AS customer_left,
                    COUNT(CASE WHEN rated = 0 AND hung_up_first = 'agent' THEN 1 END) AS cut_off,
                    COUNT(CASE WHEN survey_owed = 2 THEN 1 END) AS survey_calls,
                    COUNT(begun_by) AS dialled
             FROM talks GROUP BY agent ORDER BY agent")
            .bind(from.0)
            .bind(until.0)
            .fetch_all(p)
            .await)?)
    }

    /// Customers of a campaign who answered between two moments, and of them those whom nobody was
    /// there for.
    pub async fn abandoned_of(
        &self,
        campaign: CampaignId,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<(u64, u64), Error> {
        let row: (i64, i64) = on!(&self.db, p => sqlx::query_as(
            "SELECT COUNT(*), COUNT(CASE WHEN abandoned = 1 THEN 1 END) FROM calls
             WHERE campaign_id = $1 AND answered_at >= $2 AND answered_at < $3 AND state = 'ended'")
            .bind(campaign.0)
            .bind(from.0)
            .bind(until.0)
            .fetch_one(p)
            .await)?;
        Ok((row.0.unsigned_abs(), row.1.unsigned_abs()))
    }

    /// How many calls each agent dialled between two moments: calls that left.
    pub async fn dialled_by(&self, from: Timestamp, until: Timestamp) -> Result<Vec<(String, i64)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT c.begun_by, COUNT(*) FROM calls c
             WHERE c.begun_by IS NOT NULL AND c.trunk IS NOT NULL AND c.trunk <> 'phones'
               AND c.reserved_at >= $1 AND c.reserved_at < $2 AND ",
            counts!("c"),
            " GROUP BY c.begun_by ORDER BY c.begun_by"))
            .bind(from.0)
            .bind(until.0)
            .fetch_all(p)
            .await)?)
    }

    /// JSON arrays of the SIP messages of a call's further legs, by their numbers.
    pub async fn leg_traces(&self, call: CallId) -> Result<Vec<(i64, String)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT number, messages FROM leg_traces WHERE call_id = $1 ORDER BY number")
            .bind(call.to_string())
            .fetch_all(p)
            .await)?)
    }
}
