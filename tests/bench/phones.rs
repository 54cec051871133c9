//! The telephones of agents: one socket for all, each registered by digest (RFC 3261 section 22).

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};

use crate::sip_text::Message;

const PASSWORD: &str = "warm-tea-41";
/// A phone that is not registered within this time never will be.
const GIVE_UP: Duration = Duration::from_secs(10);

/// The extension of agent `n`, from 0.
pub fn extension(n: usize) -> String {
    format!("{}", 800_000 + n)
}

/// What a daemon's configuration says of so many agents and their hotline.
pub fn sections(agents: usize) -> String {
    let mut text = String::from(
        "[agents]\nwrap_up = \"0s\"\nkeepalive = \"0s\"\n\
         [[queue]]\nname = \"service\"\nmax_waiting = 10000\nmax_wait = \"4h\"\nannounce_first = \"0s\"\n\
         [[hotline]]\nnumber = \"400*\"\nscript = \"bench-hotline\"\nlanguage = \"en\"\nqueue = \"service\"\n",
    );
    for n in 0..agents {
        let extension = extension(n);
        text += &format!(
            "[[agent]]\nname = \"agent {n}\"\nextension = \"{extension}\"\nsecret = \"{PASSWORD}\"\n"
        );
    }
    text
}

/// Registers all of them, one after the other.
pub fn register(socket: &UdpSocket, daemon: SocketAddr, agents: usize) {
    for n in 0..agents {
        let user = extension(n);
        let challenge = ask(socket, daemon, &user, 1, "");
        let challenge = Message::parse(challenge.as_bytes()).expect("SIP");
        assert_eq!(challenge.status(), Some(401), "{user} is challenged");
        let proof = proof(&user, daemon, challenge.header("WWW-Authenticate", "").expect("a challenge"));
        let answer = ask(socket, daemon, &user, 2, &proof);
        assert!(answer.starts_with("SIP/2.0 200"), "{user} is not registered: {answer}");
    }
}

/// Sends REGISTER until its answer comes.
fn ask(socket: &UdpSocket, daemon: SocketAddr, user: &str, cseq: u32, proof: &str) -> String {
    let own = socket.local_addr().expect("its address");
    let text = format!(
        "REGISTER sip:{daemon} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-r{user}-{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@{daemon}>;tag=r{user}\r\nTo: <sip:{user}@{daemon}>\r\n\
         Call-ID: register-{user}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{own}>\r\nExpires: 3600\r\n\
         {proof}Content-Length: 0\r\n\r\n"
    );
    let wanted = format!("register-{user}");
    let mut bytes = [0; 8_192];
    let begun = Instant::now();
    let mut sent = begun - GIVE_UP;
    while begun.elapsed() < GIVE_UP {
        if sent.elapsed() > Duration::from_millis(500) {
            socket.send_to(text.as_bytes(), daemon).expect("loopback");
            sent = Instant::now();
        }
        match socket.recv_from(&mut bytes) {
            Ok((len, _)) => {
                let Some(message) = Message::parse(&bytes[..len]) else { continue };
                let ours = message.call_id() == Some(&wanted) && message.cseq().is_some_and(|c| c.0 == cseq);
                if ours && message.status().is_some_and(|status| status >= 200) {
                    return String::from_utf8_lossy(&bytes[..len]).into_owned();
                }
            }
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    }
    panic!("REGISTER of {user} has no answer")
}

/// The `Authorization` line for a challenge with `qop=auth`.
fn proof(user: &str, daemon: SocketAddr, challenge: &str) -> String {
    let field = |name: &str| {
        let rest = challenge.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let md5 = |text: String| Md5::digest(text).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (realm, nonce, uri) = (field("realm"), field("nonce"), format!("sip:{daemon}"));
    let (ha1, ha2) = (md5(format!("{user}:{realm}:{PASSWORD}")), md5(format!("REGISTER:{uri}")));
    let response = md5(format!("{ha1}:{nonce}:00000001:bench:auth:{ha2}"));
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"bench\"\r\n"
    )
}
