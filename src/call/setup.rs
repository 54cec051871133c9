//! From the first socket to the answer.

use bytes::Bytes;

use super::machine::Verdict;
use super::{Action, Call, Direction, Extension, State, Way};
use crate::base::{Blame, Cause, Disposition, Now};
use crate::dialer::{MachinePolicy, RouteFailure};
use crate::ivr;
use crate::media::{Command, PromptLibrary};
use crate::sip::endpoint::End;

impl Call {
    pub(super) fn handle_opened(&mut self, now: Now, addr: std::net::SocketAddr, prompts: &PromptLibrary) {
        self.media_open = true;
        self.negotiation.bind(addr);
        if self.verdict.is_some() {
            // Stopped while the socket was being bound.
            return self.close_media(now);
        }
        match self.plan.direction {
            Direction::Outbound if self.waits => self.enter(now, State::Waiting),
            Direction::Outbound => self.send_invite(now),
            Direction::Inbound => self.accept(now, prompts),
        }
    }

    /// The agent is there. One who is there before the socket is does not wait again.
    pub(super) fn handle_dial(&mut self, now: Now) {
        self.waits = false;
        if self.state == State::Waiting {
            self.send_invite(now);
        }
    }

    fn send_invite(&mut self, now: Now) {
        let Some(way) = &self.way else { return self.close_media(now) };
        match self.negotiation.first_offer(way) {
            Ok((offer, second)) => {
                self.early = None;
                self.prepare_runner(now);
                self.out.push_back(Action::Invite { offer, second });
                self.enter_for(now, State::Calling, self.plan.setup);
            }
            Err(problem) => {
                self.verdict = Some(Verdict::new(Disposition::Failed, Blame::Ours, problem));
                self.close_media(now);
            }
        }
    }

    fn accept(&mut self, now: Now, prompts: &PromptLibrary) {
        self.enter(now, State::Incoming);
        let Some(way) = &self.way else { return self.close_media(now) };
        match self.negotiation.answer_first(way) {
            Ok((sdp, stream)) => {
                self.prepare_runner(now);
                if self.rings {
                    self.ready = Some((sdp, stream));
                    if let Some(runner) = &mut self.runner {
                        runner.handle_event(now, ivr::Event::Started);
                    }
                    return self.drain_runner(now, prompts);
                }
                self.out.push_back(Action::Accept(sdp));
                if let Some(stream) = stream {
                    self.media(Command::Start(stream));
                }
                self.begin(now, prompts);
            }
            Err(problem) => {
                self.verdict = Some(Verdict::new(Disposition::Incompatible, Blame::Peer, problem));
                self.out.push_back(Action::Reject(488));
                self.enter(now, State::Releasing);
            }
        }
    }

    /// Speech that needs the TTS command is made while the phone rings.
    fn prepare_runner(&mut self, now: Now) {
        if self.runner.is_some() {
            return;
        }
        let plan = &self.plan;
        self.runner = Some(ivr::Runner::start(plan.script.clone(), plan.facts.clone(), plan.prompts.clone()));
        self.drain_runner(now, &PromptLibrary::default());
    }

    pub(super) fn handle_provisional(&mut self, now: Now, status: u16, sdp: Option<Bytes>, fork: u32) {
        if !self.is_ringing() {
            return;
        }
        let has_sdp = sdp.is_some();
        let agreed = sdp.zip(self.way.as_ref()).map(|(sdp, way)| self.negotiation.accept(&sdp, way));
        if let Some(Ok(stream)) = agreed {
            self.early = Some((fork, stream));
        }
        let at = self.clock(now);
        if status == 180 || status == 183 {
            self.stamps.ringing.get_or_insert(at);
        }
        // The ring time runs from the first sign of ringing and is not begun anew by the next.
        let left = match self.state {
            State::Calling => self.plan.ring,
            _ => self.deadline.since(now.mono),
        };
        if has_sdp && self.state != State::Early {
            self.stamps.early.get_or_insert(at);
            self.enter_for(now, State::Early, left);
        } else if self.state == State::Calling && (status == 180 || status == 183) {
            self.enter_for(now, State::Ringing, left);
        }
    }

    /// Our INVITE is out and has no final response.
    pub(super) fn is_ringing(&self) -> bool {
        matches!(self.state, State::Calling | State::Ringing | State::Early)
    }

    pub(super) fn handle_answered(
        &mut self,
        now: Now,
        sdp: Option<Bytes>,
        fork: u32,
        prompts: &PromptLibrary,
    ) {
        if !self.is_ringing() {
            return;
        }
        self.stamps.answered = Some(self.clock(now));
        let Some(way) = &self.way else { return };
        let early = self.early.take().filter(|(phone, _)| *phone == fork).map(|(_, stream)| stream);
        let accepted = match (&sdp, early) {
            // A later exchange of the early dialog holds, whatever the 2xx repeats.
            (Some(_), Some(stream)) if !self.negotiation.is_open() => Ok(stream),
            (Some(sdp), _) => self.negotiation.accept(sdp, way),
            (None, Some(stream)) => Ok(stream),
            (None, None) => Err("the answer carried no session description".to_owned()),
        };
        match accepted {
            Ok(stream) => {
                self.media(Command::Start(stream));
                self.begin(now, prompts);
            }
            Err(problem) => {
                self.verdict = Some(Verdict::new(Disposition::Incompatible, Blame::Carrier, problem));
                self.hang_up(now, 127, "no common media");
            }
        }
    }

    /// The call is up: the tap goes on, then an extension is dialled through, where there is one.
    fn begin(&mut self, now: Now, prompts: &PromptLibrary) {
        self.go_up(now);
        match self.plan.extension.clone().filter(|_| self.plan.direction == Direction::Outbound) {
            Some(Extension { pause, keys, .. }) => {
                self.media(Command::SendKeys { pause, keys });
                self.enter(now, State::Extension);
            }
            None => self.meet(now, prompts),
        }
    }

    fn go_up(&mut self, now: Now) {
        let at = self.clock(now);
        self.stamps.answered.get_or_insert(at);
        if self.plan.record {
            let path = self.plan.recordings.join(format!("{}.wav", self.plan.stem));
            self.media(Command::Record { path });
        }
    }

    /// Somebody is there for a caller who was not answered yet.
    pub(super) fn accept_late(&mut self, now: Now) {
        let Some((sdp, stream)) = self.ready.take() else { return };
        self.out.push_back(Action::Accept(sdp));
        if let Some(stream) = stream {
            self.media(Command::Start(stream));
        }
        self.go_up(now);
        self.enter(now, State::Script);
    }

    /// Nobody is there for a caller who was not answered yet.
    pub(super) fn refuse_late(&mut self, now: Now) {
        let nobody = || Verdict::new(Disposition::NoAnswer, Blame::Peer, "nobody answered");
        self.verdict.get_or_insert_with(nobody);
        self.out.push_back(Action::Reject(480));
        self.enter(now, State::Releasing);
    }

    /// Person or machine is told, or the script begins.
    pub(super) fn meet(&mut self, now: Now, prompts: &PromptLibrary) {
        let ask = self.plan.direction == Direction::Outbound && self.plan.machine != MachinePolicy::Ignore;
        if ask {
            self.media(Command::Detect(self.plan.amd.clone()));
            self.enter(now, State::Detecting);
        } else {
            self.run_script(now, ivr::Event::Started, prompts);
        }
    }

    /// The other end of INVITE where it was not answered.
    pub(super) fn handle_refused(&mut self, now: Now, end: &End) {
        let read = super::unanswered(end.cause);
        let gave_up = self.verdict.is_some();
        let stopped = (gave_up && !self.setup_timed_out) || self.plan.direction == Direction::Inbound;
        let next_way = read.try_next_trunk || self.setup_timed_out;
        if !stopped && next_way {
            // A timeout of our own says more than the 487 that answers its CANCEL.
            let refusal = self.verdict.take();
            let refusal =
                refusal.unwrap_or_else(|| Verdict::new(read.disposition, read.blame, describe(end)));
            let failure = if self.setup_timed_out { RouteFailure::Timeout } else { route_failure(end) };
            self.setup_timed_out = false;
            self.last_refusal = Some(refusal);
            self.enter(now, State::Rerouting);
            self.out.push_back(Action::Reroute(failure));
            return;
        }
        if !gave_up {
            self.verdict = Some(Verdict::new(read.disposition, read.blame, describe(end)));
        }
        self.close_media(now);
    }

    pub(super) fn handle_route(&mut self, now: Now, way: Option<Way>) {
        if self.state != State::Rerouting {
            return;
        }
        match way {
            Some(way) => {
                self.way = Some(way);
                self.over = None;
                self.ended_by = None;
                self.negotiation.reset();
                self.send_invite(now);
            }
            None => {
                let none =
                    || Verdict::new(Disposition::Congestion, Blame::Carrier, "no trunk could take the call");
                self.verdict = Some(self.last_refusal.take().unwrap_or_else(none));
                self.close_media(now);
            }
        }
    }

    pub(super) fn handle_open_failed(&mut self, now: Now, problem: String) {
        self.verdict = Some(Verdict::new(
            Disposition::Failed,
            Blame::Ours,
            format!("no RTP socket could be had: {problem}"),
        ));
        if self.plan.direction == Direction::Inbound {
            self.out.push_back(Action::Reject(503));
        }
        self.enter(now, State::Closing);
        self.report(now, None, None);
    }
}

/// What the dialler is told of the trunk.
fn route_failure(end: &End) -> RouteFailure {
    match end.cause.sip {
        0 => RouteFailure::Unreachable,
        408 => RouteFailure::Timeout,
        status => RouteFailure::Status {
            status,
            retry_after: end.retry_after.map(|s| std::time::Duration::from_secs(s.into())),
        },
    }
}

/// One sentence for the operator.
pub(super) fn describe(end: &End) -> String {
    let Cause { sip, q850 } = end.cause;
    let mut text = match sip {
        0 => end.reason.clone(),
        _ => format!("{sip} {}", end.reason),
    };
    if q850 != 0 && Cause::from_status(sip).q850 != q850 {
        text.push_str(&format!(" (Q.850 cause {q850})"));
    }
    if let Some(seconds) = end.retry_after {
        text.push_str(&format!(", retry after {seconds} s"));
    }
    if !end.redirected_to.is_empty() {
        text.push_str(&format!(", redirected to {}", end.redirected_to.join(", ")));
    }
    text
}
