//! Callbacks that were done: their content for the group (NOT-02), the dissatisfied for their
//! department (NOT-05).

use std::collections::BTreeMap;

use super::{Error, Notices};
use crate::base::{CallbackId, Timestamp};
use crate::io::planner;
use crate::io::store::callback::ReplyRow;
use crate::io::store::notice::{Extended, Told};
use crate::notice::{NewNotice, Settings};

/// Callbacks of one transaction.
const BATCH: u32 = 200;

impl Notices {
    pub(super) async fn tell_callbacks(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        loop {
            let found = self.store().callbacks_to_tell(BATCH).await?;
            if found.is_empty() {
                return Ok(());
            }
            let planner = self.parts.planner.settings();
            let mut notices = Vec::new();
            for told in &found {
                notices.extend(self.of_callback(settings, &planner, told).await?);
            }
            let ids: Vec<i64> = found.iter().map(|told| told.id).collect();
            self.store().callbacks_told(&ids, &notices, now).await?;
            if found.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    /// The notices of one callback; none where nobody is to hear of it.
    async fn of_callback(
        &self,
        settings: &Settings,
        planner: &planner::Settings,
        told: &Told,
    ) -> Result<Vec<Extended>, Error> {
        let shared = settings.masks.of(&told.pack).share && settings.is_routed("callback.done", &told.pack);
        let department = (told.outcome == "dissatisfied").then(|| department(settings, told)).flatten();
        let mut notices = Vec::new();
        if !shared && department.is_none() {
            return Ok(notices);
        }
        let facts = self.facts(settings, planner, told).await?;
        let subject = format!("callback:{}", told.id);
        let pack = told.pack.clone();
        if shared {
            let (key, topic) = (format!("callback.done:{}", told.id), "callback.done".to_owned());
            let (facts, subject, pack) = (facts.clone(), subject.clone(), pack.clone());
            let notice = NewNotice { key, topic, subject, pack, facts, ..NewNotice::default() };
            notices.push(notice.into());
        }
        if let Some(to) = department {
            let (key, topic) =
                (format!("callback.dissatisfied:{}", told.id), "callback.dissatisfied".to_owned());
            notices.push(NewNotice { key, topic, to, subject, pack, facts, wants_ack: true }.into());
        }
        Ok(notices)
    }

    async fn facts(
        &self,
        settings: &Settings,
        planner: &planner::Settings,
        told: &Told,
    ) -> Result<BTreeMap<String, String>, Error> {
        let day = planner.calendar.date(Timestamp(told.closed_at));
        let policy = planner.policies.in_force(&told.pack, day);
        let rule = policy.and_then(|p| p.pack.rule.get(&told.rule));
        let answers = match told.call.is_empty() {
            true => self.written_answers(told.id).await?,
            false => self.store().told_answers(&told.call).await?,
        };
        let answers: Vec<String> =
            answers.into_iter().map(|(question, said)| format!("{question}: {said}")).collect();
        let filled: BTreeMap<String, String> = serde_json::from_str(&told.filled).unwrap_or_default();
        let filled: Vec<String> =
            filled.into_iter().map(|(column, text)| format!("{column}: {text}")).collect();
        let link = |path: String| match settings.public_url.as_str() {
            "" => String::new(),
            url => format!("{url}/api/v1/{path}"),
        };
        let recording = match told.recording.is_empty() {
            true => String::new(),
            false => link(format!("calls/{}/recording", told.call)),
        };
        let caller = match (told.assignee.is_empty(), told.call.is_empty()) {
            (false, _) => told.assignee.clone(),
            (true, false) => "robot".into(),
            (true, true) => String::new(),
        };
        let facts = [
            ("callback", told.id.to_string()),
            ("customer", told.customer.clone()),
            ("phone", told.phone.clone()),
            ("rule", rule.map_or_else(|| told.rule.clone(), |rule| rule.title.clone())),
            ("outcome", told.outcome.clone()),
            ("answers", answers.join("\n")),
            ("note", told.note.clone()),
            ("filled", filled.join("; ")),
            ("caller", caller),
            ("at", planner.calendar.civil(Timestamp(told.closed_at))),
            ("link", link(format!("callbacks/{}", told.id))),
            ("recording", recording),
        ];
        Ok(facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

impl Notices {
    async fn written_answers(&self, callback: i64) -> Result<Vec<(String, String)>, Error> {
        let replies = self.store().replies(CallbackId(callback)).await?;
        let said = |reply: ReplyRow| {
            let said = [reply.meaning, reply.comment, reply.score.map(|score| score.to_string())];
            (reply.question, said.into_iter().flatten().next().unwrap_or_default())
        };
        Ok(replies.into_iter().map(said).collect())
    }
}

/// The department of a dissatisfied answer: that of the event, of the rule, of the pack.
fn department(settings: &Settings, told: &Told) -> Option<String> {
    let fields: BTreeMap<String, String> =
        told.event_fields.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let named = fields.get("department").filter(|name| !name.trim().is_empty()).cloned();
    let rule = format!("{}/{}", told.pack, told.rule);
    let known = settings.departments.get(&rule).or_else(|| settings.departments.get(&told.pack));
    named.or_else(|| known.cloned())
}
