//! What people see of the running daemon: the snapshot and the event stream.

use serde::Serialize;
use serde_json::json;

use super::driver::{Driver, Parts};
use super::log::told;
use crate::agent::{self, AgentView};
use crate::base::{CallId, CampaignId, Disposition, EntryId};
use crate::call::State;
use crate::dialer::Health;
use crate::engine::{Engine, LegView, Notice, Trunk};
use crate::io::certificate::Certificate;
use crate::io::recorder::Disk;
use crate::io::web::{
    AgentRules, AwayReason, CardOf, LiveAgent, LiveCall, LiveCampaign, LiveCertificate, LiveLeg, LivePhone,
    LiveQueue, LiveSnapshot, LiveTrunk, LiveWaiting, Readiness, agent_card,
};
use crate::sip::registrar::Binding;

/// Everything that is live at this moment.
pub(super) fn snapshot(parts: &Parts, draining: bool) -> LiveSnapshot {
    let engine = &parts.engine;
    let now = parts.clock.now();
    LiveSnapshot {
        at: now.utc,
        calls: engine
            .calls()
            .map(|c| LiveCall {
                id: c.id,
                direction: c.direction,
                campaign: c.campaign,
                entry: c.entry,
                phone: c.phone.to_owned(),
                name: c.name.to_owned(),
                trunk: c.trunk.map(str::to_owned),
                state: c.state.as_str().to_owned(),
                script: c.script.to_owned(),
                step: c.step.to_owned(),
                started_at: c.started_at,
                answered_at: c.answered_at,
                on_hold: engine.rests_of(c.id).0,
                recording_paused: engine.rests_of(c.id).1,
                legs: engine.legs_of(c.id).into_iter().map(live_leg).collect(),
            })
            .collect(),
        trunks: engine.trunks().iter().map(|trunk| live_trunk(engine, trunk)).collect(),
        agent_rules: agent_rules(engine),
        queues: live_queues(engine),
        agents: engine.agents(now).into_iter().map(|agent| live_agent(engine, agent)).collect(),
        campaigns: engine
            .campaigns(now)
            .into_iter()
            .map(|c| LiveCampaign {
                id: c.id,
                state: c.state,
                calls: c.calls,
                blocked: c.blocked,
                eta: c.eta,
            })
            .collect(),
        readiness: readiness(parts, draining),
    }
}

fn live_leg(leg: LegView) -> LiveLeg {
    LiveLeg {
        number: leg.number,
        kind: leg.kind.as_str().to_owned(),
        target: leg.target,
        state: leg.state.as_str().to_owned(),
        held: leg.held,
        muted: leg.muted,
        consulted: leg.consulted,
        supervises: leg.supervises,
    }
}

fn agent_rules(engine: &Engine) -> AgentRules {
    let rules = engine.agent_rules();
    let reason = |reason: &agent::NotReadyReason| AwayReason {
        word: reason.word.clone(),
        limit_ms: i64::try_from(reason.limit.as_millis()).unwrap_or(i64::MAX),
    };
    AgentRules { reasons: rules.reasons.iter().map(reason).collect(), wrap_up_may_end: rules.wrap_up_may_end }
}

fn live_queues(engine: &Engine) -> Vec<LiveQueue> {
    let queues = engine.queues();
    let line = queues.line();
    let waiting = |name: &str| {
        let of = line.iter().filter(|one| one.queue == name);
        of.map(|one| LiveWaiting {
            call: one.call,
            phone: one.number.clone(),
            is_callback: one.is_callback,
            position: one.position as u64,
            since: one.since,
            ringing: one.ringing.clone(),
        })
        .collect()
    };
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let queue = |name: &str| {
        let figures = queues.figures(name).copied().unwrap_or_default();
        LiveQueue {
            name: name.to_owned(),
            waiting: waiting(name),
            offered: figures.offered,
            answered: figures.answered,
            answered_in_time: figures.answered_in_time,
            abandoned: figures.abandoned,
            overflowed: figures.overflowed,
            promised: figures.promised,
            average_wait_ms: figures.average_wait().map(ms),
            longest_wait_ms: figures.longest_wait_ms,
            service_level: figures.service_level(),
        }
    };
    queues.names().map(queue).collect()
}

fn live_agent(engine: &Engine, agent: AgentView) -> LiveAgent {
    let phone = |phone: &Binding| LivePhone {
        transport: phone.destination.transport.to_string(),
        address: phone.destination.addr.to_string(),
        user_agent: phone.user_agent.clone(),
        since: phone.since.0,
    };
    LiveAgent {
        phones: engine.phones_of(&agent.extension).into_iter().map(phone).collect(),
        name: agent.name,
        extension: agent.extension,
        state: agent.state,
        reason: agent.reason,
        since: agent.since,
        until: agent.until,
        call: agent.call,
        phones_since: agent.phones_since,
        offered: agent.offered,
        answered: agent.answered,
        answer_delay_ms: agent.answer_delay_ms,
        slowest_answer_ms: agent.slowest_answer_ms,
    }
}

fn readiness(parts: &Parts, draining: bool) -> Readiness {
    let mut reasons = Vec::new();
    let (disk_ok, disk_free_bytes) = match &*parts.disk.borrow() {
        Disk::Well { free } => (true, *free),
        Disk::Low { free } => {
            reasons.push(format!("only {} MB are left for recordings", free / 1_000_000));
            (false, *free)
        }
        Disk::Failed(why) => {
            reasons.push(format!("recordings cannot be written: {why}"));
            (false, 0)
        }
    };
    if draining {
        reasons.push("the daemon is stopping".into());
    }
    let certificate =
        |c: &Certificate| LiveCertificate { file: c.path.display().to_string(), expires_at: c.expires_at.0 };
    Readiness {
        sip_bound: true,
        disk_ok,
        disk_free_bytes,
        draining,
        reasons,
        warnings: parts.certificates.warnings(parts.clock.now().utc),
        certificates: parts.certificates.certificates().iter().map(certificate).collect(),
    }
}

fn live_trunk(engine: &Engine, trunk: &Trunk) -> LiveTrunk {
    let (state, detail) = match &trunk.health {
        Health::Up => ("up", String::new()),
        Health::Down(why) => ("down", why.clone()),
        Health::Unknown if trunk.settings.register.is_some() => ("registering", String::new()),
        Health::Unknown => ("unknown", String::new()),
    };
    let address = match trunk.destination() {
        Some(destination) => destination.addr.to_string(),
        None => trunk.settings.server.host.clone(),
    };
    LiveTrunk {
        name: trunk.name().to_owned(),
        transport: trunk.destination().map(|d| d.transport.to_string()).unwrap_or_default(),
        address,
        state: state.into(),
        since: trunk.since,
        detail,
        round_trip_ms: trunk.rtt.map(|rtt| u64::try_from(rtt.as_millis()).unwrap_or(u64::MAX)),
        calls: trunk.counts.calls,
        max_calls: trunk.settings.choice.max_calls.into(),
        max_cps: trunk.settings.choice.max_cps,
        placed: trunk.counts.placed,
        answered: trunk.counts.answered,
        failed: trunk.counts.failed,
        held: engine.trunk_held(trunk.name()).map(|reason| reason.code.to_string()).unwrap_or_default(),
        canary: engine.canary().filter(|(name, _)| *name == trunk.name()).map(|(_, call)| call),
    }
}

/// A call that goes on, as the event stream tells it.
#[derive(Serialize)]
struct CallEvent<'a> {
    call: CallId,
    campaign: Option<CampaignId>,
    entry: Option<EntryId>,
    state: State,
    step: &'a str,
    trunk: Option<&'a str>,
}

/// A call that is over.
#[derive(Serialize)]
struct EndedEvent<'a> {
    call: CallId,
    campaign: Option<CampaignId>,
    state: &'static str,
    disposition: Disposition,
    detail: &'a str,
}

impl Driver {
    /// Tells the event stream, the counters and the log.
    pub(super) fn notify(&mut self, notice: Notice) {
        self.changed = true;
        match notice {
            Notice::Call(id) => self.notify_call(id),
            Notice::Ended { call, campaign, disposition, detail } => {
                tracing::info!(call_id = %call, %disposition, detail = told(&detail), "call ended");
                let event = EndedEvent { call, campaign, state: "ended", disposition, detail: &detail };
                self.parts.hub.publish_value("call", &event);
            }
            Notice::Leg { call, number, kind, target, state } => {
                let event = json!({ "call": call, "number": number, "kind": kind, "target": told(&target),
                    "state": state });
                self.parts.hub.publish_value("leg", &event);
            }
            Notice::Detached { call, goes_on, agent } => {
                tracing::info!(call_id = %call, %goes_on, agent, "the customer left, a consultation goes on");
                let event = json!({ "call": call, "state": "customer_left", "goes_on": goes_on,
                    "agent": agent });
                self.parts.hub.publish_value("leg", &event);
            }
            Notice::Cleared { call, agent, refused } => {
                self.answer_dial(call, refused.as_ref());
                let event = json!({ "call": call, "agent": agent, "refused": refused });
                self.parts.hub.publish_value("dial", &event);
            }
            Notice::Waiting { call, position, expected_s } => {
                let event = json!({ "call": call, "state": "waiting", "position": position, "expected_s": expected_s });
                self.parts.hub.publish_value("queue", &event);
            }
            Notice::Queued { call, queue, fate, agent, waited_ms } => {
                let event = json!({ "call": call, "queue": queue, "state": fate, "agent": agent, "waited_ms": waited_ms });
                self.parts.hub.publish_value("queue", &event);
            }
            Notice::Callback { call, queue, fate } => {
                tracing::info!(call_id = %call, queue, fate, "callback of a queue ended");
                let event = json!({ "call": call, "queue": queue, "state": "callback_ended", "fate": fate });
                self.parts.hub.publish_value("queue", &event);
            }
            Notice::Caller { call, customer, vip } => {
                let event = json!({ "call": call, "customer": customer, "vip": vip });
                self.parts.hub.publish_value("caller", &event);
            }
            Notice::Answer(answer) => {
                self.parts.telemetry.survey_answers.with(&[]).add(1);
                let event = json!({ "call": answer.call, "question": answer.question, "keys": answer.keys,
                    "meaning": answer.meaning, "score": answer.score, "at": answer.at });
                self.parts.hub.publish_value("answer", &event);
            }
            Notice::Campaign(id, state) => {
                tracing::info!(campaign = id.0, %state, "campaign");
                self.parts.hub.publish_value("campaign", &json!({ "campaign": id, "state": state }));
            }
            Notice::Blocked(id, reason) => {
                self.parts.hub.publish_value("campaign", &json!({ "campaign": id, "blocked": reason }));
            }
            Notice::Trunk { name, state, detail } => {
                tracing::info!(trunk = name, state, detail = told(&detail), "trunk");
                let event = json!({ "trunk": name, "state": state, "detail": detail });
                self.parts.hub.publish_value("trunk", &event);
            }
            Notice::Canary { trunk, state, call } => {
                tracing::info!(trunk, state, call_id = %call, "canary");
                let event = json!({ "trunk": trunk, "canary": state, "call": call });
                self.parts.hub.publish_value("trunk", &event);
            }
            Notice::Agent(change) => {
                tracing::info!(
                    agent = change.agent,
                    state = change.to.as_str(),
                    reason = change.reason,
                    "agent"
                );
                if matches!(change.to, agent::State::Offered | agent::State::OnCall) {
                    self.send_card(&change);
                }
                let event = json!({ "agent": change.agent, "state": change.to, "reason": change.reason,
                    "call": change.call, "by": change.by, "at": change.at });
                self.parts.hub.publish_value("agent", &event);
            }
            Notice::Alarm { call, word } => self.alarm(call, &word),
        }
    }

    /// The customer's card travels with the call: whoever shows it to the agent asks for nothing.
    fn send_card(&self, change: &agent::Change) {
        let Some(call) = change.call.and_then(|id| self.parts.engine.call(id)) else { return };
        let asked = CardOf {
            agent: change.agent.clone(),
            call: call.id,
            phone: call.phone.to_owned(),
            name: call.name.to_owned(),
            entry: call.entry,
            script: call.script.to_owned(),
        };
        let (api, hub) = (self.parts.api.clone(), self.parts.hub.clone());
        tokio::spawn(async move {
            match agent_card(&api, asked, false).await {
                Ok(card) => hub.publish_value("card", &card),
                Err(problem) => tracing::warn!(problem = &*problem.detail, "a card could not be made"),
            }
        });
    }

    fn notify_call(&mut self, id: CallId) {
        let Some(call) = self.parts.engine.call(id) else { return };
        let (campaign, entry, state) = (call.campaign, call.entry, call.state);
        let event = CallEvent { call: id, campaign, entry, state, step: call.step, trunk: call.trunk };
        self.parts.hub.publish_value("call", &event);
    }

    /// Something a person must look at.
    pub(super) fn alarm(&mut self, call: Option<CallId>, word: &str) {
        let stable = word.split(':').next().unwrap_or(word);
        self.parts.telemetry.alarms.with(&[stable]).add(1);
        match call {
            Some(call) => tracing::warn!(call_id = %call, alarm = told(word), "alarm"),
            None => tracing::warn!(alarm = told(word), "alarm"),
        }
        self.parts.hub.publish_value("alarm", &json!({ "call": call, "alarm": word }));
    }
}
