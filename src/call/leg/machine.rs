//! The leg: one value per leg, fed with events, drained of actions.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::{Action, Event, LegPlan, LegRecord, LegResult, LegState, Release};
use crate::base::{Mono, Now, Rng, Timestamp};
use crate::call::EndedBy;
use crate::call::negotiation::Negotiation;
use crate::media::{self, Command, Stream};
use crate::sip::endpoint::{By, End, Hangup};

/// One leg's life. See [`LegState`] for its course.
#[derive(Debug)]
pub struct Leg {
    plan: LegPlan,
    /// When it began, by both clocks.
    begun: Now,
    state: LegState,
    deadline: Mono,
    negotiation: Negotiation,
    /// Its phone called us.
    calls_us: bool,
    /// What goes into the 200 to its INVITE, once there is a socket.
    ready: Option<(Bytes, Option<Stream>)>,
    /// Somebody is there for whom it waits.
    taken: bool,
    /// The answer of a provisional response, for a 2xx without one.
    early: Option<Bytes>,
    ringing_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    over: Option<(LegResult, EndedBy, Timestamp)>,
    held: bool,
    media_open: bool,
    media_closing: bool,
    out: VecDeque<Action>,
}

impl Leg {
    /// A leg whose media session is asked for at once.
    pub fn new(now: Now, plan: LegPlan, rng: Rng) -> Self {
        let open = Action::Media(Command::Open { timeout: plan.rtp_timeout });
        Leg {
            begun: now,
            state: LegState::Opening,
            deadline: now.mono + LegState::Opening.limit(),
            negotiation: Negotiation::new(None, rng),
            calls_us: false,
            ready: None,
            taken: false,
            early: None,
            ringing_at: None,
            answered_at: None,
            over: None,
            held: false,
            media_open: false,
            media_closing: false,
            out: VecDeque::from([open]),
            plan,
        }
    }

    /// A leg whose own phone called, with its offer (None: it wants ours). It is answered by
    /// [`Event::Take`], or waits for the ring time of its plan.
    pub fn incoming(now: Now, plan: LegPlan, offer: Option<Bytes>, mut rng: Rng) -> Self {
        let negotiation = Negotiation::new(Some(offer), rng.fork());
        Leg { negotiation, calls_us: true, ..Leg::new(now, plan, rng) }
    }

    /// Takes an event; drain [`Leg::poll_action`] afterwards.
    pub fn handle_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Media(event) => self.handle_media(now, event),
            Event::Provisional { status, sdp } => self.handle_provisional(now, status, sdp),
            Event::Answered(sdp) => self.handle_answered(now, sdp),
            Event::Offered(sdp) => self.handle_offered(sdp),
            Event::OfferAnswered(result) => self.handle_offer_answered(result),
            Event::Key(key) => self.handle_key(now, key),
            Event::Take => {
                self.taken = true;
                self.take(now);
            }
            Event::SessionLost(_) => self.finish(now, LegResult::Lost, EndedBy::Fault, LegState::Releasing),
            Event::SessionEnded(end) => self.handle_ended(now, &end),
            Event::Release(release) => self.release(now, release, EndedBy::Us),
        }
    }

    /// Call at or after [`Leg::next_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        if now.mono < self.deadline {
            return;
        }
        let give_up = |result, q850, text: &str| Release {
            result,
            hangup: Hangup { status: 0, q850, text: text.to_owned() },
        };
        match self.state {
            LegState::Opening => self.fail(now, 503),
            LegState::Calling if self.calls_us => {
                self.release(now, give_up(LegResult::NoAnswer, 19, "no answer"), EndedBy::Us);
            }
            LegState::Calling => {
                self.release(now, give_up(LegResult::Unreachable, 102, "no progress"), EndedBy::Fault);
            }
            LegState::Ringing => {
                self.release(now, give_up(LegResult::NoAnswer, 19, "no answer"), EndedBy::Us);
            }
            LegState::Confirming => {
                self.release(now, give_up(LegResult::NotAccepted, 16, "no key was pressed"), EndedBy::Us);
            }
            LegState::Up => self.release(now, give_up(LegResult::Talked, 16, "time limit"), EndedBy::Us),
            // The endpoint has its own timers; this is the net below them.
            LegState::Releasing => self.close(now),
            LegState::Closing => self.end(now),
            LegState::Ended => {}
        }
    }

    /// When [`Leg::handle_timeout`] wants to be called.
    pub fn next_timeout(&self) -> Mono {
        self.deadline
    }

    /// The next thing to do, oldest first.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.out.pop_front()
    }

    /// What it is to do.
    pub fn plan(&self) -> &LegPlan {
        &self.plan
    }

    /// Where it is.
    pub fn state(&self) -> LegState {
        self.state
    }

    /// Whether its phone holds the call.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// When somebody was there.
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// What is known of it now; `result` counts where it has none of its own yet.
    pub fn record(&self, now: Now, result: LegResult) -> LegRecord {
        let (result, ended_by, ended_at) = self.over.unwrap_or((result, EndedBy::Us, self.clock(now)));
        LegRecord {
            number: self.plan.number,
            kind: self.plan.kind,
            target: self.plan.target.clone(),
            agent: self.plan.agent.clone(),
            started_at: self.begun.utc,
            ringing_at: self.ringing_at,
            answered_at: self.answered_at,
            ended_at,
            result,
            ended_by,
        }
    }

    /// Time that a wall clock which is set does not bend, as in the call's record.
    fn clock(&self, now: Now) -> Timestamp {
        self.begun.utc + now.mono.since(self.begun.mono)
    }

    fn media(&mut self, command: Command) {
        self.out.push_back(Action::Media(command));
    }

    fn enter(&mut self, now: Now, next: LegState) {
        self.enter_for(now, next, next.limit());
    }

    /// As with a call, an edge that is not drawn stops tests and no daemon.
    fn enter_for(&mut self, now: Now, next: LegState, limit: Duration) {
        debug_assert!(self.state.may_become(next), "{:?} may not become {next:?}", self.state);
        self.state = next;
        self.deadline = now.mono + limit;
    }

    fn handle_media(&mut self, now: Now, event: media::Event) {
        use media::Event as E;
        match event {
            E::Opened(addr) if self.state == LegState::Opening => {
                self.media_open = true;
                self.negotiation.bind(addr);
                match self.calls_us {
                    true => self.prepare(now),
                    false => self.invite(now),
                }
            }
            // Let go while the socket was being bound.
            E::Opened(_) => {
                self.media_open = true;
                self.stop_media();
            }
            E::OpenFailed(_) if self.state == LegState::Opening => self.fail(now, 503),
            E::Digit { key, .. } => self.handle_key(now, key),
            E::Timeout if self.state.is_answered() && !self.held => {
                let hangup = Hangup { status: 0, q850: 31, text: "RTP timeout".to_owned() };
                self.release(now, Release { result: LegResult::Lost, hangup }, EndedBy::Fault);
            }
            E::Closed { .. } => {
                self.media_open = false;
                if self.state == LegState::Closing {
                    self.end(now);
                } else if !self.media_closing {
                    let hangup = Hangup { status: 0, q850: 41, text: "media lost".to_owned() };
                    self.release(now, Release { result: LegResult::Failed, hangup }, EndedBy::Fault);
                }
            }
            _ => {}
        }
    }

    fn invite(&mut self, now: Now) {
        match self.negotiation.first_offer(&self.plan.way) {
            Ok((offer, second)) => {
                self.out.push_back(Action::Invite { offer, second });
                self.enter_for(now, LegState::Calling, self.plan.setup);
            }
            Err(_) => self.fail(now, 488),
        }
    }

    /// Its own phone called: the answer is worked out, and given when somebody is there.
    fn prepare(&mut self, now: Now) {
        match self.negotiation.answer_first(&self.plan.way) {
            Ok(ready) => {
                self.ready = Some(ready);
                self.enter_for(now, LegState::Calling, self.plan.ring);
                self.take(now);
            }
            Err(_) => self.fail(now, 488),
        }
    }

    fn take(&mut self, now: Now) {
        let Some((sdp, stream)) = self.ready.take_if(|_| self.taken) else { return };
        self.out.push_back(Action::Accept(sdp));
        if let Some(stream) = stream {
            self.media(Command::Start(stream));
        }
        self.join(now);
    }

    /// A fault of ours before anybody was there; `status` is for a phone that called.
    fn fail(&mut self, now: Now, status: u16) {
        self.refuse(Hangup { status, q850: 0, text: "failed".to_owned() });
        self.finish(now, LegResult::Failed, EndedBy::Fault, LegState::Closing);
    }

    fn refuse(&mut self, hangup: Hangup) {
        if self.calls_us {
            self.out.push_back(Action::HangUp(hangup));
        }
    }

    fn is_ringing(&self) -> bool {
        matches!(self.state, LegState::Calling | LegState::Ringing)
    }

    fn handle_provisional(&mut self, now: Now, status: u16, sdp: Option<Bytes>) {
        if !self.is_ringing() {
            return;
        }
        self.early = sdp.or(self.early.take());
        if self.state == LegState::Calling && (status == 180 || status == 183) {
            self.ringing_at = Some(self.clock(now));
            self.enter_for(now, LegState::Ringing, self.plan.ring);
            self.out.push_back(Action::Ringing);
        }
    }

    fn handle_answered(&mut self, now: Now, sdp: Option<Bytes>) {
        if !self.is_ringing() {
            return;
        }
        let answer = sdp.or(self.early.take());
        let agreed = answer.ok_or_else(|| "no session description".to_owned());
        let agreed = agreed.and_then(|sdp| self.negotiation.accept(&sdp, &self.plan.way));
        let Ok(stream) = agreed else {
            let hangup = Hangup { status: 0, q850: 127, text: "no common media".to_owned() };
            return self.release(now, Release { result: LegResult::Failed, hangup }, EndedBy::Fault);
        };
        self.media(Command::Start(stream));
        match self.plan.accept.clone() {
            Some(accept) => {
                self.media(Command::Music(accept.prompts));
                self.enter_for(now, LegState::Confirming, accept.wait);
            }
            None => self.join(now),
        }
    }

    fn join(&mut self, now: Now) {
        self.answered_at = Some(self.clock(now));
        self.enter(now, LegState::Up);
        self.out.push_back(Action::Up);
    }

    fn handle_key(&mut self, now: Now, key: char) {
        match self.state {
            LegState::Confirming if self.plan.accept.as_ref().is_some_and(|accept| accept.key == key) => {
                self.media(Command::Music(Vec::new()));
                self.join(now);
            }
            LegState::Up => self.out.push_back(Action::Key(key)),
            _ => {}
        }
    }

    /// Hold, resume, another codec, or a wish for our offer.
    fn handle_offered(&mut self, sdp: Option<Bytes>) {
        let way = &self.plan.way;
        let reply = match sdp {
            // Our own offer has no answer yet (RFC 3311 section 5.2).
            Some(_) if self.is_ringing() => Err(491),
            Some(offer) => match self.negotiation.answer(&offer, way) {
                Ok((answer, stream)) => {
                    self.agree(stream);
                    Ok(answer)
                }
                Err(_) => Err(488),
            },
            None => self.negotiation.offer(way).map_err(|_| 488),
        };
        self.out.push_back(Action::Answer(reply));
    }

    /// A phone that holds sends us music of its own, or nothing at all: neither is heard, nor
    /// is its silence a fault.
    fn agree(&mut self, mut stream: Stream) {
        let held = !stream.send || stream.remote.is_none();
        stream.receive &= !held;
        self.media(Command::Start(stream));
        if held != self.held && self.state == LegState::Up {
            self.held = held;
            self.out.push_back(Action::Held(held));
        }
    }

    fn handle_offer_answered(&mut self, result: Result<Bytes, u16>) {
        // A refused or broken answer leaves the media as they were (RFC 3261 section 14.1).
        match result.map(|sdp| self.negotiation.accept(&sdp, &self.plan.way)) {
            Ok(Ok(stream)) => self.agree(stream),
            Ok(Err(_)) | Err(_) => self.negotiation.withdraw(),
        }
    }

    fn handle_ended(&mut self, now: Now, end: &End) {
        let result = match self.state {
            LegState::Confirming => LegResult::NotAccepted,
            LegState::Up => LegResult::Talked,
            _ if self.calls_us => LegResult::CalledOff,
            _ => LegResult::refused(end.cause),
        };
        let (result, by) = match end.by {
            By::Us => (result, EndedBy::Us),
            By::Peer => (result, EndedBy::Peer),
            By::Fault if self.state == LegState::Up => (LegResult::Lost, EndedBy::Fault),
            By::Fault => (result, EndedBy::Fault),
        };
        self.finish(now, result, by, LegState::Closing);
    }

    /// CANCEL or BYE, once; nothing is heard or said from then on.
    fn release(&mut self, now: Now, release: Release, by: EndedBy) {
        match self.state {
            LegState::Opening => {
                self.refuse(release.hangup);
                self.finish(now, release.result, by, LegState::Closing);
            }
            LegState::Calling | LegState::Ringing | LegState::Confirming | LegState::Up => {
                self.out.push_back(Action::HangUp(release.hangup));
                self.finish(now, release.result, by, LegState::Releasing);
            }
            LegState::Releasing | LegState::Closing | LegState::Ended => {}
        }
    }

    /// It is of no more use. `next` is `Releasing` while signalling runs out, else `Closing`.
    fn finish(&mut self, now: Now, result: LegResult, by: EndedBy, next: LegState) {
        if self.over.is_none() {
            self.over = Some((result, by, self.clock(now)));
            self.out.push_back(Action::Over { result, by });
        }
        if next == LegState::Closing {
            return self.close(now);
        }
        if self.state.may_become(LegState::Releasing) {
            self.enter(now, LegState::Releasing);
            self.stop_media();
        }
    }

    fn stop_media(&mut self) {
        if self.media_open && !self.media_closing {
            self.media_closing = true;
            self.media(Command::Close);
        }
    }

    fn close(&mut self, now: Now) {
        if !self.state.may_become(LegState::Closing) {
            return;
        }
        // A socket that is being bound is closed when it is.
        let awaited = self.state == LegState::Opening && !self.media_open;
        self.enter(now, LegState::Closing);
        self.stop_media();
        if !self.media_open && !awaited {
            self.end(now);
        }
    }

    fn end(&mut self, now: Now) {
        self.enter(now, LegState::Ended);
        self.out.push_back(Action::Ended);
    }
}
