//! What media bring: RTP, RTCP, telephone-event, and a session that gets it all.

use std::net::SocketAddr;
use std::time::Duration;

use ringback::base::{Mono, Now, Rng, Timestamp};
use ringback::media::rtp::Packet;
use ringback::media::telephone_event::EventReceiver;
use ringback::media::{Codec, Command, Event, Outgoing, Session, Stream, rtcp};

use super::{INPUTS, fuzz};

const AUDIO: &[u8] = b"\x80\x88\x00\x01\x00\x00\x00\xA0\x11\x22\x33\x44\xD5\xD5\xD5\xD5\xD5\xD5\xD5\xD5";
const KEY: &[u8] = b"\x80\xE5\x00\x02\x00\x00\x00\xA0\x11\x22\x33\x44\x05\x0A\x00\xA0";
const KEY_END: &[u8] = b"\x80\x65\x00\x03\x00\x00\x00\xA0\x11\x22\x33\x44\x05\x8A\x03\x20";
/// Padding, a contributing source, a header extension.
const LADEN: &[u8] = b"\xB1\x08\x00\x04\x00\x00\x01\x40\x11\x22\x33\x44\x00\x00\x00\x01\xBE\xDE\x00\x01\x10\xFF\x00\x00\xD5\xD5\x00\x02";
const REPORT: &[u8] = b"\x81\xC8\x00\x0C\x11\x22\x33\x44\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xA0\x00\x00\x00\x01\x00\x00\x00\xA0\
    \x55\x66\x77\x88\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x81\xCA\x00\x02\x11\x22\x33\x44\x01\x01a\x00\
    \x81\xCB\x00\x01\x11\x22\x33\x44";

#[test]
fn an_rtp_packet_is_a_part_of_its_datagram() {
    fuzz(INPUTS, &[AUDIO, KEY, LADEN, REPORT], |bytes| {
        if let Ok(packet) = Packet::parse(bytes) {
            assert!(packet.payload_type < 128);
            assert!(packet.payload.len() + 12 <= bytes.len());
            let (whole, part) = (bytes.as_ptr_range(), packet.payload.as_ptr_range());
            assert!(packet.payload.is_empty() || whole.start <= part.start && part.end <= whole.end);
        }
    });
}

#[test]
fn a_compound_report_is_read_or_refused() {
    fuzz(INPUTS, &[REPORT, KEY], |bytes| {
        if let Ok(report) = rtcp::parse(bytes, 0x5566_7788) {
            // A receiver report with one block has 32 bytes, a sender report without any 28.
            assert!(report.about_us.is_none() || bytes.len() >= 32, "{report:?}");
            assert!(report.sender_ntp.is_none() || bytes.len() >= 28, "{report:?}");
        }
    });
}

/// However the packets of one press are broken, at most one key comes of each timestamp.
#[test]
fn a_telephone_event_is_at_most_one_key() {
    fuzz(INPUTS, &[KEY, KEY_END], |bytes| {
        let mut receiver = EventReceiver::default();
        let mut keys = 0;
        for _ in 0..3 {
            if let Ok(packet) = Packet::parse(bytes) {
                keys += usize::from(receiver.accept(&packet).is_some());
            }
        }
        assert!(keys <= 1, "{keys} keys of one packet repeated");
    });
}

#[test]
fn a_session_takes_any_packets_and_still_sends_one_every_20_ms() {
    fuzz(INPUTS / 4, &[AUDIO, KEY, KEY_END, LADEN, REPORT], |bytes| {
        let mut rng = Rng::seeded(3);
        let mut now = Now { mono: Mono::from_millis(1), utc: Timestamp(1) };
        let peer: SocketAddr = "192.0.2.1:4000".parse().expect("an address");
        let mut session = Session::new(now.mono, Duration::from_secs(20), &mut rng);
        let stream = Stream {
            remote: Some(peer),
            codec: Codec::Pcma,
            payload_type: 8,
            receive_payload_type: 8,
            event_payload_type: Some(101),
            control: ringback::media::Control::Mux,
            send: true,
            receive: true,
            srtp: None,
        };
        session.handle_command(now.mono, Command::Start(stream));
        let mut out = Outgoing::new();
        let (mut sent, mut keys) = (0, 0);
        for cut in [0, 1, 7, 12, bytes.len()] {
            for part in [&bytes[..cut.min(bytes.len())], &bytes[cut.min(bytes.len())..]] {
                session.handle_rtp(now.mono, peer, part);
            }
            now = now.after(Duration::from_millis(20));
            session.tick(now, &mut out);
            sent += usize::from(out.rtp().is_some());
            while let Some(event) = session.poll_event() {
                keys += usize::from(matches!(event, Event::Digit { .. }));
            }
        }
        assert_eq!(sent, 5);
        assert!(keys <= 10, "{keys} keys of ten packets");
    });
}
