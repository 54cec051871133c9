//! One turn: what is owed is queued, routed, sent.

use super::{Error, Notices};
use crate::base::Timestamp;
use crate::notice::{Target, customer_topic};

/// Notices that are routed in one transaction.
const ROUTED: u32 = 200;

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Messages that arrived.
    pub sent: u64,
    /// Messages that did not.
    pub failed: u64,
    /// Whether more waits already.
    pub more: bool,
}

impl Notices {
    /// Does everything that is due at `now`.
    ///
    /// # Errors
    /// The first part that the database did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let settings = self.settings();
        self.tell_callbacks(&settings, now).await?;
        if self.is_time("facts", now) {
            self.tell_events(&settings, now).await?;
            self.tell_copies(now).await?;
            self.share_tables(&settings, now).await?;
            self.tell_customers(&settings, now).await?;
            self.remind(&settings, now).await?;
            self.remind_of_materials(now).await?;
        }
        while self.route(now).await? {}
        let turn = self.deliver(&settings, now).await?;
        if turn.sent > 0 {
            self.settle_customers().await?;
        }
        let before = Timestamp(now.0.saturating_sub(millis(settings.alarm_after)));
        for outage in self.store().raise_outages(before, now).await? {
            let detail = format!("{}: {}", outage.name, outage.error);
            self.alarm("notice_channel_failing", &detail);
        }
        Ok(turn)
    }

    /// Makes the deliveries of what was queued; whether more is left.
    async fn route(&self, now: Timestamp) -> Result<bool, Error> {
        let settings = self.settings();
        let found = self.store().unrouted_notices(ROUTED).await?;
        if found.is_empty() {
            return Ok(false);
        }
        let mut deliveries = Vec::new();
        for notice in &found {
            let targets = match notice.address.split_once(':') {
                None => settings.targets(&notice.topic, &notice.to, &notice.pack),
                Some((method, _)) => {
                    let channel = if method == "sms" { &settings.sms } else { &settings.email };
                    let known = settings.channel(channel).is_some();
                    let target = Target { channel: channel.clone(), urgent: false };
                    if known { vec![target] } else { Vec::new() }
                }
            };
            for target in targets {
                let group = settings.channel(&target.channel).is_some_and(|c| c.kind.is_group());
                // What is for different people is one message only where all read it.
                let about = match (notice.address.is_empty(), group) {
                    (false, _) => notice.key.clone(),
                    (true, true) => format!("{} {}", notice.topic, notice.pack),
                    (true, false) => format!("{} {} {}", notice.topic, notice.pack, notice.to),
                };
                deliveries.push((notice.id, target.channel, notice.rounds, about, target.urgent));
            }
        }
        let ids: Vec<i64> = found.iter().map(|n| n.id).collect();
        self.store().route_notices(&ids, &deliveries, now).await?;
        Ok(found.len() == ROUTED as usize)
    }

    /// The topic of what a customer is told by a callback.
    pub(super) fn topic_of_customer(&self, pack: &str, rule: &str, otherwise: &str) -> String {
        let settings = self.settings();
        customer_topic(&|topic| settings.templates.has(topic), pack, rule, otherwise)
    }
}

pub(super) fn millis(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
