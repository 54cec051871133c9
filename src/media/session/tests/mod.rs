//! Sessions against a simulated peer on simulated time.

mod calls;
mod dialled;
mod keys;
mod reports;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Outgoing, Session};
use crate::base::{Mono, Now, Rng, Timestamp};
use crate::media::codec::Encoder;
use crate::media::rtp::{MAX_PACKET, Packet, RtpSender};
use crate::media::tone::sine;
use crate::media::{Codec, Command, Event, FRAME_SAMPLES, PlayId, Prompt, Stream, TapFrame};

const TICK: Duration = Duration::from_millis(20);
/// Where the SDP says the peer is.
const SIGNALLED: &str = "192.0.2.1:4000";
/// Where the peer's packets come from.
const SOURCE: &str = "198.51.100.7:40100";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn stream(codec: Codec) -> Stream {
    Stream {
        remote: Some(at(SIGNALLED)),
        codec,
        payload_type: codec.static_payload_type(),
        receive_payload_type: codec.static_payload_type(),
        event_payload_type: Some(101),
        control: Default::default(),
        send: true,
        receive: true,
        srtp: None,
    }
}

/// A packet as it left the session.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    to: SocketAddr,
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    payload: Vec<u8>,
}

/// One session, its clock, and what it did at the last tick.
struct World {
    now: Mono,
    session: Session,
    out: Box<Outgoing>,
    peer: RtpSender,
    rng: Rng,
    events: Vec<Event>,
}

impl World {
    fn new() -> World {
        World::with_timeout(Duration::ZERO)
    }

    fn with_timeout(timeout: Duration) -> World {
        let mut rng = Rng::seeded(11);
        let now = Mono::from_millis(1_000_000);
        let session = Session::new(now, timeout, &mut rng);
        let peer = RtpSender::new(&mut rng);
        World { now, session, out: Box::default(), peer, rng, events: Vec::new() }
    }

    /// A world whose stream has begun.
    fn started(codec: Codec) -> World {
        let mut world = World::new();
        world.order(Command::Start(stream(codec)));
        world
    }

    fn order(&mut self, command: Command) {
        self.session.handle_command(self.now, command);
        self.collect();
    }

    fn play(&mut self, id: u32, prompts: &[&Arc<Prompt>], barge_in: bool) {
        let prompts = prompts.iter().map(|p| Arc::clone(p)).collect();
        self.order(Command::Play { play: PlayId(id), prompts, barge_in });
    }

    fn collect(&mut self) {
        self.events.extend(std::iter::from_fn(|| self.session.poll_event()));
    }

    /// The events since the last call.
    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// 20 ms of time.
    fn tick(&mut self) -> Option<Sent> {
        self.now = self.now + TICK;
        self.session.tick(self.both_clocks(), &mut self.out);
        self.collect();
        self.out.rtp().map(|(to, bytes)| {
            let packet = Packet::parse(bytes).unwrap();
            Sent {
                to,
                marker: packet.marker,
                payload_type: packet.payload_type,
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                payload: packet.payload.to_vec(),
            }
        })
    }

    fn both_clocks(&self) -> Now {
        Now { mono: self.now, utc: Timestamp(1_772_413_200_000 + self.now.as_millis() as i64) }
    }

    fn tap(&self) -> &TapFrame {
        &self.out.tap
    }

    /// The peer sends one frame from `source`.
    fn speak(&mut self, source: &str, codec: Codec, pcm: &[i16]) {
        let bytes = self.packet(codec, pcm);
        self.deliver(source, &bytes);
    }

    /// The peer's next packet.
    fn packet(&mut self, codec: Codec, pcm: &[i16]) -> Vec<u8> {
        let mut payload = vec![0; pcm.len()];
        Encoder::new(codec).encode(pcm, &mut payload);
        let mut bytes = [0; MAX_PACKET];
        let len = self.peer.audio(codec.static_payload_type(), &payload, &mut bytes);
        bytes[..len].to_vec()
    }

    fn deliver(&mut self, source: &str, bytes: &[u8]) {
        self.session.handle_rtp(self.now, at(source), bytes);
        self.collect();
    }

    /// `frames` ticks in which the peer sends a tone; gives what the tap heard of the peer.
    fn converse(&mut self, codec: Codec, hz: f64, frames: usize) -> Vec<i16> {
        let tone = sine(hz, 8_000.0, frames * FRAME_SAMPLES);
        let mut heard = Vec::new();
        for frame in tone.chunks(FRAME_SAMPLES) {
            self.speak(SOURCE, codec, frame);
            self.tick();
            heard.extend(self.tap().right);
        }
        heard
    }
}

fn prompt(name: &str, hz: f64, frames: usize) -> Arc<Prompt> {
    Arc::new(Prompt::from_pcm(name, &sine(hz, 8_000.0, frames * FRAME_SAMPLES)))
}

/// Mean level in dBFS.
fn level(pcm: &[i16]) -> f64 {
    let mean = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len() as f64;
    10.0 * (mean / 32_768f64.powi(2)).max(1e-10).log10()
}

/// Whether `pcm` is mostly a tone of `hz`.
fn is_tone(pcm: &[i16], hz: f64) -> bool {
    let tone = f64::from(crate::media::tone::tone_dbfs(pcm, hz as f32));
    level(pcm) > -40.0 && tone > level(pcm) - 3.0
}
