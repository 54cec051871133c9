//! Feeds the counters of `/metrics` from what passes through the loop.

use std::time::Duration;

use super::driver::Driver;
use crate::call::Direction;
use crate::engine::Report;
use crate::sip::endpoint::Counters;

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

    /// What SIP took in and refused since the last look.
    pub(super) fn count_sip(&mut self) {
        let now = self.parts.engine.sip_counters();
        let before = std::mem::replace(&mut self.sip, now);
        let telemetry = &self.parts.telemetry;
        let since = |read: fn(&Counters) -> u64| read(&now).saturating_sub(read(&before));
        telemetry.sip_retransmissions.with(&[]).add(since(|c| c.retransmitted));
        for (reason, count) in [
            ("malformed", since(|c| c.malformed)),
            ("bad_request", since(|c| c.bad_requests)),
            ("stray", since(|c| c.stray)),
            ("overload", since(|c| c.overload)),
            ("flood", since(|c| c.flood)),
        ] {
            if count > 0 {
                telemetry.sip_dropped.with(&[reason]).add(count);
            }
        }
    }
}

fn span(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
