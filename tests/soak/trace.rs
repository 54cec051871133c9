//! What happened to whom, in the order in which it happened.

use std::collections::BTreeMap;

use ringback::base::{Mono, Now};
use ringback::sip::Message;

/// Lines of the run, each with the number it is about; empty: about no call.
pub struct Trace {
    zero: Mono,
    lines: Vec<(String, String)>,
    numbers: BTreeMap<String, String>,
}

impl Trace {
    pub fn new(zero: Mono) -> Self {
        Trace { zero, lines: Vec::new(), numbers: BTreeMap::new() }
    }

    pub fn say(&mut self, now: Now, number: &str, text: &str) {
        let at = now.mono.since(self.zero).as_millis();
        self.lines.push((number.to_owned(), format!("t={}.{:03}  {text}", at / 1_000, at % 1_000)));
    }

    /// A message as it is sent; `lost`: it never arrives.
    pub fn sip(&mut self, now: Now, way: &str, message: &Message, lost: bool) {
        let headers = message.headers();
        let cseq = headers.cseq().map(|c| c.to_string()).unwrap_or_default();
        if cseq.ends_with("OPTIONS") {
            return;
        }
        let call_id = headers.call_id().unwrap_or_default();
        let (number, text) = match message {
            Message::Request(r) => {
                let known = self.numbers.get(call_id).cloned();
                let number = known.unwrap_or_else(|| {
                    let dialled = r.uri.user.clone().unwrap_or_default();
                    let own = headers.from().and_then(|f| f.uri.user).unwrap_or_default();
                    // The daemon's own number tells nothing; the other side's does.
                    let number = if way.starts_with("ringback") { dialled } else { own };
                    self.numbers.insert(call_id.to_owned(), number.clone());
                    number
                });
                (number, cseq)
            }
            Message::Response(r) => {
                (self.numbers.get(call_id).cloned().unwrap_or_default(), format!("{} {cseq}", r.status))
            }
        };
        let sdp = if message.body().is_empty() { "" } else { " sdp" };
        let lost = if lost { " (lost)" } else { "" };
        let short = call_id.get(..6).unwrap_or(call_id);
        self.say(now, &number, &format!("{way:<18} {text}{sdp} [{short}]{lost}"));
    }

    /// The lines about one number and those about none; without a number the last of all.
    pub fn ladder(&self, number: &str) -> String {
        const MOST: usize = 120;
        let about = |(whom, _): &&(String, String)| number.is_empty() || whom == number || whom.is_empty();
        let lines: Vec<&str> = self.lines.iter().filter(about).map(|(_, text)| text.as_str()).collect();
        lines[lines.len().saturating_sub(MOST)..].join("\n")
    }

    /// A number that stands for the whole run (FNV-1a).
    pub fn fingerprint(&self) -> u64 {
        let bytes = self.lines.iter().flat_map(|(whom, text)| whom.bytes().chain(text.bytes()));
        bytes.fold(0xCBF2_9CE4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
    }
}
