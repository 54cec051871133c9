//! SIP by hand: a peer that says what no well-behaved one would.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// An INVITE with an offer, from the socket's address.
pub fn invite(from: SocketAddr, to: SocketAddr, number: &str, call: u64) -> String {
    let sdp = format!(
        "v=0\r\no=peer 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n",
        ip = from.ip(),
        port = from.port(),
    );
    format!(
        "INVITE sip:{number}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{call}x{port};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:13900000001@{from}>;tag=t{call}\r\nTo: <sip:{number}@{to}>\r\n\
         Call-ID: raw-{call}-{port}\r\nCSeq: 1 INVITE\r\nContact: <sip:13900000001@{from}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}",
        port = from.port(),
        length = sdp.len(),
    )
}

/// A UDP socket of that address which never waits for long.
pub fn socket(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind((address, 0)).expect("a port");
    socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a timeout");
    socket
}

/// What has come so far.
pub fn received(socket: &UdpSocket) -> Vec<String> {
    let mut buffer = vec![0; 65_536];
    let mut all = Vec::new();
    while let Ok(length) = socket.recv(&mut buffer) {
        all.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    all
}
