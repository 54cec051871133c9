//! The milestones of a matter as they are now (SCH-12).

use super::{Error, Planner};
use crate::base::Timestamp;
use crate::plan::{self, Milestone, PolicyRef};

impl Planner {
    /// The milestones of a matter that have come, in the order in which they are due.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn milestones(
        &self,
        pack: &str,
        matter: &str,
        now: Timestamp,
    ) -> Result<Vec<Milestone>, Error> {
        let settings = self.settings();
        let Some(policy) = settings.policies.in_force(pack, settings.calendar.date(now)) else {
            return Ok(Vec::new());
        };
        let policy = PolicyRef { pack: &policy.pack, version: &policy.version };
        let customers = self.store().customers_of_matter(pack, matter).await?;
        let subjects = self.store().subjects(&customers).await?;
        let of = |subject: &crate::io::store::callback::Subject| {
            plan::milestones(policy, &settings.calendar, &subject.as_plan(), matter, now)
        };
        Ok(subjects.iter().flat_map(of).collect())
    }
}
