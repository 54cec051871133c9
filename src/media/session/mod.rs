//! One leg's media: packets, orders and ticks come in; packets, sound and events go out.
//!
//! ```text
//!  RTP in -> latch -> SRTP -> source -+-> telephone events -> Digit, barge-in
//!                                     +-> jitter buffer -> tick -> tap right, AMD, in-band keys, comment
//!  orders -> player, music, voices of the group -----------> tick -> tap left, SRTP -> RTP out
//! ```
//!
//! A tick every 20 ms gives exactly one frame per direction and, while sending is agreed,
//! exactly one packet: silence where nothing plays, so that time stamps stay continuous and
//! pinholes in NATs stay open.

mod comment;
mod control;
mod detection;
mod dialled;
mod latch;
mod outgoing;
mod player;
mod protection;
mod receive;
mod voice;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::bridge::{Bridged, Group, Mix};
use super::codec::Decoder;
use super::jitter::JitterBuffer;
use super::rtcp::RtcpSession;
use super::rtp::{RtpSender, Source};
use super::telephone_event::{EventReceiver, SentEvent};
use super::tone::DtmfDetector;
use super::{Codec, Command, DigitSource, Event, FRAME_SAMPLES, PlayId, Stream, TapFrame};
use crate::base::{Mono, Now, Rng};

use comment::Comment;
use detection::Detection;
use dialled::{Dialled, KeyFrame};
use latch::Latch;
use player::Player;
use protection::Protection;

use voice::VoiceWatch;

pub use outgoing::Outgoing;

/// The media of one leg. About 7 KB; a tick allocates nothing.
pub struct Session {
    stream: Option<Stream>,
    protection: Protection,
    sender: RtpSender,
    player: Option<Player>,
    music: Option<Box<Player>>,
    bridged: Option<Bridged>,
    /// Silence goes into the recording.
    unrecorded: bool,
    dialled: Option<Box<Dialled>>,
    latch: Latch,
    source: Source,
    keys: EventReceiver,
    jitter: JitterBuffer,
    decoder: Decoder,
    inband: Option<Box<DtmfDetector>>,
    voice: Option<VoiceWatch>,
    detection: Option<Box<Detection>>,
    comment: Option<Comment>,
    reports: RtcpSession,
    rng: Rng,
    timeout: Duration,
    /// From when silence counts towards the timeout.
    silent_since: Mono,
    timed_out: bool,
    closed: bool,
    said_goodbye: bool,
    foreign: u64,
    rejected: u64,
    events: VecDeque<Event>,
}

impl Session {
    /// A session without a stream. `timeout`: silence of the peer until `Timeout`; zero: never.
    pub fn new(now: Mono, timeout: Duration, rng: &mut Rng) -> Session {
        Session {
            stream: None,
            protection: Protection::None,
            sender: RtpSender::new(rng),
            player: None,
            music: None,
            bridged: None,
            unrecorded: false,
            dialled: None,
            latch: Latch::default(),
            source: Source::default(),
            keys: EventReceiver::default(),
            jitter: JitterBuffer::new(),
            decoder: Decoder::new(Codec::Pcma),
            inband: None,
            voice: None,
            detection: None,
            comment: None,
            reports: RtcpSession::new(now, rng),
            rng: rng.fork(),
            timeout,
            silent_since: now,
            timed_out: false,
            closed: false,
            said_goodbye: false,
            foreign: 0,
            rejected: 0,
            events: VecDeque::new(),
        }
    }

    /// Takes an order. `Open` and `Record` are the caller's, who owns sockets and files.
    pub fn handle_command(&mut self, now: Mono, command: Command) {
        match command {
            Command::Open { .. } | Command::Record { .. } => {}
            Command::Start(stream) => self.start(now, stream),
            Command::Play { play, prompts, barge_in } => {
                self.stop_play();
                self.player = Some(Player::new(play, prompts, barge_in));
            }
            Command::StopPlay => self.stop_play(),
            Command::Music(prompts) => {
                let some = !prompts.is_empty();
                self.music = some.then(|| Box::new(Player::new(PlayId(0), prompts, false)));
            }
            Command::Mix(mix) => match (mix, &mut self.bridged) {
                (Some(mix), Some(bridged)) => bridged.mix = mix,
                (mix, bridged) => *bridged = mix.map(|mix| Bridged::new(mix, self.decoder.codec())),
            },
            Command::PauseRecord(pause) => self.unrecorded = pause,
            Command::SendKeys { pause, keys } => match &mut self.dialled {
                Some(dialled) => dialled.press(&keys),
                None => self.dialled = Some(Box::new(Dialled::new(pause, &keys))),
            },
            Command::AwaitVoice => self.voice = Some(VoiceWatch::new()),
            Command::Detect(settings) => self.detection = Some(Box::new(Detection::new(settings))),
            Command::StopDetect => self.detection = None,
            Command::RecordComment { path, max, silence } => {
                if self.comment.is_none() {
                    self.comment = Some(Comment::new(path, max, silence));
                }
            }
            Command::StopComment => self.end_comment(),
            Command::Close => self.close(),
        }
    }

    /// The next event, in the order in which things happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// RTP packets of third parties, dropped.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Whom packets are taken from, where nobody else can take its place as long as it is heard:
    /// it sends from the address that the signalling names.
    pub fn settled(&self) -> Option<SocketAddr> {
        self.latch.settled()
    }

    /// Its part in a group.
    pub fn mix(&self) -> Option<&Mix> {
        self.bridged.as_ref().map(|bridged| &bridged.mix)
    }

    pub(super) fn bridged(&self) -> Option<&Bridged> {
        self.bridged.as_ref()
    }

    pub(super) fn bridged_mut(&mut self) -> Option<&mut Bridged> {
        self.bridged.as_mut()
    }

    /// 20 ms of time of a session that is in no group.
    pub fn tick(&mut self, now: Now, out: &mut Outgoing) {
        self.tick_in(now, None, out);
    }

    /// 20 ms of time: fills `out` with what is to be sent and what is to be heard. `group` is
    /// the one that [`Session::mix`] names.
    pub fn tick_in(&mut self, now: Now, mut group: Option<&mut Group>, out: &mut Outgoing) {
        out.clear();
        if self.closed {
            return self.say_goodbye(now, out);
        }
        self.send(group.as_deref(), out);
        self.listen(out);
        if let (Some(group), Some(bridged)) = (&mut group, &self.bridged) {
            group.put(&bridged.mix, &out.tap.right);
        }
        if self.unrecorded {
            out.tap = TapFrame::SILENCE;
        }
        self.report(now, out);
        self.watch(now.mono);
    }

    /// 20 ms of time for which it is too late to send or play anything.
    pub fn skip(&mut self) {
        self.sender.skip(FRAME_SAMPLES as u32);
        if self.stream.is_some() {
            let mut unheard = [0; FRAME_SAMPLES];
            self.jitter.pull(&mut self.decoder, &mut unheard);
        }
    }

    fn start(&mut self, now: Mono, stream: Stream) {
        let old = self.stream.as_ref();
        if old == Some(&stream) {
            return;
        }
        if old.is_none_or(|old| old.codec != stream.codec) {
            self.decoder = Decoder::new(stream.codec);
            self.jitter.restart();
        }
        if old.is_none_or(|old| !old.receive) && stream.receive {
            self.silent_since = now;
            self.timed_out = false;
        }
        self.inband = match stream.event_payload_type {
            Some(_) => None,
            None => self.inband.take().or_else(|| Some(Box::default())),
        };
        self.latch.signal(stream.remote);
        self.protection.agree(stream.srtp.as_deref());
        self.stream = Some(stream);
    }

    /// Where to send; None while sending is not agreed (hold, RFC 3264 section 8.4).
    fn destination(&self) -> Option<SocketAddr> {
        let stream = self.stream.as_ref()?;
        if stream.send && stream.remote.is_some() { self.latch.destination() } else { None }
    }

    fn send(&mut self, group: Option<&Group>, out: &mut Outgoing) {
        let Some(to) = self.destination().filter(|_| self.stream.is_some()) else {
            out.tap.left = [0; FRAME_SAMPLES];
            return self.sender.skip(FRAME_SAMPLES as u32);
        };
        match self.next_key() {
            Some(frame) => self.send_key(&frame, out),
            None => self.send_play(group, out),
        }
        if let Some(len) = self.protection.seal(&mut out.packet, out.len) {
            out.len = len;
            out.to = Some(to);
        }
    }

    /// The next frame of keys that are being pressed.
    fn next_key(&mut self) -> Option<KeyFrame> {
        let frame = self.dialled.as_mut()?.next(self.sender.timestamp());
        if frame.is_none() {
            self.dialled = None;
            self.events.push_back(Event::KeysSent);
        }
        frame
    }

    fn send_key(&mut self, frame: &KeyFrame, out: &mut Outgoing) {
        let (Some(stream), Some(dialled)) = (&self.stream, &mut self.dialled) else { return };
        out.tap.left = frame.pcm;
        out.len = match (stream.event_payload_type, &frame.event) {
            (Some(pt), Some(event)) => {
                let SentEvent { marker, timestamp, payload } = event;
                let len = self.sender.event(pt, *marker, *timestamp, payload, &mut out.packet);
                self.sender.skip(FRAME_SAMPLES as u32);
                len
            }
            (Some(_), None) => {
                let silence = [stream.codec.silence_byte(); FRAME_SAMPLES];
                self.sender.audio(stream.payload_type, &silence, &mut out.packet)
            }
            (None, _) => {
                let payload = dialled.encode(stream.codec, frame);
                self.sender.audio(stream.payload_type, &payload, &mut out.packet)
            }
        };
    }

    /// What plays, or else music, with the voices of the group.
    fn send_play(&mut self, group: Option<&Group>, out: &mut Outgoing) {
        let Some(stream) = &self.stream else { return };
        let (codec, pt) = (stream.codec, stream.payload_type);
        let plays = self.player.as_ref().map(|player| player.play);
        let next = match (&mut self.player, &mut self.music) {
            (Some(player), _) => player.next(codec),
            (None, Some(music)) => music.next_round(codec),
            (None, None) => None,
        };
        let over = next.is_none();
        let own = next.map(|(_, samples)| samples);
        let silent = [0; FRAME_SAMPLES];
        let mut mixed = None;
        if let Some((group, bridged)) = group.zip(self.bridged.as_mut()) {
            let Mix { hears, records, .. } = bridged.mix;
            let mut room = silent;
            if !hears.is_empty() {
                let sent = group.sum(&bridged.mix, own, hears, &mut room);
                mixed = Some(bridged.encode(codec, sent.unwrap_or(&silent)));
            }
            out.tap.left = *group.sum(&bridged.mix, own, records, &mut room).unwrap_or(&silent);
        } else {
            out.tap.left = *own.unwrap_or(&silent);
        }
        let silence = [codec.silence_byte(); FRAME_SAMPLES];
        let payload = mixed.as_ref().or(next.map(|(payload, _)| payload)).unwrap_or(&silence);
        out.len = self.sender.audio(pt, payload, &mut out.packet);
        if let Some(play) = plays.filter(|_| over) {
            self.player = None;
            self.events.push_back(Event::Played { play, finished: true });
        }
    }

    fn listen(&mut self, out: &mut Outgoing) {
        let right = &mut out.tap.right;
        match &self.stream {
            Some(stream) if stream.receive => {
                self.jitter.pull(&mut self.decoder, right);
            }
            _ => right.fill(0),
        }
        if self.voice.as_mut().is_some_and(|voice| voice.push(right)) {
            self.voice = None;
            self.events.push_back(Event::Voice);
        }
        if let Some(detection) = &mut self.detection {
            if let Some(verdict) = detection.push(right) {
                self.events.push_back(Event::Verdict(verdict));
            }
            self.detection.take_if(|detection| detection.is_done());
        }
        if let Some(key) = self.inband.as_mut().and_then(|detector| detector.push(right)) {
            self.key(key, DigitSource::Inband);
        }
        if let Some(comment) = &mut self.comment {
            out.comment = true;
            if comment.push(right) {
                self.end_comment();
            }
        }
    }

    /// A key was pressed: it stops what plays before the engine hears of it, and whoever
    /// presses keys is a person, whatever the detector thinks.
    fn key(&mut self, key: char, source: DigitSource) {
        if let Some(detection) = self.detection.take() {
            self.events.push_back(Event::Verdict(detection.key_pressed()));
        }
        if self.player.as_ref().is_some_and(|player| player.barge_in) {
            self.stop_play();
        }
        self.end_comment();
        self.events.push_back(Event::Digit { key, source });
    }

    fn stop_play(&mut self) {
        if let Some(player) = self.player.take() {
            self.events.push_back(Event::Played { play: player.play, finished: false });
        }
    }

    fn end_comment(&mut self) {
        if let Some(comment) = self.comment.take() {
            self.events.push_back(comment.end());
        }
    }

    /// Tells once when the peer has fallen silent.
    fn watch(&mut self, now: Mono) {
        let receiving = self.stream.as_ref().is_some_and(|stream| stream.receive);
        if !receiving || self.timed_out || self.timeout.is_zero() {
            return;
        }
        if now.since(self.silent_since.max(self.latch.heard())) >= self.timeout {
            self.timed_out = true;
            self.events.push_back(Event::Timeout);
        }
    }

    fn close(&mut self) {
        if self.closed {
            return;
        }
        self.stop_play();
        self.end_comment();
        self.closed = true;
        let quality = self.reports.quality(&self.sender, &self.source, &self.jitter, self.rejected);
        self.events.push_back(Event::Closed { recording: None, quality });
    }
}
