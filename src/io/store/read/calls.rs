//! Calls, their answers and traces.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::within::{Thing, push_reach};
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::access::Reach;
use crate::base::{CallId, CampaignId, CustomerId, EntryId};

/// One call as the API shows it. Where the recording lies is not shown: it is fetched by the call's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct CallRow {
    /// The call's id.
    pub id: String,
    /// `outbound` or `inbound`.
    pub direction: String,
    /// `reserved` (open) or `ended`.
    pub state: String,
    /// The campaign, for list calls.
    pub campaign_id: Option<i64>,
    /// The list entry, for list calls.
    pub entry_id: Option<i64>,
    /// The other side's number.
    pub phone: String,
    /// The trunk that carried it, or the last one tried.
    pub trunk: Option<String>,
    /// The script that ran.
    pub script: Option<String>,
    /// Milliseconds since 1970, as all times here: written to disk, before any INVITE.
    pub reserved_at: i64,
    /// INVITE sent or received.
    pub started_at: Option<i64>,
    /// First 180 or 183.
    pub ringing_at: Option<i64>,
    /// First early media.
    pub early_media_at: Option<i64>,
    /// The 200 to the INVITE.
    pub answered_at: Option<i64>,
    /// The end.
    pub ended_at: Option<i64>,
    /// Business result; None while it is open.
    pub disposition: Option<String>,
    /// Final SIP status.
    pub sip_status: Option<i64>,
    /// Q.850 cause.
    pub q850: Option<i64>,
    /// `none`, `ours`, `peer`, `carrier` or `unknown`.
    pub blame: Option<String>,
    /// `us`, `peer` or `fault`.
    pub ended_by: Option<String>,
    /// One sentence for the operator.
    pub detail: String,
    /// JSON of the answering machine verdict.
    #[serde(with = "super::page_json::optional")]
    #[schema(value_type = Option<Object>)]
    pub amd: Option<String>,
    /// JSON of loss, jitter, MOS.
    #[serde(with = "super::page_json::optional")]
    #[schema(value_type = Option<Object>)]
    pub quality: Option<String>,
    /// Length of the recording; None: there is none.
    pub recording_ms: Option<i64>,
    /// Hex SHA-256 of the recording.
    pub sha256: Option<String>,
    /// Mean level of our side in dBFS.
    pub left_dbfs: Option<f64>,
    /// Mean level of the customer in dBFS.
    pub right_dbfs: Option<f64>,
    /// Samples lost between tap and disk.
    pub missing_frames: Option<i64>,
    /// Alarm word, e.g. `no_recording`.
    pub alarm: Option<String>,
    /// JSON array of the steps of the script, each with its time: marks in the recording.
    #[serde(with = "super::page_json::optional", default)]
    #[schema(value_type = Option<Object>)]
    pub steps: Option<String>,
    /// When it was first said that the call is recorded.
    #[serde(default)]
    pub announced_at: Option<i64>,
    /// What the other side chose by key: `accepted` or `refused`; None: it was not asked.
    #[serde(default)]
    pub consent: Option<String>,
    /// When.
    #[serde(default)]
    pub consent_at: Option<i64>,
    /// Answers that were stored.
    pub answers: i64,
    /// Worst score among the answers.
    pub lowest_score: Option<i64>,
    /// Mean of the scores.
    pub mean_score: Option<f64>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AnswerRow {
    /// The call in which it was given.
    pub call_id: String,
    /// Position in the call, from 1.
    pub seq: i64,
    /// Question id of the script.
    pub question: String,
    /// Keys pressed; None: nothing was pressed.
    pub keys: Option<String>,
    /// What the script says the key means.
    pub meaning: Option<String>,
    /// Score, where the question is a score.
    pub score: Option<i64>,
    /// 1: the script says that such an answer is one of a dissatisfied person.
    pub dissatisfied: i64,
    /// Function of whom it rates; None: it rates nobody.
    pub rated_function: Option<String>,
    /// Who that is; None also: the list does not say.
    pub rated_person: Option<String>,
    /// What it is about.
    pub dimension: Option<String>,
    /// Voice comment, as a path relative to the recordings folder; shown as yes or no only.
    #[serde(skip)]
    pub comment: Option<String>,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// Which calls; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// With this canonical number.
    pub phone: Option<String>,
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// For this entry.
    pub entry: Option<EntryId>,
    /// Reserved at or after this.
    pub from: Option<i64>,
    /// Reserved before this.
    pub to: Option<i64>,
    /// With this result.
    pub disposition: Option<String>,
    /// `outbound` or `inbound`.
    pub direction: Option<String>,
    /// `reserved` or `ended`.
    pub state: Option<String>,
    /// Over this trunk.
    pub trunk: Option<String>,
    /// Whose worst score is at least this.
    pub min_score: Option<i64>,
    /// Whose worst score is at most this.
    pub max_score: Option<i64>,
    /// With an alarm (any word).
    pub alarm: bool,
    /// With this customer.
    pub customer: Option<CustomerId>,
    /// That this agent had.
    pub agent: Option<String>,
    /// Of callbacks of this policy pack.
    pub pack: Option<String>,
    /// Of callbacks of this rule.
    pub rule: Option<String>,
    /// That the ticket with this number knows of.
    pub ticket: Option<String>,
    /// With a recording; one that is gone only where `form` asks for it.
    pub recorded: bool,
    /// Whose recording something holds.
    pub held: bool,
    /// Whose recording is stored as `wav` or `flac`, or is `gone`.
    pub form: Option<String>,
    /// Whose recording lies `here`, in the recordings folder, or in the `archive`.
    pub place: Option<String>,
    /// Only what is reached.
    pub within: Reach,
}

/// The recording of `c` was deleted.
const GONE: &str = " EXISTS (SELECT 1 FROM recording_files g WHERE g.name = c.recording)
    AND NOT EXISTS (SELECT 1 FROM recording_files g WHERE g.name = c.recording AND g.gone_at IS NULL)";

impl CallFilter {
    /// Conditions with one value each, on what belongs to a call; a parenthesis is left open.
    fn of_relatives(&self) -> impl Iterator<Item = (&str, &'static str)> {
        [
            (&self.agent, " AND EXISTS (SELECT 1 FROM legs l WHERE l.call_id = c.id AND l.answered_at IS NOT NULL AND l.agent = "),
            (&self.pack, " AND EXISTS (SELECT 1 FROM entries e JOIN callbacks b ON b.id = e.callback_id WHERE e.id = c.entry_id AND b.pack = "),
            (&self.rule, " AND EXISTS (SELECT 1 FROM entries e JOIN callbacks b ON b.id = e.callback_id WHERE e.id = c.entry_id AND b.rule = "),
            (&self.ticket, " AND EXISTS (SELECT 1 FROM ticket_calls l JOIN tickets t ON t.id = l.ticket_id WHERE l.call_id = c.id AND t.number = "),
        ]
        .into_iter()
        .filter_map(|(value, condition)| Some((value.as_deref()?, condition)))
    }

    /// Conditions on how the recording is stored.
    fn of_recordings(&self) -> Vec<String> {
        let live =
            "EXISTS (SELECT 1 FROM recording_files f WHERE f.name = c.recording AND f.gone_at IS NULL AND f.";
        let mut all = Vec::new();
        let form = self.form.as_deref();
        if self.recorded || form.is_some() || self.place.is_some() {
            let gone = if form == Some("gone") { "" } else { "NOT" };
            all.push(format!(" AND c.recording IS NOT NULL AND {gone} ({GONE})"));
        }
        match form {
            Some("flac") => all.push(format!(" AND {live}form = 'flac')")),
            Some("wav") => all.push(format!(" AND NOT {live}form = 'flac')")),
            _ => {}
        }
        match self.place.as_deref() {
            Some("archive") => all.push(format!(" AND {live}place <> '')")),
            Some("here") => all.push(format!(" AND NOT {live}place <> '')")),
            _ => {}
        }
        if self.held {
            all.push(" AND EXISTS (SELECT 1 FROM held_calls h WHERE h.call_id = c.id)".to_owned());
        }
        all
    }
}

/// The order of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallSort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Longest conversation first.
    Longest,
}

/// A call with what its answers come to; conditions follow.
macro_rules! calls_sql {
    () => {
        "SELECT c.id, c.direction, c.state, c.campaign_id, c.entry_id, c.phone, c.trunk, c.script, c.reserved_at,
            c.started_at, c.ringing_at, c.early_media_at, c.answered_at, c.ended_at, c.disposition,
            c.sip_status, c.q850, c.blame, c.ended_by, c.detail, c.amd, c.quality, c.recording_ms, c.sha256,
            c.left_dbfs, c.right_dbfs, c.missing_frames, c.alarm, c.steps, c.announced_at,
            c.consent, c.consent_at,
            (SELECT COUNT(*) FROM answers a WHERE a.call_id = c.id) AS answers,
            (SELECT MIN(a.score) FROM answers a WHERE a.call_id = c.id) AS lowest_score,
            (SELECT CAST(AVG(a.score) AS DOUBLE PRECISION) FROM answers a WHERE a.call_id = c.id) AS mean_score
         FROM calls c WHERE "
    };
}

impl CallSort {
    const fn key(self) -> &'static str {
        match self {
            CallSort::Newest | CallSort::Oldest => "c.reserved_at",
            CallSort::Longest => "COALESCE(c.ended_at - c.answered_at, 0)",
        }
    }

    /// How a later row compares with an earlier one, and the word for that order.
    const fn direction(self) -> (&'static str, &'static str) {
        match self {
            CallSort::Newest | CallSort::Longest => ("<", "DESC"),
            CallSort::Oldest => (">", "ASC"),
        }
    }

    fn cursor(self, row: &CallRow) -> Cursor {
        let key = match self {
            CallSort::Newest | CallSort::Oldest => row.reserved_at,
            CallSort::Longest => match (row.ended_at, row.answered_at) {
                (Some(end), Some(answer)) => end - answer,
                _ => 0,
            },
        };
        Cursor { key, id: row.id.clone() }
    }
}

impl Store {
    /// A page of calls.
    pub async fn call_rows(
        &self,
        filter: &CallFilter,
        sort: CallSort,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<CallRow>, Error> {
        // Only the conditions that are asked for, so that each finds its index.
        let rows: Vec<CallRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(concat!(calls_sql!(), "1 = 1"));
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.phone.as_deref(), " AND c.phone = ");
            when!(filter.campaign.map(|c| c.0), " AND c.campaign_id = ");
            when!(filter.entry.map(|e| e.0), " AND c.entry_id = ");
            when!(filter.from, " AND c.reserved_at >= ");
            when!(filter.to, " AND c.reserved_at < ");
            when!(filter.disposition.as_deref(), " AND c.disposition = ");
            match filter.direction.as_deref() {
                // A word of the statement, so that the index of these few is found.
                Some("inbound") => {
                    query.push(" AND c.direction = 'inbound'");
                },
                other => when!(other, " AND c.direction = "),
            }
            match filter.state.as_deref() {
                Some("reserved") => {
                    query.push(" AND c.state = 'reserved'");
                },
                other => when!(other, " AND c.state = "),
            }
            when!(filter.trunk.as_deref(), " AND c.trunk = ");
            when!(filter.min_score, " AND (SELECT MIN(a.score) FROM answers a WHERE a.call_id = c.id) >= ");
            when!(filter.max_score, " AND (SELECT MIN(a.score) FROM answers a WHERE a.call_id = c.id) <= ");
            if filter.alarm {
                query.push(" AND c.alarm IS NOT NULL");
            }
            push_reach(&mut query, Thing::Call, &filter.within);
            if let Some(customer) = filter.customer {
                query.push(" AND c.phone IN (SELECT h.phone FROM customer_phones h JOIN customers m
                    ON m.id = h.customer_id WHERE m.id = ").push_bind(customer.0);
                query.push(" OR m.merged_into = ").push_bind(customer.0).push(")");
            }
            for (value, condition) in filter.of_relatives() {
                query.push(condition).push_bind(value).push(")");
            }
            for condition in filter.of_recordings() {
                query.push(condition);
            }
            let (key, (compare, order)) = (sort.key(), sort.direction());
            if let Some(after) = after {
                query.push(format_args!(" AND ({key}, c.id) {compare} ("));
                query.push_bind(after.key).push(", ").push_bind(after.id.as_str()).push(")");
            }
            query.push(format_args!(" ORDER BY {key} {order}, c.id {order} LIMIT ")).push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| sort.cursor(row)))
    }

    /// One call.
    pub async fn call_row(&self, call: CallId) -> Result<Option<CallRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            concat!(calls_sql!(), "c.id = $1"))
            .bind(call.to_string())
            .fetch_optional(p)
            .await)?)
    }

    /// Answers of one call, in order.
    pub async fn answer_rows(&self, call: CallId) -> Result<Vec<AnswerRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT call_id, seq, question, keys, meaning, score, dissatisfied, rated_function, rated_person,
                    dimension, comment, at FROM answers
             WHERE call_id = $1 ORDER BY seq")
            .bind(call.to_string())
            .fetch_all(p)
            .await)?)
    }

    /// Answers of a campaign, or of all calls, newest call last.
    pub async fn answer_page(
        &self,
        campaign: Option<CampaignId>,
        question: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<AnswerRow>, Error> {
        let rows: Vec<AnswerRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT a.call_id, a.seq, a.question, a.keys, a.meaning, a.score, a.dissatisfied, a.rated_function,
                    a.rated_person, a.dimension, a.comment, a.at
             FROM answers a JOIN calls c ON c.id = a.call_id
             WHERE (CAST($1 AS BIGINT) IS NULL OR c.campaign_id = $1)
               AND (CAST($2 AS TEXT) IS NULL OR a.question = $2)
               AND (CAST($3 AS BIGINT) IS NULL OR (a.call_id, a.seq) > ($4, $3))
             ORDER BY a.call_id, a.seq LIMIT $5")
            .bind(campaign.map(|c| c.0))
            .bind(question)
            .bind(after.map(|c| c.key))
            .bind(after.map(|c| c.id.as_str()).unwrap_or(""))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.seq, id: row.call_id.clone() }))
    }

    /// JSON array of [`crate::sip::TraceItem`] of one call.
    pub async fn trace_json(&self, call: CallId) -> Result<Option<String>, Error> {
        let row: Option<(String,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT messages FROM traces WHERE call_id = $1")
            .bind(call.to_string())
            .fetch_optional(p)
            .await)?;
        Ok(row.map(|(json,)| json))
    }

    /// Path of a call's recording, relative to the recordings folder; the outer None: no such call.
    pub async fn recording_path(&self, call: CallId) -> Result<Option<Option<String>>, Error> {
        let row: Option<(Option<String>,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT recording FROM calls WHERE id = $1")
            .bind(call.to_string())
            .fetch_optional(p)
            .await)?;
        Ok(row.map(|(path,)| path))
    }
}
