//! The further legs of calls.

use serde::{Deserialize, Serialize};

use super::super::db::on;
use super::super::{Error, Store};
use crate::base::CallId;

/// One phone that was rung for a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct LegRow {
    /// Position among the legs of the call, from 1.
    pub number: i64,
    /// `agent`, `trunk` or `supervisor`.
    pub kind: String,
    /// Extension or number that was rung.
    pub target: String,
    /// The agent behind it; None: an outside number.
    pub agent: Option<String>,
    /// Milliseconds since 1970, as all times here: INVITE sent.
    pub started_at: i64,
    /// First 180 or 183.
    pub ringing_at: Option<i64>,
    /// A person was there.
    pub answered_at: Option<i64>,
    /// It was of no more use.
    pub ended_at: i64,
    /// `talked`, `transferred`, `lost`, `busy`, `declined`, `no_answer`, `not_accepted`, `elsewhere`,
    /// `customer_left`, `called_off`, `unreachable` or `failed`.
    pub result: String,
    /// `us`, `peer` or `fault`.
    pub ended_by: String,
}

/// A time of silence in a recording, by order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct PauseRow {
    /// Milliseconds since 1970: from when.
    pub from_at: i64,
    /// To when; None: to the end of the call.
    pub to_at: Option<i64>,
    /// Who ordered it.
    pub actor: String,
}

/// A time in which somebody had the customer, who heard nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
#[schema(as = LegHold)]
pub struct HoldRow {
    /// Milliseconds since 1970: from when.
    pub from_at: i64,
    /// To when.
    pub to_at: i64,
}

/// What a call was beside its customer's leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BridgedRow {
    /// `customer`, `agent` or `system`; None: nobody talked with the customer.
    pub hung_up_first: Option<String>,
    /// When, in milliseconds since 1970.
    pub hung_up_first_at: Option<i64>,
    /// In the order in which they were rung.
    pub legs: Vec<LegRow>,
    /// In the order of time.
    pub pauses: Vec<PauseRow>,
    /// Holds, in the order of time.
    #[serde(default)]
    pub holds: Vec<HoldRow>,
}

impl Store {
    /// The legs of one call that is over, who hung up first, holds, and the
    /// pauses of its recording.
    pub async fn bridged_row(&self, call: CallId) -> Result<BridgedRow, Error> {
        let call = call.to_string();
        let first: Option<(Option<String>, Option<i64>)> = on!(self.db(), p => sqlx::query_as(
            "SELECT hung_up_first, hung_up_first_at FROM calls WHERE id = $1")
            .bind(&call)
            .fetch_optional(p)
            .await)?;
        let legs = on!(self.db(), p => sqlx::query_as(
            "SELECT number, kind, target, agent, started_at, ringing_at, answered_at, ended_at, result, ended_by
             FROM legs WHERE call_id = $1 ORDER BY number")
            .bind(&call)
            .fetch_all(p)
            .await)?;
        let pauses = on!(self.db(), p => sqlx::query_as(
            "SELECT from_at, to_at, actor FROM recording_pauses WHERE call_id = $1 ORDER BY from_at")
            .bind(&call)
            .fetch_all(p)
            .await)?;
        let holds = on!(self.db(), p => sqlx::query_as(
            "SELECT from_at, to_at FROM call_holds WHERE call_id = $1 ORDER BY from_at")
            .bind(&call)
            .fetch_all(p)
            .await)?;
        let (hung_up_first, hung_up_first_at) = first.unwrap_or_default();
        Ok(BridgedRow { hung_up_first, hung_up_first_at, legs, pauses, holds })
    }
}
