//! Groups of real sessions: each peer's voice is its own tone, so that it is proved who
//! hears whom and what a recording holds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Group, GroupId, Groups, MAX_MEMBERS, Members, Mix};
use crate::base::{Mono, Now, Rng, Timestamp};
use crate::media::codec::{Decoder, Encoder};
use crate::media::rtp::{MAX_PACKET, Packet, RtpSender};
use crate::media::tone::{sine, tone_dbfs};
use crate::media::{Codec, Command, Event, FRAME_SAMPLES, Outgoing, Prompt, Session, SessionId, Stream};

const TICK: Duration = Duration::from_millis(20);
/// The pitch of each member's voice in Hz.
const VOICES: [f32; 4] = [400.0, 700.0, 1_100.0, 1_700.0];
const CUSTOMER: u8 = 0;
const AGENT: u8 = 1;
const BOSS: u8 = 2;
const THIRD: u8 = 3;
/// Louder than this a tone is heard, softer it is not: voices are at -12 dBFS.
const HEARD_DBFS: f32 = -20.0;
const UNHEARD_DBFS: f32 = -45.0;

struct Member {
    session: Session,
    codec: Codec,
    encoder: Encoder,
    decoder: Decoder,
    sender: RtpSender,
    said: usize,
    silent: bool,
    heard: Vec<i16>,
    left: Vec<i16>,
    right: Vec<i16>,
}

/// Sessions that are ticked by one thread, in this order.
struct Room {
    now: Mono,
    groups: Groups,
    members: Vec<Member>,
}

fn peer(place: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000 + 2 * place as u16))
}

fn stream(place: usize, codec: Codec) -> Stream {
    Stream {
        remote: Some(peer(place)),
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

impl Room {
    fn new(codecs: &[Codec]) -> Room {
        let mut rng = Rng::seeded(5);
        let now = Mono::from_millis(1_000_000);
        let member = |(place, codec): (usize, &Codec)| {
            let mut session = Session::new(now, Duration::ZERO, &mut rng);
            session.handle_command(now, Command::Start(stream(place, *codec)));
            Member {
                session,
                codec: *codec,
                encoder: Encoder::new(*codec),
                decoder: Decoder::new(*codec),
                sender: RtpSender::new(&mut rng),
                said: 0,
                silent: false,
                heard: Vec::new(),
                left: Vec::new(),
                right: Vec::new(),
            }
        };
        Room { now, groups: Groups::default(), members: codecs.iter().enumerate().map(member).collect() }
    }

    fn order(&mut self, place: u8, command: Command) {
        let session = &mut self.members[usize::from(place)].session;
        self.groups.note(session, &command);
        session.handle_command(self.now, command);
    }

    /// Who hears whom, as pairs of places; the customer's recording has all others on its left.
    fn mix(&mut self, place: u8, hears: &[u8]) {
        self.mix_as(place, hears, false);
    }

    fn mix_as(&mut self, place: u8, hears: &[u8], muted: bool) {
        let hears = hears.iter().copied().collect();
        let others = (0..self.members.len() as u8).filter(|other| *other != CUSTOMER);
        let records = if place == CUSTOMER { others.collect() } else { Members::NONE };
        self.order(place, Command::Mix(Some(Mix { group: GroupId(7), place, hears, records, muted })));
    }

    /// So much time in which everybody speaks; what was heard before is forgotten.
    fn run(&mut self, frames: usize) {
        for member in &mut self.members {
            member.heard.clear();
            member.left.clear();
            member.right.clear();
        }
        let mut out = Outgoing::new();
        for _ in 0..frames {
            self.now = self.now + TICK;
            let now = Now { mono: self.now, utc: Timestamp(0) };
            for (place, member) in self.members.iter_mut().enumerate() {
                member.speak(self.now, place);
                let group = self.groups.of(&mut member.session);
                member.session.tick_in(now, group, &mut out);
                member.listen(&out);
            }
        }
    }

    fn hears(&self, place: u8) -> Vec<u8> {
        voices(&self.members[usize::from(place)].heard)
    }

    fn recorded(&self) -> (Vec<u8>, Vec<u8>) {
        let customer = &self.members[usize::from(CUSTOMER)];
        (voices(&customer.left), voices(&customer.right))
    }
}

impl Member {
    fn speak(&mut self, now: Mono, place: usize) {
        let hz = f64::from(VOICES[place]);
        let amplitude = if self.silent { 0.0 } else { 8_000.0 };
        let tone = sine(hz, amplitude, self.said + FRAME_SAMPLES);
        let (mut payload, mut bytes) = ([0; FRAME_SAMPLES], [0; MAX_PACKET]);
        self.encoder.encode(&tone[self.said..], &mut payload);
        // The tone goes round once a second, so that it stays cheap to make.
        self.said = (self.said + FRAME_SAMPLES) % 8_000;
        let len = self.sender.audio(self.codec.static_payload_type(), &payload, &mut bytes);
        self.session.handle_rtp(now, peer(place), &bytes[..len]);
    }

    fn listen(&mut self, out: &Outgoing) {
        self.left.extend(out.tap.left);
        self.right.extend(out.tap.right);
        let Some((_, bytes)) = out.rtp() else { return };
        let packet = Packet::parse(bytes).unwrap();
        let mut pcm = [0; FRAME_SAMPLES];
        self.decoder.decode(packet.payload, &mut pcm);
        self.heard.extend(pcm);
    }
}

/// Whose voices are in it; the first 200 ms are left to jitter buffers.
fn voices(pcm: &[i16]) -> Vec<u8> {
    let settled = &pcm[1_600..];
    let found = |(place, hz): (usize, &f32)| {
        let level = tone_dbfs(settled, *hz);
        assert!(!(UNHEARD_DBFS..HEARD_DBFS).contains(&level), "{hz} Hz at {level} dBFS is neither");
        (level >= HEARD_DBFS).then_some(place as u8)
    };
    VOICES.iter().enumerate().filter_map(found).collect()
}

const PCMA: [Codec; 4] = [Codec::Pcma; 4];

#[test]
fn two_who_talk_hear_each_other_and_never_themselves() {
    let mut room = Room::new(&PCMA[..2]);
    room.run(20);
    assert_eq!((room.hears(CUSTOMER), room.hears(AGENT)), (vec![], vec![]), "nobody is bridged yet");
    room.mix(CUSTOMER, &[AGENT]);
    room.mix(AGENT, &[CUSTOMER]);
    room.run(60);
    assert_eq!((room.hears(CUSTOMER), room.hears(AGENT)), (vec![AGENT], vec![CUSTOMER]));
    assert_eq!(room.recorded(), (vec![AGENT], vec![CUSTOMER]));
}

#[test]
fn a_boss_listens_whispers_and_barges_in() {
    let mut room = Room::new(&PCMA[..3]);
    let all = [CUSTOMER, AGENT, BOSS];
    for (customer, agent) in [(&[AGENT][..], &[CUSTOMER][..]), (&[AGENT], &all), (&all, &all)] {
        room.mix(CUSTOMER, customer);
        room.mix(AGENT, agent);
        room.mix(BOSS, &all);
        room.run(60);
        let others = |of: &[u8], own: u8| of.iter().copied().filter(|p| *p != own).collect::<Vec<_>>();
        assert_eq!(room.hears(CUSTOMER), others(customer, CUSTOMER));
        assert_eq!(room.hears(AGENT), others(agent, AGENT));
        assert_eq!(room.hears(BOSS), [CUSTOMER, AGENT]);
        assert_eq!(room.recorded(), (vec![AGENT, BOSS], vec![CUSTOMER]), "all of ours on the left");
    }
}

#[test]
fn a_conference_of_four_hears_everybody_else() {
    let mut room = Room::new(&PCMA);
    for place in 0..4 {
        room.mix(place, &[CUSTOMER, AGENT, BOSS, THIRD]);
    }
    room.run(60);
    for place in 0..4 {
        let others: Vec<u8> = (0..4).filter(|other| *other != place).collect();
        assert_eq!(room.hears(place), others, "{place}");
    }
    assert_eq!(room.recorded(), (vec![AGENT, BOSS, THIRD], vec![CUSTOMER]));
}

#[test]
fn who_is_muted_is_heard_by_nobody_and_hears_on() {
    let mut room = Room::new(&PCMA[..2]);
    room.mix(CUSTOMER, &[AGENT]);
    room.mix_as(AGENT, &[CUSTOMER], true);
    room.run(60);
    assert_eq!((room.hears(CUSTOMER), room.hears(AGENT)), (vec![], vec![CUSTOMER]));
    assert_eq!(room.recorded().0, Vec::<u8>::new(), "what nobody hears is not recorded");
}

#[test]
fn who_is_held_hears_music_again_and_again_until_the_others_are_back() {
    let mut room = Room::new(&PCMA[..3]);
    room.mix(CUSTOMER, &[]);
    room.mix(AGENT, &[THIRD - 1]);
    room.mix(THIRD - 1, &[AGENT]);
    // 300 ms of music at a pitch that is nobody's.
    let music = Arc::new(Prompt::from_pcm("music", &sine(2_500.0, 8_000.0, 2_400)));
    room.order(CUSTOMER, Command::Music(vec![music]));
    room.run(100);
    assert_eq!(room.hears(CUSTOMER), Vec::<u8>::new());
    assert!(tone_dbfs(&room.members[0].heard, 2_500.0) > -13.0, "without a gap for two seconds");
    assert_eq!((room.hears(AGENT), room.hears(BOSS)), (vec![BOSS], vec![AGENT]));
    assert_eq!(room.recorded(), (vec![AGENT, BOSS], vec![CUSTOMER]), "what our people say meanwhile");
    room.order(CUSTOMER, Command::Music(Vec::new()));
    room.mix(CUSTOMER, &[AGENT]);
    room.run(60);
    assert_eq!(room.hears(CUSTOMER), [AGENT]);
    assert!(tone_dbfs(&room.members[0].heard, 2_500.0) < UNHEARD_DBFS);
}

#[test]
fn a_prompt_sounds_over_the_voices_and_stops_the_music() {
    let mut room = Room::new(&PCMA[..2]);
    room.mix(CUSTOMER, &[AGENT]);
    room.mix(AGENT, &[CUSTOMER]);
    let prompt = Arc::new(Prompt::from_pcm("announcement", &sine(2_500.0, 8_000.0, 16_000)));
    let music = Arc::new(Prompt::from_pcm("music", &sine(3_000.0, 8_000.0, 16_000)));
    room.order(CUSTOMER, Command::Music(vec![music]));
    let play = crate::media::PlayId(1);
    room.order(CUSTOMER, Command::Play { play, prompts: vec![prompt], barge_in: false });
    room.run(100);
    assert_eq!(room.hears(CUSTOMER), [AGENT]);
    let heard = &room.members[0].heard;
    assert!(tone_dbfs(heard, 2_500.0) > HEARD_DBFS && tone_dbfs(heard, 3_000.0) < UNHEARD_DBFS);
    assert!(tone_dbfs(&room.members[0].left, 2_500.0) > HEARD_DBFS, "prompts are ours: left");
    assert!(tone_dbfs(&room.members[1].heard, 2_500.0) < UNHEARD_DBFS, "the agent does not hear it");
    room.run(60);
    assert_eq!(room.members[0].session.poll_event(), Some(Event::FirstPacket));
    assert_eq!(room.members[0].session.poll_event(), Some(Event::Played { play, finished: true }));
    assert!(tone_dbfs(&room.members[0].heard, 3_000.0) > HEARD_DBFS, "then music");
}

#[test]
fn rec_pause_writes_silence_on_both_sides_while_both_go_on_talking() {
    let mut room = Room::new(&PCMA[..2]);
    room.mix(CUSTOMER, &[AGENT]);
    room.mix(AGENT, &[CUSTOMER]);
    room.run(20);
    room.order(CUSTOMER, Command::PauseRecord(true));
    room.run(60);
    let customer = &room.members[0];
    assert!(customer.left.iter().chain(&customer.right).all(|sample| *sample == 0));
    assert_eq!(customer.left.len(), 60 * FRAME_SAMPLES, "time goes on in the file");
    assert_eq!((room.hears(CUSTOMER), room.hears(AGENT)), (vec![AGENT], vec![CUSTOMER]));
    room.order(CUSTOMER, Command::PauseRecord(false));
    room.run(60);
    assert_eq!(room.recorded(), (vec![AGENT], vec![CUSTOMER]));
}

#[test]
fn legs_of_different_codecs_understand_each_other() {
    use Codec::{G722, Pcma, Pcmu};
    for codecs in [[Pcma, Pcmu], [Pcmu, G722], [G722, Pcma], [G722, G722]] {
        let mut room = Room::new(&codecs);
        room.mix(CUSTOMER, &[AGENT]);
        room.mix(AGENT, &[CUSTOMER]);
        room.run(80);
        assert_eq!((room.hears(CUSTOMER), room.hears(AGENT)), (vec![AGENT], vec![CUSTOMER]), "{codecs:?}");
    }
}

#[test]
fn a_frame_is_mixed_within_one_tick_whoever_is_ticked_first() {
    let mut room = Room::new(&PCMA[..2]);
    room.mix(CUSTOMER, &[AGENT]);
    room.mix(AGENT, &[CUSTOMER]);
    room.members.iter_mut().for_each(|member| member.silent = true);
    room.run(50);
    room.members.iter_mut().for_each(|member| member.silent = false);
    room.run(50);
    let first = |pcm: &[i16]| pcm.iter().position(|s| s.abs() > 1_000).unwrap() / FRAME_SAMPLES;
    // What the customer says is on the right of its tap in the tick in which it is heard.
    let customer = first(&room.members[1].heard) - first(&room.members[0].right);
    let agent = first(&room.members[0].heard) - first(&room.members[1].right);
    assert_eq!((customer, agent), (0, 1));
}

#[test]
fn who_leaves_is_silent_at_once_and_an_empty_group_is_gone() {
    let mut room = Room::new(&PCMA[..2]);
    room.mix(CUSTOMER, &[AGENT]);
    room.mix(AGENT, &[CUSTOMER]);
    room.run(60);
    assert_eq!(room.groups.len(), 1);
    room.order(AGENT, Command::Close);
    room.run(20);
    let level = tone_dbfs(&room.members[0].heard, VOICES[1]);
    assert!(level < UNHEARD_DBFS, "{level}");
    room.order(CUSTOMER, Command::Mix(None));
    assert!(room.groups.is_empty());
    room.run(20);
    assert_eq!(room.hears(CUSTOMER), Vec::<u8>::new());
}

#[test]
fn loud_voices_are_clipped_and_do_not_turn_over() {
    let mut group = Group::new();
    let mix =
        |place| Mix { group: GroupId(1), place, hears: Members::NONE, records: Members::NONE, muted: false };
    for place in 1..MAX_MEMBERS {
        group.put(&mix(place), &[30_000; FRAME_SAMPLES]);
    }
    let all: Members = (0..MAX_MEMBERS).collect();
    let sum = |place: u8, own: Option<i16>, heard: Members| {
        let (own, mut room) = (own.map(|sample| [sample; FRAME_SAMPLES]), [0; FRAME_SAMPLES]);
        let sum = group.sum(&mix(place), own.as_ref(), heard, &mut room)?;
        assert!(sum.iter().all(|sample| *sample == sum[0]));
        Some(sum[0])
    };
    assert_eq!(sum(0, Some(-1), all), Some(i16::MAX));
    assert_eq!(sum(0, Some(-30_000), Members::NONE.with(1)), Some(0), "what plays is mixed with one voice");
    assert_eq!(sum(1, Some(5), Members::NONE.with(1)), Some(5), "never oneself");
    assert_eq!(sum(1, None, Members::NONE.with(1)), None, "nobody is silence");
    assert_eq!(sum(1, None, Members::NONE.with(2)), Some(30_000), "one alone as it is");
    assert_eq!(Members::NONE.with(MAX_MEMBERS), Members::NONE, "there is no such place");
}

#[test]
fn groups_that_come_and_go_never_lend_the_voices_of_another_call() {
    let mut rng = Rng::seeded(9);
    let mut groups = Groups::default();
    let mut sessions: Vec<Session> =
        (0..40).map(|_| Session::new(Mono::default(), Duration::ZERO, &mut rng)).collect();
    let mut at = [None; 40];
    for step in 0..2_000u64 {
        let n = rng.below(40) as usize;
        // Of all groups that there are, each session is in another one, or in none.
        let group = rng.chance(0.7).then_some(GroupId(step));
        let (hears, records) = (Members::NONE, Members::NONE);
        let mix = group.map(|group| Mix { group, place: 0, hears, records, muted: false });
        groups.note(&sessions[n], &Command::Mix(mix));
        sessions[n].handle_command(Mono::default(), Command::Mix(mix));
        if let Some(group) = groups.of(&mut sessions[n]) {
            group.put(&mix.expect("in a group"), &[n as i16 + 1; FRAME_SAMPLES]);
        }
        at[n] = group;
        for (n, session) in sessions.iter_mut().enumerate() {
            let of = groups.of(session).map(|group| group.voices[0][0]);
            assert_eq!(of, at[n].map(|_| n as i16 + 1), "step {step}");
        }
        assert_eq!(groups.len(), at.iter().flatten().count());
    }
}

#[test]
fn sessions_of_one_call_share_a_thread_however_many_there_are() {
    let customer = SessionId(123_456_789);
    let agent = SessionId::beside(123_456_999, customer);
    let boss = SessionId::beside(7, agent);
    assert_eq!((agent.number(), boss.number()), (123_456_999, 7));
    assert!(agent != customer && boss != SessionId(7));
    for threads in 1..=64 {
        assert_eq!(customer.lane() % threads, agent.lane() % threads);
        assert_eq!(customer.lane() % threads, boss.lane() % threads);
    }
}
