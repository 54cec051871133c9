//! Feeds the counters of `/metrics` from what passes through the loop.

use std::time::Duration;

use super::driver::Driver;
use crate::call::Direction;
use crate::engine::Report;
use crate::io::telemetry::{CounterFamily, Telemetry};
use crate::io::{rtp, signal};
use crate::sip::endpoint::{CLASSES, Counters, METHODS};

/// Bytes of a millisecond of stereo 16-bit audio at 8 kHz.
const BYTES_PER_MS: u64 = 32;

impl Driver {
    /// One call is over.
    pub(super) fn count_call(&self, report: &Report) {
        let telemetry = &self.parts.telemetry;
        let record = &report.record;
        let direction = match record.direction {
            Direction::Outbound => "outbound",
            Direction::Inbound => "inbound",
        };
        telemetry.calls.with(&[direction, record.disposition.as_str()]).add(1);
        if let Some(answered) = record.answered_at {
            telemetry.call_setup.observe(span(answered.millis_since(record.started_at)));
            telemetry.call_duration.observe(span(record.ended_at.millis_since(answered)));
        }
        if let Some(quality) = &record.quality {
            telemetry.rtp_packets.with(&["out"]).add(quality.packets_sent);
            telemetry.rtp_packets.with(&["in"]).add(quality.packets_received);
            telemetry.rtp_lost.with(&[]).add(quality.lost);
            telemetry.rtp_jitter.observe(Duration::from_secs_f32(quality.jitter_ms.max(0.0) / 1_000.0));
        }
        if let Some(recording) = &record.recording {
            let ms = u64::try_from(recording.duration.as_millis()).unwrap_or(0);
            telemetry.recording_bytes.with(&[]).add(ms * BYTES_PER_MS);
        }
    }

    /// What SIP and the media plane took in and refused since the last look.
    pub(super) fn count_traffic(&mut self) {
        let parts = &self.parts;
        let now = Seen {
            sip: parts.engine.sip_counters(),
            signal: parts.signal.counters(),
            plane: parts.plane.counters(),
            missing: parts.recorder.missing(),
        };
        let before = std::mem::replace(&mut self.seen, now);
        let telemetry = &self.parts.telemetry;
        count_sip(telemetry, &before.sip, &now.sip);
        count_signal(telemetry, &before.signal, &now.signal);
        let plane = |read: fn(&rtp::Counters) -> u64| read(&now.plane).saturating_sub(read(&before.plane));
        add(&telemetry.media_ticks, &["on_time"], plane(|c| c.ticks.saturating_sub(c.ticks_late)));
        add(&telemetry.media_ticks, &["late"], plane(|c| c.ticks_late));
        add(&telemetry.media_ticks, &["left_out"], plane(|c| c.ticks_skipped));
        add(&telemetry.rtp_dropped, &["foreign"], plane(|c| c.packets_foreign));
        add(&telemetry.rtp_dropped, &["not_sent"], plane(|c| c.sends_failed));
        add(&telemetry.overflow, &["media_events"], plane(|c| c.events_dropped));
        add(&telemetry.recording_missing, &[], now.missing.saturating_sub(before.missing));
    }
}

/// Counters at the last look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    sip: Counters,
    signal: signal::Counters,
    plane: rtp::Counters,
    missing: u64,
}

fn count_sip(telemetry: &Telemetry, before: &Counters, now: &Counters) {
    let since = |read: fn(&Counters) -> u64| read(now).saturating_sub(read(before));
    add(&telemetry.sip_retransmissions, &[], since(|c| c.retransmitted));
    for (reason, count) in [
        ("malformed", since(|c| c.malformed)),
        ("bad_request", since(|c| c.bad_requests)),
        ("stray", since(|c| c.stray)),
        ("overload", since(|c| c.overload)),
        ("flood", since(|c| c.flood)),
        ("wrong_password", since(|c| c.auth_failed)),
        ("shut_out", since(|c| c.shut_out)),
    ] {
        add(&telemetry.sip_dropped, &[reason], count);
    }
    for (direction, was, is) in [("in", before.arrived, now.arrived), ("out", before.left, now.left)] {
        for (place, method) in METHODS.iter().enumerate() {
            let count = is.requests[place].saturating_sub(was.requests[place]);
            add(&telemetry.sip_messages, &[method, direction], count);
        }
        for (place, class) in CLASSES.iter().enumerate() {
            let count = is.responses[place].saturating_sub(was.responses[place]);
            add(&telemetry.sip_responses, &[class, direction], count);
        }
    }
}

fn count_signal(telemetry: &Telemetry, before: &signal::Counters, now: &signal::Counters) {
    let since = |read: fn(&signal::Counters) -> u64| read(now).saturating_sub(read(before));
    add(&telemetry.sip_dropped, &["unframed"], since(|c| c.unframed));
    add(&telemetry.overflow, &["sip_in"], since(|c| c.datagrams_dropped + c.reports_dropped));
    add(&telemetry.overflow, &["sip_out"], since(|c| c.sends_dropped));
    for (result, count) in [
        ("accepted", since(|c| c.accepted)),
        ("refused", since(|c| c.refused)),
        ("connect_failed", since(|c| c.connects_failed)),
        ("handshake_failed", since(|c| c.handshakes_failed)),
        ("too_slow", since(|c| c.too_slow)),
        ("not_read", since(|c| c.not_read)),
    ] {
        add(&telemetry.sip_connections, &[result], count);
    }
}

fn add(family: &CounterFamily, labels: &[&str], count: u64) {
    if count > 0 {
        family.with(labels).add(count);
    }
}

fn span(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
