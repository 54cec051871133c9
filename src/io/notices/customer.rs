//! What customers themselves are told: callbacks whose channel is a text message or an e-mail
//! (NOT-06, NOT-09).

use std::collections::BTreeMap;

use super::{ACTOR, Error, Notices};
use crate::base::{CallbackId, Timestamp};
use crate::io::planner;
use crate::io::store::callback::Edit;
use crate::io::store::notice::{Extended, ToCustomer};
use crate::notice::{NewNotice, Settings};
use crate::policy::Outcome;
use crate::policy::pack::{Method, Rule, Target};

/// Topic of what a customer is told, where a rule has none of its own.
const MESSAGE: &str = "customer.message";
/// Topic of what a customer is asked.
const QUESTIONNAIRE: &str = "customer.questionnaire";

impl Notices {
    pub(super) async fn tell_customers(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        for (method, channel) in [("sms", &settings.sms), ("email", &settings.email)] {
            if channel.is_empty() {
                continue;
            }
            let planner = self.parts.planner.settings();
            let due = self.store().callbacks_to_customers(method, now).await?;
            let mut notices = Vec::new();
            for callback in &due {
                notices.extend(self.to_customer(settings, &planner, callback, now).await?);
            }
            if !notices.is_empty() {
                self.store().queue_extended(&notices, now).await?;
            }
        }
        Ok(())
    }

    /// The message; None for a customer without a number or an address: a person's task then. One
    /// that asks for an answer has the link to its page, and is done when it is answered, not
    /// when it arrives (SCH-33).
    async fn to_customer(
        &self,
        settings: &Settings,
        planner: &planner::Settings,
        callback: &ToCustomer,
        now: Timestamp,
    ) -> Result<Option<Extended>, Error> {
        let day = planner.calendar.date(now);
        let policy = planner.policies.in_force(&callback.pack, day);
        let rule = policy.and_then(|p| p.pack.rule.get(&callback.rule));
        let mut facts: BTreeMap<String, String> = callback
            .event_fields
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let place = match (rule.map(|rule| &rule.target), callback.method.as_str()) {
            (Some(Target::Field(field)), "sms") => facts.get(field).cloned().unwrap_or_default(),
            (Some(Target::Field(_)), _) => String::new(),
            (_, "sms") => callback.phone.clone(),
            _ => callback.email.clone(),
        };
        if place.is_empty() {
            return Ok(None);
        }
        let when = planner.calendar.date(Timestamp(callback.event_at.unwrap_or(callback.due)));
        let brand = policy.map_or("", |p| p.pack.brand.as_str());
        let brand = if brand.is_empty() { policy.map_or("", |p| p.pack.title.as_str()) } else { brand };
        for (key, value) in [
            ("brand", brand.to_owned()),
            ("rule", rule.map_or_else(|| callback.rule.clone(), |rule| rule.title.clone())),
            ("note", callback.note.clone()),
            ("when", when.to_string()),
            ("customer", callback.customer.clone()),
        ] {
            facts.insert(key.to_owned(), value);
        }
        let asks = rule.is_some_and(Rule::asks_in_writing);
        let (word, topic) = if asks { ("form", QUESTIONNAIRE) } else { ("callback", MESSAGE) };
        if asks {
            facts.insert("number".into(), callback.id.to_string());
            if !settings.public_url.is_empty() {
                let code = self.parts.planner.questionnaire_code(CallbackId(callback.id), now).await?;
                facts.insert("link".into(), format!("{}/q/{code}", settings.public_url));
            }
        }
        Ok(Some(Extended {
            notice: NewNotice {
                key: format!("customer:{word}:{}:{}", callback.id, callback.method),
                topic: self.topic_of_customer(&callback.pack, &callback.rule, topic),
                to: "customer".into(),
                subject: format!("callback:{}", callback.id),
                pack: callback.pack.clone(),
                facts,
                wants_ack: false,
            },
            address: format!("{}:{place}", callback.method),
            ..Extended::default()
        }))
    }

    /// Callbacks whose message has arrived are done.
    pub(super) async fn settle_customers(&self) -> Result<(), Error> {
        for (id, method, at) in self.store().customers_told().await? {
            let Some(method) = Method::parse(&method) else { continue };
            let at = Timestamp(at);
            let (outcome, fields, replies) = (Outcome::Reached, BTreeMap::new(), Vec::new());
            let done = Edit::Done { method, at, outcome, fields, replies };
            match self.parts.planner.edit(CallbackId(id), &done, "the message arrived", ACTOR, at).await {
                Ok(_) => {}
                // A person closed it meanwhile.
                Err(planner::Error::Store(crate::io::store::Error::Refused(why))) => {
                    tracing::info!(callback = id, why, "a callback is not closed by its message");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
