//! How trunks stand with their canaries, as the API tells it.

use serde::{Deserialize, Serialize};

use super::{CanaryKeeper, LOOK_BACK};
use crate::base::Timestamp;
use crate::canary::{CanaryCheck, CanaryLight};
use crate::io::store::{CanaryOverride, CanaryRow, Error};

/// A canary that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CanaryView {
    /// Name of the trunk.
    pub trunk: String,
    /// Day in the calendar's zone: `2026-03-02`.
    pub day: String,
    /// The call that went out: `GET /calls/{id}` and its trace and recording.
    pub caller: String,
    /// The call that came back; null: none did.
    pub called: Option<String>,
    /// Trunk by which it came back; empty: it did not.
    pub back_by: String,
    /// Who asked for it; `ringback`: it was due.
    pub by: String,
    /// When it was ordered; milliseconds since 1970.
    pub began_at: i64,
    /// When both calls were over.
    pub ended_at: i64,
    /// Whether every check passed; null: it is being looked at.
    pub passed: Option<bool>,
    /// Every check with its figure.
    pub checks: Vec<CanaryCheck>,
}

/// How a trunk stands with its canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CanaryStanding {
    /// Name of the trunk.
    pub trunk: String,
    /// Number that is called.
    pub number: String,
    /// Key that is pressed.
    pub key: String,
    /// Whether campaigns dial through the trunk, and why.
    pub light: CanaryLight,
    /// Stable word for why campaigns are held off the trunk: `canary_due`, `canary_failed`; empty: they dial.
    pub held: String,
    /// When the next is made by itself today; milliseconds since 1970; null: none.
    pub next_at: Option<i64>,
    /// The call of the one that is under way.
    pub running: Option<String>,
    /// The last one.
    pub last: Option<CanaryView>,
    /// Who lets the trunk be dialled today in spite of it.
    pub overridden: Option<CanaryOverride>,
}

fn view(row: CanaryRow) -> Result<CanaryView, Error> {
    Ok(CanaryView {
        checks: row.checks()?,
        trunk: row.trunk,
        day: row.day,
        caller: row.caller_id,
        called: row.called_id,
        back_by: row.back_by,
        by: row.asked_by,
        began_at: row.began_at,
        ended_at: row.ended_at,
        passed: row.passed.map(|passed| passed == 1),
    })
}

impl CanaryKeeper {
    /// How each trunk with a canary stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn all(&self, now: Timestamp) -> Result<Vec<CanaryStanding>, Error> {
        let settings = self.settings();
        let overrides = self.store().canary_overrides(settings.calendar.date(now)).await?;
        let live = self.parts.place.live.borrow().clone();
        let mut all = Vec::new();
        for (trunk, standing) in self.standings(now).await? {
            let Some(canary) = settings.trunks.get(&trunk) else { continue };
            let last = self.store().canaries(&trunk, 1).await?.pop().map(view).transpose()?;
            let running = live.trunks.iter().find(|one| one.name == trunk).and_then(|one| one.canary);
            all.push(CanaryStanding {
                number: canary.number.to_string(),
                key: canary.key.to_string(),
                light: standing.light,
                held: standing.light.hold().map(|reason| reason.code).unwrap_or_default(),
                next_at: standing.next.map(|at| at.0),
                running: running.map(|call| call.to_string()),
                last,
                overridden: overrides.iter().find(|one| one.trunk == trunk).cloned(),
                trunk,
            });
        }
        Ok(all)
    }

    /// The last canaries of a trunk, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn history(&self, trunk: &str) -> Result<Vec<CanaryView>, Error> {
        self.store().canaries(trunk, LOOK_BACK * 5).await?.into_iter().map(view).collect()
    }
}
