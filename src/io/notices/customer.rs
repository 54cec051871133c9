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
use crate::policy::pack::Method;

impl Notices {
    pub(super) async fn tell_customers(&self, settings: &Settings, now: Timestamp) -> Result<(), Error> {
        for (method, channel) in [("sms", &settings.sms), ("email", &settings.email)] {
            if channel.is_empty() {
                continue;
            }
            let planner = self.parts.planner.settings();
            let due = self.store().callbacks_to_customers(method, now).await?;
            let notices: Vec<Extended> =
                due.iter().filter_map(|callback| self.to_customer(&planner, callback, now)).collect();
            if !notices.is_empty() {
                self.store().queue_extended(&notices, now).await?;
            }
        }
        Ok(())
    }

    /// The message; None for a customer without a number or an address: a person's task then.
    fn to_customer(
        &self,
        planner: &planner::Settings,
        callback: &ToCustomer,
        now: Timestamp,
    ) -> Option<Extended> {
        let place = if callback.method == "sms" { &callback.phone } else { &callback.email };
        if place.is_empty() {
            return None;
        }
        let day = planner.calendar.date(now);
        let policy = planner.policies.in_force(&callback.pack, day);
        let rule = policy.and_then(|p| p.pack.rule.get(&callback.rule));
        let mut facts: BTreeMap<String, String> = callback
            .event_fields
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
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
        Some(Extended {
            notice: NewNotice {
                key: format!("customer:callback:{}:{}", callback.id, callback.method),
                topic: self.topic_of_customer(&callback.pack, &callback.rule),
                to: "customer".into(),
                subject: format!("callback:{}", callback.id),
                pack: callback.pack.clone(),
                facts,
                wants_ack: false,
            },
            address: format!("{}:{place}", callback.method),
            ..Extended::default()
        })
    }

    /// Callbacks whose message has arrived are done.
    pub(super) async fn settle_customers(&self) -> Result<(), Error> {
        for (id, method, at) in self.store().customers_told().await? {
            let Some(method) = Method::parse(&method) else { continue };
            let at = Timestamp(at);
            let done = Edit::Done { method, at, outcome: Outcome::Reached, fields: BTreeMap::new() };
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
