//! When a socket keeps to its peer, and lets go of it.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::{PATIENCE, Phone, Rig, stream};
use crate::media::{Command, FRAME_SAMPLES};

/// The peer's RTP goes to where ours came from, from now on from another socket.
fn move_to_another_port(phone: &mut Phone, session: SocketAddr) -> Duration {
    let begun = Instant::now();
    phone.socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Nothing comes back before the plane has followed: the waiting paces what is sent.
    phone.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut bytes = [0; 1_500];
    while begun.elapsed() < PATIENCE {
        let len = phone.rtp.audio(8, &[0xD5; FRAME_SAMPLES], &mut bytes);
        phone.socket.send_to(&bytes[..len], session).unwrap();
        if phone.socket.recv_from(&mut bytes).is_ok() {
            break;
        }
    }
    phone.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    begun.elapsed()
}

/// Whether the kernel refuses what a stranger sends: the socket is tied to its peer.
fn refuses_strangers(session: SocketAddr) -> bool {
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    stranger.connect(session).unwrap();
    stranger.send(b"who is there?").unwrap();
    // Loopback answers with its ICMP message before `send` is over.
    stranger.send(b"anybody?").is_err()
}

#[test]
fn a_steady_peer_keeps_strangers_out_and_is_followed_when_it_moves_or_the_sdp_says_so() {
    for ring in [true, false] {
        let mut rig = Rig::with(43_000..=43_019, 1, 1_024, ring);
        let mut phone = Phone::new(440.0);
        let address = rig.open(7);
        rig.order(7, Command::Start(stream(phone.address())));
        assert!(!refuses_strangers(address), "nobody is known yet");
        (0..90).for_each(|_| phone.turn());
        assert!(refuses_strangers(address), "ring {ring}");

        let took = move_to_another_port(&mut phone, address);
        assert!(took >= Duration::from_millis(400), "a stranger could be faster: {took:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
        (0..90).for_each(|_| phone.turn());
        assert!(!refuses_strangers(address), "not where the SDP says: whoever is there may come");

        let mut other = Phone::new(700.0);
        rig.order(7, Command::Start(stream(other.address())));
        (0..90).for_each(|_| other.turn());
        assert!(refuses_strangers(address), "ring {ring}");
        let mut third = Phone::new(900.0);
        rig.order(7, Command::Start(stream(third.address())));
        (0..10).for_each(|_| third.turn());
        let (_, quality) = rig.close(7);
        assert!(quality.packets_received > 250, "{quality:?}");
        rig.stop();
    }
}

#[test]
fn a_socket_of_every_address_is_tied_only_where_its_peer_sends_to_the_one_the_kernel_chooses() {
    for ring in [true, false] {
        let mut rig = Rig::at(Ipv4Addr::UNSPECIFIED, 43_200..=43_219, 1, 1_024, ring);
        let mut phone = Phone::new(440.0);
        let port = rig.open(7).port();
        rig.order(7, Command::Start(stream(phone.address())));
        let (ours, other) =
            (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 2], port)));
        // The phone sends to another address of ours than the one from which the kernel answers it.
        phone.sends_to = Some(other);
        (0..150).for_each(|_| phone.turn());
        assert!(!refuses_strangers(other), "it would be heard no more, ring {ring}");
        phone.sends_to = None;
        (0..150).for_each(|_| phone.turn());
        assert!(refuses_strangers(ours), "ring {ring}");
        let took = move_to_another_port(&mut phone, ours);
        assert!(took < Duration::from_secs(5), "{took:?}");
        (0..50).for_each(|_| phone.turn());
        let (_, quality) = rig.close(7);
        assert!(quality.packets_received >= 340, "{quality:?}");
        rig.stop();
    }
}

#[test]
fn a_peer_whose_port_is_closed_for_a_while_is_heard_again() {
    for ring in [true, false] {
        let mut rig = Rig::with(43_100..=43_119, 1, 1_024, ring);
        let mut phone = Phone::new(440.0);
        let (address, own) = (rig.open(7), phone.address());
        rig.order(7, Command::Start(stream(own)));
        (0..90).for_each(|_| phone.turn());
        assert!(refuses_strangers(address), "ring {ring}");
        // ICMP says that the port is closed, which a tied socket is told.
        phone.socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let failed = |rig: &Rig| rig.plane.counters().sends_failed;
        let until = Instant::now() + PATIENCE;
        while refuses_strangers(address) {
            assert!(Instant::now() < until, "still tied");
        }
        phone.socket = UdpSocket::bind(own).unwrap();
        phone.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        (0..90).for_each(|_| phone.turn());
        assert!(failed(&rig) <= 5, "{}", failed(&rig));
        assert!(refuses_strangers(address), "ring {ring}");
        let (_, quality) = rig.close(7);
        assert!(quality.packets_received >= 150, "{quality:?}");
        rig.stop();
    }
}
