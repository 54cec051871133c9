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
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as u8;
            left &= left.wrapping_sub(1);
            (place < MAX_MEMBERS).then_some(place)
        })
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

/// 20 ms of one voice.
type Frame = [i16; FRAME_SAMPLES];

/// The last frame of each member.
pub struct Group {
    voices: [Frame; MAX_MEMBERS as usize],
    members: Members,
}

impl Group {
    fn new() -> Box<Group> {
        Box::new(Group { voices: [[0; FRAME_SAMPLES]; MAX_MEMBERS as usize], members: Members::NONE })
    }

    /// Leaves what the member has just said.
    pub(super) fn put(&mut self, mix: &Mix, voice: &Frame) {
        let silence = [0; FRAME_SAMPLES];
        if let Some(place) = self.voices.get_mut(usize::from(mix.place)) {
            *place = if mix.muted { silence } else { *voice };
        }
    }

    /// `own` and the voices of `heard`, but never that of `mix` itself, clipped at full scale;
    /// None where there are none of them, which is silence. One alone is lent as it is: that is
    /// nearly every frame of nearly every call. `room` holds a sum.
    pub(super) fn sum<'a>(
        &'a self,
        mix: &Mix,
        own: Option<&'a Frame>,
        heard: Members,
        room: &'a mut Frame,
    ) -> Option<&'a Frame> {
        let mut voices = own.into_iter().chain(self.voices_of(heard.without(mix.place)));
        let first = voices.next()?;
        let Some(second) = voices.next() else { return Some(first) };
        let mut sum = first.map(i32::from);
        for voice in std::iter::once(second).chain(voices) {
            for (sum, sample) in sum.iter_mut().zip(voice) {
                *sum += i32::from(*sample);
            }
        }
        *room = sum.map(|sample| sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
        Some(room)
    }

    fn voices_of(&self, members: Members) -> impl Iterator<Item = &Frame> {
        members.iter().map(|place| &self.voices[usize::from(place)])
    }
}

/// The groups of one thread, in no order.
#[derive(Default)]
pub struct Groups {
    groups: Vec<(GroupId, Box<Group>)>,
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
            let at = self.find(next.group).unwrap_or_else(|| {
                self.groups.push((next.group, Group::new()));
                self.groups.len() - 1
            });
            let members = &mut self.groups[at].1.members;
            *members = members.with(next.place);
        }
    }

    /// The group of a session, which remembers where it was found.
    pub fn of(&mut self, session: &mut Session) -> Option<&mut Group> {
        let Bridged { mix, found, .. } = session.bridged_mut()?;
        if self.groups.get(*found).is_none_or(|(id, _)| *id != mix.group) {
            *found = self.find(mix.group)?;
        }
        self.groups.get_mut(*found).map(|(_, group)| &mut **group)
    }

    /// What the next tick of a session will read and write of its group, to be called into the
    /// cache.
    pub fn frames(&self, session: &Session) -> impl Iterator<Item = &[i16; FRAME_SAMPLES]> {
        let group = session.bridged().and_then(|Bridged { mix, found, .. }| {
            let (id, group) = self.groups.get(*found)?;
            let touched = Members(mix.hears.0 | mix.records.0).with(mix.place);
            (*id == mix.group).then(|| group.voices_of(touched))
        });
        group.into_iter().flatten()
    }

    /// Groups that have members.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether no group has a member.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    fn find(&self, id: GroupId) -> Option<usize> {
        self.groups.iter().position(|(it, _)| *it == id)
    }

    fn leave(&mut self, old: &Mix) {
        let Some(at) = self.find(old.group) else { return };
        let group = &mut self.groups[at].1;
        group.put(&Mix { muted: true, ..*old }, &[0; FRAME_SAMPLES]);
        group.members = group.members.without(old.place);
        if group.members.is_empty() {
            self.groups.swap_remove(at);
        }
    }
}

/// What a session in a group keeps.
pub(super) struct Bridged {
    pub mix: Mix,
    /// Where its group stood when it was last looked for.
    found: usize,
    encoder: Encoder,
}

impl Bridged {
    pub fn new(mix: Mix, codec: Codec) -> Bridged {
        Bridged { mix, found: 0, encoder: Encoder::new(codec) }
    }

    /// The payload of a mixed frame.
    pub fn encode(&mut self, codec: Codec, pcm: &Frame) -> [u8; FRAME_SAMPLES] {
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
