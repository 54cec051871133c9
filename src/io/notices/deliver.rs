//! From leased deliveries to messages on their way: channels side by side, each one message after
//! the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::turn::{Turn, millis};
use super::{Error, Notices};
use crate::base::Timestamp;
use crate::io::store::notice::Leased;
use crate::notice::{self, Answer, Channel, Settings};

/// How long a leased message is nobody else's: longer than any attempt takes.
const LEASE: Duration = Duration::from_secs(90);
/// Messages of one channel in one turn.
const MESSAGES: u32 = 20;

impl Notices {
    /// Sends what is due.
    pub(super) async fn deliver(&self, settings: &Arc<Settings>, now: Timestamp) -> Result<Turn, Error> {
        let mut tasks = JoinSet::new();
        for name in self.store().waiting_channels(now).await? {
            let Some(channel) = settings.channel(&name).cloned() else {
                // It was taken out of the configuration: what waits for it waits for its return.
                continue;
            };
            let (own, settings) = (self.clone(), Arc::clone(settings));
            tasks.spawn(async move { own.empty(&settings, &channel, now).await });
        }
        let mut turn = Turn::default();
        while let Some(done) = tasks.join_next().await {
            let one = match done {
                Ok(one) => one?,
                Err(error) => {
                    tracing::error!(%error, "a channel's deliveries were cut off");
                    continue;
                }
            };
            turn.sent += one.sent;
            turn.failed += one.failed;
            turn.more |= one.more;
        }
        Ok(turn)
    }

    /// Sends what waits for one channel.
    async fn empty(&self, settings: &Settings, channel: &Channel, now: Timestamp) -> Result<Turn, Error> {
        let mut turn = Turn::default();
        for _ in 0..MESSAGES {
            let choose = |waiting: &[notice::Waiting],
                          last: &std::collections::BTreeMap<String, Timestamp>,
                          sent: (u32, Option<Timestamp>)| {
                notice::batch(channel, waiting, &|about: &str| last.get(about).copied(), sent, now)
            };
            let leased = self.store().lease_message(&channel.name, &choose, now + LEASE, now).await?;
            let Ok(leased) = leased else { return Ok(turn) };
            match self.send(settings, channel, &leased, now).await? {
                true => turn.sent += 1,
                false => {
                    turn.failed += 1;
                    // The next message would fare no better.
                    return Ok(turn);
                }
            }
        }
        turn.more = true;
        Ok(turn)
    }

    /// Sends one message and marks what became of it; whether it arrived.
    async fn send(
        &self,
        settings: &Settings,
        channel: &Channel,
        leased: &Leased,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let message = notice::compose(
            channel,
            &settings.templates,
            &settings.masks,
            &leased.message,
            leased.at,
            &leased.items,
            leased.file.clone(),
        );
        let answer = self.parts.sender.send(settings, channel, &message, now).await;
        match answer {
            Answer::Delivered => {
                self.store().message_sent(&channel.name, &leased.deliveries, now).await?;
                tracing::info!(channel = channel.name, message = leased.message, "notice sent");
                Ok(true)
            }
            Answer::Failed(why, asked) => {
                let next = now + notice::retry_after(leased.attempts + 1, asked);
                let held = asked.map(|_| next);
                let ends = leased.at + settings.give_up_after;
                let next = (next < ends).then_some(next);
                tracing::warn!(
                    channel = channel.name,
                    message = leased.message,
                    why,
                    in_ms = next.map(|at| at.millis_since(now)),
                    "a notice did not arrive"
                );
                self.store().message_failed(&channel.name, &leased.deliveries, &why, next, held, now).await?;
                if next.is_none() {
                    let hours = millis(settings.give_up_after) / 3_600_000;
                    let detail = format!("{} by {} after {hours} h: {why}", message.title, channel.name);
                    self.alarm("notice_given_up", &detail);
                }
                Ok(false)
            }
        }
    }
}
