//! The list of a day given to the dialler, and what becomes due later in the day added to it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::day::{Listed, hours, places};
use super::{ACTOR, Error, Planner, Settings, campaign, in_force};
use crate::base::{CallbackId, Timestamp};
use crate::io::store::callback::{ReleaseEntry, Released};
use crate::io::web::Control;
use crate::plan::Row;
use crate::policy::code;
use crate::policy::pack::{Mode, Pack};

/// What a release came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReleaseReport {
    /// Policy pack.
    pub pack: String,
    /// Day.
    pub day: String,
    /// Entries that the dialler did not have.
    pub added: u64,
    /// Entries that it had already, waiting.
    pub renewed: u64,
    /// Callbacks that ended, were held or are being called.
    pub left: u64,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

impl Planner {
    /// Builds the list of today anew and gives it to the dialler; done twice, nothing is doubled.
    ///
    /// # Errors
    /// [`Error::Refused`] for another day than today, [`Error::NoPack`], those of the store.
    pub async fn release_day(
        &self,
        pack: &str,
        day: Date,
        by: &str,
        now: Timestamp,
    ) -> Result<ReleaseReport, Error> {
        let settings = self.settings();
        let today = settings.calendar.date(now);
        if day != today {
            return Err(Error::Refused(format!(
                "today is {today}: the list of {day} is released on that day; until then it can be built and changed"
            )));
        }
        let _alone = self.parts.releasing.lock().await;
        let listed = self.list_day(&settings, pack, day, now).await?;
        self.keep_list(&settings, pack, &listed, now).await?;
        let report = self.give(&settings, pack, &listed, true, now).await?;
        if self.store().day_released(pack, day, by, now).await? {
            tracing::info!(pack, %day, by, added = report.added, "the day's list is released");
        }
        self.told(&report);
        Ok(report)
    }

    /// Adds what became due since the list was released; gives how many entries are new.
    pub(super) async fn add_to_day(&self, pack: &str, today: Date, now: Timestamp) -> Result<u64, Error> {
        let settings = self.settings();
        let end = settings.calendar.end_of(today);
        let made_at =
            self.store().day_plan(pack, today).await?.map_or(Timestamp(0), |p| Timestamp(p.built_at));
        if !self.store().is_day_stale(pack, today, end, made_at).await? {
            return Ok(0);
        }
        let _alone = self.parts.releasing.lock().await;
        let listed = self.list_day(&settings, pack, today, now).await?;
        self.keep_list(&settings, pack, &listed, now).await?;
        let report = self.give(&settings, pack, &listed, false, now).await?;
        if report.added > 0 {
            tracing::info!(pack, %today, added = report.added, "added to the day's list");
            self.told(&report);
        }
        Ok(report.added)
    }

    fn told(&self, report: &ReleaseReport) {
        for warning in &report.warnings {
            tracing::warn!(pack = report.pack, warning, "the day's list");
        }
        self.parts.hub.publish_value("plan", &json!(report));
    }

    /// Gives the calls of a list to the dialler, rule by rule: all of them, or only those that
    /// it does not have.
    async fn give(
        &self,
        settings: &Settings,
        pack_id: &str,
        listed: &Listed,
        all: bool,
        now: Timestamp,
    ) -> Result<ReleaseReport, Error> {
        let day = listed.facts.day;
        let policy = in_force(settings, pack_id, day)?;
        let mut report = ReleaseReport {
            pack: pack_id.to_owned(),
            day: day.to_string(),
            warnings: listed.view.warnings.clone(),
            ..ReleaseReport::default()
        };
        for (rule_id, entries) in by_rule(settings, &policy.pack, listed, all) {
            let Some(rule) = policy.pack.rule.get(&rule_id) else { continue };
            let to = self.rule_campaign(settings, &policy.pack, &rule_id, rule, now).await?;
            let Released { added, renewed, left } =
                self.store().release(pack_id, day, to.list, &entries, now).await?;
            report.added += added;
            report.renewed += renewed;
            report.left += left;
            let name = campaign::name(pack_id, &rule_id);
            report.warnings.extend(self.start(&name, &to).await);
            self.tell(Control::ListGrown(to.list)).await;
        }
        Ok(report)
    }

    /// Takes out of the dialler what a pack does not owe any more, at once.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take_out(&self, pack: &str, now: Timestamp) -> Result<u64, Error> {
        let settings = self.settings();
        let today = settings.calendar.date(now);
        match self.sweep(&settings, pack, today, now).await {
            Err(Error::NoPack(_)) => Ok(0),
            other => other,
        }
    }

    /// Takes out of the dialler what is not owed any more, or held for today.
    pub(super) async fn sweep(
        &self,
        settings: &Settings,
        pack: &str,
        today: Date,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let policy = in_force(settings, pack, today)?;
        let mut lists = Vec::new();
        for rule in policy.pack.rule.keys() {
            if let Some(list) = self.store().list_by_name(&campaign::name(pack, rule)).await? {
                lists.push(list.id);
            }
        }
        let stopped = self.store().sweep_entries(&lists, today, now).await?;
        if stopped > 0 {
            tracing::info!(pack, stopped, by = ACTOR, "entries taken out of the dialler");
            for list in lists {
                self.tell(Control::ListGrown(list)).await;
            }
        }
        Ok(stopped)
    }
}

/// The calls of the robot by rule.
fn by_rule(
    settings: &Settings,
    pack: &Pack,
    listed: &Listed,
    all: bool,
) -> BTreeMap<String, Vec<ReleaseEntry>> {
    let places = places(&listed.facts);
    let mut by_rule: BTreeMap<String, Vec<ReleaseEntry>> = BTreeMap::new();
    for row in &listed.plan.rows {
        if let Some(entry) = release_entry(settings, pack, listed, &places, row, all) {
            by_rule.entry(row.rule.clone()).or_default().push(entry);
        }
    }
    by_rule
}

fn release_entry(
    settings: &Settings,
    pack: &Pack,
    listed: &Listed,
    places: &BTreeMap<CallbackId, usize>,
    row: &Row,
    all: bool,
) -> Option<ReleaseEntry> {
    let call = row.verdict.call().filter(|call| call.mode == Mode::Robot)?;
    let at = *places.get(&row.callback)?;
    let has = |id: &CallbackId| {
        let stored = places.get(id).and_then(|at| listed.facts.callbacks.get(*at));
        stored.is_some_and(|s| s.entry.is_some() && s.released_day == Some(listed.facts.day))
    };
    if !all && has(&row.callback) && call.joins.iter().all(has) {
        return None;
    }
    let rule = pack.rule.get(&row.rule);
    Some(ReleaseEntry {
        callback: row.callback,
        entry: listed.facts.entry(at, call, rule, &settings.calendar)?,
        start_at: call.start,
        windows: hours(call),
        code: code::DUE.into(),
        detail: format!("attempt {}", call.attempt),
        joined: call.joins.clone(),
    })
}
