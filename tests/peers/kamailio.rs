//! Kamailio as the carrier's registrar and proxy. It checks every password itself, and takes
//! a nonce again only with a count that has grown.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::program::{Program, find, free_port, until};

/// The realm of its challenges.
pub const REALM: &str = "carrier.example";
/// The password it knows.
pub const PASSWORD: &str = "cold-tea-42";

/// How it is set up.
pub struct Setup {
    /// `MD5` or `SHA-256`.
    pub algorithm: &'static str,
    /// How long a nonce is good.
    pub nonce_seconds: u32,
    /// Longest registration that it grants.
    pub expires: u32,
    /// Where calls go.
    pub callee: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { algorithm: "MD5", nonce_seconds: 300, expires: 600, callee: 9 }
    }
}

/// One request as it saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub cseq: u32,
    /// Nonce and count of the credentials, where there were any.
    pub used: Option<(String, u32)>,
    pub algorithm: Option<String>,
}

/// A running one, with its child processes.
pub struct Kamailio {
    pub port: u16,
    program: Program,
}

impl Kamailio {
    /// Starts one; it takes requests when this returns.
    pub async fn start(setup: &Setup, folder: &Path) -> Kamailio {
        let port = free_port();
        let home = folder.join(format!("kamailio-{port}"));
        std::fs::create_dir_all(&home).expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/kamailio/kamailio.cfg");
        let mut text = std::fs::read_to_string(source).expect("its configuration");
        for (word, value) in [
            ("PORT", port.to_string()),
            ("MODULES", modules()),
            ("NONCE_SECONDS", setup.nonce_seconds.to_string()),
            ("ALGORITHM", setup.algorithm.to_owned()),
            ("EXPIRES", setup.expires.to_string()),
            ("REALM", REALM.to_owned()),
            ("PASSWORD", PASSWORD.to_owned()),
            ("CALLEE", setup.callee.to_string()),
        ] {
            text = text.replace(&format!("@{word}@"), &value);
        }
        let config = home.join("kamailio.cfg");
        std::fs::write(&config, text).expect("its configuration");
        let mut command = Command::new(find("kamailio").expect("it was found"));
        // In the foreground, in a process group of its own, with little shared memory.
        command.args(["-DD", "-E", "-m", "16", "-M", "4", "-f"]).arg(&config).arg("-Y").arg(&home);
        command.process_group(0);
        let mut program = Program::start(&format!("kamailio-{port}"), &mut command, folder).with_group();
        let up = until(Duration::from_secs(10), async || {
            if let Some(status) = program.ended() {
                panic!("kamailio ended with {status}:\n{}", program.tail());
            }
            answers(port).then_some(())
        });
        assert!(up.await.is_some(), "kamailio does not answer:\n{}", program.tail());
        Kamailio { port, program }
    }

    /// What it saw so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.program.output().lines().filter_map(seen).collect()
    }

    /// Requests of one method that it saw so far.
    pub fn seen_of(&self, method: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.method == method).collect()
    }

    /// Its own lines with this word, from there on.
    pub fn said(&self, word: &str) -> Vec<String> {
        let output = self.program.output();
        let lines = output.lines().filter_map(|line| line.find(word).map(|at| line[at..].trim().to_owned()));
        lines.collect()
    }
}

fn modules() -> String {
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let folder = places.iter().map(|p| format!("{p}/kamailio/modules/")).find(|p| Path::new(p).is_dir());
    folder.expect("kamailio's modules")
}

/// Whether an OPTIONS gets an answer.
fn answers(port: u16) -> bool {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let own = socket.local_addr().expect("an address");
    let ask = format!(
        "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{own}\r\n\
         From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1:{port}>\r\nCall-ID: {own}\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
    );
    socket.send_to(ask.as_bytes(), ("127.0.0.1", port)).ok();
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    socket.recv(&mut [0; 2_048]).is_ok()
}

/// Reads `SAW REGISTER 3 Digest username="...", nonce="...", nc=00000001, ...`.
fn seen(line: &str) -> Option<Seen> {
    let (_, rest) = line.split_once("SAW ")?;
    let mut words = rest.splitn(3, ' ');
    let (method, cseq) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let credentials = words.next().unwrap_or_default();
    let field = |name: &str| {
        let (_, after) = credentials.split_once(&format!("{name}="))?;
        Some(after.split([',', ' ']).next()?.trim_matches('"').to_owned())
    };
    let used = field(" nonce").zip(field("nc").and_then(|nc| u32::from_str_radix(&nc, 16).ok()));
    Some(Seen { method, cseq, used, algorithm: field("algorithm") })
}
