//! What the audits of a month say of each agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AuditOffice, Error};
use crate::audit::{self, AgentPart, Agreement, Estimate, Stratum};
use crate::io::store::audits::{CaseFilter, CaseRow};

/// The audits of a month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MonthResult {
    /// `2026-03`.
    pub month: String,
    /// Its draw; null: none.
    pub draw_id: Option<i64>,
    /// Each agent, by name.
    pub agents: Vec<AgentResult>,
    /// The mean of all calls of the draw; null: not every part has a sheet.
    pub estimate: Option<Estimate>,
    /// How far two auditors agree; null: no call was scored twice.
    pub agreement: Option<Agreement>,
    /// Cases without a sheet.
    pub open: u64,
}

/// The audits of one agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentResult {
    /// The agent.
    pub agent: String,
    /// Sheets that count.
    pub sheets: u64,
    /// Cases without a sheet.
    pub open: u64,
    /// The mean of the sheets (REC-02); null: there is none.
    pub mean: Option<f64>,
    /// Grade of the mean.
    pub grade: String,
    /// What the sheets say of all calls of the agent, with its interval; null: no draw, or a part without sheets.
    pub estimate: Option<Estimate>,
    /// Critical items that were confirmed, each with its sheet.
    pub critical: Vec<SheetLine>,
    /// Every sheet.
    pub lines: Vec<SheetLine>,
}

/// One sheet behind a mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SheetLine {
    /// The case.
    pub case_id: i64,
    /// The sheet.
    pub sheet_id: i64,
    /// The call.
    pub call_id: String,
    /// Its score.
    pub score: f64,
    /// Its grade.
    pub grade: String,
    /// Critical items that were confirmed.
    pub critical: Vec<String>,
    /// Why the call was audited.
    pub why: Vec<String>,
}

impl AuditOffice {
    /// The audits of the calls of a month: of the draw of a pack (empty: of all), and of cases that were
    /// opened beside it. Sessions and second looks do not count. `viewer` asks for them; empty: no person does.
    ///
    /// # Errors
    /// [`Error::Lacks`] for what is no month; [`Error::Forbidden`] to a viewer who has yet to score a call that another
    /// has scored.
    pub async fn results(&self, month: &str, pack: &str, viewer: &str) -> Result<MonthResult, Error> {
        let range = self.month(month)?;
        let draw = self
            .store()
            .audit_draws()
            .await?
            .into_iter()
            .find(|draw| draw.month == month && draw.pack == pack);
        let filter = CaseFilter { from: Some(range.from), to: Some(range.to), ..CaseFilter::default() };
        let ours = |case: &CaseRow| {
            case.session_id.is_none()
                && (case.draw_id.is_none() || case.draw_id == draw.as_ref().map(|draw| draw.id))
        };
        let mut cases = self.store().all_cases(&filter).await?;
        cases.retain(ours);
        if cases.iter().any(|case| case.auditor == viewer && is_blind(case, &cases)) {
            let text = "you score a call that another has scored: submit your sheet before you see results";
            return Err(Error::Forbidden(text.into()));
        }
        let parts: BTreeMap<String, AgentPart> = match &draw {
            Some(draw) => {
                let parts =
                    self.draw_view(draw.id).await?.result.map(|result| result.agents).unwrap_or_default();
                parts.into_iter().map(|part| (part.agent.clone(), part)).collect()
            }
            None => BTreeMap::new(),
        };
        let (form, _) = self.form(pack)?;
        let mut agents: BTreeMap<&str, AgentResult> = BTreeMap::new();
        let mut strata: BTreeMap<&str, Stratum> = parts
            .iter()
            .map(|(name, part)| {
                (name.as_str(), Stratum { must: part.must, frame: part.frame, ..Stratum::default() })
            })
            .collect();
        for case in cases.iter().filter(|case| case.second == 0) {
            let agent = agents.entry(&case.agent).or_default();
            let Some(line) = line(case) else {
                agent.open += 1;
                continue;
            };
            if let Some(stratum) = strata.get_mut(case.agent.as_str()).filter(|_| case.draw_id.is_some()) {
                match line.why.iter().any(|why| why == "drawn") {
                    true => stratum.drawn_scores.push(line.score),
                    false => stratum.must_scores.push(line.score),
                }
            }
            agent.lines.push(line);
        }
        for (name, agent) in &mut agents {
            agent.agent = (*name).to_owned();
            agent.sheets = agent.lines.len() as u64;
            let sum: f64 = agent.lines.iter().map(|line| line.score).sum();
            agent.mean = (agent.sheets > 0).then(|| (sum / agent.sheets as f64 * 100.0).round() / 100.0);
            agent.estimate =
                strata.get(name).and_then(|stratum| audit::stratified(std::slice::from_ref(stratum)));
            agent.critical = agent.lines.iter().filter(|line| !line.critical.is_empty()).cloned().collect();
            let grade = agent.mean.and_then(|mean| form.grade.iter().find(|grade| mean >= grade.from));
            agent.grade = grade.map(|grade| grade.name.clone()).unwrap_or_default();
        }
        Ok(MonthResult {
            month: month.to_owned(),
            draw_id: draw.map(|draw| draw.id),
            estimate: audit::stratified(&strata.into_values().collect::<Vec<_>>()),
            agreement: agreement(&cases),
            open: agents.values().map(|agent| agent.open).sum(),
            agents: agents.into_values().collect(),
        })
    }
}

/// Whether somebody else's sheet of the same call is submitted, and this one's is not.
fn is_blind(case: &CaseRow, cases: &[CaseRow]) -> bool {
    let twin = |other: &CaseRow| {
        other.id != case.id
            && (&other.call_id, other.draw_id) == (&case.call_id, case.draw_id)
            && other.sheet_id.is_some()
    };
    case.sheet_id.is_none() && cases.iter().any(twin)
}

fn line(case: &CaseRow) -> Option<SheetLine> {
    let list = |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Some(SheetLine {
        case_id: case.id,
        sheet_id: case.sheet_id?,
        call_id: case.call_id.clone(),
        score: case.score?,
        grade: case.grade.clone().unwrap_or_default(),
        critical: list(case.critical.as_deref()),
        why: list(Some(&case.why)),
    })
}

/// Pairs of first and second looks that are both submitted.
fn agreement(cases: &[CaseRow]) -> Option<Agreement> {
    let of = |second: i64| {
        let cases = cases.iter().filter(move |case| case.second == second && case.draw_id.is_some());
        cases
            .filter_map(|case| Some((case.call_id.as_str(), (case.score?, case.grade.as_deref()?))))
            .collect()
    };
    let (first, second): (BTreeMap<_, _>, BTreeMap<_, _>) = (of(0), of(1));
    let pairs: Vec<_> =
        second.iter().filter_map(|(call, second)| Some((*first.get(call)?, *second))).collect();
    audit::agreement(&pairs)
}
