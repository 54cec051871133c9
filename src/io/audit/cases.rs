//! Cases, their sheets, and appeals against them.

use std::collections::BTreeMap;

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::Known;
use super::{AuditOffice, Error};
use crate::audit::{self, Prefill, Score, SheetBody};
use crate::base::Timestamp;
use crate::io::store::audits::{AppealRow, CaseRow, NewCase, NewSheet, SheetRow};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their name, as agents and auditors are named.
    pub name: String,
    /// Whether they may see and reassign everything.
    pub leads: bool,
}

/// A case as its auditor sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseView {
    /// The case.
    pub case: CaseRow,
    /// The form in force for the call.
    #[schema(value_type = Object)]
    pub form: Value,
    /// Its version.
    pub form_version: String,
    /// Version of phrase book and thresholds behind what is filled in.
    pub scorecard_version: String,
    /// What is filled in, by item; a person decides.
    pub prefill: BTreeMap<String, Prefill>,
    /// Critical items for which something was found; a person confirms or dismisses each.
    #[schema(value_type = Object)]
    pub candidates: Value,
    /// Sheets, the newest first.
    pub sheets: Vec<SheetRow>,
    /// Appeals, the newest first.
    pub appeals: Vec<AppealRow>,
}

/// An appeal.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealBody {
    /// What is wrong with the sheet.
    pub text: String,
    /// For whom, where somebody who leads files it for them; empty: the caller.
    #[serde(default)]
    pub by: String,
}

/// The decision on an appeal.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Whether the agent is right; the reviewer then corrects the sheet.
    pub upheld: bool,
    /// Why.
    pub answer: String,
    /// Who decides, where somebody who leads enters it for them; empty: the caller.
    #[serde(default)]
    pub by: String,
}

impl AuditOffice {
    /// Gives a call to an auditor beside every draw.
    ///
    /// # Errors
    /// [`Error::Refused`] where the auditor had the customer (ROL-05).
    pub async fn open_case(
        &self,
        call: &str,
        auditor: &str,
        why: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<CaseRow, Error> {
        let source = self.source(call).await?;
        self.is_no_party(call, &source.agent, auditor, "auditor").await?;
        let why = if why.trim().is_empty() { "asked" } else { why.trim() };
        let case = NewCase {
            draw_id: None,
            session_id: None,
            call_id: source.id,
            agent: source.agent,
            why: serde_json::to_string(&[why]).unwrap_or_default(),
            probability: None,
            auditor: auditor.to_owned(),
            second: false,
            due_at: None,
        };
        let id = self.store().open_cases(&[case], by, now).await?;
        self.case(id).await
    }

    /// Gives a case to another auditor.
    ///
    /// # Errors
    /// [`Error::Refused`] where they had the customer, score it already, or a sheet was begun.
    pub async fn reassign(&self, id: i64, auditor: &str) -> Result<CaseRow, Error> {
        let case = self.case(id).await?;
        self.is_no_party(&case.call_id, &case.agent, auditor, "auditor").await?;
        let filter =
            crate::io::store::audits::CaseFilter { call: Some(case.call_id.clone()), ..Default::default() };
        let twin = |other: &CaseRow| {
            other.id != id
                && other.auditor == auditor
                && (other.draw_id, other.session_id) == (case.draw_id, case.session_id)
        };
        if self.store().all_cases(&filter).await?.iter().any(twin) {
            return Err(Error::Refused(format!(
                "{auditor} scores this call already; two looks are two people's"
            )));
        }
        if !self.store().reassign_case(id, auditor).await? {
            return Err(Error::Refused("a sheet was begun; its auditor keeps it".into()));
        }
        self.case(id).await
    }

    /// Who had the customer, or is scored for it, judges nothing of it.
    pub(super) async fn is_no_party(
        &self,
        call: &str,
        agent: &str,
        name: &str,
        what: &str,
    ) -> Result<(), Error> {
        if name.trim().is_empty() {
            return Err(Error::field(what, "nobody is named", "write a name"));
        }
        let mut agents = self.store().agents_of_call(call).await?;
        agents.push(agent.to_owned());
        if agents.iter().any(|agent| agent == name) {
            return Err(Error::Refused(format!(
                "{name} had the customer in this call; nobody audits their own call"
            )));
        }
        Ok(())
    }

    /// One case.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn case(&self, id: i64) -> Result<CaseRow, Error> {
        self.store().case_row(id).await?.ok_or_else(|| Error::NoSuch("case", id.to_string()))
    }

    /// A case with form, what is filled in, sheets and appeals. Whoever takes a second look sees nothing of
    /// the first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] to whom it does not concern.
    pub async fn case_view(&self, id: i64, person: &Person) -> Result<CaseView, Error> {
        let case = self.case(id).await?;
        self.may_see(&case, person).await?;
        let Known { source, facts, scorecard } = self.known(&case).await?;
        let (form, version) = self.form(&source.pack)?;
        let mut sheets = self.store().sheets_of(id).await?;
        if person.name != case.auditor && !person.leads {
            sheets.retain(|sheet| sheet.state == "submitted");
        }
        Ok(CaseView {
            prefill: audit::prefill(&form, &facts),
            candidates: serde_json::to_value(audit::candidates(&form, &facts)).unwrap_or_default(),
            form: serde_json::to_value(&*form).unwrap_or_default(),
            form_version: version.to_string(),
            scorecard_version: scorecard,
            appeals: self.store().appeals_of(id).await?,
            sheets,
            case,
        })
    }

    async fn may_see(&self, case: &CaseRow, person: &Person) -> Result<(), Error> {
        let forbidden = |text: &str| Err(Error::Forbidden(text.to_owned()));
        if person.name == case.auditor {
            return Ok(());
        }
        let filter =
            crate::io::store::audits::CaseFilter { call: Some(case.call_id.clone()), ..Default::default() };
        let blind = |other: &CaseRow| {
            other.auditor == person.name
                && other.sheet_id.is_none()
                && (other.draw_id, other.session_id) == (case.draw_id, case.session_id)
        };
        if self.store().all_cases(&filter).await?.iter().any(blind) {
            return forbidden("you score the same call: submit your sheet before you see another");
        }
        match person.leads || person.name == case.agent && case.sheet_id.is_some() {
            true => Ok(()),
            false => forbidden(
                "a sheet is seen by its auditor, by the agent once it is submitted, and by whoever leads",
            ),
        }
    }

    /// Keeps a draft in place of the one before; what it would come to, as far as it goes.
    ///
    /// # Errors
    /// [`Error::Forbidden`] to others than the auditor.
    pub async fn draft(
        &self,
        id: i64,
        body: &SheetBody,
        person: &Person,
        now: Timestamp,
    ) -> Result<SheetRow, Error> {
        let case = self.case(id).await?;
        self.may_score(&case, person).await?;
        self.save(&case, body, None, person, "", now).await
    }

    /// Submits a sheet. It never changes; after the first, each is a correction with its reason.
    ///
    /// # Errors
    /// [`Error::Lacks`]: what a whole sheet would have.
    pub async fn submit(
        &self,
        id: i64,
        body: &SheetBody,
        reason: &str,
        person: &Person,
        now: Timestamp,
    ) -> Result<SheetRow, Error> {
        let case = self.case(id).await?;
        self.may_score(&case, person).await?;
        if case.sheet_id.is_some() && reason.trim().is_empty() {
            return Err(Error::field("reason", "the sheet is submitted", "say why it is corrected"));
        }
        let known = self.known(&case).await?;
        let (form, _) = self.form(&known.source.pack)?;
        let score = audit::score(&form, &known.facts, body).map_err(Error::Lacks)?;
        self.save(&case, body, Some(score), person, reason.trim(), now).await
    }

    /// The auditor, and whoever upheld an appeal; nobody who had the customer.
    async fn may_score(&self, case: &CaseRow, person: &Person) -> Result<(), Error> {
        self.is_no_party(&case.call_id, &case.agent, &person.name, "auditor").await?;
        if person.name == case.auditor {
            return Ok(());
        }
        let upheld = |appeal: &AppealRow| appeal.state == "upheld" && appeal.reviewer == person.name;
        if self.store().appeals_of(case.id).await?.iter().any(upheld) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "{} scores this call; a supervisor can give it to another",
            case.auditor
        )))
    }

    async fn save(
        &self,
        case: &CaseRow,
        body: &SheetBody,
        score: Option<Score>,
        person: &Person,
        reason: &str,
        now: Timestamp,
    ) -> Result<SheetRow, Error> {
        let known = self.known(case).await?;
        let (form, version) = self.form(&known.source.pack)?;
        let json = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        let body = json(serde_json::to_string(body));
        let result = json(serde_json::to_string(&score.clone().unwrap_or_default()));
        let critical = json(serde_json::to_string(&score.as_ref().map(|score| &score.critical)));
        let sha256 = score.as_ref().map(|_| audit::sha256(&format!("{body}\n{result}"))).unwrap_or_default();
        let new = NewSheet {
            case_id: case.id,
            auditor: &person.name,
            pack: &form.pack,
            form_version: &version,
            form: &json(serde_json::to_string(&*form)),
            scorecard_version: &known.scorecard,
            body: &body,
            score: score
                .as_ref()
                .map(|score| (score.total, score.grade.as_str(), result.as_str(), critical.as_str())),
            reason,
            sha256: &sha256,
        };
        let id = self.store().save_sheet(&new, now).await?;
        let sheets = self.store().sheets_of(case.id).await?;
        sheets.into_iter().find(|sheet| sheet.id == id).ok_or_else(|| Error::NoSuch("sheet", id.to_string()))
    }

    /// The agent appeals against the newest sheet, within the term of the form.
    ///
    /// # Errors
    /// [`Error::Refused`] after the term; [`Error::Forbidden`] to others than the agent.
    pub async fn appeal(
        &self,
        id: i64,
        text: &str,
        person: &Person,
        now: Timestamp,
    ) -> Result<AppealRow, Error> {
        let case = self.case(id).await?;
        if person.name != case.agent {
            return Err(Error::Forbidden("an appeal is the agent's own".into()));
        }
        if text.trim().is_empty() {
            return Err(Error::field("text", "nothing is said", "write what is wrong with the sheet"));
        }
        let sheets = self.store().sheets_of(id).await?;
        let sheet = sheets.iter().find(|sheet| sheet.state == "submitted" && case.session_id.is_none());
        let Some((sheet, submitted)) = sheet.and_then(|sheet| Some((sheet, sheet.submitted_at?))) else {
            return Err(Error::Refused("there is no submitted sheet to appeal against".into()));
        };
        let (form, _) = self.form(&sheet.pack)?;
        let calendar = self.calendar();
        let last = calendar.date(Timestamp(submitted)).checked_add(form.appeal_days.days());
        if last.is_ok_and(|last| now >= calendar.end_of(last)) {
            let days = form.appeal_days;
            return Err(Error::Refused(format!(
                "the term of {days} days after the sheet was submitted is over"
            )));
        }
        let appeal = self.store().file_appeal(sheet.id, &case.agent, text.trim(), now).await?;
        self.appeal_row(appeal).await
    }

    /// Another person decides an appeal.
    ///
    /// # Errors
    /// [`Error::Refused`] for whoever scored, or had the customer; or it is decided.
    pub async fn decide(
        &self,
        id: i64,
        decision: &Decision,
        person: &Person,
        now: Timestamp,
    ) -> Result<AppealRow, Error> {
        let appeal = self.appeal_row(id).await?;
        let case = self.case(appeal.case_id).await?;
        self.is_no_party(&case.call_id, &case.agent, &person.name, "by").await?;
        if person.name == appeal.auditor || person.name == case.auditor {
            return Err(Error::Refused("whoever scored does not review it: another person decides".into()));
        }
        if decision.answer.trim().is_empty() {
            return Err(Error::field("answer", "no reason is given", "write why"));
        }
        let answer = decision.answer.trim();
        if !self.store().decide_appeal(id, decision.upheld, &person.name, answer, now).await? {
            return Err(Error::Refused("it is decided already".into()));
        }
        self.appeal_row(id).await
    }

    async fn appeal_row(&self, id: i64) -> Result<AppealRow, Error> {
        self.store().appeal_row(id).await?.ok_or_else(|| Error::NoSuch("appeal", id.to_string()))
    }
}
