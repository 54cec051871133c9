//! Questionnaires in writing: who gets one, the link that leads to it, and what the answer makes of
//! the callback (SCH-33, CNT-16).

use std::collections::BTreeMap;

use subtle::ConstantTimeEq;

use super::card::facts;
use super::{Error, Planner};
use crate::base::{CallbackId, Timestamp, hex};
use crate::io::store::callback::{Edit, Stored};
use crate::ivr::Reply;
use crate::notice::hmac_sha256;
use crate::policy::pack::{Method, Scale};
use crate::policy::{CallbackState, Outcome, judge};

/// Name of the key that signs links.
const KEY: &str = "questionnaire";
/// Bytes of a signature: 128 bits cannot be guessed.
const SIGNED_BYTES: usize = 16;
/// Who the audit log names for what customers answer.
const CUSTOMER: &str = "customer";

/// What a page is made of.
#[derive(Clone, Debug)]
pub struct Questionnaire {
    /// The callback.
    pub stored: Stored,
    /// What it is about.
    pub title: String,
    /// In whose name it is asked.
    pub brand: String,
    /// Language of the customer.
    pub language: String,
    /// Script whose questions are asked; empty: the rule has none.
    pub script: String,
    /// Columns that the script looks at.
    pub fields: BTreeMap<String, String>,
    /// Where dissatisfaction begins.
    pub scale: Scale,
}

impl Questionnaire {
    /// Whether it can still be answered.
    pub fn is_open(&self) -> bool {
        matches!(self.stored.callback.state, CallbackState::Open | CallbackState::Waiting)
    }
}

impl Planner {
    /// The part of the address that names a callback and cannot be guessed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn questionnaire_code(&self, id: CallbackId, now: Timestamp) -> Result<String, Error> {
        Ok(format!("{id}.{}", self.signature(id, now).await?))
    }

    /// The callback of a code; None where we did not make it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn callback_of_code(&self, code: &str, now: Timestamp) -> Result<Option<CallbackId>, Error> {
        let Some((id, given)) = code.split_once('.') else { return Ok(None) };
        let Ok(id) = id.parse::<i64>().map(CallbackId) else { return Ok(None) };
        let wanted = self.signature(id, now).await?;
        // In constant time, so that it tells nothing.
        Ok(bool::from(wanted.as_bytes().ct_eq(given.as_bytes())).then_some(id))
    }

    async fn signature(&self, id: CallbackId, now: Timestamp) -> Result<String, Error> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh)
            .map_err(|e| Error::Refused(format!("the operating system gives no random bytes: {e}")))?;
        let key = self.store().signing_key(KEY, &hex(&fresh), now).await?;
        let mac = hmac_sha256(key.as_bytes(), format!("{KEY}:{id}").as_bytes());
        Ok(hex(&mac[..SIGNED_BYTES]))
    }

    /// What the page of a callback is made of.
    ///
    /// # Errors
    /// [`crate::io::store::Error::NotFound`] and others of the store.
    pub async fn questionnaire(&self, id: CallbackId, now: Timestamp) -> Result<Questionnaire, Error> {
        let settings = self.settings();
        let case = self.case(&settings, id, now).await?;
        let rule = case.rule();
        let pack = case.policy.map(|policy| &policy.pack);
        let script = rule.map(|rule| rule.script_for(|name| case.field(name)).to_owned());
        let mut fields = facts(&case.stored, &case.customer, case.event.as_ref(), rule, &settings.calendar);
        fields.insert("name".into(), case.customer.name.clone());
        let text = |texts: [Option<&String>; 3]| {
            texts.into_iter().flatten().find(|text| !text.is_empty()).cloned().unwrap_or_default()
        };
        Ok(Questionnaire {
            title: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
            brand: text([
                rule.map(|r| &r.caller.on_behalf_of),
                pack.map(|p| &p.brand),
                pack.map(|p| &p.title),
            ]),
            language: text([Some(&case.customer.language), pack.map(|p| &p.language), None]),
            script: script.unwrap_or_default(),
            scale: pack.map(|p| p.scale.clone()).unwrap_or_default(),
            stored: case.stored,
            fields,
        })
    }

    /// Closes a callback by what the customer answered in writing, or to a person who typed it in.
    ///
    /// # Errors
    /// [`Error::Refused`] for no answer at all; those of the store, among them that it is closed
    /// already.
    pub async fn answered(
        &self,
        paper: &Questionnaire,
        method: Method,
        replies: Vec<Reply>,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        if replies.is_empty() {
            return Err(Error::Refused("nothing was answered: answer at least one question".into()));
        }
        let scores: Vec<i64> = replies.iter().filter_map(|r| r.score).map(i64::from).collect();
        let outcome = match replies.iter().any(|reply| reply.dissatisfied) {
            true => Outcome::Dissatisfied,
            false => judge(&scores, &paper.scale),
        };
        let told = |reply: &Reply| {
            let said = [&reply.comment, &reply.meaning, &reply.keys];
            (reply.question.clone(), said.into_iter().flatten().next().cloned().unwrap_or_default())
        };
        let fields = replies.iter().map(told).collect();
        let edit = Edit::Done { method, at: now, outcome, fields, replies };
        let (id, by) = (paper.stored.callback.id, by.unwrap_or(CUSTOMER));
        let how = if method == Method::Phone { "answered by telephone" } else { "answered in writing" };
        self.edit(id, &edit, how, by, now).await
    }
}

/// By what channel a written answer comes: the callback's own, else the web.
pub fn written_method(own: Method) -> Method {
    match own {
        Method::Email | Method::Sms | Method::Letter => own,
        _ => Method::Web,
    }
}
