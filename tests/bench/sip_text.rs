//! As much SIP as a load generator needs: raw text over UDP, one dialog per call. Written
//! apart from the daemon's own stack, so that a fault of that stack is not on both sides.

use std::net::{IpAddr, SocketAddrV4};

/// A received message; fields stay text.
pub struct Message<'a> {
    first: &'a str,
    head: &'a str,
    pub body: &'a str,
}

impl<'a> Message<'a> {
    /// None where it is not SIP, or not UTF-8.
    pub fn parse(bytes: &'a [u8]) -> Option<Message<'a>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (first, head) = head.split_once("\r\n")?;
        (first.starts_with("SIP/2.0 ") || first.ends_with(" SIP/2.0")).then_some(Message {
            first,
            head,
            body,
        })
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&'a str> {
        if self.status().is_some() { None } else { self.first.split(' ').next() }
    }

    /// The first header of that name, in its long or its short form.
    pub fn header(&self, long: &str, short: &str) -> Option<&'a str> {
        self.headers(long, short).next()
    }

    /// All headers of that name, in order.
    pub fn headers(&self, long: &str, short: &str) -> impl Iterator<Item = &'a str> {
        self.head.split("\r\n").filter_map(move |line| {
            let (name, value) = line.split_once(':')?;
            let name = name.trim();
            let is_it =
                name.eq_ignore_ascii_case(long) || !short.is_empty() && name.eq_ignore_ascii_case(short);
            is_it.then_some(value.trim())
        })
    }

    pub fn call_id(&self) -> Option<&'a str> {
        self.header("Call-ID", "i")
    }

    /// Number and method of CSeq.
    pub fn cseq(&self) -> Option<(u32, &'a str)> {
        let (number, method) = self.header("CSeq", "")?.split_once(' ')?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// The URI of Contact, without brackets and parameters behind them.
    pub fn contact(&self) -> Option<&'a str> {
        let value = self.header("Contact", "m")?;
        match value.split_once('<') {
            Some((_, rest)) => rest.split('>').next(),
            None => value.split(';').next(),
        }
    }

    /// Where the body's SDP wants its audio.
    pub fn media(&self) -> Option<SocketAddrV4> {
        let line = |prefix: &str| self.body.lines().find_map(|line| line.strip_prefix(prefix));
        let host = line("c=IN IP4 ")?.trim();
        let port = line("m=audio ")?.split(' ').next()?;
        Some(SocketAddrV4::new(host.parse().ok()?, port.parse().ok()?))
    }
}

/// The SDP of one party: PCMA and telephone events at `media`.
pub fn sdp(media: SocketAddrV4) -> String {
    let (ip, port) = (media.ip(), media.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n\
         a=sendrecv\r\n"
    )
}

/// A response to `request`, with its Vias, Record-Routes and dialog headers.
pub fn respond(
    request: &Message<'_>,
    status: u16,
    reason: &str,
    to_tag: &str,
    contact: &str,
    body: &str,
) -> String {
    let mut text = format!("SIP/2.0 {status} {reason}\r\n");
    for via in request.headers("Via", "v") {
        text += &format!("Via: {via}\r\n");
    }
    for route in request.headers("Record-Route", "") {
        text += &format!("Record-Route: {route}\r\n");
    }
    let to = request.header("To", "t").unwrap_or_default();
    let tag = if to.contains(";tag=") || status == 100 { String::new() } else { format!(";tag={to_tag}") };
    text += &format!(
        "From: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <{contact}>\r\n",
        request.header("From", "f").unwrap_or_default(),
        request.call_id().unwrap_or_default(),
        request.header("CSeq", "").unwrap_or_default(),
    );
    finish(text, body)
}

/// What a request of ours is made of.
pub struct Request<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub branch: &'a str,
    pub local: std::net::SocketAddr,
    pub from: &'a str,
    pub to: &'a str,
    pub call_id: &'a str,
    pub cseq: u32,
    pub routes: &'a [String],
    pub body: &'a str,
}

impl Request<'_> {
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch={};rport\r\nMax-Forwards: 70\r\n",
            self.method, self.uri, self.local, self.branch
        );
        for route in self.routes {
            text += &format!("Route: {route}\r\n");
        }
        text += &format!(
            "From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {}\r\nContact: <sip:load@{}>\r\n",
            self.from, self.to, self.call_id, self.cseq, self.method, self.local
        );
        finish(text, self.body)
    }
}

fn finish(mut head: String, body: &str) -> String {
    if !body.is_empty() {
        head += "Content-Type: application/sdp\r\n";
    }
    head += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    head
}

/// Host and port of a `sip:` URI that names an address.
pub fn target(uri: &str) -> Option<std::net::SocketAddr> {
    let rest = uri.strip_prefix("sip:")?;
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split([';', '?']).next()?;
    host.parse().ok().or_else(|| Some((host.parse::<IpAddr>().ok()?, 5_060).into()))
}
