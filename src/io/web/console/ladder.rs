//! The SIP messages of a call as a ladder: one lane for us, one for each peer, an arrow a message.

use std::fmt::Write as _;

use super::super::api::trace::cseq;
use super::super::mask::mask_numbers;
use super::chart::escaped;
use crate::sip::TraceItem;

/// Room for the time at the left, width of a lane, height of a line, all in units of the picture.
const LEFT: usize = 70;
const LANE: usize = 330;
const LINE: usize = 30;
const HEAD: usize = 34;

/// The picture of `items`, which are in the order of time; `label` says what it is.
pub(super) fn picture(items: &[TraceItem], ours: &str, label: &str) -> String {
    let mut peers: Vec<&str> = Vec::new();
    for item in items {
        if !peers.contains(&&*item.peer) {
            peers.push(&item.peer);
        }
    }
    let lane = |place: usize| LEFT + 60 + place * LANE;
    let (width, height) = (lane(peers.len()) + 110, HEAD + items.len() * LINE + 16);
    let mut svg = format!(
        "<svg class=\"ladder\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{}\">",
        escaped(label)
    );
    for (place, name) in std::iter::once(&ours).chain(&peers).enumerate() {
        let x = lane(place);
        let _ = write!(
            svg,
            "<text class=\"lane\" x=\"{x}\" y=\"16\">{}</text><line class=\"life\" x1=\"{x}\" y1=\"24\" x2=\"{x}\" y2=\"{height}\"/>",
            escaped(name)
        );
    }
    let first = items.first().map(|item| item.at);
    for (row, item) in items.iter().enumerate() {
        let y = HEAD + row * LINE + 20;
        let peer = lane(1 + peers.iter().position(|p| *p == &*item.peer).unwrap_or_default());
        let (from, to) = if item.sent { (lane(0), peer) } else { (peer, lane(0)) };
        let head = if item.sent { to - 8 } else { to + 8 };
        let seconds = first.map_or(0.0, |first| item.at.millis_since(first) as f64 / 1_000.0);
        let middle = (lane(0) + peer) / 2;
        let _ = write!(
            svg,
            "<g class=\"{}\"><title>{}</title><text class=\"at\" x=\"{LEFT}\" y=\"{}\">{seconds:.3}</text>\
             <text class=\"says\" x=\"{middle}\" y=\"{}\">{}</text><line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\"/>\
             <path d=\"M{to} {y}L{head} {}L{head} {}z\"/></g>",
            class(&item.text),
            escaped(&mask_numbers(&item.text)),
            y + 4,
            y - 6,
            escaped(&says(&item.text)),
            y - 4,
            y + 4,
        );
    }
    svg.push_str("</svg>");
    svg
}

/// The first line in short, with what a response answers and whether there is SDP.
pub(super) fn says(text: &str) -> String {
    let start = text.lines().next().unwrap_or_default();
    let short = match start.strip_prefix("SIP/2.0 ") {
        Some(answer) => answer.to_owned(),
        None => start.split(' ').next().unwrap_or_default().to_owned(),
    };
    let answers = cseq(text).map(|c| format!(" ({c})")).unwrap_or_default();
    let sdp = if text.contains("\r\n\r\nv=0") { " +SDP" } else { "" };
    format!("{short}{answers}{sdp}")
}

fn class(text: &str) -> &'static str {
    match text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.bytes().next()) {
        Some(b'1') => "is-open",
        Some(b'2') => "is-good",
        Some(b'3') => "is-warn",
        Some(_) => "is-bad",
        None => "is-request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    #[test]
    fn each_message_is_an_arrow_between_the_lanes_of_who_spoke() {
        let item = |at, sent, peer: &str, text: &str| TraceItem {
            at: Timestamp(at),
            sent,
            transport: "udp".into(),
            peer: peer.into(),
            text: text.into(),
        };
        let items = [
            item(0, true, "192.0.2.1:5060", "INVITE sip:<1>@x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n"),
            item(3_100, false, "192.0.2.1:5060", "SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n"),
            item(3_200, true, "192.0.2.2:5060", "INVITE sip:2@x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n"),
        ];
        let svg = picture(&items, "ringback", "SIP");
        assert_eq!(svg.matches("class=\"life\"").count(), 3, "ours and two peers");
        assert!(
            svg.contains("INVITE +SDP")
                && svg.contains("486 Busy Here (1 INVITE)")
                && svg.contains(">3.100<")
        );
        assert!(svg.contains("class=\"is-bad\"") && !svg.contains("<1>"), "{svg}");
    }
}
