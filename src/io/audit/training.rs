//! Calibration: several auditors score one call, and their marks stand side by side. And examples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cases::Person;
use super::{AuditOffice, Error};
use crate::audit::SheetBody;
use crate::base::Timestamp;
use crate::io::store::audits::{CaseFilter, CaseRow, ExampleRow, NewCase, SessionRow};

/// A session that is called.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionBody {
    /// Its title.
    pub title: String,
    /// The call that all score.
    pub call_id: String,
    /// Who scores it: at least two.
    pub auditors: Vec<String>,
}

/// A session and how far its auditors differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SessionView {
    /// The session.
    pub session: SessionRow,
    /// Each auditor's case; its score once all have submitted.
    pub cases: Vec<CaseRow>,
    /// Whether all have submitted; before that no mark is shown.
    pub complete: bool,
    /// Highest less lowest total score; null: not complete.
    pub spread: Option<f64>,
    /// Items that were marked differently, the widest first.
    pub items: Vec<ItemSpread>,
}

/// One item that was marked differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemSpread {
    /// The item.
    pub item: String,
    /// What each auditor gave; null: it does not apply.
    pub given: BTreeMap<String, Option<f64>>,
    /// Highest less lowest.
    pub spread: f64,
}

impl AuditOffice {
    /// Calls a session: each auditor gets a case of the call.
    ///
    /// # Errors
    /// [`Error::Refused`] where one of them had the customer.
    pub async fn call_session(
        &self,
        body: &SessionBody,
        by: &str,
        now: Timestamp,
    ) -> Result<SessionView, Error> {
        let source = self.source(&body.call_id).await?;
        let auditors: std::collections::BTreeSet<&str> =
            body.auditors.iter().map(|name| name.trim()).collect();
        if auditors.len() < 2 {
            return Err(Error::field("auditors", "one alone has nobody to differ from", "name two or more"));
        }
        for auditor in &auditors {
            self.is_no_party(&source.id, &source.agent, auditor, "auditors").await?;
        }
        let id = self.store().open_session(body.title.trim(), &source.id, by, now).await?;
        let case = |auditor: &&str| NewCase {
            draw_id: None,
            session_id: Some(id),
            call_id: source.id.clone(),
            agent: source.agent.clone(),
            why: "[\"session\"]".into(),
            probability: None,
            auditor: (*auditor).to_owned(),
            second: false,
            due_at: None,
        };
        self.store().open_cases(&auditors.iter().map(case).collect::<Vec<_>>(), by, now).await?;
        self.session(id).await
    }

    /// A session. Marks are shown when the last auditor has submitted.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn session(&self, id: i64) -> Result<SessionView, Error> {
        let session = self.store().session_row(id).await?;
        let session = session.ok_or_else(|| Error::NoSuch("session", id.to_string()))?;
        let filter = CaseFilter { session: Some(id), ..CaseFilter::default() };
        let mut cases = self.store().all_cases(&filter).await?;
        let complete = cases.iter().all(|case| case.sheet_id.is_some());
        if !complete {
            for case in &mut cases {
                (case.score, case.grade, case.critical) = (None, None, None);
            }
            return Ok(SessionView { session, cases, complete, spread: None, items: Vec::new() });
        }
        let mut given: BTreeMap<String, BTreeMap<String, Option<f64>>> = BTreeMap::new();
        for case in &cases {
            let sheets = self.store().sheets_of(case.id).await?;
            let Some(sheet) = sheets.iter().find(|sheet| Some(sheet.id) == case.sheet_id) else { continue };
            let body: SheetBody = serde_json::from_str(&sheet.body).unwrap_or_default();
            for (item, mark) in body.marks {
                let points = mark.points.or(mark.mark.map(f64::from)).filter(|_| !mark.na);
                given.entry(item).or_default().insert(case.auditor.clone(), points);
            }
        }
        let spread = |values: &[f64]| {
            let ends = (values.iter().copied().reduce(f64::max), values.iter().copied().reduce(f64::min));
            ends.0.zip(ends.1).map_or(0.0, |(high, low)| high - low)
        };
        let mut items: Vec<ItemSpread> = given
            .into_iter()
            .map(|(item, given)| {
                let values: Vec<f64> = given.values().filter_map(|points| *points).collect();
                ItemSpread { item, spread: spread(&values), given }
            })
            .filter(|item| {
                item.spread > 0.0
                    || item.given.values().any(Option::is_none) && item.given.values().any(Option::is_some)
            })
            .collect();
        items.sort_by(|a, b| b.spread.total_cmp(&a.spread).then_with(|| a.item.cmp(&b.item)));
        let totals: Vec<f64> = cases.iter().filter_map(|case| case.score).collect();
        Ok(SessionView { session, spread: Some(spread(&totals)), cases, complete, items })
    }

    /// Keeps an example for training.
    ///
    /// # Errors
    /// [`Error::Lacks`] for a place that is none.
    pub async fn keep_example(
        &self,
        new: ExampleRow,
        person: &Person,
        now: Timestamp,
    ) -> Result<ExampleRow, Error> {
        let source = self.source(&new.call_id).await?;
        if !matches!(new.kind.as_str(), "good" | "bad") {
            return Err(Error::field("kind", format!("there is no `{}`", new.kind), "write good or bad"));
        }
        if new.title.trim().is_empty() {
            return Err(Error::field("title", "it has none", "say in a few words what is heard"));
        }
        if new.from_ms < 0 || new.to_ms <= new.from_ms {
            return Err(Error::field(
                "to_ms",
                "it ends before it begins",
                "give from_ms and to_ms of the recording",
            ));
        }
        let (form, _) = self.form(&source.pack)?;
        if !new.item.is_empty() && !form.item.contains_key(&new.item) {
            let known: Vec<&str> = form.item.keys().map(String::as_str).collect();
            return Err(Error::field("item", format!("there is no item `{}`", new.item), &known.join(", ")));
        }
        let mut row = ExampleRow { made_by: person.name.clone(), made_at: now.0, ..new };
        row.id = self.store().save_example(&row).await?;
        Ok(row)
    }
}
