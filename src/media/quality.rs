//! What one RTP session looked like: the counters of RFC 3550 and what a listener would
//! have thought of it (ITU-T G.107).

/// Counters and estimates of one media session, stored with the call.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Quality {
    /// RTP packets we sent.
    pub packets_sent: u64,
    /// RTP packets of the peer that were accepted, duplicates not counted.
    pub packets_received: u64,
    /// Packets that never came (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Packets that came after their moment to be played.
    pub late: u64,
    /// Packets that came twice.
    pub duplicated: u64,
    /// Packets that came after a later one.
    pub out_of_order: u64,
    /// Packets that were no RTP of this stream: malformed, wrong payload type, failed authentication.
    pub rejected: u64,
    /// Interarrival jitter at the end, in ms (RFC 3550 section 6.4.1).
    pub jitter_ms: f32,
    /// Largest interarrival jitter seen, in ms.
    pub jitter_max_ms: f32,
    /// Round-trip time of the last report, in ms; None where the peer sent no usable RTCP.
    pub rtt_ms: Option<f32>,
    /// Share of our packets that the peer missed, 0.0 to 1.0, by its last cumulative report.
    pub remote_loss: Option<f32>,
    /// Jitter the peer measured on our packets, in ms.
    pub remote_jitter_ms: Option<f32>,
    /// Mean opinion score a listener on our side would give, 1.0 to 4.5; 0.0 where nothing was received.
    pub mos: f32,
}

impl Quality {
    /// Share of the peer's packets that did not reach the listener: lost or too late, 0.0 to 1.0.
    pub fn loss(&self) -> f32 {
        let expected = self.packets_received + self.lost;
        if expected == 0 { 0.0 } else { (self.lost + self.late).min(expected) as f32 / expected as f32 }
    }
}
