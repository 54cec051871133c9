//! Calls of several legs: who hears whom, frame by frame.
//!
//! ```text
//!  caller  <-> agent          talk
//!  caller  <-> agent <- boss  whisper: the agent alone hears the boss
//!  caller  <-> agent -> boss  listen: the boss is heard by nobody
//!  all     <-> all            barge, conference
//! ```
//!
//! Each session of a group leaves the frame that it has just heard, and sends the sum of the
//! last frames of those it may hear, itself never among them. All sessions of a group are
//! ticked by one thread, each once per 20 ms and always in the same order, so a frame waits
//! for less than one tick and is heard once. Every frame is linear at 8 kHz, so that legs of
//! different codecs understand each other; of G.722 it is the lower band.

use std::collections::BTreeMap;

use super::codec::Encoder;
use super::{Codec, Command, FRAME_SAMPLES, Session};

/// Legs of one call at once: the customer, two who talk, and those who listen or join.
pub const MAX_MEMBERS: u8 = 8;

/// One group: by the number of its customer's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

/// Some members of a group, by their places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(u8);

impl Members {
    /// Nobody.
    pub const NONE: Members = Members(0);

    /// These and the one at `place`; a place that does not exist adds nobody.
    #[must_use]
    pub fn with(self, place: u8) -> Members {
        if place < MAX_MEMBERS { Members(self.0 | 1 << place) } else { self }
    }

    /// These without the one at `place`.
    #[must_use]
    pub fn without(self, place: u8) -> Members {
        if place < MAX_MEMBERS { Members(self.0 & !(1 << place)) } else { self }
    }

    /// Whether the one at `place` is among them.
    pub fn has(self, place: u8) -> bool {
        place < MAX_MEMBERS && self.0 & 1 << place != 0
    }

    /// Whether it is nobody.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their places, lowest first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..MAX_MEMBERS).filter(move |place| self.has(*place))
    }
}

impl FromIterator<u8> for Members {
    fn from_iter<I: IntoIterator<Item = u8>>(places: I) -> Members {
        places.into_iter().fold(Members::NONE, Members::with)
    }
}

/// One session's part in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Which group; all its sessions are on one thread, see [`super::SessionId::beside`].
    pub group: GroupId,
    /// Its own place, below [`MAX_MEMBERS`]; one session a place.
    pub place: u8,
    /// Whom it hears.
    pub hears: Members,
    /// Whose voices stand on the left of its recording, whether it hears them or not.
    pub records: Members,
    /// Nobody hears it.
    pub muted: bool,
}

/// The last frame of each member.
pub struct Group {
    voices: [[i16; FRAME_SAMPLES]; MAX_MEMBERS as usize],
    members: Members,
}

impl Group {
    fn new() -> Box<Group> {
        Box::new(Group { voices: [[0; FRAME_SAMPLES]; MAX_MEMBERS as usize], members: Members::NONE })
    }

    /// Leaves what the member has just said.
    pub(super) fn put(&mut self, mix: &Mix, voice: &[i16; FRAME_SAMPLES]) {
        let silence = [0; FRAME_SAMPLES];
        if let Some(place) = self.voices.get_mut(usize::from(mix.place)) {
            *place = if mix.muted { silence } else { *voice };
        }
    }

    /// `own` and the voices of `heard`, but never that of `mix` itself, clipped at full scale.
    pub(super) fn sum(&self, mix: &Mix, own: &[i16; FRAME_SAMPLES], heard: Members) -> [i16; FRAME_SAMPLES] {
        let mut sum = own.map(i32::from);
        for place in heard.without(mix.place).iter() {
            for (sum, voice) in sum.iter_mut().zip(&self.voices[usize::from(place)]) {
                *sum += i32::from(*voice);
            }
        }
        sum.map(|sample| sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }
}

/// The groups of one thread.
#[derive(Default)]
pub struct Groups {
    groups: BTreeMap<GroupId, Box<Group>>,
}

impl Groups {
    /// Takes note of an order before its session does: members come and go.
    pub fn note(&mut self, session: &Session, command: &Command) {
        let next = match command {
            Command::Mix(next) => next.as_ref(),
            Command::Close => None,
            _ => return,
        };
        if let Some(old) = session.mix() {
            self.leave(old);
        }
        if let Some(next) = next {
            let group = self.groups.entry(next.group).or_insert_with(Group::new);
            group.members = group.members.with(next.place);
        }
    }

    /// The group of a session.
    pub fn of(&mut self, session: &Session) -> Option<&mut Group> {
        let mix = session.mix()?;
        self.groups.get_mut(&mix.group).map(|group| &mut **group)
    }

    /// Groups that have members.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether no group has a member.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    fn leave(&mut self, old: &Mix) {
        let Some(group) = self.groups.get_mut(&old.group) else { return };
        group.put(&Mix { muted: true, ..*old }, &[0; FRAME_SAMPLES]);
        group.members = group.members.without(old.place);
        if group.members.is_empty() {
            self.groups.remove(&old.group);
        }
    }
}

/// What a session in a group keeps.
pub(super) struct Bridged {
    pub mix: Mix,
    encoder: Encoder,
}

impl Bridged {
    /// Boxed, for most sessions have none.
    pub fn new(mix: Mix, codec: Codec) -> Box<Bridged> {
        Box::new(Bridged { mix, encoder: Encoder::new(codec) })
    }

    /// The payload of a mixed frame.
    pub fn encode(&mut self, codec: Codec, pcm: &[i16; FRAME_SAMPLES]) -> [u8; FRAME_SAMPLES] {
        if self.encoder.codec() != codec {
            self.encoder = Encoder::new(codec);
        }
        let mut payload = [codec.silence_byte(); FRAME_SAMPLES];
        self.encoder.encode(pcm, &mut payload);
        payload
    }
}

#[cfg(test)]
mod tests;
