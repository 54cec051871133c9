//! When to report, and what the reports of both sides amount to.

use std::time::Duration;

use super::report::{self, Reception, SenderFacts};
use super::{PeerReport, RtcpError, mos};
use crate::base::{Mono, Now, Rng};
use crate::media::Quality;
use crate::media::jitter::JitterBuffer;
use crate::media::rtp::{RtpSender, Source};

/// Shortest mean interval between reports (RFC 3550 section 6.2). Two parties at 64 kbit/s
/// never need a longer one.
const INTERVAL: Duration = Duration::from_secs(5);
/// Compensates for the drift of the timer algorithm, e - 1.5 (RFC 3550 section 6.3.1).
const COMPENSATION: f64 = 1.218_28;
/// Seconds from the NTP epoch of 1900 to that of 1970.
const NTP_OFFSET: u64 = 2_208_988_800;
/// Delay assumed beside what is measured: one packet time and the codec, 20 ms.
const FIXED_DELAY_MS: f32 = 20.0;

/// One session's reports.
#[derive(Clone, Debug)]
pub struct RtcpSession {
    cname: String,
    next: Mono,
    /// Packets sent at the last report: a report is a sender report only if there were more.
    reported: u64,
    /// Middle bits of the peer's last sender report and when it came.
    last_sr: Option<(u32, Mono)>,
    rtt_ms: Option<f32>,
    remote_loss: Option<f32>,
    remote_jitter_ms: Option<f32>,
    bye: bool,
}

impl RtcpSession {
    /// Begins at `now` under a canonical name that must stay the same for the call and tell
    /// nothing about us (RFC 7022).
    pub fn new(now: Mono, rng: &mut Rng) -> Self {
        let cname = rng.hex(16);
        // The first report comes after half the interval (RFC 3550 section 6.2).
        let next = now + interval(rng) / 2;
        RtcpSession {
            cname,
            next,
            reported: 0,
            last_sr: None,
            rtt_ms: None,
            remote_loss: None,
            remote_jitter_ms: None,
            bye: false,
        }
    }

    /// When the next report is due.
    pub fn next_timeout(&self) -> Mono {
        self.next
    }

    /// Whether the peer sent BYE.
    pub fn peer_left(&self) -> bool {
        self.bye
    }

    /// Takes the peer's compound packet.
    pub fn handle_packet(
        &mut self,
        now: Now,
        datagram: &[u8],
        sender: &RtpSender,
    ) -> Result<PeerReport, RtcpError> {
        let report = report::parse(datagram, sender.ssrc())?;
        if let Some(ntp) = report.sender_ntp {
            self.last_sr = Some((ntp, now.mono));
        }
        if let Some(block) = report.about_us {
            if block.last_sr != 0 {
                // RFC 3550 section 6.4.1, in 1/65,536 s; a negative result is a wrong clock.
                let gone = (ntp_time(now) >> 16) as u32;
                let rtt = gone.wrapping_sub(block.last_sr).wrapping_sub(block.since_last_sr) as i32;
                if rtt >= 0 {
                    self.rtt_ms = Some(rtt as f32 * 1_000.0 / 65_536.0);
                }
            }
            let sent = sender.packets().max(1) as f32;
            self.remote_loss = Some((block.cumulative_lost as f32 / sent).min(1.0));
            self.remote_jitter_ms = Some(block.jitter as f32 / 8.0);
        }
        self.bye |= report.bye;
        Ok(report)
    }

    /// Writes the report that is due into `out` and plans the next one; None before its time.
    ///
    /// `out` should hold [`MAX_REPORT`](super::MAX_REPORT) bytes.
    pub fn poll_report(
        &mut self,
        now: Now,
        sender: &RtpSender,
        source: &mut Source,
        rng: &mut Rng,
        out: &mut [u8],
    ) -> Option<usize> {
        if now.mono < self.next {
            return None;
        }
        self.next = now.mono + interval(rng);
        let len = self.write(now, sender, source, false, out);
        (len > 0).then_some(len)
    }

    /// Writes the last report with BYE (RFC 3550 section 6.6).
    pub fn bye(&mut self, now: Now, sender: &RtpSender, source: &mut Source, out: &mut [u8]) -> usize {
        self.write(now, sender, source, true, out)
    }

    fn write(
        &mut self,
        now: Now,
        sender: &RtpSender,
        source: &mut Source,
        bye: bool,
        out: &mut [u8],
    ) -> usize {
        let facts = (sender.packets() > self.reported).then(|| SenderFacts {
            ntp: ntp_time(now),
            rtp_timestamp: sender.timestamp(),
            packets: sender.packets() as u32,
            octets: sender.octets() as u32,
        });
        self.reported = sender.packets();
        let reception = source.ssrc().map(|ssrc| {
            let (fraction_lost, cumulative_lost) = source.report_loss();
            let (last_sr, since_last_sr) = self.last_sr.map_or((0, 0), |(ntp, at)| {
                let units = now.mono.since(at).as_micros() * 65_536 / 1_000_000;
                (ntp, u32::try_from(units).unwrap_or(u32::MAX))
            });
            Reception {
                ssrc,
                fraction_lost,
                cumulative_lost,
                extended_max: source.extended_max(),
                jitter: source.jitter(),
                last_sr,
                since_last_sr,
            }
        });
        report::write(sender.ssrc(), &self.cname, facts, reception, bye, out)
    }

    /// Everything known about the session's quality so far. `rejected` is the caller's count
    /// of datagrams that were no packets of the stream.
    pub fn quality(
        &self,
        sender: &RtpSender,
        source: &Source,
        buffer: &JitterBuffer,
        rejected: u64,
    ) -> Quality {
        let (jitter_ms, jitter_max_ms) = source.jitter_ms();
        let mut quality = Quality {
            packets_sent: sender.packets(),
            packets_received: source.received(),
            lost: source.lost(),
            late: buffer.late(),
            duplicated: source.duplicated(),
            out_of_order: source.out_of_order(),
            rejected,
            jitter_ms,
            jitter_max_ms,
            rtt_ms: self.rtt_ms,
            remote_loss: self.remote_loss,
            remote_jitter_ms: self.remote_jitter_ms,
            mos: 0.0,
        };
        if quality.packets_received > 0 {
            let network = self.rtt_ms.map_or(0.0, |rtt| rtt / 2.0);
            quality.mos = mos(network + buffer.delay_ms() as f32 + FIXED_DELAY_MS, quality.loss());
        }
        quality
    }
}

/// The interval, spread from half to one and a half so that reports do not fall in step.
fn interval(rng: &mut Rng) -> Duration {
    let spread = 0.5 + rng.below(1 << 20) as f64 / f64::from(1 << 20);
    INTERVAL.mul_f64(spread / COMPENSATION)
}

/// 64-bit NTP time of the wall clock.
fn ntp_time(now: Now) -> u64 {
    let millis = now.utc.0.max(0).unsigned_abs();
    ((millis / 1_000 + NTP_OFFSET) << 32) | ((millis % 1_000) * (1 << 32) / 1_000)
}
