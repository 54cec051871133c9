//! From the dialler's order to the INVITE, and from a call's wishes to the other machines.

use std::time::Duration;

use bytes::Bytes;

use super::remainder::Remainder;
use super::{Engine, Notice, Output, Report, Write};
use crate::base::{Blame, CallId, Cause, Disposition, Now};
use crate::call::{self, Action, Call, CallRecord, Closing, Direction, EndedBy, Extension, Plan, Way};
use crate::dialer::{self, Order, Route, RouteFailure};
use crate::ivr::Facts;
use crate::policy::code;
use crate::sip::endpoint::{Hangup, Invite};

/// How soon a customer is called again who answered and found nobody.
const ABANDONED_AGAIN: Duration = Duration::from_secs(60);

impl Engine {
    pub(super) fn handle_dialer(&mut self, now: Now, action: dialer::Action) {
        use dialer::Action as A;
        match action {
            A::Fetch { campaign, list, limit } => self.output(Output::Fetch { campaign, list, limit }),
            A::Reserve(attempts) => self.write(Write::Reserve(attempts)),
            A::Dial(order) => self.dial_entry(now, *order),
            A::Release { call, campaign, update } => {
                let record = CallRecord {
                    campaign: Some(campaign),
                    entry: Some(update.entry),
                    disposition: Disposition::Cancelled,
                    detail: update.reason.detail.clone(),
                    ..blank(call, now)
                };
                let report =
                    Report { record, alarm: None, trace: Vec::new(), entry: Some(update), do_not_call: None };
                self.write(Write::Report(Box::new(report)));
            }
            A::Update(updates) => self.write(Write::Entries(updates)),
            A::Blocked { campaign, reason } => {
                if let Some(reason) = reason.as_ref().filter(|reason| reason.code == code::NO_AGENT) {
                    let word = format!("no_agent: campaign {campaign}: {}", reason.detail);
                    self.notice(Notice::Alarm { call: None, word });
                }
                self.note_blocked(campaign, reason.clone());
                self.notice(Notice::Blocked(campaign, reason.clone()));
                self.write(Write::Blocked { campaign, reason });
            }
            A::State { campaign, state } => {
                self.notice(Notice::Campaign(campaign, state));
                self.note_state(now, campaign, state);
                self.write(Write::State { campaign, state, by: self.by.clone() });
            }
            A::HangUp(calls) => {
                for id in calls {
                    self.with_call(now, id, call::Event::Stop("the campaign was stopped".into()));
                }
            }
        }
    }

    fn dial_entry(&mut self, now: Now, order: Order) {
        let Some(script) = self.library.scripts.get(&order.script).cloned() else {
            let detail = format!("script `{}` does not exist: add it or change the campaign", order.script);
            return self.fail(now, &order, detail);
        };
        let details = &order.candidate.details;
        let facts = Facts {
            fields: details.fields.clone(),
            name: details.name.clone(),
            language: order.language.clone(),
            timezone: self.settings.timezone.clone(),
            can_speak: self.settings.can_speak,
        };
        let plan = Plan {
            id: order.call,
            direction: Direction::Outbound,
            campaign: Some(order.campaign),
            entry: Some(order.candidate.entry),
            phone: details.phone.to_string(),
            extension: Some(details.extension.clone())
                .filter(|keys| !keys.is_empty())
                .map(|keys| Extension { pause: order.extension_pause, keys, wait: order.extension_wait }),
            script,
            facts,
            prompts: self.library.names.clone(),
            machine: order.machine,
            amd: self.settings.amd.clone(),
            setup: self.settings.setup_timeout,
            ring: order.ring,
            rtp_timeout: self.settings.rtp_timeout,
            recordings: self.settings.recordings.clone(),
            stem: self.stem(now, order.call),
            record: self.settings.record,
        };
        let Some(way) = self.way(&order.route) else {
            return self.fail(now, &order, format!("trunk `{}` is gone", order.route.trunk));
        };
        let call = Call::outbound(now, plan, way, self.rng.fork());
        self.routes.insert(order.call, Dialled::of(&order));
        self.adopt(now, call, None);
    }

    /// A reserved attempt that cannot even begin.
    fn fail(&mut self, now: Now, order: &Order, detail: String) {
        let record = CallRecord {
            campaign: Some(order.campaign),
            entry: Some(order.candidate.entry),
            phone: order.candidate.details.phone.to_string(),
            disposition: Disposition::Failed,
            detail,
            ..blank(order.call, now)
        };
        let closing = Closing { record, later_at: None, do_not_call: false, alarm: None, trace: Vec::new() };
        self.report(now, closing);
    }

    /// The media side of a trunk.
    pub(super) fn way(&self, route: &Route) -> Option<Way> {
        self.trunk_named(&route.trunk).map(|trunk| Way {
            trunk: route.trunk.clone(),
            codecs: trunk.settings.codecs.clone(),
            srtp: trunk.settings.srtp,
            rtcp_mux: trunk.settings.rtcp_mux,
            external: super::local::media(&self.settings, &trunk.settings, trunk.routed),
        })
    }

    pub(super) fn handle_call_action(&mut self, now: Now, slot: u64, action: Action) {
        match action {
            Action::Media(command) => {
                self.output(Output::Media(crate::media::SessionId(slot), command));
            }
            Action::Invite { offer, second } => self.invite(now, slot, offer, second),
            Action::Accept(sdp) => {
                if let Some(session) = self.session_of(slot) {
                    self.endpoint.accept(now, session, sdp);
                }
            }
            Action::Reject(status) => {
                if let Some(session) = self.session_of(slot) {
                    self.endpoint.reject(now, session, status, Vec::new());
                }
            }
            Action::Answer(answer) => {
                if let Some(session) = self.session_of(slot) {
                    self.endpoint.answer(now, session, answer);
                }
            }
            Action::HangUp { q850, text } => {
                if let Some(session) = self.session_of(slot) {
                    self.endpoint.hangup(now, session, Hangup { status: 0, q850, text });
                }
            }
            Action::Reroute(failure) => self.reroute(now, slot, failure),
            Action::Store(answer) => {
                self.notice(Notice::Answer(answer.clone()));
                self.write(Write::Answer(answer));
            }
            Action::Speak { speech, text, language } => {
                if let Some(call) = self.id_of(slot) {
                    self.output(Output::Speak { call, speech, text, language });
                }
            }
            Action::Load { speech, path } => {
                if let Some(call) = self.id_of(slot) {
                    self.output(Output::Load { call, speech, path });
                }
            }
            Action::KeepPrompt { name, path } => self.output(Output::KeepPrompt { name, path }),
            Action::Changed => {
                self.tell_dialler(now, slot);
                if let Some(id) = self.id_of(slot) {
                    self.notice(Notice::Call(id));
                }
            }
            Action::Connect(wanted) => self.want(now, slot, *wanted),
            Action::CallBack => self.want_callback(now, slot),
            Action::Consent(consent) => self.heed_consent(now, slot, consent),
            Action::Key(key) => self.handle_customer_key(slot, key),
            Action::Report(mut closing) => {
                closing.record.bridging = self.close_bridge(now, slot);
                self.drop_slot(slot);
                self.report(now, *closing);
            }
        }
    }

    pub(super) fn id_of(&self, slot: u64) -> Option<CallId> {
        let alone = || self.remainders.get(&slot).map(Remainder::id);
        self.slots.get(&slot).map(|s| s.call.plan().id).or_else(alone)
    }

    fn session_of(&self, slot: u64) -> Option<crate::sip::endpoint::SessionId> {
        self.slots.get(&slot).and_then(|s| s.session)
    }

    fn invite(&mut self, now: Now, slot: u64, offer: Bytes, second_offer: Option<Bytes>) {
        let Some(entry) = self.slots.get(&slot) else { return };
        let id = entry.call.plan().id;
        let trunk = entry.call.trunk().and_then(|name| self.trunk_named(name));
        let invite = match (trunk, self.routes.get(&id)) {
            (Some(trunk), Some(dialled)) => trunk.destination().cloned().map(|destination| {
                let from_user =
                    if dialled.caller_id.is_empty() { &trunk.settings.caller_id } else { &dialled.caller_id };
                let from = name_addr(&dialled.caller_name, from_user, trunk.domain());
                let mut headers = Vec::new();
                if trunk.settings.assert_identity {
                    headers.push(("P-Asserted-Identity".to_owned(), from.clone()));
                }
                headers.extend(self.canary_mark(id));
                Invite {
                    destination,
                    connection: None,
                    request_uri: trunk.uri(&dialled.number),
                    to: format!("<{}>", trunk.uri(&dialled.number)),
                    from,
                    contact_user: from_user.clone(),
                    headers,
                    route: trunk.route(),
                    offer: Some(offer),
                    second_offer,
                    auth: trunk.settings.credentials.clone(),
                    redirect: trunk.redirect(),
                    require_100rel: false,
                }
            }),
            _ => None,
        };
        let Some(invite) = invite else {
            // The trunk lost its address between the choice and the INVITE.
            return self.reroute_unreached(now, slot);
        };
        let name = self.slots.get(&slot).and_then(|s| s.call.trunk()).unwrap_or_default().to_owned();
        let session = self.endpoint.invite(now, invite);
        self.by_session.insert(session, slot);
        if let Some(old) = self.slots.get_mut(&slot).and_then(|entry| entry.session.replace(session)) {
            self.by_session.remove(&old);
        }
        if let Some(trunk) = self.trunk_named_mut(&name) {
            trunk.counts.placed += 1;
            trunk.counts.calls += 1;
        }
    }

    fn reroute_unreached(&mut self, now: Now, slot: u64) {
        let end = crate::sip::endpoint::End {
            by: crate::sip::endpoint::By::Fault,
            cause: Cause { sip: 503, q850: 38 },
            reason: "the trunk has no address".into(),
            retry_after: None,
            redirected_to: Vec::new(),
            trace: Default::default(),
        };
        self.with_slot(now, slot, call::Event::SessionEnded(Box::new(end)));
    }

    fn reroute(&mut self, now: Now, slot: u64, failure: RouteFailure) {
        let Some(entry) = self.slots.get(&slot) else { return };
        let id = entry.call.plan().id;
        let name = entry.call.trunk().unwrap_or_default().to_owned();
        if let Some(trunk) = self.trunk_named_mut(&name) {
            trunk.counts.failed += 1;
            trunk.counts.calls = trunk.counts.calls.saturating_sub(1);
        }
        let route = self.dialer.handle_route_failed(now, id, failure);
        if let (Some(route), Some(dialled)) = (&route, self.routes.get_mut(&id)) {
            dialled.number.clone_from(&route.number);
        }
        let way = route.as_ref().and_then(|route| self.way(route));
        self.with_slot(now, slot, call::Event::Route(way));
    }

    /// Everything that follows the end of a call, in one place.
    pub(super) fn report(&mut self, now: Now, closing: Closing) {
        let Closing { mut record, later_at, do_not_call, alarm, trace } = closing;
        if let Some(dial) = self.dials.remove(&record.id) {
            record.bridging.begun_by = Some(dial.agent);
        }
        if let Some(place) = self.desk.code_calls.iter().position(|id| *id == record.id) {
            // The agent's state is the record of it.
            self.desk.code_calls.remove(place);
            return;
        }
        if let Some(campaign) = record.campaign.filter(|_| record.answered_at.is_some()) {
            self.dialer.handle_answered(now, campaign, record.bridging.abandoned);
        }
        self.end_return(now, &record);
        // Whoever answered and found nobody is called first, as if they had named the time.
        let ended = match record.bridging.abandoned {
            true => {
                dialer::Ended { disposition: Disposition::Later, later_at: Some(now.utc + ABANDONED_AGAIN) }
            }
            false => dialer::Ended { disposition: record.disposition, later_at },
        };
        let entry = self.dialer.handle_call_ended(now, record.id, ended);
        self.routes.remove(&record.id);
        if let (Some(campaign), Some(update)) = (record.campaign, &entry) {
            self.note_finished(campaign, update.state);
        }
        let answered = record.answered_at.is_some();
        let carrier = record.blame == Blame::Carrier && !answered;
        if let Some(trunk) = record.trunk.as_deref().and_then(|name| self.trunk_named_mut(name)) {
            trunk.counts.calls = trunk.counts.calls.saturating_sub(1);
            // Of those that were placed: a call that came in says nothing of how well the trunk reaches people.
            trunk.counts.answered += u64::from(answered && record.direction == Direction::Outbound);
            trunk.counts.failed += u64::from(carrier);
        }
        if let Some(word) = &alarm {
            self.notice(Notice::Alarm { call: Some(record.id), word: word.clone() });
        }
        self.notice(Notice::Ended {
            call: record.id,
            campaign: record.campaign,
            disposition: record.disposition,
            detail: record.detail.clone(),
        });
        let do_not_call = do_not_call.then(|| "asked for by key in the call".to_owned());
        let call = record.id;
        self.write(Write::Report(Box::new(Report { record, alarm, trace, entry, do_not_call })));
        self.note_canary_call(now, call, "");
    }
}

/// What an outbound call is dialled with, kept for the next trunk.
#[derive(Clone, Debug)]
pub(super) struct Dialled {
    number: String,
    caller_id: String,
    caller_name: String,
}

impl Dialled {
    /// To a number of no list: shown is the trunk's own.
    pub(super) fn to(route: &Route) -> Self {
        Dialled { number: route.number.clone(), caller_id: String::new(), caller_name: String::new() }
    }

    fn of(order: &Order) -> Self {
        Dialled {
            number: order.route.number.clone(),
            caller_id: order.caller_id.clone(),
            caller_name: order.caller_name.clone(),
        }
    }
}

/// `"name" <sip:user@host>`; quotes and line ends in the name are removed.
pub(super) fn name_addr(name: &str, user: &str, host: &str) -> String {
    let name: String = name.chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect();
    let at = if user.is_empty() { "" } else { "@" };
    match name.trim() {
        "" => format!("<sip:{user}{at}{host}>"),
        name => format!("\"{name}\" <sip:{user}{at}{host}>"),
    }
}

/// A record of a call that never reached the network.
pub(super) fn blank(id: CallId, now: Now) -> CallRecord {
    CallRecord {
        id,
        direction: Direction::Outbound,
        campaign: None,
        entry: None,
        phone: String::new(),
        trunk: None,
        script: None,
        started_at: now.utc,
        ringing_at: None,
        early_media_at: None,
        answered_at: None,
        ended_at: now.utc,
        disposition: Disposition::Failed,
        cause: Cause::default(),
        blame: Blame::Ours,
        ended_by: EndedBy::Us,
        detail: String::new(),
        amd: None,
        recording: None,
        quality: None,
        steps: Vec::new(),
        bridging: Default::default(),
        notice: Default::default(),
    }
}
