//! News for customers who consented to hear of it (NOT-07), and messages that try a channel.

use std::collections::BTreeMap;

use super::{Error, Notices, SendError};
use crate::base::Timestamp;
use crate::io::store::notice::Extended;
use crate::notice::{Answer, Item, NewNotice, compose, example, message_id};

/// Customers that are read at once.
const PAGE: u32 = 500;
/// What a field says of customers who consent.
const YES: [&str; 7] = ["yes", "true", "1", "y", "是", "同意", "已同意"];

/// What an announcement came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Messages that were queued.
    pub queued: u64,
    /// Customers who did not consent, or said that they do not want to be called.
    pub without_consent: u64,
    /// Customers who consented and have no number or address for the channels there are.
    pub unreachable: u64,
}

impl Notices {
    /// Queues a text for every customer of a pack whose `field` says that they consent. The same
    /// `key` reaches nobody twice.
    ///
    /// # Errors
    /// The database.
    pub async fn announce(
        &self,
        pack: &str,
        field: &str,
        key: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Announced, Error> {
        let settings = self.settings();
        let planner = self.parts.planner.settings();
        let policy = planner.policies.in_force(pack, planner.calendar.date(now));
        let brand =
            policy.map_or("", |p| if p.pack.brand.is_empty() { &p.pack.title } else { &p.pack.brand });
        let (mut told, mut from) = (Announced::default(), 0);
        loop {
            let page = self.store().customers_with_fields(pack, from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.id;
            let mut notices = Vec::new();
            for customer in &page {
                let fields: BTreeMap<String, String> =
                    serde_json::from_str(&customer.fields).unwrap_or_default();
                let said = fields.get(field).map(|said| said.trim().to_lowercase()).unwrap_or_default();
                if !YES.contains(&said.as_str()) {
                    told.without_consent += 1;
                    continue;
                }
                let address = match (customer.phone.as_str(), customer.email.as_str()) {
                    (phone, _) if !phone.is_empty() && !settings.sms.is_empty() => format!("sms:{phone}"),
                    (_, email) if !email.is_empty() && !settings.email.is_empty() => format!("email:{email}"),
                    _ => {
                        told.unreachable += 1;
                        continue;
                    }
                };
                let facts = [("brand", brand), ("rule", text)];
                let notice = NewNotice {
                    key: format!("announce:{key}:{}", customer.id),
                    topic: "customer.announcement".into(),
                    to: "customer".into(),
                    subject: format!("customer:{}", customer.id),
                    pack: pack.to_owned(),
                    facts: facts.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
                    wants_ack: false,
                };
                notices.push(Extended { notice, address, ..Extended::default() });
            }
            told.queued += self.store().queue_extended(&notices, now).await?;
            if page.len() < PAGE as usize {
                break;
            }
        }
        self.wake();
        Ok(told)
    }

    /// Sends a test message by a channel at once, past the outbox.
    ///
    /// # Errors
    /// What the other side said; None inside where there is no such channel.
    pub async fn test(&self, channel: &str, by: &str, now: Timestamp) -> Result<(), Option<SendError>> {
        let at = self.parts.planner.settings().calendar.civil(now);
        let facts = [("channel", channel.to_owned()), ("by", by.to_owned()), ("at", at)];
        let facts = facts.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        self.send_now(channel, "notice.test", facts, now).await
    }

    /// Sends a notice of that topic with made-up facts by a channel at once, past the outbox.
    ///
    /// # Errors
    /// What the other side said; None inside where there is no such channel or topic.
    pub async fn send_example(
        &self,
        channel: &str,
        topic: &str,
        now: Timestamp,
    ) -> Result<(), Option<SendError>> {
        let settings = self.settings();
        let language = settings.channel(channel).ok_or(None)?.language;
        let template = settings.templates.all().find(|template| template.topic == topic).ok_or(None)?;
        let facts = example(language, template.facts, &settings.public_url);
        self.send_now(channel, topic, facts, now).await
    }

    async fn send_now(
        &self,
        channel: &str,
        topic: &str,
        facts: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), Option<SendError>> {
        let settings = self.settings();
        let channel = settings.channel(channel).ok_or(None)?;
        let key = format!("test:{}:{}", channel.name, now.0);
        let item = Item { key: key.clone(), topic: topic.to_owned(), facts, ..Item::default() };
        let id = message_id(&channel.name, [(key.as_str(), 0)]);
        let message = compose(channel, &settings.templates, &settings.masks, &id, now, &[item], None);
        match self.parts.sender.send(&settings, channel, &message, now).await {
            Answer::Delivered => Ok(()),
            Answer::Failed(why, _) => Err(Some(SendError(why))),
        }
    }
}
