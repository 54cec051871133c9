//! What was found in a call, in one transaction; done twice, it stands there once.

use sqlx::QueryBuilder;

use super::super::db::{Tx, within};
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::evidence::{Charge, Evidence, Finding};

/// A transcript is to be made.
pub const TRANSCRIPT_WANTED: &str = "wanted";
/// Findings of one statement: twelve values each, below SQLite's limit.
const SHARE: usize = 500;

/// Evidence on one call.
#[derive(Clone, Debug)]
pub struct NewEvidence<'a> {
    /// The call's id.
    pub call: &'a str,
    /// Pack of the scorecard.
    pub pack: &'a str,
    /// Version of the scorecard.
    pub version: &'a str,
    /// Who had the customer first; None: the robot alone.
    pub agent: Option<&'a str>,
    /// How long it was up.
    pub talk_ms: i64,
    /// Length of what was heard; None: nothing was.
    pub heard_ms: Option<i64>,
    /// JSON of what was heard.
    pub heard: &'a str,
    /// Why the recording was not heard; empty: none.
    pub problem: &'a str,
    /// Empty, [`TRANSCRIPT_WANTED`], `attached`, or why it failed.
    pub transcription: &'a str,
    /// When the register is looked at; None: never again.
    pub review_at: Option<Timestamp>,
    /// What was found.
    pub evidence: &'a Evidence,
}

impl Store {
    /// Keeps what was found, in place of what was found before.
    pub async fn save_evidence(&self, new: &NewEvidence<'_>, now: Timestamp) -> Result<(), Error> {
        let audit: Vec<&str> = new.evidence.audit.iter().map(|reason| reason.as_str()).collect();
        let audit = serde_json::to_string(&audit).unwrap_or_default();
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO call_evidence (call_id, made_at, pack, version, agent, talk_ms, heard_ms, heard, worst,
                    audit, problem, transcription, review_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (call_id) DO UPDATE SET made_at = $2, pack = $3, version = $4, agent = $5, talk_ms = $6,
                    heard_ms = $7, heard = $8, worst = $9, audit = $10, problem = $11, transcription = $12,
                    review_at = $13")
            .bind(new.call)
            .bind(now.0)
            .bind(new.pack)
            .bind(new.version)
            .bind(new.agent)
            .bind(new.talk_ms)
            .bind(new.heard_ms)
            .bind(new.heard)
            .bind(new.evidence.worst().as_str())
            .bind(&audit)
            .bind(new.problem)
            .bind(new.transcription)
            .bind(new.review_at.map(|at| at.0))
            .execute(c)
            .await
            .map(drop))?;
        within!(&mut tx, c => sqlx::query("DELETE FROM findings WHERE call_id = $1")
            .bind(new.call)
            .execute(c)
            .await
            .map(drop))?;
        keep_findings(&mut tx, new.call, &new.evidence.findings).await?;
        see(&mut tx, &[new.call]).await?;
        tx.commit().await
    }

    /// Says that these calls were looked at; nothing can be found in them.
    pub async fn nothing_heard(&self, calls: &[&str]) -> Result<(), Error> {
        if calls.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        see(&mut tx, calls).await?;
        tx.commit().await
    }

    /// Keeps a transcript, in place of one that was there. The evidence is to be made again.
    pub async fn save_transcript(
        &self,
        call: &str,
        lines: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO transcripts (call_id, lines, source, made_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (call_id) DO UPDATE SET lines = $2, source = $3, made_at = $4")
            .bind(call)
            .bind(lines)
            .bind(source)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// Says what became of a call's transcription.
    pub async fn set_transcription(&self, call: &str, state: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("UPDATE call_evidence SET transcription = $2 WHERE call_id = $1")
            .bind(call)
            .bind(state)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }
}

async fn keep_findings(tx: &mut Tx, call: &str, findings: &[Finding]) -> Result<(), Error> {
    let numbered: Vec<(i64, &Finding)> = (1..).zip(findings).collect();
    for share in numbered.chunks(SHARE) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO findings (call_id, number, detector, value, unit, start_ms, end_ms, severity, charge,
                     agent, rule, detail) ");
            query.push_values(share, |mut values, (number, finding)| {
                let (charge, agent) = match &finding.charge {
                    Charge::Nobody => ("nobody", None),
                    Charge::System => ("system", None),
                    Charge::Agent(name) => ("agent", Some(name.as_str())),
                };
                values
                    .push_bind(call)
                    .push_bind(*number)
                    .push_bind(finding.detector.as_str())
                    .push_bind(finding.value)
                    .push_bind(finding.detector.unit())
                    .push_bind(finding.span.map(|span| i64::from(span.from)))
                    .push_bind(finding.span.map(|span| i64::from(span.to)))
                    .push_bind(finding.severity.as_str())
                    .push_bind(charge)
                    .push_bind(agent)
                    .push_bind(finding.rule.as_str())
                    .push_bind(finding.detail.as_str());
            });
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn see(tx: &mut Tx, calls: &[&str]) -> Result<(), Error> {
    within!(tx, c => {
        let mut query = QueryBuilder::new("UPDATE calls SET heard = 1 WHERE heard = 0 AND id IN (");
        let mut ids = query.separated(", ");
        calls.iter().for_each(|id| {
            ids.push_bind(*id);
        });
        query.push(")");
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    Ok(())
}
