//! The adaptive jitter buffer: packets in whenever they come, one 20 ms frame out per pull.
//!
//! All three codecs give one byte per tick of the RTP clock, so the buffer is a ring of
//! bytes addressed by timestamp, with a bit for each byte that is there. Packet times from
//! 10 to 120 ms, odd offsets, overlaps and duplicates need no cases of their own.
//!
//! Time is counted in pulls, one per 20 ms. A packet's *lead* is its timestamp minus the
//! one to be played next: how long it will wait.
//!
//! ```text
//! late packet (lead < 0)                     hold playout by that much: delay grows
//! buffer empty, no pause announced           hold playout, at most 200 ms: nothing is lost in a stall
//! least lead of 4 s above 40 ms              drop 20 ms by a cross-fade: delay shrinks
//! more than 200 ms waiting                   drop 20 ms at each pull
//! first packet after a pause or a jump       begin anew at the delay the jitter asks for
//! ```

mod conceal;
mod lead;
mod ring;

use super::FRAME_SAMPLES;
use super::codec::Decoder;
use super::rtp::Packet;
use conceal::Concealer;
use lead::Leads;
use ring::Ring;

/// Samples of one frame as timestamp ticks.
const FRAME: u32 = FRAME_SAMPLES as u32;
/// Delay of the first packet, before anything is known about the jitter: 40 ms.
const FIRST_DELAY: u32 = 2 * FRAME;
/// Smallest delay: 20 ms.
const MIN_DELAY: u32 = FRAME;
/// Largest delay: 200 ms, beyond which people talk over each other (ITU-T G.114).
const MAX_DELAY: u32 = 10 * FRAME;
/// Empty pulls after which the stream is taken to pause: 200 ms.
const MAX_DRY: u32 = 10;
/// Longest payload taken: 120 ms. Longer ones are cut.
const MAX_PAYLOAD: usize = 6 * FRAME_SAMPLES;

/// What a pulled frame is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// The peer's audio, at least in part.
    Audio,
    /// Made up from what came before: a packet is missing or not here yet.
    Concealed,
    /// Comfort noise the peer asked for (RFC 3389).
    Comfort,
    /// Nothing has come yet or for long: digital silence.
    Silence,
}

/// Orders, spaces and fills the peer's audio. About 5 KB, none of it allocated after `new`.
pub struct JitterBuffer {
    ring: Ring,
    /// Timestamp of the next sample to be played; meaningless before `started`.
    next: u32,
    started: bool,
    /// Consecutive pulls that found nothing at all.
    dry: u32,
    /// Frames by which playout is to be held for late packets.
    hold: u32,
    leads: Leads,
    concealer: Concealer,
    /// Level the peer gave for the pause, as an amplitude.
    comfort: Option<u16>,
    noise: u32,
    late: u64,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        JitterBuffer::new()
    }
}

impl JitterBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        JitterBuffer {
            ring: Ring::new(),
            next: 0,
            started: false,
            dry: 0,
            hold: 0,
            leads: Leads::new(FIRST_DELAY),
            concealer: Concealer::default(),
            comfort: None,
            noise: 0x2545_F491,
            late: 0,
        }
    }

    /// A new source, numbering or codec: what waits is dropped, what was learnt about the
    /// path is kept.
    pub fn restart(&mut self) {
        self.ring.clear();
        self.started = false;
        self.dry = 0;
        self.hold = 0;
        self.comfort = None;
    }

    /// Takes an audio packet of the stream that [`Source`](super::rtp::Source) found usable.
    pub fn push(&mut self, packet: &Packet<'_>) {
        let payload = &packet.payload[..packet.payload.len().min(MAX_PAYLOAD)];
        if payload.is_empty() {
            return;
        }
        let len = payload.len() as u32;
        let idle = self.dry > MAX_DRY || self.comfort.is_some();
        let lead = packet.timestamp.wrapping_sub(self.next) as i32;
        let fits = lead > -(4 * MAX_DELAY as i32) && lead + (len as i32) <= Ring::LEN as i32;
        if !self.started || !fits || (idle && self.ring.is_empty()) {
            self.begin(packet.timestamp);
        }
        let lead = packet.timestamp.wrapping_sub(self.next) as i32;
        self.comfort = None;
        self.leads.note(lead);
        if lead < 0 {
            self.hold = self.hold.max(lead.unsigned_abs().div_ceil(FRAME));
        }
        if lead + len as i32 <= 0 {
            self.late += 1;
            return;
        }
        let cut = lead.min(0).unsigned_abs();
        self.ring.write(packet.timestamp.wrapping_add(cut), &payload[cut as usize..]);
    }

    /// Takes a comfort noise packet (RFC 3389): a pause begins once what waits is played.
    pub fn push_comfort(&mut self, packet: &Packet<'_>) {
        let level = packet.payload.first().map_or(127, |byte| byte & 0x7F);
        // -dBov of a square wave at full scale; louder than -30 is no background noise.
        let dbov = -f32::from(level.max(30));
        self.comfort = Some((32_767.0 * 10f32.powf(dbov / 20.0)) as u16);
    }

    /// Gives the next 20 ms. Call once per 20 ms of time, after the packets of that time were pushed.
    pub fn pull(&mut self, decoder: &mut Decoder, out: &mut [i16; FRAME_SAMPLES]) -> FrameKind {
        if !self.started {
            return self.pause(out);
        }
        self.leads.tick();
        let waiting = self.ring.end().wrapping_sub(self.next) as i32;
        if self.ring.is_empty() || waiting <= 0 {
            return self.run_dry(out);
        }
        self.dry = 0;
        if self.hold > 0 {
            self.hold -= 1;
            if waiting as u32 + FRAME <= MAX_DELAY {
                self.leads.shift(FRAME as i32);
                self.concealer.conceal(out);
                return FrameKind::Concealed;
            }
            self.hold = 0;
        }
        let surplus = self.leads.is_surplus(MIN_DELAY) || waiting as u32 > MAX_DELAY + 3 * FRAME;
        if surplus && waiting as u32 >= 2 * FRAME {
            return self.play_two_as_one(decoder, out);
        }
        self.play(decoder, out)
    }

    /// Packets that came after their moment.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// How long packets wait at present, in ms.
    pub fn delay_ms(&self) -> u32 {
        self.leads.mean() / 8
    }

    /// Begins playing so that `timestamp` waits as long as the jitter asks for.
    fn begin(&mut self, timestamp: u32) {
        let delay = self.leads.wanted().clamp(MIN_DELAY, MAX_DELAY);
        self.ring.clear();
        self.next = timestamp.wrapping_sub(delay);
        self.started = true;
        self.dry = 0;
        self.hold = 0;
        self.leads.begin();
    }

    fn play(&mut self, decoder: &mut Decoder, out: &mut [i16; FRAME_SAMPLES]) -> FrameKind {
        let mut payload = [decoder.codec().silence_byte(); FRAME_SAMPLES];
        let present = self.ring.take(self.next, &mut payload);
        self.next = self.next.wrapping_add(FRAME);
        if present.is_none() {
            // Before the first packet of a stream or spurt there is nothing to go on from.
            return self.concealer.conceal(out);
        }
        decoder.decode(&payload, out);
        if present.is_partial() {
            self.concealer.patch(out, |i| present.has(i));
        } else {
            self.concealer.resume(out);
        }
        FrameKind::Audio
    }

    /// Two frames cross-faded into one: 20 ms less delay.
    fn play_two_as_one(&mut self, decoder: &mut Decoder, out: &mut [i16; FRAME_SAMPLES]) -> FrameKind {
        let mut first = [0; FRAME_SAMPLES];
        self.play(decoder, &mut first);
        let kind = self.play(decoder, out);
        self.leads.shift(-(FRAME as i32));
        for (i, (second, first)) in out.iter_mut().zip(first).enumerate() {
            let weight = i as i32;
            let mixed = i32::from(*second) * weight + i32::from(first) * (FRAME as i32 - weight);
            *second = (mixed / FRAME as i32) as i16;
        }
        kind
    }

    fn run_dry(&mut self, out: &mut [i16; FRAME_SAMPLES]) -> FrameKind {
        self.dry = self.dry.saturating_add(1);
        if self.comfort.is_some() || self.dry > MAX_DRY {
            self.next = self.next.wrapping_add(FRAME);
            return self.pause(out);
        }
        self.leads.shift(FRAME as i32);
        self.concealer.conceal(out)
    }

    fn pause(&mut self, out: &mut [i16; FRAME_SAMPLES]) -> FrameKind {
        self.concealer.forget();
        let Some(amplitude) = self.comfort else {
            out.fill(0);
            return FrameKind::Silence;
        };
        for sample in out.iter_mut() {
            // xorshift: noise need not be unguessable.
            self.noise ^= self.noise << 13;
            self.noise ^= self.noise >> 17;
            self.noise ^= self.noise << 5;
            let unit = (self.noise >> 16) as i32 - 32_768;
            *sample = ((unit * i32::from(amplitude)) >> 15) as i16;
        }
        FrameKind::Comfort
    }
}

#[cfg(test)]
mod tests;
