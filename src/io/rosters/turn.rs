//! What rosters look after by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use jiff::civil::Date;

use super::{ACTOR, Error, Rosters, facts};
use crate::base::{CallbackId, Timestamp};
use crate::io::planner;
use crate::io::store::NewWarning;
use crate::io::store::callback::Edit;
use crate::notice::NewNotice;
use crate::policy::pack::Mode;
use crate::roster::{Missing, Month, Settings, empty_posts, missing, share_out};

/// At least so many milliseconds between two looks.
const EVERY_MS: i64 = 5_000;
/// Shifts that began longer ago than this are not judged any more: the daemon was off.
const JUDGED_MS: i64 = 3_600_000;

impl Rosters {
    /// Does everything that is due at `now`.
    ///
    /// # Errors
    /// The first part that the database did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<(), Error> {
        if !self.is_time(now) {
            return Ok(());
        }
        let planner = self.parts.planner.settings();
        let today = planner.calendar.date(now);
        for settings in self.packs().iter() {
            self.keep_months(settings, today, now).await?;
            self.keep_posts(settings, &planner, now).await?;
            if settings.share_out {
                self.share_out(&settings.pack, &planner, today, now).await?;
            }
        }
        self.keep_shifts(&planner, now).await?;
        self.hand_over(&planner, today, now).await
    }

    fn is_time(&self, now: Timestamp) -> bool {
        let mut looked = self.parts.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let soon = looked.is_some_and(|last| (0..EVERY_MS).contains(&now.millis_since(last)));
        if !soon {
            *looked = Some(now);
        }
        !soon
    }

    /// A month whose roster is not published: a warning each day, and a notice (ROS-01).
    async fn keep_months(&self, settings: &Settings, today: Date, now: Timestamp) -> Result<(), Error> {
        let published: BTreeSet<String> = self
            .store()
            .roster_months(Some(&settings.pack))
            .await?
            .into_iter()
            .filter(|month| month.state == "published")
            .map(|month| month.month)
            .collect();
        let found = missing(today, settings.warn_days, |month| published.contains(&month.to_string()));
        for (month, how) in found {
            let (word, day) = match how {
                Missing::Warning => ("is not published yet", today),
                Missing::Alarm => ("is missing, and the month has begun", today),
            };
            let warning = NewWarning {
                day,
                code: "roster_missing".into(),
                subject: format!("roster/{month}"),
                detail: format!("{}: the roster of {month} {word}", settings.title),
            };
            for raised in self.store().raise_warnings(&settings.pack, &[warning], ACTOR, now).await? {
                let code = if how == Missing::Alarm { "roster_alarm" } else { "roster_missing" };
                self.alarm(code, &settings.pack, &raised.detail);
                self.tell_missing(settings, month, today, now).await?;
            }
        }
        Ok(())
    }

    async fn tell_missing(
        &self,
        settings: &Settings,
        month: Month,
        today: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        let pack = &settings.pack;
        let to = settings.departments.first().cloned().unwrap_or_default();
        let notice = NewNotice {
            key: format!("roster.missing:{pack}/{month}:{today}"),
            topic: "roster.missing".into(),
            to,
            subject: format!("roster:{pack}/{month}"),
            pack: pack.clone(),
            facts: facts([
                ("month", month.to_string()),
                ("title", settings.title.clone()),
                ("due", month.first().to_string()),
            ]),
            wants_ack: false,
        };
        Ok(self.store().queue_notices(&[notice], now).await?)
    }

    /// Posts of this night that are empty: once for each time (ROS-03).
    async fn keep_posts(
        &self,
        settings: &Settings,
        planner: &planner::Settings,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(duty) = self.on_duty(&settings.pack, now).await? else { return Ok(()) };
        let Some((began, _)) = settings.nights.hours(&planner.calendar, duty.date) else { return Ok(()) };
        let presence = self.store().presence().await?;
        for empty in empty_posts(&duty, began, &presence, settings.absent_after, now) {
            let (person, address) = (empty.post.person.name.clone(), empty.post.address().to_owned());
            let told = (settings.pack.clone(), address.clone(), empty.since.0);
            if !self.parts.told.lock().unwrap_or_else(PoisonError::into_inner).insert(told) {
                continue;
            }
            let since = planner.calendar.civil(empty.since);
            let role = empty.post.role;
            let detail = format!("{} {person} ({address}) is away since {since}", role.title());
            self.alarm("empty_post", &settings.pack, &detail);
            let notice = NewNotice {
                key: format!("roster.empty_post:{}:{address}:{}", settings.pack, empty.since.0),
                topic: "roster.empty_post".into(),
                to: settings.departments.first().cloned().unwrap_or_default(),
                subject: format!("roster:{}/{}", settings.pack, Month::of(duty.date)),
                pack: settings.pack.clone(),
                facts: facts([
                    ("person", person),
                    ("role", role.title().to_owned()),
                    ("address", address),
                    ("since", since),
                    ("title", settings.title.clone()),
                ]),
                wants_ack: true,
            };
            self.store().queue_notices(&[notice], now).await?;
        }
        Ok(())
    }

    /// Shifts that have begun: who is late, and whether anybody is there (ROS-05).
    async fn keep_shifts(&self, planner: &planner::Settings, now: Timestamp) -> Result<(), Error> {
        let since = Timestamp(now.0 - JUDGED_MS);
        let begun: BTreeSet<i64> = self.store().shifts_to_judge(since, now).await?.into_iter().collect();
        if begun.is_empty() {
            return Ok(());
        }
        let all = self.shifts(None, since, Timestamp(now.0 + 1), now).await?;
        let mut groups: BTreeMap<(String, i64), Vec<&super::ShiftView>> = BTreeMap::new();
        for view in all.iter().filter(|view| begun.contains(&view.shift.id)) {
            groups.entry((view.shift.pack.clone(), view.shift.starts_at)).or_default().push(view);
        }
        for ((pack, starts_at), views) in groups {
            let starts = planner.calendar.civil(Timestamp(starts_at));
            let (day, time) = starts.split_once(' ').unwrap_or((&starts, ""));
            let mut notices = Vec::new();
            let notice = |topic: &str, person: &str, facts| NewNotice {
                key: format!("{topic}:{pack}:{starts_at}:{person}"),
                topic: topic.into(),
                to: self.settings(&pack).departments.first().cloned().unwrap_or_default(),
                subject: format!("shift:{pack}/{starts}"),
                pack: pack.clone(),
                facts,
                wants_ack: false,
            };
            for view in views.iter().filter(|view| view.attendance == "late") {
                let person = &view.shift.person;
                let (shift, day) = (time.to_owned(), day.to_owned());
                let minutes = view.late_minutes.to_string();
                let told =
                    facts([("person", person.clone()), ("shift", shift), ("minutes", minutes), ("day", day)]);
                notices.push(notice("roster.late", person, told));
            }
            let present = self.agents_present(&pack, Timestamp(starts_at.max(now.0))).await?;
            if present == Some(0) {
                let detail = format!("nobody is there for the shift of {starts}: calls by agents are held");
                self.alarm("no_agent", &pack, &detail);
                let told = facts([("shift", time.to_owned()), ("day", day.to_owned())]);
                notices.push(notice("roster.nobody", "", told));
            }
            self.store().queue_notices(&notices, now).await?;
        }
        Ok(())
    }

    /// Callbacks of a named person who is on leave go to the deputy, and say so (ROS-06).
    async fn hand_over(&self, planner: &planner::Settings, today: Date, now: Timestamp) -> Result<(), Error> {
        let away: BTreeSet<String> =
            self.store().leaves(today, today).await?.into_iter().map(|leave| leave.person).collect();
        if away.is_empty() {
            return Ok(());
        }
        let end = planner.calendar.end_of(today);
        for policy in planner.policies.all_in_force(today) {
            let pack = &policy.pack.pack;
            for (id, rule) in &policy.pack.rule {
                let (person, deputy) = (&rule.caller.person, &rule.caller.deputy);
                if deputy.is_empty() || !away.contains(person) || away.contains(deputy) {
                    continue;
                }
                for (callback, note) in self.store().callbacks_for(pack, id, person, end).await? {
                    let reason = format!("deputy for {person}, on leave on {today}");
                    let mark = format!("代{person}回访 (deputy)");
                    let note = if note.is_empty() { mark } else { format!("{note}; {mark}") };
                    for edit in [Edit::Assign(deputy.clone()), Edit::Note(note)] {
                        self.parts.planner.edit(CallbackId(callback), &edit, &reason, ACTOR, now).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Callbacks by agents that are for nobody go to those who have a shift today and are not on
    /// leave, the same number to each (ROS-07).
    async fn share_out(
        &self,
        pack: &str,
        planner: &planner::Settings,
        today: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(policy) = planner.policies.in_force(pack, today) else { return Ok(()) };
        let (begin, end) = (planner.calendar.start_of(today), planner.calendar.end_of(today));
        let mut nobodys = Vec::new();
        for (id, rule) in &policy.pack.rule {
            if rule.mode == Mode::Agent && rule.caller.person.is_empty() {
                nobodys.extend(self.store().callbacks_for(pack, id, "", end).await?);
            }
        }
        if nobodys.is_empty() {
            return Ok(());
        }
        let shifts = self.shifts(Some(pack), begin, end, now).await?;
        let agents: BTreeSet<String> = shifts
            .into_iter()
            .filter(|view| view.attendance != "excused")
            .map(|view| view.shift.person)
            .collect();
        let agents: Vec<String> = agents.into_iter().collect();
        let known = self.store().loads(pack, begin, end).await?;
        let loads: Vec<u64> = agents.iter().map(|who| known.get(who).copied().unwrap_or(0)).collect();
        for ((callback, _), at) in nobodys.iter().zip(share_out(nobodys.len(), &loads)) {
            // Nobody is asked about themselves: the next one takes it.
            let mut turn = agents.iter().cycle().skip(at).take(agents.len());
            let found = loop {
                let Some(agent) = turn.next() else { break None };
                if self.parts.planner.why_not_by(CallbackId(*callback), agent, now).await?.is_none() {
                    break Some(agent.clone());
                }
            };
            let Some(agent) = found else { continue };
            let edit = Edit::Assign(agent);
            let reason = "shared out evenly among those who have a shift";
            self.parts.planner.edit(CallbackId(*callback), &edit, reason, ACTOR, now).await?;
        }
        Ok(())
    }
}
