//! A recorded day once more: the same decisions from the same facts, and what another policy
//! would have made of them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::day::listed;
use super::preview::{Source, difference, given_policy, moved};
use super::view::DifferenceLine;
use super::{Error, Planner};
use crate::base::Timestamp;
use crate::plan::{self, DayPlan};

/// What a replay came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Replayed {
    /// Policy pack.
    pub pack: String,
    /// Day: `2026-03-03`.
    pub day: String,
    /// The moment for which the day was decided; milliseconds since 1970.
    pub made_at: i64,
    /// Version of the pack by which it was decided.
    pub version: String,
    /// Callbacks that were decided again.
    pub callbacks: u64,
    /// Decisions that came out the same.
    pub same: u64,
    /// Callbacks of customers who were erased since: nothing is left of them to decide on.
    pub erased: u64,
    /// Decisions that came out otherwise: what was recorded, and what comes out now.
    pub differences: Vec<DifferenceLine>,
    /// What the other policy would have changed; null: none was given. Both lists are worked
    /// out from the events that were known at that moment.
    pub other: Option<Vec<DifferenceLine>>,
}

impl Planner {
    /// Decides a recorded day again: by the version of the policy it had, and by another.
    /// Nothing is changed.
    ///
    /// # Errors
    /// [`Error::Refused`] for a day that is not recorded or a policy that cannot be read,
    /// [`Error::NoPack`], those of the store.
    pub async fn replay(&self, pack: &str, day: Date, policy: Option<&str>) -> Result<Replayed, Error> {
        let (recorded, kept) = self.recorded(pack, day).await?;
        let settings = &recorded.settings;
        let again = listed(settings, &kept, recorded.facts());
        let before = DayPlan { rows: recorded.decisions.clone(), ..again.plan.clone() };
        let compared = plan::compare(&before, &again.plan);
        let mut replayed = Replayed {
            pack: pack.to_owned(),
            day: day.to_string(),
            made_at: recorded.made_at.0,
            version: recorded.version.clone(),
            callbacks: recorded.inputs.len() as u64,
            same: compared.same,
            erased: recorded.erased,
            differences: moved(&settings.calendar, &compared, &|rule| {
                kept.pack.rule.get(rule).map(|rule| rule.title.clone())
            }),
            other: None,
        };
        if let Some(text) = policy {
            let other = given_policy(settings, text, day)?;
            let at: Timestamp = recorded.made_at;
            let mut lists = Vec::new();
            for policy in [&kept, &other] {
                let callbacks = self.imagined(settings, policy, day, Source::Past, at).await?;
                let mut facts = self.day_facts(&policy.pack, day, callbacks, at).await?;
                recorded.lay_over(&mut facts);
                lists.push(listed(settings, policy, facts));
            }
            if let [before, after] = lists.as_slice() {
                replayed.other = Some(difference(&settings.calendar, before, after));
            }
        }
        Ok(replayed)
    }
}
