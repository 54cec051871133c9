//! The telephones of the agents: they register as real ones do, by digest.

use bytes::Bytes;

use ringback::engine::Input;
use ringback::sim::{TrunkMood, trunk_addr};
use ringback::sip::{ClientAuth, Message, Method, Request, Response, Transport, Uri};

use super::branch::Branch;

/// Their password.
pub const PASSWORD: &str = "warm-tea-41";
/// Place of the first agent's phone; 0 is the trunk.
const FIRST_PLACE: usize = 4;

/// Number of an agent's phone.
pub fn extension(agent: usize) -> String {
    format!("{}", 8_001 + agent)
}

pub fn place(agent: usize) -> usize {
    FIRST_PLACE + agent
}

impl Branch {
    /// The phone of an agent registers for so many seconds; 0: it says goodbye. A phone that is
    /// off the net says nothing.
    pub fn register(&mut self, agent: usize, seconds: u32) {
        if self.world.moods[place(agent)] == TrunkMood::Silent {
            return;
        }
        let mut auth = ClientAuth::new(&extension(agent), PASSWORD, None);
        for _ in 0..2 {
            let mut request = self.request(agent, seconds);
            auth.apply(&mut request, &mut self.rng);
            let answer = self.ask(agent, request);
            match answer.status {
                401 => auth.handle_challenge(&answer).expect("a challenge that can be answered"),
                200 => return,
                status => panic!("REGISTER of {agent} got {status}"),
            };
        }
        panic!("agent {agent} is challenged again and again");
    }

    fn request(&mut self, agent: usize, seconds: u32) -> Request {
        self.requests += 1;
        let (user, own, seq) = (extension(agent), trunk_addr(place(agent)), self.requests);
        let mut request = Request::new(Method::REGISTER, Uri::parse("sip:127.0.0.1").expect("a URI"));
        let headers = &mut request.headers;
        headers.push("Via", format!("SIP/2.0/UDP {own};branch=z9hG4bKphone{seq};rport"));
        headers.push("Max-Forwards", "70");
        headers.push("From", format!("<sip:{user}@127.0.0.1>;tag=p{user}"));
        headers.push("To", format!("<sip:{user}@127.0.0.1>"));
        headers.push("Call-ID", format!("phone-{user}-{}", self.runs));
        headers.push("CSeq", format!("{seq} REGISTER"));
        headers.push("Contact", format!("<sip:{user}@{own}>"));
        headers.push("Expires", seconds.to_string());
        request
    }

    fn ask(&mut self, agent: usize, request: Request) -> Response {
        let bytes = Bytes::from(Message::Request(request).to_bytes());
        let source = trunk_addr(place(agent));
        self.world.books.answers.clear();
        self.world.feed(Input::Received { transport: Transport::Udp, source, connection: None, bytes });
        self.world.books.answers.pop().expect("REGISTER is answered at once")
    }
}
