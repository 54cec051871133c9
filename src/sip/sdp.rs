//! Session descriptions (RFC 8866): what offer and answer need of them, read by sdp-types.
//!
//! sdp-types refuses session ids beyond 64 bits and descriptions without a name or a time,
//! all of which deployed equipment sends. Lines that mean nothing to a call are put right
//! or left out before it reads them.

use std::net::IpAddr;

use sdp_types::{Media, Session};

/// Bytes of one description; real ones have 200 to 3,000.
pub const MAX_SDP: usize = 16_384;
/// Media lines in one description; phones send one to three, browsers up to a dozen.
pub const MAX_MEDIA: usize = 16;
/// Attributes in one description.
pub const MAX_ATTRIBUTES: usize = 512;

/// Why bytes are no session description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// More bytes than [`MAX_SDP`].
    #[error("longer than 16,384 bytes")]
    TooLong,
    /// More media lines than [`MAX_MEDIA`] or attributes than [`MAX_ATTRIBUTES`].
    #[error("more than 16 media lines or 512 attributes")]
    TooMany,
    /// It breaks the grammar.
    #[error("{0}")]
    Syntax(String),
}

/// The direction of a stream, seen from the side that wrote it (RFC 3264 section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// It only sends: the other side is on hold.
    SendOnly,
    /// It only receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// From its two halves.
    pub const fn new(send: bool, receive: bool) -> Self {
        match (send, receive) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    /// Whether the writer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether the writer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    /// The attribute's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    fn of(attributes: &[sdp_types::Attribute]) -> Option<Self> {
        let all = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
        attributes
            .iter()
            .rev()
            .find_map(|a| all.into_iter().find(|d| a.attribute.eq_ignore_ascii_case(d.as_str())))
    }
}

/// One media line with what holds for it from the session.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaLine {
    /// The line as it was read.
    pub media: Media,
    /// Where it is received; None for a name or something unreadable.
    pub address: Option<IpAddr>,
    /// Its own direction, else the session's, else both ways.
    pub direction: Direction,
}

impl MediaLine {
    /// The values of an attribute, in order.
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let wanted = move |a: &&sdp_types::Attribute| a.attribute.eq_ignore_ascii_case(name);
        self.media.attributes.iter().filter(wanted).filter_map(|a| a.value.as_deref())
    }

    /// Whether an attribute stands there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.media.attributes.iter().any(|a| a.attribute.eq_ignore_ascii_case(name))
    }

    /// The payload types, in order of preference; what is no number below 128 is left out.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.media.fmt.split_ascii_whitespace().filter_map(|fmt| fmt.parse().ok()).filter(|pt| *pt < 128)
    }

    /// Name and clock of a payload type from its rtpmap, the name in lower case. The last
    /// part, channels, is left aside where it is 1.
    pub fn rtpmap(&self, payload_type: u8) -> Option<(String, u32)> {
        self.attributes("rtpmap").find_map(|value| {
            let (number, encoding) = value.trim().split_once([' ', '\t'])?;
            if number.parse() != Ok(payload_type) {
                return None;
            }
            let mut parts = encoding.trim().split('/');
            let (name, clock) = (parts.next()?, parts.next()?.parse().ok()?);
            parts.next().is_none_or(|channels| channels == "1").then(|| (name.to_ascii_lowercase(), clock))
        })
    }
}

/// Reads a description into its media lines.
///
/// # Errors
/// What is wrong with it. Never panics.
pub fn read(bytes: &[u8]) -> Result<Vec<MediaLine>, SdpError> {
    if bytes.len() > MAX_SDP {
        return Err(SdpError::TooLong);
    }
    let text = normalise(&String::from_utf8_lossy(bytes))?;
    let session = Session::parse(text.as_bytes()).map_err(|error| SdpError::Syntax(error.to_string()))?;
    let shared = session.connection.as_ref().and_then(address);
    let direction = Direction::of(&session.attributes).unwrap_or_default();
    let lines = session.medias.into_iter().map(|media| MediaLine {
        address: media.connections.first().map_or(shared, address),
        direction: Direction::of(&media.attributes).unwrap_or(direction),
        media,
    });
    Ok(lines.collect())
}

fn address(connection: &sdp_types::Connection) -> Option<IpAddr> {
    connection.connection_address.split('/').next()?.parse().ok()
}

/// Rewrites a description so that only what a call needs has to be right: version, origin,
/// a name and a time that are always there, connections, media and attributes.
fn normalise(text: &str) -> Result<String, SdpError> {
    let mut head = String::from("v=0\r\n");
    let mut body = String::new();
    let (mut origin, mut version, mut media, mut attributes) = (false, false, 0, 0);
    for line in text.lines().map(|line| line.trim_end_matches(['\r', '\0', ' '])) {
        match line.as_bytes() {
            [b'v', b'=', ..] => version |= line == "v=0",
            [b'o', b'=', ..] if !origin => {
                origin = true;
                head.push_str(&normal_origin(&line[2..])?);
            }
            [b'm', b'=', ..] => media += 1,
            [b'a', b'=', ..] => attributes += 1,
            [b'c', b'=', ..] | [] => {}
            [b'a'..=b'z', b'=', ..] => continue,
            _ => {
                return Err(SdpError::Syntax(format!(
                    "`{}` is no line",
                    line.chars().take(32).collect::<String>()
                )));
            }
        }
        if matches!(line.as_bytes().first(), Some(b'm' | b'a' | b'c')) {
            body.push_str(line);
            body.push_str("\r\n");
        }
    }
    if media > MAX_MEDIA || attributes > MAX_ATTRIBUTES {
        return Err(SdpError::TooMany);
    }
    if !version || !origin {
        return Err(SdpError::Syntax("no version 0 or no origin".to_owned()));
    }
    head.push_str("s=-\r\n");
    // The session's connection stands before its time, its attributes and its media after.
    let (connections, rest) = split_session(&body);
    Ok(format!("{head}{connections}t=0 0\r\n{rest}"))
}

/// The session's own connection lines, and the rest.
fn split_session(body: &str) -> (String, String) {
    let (mut connections, mut rest, mut in_media) = (String::new(), String::new(), false);
    for line in body.split_inclusive("\r\n") {
        in_media |= line.starts_with("m=");
        if line.starts_with("c=") && !in_media {
            // A second one would be refused; the first holds.
            if connections.is_empty() {
                connections.push_str(line);
            }
        } else {
            rest.push_str(line);
        }
    }
    (connections, rest)
}

/// `o=` with ids that fit 64 bits. Nothing is done with them: a changed description is told
/// by its media.
fn normal_origin(text: &str) -> Result<String, SdpError> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let [user, id, version, net, kind, address] = fields[..] else {
        return Err(SdpError::Syntax("origin without its six fields".to_owned()));
    };
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    Ok(format!("o={user} {} {} {net} {kind} {address}\r\n", number(id), number(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(rest: &str) -> String {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{rest}")
    }

    #[test]
    fn what_equipment_sends_is_read() {
        fn check(text: &str, expect: &[(u16, Option<&str>, Direction)]) {
            let lines = read(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
            let got: Vec<_> =
                lines.iter().map(|l| (l.media.port, l.address.map(|a| a.to_string()), l.direction)).collect();
            let expect: Vec<_> = expect.iter().map(|(p, a, d)| (*p, a.map(str::to_owned), *d)).collect();
            assert_eq!(got, expect, "{text}");
        }
        let both = Direction::SendRecv;
        check(&sdp("m=audio 4000 RTP/AVP 8\r\n"), &[(4000, Some("192.0.2.1"), both)]);
        check(
            &sdp("a=sendonly\r\nm=audio 4000 RTP/AVP 8\r\nc=IN IP4 192.0.2.9\r\n"),
            &[(4000, Some("192.0.2.9"), Direction::SendOnly)],
        );
        check(
            &sdp("a=sendonly\nm=audio 4000/2 RTP/AVP 8\na=inactive\n"),
            &[(4000, Some("192.0.2.1"), Direction::Inactive)],
        );
        check(
            "v=0\r\no=x 99999999999999999999999 -1 IN IP4 h\r\nb=AS:x\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n",
            &[(4000, Some("2001:db8::1"), both)],
        );
        check(&sdp("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 media.example.com\r\n"), &[(4000, None, both)]);
        check(&sdp(""), &[]);
    }

    /// Requirement 18 of reliability.
    #[test]
    fn absurd_descriptions_are_errors() {
        for text in [
            String::new(),
            "v=1\r\no=- 1 1 IN IP4 h\r\n".to_owned(),
            "v=0\r\n".to_owned(),
            "v=0\r\no=- 1 1 IN\r\n".to_owned(),
            "hello".to_owned(),
            sdp("m=audio 70000 RTP/AVP 8\r\n"),
            sdp("m=audio -1 RTP/AVP 8\r\n"),
            sdp("m=audio\r\n"),
            sdp(&"m=audio 4000 RTP/AVP 8\r\n".repeat(1_000)),
            sdp(&"a=x\r\n".repeat(MAX_ATTRIBUTES + 1)),
            sdp(&"a=x\r\n".repeat(10_000)),
        ] {
            assert!(read(text.as_bytes()).is_err(), "{}", &text[..text.len().min(200)]);
        }
    }

    #[test]
    fn rtpmaps_and_payload_types_are_read_with_care() {
        let text = sdp(
            "m=audio 4000 RTP/AVP 8 300 -1 x 127 101\r\na=rtpmap:101  Telephone-Event/8000/1\r\na=rtpmap:127 L16/8000/2\r\n",
        );
        let line = &read(text.as_bytes()).unwrap()[0];
        assert_eq!(line.payload_types().collect::<Vec<_>>(), [8, 127, 101]);
        assert_eq!(line.rtpmap(101), Some(("telephone-event".to_owned(), 8_000)));
        assert_eq!((line.rtpmap(127), line.rtpmap(8)), (None, None));
    }
}
