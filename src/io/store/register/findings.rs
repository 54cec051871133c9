//! What was found in calls, as rows of registers.

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, CHUNK};

/// A finding.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct FindingRecord {
    /// Its call.
    pub call_id: String,
    /// Its place among the findings of the call.
    pub number: i64,
    /// When the call began; milliseconds since 1970.
    pub at: i64,
    /// Word of the detector.
    pub detector: String,
    /// What was measured.
    pub value: f64,
    /// Its unit; empty: a count.
    pub unit: String,
    /// `hint`, `warn`, `fail` or `critical`.
    pub severity: String,
    /// Who is charged: `nobody`, `agent`, `system`.
    pub charge: String,
    /// Which agent.
    pub agent: String,
    /// Details, for people.
    pub detail: String,
    /// Number of the customer.
    pub phone: String,
    /// Pack of the callback.
    pub pack: String,
    /// Path of the recording; empty: none.
    pub recording: String,
}

impl Store {
    /// The next findings that say more than how it was.
    pub async fn register_findings(&self, after: &After) -> Result<Vec<FindingRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT f.call_id, f.number, c.reserved_at AS at, f.detector, f.value, f.unit, f.severity, f.charge,
                    COALESCE(f.agent, '') AS agent, f.detail, c.phone, COALESCE(b.pack, '') AS pack,
                    COALESCE(c.recording, '') AS recording
             FROM calls c JOIN findings f ON f.call_id = c.id AND f.severity <> 'info' AND c.purpose IS NULL
             LEFT JOIN callbacks b ON b.id = (SELECT MIN(x.id) FROM callbacks x WHERE x.entry_id = c.entry_id)
             WHERE c.reserved_at < $4 AND (c.reserved_at, c.id, f.number) > ($1, $2, $3)
             ORDER BY c.reserved_at, c.id, f.number LIMIT $5")
            .bind(after.at)
            .bind(&after.call)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }
}
