//! Commands from the API and the command line to the engine, with their answers.
//!
//! The web never changes a running thing itself: it asks here, and the one loop that owns
//! the engine answers. So each change takes one path, and each is written to the audit log.

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::base::{CallId, CampaignId, EntryId, ListId};
use crate::dialer::{Campaign, CampaignState};
use crate::engine::BridgeOrder;

/// Orders that may wait for the engine: at 200 orders a second this is more than a second
/// of backlog, after which a caller is better served by a 503.
pub const QUEUE_LIMIT: usize = 256;

/// How long a caller waits for an answer before it is told 503.
pub const ANSWER_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// How the daemon stops taking work; the words are Asterisk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DrainMode {
    /// Refuse new calls, end when the last running call has ended.
    Gracefully,
    /// Go on as before, end at the first moment without a call.
    WhenIdle,
    /// End running calls at once and stop.
    Now,
    /// Take back an earlier order to drain.
    Abort,
}

/// One order to the engine. `by` is who gave it: a token's name, or `local` for the unix socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Draft, stopped or paused to running.
    StartCampaign {
        /// Which.
        id: CampaignId,
        /// Who.
        by: String,
    },
    /// Places no new call; running ones go on.
    PauseCampaign {
        /// Which.
        id: CampaignId,
        /// Who.
        by: String,
    },
    /// Paused to running.
    ResumeCampaign {
        /// Which.
        id: CampaignId,
        /// Who.
        by: String,
    },
    /// Stops at once: running calls of the campaign are hung up.
    StopCampaign {
        /// Which.
        id: CampaignId,
        /// Who.
        by: String,
    },
    /// No new calls; done with the last running one.
    EndCampaign {
        /// Which.
        id: CampaignId,
        /// Who.
        by: String,
    },
    /// A campaign was stored (already committed).
    CampaignCreated(Box<Campaign>),
    /// A campaign's settings were changed in the store (already committed).
    CampaignChanged(Box<Campaign>),
    /// A campaign that was not running was deleted from the store.
    CampaignDeleted(CampaignId),
    /// Entries were added to a list, or put back (already committed): look again now.
    ListGrown(ListId),
    /// An entry was taken out by a person (already committed): forget it if it waits in memory.
    EntryRemoved {
        /// Its list.
        list: ListId,
        /// Which.
        entry: EntryId,
    },
    /// A number was put on the do-not-call list (already committed): forget what waits for it.
    DoNotCallAdded(String),
    /// End one running call.
    HangUp {
        /// Which.
        call: CallId,
        /// Who.
        by: String,
    },
    /// An order to a running call that somebody of ours talks in.
    Bridge {
        /// Which.
        call: CallId,
        /// What.
        order: BridgeOrder,
        /// Who.
        by: String,
    },
    /// Place a call of no list.
    Errand {
        /// To whom, with which script.
        errand: crate::engine::Errand,
        /// Who.
        by: String,
    },
    /// Make the canary of a trunk.
    Canary {
        /// Which.
        trunk: String,
        /// Who.
        by: String,
    },
    /// Hold campaigns off a trunk, and why; None: they may dial through it again.
    HoldTrunk {
        /// Which.
        trunk: String,
        /// Why.
        reason: Option<crate::dialer::Reason>,
    },
    /// Take a callback of a queue out.
    CancelCallback {
        /// The call that asked for it.
        call: CallId,
        /// Who.
        by: String,
    },
    /// Who is on duty now by a roster.
    Duty {
        /// Which.
        roster: String,
        /// Whom to ring.
        chain: crate::engine::DutyChain,
    },
    /// Move an agent to another state.
    Agent {
        /// Which.
        name: String,
        /// Where to.
        wish: crate::agent::Wish,
        /// Who.
        by: String,
    },
    /// Ring an agent's phone and then a customer's, where the guard lets it.
    Dial {
        /// Whom for whom.
        order: crate::engine::DialOrder,
        /// Who.
        by: String,
    },
    /// Stop taking work, or take that back.
    Drain {
        /// How.
        mode: DrainMode,
        /// Who.
        by: String,
    },
    /// Read the configuration again; a bad file keeps the old.
    Reload {
        /// Who.
        by: String,
    },
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// It is done, and there is nothing to add.
    Accepted,
    /// The campaign's state after the order.
    Campaign(CampaignState),
    /// The call that was ordered.
    Call(CallId),
    /// The agent's state after the order.
    Agent(crate::agent::State),
    /// The guard let the call leave; the agent's phone rings.
    Dialled(CallId),
    /// What became of each section of the configuration.
    Reloaded(Vec<ReloadedSection>),
    /// Calls still up when the drain began.
    Draining {
        /// How many.
        calls: u64,
    },
}

/// One section of the configuration after a reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReloadedSection {
    /// Its name in the file, e.g. `trunks`.
    pub section: String,
    /// `unchanged`, `applied` or `needs_restart`.
    pub result: String,
    /// What changed, for people.
    pub detail: String,
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such call or campaign. HTTP 404.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done in this state, e.g. resume a draft. HTTP 409.
    #[error("{0}")]
    Conflict(String),
    /// The values cannot work, e.g. the script does not exist. HTTP 422.
    #[error("{0}")]
    Invalid(String),
    /// The queue is full, the engine is stopping, or it did not answer in time. HTTP 503.
    #[error("{0}")]
    Unavailable(String),
}

/// An order with the place for its answer. The engine's loop answers every one; a dropped
/// `reply` is told to the caller as 503.
#[derive(Debug)]
pub struct Order {
    /// What to do.
    pub control: Control,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Done, Refused>>,
}

/// The sending side, cheap to clone.
#[derive(Clone, Debug)]
pub struct ControlHandle {
    orders: mpsc::Sender<Order>,
}

impl ControlHandle {
    /// Both ends of the queue; the engine's loop keeps the receiver.
    pub fn channel() -> (ControlHandle, mpsc::Receiver<Order>) {
        let (orders, receiver) = mpsc::channel(QUEUE_LIMIT);
        (ControlHandle { orders }, receiver)
    }

    /// Gives an order and waits at most [`ANSWER_TIME`] for its answer. A full queue is
    /// refused at once rather than waited for.
    pub async fn ask(&self, control: Control) -> Result<Done, Refused> {
        let (reply, answer) = oneshot::channel();
        self.orders.try_send(Order { control, reply }).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Refused::Unavailable(format!(
                "{QUEUE_LIMIT} orders wait for the engine already; try again shortly"
            )),
            mpsc::error::TrySendError::Closed(_) => Refused::Unavailable("the daemon is stopping".into()),
        })?;
        match tokio::time::timeout(ANSWER_TIME, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                Err(Refused::Unavailable("the daemon is stopping and did not take the order".into()))
            }
            Err(_) => Err(Refused::Unavailable(format!(
                "the engine did not answer within {} s; the order may still be carried out",
                ANSWER_TIME.as_secs()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reload() -> Control {
        Control::Reload { by: "t".into() }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_a_dropped_order_is_told() {
        let (handle, mut orders) = ControlHandle::channel();
        for _ in 0..QUEUE_LIMIT {
            let waited = tokio::time::timeout(std::time::Duration::ZERO, handle.ask(reload())).await;
            assert!(waited.is_err(), "the order waits for its answer");
        }
        assert!(matches!(handle.ask(reload()).await, Err(Refused::Unavailable(_))));
        while orders.try_recv().is_ok() {}
        let (answer, ()) = tokio::join!(handle.ask(reload()), async { drop(orders.recv().await) });
        assert!(matches!(answer, Err(Refused::Unavailable(text)) if text.contains("did not take")));
        drop(orders);
        assert!(matches!(handle.ask(reload()).await, Err(Refused::Unavailable(_))));
    }

    #[tokio::test]
    async fn an_answer_comes_back_to_who_asked() {
        let (handle, mut orders) = ControlHandle::channel();
        let engine = async {
            let order = orders.recv().await.unwrap();
            assert_eq!(order.control, reload());
            order.reply.send(Ok(Done::Draining { calls: 3 })).unwrap();
        };
        let (answer, ()) = tokio::join!(handle.ask(reload()), engine);
        assert_eq!(answer, Ok(Done::Draining { calls: 3 }));
    }
}
