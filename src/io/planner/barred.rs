//! Who must not make a callback: whoever is rated in it (ROL-06), whoever made the one before where the
//! rule wants somebody else (SCH-06), and whose role is another (ROL-03).

use super::{Error, Planner};
use crate::base::{CallbackId, Timestamp};

impl Planner {
    /// Why a person must not make a callback; None: they may.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn why_not_by(
        &self,
        id: CallbackId,
        person: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        if person.is_empty() {
            return Ok(None);
        }
        let card = self.card(id, now).await?;
        if let Some((function, _)) = card.rated.iter().find(|(_, rated)| *rated == person) {
            let text = format!("{person} is rated in this callback, as {function}: somebody else makes it");
            return Ok(Some(text));
        }
        let settings = self.settings();
        let case = self.case(&settings, id, now).await?;
        let Some(policy) = case.policy else { return Ok(None) };
        let before = self.other_callers(&policy.pack, std::slice::from_ref(&case.stored)).await?;
        let made = before.get(&id.0).is_some_and(|before| before == person);
        Ok(made
            .then(|| format!("{person} made the callback before this one, and its rule wants somebody else")))
    }

    /// The role of the company to which the rule of a callback gives it; empty: to anybody.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn role_for(&self, id: CallbackId, now: Timestamp) -> Result<String, Error> {
        let settings = self.settings();
        let case = self.case(&settings, id, now).await?;
        Ok(case.rule().map_or(String::new(), |rule| rule.caller.role.clone()))
    }
}
