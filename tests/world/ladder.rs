//! What happened, as a ladder that people can read.

use ringback::base::{Mono, Now};
use ringback::call::StoredAnswer;
use ringback::engine::{Notice, Report};
use ringback::media::Event;
use ringback::sip::Message;

/// The ladder of a world.
#[derive(Debug)]
pub struct Ladder {
    zero: Mono,
    lines: Vec<String>,
}

impl Ladder {
    pub fn new(zero: Mono) -> Self {
        Ladder { zero, lines: Vec::new() }
    }

    fn line(&mut self, now: Now, from: &str, to: &str, text: &str) {
        let at = now.mono.since(self.zero).as_millis();
        let whole = format!("t={}.{:03}  {from:<9} -> {to:<9} {text}", at / 1_000, at % 1_000);
        self.lines.push(whole.trim_end().to_owned());
    }

    pub fn sip(&mut self, now: Now, from: &str, to: &str, bytes: &[u8]) {
        let Ok(message) = Message::parse(bytes) else { return };
        let sdp = if message.body().is_empty() { "" } else { " sdp" };
        let text = match &message {
            // Health checks would drown what a ladder is for.
            Message::Request(r) if r.method.to_string() == "OPTIONS" => return,
            Message::Request(r) if r.method.to_string() == "REGISTER" => {
                let seconds = r.headers.get("Expires").map(|v| v.to_string()).unwrap_or_default();
                format!("REGISTER for {seconds} s")
            }
            Message::Request(r) => format!("{}{sdp}", r.method),
            Message::Response(r) => {
                let method = message.headers().get("CSeq").map(|v| v.to_string()).unwrap_or_default();
                if method.ends_with("OPTIONS") {
                    return;
                }
                format!("{} {method}{sdp}", r.status)
            }
        };
        self.line(now, from, to, &text);
    }

    pub fn media(&mut self, now: Now, event: &Event) {
        let text = match event {
            Event::Digit { key, .. } => format!("digit {key}"),
            Event::Verdict(verdict) => format!("{:?} {:?}", verdict.kind, verdict.reason),
            Event::Commented { duration, .. } => format!("comment {} s", duration.as_secs()),
            Event::Timeout => "silent line".to_owned(),
            _ => return,
        };
        self.line(now, "media", "ringback", &text);
    }

    pub fn notice(&mut self, now: Now, notice: &Notice) {
        if let Notice::Alarm { word, .. } = notice {
            self.line(now, "ringback", "people", &format!("alarm {word}"));
        }
    }

    pub fn answer(&mut self, now: Now, answer: &StoredAnswer) {
        let keys = answer.keys.as_deref().unwrap_or("none");
        self.line(now, "ringback", "store", &format!("answer {} = {keys}", answer.question));
    }

    pub fn report(&mut self, now: Now, report: &Report) {
        let record = &report.record;
        let text = format!(
            "{} sip {} q850 {} blame {:?} by {:?}",
            record.disposition, record.cause.sip, record.cause.q850, record.blame, record.ended_by
        );
        self.line(now, "ringback", "store", &text);
        if let Some(entry) = &report.entry {
            self.line(
                now,
                "ringback",
                "store",
                &format!("entry {} because {}", entry.state, entry.reason.code),
            );
        }
    }

    pub fn text(&self) -> String {
        self.lines.join("\n")
    }
}
