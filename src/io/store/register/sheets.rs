//! Audit sheets that count, and calls that must be audited, as rows of registers.

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, CHUNK};

/// The newest submitted sheet of a case; sessions and second looks are left out.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct SheetRecord {
    /// The case.
    pub id: i64,
    /// When the call began; milliseconds since 1970.
    pub at: i64,
    /// The call.
    pub call_id: String,
    /// Path of its recording; empty: none.
    pub recording: String,
    /// Pack of the call.
    pub pack: String,
    /// Who is scored.
    pub agent: String,
    /// Who scored.
    pub auditor: String,
    /// JSON array: why the call was audited.
    pub why: String,
    /// 0 to 100.
    pub score: f64,
    /// Its grade.
    pub grade: String,
    /// JSON array of critical items.
    pub critical: String,
    /// JSON of marks, rulings, notes and summary.
    pub body: String,
    /// JSON of the score.
    pub result: String,
    /// When it was submitted.
    pub submitted_at: i64,
    /// State of the newest appeal against a sheet of the case; empty: none.
    pub appeal: String,
}

/// A call of a frozen month that must be audited in any case.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct MustRecord {
    /// The call.
    pub call_id: String,
    /// When it began; milliseconds since 1970.
    pub at: i64,
    /// Who had the customer.
    pub agent: String,
    /// Rule of the callback; empty: none.
    pub rule: String,
    /// Pack of the call.
    pub pack: String,
    /// Number of the customer.
    pub phone: String,
    /// Path of its recording; empty: none.
    pub recording: String,
    /// Reasons, joined by blanks.
    pub must: String,
}

impl Store {
    /// The next calls that must be audited: of the list of all packs, or of a pack's own where a month has no other.
    pub async fn register_musts(&self, after: &After) -> Result<Vec<MustRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT p.call_id, c.reserved_at AS at, p.agent, p.rule, COALESCE(e.pack, '') AS pack, c.phone,
                    COALESCE(c.recording, '') AS recording, p.must
             FROM audit_population p JOIN audit_draws d ON d.id = p.draw_id JOIN calls c ON c.id = p.call_id
             LEFT JOIN call_evidence e ON e.call_id = c.id
             WHERE p.must <> '' AND c.reserved_at < $3 AND (c.reserved_at, c.id) > ($1, $2)
               AND (d.pack = '' OR NOT EXISTS (SELECT 1 FROM audit_draws g WHERE g.month = d.month AND g.pack = ''))
             ORDER BY c.reserved_at, c.id LIMIT $4")
            .bind(after.at)
            .bind(&after.call)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }

    /// The next sheets, by the beginnings of their calls; one a call, whatever draws it is in.
    pub async fn register_sheets(&self, after: &After) -> Result<Vec<SheetRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT k.id, c.reserved_at AS at, k.call_id, COALESCE(c.recording, '') AS recording,
                    COALESCE(e.pack, '') AS pack, k.agent, s.auditor, k.why, s.score, s.grade, s.critical, s.body, s.result,
                    s.submitted_at,
                    COALESCE((SELECT a.state FROM audit_appeals a JOIN audit_sheets o ON o.id = a.sheet_id
                              WHERE o.case_id = k.id ORDER BY a.id DESC LIMIT 1), '') AS appeal
             FROM audit_cases k JOIN calls c ON c.id = k.call_id
             JOIN audit_sheets s ON s.case_id = k.id AND s.state = 'submitted'
                  AND s.version = (SELECT MAX(n.version) FROM audit_sheets n
                                   WHERE n.case_id = k.id AND n.state = 'submitted')
             LEFT JOIN call_evidence e ON e.call_id = c.id
             WHERE k.session_id IS NULL AND k.second = 0 AND c.reserved_at < $3 AND (c.reserved_at, k.id) > ($1, $2)
               AND NOT EXISTS (SELECT 1 FROM audit_cases f JOIN audit_sheets x ON x.case_id = f.id AND x.state = 'submitted'
                               WHERE f.call_id = k.call_id AND f.session_id IS NULL AND f.second = 0 AND f.id < k.id)
             ORDER BY c.reserved_at, k.id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }
}
