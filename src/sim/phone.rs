//! One call at one simulated phone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::behaviour::{Act, Behaviour, Keying, Person};
use super::caller::Placed;
use super::dialog::Dialog;
use super::ear::{Ear, Heard, Moment};
use super::mouth::{Mouth, PRESS_MS};
use super::sdp::{self, Agreed};
use crate::base::{Mono, Now, Rng};
use crate::media::rtp::Packet;
use crate::sip::{Message, Method, Request, Response};

/// A phone whose call is over still answers repeated requests for this long.
const LINGER: Duration = Duration::from_secs(4);
/// In a talk, what is longer than this is a question with its scale, not a sentence, in ms.
const QUESTION_MS: u32 = 4_000;
/// Thought before the key that answers it, in ms.
const THOUGHT_MS: u32 = 700;
/// Bytes of an RTP packet and above it that are read.
const MAX_PAYLOAD: usize = 960;

/// What the phone wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// To the signalling address the call came from.
    Sip(Vec<u8>),
    /// From the call's RTP socket to this address.
    Rtp(SocketAddr, Vec<u8>),
}

pub(super) enum Stage {
    /// INVITE of the phone's own, without a final response.
    Placing(Box<Placed>),
    /// Before the final response; `at` is when it comes.
    Alerting { at: Mono },
    /// 200 was sent.
    Talking,
    /// The call is over; nothing more is said.
    Over { since: Mono },
}

/// A phone from the INVITE to the end. Call [`Phone::tick`] every 20 ms and take what
/// [`Phone::poll_output`] gives after each call.
pub struct Phone {
    behaviour: Behaviour,
    pub(super) dialog: Dialog,
    local_rtp: SocketAddr,
    pub(super) agreed: Agreed,
    pub(super) stage: Stage,
    early: bool,
    pub(super) ear: Ear,
    pub(super) mouth: Mouth,
    /// Index of the next reaction.
    next_act: usize,
    /// The reaction that waits for its moment.
    pressing: Option<(Mono, String)>,
    /// Sentences said so far.
    turns: u32,
    key_after_speech: Option<char>,
    quiet_since: Mono,
    bye: Option<u32>,
    pub(super) sdp_version: u32,
    pressed: String,
    /// Something was repeated to the end and never answered.
    given_up: bool,
    /// First lines of what NOTIFYs told of a REFER.
    pub(super) told: Vec<String>,
    pub(super) rng: Rng,
    output: VecDeque<Output>,
}

impl Phone {
    /// A new call. `local_sip` and `local_rtp` are the addresses that the phone gives as its own.
    ///
    /// An offer that the phone cannot do is answered with 488; no offer at all too.
    pub fn ring(
        now: Now,
        invite: Request,
        behaviour: Behaviour,
        local_sip: SocketAddr,
        local_rtp: SocketAddr,
        mut rng: Rng,
    ) -> Phone {
        let mut dialog = Dialog::new(invite, local_sip, &mut rng);
        dialog.provisional(100, None);
        let offered = sdp::read(dialog.offer());
        let acceptable = offered.is_some();
        let mut agreed = offered.unwrap_or_else(Agreed::none);
        if behaviour.person().is_some_and(|p| p.keying == Keying::Inband) {
            // A phone that only has tones does not agree on events.
            agreed.event_payload_type = None;
        }
        let mut phone = Phone::with(now, behaviour, dialog, local_rtp, agreed, &mut rng);
        if acceptable {
            phone.alert(now.mono);
        } else {
            phone.end(now.mono, 488);
        }
        phone.flush();
        phone
    }

    pub(super) fn with(
        now: Now,
        behaviour: Behaviour,
        dialog: Dialog,
        local_rtp: SocketAddr,
        agreed: Agreed,
        rng: &mut Rng,
    ) -> Phone {
        let tone_hz = behaviour.person().map_or(0, |p| p.tone_hz);
        Phone {
            mouth: Mouth::new(&agreed, tone_hz, rng),
            rng: rng.fork(),
            told: Vec::new(),
            ear: Ear::new(agreed.codec, false),
            stage: Stage::Alerting { at: now.mono + millis(behaviour.alert_ms()) },
            behaviour,
            dialog,
            local_rtp,
            agreed,
            early: false,
            next_act: 0,
            pressing: None,
            turns: 0,
            key_after_speech: None,
            quiet_since: now.mono,
            bye: None,
            sdp_version: 1,
            pressed: String::new(),
            given_up: false,
            output: VecDeque::new(),
        }
    }

    /// Keeps what is heard, at most 60 s, for [`Phone::heard`].
    pub fn keep_audio(&mut self) {
        self.ear = Ear::new(self.agreed.codec, true);
    }

    /// What the phone has heard.
    pub fn heard(&self) -> &Heard {
        &self.ear.heard
    }

    /// What a REFER of the phone came to so far: `SIP/2.0 100 Trying`; before that the responses
    /// to a call that it placed: `180`.
    pub fn told(&self) -> &[String] {
        &self.told
    }

    /// Call-ID of its call.
    pub fn call_id(&self) -> String {
        self.dialog.call_id()
    }

    /// Keys pressed so far, in order. One of the last may not have left before the call ended.
    pub fn pressed(&self) -> &str {
        &self.pressed
    }

    /// Whether its call is over; late and repeated messages are still answered.
    pub fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    /// Whether the phone may be forgotten: nothing of its own waits for an answer, and
    /// repeated requests have had their time to come.
    pub fn is_over(&self, now: Now) -> bool {
        matches!(self.stage, Stage::Over { since } if now.mono.since(since) >= LINGER)
            && (self.dialog.is_settled() || self.given_up)
    }

    /// The handset is put down at this moment, whatever is going on: BYE, or 480 before the answer.
    pub fn put_down(&mut self, now: Now) {
        match self.stage {
            Stage::Alerting { .. } => self.end(now.mono, 480),
            Stage::Placing(_) => self.give_up(),
            Stage::Talking => self.hang_up(now.mono),
            Stage::Over { .. } => {}
        }
        self.flush();
    }

    /// Whether the call is answered and not over.
    pub fn is_talking(&self) -> bool {
        matches!(self.stage, Stage::Talking)
    }

    /// The next thing to send.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// A message of this call.
    pub fn handle_message(&mut self, now: Now, message: Message) {
        match message {
            Message::Request(request) => self.handle_request(now.mono, request),
            Message::Response(response) => self.handle_response(now.mono, &response),
        }
        self.flush();
    }

    /// A datagram on the call's RTP socket.
    pub fn handle_rtp(&mut self, datagram: &[u8]) {
        let Ok(packet) = Packet::parse(datagram) else { return };
        if packet.payload_type == self.agreed.payload_type && packet.payload.len() <= MAX_PAYLOAD {
            self.ear.listen(packet.payload);
        } else if Some(packet.payload_type) == self.agreed.event_payload_type {
            self.ear.feel(&packet);
        }
    }

    /// 20 ms have passed.
    pub fn tick(&mut self, now: Now) {
        let alive = self.dialog.tick(now.mono);
        self.given_up |= !alive;
        match self.stage {
            Stage::Alerting { at } if now.mono >= at => self.decide(now.mono),
            Stage::Talking if !alive => self.stage = Stage::Over { since: now.mono },
            Stage::Talking => self.talk(now.mono),
            Stage::Over { since } if !alive => {
                // Nobody acknowledges: over at once.
                self.stage = Stage::Over { since: since - LINGER };
            }
            _ => {}
        }
        let speaking = (self.is_talking() || self.early) && self.agreed.send;
        if let Some(remote) = self.agreed.remote.filter(|_| speaking) {
            let output = &mut self.output;
            self.mouth.tick(&self.agreed, |packet| output.push_back(Output::Rtp(remote, packet.to_vec())));
        }
        self.flush();
    }

    fn alert(&mut self, now: Mono) {
        match &self.behaviour {
            Behaviour::EarlyMediaThenAnswer { early_ms, .. } => {
                let early_ms = *early_ms;
                self.early = true;
                let sdp = self.answer();
                self.dialog.provisional(183, Some(&sdp));
                self.mouth.tone(450, early_ms);
            }
            Behaviour::Refuses { rings: false, .. } | Behaviour::Dead => {}
            _ => self.dialog.provisional(180, None),
        }
        if self.behaviour == Behaviour::NoAnswer || self.behaviour == Behaviour::Dead {
            self.stage = Stage::Alerting { at: now + Duration::from_secs(3_600) };
        }
    }

    /// The time of alerting is over.
    fn decide(&mut self, now: Mono) {
        if let Behaviour::Refuses { status, .. } = self.behaviour {
            self.end(now, status);
            return;
        }
        let sdp = self.answer();
        self.dialog.finish(now, 200, Some(&sdp));
        self.stage = Stage::Talking;
        self.early = false;
        self.quiet_since = now;
        match &self.behaviour {
            Behaviour::AnsweringMachine { greeting_ms, beep_hz, .. } => {
                let (greeting, beep) = (*greeting_ms, *beep_hz);
                self.mouth.pause(300);
                self.mouth.speak(greeting);
                self.mouth.pause(400);
                self.mouth.tone(beep, 400);
            }
            _ => self.greet(),
        }
    }

    /// Final response other than 2xx.
    pub(super) fn end(&mut self, now: Mono, status: u16) {
        self.dialog.finish(now, status, None);
        self.early = false;
        self.stage = Stage::Over { since: now };
    }

    fn hang_up(&mut self, now: Mono) {
        if self.bye.is_none() {
            self.bye = Some(self.dialog.request(now, Method::BYE, &[], None));
            self.stage = Stage::Over { since: now };
        }
    }

    fn talk(&mut self, now: Mono) {
        let moment = self.ear.tick();
        let person = match &self.behaviour {
            Behaviour::AnsweringMachine { record_ms, .. } => {
                let record = millis(*record_ms);
                if self.mouth.is_busy() {
                    self.quiet_since = now;
                } else if now.since(self.quiet_since) >= record {
                    self.hang_up(now);
                }
                return;
            }
            behaviour => match behaviour.person() {
                Some(person) => person.clone(),
                None => return,
            },
        };
        if self.mouth.is_busy() || matches!(moment, Moment::Sounding(_) | Moment::Ended(_)) {
            self.quiet_since = now;
        }
        self.press_what_waits(now, &person);
        self.react(now, moment, &person);
        if person.patience_ms > 0
            && self.pressing.is_none()
            && now.since(self.quiet_since) >= millis(person.patience_ms)
            && self.ear.heard.prompts > 0
        {
            self.hang_up(now);
        }
    }

    fn react(&mut self, now: Mono, moment: Moment, person: &Person) {
        let last = person.acts.len().saturating_sub(1);
        let index = if person.repeat_last { self.next_act.min(last) } else { self.next_act };
        let act = person.acts.get(index).cloned().unwrap_or(Act::Ignore);
        match moment {
            Moment::Sounding(sounding_ms) => match act {
                Act::Interrupt { keys, after_ms } if sounding_ms >= after_ms => {
                    // What sounds from here on is the next prompt, even if it follows at once.
                    self.next_act += 1;
                    self.ear.next_prompt();
                    self.pressing = Some((now, keys));
                }
                Act::HangUpAfter(after_ms) if sounding_ms >= after_ms => self.hang_up(now),
                _ => {}
            },
            Moment::Ended(sounded_ms) => {
                self.next_act += 1;
                match act {
                    Act::Press { keys, thought_ms } => {
                        self.pressing = Some((now + millis(thought_ms), keys));
                    }
                    Act::Speak { millis, then } => {
                        self.say_sentence(millis);
                        self.key_after_speech = then;
                    }
                    Act::Converse { turns, key, .. } if self.turns >= turns && sounded_ms >= QUESTION_MS => {
                        self.pressing = Some((now + millis(THOUGHT_MS), key.to_string()));
                    }
                    Act::Converse { millis, .. } => self.say_sentence(millis),
                    Act::HangUp => self.hang_up(now),
                    _ => {}
                }
            }
            Moment::Quiet(_) => {}
        }
    }

    fn say_sentence(&mut self, millis: u32) {
        self.turns += 1;
        self.mouth.pause(300);
        self.mouth.speak(millis);
        self.mouth.pause(300);
    }

    fn press_what_waits(&mut self, now: Mono, person: &Person) {
        if let Some(key) = self.key_after_speech.filter(|_| !self.mouth.is_busy()) {
            self.key_after_speech = None;
            self.pressing = Some((now, key.to_string()));
        }
        let Some((_, keys)) = self.pressing.take_if(|(at, _)| now >= *at) else { return };
        self.pressed.push_str(&keys);
        for key in keys.chars() {
            match person.keying {
                Keying::Info => {
                    let body = format!("Signal={key}\r\nDuration={PRESS_MS}\r\n");
                    self.dialog.request(now, Method::INFO, &[], Some(("application/dtmf-relay", body)));
                }
                Keying::Event => self.mouth.press(key, self.agreed.event_payload_type.is_none()),
                Keying::Inband => self.mouth.press(key, true),
            }
        }
        self.quiet_since = now;
    }

    pub(super) fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
    }

    pub(super) fn say(&mut self, bytes: Vec<u8>) {
        self.output.push_back(Output::Sip(bytes));
    }

    /// A call that the phone placed is answered.
    pub(super) fn talk_in(&mut self, now: Mono, invite: Request, own: (String, u32), agreed: Agreed) {
        self.dialog = Dialog::placed(invite, self.dialog.local(), own, &mut self.rng);
        self.ear.set_codec(agreed.codec);
        self.mouth.set_codec(&agreed);
        self.agreed = agreed;
        self.stage = Stage::Talking;
        self.quiet_since = now;
        self.greet();
    }

    fn greet(&mut self) {
        let greeting = self.behaviour.person().map_or(0, |p| p.greeting_ms);
        self.mouth.pause(200);
        self.mouth.speak(greeting);
    }

    /// The description for a re-INVITE that holds or resumes; whoever holds says nothing.
    pub(super) fn offer_again(&mut self, hold: bool) -> String {
        self.agreed = self.agreed.held(hold);
        self.agreed.send = !hold;
        self.sdp_version += 1;
        self.answer()
    }

    pub(super) fn request(
        &mut self,
        now: Mono,
        method: Method,
        fields: &[(&'static str, String)],
        body: Option<(&str, String)>,
    ) {
        self.dialog.request(now, method, fields, body);
        self.flush();
    }

    fn handle_response(&mut self, now: Mono, response: &Response) {
        if let Stage::Placing(_) = self.stage {
            let stage = std::mem::replace(&mut self.stage, Stage::Over { since: now });
            if let Stage::Placing(placed) = stage {
                self.handle_placed(now, placed, response);
            }
            return;
        }
        let reinvite = response.headers.cseq().is_some_and(|cseq| cseq.method == Method::INVITE);
        if reinvite && response.is_success() {
            self.dialog.acknowledge_ours(response);
        }
        let number = self.dialog.handle_response(response);
        if number.is_some() && number == self.bye {
            self.stage = Stage::Over { since: now };
        }
    }

    pub(super) fn answer(&self) -> String {
        sdp::answer(&self.agreed, self.local_rtp, self.sdp_version)
    }

    fn flush(&mut self) {
        self.output.extend(self.dialog.take_output().into_iter().map(Output::Sip));
    }
}

impl Behaviour {
    /// The person, where there is one.
    pub(super) fn person(&self) -> Option<&Person> {
        match self {
            Behaviour::Answers(person) | Behaviour::EarlyMediaThenAnswer { person, .. } => Some(person),
            _ => None,
        }
    }

    /// Time until the final response in ms.
    fn alert_ms(&self) -> u32 {
        match self {
            Behaviour::Answers(person) => person.answer_ms,
            Behaviour::EarlyMediaThenAnswer { early_ms, person } => early_ms + person.answer_ms,
            Behaviour::AnsweringMachine { answer_ms, .. } => *answer_ms,
            Behaviour::Refuses { after_ms, .. } => *after_ms,
            Behaviour::NoAnswer | Behaviour::Dead => 0,
        }
    }
}

fn millis(ms: u32) -> Duration {
    Duration::from_millis(u64::from(ms))
}
