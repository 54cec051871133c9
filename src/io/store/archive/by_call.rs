//! Calls that make events by keys (REM-09).

use super::super::db::on;
use super::super::{Error, Store};
use crate::base::{CallId, ParseIdError, Timestamp};
use crate::policy::pack::ByCall;

/// No call lasts longer: its beginning is what an index knows.
const LONGEST_MS: i64 = 6 * 3_600_000;

/// A call that came in, with the answer that makes an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallToTake {
    /// The call.
    pub id: CallId,
    /// Who called.
    pub phone: String,
    /// When it ended, in milliseconds since 1970.
    pub ended_at: i64,
}

impl Store {
    /// Calls with that answer which ended since and made no event of the kind yet, oldest first.
    pub async fn calls_to_take(
        &self,
        by_call: &ByCall,
        (pack, kind): (&str, &str),
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<CallToTake>, Error> {
        let rows: Vec<(String, String, i64)> = on!(self.db(), p => sqlx::query_as(
            "SELECT k.id, k.phone, k.ended_at FROM calls k
             WHERE k.direction = 'inbound' AND k.state = 'ended' AND k.script = $1 AND k.ended_at >= $2 AND k.reserved_at >= $8
               AND EXISTS (SELECT 1 FROM answers a WHERE a.call_id = k.id AND a.question = $3 AND a.meaning = $4)
               AND NOT EXISTS (SELECT 1 FROM events e WHERE e.pack = $5 AND e.kind = $6
                                                       AND e.external_id = 'call:' || k.id)
             ORDER BY k.ended_at, k.id LIMIT $7")
            .bind(&by_call.script)
            .bind(since.0)
            .bind(&by_call.question)
            .bind(&by_call.is)
            .bind(pack)
            .bind(kind)
            .bind(i64::from(limit))
            .bind(since.0 - LONGEST_MS)
            .fetch_all(p)
            .await)?;
        rows.into_iter()
            .map(|(id, phone, ended_at)| {
                let bad = |e: ParseIdError| Error::Corrupt { what: "call", detail: e.to_string() };
                Ok(CallToTake { id: id.parse().map_err(bad)?, phone, ended_at })
            })
            .collect()
    }
}
