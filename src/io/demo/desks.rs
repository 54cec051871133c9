//! Agents at their telephones: they register, answer what the hotline offers, and talk.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Counters;
use super::exchange::{Begun, Exchange, Party};
use crate::base::{Mono, Now, Rng};
use crate::sim::{Act, Behaviour, Person};
use crate::sip::{ClientAuth, Message, Method, NameAddr, Request, Response, Transport, Uri, Via, header};

/// A registration lasts 5 minutes and is renewed after 2.
const EXPIRES: &str = "300";
const AGAIN_AFTER: Duration = Duration::from_secs(120);

/// One telephone.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Its number, which is also its user.
    pub extension: String,
    /// Its password.
    pub secret: String,
}

/// Telephones of agents, all at one address. Dropping it silences them.
pub struct DemoDesks {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl DemoDesks {
    /// Registers them at `registrar`; each answers its calls until dropped.
    ///
    /// # Errors
    /// No socket or thread could be had.
    pub fn start(registrar: SocketAddr, desks: Vec<Desk>, seed: u64) -> std::io::Result<DemoDesks> {
        let socket = std::net::UdpSocket::bind(("127.0.0.1", 0))?;
        let at = socket.local_addr()?;
        let mut rng = Rng::seeded(seed);
        let desks = desks.into_iter().map(|desk| Registered::new(desk, &mut rng)).collect();
        let (counters, stop) = (Arc::new(Counters::default()), Arc::new(AtomicBool::new(false)));
        let office = Office { registrar, desks, at };
        let exchange = Exchange::new((socket, at), office, rng, counters, stop.clone());
        let thread =
            std::thread::Builder::new().name("demo-desks".to_owned()).spawn(move || exchange.run())?;
        Ok(DemoDesks { stop, thread: Some(thread) })
    }
}

impl Drop for DemoDesks {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

struct Registered {
    desk: Desk,
    auth: ClientAuth,
    call_id: String,
    tag: String,
    cseq: u32,
    due: Mono,
}

impl Registered {
    fn new(desk: Desk, rng: &mut Rng) -> Registered {
        let auth = ClientAuth::new(&desk.extension, &desk.secret, None);
        Registered { desk, auth, call_id: rng.hex(16), tag: rng.hex(8), cseq: 0, due: Mono(0) }
    }

    /// REGISTER (RFC 3261 section 10.2), with credentials once they were asked for.
    fn request(&mut self, registrar: SocketAddr, at: SocketAddr, rng: &mut Rng) -> Vec<u8> {
        self.cseq += 1;
        let uri = |user: &str, at: SocketAddr| Uri::sip(user, &at.ip().to_string(), Some(at.port()));
        let mut request = Request::new(Method::REGISTER, uri("", registrar));
        let own = NameAddr::new(uri(&self.desk.extension, registrar));
        let host = Uri::sip("", &at.ip().to_string(), None).host;
        let via = Via::new(Transport::Udp, host, Some(at.port()), &format!("z9hG4bK{}", rng.hex(12)));
        let headers = &mut request.headers;
        headers.push(header::VIA, via.to_string());
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::FROM, own.clone().with_tag(&self.tag).to_string());
        headers.push(header::TO, own.to_string());
        headers.push(header::CALL_ID, self.call_id.clone());
        headers.push(header::CSEQ, format!("{} REGISTER", self.cseq));
        headers.push(header::CONTACT, NameAddr::new(uri(&self.desk.extension, at)).to_string());
        headers.push(header::EXPIRES, EXPIRES);
        self.auth.apply(&mut request, rng);
        Message::from(request).to_bytes()
    }
}

struct Office {
    registrar: SocketAddr,
    desks: Vec<Registered>,
    at: SocketAddr,
}

impl Party for Office {
    fn answers(&mut self, _: &str, rng: &mut Rng) -> Behaviour {
        let sentences = 4 + rng.below(4);
        let mut acts: Vec<Act> = (0..sentences)
            .map(|_| Act::Speak { millis: 1_500 + rng.below(2_200) as u32, then: None })
            .collect();
        acts.push(Act::HangUp);
        Behaviour::Answers(Person {
            answer_ms: 1_500 + rng.below(3_500) as u32,
            greeting_ms: 2_200,
            acts,
            patience_ms: 20_000,
            ..Person::default()
        })
    }

    fn begin(&mut self, now: Now, _: usize, at: SocketAddr, rng: &mut Rng) -> Begun {
        let mut begun = Begun::default();
        for desk in self.desks.iter_mut().filter(|desk| now.mono >= desk.due) {
            desk.due = now.mono + AGAIN_AFTER;
            begun.requests.push((self.registrar, desk.request(self.registrar, at, rng)));
        }
        begun
    }

    fn handle_response(
        &mut self,
        now: Now,
        response: &Response,
        rng: &mut Rng,
    ) -> Vec<(SocketAddr, Vec<u8>)> {
        let call_id = response.headers.call_id().unwrap_or_default();
        let Some(desk) = self.desks.iter_mut().find(|desk| desk.call_id == call_id) else {
            return Vec::new();
        };
        if response.status == 401 && desk.auth.handle_challenge(response).is_ok() {
            return vec![(self.registrar, desk.request(self.registrar, self.at, rng))];
        }
        if response.is_success() {
            desk.auth.handle_accepted();
        } else if !response.is_provisional() {
            tracing::warn!(
                extension = desk.desk.extension,
                status = response.status,
                "a desk is not registered"
            );
            desk.due = now.mono + AGAIN_AFTER;
        }
        Vec::new()
    }
}
