//! The call: one value per call, fed with events, drained of actions.
//!
//! The handlers lie in files of their own: [`super::setup`] until the answer,
//! [`super::talk`] while it is up, [`super::release`] to the record.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::negotiation::Negotiation;
use super::{Action, Event, Over, Plan, State, StepStamp, Way};
use crate::base::{Blame, Disposition, Mono, Now, Rng, Timestamp};
use crate::ivr::Runner;
use crate::media::{self, AmdVerdict, Prompt, PromptLibrary};

/// When the stages of a call were reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stamps {
    pub started: Timestamp,
    pub ringing: Option<Timestamp>,
    pub early: Option<Timestamp>,
    pub answered: Option<Timestamp>,
    /// When an answered call was over for one of both sides.
    pub ended: Option<Timestamp>,
}

/// A result that is settled before the call is over.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub disposition: Disposition,
    pub blame: Blame,
    pub detail: String,
    pub later_at: Option<Timestamp>,
    pub do_not_call: bool,
}

impl Verdict {
    pub fn new(disposition: Disposition, blame: Blame, detail: impl Into<String>) -> Self {
        Verdict { disposition, blame, detail: detail.into(), later_at: None, do_not_call: false }
    }
}

/// One call's life. See [`State`] for its course.
#[derive(Debug)]
pub struct Call {
    pub(super) plan: Plan,
    /// When it began, by both clocks.
    begun: Now,
    pub(super) way: Option<Way>,
    pub(super) state: State,
    /// The timeout of the state. Every state but the last has one.
    pub(super) deadline: Mono,
    pub(super) stamps: Stamps,
    pub(super) negotiation: Negotiation,
    /// What a phone that rings has agreed to before it answers, and which one.
    pub(super) early: Option<(u32, media::Stream)>,
    pub(super) runner: Option<Runner>,
    /// Speech made for this call alone, by the name the script was given.
    pub(super) sounds: BTreeMap<String, Arc<Prompt>>,
    pub(super) step: String,
    pub(super) steps: Vec<StepStamp>,
    pub(super) answers: u32,
    pub(super) amd: Option<AmdVerdict>,
    pub(super) notice: super::RecordingNotice,
    pub(super) verdict: Option<Verdict>,
    pub(super) over: Option<Over>,
    /// Who ended it, once somebody has.
    pub(super) ended_by: Option<super::EndedBy>,
    pub(super) trace: Vec<crate::sip::TraceItem>,
    pub(super) closed_early: Option<(Option<media::Recording>, media::Quality)>,
    /// Whether the media session exists and a `Closed` will come.
    pub(super) media_open: bool,
    /// Whether it was told to close.
    pub(super) media_closing: bool,
    pub(super) heard: bool,
    /// The extension is dialled, and somebody there is waited for.
    pub(super) awaiting: bool,
    pub(super) last_key: Option<(char, Mono)>,
    pub(super) alarm: Option<String>,
    /// The customer is called only after [`Event::Dial`].
    pub(super) waits: bool,
    /// The caller is answered only when somebody is there.
    pub(super) rings: bool,
    /// What goes into the 200 then.
    pub(super) ready: Option<(bytes::Bytes, Option<media::Stream>)>,
    /// The INVITE brought neither ringing nor media in time; another trunk may do better.
    pub(super) setup_timed_out: bool,
    /// What the last trunk said, kept while the next is looked for.
    pub(super) last_refusal: Option<Verdict>,
    pub(super) out: VecDeque<Action>,
}

impl Call {
    /// An outbound call over `way`; its media session is asked for at once.
    pub fn outbound(now: Now, plan: Plan, way: Way, rng: Rng) -> Self {
        Call::new(now, plan, way, Negotiation::new(None, rng))
    }

    /// An inbound call with its offer (None: the caller wants ours).
    pub fn inbound(now: Now, plan: Plan, way: Way, offer: Option<bytes::Bytes>, rng: Rng) -> Self {
        Call::new(now, plan, way, Negotiation::new(Some(offer), rng))
    }

    /// An outbound call whose customer is called after [`Event::Dial`]: the phone of the agent
    /// who is to talk with them is rung first.
    pub fn after_agent(now: Now, plan: Plan, way: Way, rng: Rng) -> Self {
        Call { waits: true, ..Call::outbound(now, plan, way, rng) }
    }

    /// An inbound call that is answered by [`Event::Connected`] and no sooner, as one between
    /// two phones of ours is; its script begins before, and can only connect.
    pub fn ringing(now: Now, plan: Plan, way: Way, offer: Option<bytes::Bytes>, rng: Rng) -> Self {
        Call { rings: true, ..Call::inbound(now, plan, way, offer, rng) }
    }

    fn new(now: Now, plan: Plan, way: Way, negotiation: Negotiation) -> Self {
        let mut out = VecDeque::new();
        out.push_back(Action::Media(media::Command::Open { timeout: plan.rtp_timeout }));
        Call {
            begun: now,
            negotiation,
            early: None,
            way: Some(way),
            state: State::Opening,
            deadline: now.mono + State::Opening.limit(),
            stamps: Stamps { started: now.utc, ..Stamps::default() },
            runner: None,
            sounds: BTreeMap::new(),
            step: String::new(),
            steps: Vec::new(),
            answers: 0,
            amd: None,
            notice: Default::default(),
            verdict: None,
            over: None,
            ended_by: None,
            trace: Vec::new(),
            closed_early: None,
            media_open: false,
            media_closing: false,
            heard: false,
            awaiting: false,
            last_key: None,
            alarm: None,
            waits: false,
            rings: false,
            ready: None,
            setup_timed_out: false,
            last_refusal: None,
            out,
            plan,
        }
    }

    /// Takes an event; drain [`Call::poll_action`] afterwards.
    pub fn handle_event(&mut self, now: Now, event: Event, prompts: &PromptLibrary) {
        match event {
            Event::Media(event) => self.handle_media(now, event, prompts),
            Event::Provisional { status, sdp, fork } => self.handle_provisional(now, status, sdp, fork),
            Event::Answered { sdp, fork } => self.handle_answered(now, sdp, fork, prompts),
            Event::Offered(sdp) => self.handle_offered(sdp),
            Event::OfferAnswered(result) => self.handle_offer_answered(result),
            Event::Info { content_type, body } => self.handle_info(now, &content_type, &body, prompts),
            Event::SessionLost(end) => self.handle_session_lost(now, &end),
            Event::SessionEnded(end) => self.handle_session_ended(now, *end),
            Event::Route(way) => self.handle_route(now, way),
            Event::Speech { speech, sound } => self.handle_speech(now, speech, sound, prompts),
            Event::Dial => self.handle_dial(now),
            Event::Connected => self.handle_connected(now),
            Event::Parted(parted) => self.handle_parted(now, parted, prompts),
            Event::Stop(why) => self.handle_stop(now, why),
        }
    }

    /// Call at or after [`Call::next_timeout`].
    pub fn handle_timeout(&mut self, now: Now, prompts: &PromptLibrary) {
        if now.mono >= self.deadline {
            self.handle_deadline(now, prompts);
        }
        if let Some(runner) = &mut self.runner
            && self.state.is_answered()
            && runner.next_timeout().is_some_and(|at| now.mono >= at)
        {
            runner.handle_timeout(now);
            self.drain_runner(now, prompts);
        }
    }

    /// When [`Call::handle_timeout`] wants to be called.
    pub fn next_timeout(&self) -> Mono {
        let script = match &self.runner {
            Some(runner) if self.state.is_answered() => runner.next_timeout(),
            _ => None,
        };
        script.map_or(self.deadline, |at| at.min(self.deadline))
    }

    /// The next thing to do, oldest first.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.out.pop_front()
    }

    /// Whether the other side may be recorded, as far as it has said.
    pub fn refuses_recording(&self) -> bool {
        self.notice.consent.is_some_and(|(consent, _)| consent == crate::ivr::Consent::Refused)
    }

    /// What became known of the other side; the script sees it where it has not begun.
    pub fn learn(&mut self, name: &str, fields: impl IntoIterator<Item = (String, String)>) {
        if self.plan.facts.name.is_empty() {
            name.clone_into(&mut self.plan.facts.name);
        }
        self.plan.facts.fields.extend(fields);
    }

    /// What the call is to do.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// The step of the script.
    pub fn step(&self) -> &str {
        &self.step
    }

    /// Trunk in use.
    pub fn trunk(&self) -> Option<&str> {
        self.way.as_ref().map(|w| &*w.trunk)
    }

    /// The way in use.
    pub fn way(&self) -> Option<&Way> {
        self.way.as_ref()
    }

    /// The time for the record: that of the beginning and what has passed since, so that
    /// lengths stay true where the wall clock is set while the call is up.
    pub fn clock(&self, now: Now) -> Timestamp {
        self.begun.utc + now.mono.since(self.begun.mono)
    }

    /// What the network said at its end, once it has.
    pub fn cause(&self) -> Option<crate::base::Cause> {
        self.over.as_ref().map(|over| over.cause)
    }

    /// Who ended it, once somebody has.
    pub fn ended_by(&self) -> Option<super::EndedBy> {
        self.ended_by
    }

    /// When it was over for one of both sides; now, where it is not yet.
    pub fn ended_at(&self, now: Now) -> Timestamp {
        self.stamps.ended.unwrap_or(self.clock(now))
    }

    /// When it began.
    pub fn started_at(&self) -> Timestamp {
        self.stamps.started
    }

    /// When it was answered.
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.stamps.answered
    }

    /// Moves along an edge of the table, with the state's own time limit.
    pub(super) fn enter(&mut self, now: Now, next: State) {
        self.enter_for(now, next, next.limit());
    }

    /// Moves along an edge of the table. An edge that is not drawn is a fault of the
    /// program: tests stop there, a running daemon goes on, because the timeout of the new
    /// state still leads to the end.
    pub(super) fn enter_for(&mut self, now: Now, next: State, limit: std::time::Duration) {
        debug_assert!(self.state.may_become(next), "{:?} may not become {next:?}", self.state);
        self.state = next;
        self.deadline = now.mono + limit;
        self.out.push_back(Action::Changed);
    }

    pub(super) fn media(&mut self, command: media::Command) {
        self.out.push_back(Action::Media(command));
    }
}
