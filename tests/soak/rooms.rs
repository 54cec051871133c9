//! The media sessions, and what people pressed in them: the keys that are believed and
//! stored must be the keys that were pressed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use ringback::base::{CallId, Disposition, Mono, Now, Rng};
use ringback::call::StoredAnswer;
use ringback::engine::Report;
use ringback::media::{Command, DigitSource, Event, Outgoing, Session, SessionId};

use super::caller::Caller;
use super::city::Customer;
use crate::world::recorded;

/// Destination, source, bytes.
pub type Datagram = (SocketAddr, SocketAddr, Vec<u8>);

struct Room {
    session: Session,
    addr: SocketAddr,
    /// The call whose recording was begun.
    recording: Option<CallId>,
    file: Option<std::path::PathBuf>,
    frames: u64,
    closing: bool,
    wire: Vec<(SocketAddr, Vec<u8>)>,
}

/// What was heard in one call.
#[derive(Default)]
struct Heard {
    events: String,
    tones: String,
    /// Dialogs that spoke into the room.
    speakers: Vec<String>,
}

pub struct Rooms {
    rooms: BTreeMap<SessionId, Room>,
    by_addr: BTreeMap<SocketAddr, SessionId>,
    heard: BTreeMap<SessionId, Heard>,
    calls: BTreeMap<CallId, SessionId>,
    /// Keys stored as answers, by call.
    stored: BTreeMap<CallId, String>,
    /// Keys pressed by phones that are gone.
    pressed: BTreeMap<String, String>,
    next_port: u16,
    rng: Rng,
    /// Keys that were pressed and that were believed, in calls that are over.
    pub pressed_keys: usize,
    pub believed_keys: usize,
    /// Calls in which speech or a torn tone was taken for a key.
    pub mistaken: usize,
}

impl Rooms {
    pub fn new(rng: Rng) -> Self {
        Rooms {
            rooms: BTreeMap::new(),
            by_addr: BTreeMap::new(),
            heard: BTreeMap::new(),
            calls: BTreeMap::new(),
            stored: BTreeMap::new(),
            pressed: BTreeMap::new(),
            next_port: 20_000,
            rng,
            pressed_keys: 0,
            believed_keys: 0,
            mistaken: 0,
        }
    }

    /// The process is gone.
    pub fn clear(&mut self) {
        self.rooms.clear();
        self.by_addr.clear();
        self.heard.clear();
        self.calls.clear();
        self.stored.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// An order; what is answered at once is given back.
    pub fn order(
        &mut self,
        now: Now,
        id: SessionId,
        command: Command,
        deaf: bool,
    ) -> Result<Option<Event>, String> {
        match command {
            Command::Open { .. } if deaf => return Ok(Some(Event::OpenFailed("no port is free".into()))),
            Command::Open { timeout } => {
                self.next_port = if self.next_port > 60_000 { 20_000 } else { self.next_port + 2 };
                let addr = SocketAddr::from(([10, 0, 0, 9], self.next_port));
                let session = Session::new(now.mono, timeout, &mut self.rng);
                let room = Room {
                    session,
                    addr,
                    recording: None,
                    file: None,
                    frames: 0,
                    closing: false,
                    wire: Vec::new(),
                };
                if self.rooms.insert(id, room).is_some() {
                    return Err(format!("{id:?} was opened twice"));
                }
                self.by_addr.insert(addr, id);
                self.heard.insert(id, Heard::default());
                return Ok(Some(Event::Opened(addr)));
            }
            _ => {}
        }
        let Some(room) = self.rooms.get_mut(&id) else {
            return Err(format!("an order to {id:?}, which is not open: {command:?}"));
        };
        if room.closing {
            return Err(format!("an order to {id:?} after its close: {command:?}"));
        }
        match command {
            Command::Record { path } => {
                let call = call_of(&path).ok_or_else(|| format!("a recording of no call: {path:?}"))?;
                if room.recording.replace(call).is_some() {
                    return Err(format!("{id:?} is recorded twice"));
                }
                room.file = Some(path);
                self.calls.insert(call, id);
            }
            command => {
                room.closing = matches!(command, Command::Close);
                room.session.handle_command(now.mono, command);
            }
        }
        Ok(None)
    }

    pub fn receive(&mut self, _now: Mono, to: SocketAddr, from: SocketAddr, packet: Vec<u8>) {
        if let Some(room) = self.by_addr.get(&to).and_then(|id| self.rooms.get_mut(id)) {
            room.wire.push((from, packet));
        }
    }

    /// Somebody sends into a room.
    pub fn speaks(&mut self, to: SocketAddr, dialog: &str) {
        if let Some(heard) = self.by_addr.get(&to).and_then(|id| self.heard.get_mut(id))
            && !heard.speakers.iter().any(|d| d == dialog)
        {
            heard.speakers.push(dialog.to_owned());
        }
    }

    /// A phone is gone.
    pub fn left(&mut self, dialog: &str, pressed: &str) {
        self.pressed.insert(dialog.to_owned(), pressed.to_owned());
    }

    pub fn answered(&mut self, answer: &StoredAnswer) {
        let keys = answer.keys.as_deref().unwrap_or("");
        self.stored.entry(answer.call).or_default().push_str(keys);
    }

    /// 20 ms: packets with their destination and source, and events.
    pub fn tick(&mut self, now: Now) -> (Vec<Datagram>, Vec<(SessionId, Event)>) {
        let (mut packets, mut events) = (Vec::new(), Vec::new());
        let mut out = Outgoing::new();
        let mut closed = Vec::new();
        for (id, room) in &mut self.rooms {
            for (from, packet) in room.wire.drain(..) {
                room.session.handle_rtp(now.mono, from, &packet);
            }
            room.session.tick(now, &mut out);
            if let Some((to, packet)) = out.rtp() {
                packets.push((to, room.addr, packet.to_vec()));
            }
            room.frames += u64::from(room.recording.is_some());
            while let Some(event) = room.session.poll_event() {
                if let (Event::Digit { key, source }, Some(heard)) = (&event, self.heard.get_mut(id)) {
                    match source {
                        DigitSource::Event => heard.events.push(*key),
                        DigitSource::Inband => heard.tones.push(*key),
                    }
                }
                if matches!(event, Event::Closed { .. }) {
                    closed.push(*id);
                }
                events.push((*id, room.finish(event)));
            }
        }
        for id in closed {
            if let Some(room) = self.rooms.remove(&id) {
                self.by_addr.remove(&room.addr);
            }
        }
        (packets, events)
    }

    /// A call is over: it was recorded from answer to end, and its keys are those pressed.
    pub fn check(
        &mut self,
        report: &Report,
        phones: &BTreeMap<String, Customer>,
        callers: &BTreeMap<String, (usize, Caller, Now)>,
    ) -> Result<(), String> {
        let record = &report.record;
        if record.answered_at.is_none() {
            return match record.recording {
                Some(_) => Err("a recording of a call that was not answered".into()),
                None => Ok(()),
            };
        }
        let recorded = self.calls.get(&record.id).copied();
        if recorded.is_none() && record.disposition != Disposition::Incompatible {
            return Err("an answered call was not recorded".into());
        }
        if recorded.is_some() && record.recording.is_none() {
            return Err(format!("the recording of an answered call was not finished: {report:?}"));
        }
        let Some(heard) = recorded.and_then(|id| self.heard.get(&id)) else { return Ok(()) };
        let mut pressed = String::new();
        for dialog in &heard.speakers {
            if let Some(customer) = phones.get(dialog) {
                pressed.push_str(customer.phone.pressed());
            } else if let Some((_, caller, _)) = callers.get(dialog) {
                pressed.push_str(&caller.pressed);
            } else if let Some(old) = self.pressed.get(dialog) {
                pressed.push_str(old);
            }
        }
        let none = String::new();
        let stored = self.stored.get(&record.id).unwrap_or(&none);
        if !is_part(&heard.events, &pressed) {
            return Err(format!("{pressed:?} was pressed and {:?} believed", heard.events));
        }
        // Speech may sound like a key: that is a rate (src/media/tone), not a promise.
        self.mistaken += usize::from(!is_part(&heard.tones, &pressed));
        if heard.tones.is_empty() && !is_part(stored, &pressed) {
            return Err(format!("{pressed:?} was pressed and {stored:?} stored"));
        }
        self.pressed_keys += pressed.len();
        self.believed_keys += heard.events.len() + heard.tones.len();
        Ok(())
    }
}

impl Room {
    /// What a recorder adds to the end of a session.
    fn finish(&mut self, event: Event) -> Event {
        let Event::Closed { quality, .. } = event else { return event };
        let recording = self.file.take().map(|path| recorded(path, self.frames));
        Event::Closed { recording, quality }
    }
}

/// The call of `/recordings/2026/03/02/<call id>.wav`.
fn call_of(path: &Path) -> Option<CallId> {
    path.file_stem()?.to_str()?.parse().ok()
}

/// Whether `part` is `whole` with some characters left out, in the same order.
fn is_part(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    part.chars().all(|c| rest.any(|w| w == c))
}
