//! Orders of people, from the API and the command line, to the engine.

use super::driver::Driver;
use crate::agent::Refusal;
use crate::base::{CallId, CampaignId};
use crate::dialer::{self, Command, Reason};
use crate::engine::BridgeRefusal;
use crate::io::web::{Control, Done, Order, Refused};

impl Driver {
    /// Carries out one order and answers it.
    pub(super) fn obey(&mut self, order: Order) {
        let Order { control, reply } = order;
        let now = self.now();
        let answer = match control {
            Control::StartCampaign { id, by } => self.campaign(id, Command::Start, &by),
            Control::PauseCampaign { id, by } => self.campaign(id, Command::Pause, &by),
            Control::ResumeCampaign { id, by } => self.campaign(id, Command::Resume, &by),
            Control::StopCampaign { id, by } => self.campaign(id, Command::Stop, &by),
            Control::EndCampaign { id, by } => self.campaign(id, Command::End, &by),
            Control::CampaignCreated(campaign) | Control::CampaignChanged(campaign) => {
                self.parts.engine.handle_campaign(now, *campaign).map(|()| Done::Accepted).map_err(refused)
            }
            Control::CampaignDeleted(id) => {
                self.parts.engine.forget_campaign(id);
                Ok(Done::Accepted)
            }
            Control::ListGrown(list) | Control::EntryRemoved { list, .. } => {
                self.parts.engine.handle_list_changed(now, list);
                Ok(Done::Accepted)
            }
            // The reserving transaction looks at the list again, so nothing waits in memory.
            Control::DoNotCallAdded(_) => Ok(Done::Accepted),
            Control::HangUp { call, by } => {
                if self.parts.engine.hang_up(now, call, &format!("ended by {by}")) {
                    Ok(Done::Accepted)
                } else {
                    Err(Refused::NotFound(format!("no call {call} is up")))
                }
            }
            Control::Bridge { call, order, by } => {
                let done = self.parts.engine.bridge_order(now, call, order, &by);
                done.map(|()| Done::Accepted).map_err(|refusal| match refusal {
                    BridgeRefusal::NotFound(why) => Refused::NotFound(why),
                    BridgeRefusal::Conflict(why) => Refused::Conflict(why),
                    BridgeRefusal::Unreachable(why) => Refused::Invalid(why),
                })
            }
            Control::Errand { errand, by } => {
                tracing::info!(script = errand.script, by, "a call of no list is ordered");
                self.parts.engine.run_errand(now, errand).map(Done::Call).map_err(Refused::Conflict)
            }
            Control::Canary { trunk, by } => {
                tracing::info!(trunk, by, "a canary is ordered");
                self.parts.engine.run_canary(now, &trunk, &by).map(Done::Call).map_err(Refused::Conflict)
            }
            Control::HoldTrunk { trunk, reason } => {
                let why = reason.as_ref().map(|reason| &*reason.code);
                tracing::info!(trunk, why, "campaigns are held off a trunk, or are not");
                self.parts.engine.hold_trunk(now, &trunk, reason);
                Ok(Done::Accepted)
            }
            Control::CancelCallback { call, by } => {
                tracing::info!(call_id = %call, by, "a callback is taken out");
                match self.parts.engine.cancel_callback(now, call) {
                    true => Ok(Done::Accepted),
                    false => Err(Refused::NotFound(format!("no callback of call {call} lives"))),
                }
            }
            Control::Duty { roster, chain } => {
                self.parts.engine.set_duty(roster, chain);
                Ok(Done::Accepted)
            }
            Control::Agent { name, wish, by } => {
                self.parts.engine.agent_wish(now, &name, wish, &by).map(Done::Agent).map_err(no_wish)
            }
            // The guard answers first: whoever asked waits for it.
            Control::Dial { order, by } => match self.parts.engine.dial(now, order) {
                Ok(call) => {
                    tracing::info!(call_id = %call, by, "a call for an agent");
                    self.dials.insert(call, reply);
                    self.changed = true;
                    return;
                }
                Err(why) => Err(Refused::Conflict(why)),
            },
            Control::Drain { mode, by } => {
                tracing::info!(?mode, by, "drain ordered");
                Ok(Done::Draining { calls: self.drain(mode) })
            }
            // Files are read outside the loop; the answer comes from there.
            Control::Reload { by } => return self.reload(&by, Some(reply)),
        };
        self.changed = true;
        // Who asked may have gone away.
        reply.send(answer).ok();
    }

    /// The guard answered for a call of an agent; whoever ordered it hears so.
    pub(super) fn answer_dial(&mut self, call: CallId, refused: Option<&Reason>) {
        let Some(reply) = self.dials.remove(&call) else { return };
        let answer = match refused {
            Some(reason) => Err(Refused::Conflict(format!("{}: {}", reason.code, reason.detail))),
            None => Ok(Done::Dialled(call)),
        };
        // Who asked may have gone away.
        reply.send(answer).ok();
    }

    fn campaign(&mut self, id: CampaignId, command: Command, by: &str) -> Result<Done, Refused> {
        let now = self.now();
        let result = self.parts.engine.command(now, id, command, by);
        result.map(Done::Campaign).map_err(refused)
    }
}

fn no_wish(refusal: Refusal) -> Refused {
    let text = refusal.to_string();
    match refusal {
        Refusal::Unknown(_) => Refused::NotFound(text),
        Refusal::NoPhone(_) | Refusal::State(..) => Refused::Conflict(text),
        Refusal::UnknownReason(..) => Refused::Invalid(text),
    }
}

fn refused(error: dialer::Error) -> Refused {
    match &error {
        dialer::Error::UnknownCampaign(_) => Refused::NotFound(error.to_string()),
        dialer::Error::BadState { .. } => Refused::Conflict(error.to_string()),
        dialer::Error::Setting { .. } => Refused::Invalid(error.to_string()),
    }
}
