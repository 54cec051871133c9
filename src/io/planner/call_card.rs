//! What stands on the card of one callback before its call, and what must be filled in before
//! a person may close it.

use std::collections::BTreeMap;

use super::card::facts;
use super::{Error, Planner};
use crate::archive::{Customer, Event};
use crate::base::{CallbackId, Timestamp};
use crate::io::store::callback::{MarkRow, Stored};
use crate::policy::pack::{Policy, Rule, field_of, holds_all};

/// What the policy says of one callback before its call (CNT-15).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallFacts {
    /// The rule's title.
    pub title: String,
    /// Why this customer is called: the note of a person, else the rule's title (SCH-31).
    pub purpose: String,
    /// In whose name.
    pub on_behalf_of: String,
    /// Survey script that fits the customer.
    pub script: String,
    /// Fields of the event and of the customer, over them what the callback itself is about.
    pub facts: BTreeMap<String, String>,
    /// Who is rated, by function.
    pub rated: BTreeMap<String, String>,
    /// Fields without which it may not be closed by hand.
    pub close_requires: Vec<String>,
    /// Those of them that are still empty.
    pub missing: Vec<String>,
    /// Blocks of the script that are ticked before it is closed as a call (CNT-09).
    pub blocks: Vec<String>,
    /// Blocks that come only after another was done.
    pub block_after: BTreeMap<String, String>,
    /// What was ticked so far.
    pub marks: Vec<MarkRow>,
    /// Language of the customer.
    pub language: String,
    /// Name of the brand.
    pub brand: String,
    /// A score up to this counts as dissatisfied.
    pub low_score: i64,
}

impl CallFacts {
    /// Blocks that nobody has ticked yet.
    pub fn blocks_missing(&self) -> Vec<String> {
        let ticked = |block: &&String| self.marks.iter().any(|m| m.kind == "block" && m.name == **block);
        self.blocks.iter().filter(|block| !ticked(block)).cloned().collect()
    }
}

/// A callback with everything that its rule looks at.
pub(super) struct Case<'a> {
    pub stored: Stored,
    pub customer: Customer,
    pub event: Option<Event>,
    pub policy: Option<&'a Policy>,
}

impl Case<'_> {
    pub fn rule(&self) -> Option<&Rule> {
        self.policy.and_then(|policy| policy.pack.rule.get(&self.stored.callback.rule))
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        field_of(&self.customer, self.event.as_ref(), name).filter(|value| !value.trim().is_empty())
    }

    /// Fields that must be filled in, where what is `given` goes before what is known.
    fn required(&self, given: &BTreeMap<String, String>) -> Vec<String> {
        let Some(rule) = self.rule() else { return Vec::new() };
        let field = |name: &str| known(given, name).or_else(|| self.field(name));
        match holds_all(&rule.close_requires_when, field) {
            true => rule.close_requires.clone(),
            false => Vec::new(),
        }
    }

    fn missing(&self, given: &BTreeMap<String, String>) -> Vec<String> {
        let mut required = self.required(given);
        required.retain(|name| known(given, name).is_none() && self.field(name).is_none());
        required
    }
}

fn known<'a>(given: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    given.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
}

impl Planner {
    /// What the policy says of a callback before its call.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn card(&self, id: CallbackId, now: Timestamp) -> Result<CallFacts, Error> {
        let settings = self.settings();
        let case = self.case(&settings, id, now).await?;
        let none = BTreeMap::new();
        let b = &case.stored.callback;
        let marks = self.store().callback_marks(id).await?;
        let language = match (&case.customer.language, case.policy) {
            (own, Some(policy)) if own.is_empty() => policy.pack.language.clone(),
            (own, _) => own.clone(),
        };
        let Some(rule) = case.rule() else {
            let facts = facts(&case.stored, &case.customer, case.event.as_ref(), None, &settings.calendar);
            return Ok(CallFacts { purpose: b.note.clone(), facts, marks, ..CallFacts::default() });
        };
        let person = |field: &String| case.field(field).map(|name| name.trim().to_owned());
        Ok(CallFacts {
            title: rule.title.clone(),
            purpose: if b.note.is_empty() { rule.title.clone() } else { b.note.clone() },
            on_behalf_of: rule.caller.on_behalf_of.clone(),
            script: rule.script_for(|name| case.field(name)).to_owned(),
            facts: facts(&case.stored, &case.customer, case.event.as_ref(), Some(rule), &settings.calendar),
            rated: rule.rates.iter().filter_map(|(f, field)| Some((f.clone(), person(field)?))).collect(),
            close_requires: case.required(&none),
            missing: case.missing(&none),
            blocks: rule.blocks.clone(),
            block_after: rule.block_after.clone(),
            marks,
            language,
            brand: case.policy.map(|policy| policy.pack.brand.clone()).unwrap_or_default(),
            low_score: case.policy.map_or(0, |policy| policy.pack.scale.dissatisfied_at_or_below),
        })
    }

    /// Fields that are still empty and without which the callback may not be closed (CNT-03);
    /// `given` are those that come with the closing.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn missing_fields(
        &self,
        id: CallbackId,
        given: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let settings = self.settings();
        Ok(self.case(&settings, id, now).await?.missing(given))
    }

    pub(super) async fn case<'a>(
        &self,
        settings: &'a super::Settings,
        id: CallbackId,
        now: Timestamp,
    ) -> Result<Case<'a>, Error> {
        let missing = |what, name: String| crate::io::store::Error::NotFound { what, name };
        let stored = self.store().callback(id).await?.ok_or_else(|| missing("callback", id.to_string()))?;
        let of = stored.callback.customer;
        let customer = self.store().customers_by_id(&[of]).await?.into_values().next();
        let customer = customer.ok_or_else(|| missing("customer", of.to_string()))?;
        let event = match stored.callback.event {
            Some(event) => self.store().events_by_id(&[event]).await?.into_values().next(),
            None => None,
        };
        let policy = settings.policies.in_force(&stored.callback.pack, settings.calendar.date(now));
        Ok(Case { stored, customer, event, policy })
    }
}
