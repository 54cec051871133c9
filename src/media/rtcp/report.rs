//! Compound packets: writing ours, reading the peer's.

use rtcp_types::prelude::*;
use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, ReportBlock, ReportBlockBuilder, Sdes, SdesChunk, SdesItem,
    SenderReport,
};

/// Room for a sender report with one block, SDES with the longest CNAME we use, and BYE.
pub const MAX_REPORT: usize = 160;
/// Longest RTCP datagram that is read.
const MAX_READ: usize = 1_500;
/// SDES item type CNAME (RFC 3550 section 6.5.1).
const CNAME: u8 = 1;

/// A datagram that is no compound RTCP packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed RTCP: {0}")]
pub struct RtcpError(pub String);

/// What we send about ourselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct SenderFacts {
    pub ntp: u64,
    pub rtp_timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// What we send about the peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reception {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub cumulative_lost: u32,
    pub extended_max: u32,
    pub jitter: u32,
    pub last_sr: u32,
    pub since_last_sr: u32,
}

/// What the peer's compound packet says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerReport {
    /// The peer's SSRC.
    pub ssrc: u32,
    /// Middle 32 bits of the NTP time of a sender report.
    pub sender_ntp: Option<u32>,
    /// The block about us, if there is one.
    pub about_us: Option<AboutUs>,
    /// The peer says good-bye.
    pub bye: bool,
}

/// A report block about our stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AboutUs {
    /// Loss since the peer's last report in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning.
    pub cumulative_lost: u32,
    /// Highest sequence number the peer received, with cycles.
    pub extended_max: u32,
    /// Jitter in ticks of the RTP clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of our last sender report; 0: none came.
    pub last_sr: u32,
    /// Time between that and this report, in 1/65,536 s.
    pub since_last_sr: u32,
}

impl Reception {
    fn block(&self) -> ReportBlockBuilder {
        ReportBlock::builder(self.ssrc)
            .fraction_lost(self.fraction_lost)
            .cumulative_lost(self.cumulative_lost)
            .extended_sequence_number(self.extended_max)
            .interarrival_jitter(self.jitter)
            .last_sender_report_timestamp(self.last_sr)
            .delay_since_last_sender_report_timestamp(self.since_last_sr)
    }
}

/// Writes SR or RR, SDES and, at the end, BYE. Gives the length; 0 if `out` is too small.
pub(super) fn write(
    ssrc: u32,
    cname: &str,
    sender: Option<SenderFacts>,
    reception: Option<Reception>,
    bye: bool,
    out: &mut [u8],
) -> usize {
    let mut compound = Compound::builder();
    compound = match sender {
        Some(facts) => {
            let mut report = SenderReport::builder(ssrc)
                .ntp_timestamp(facts.ntp)
                .rtp_timestamp(facts.rtp_timestamp)
                .packet_count(facts.packets)
                .octet_count(facts.octets);
            if let Some(reception) = reception {
                report = report.add_report_block(reception.block());
            }
            compound.add_packet(report)
        }
        None => {
            let mut report = ReceiverReport::builder(ssrc);
            if let Some(reception) = reception {
                report = report.add_report_block(reception.block());
            }
            compound.add_packet(report)
        }
    };
    let chunk = SdesChunk::builder(ssrc).add_item(SdesItem::builder(CNAME, cname));
    compound = compound.add_packet(Sdes::builder().add_chunk(chunk));
    if bye {
        compound = compound.add_packet(Bye::builder().add_source(ssrc));
    }
    compound.write_into(out).unwrap_or(0)
}

/// Reads a compound packet; `our_ssrc` selects the block about us. Unknown parts are skipped.
pub fn parse(datagram: &[u8], our_ssrc: u32) -> Result<PeerReport, RtcpError> {
    if datagram.len() > MAX_READ {
        return Err(RtcpError(format!("{} bytes; at most {MAX_READ} are read", datagram.len())));
    }
    let compound = Compound::parse(datagram).map_err(|e| RtcpError(e.to_string()))?;
    let mut report = PeerReport::default();
    for packet in compound {
        match packet.map_err(|e| RtcpError(e.to_string()))? {
            Packet::Sr(sr) => {
                report.ssrc = sr.ssrc();
                report.sender_ntp = Some((sr.ntp_timestamp() >> 16) as u32);
                report.take_blocks(sr.report_blocks(), our_ssrc);
            }
            Packet::Rr(rr) => {
                report.ssrc = rr.ssrc();
                report.take_blocks(rr.report_blocks(), our_ssrc);
            }
            Packet::Bye(_) => report.bye = true,
            _ => {}
        }
    }
    Ok(report)
}

impl PeerReport {
    fn take_blocks<'a>(&mut self, mut blocks: impl Iterator<Item = ReportBlock<'a>>, our_ssrc: u32) {
        if let Some(block) = blocks.find(|block| block.ssrc() == our_ssrc) {
            self.about_us = Some(AboutUs {
                fraction_lost: block.fraction_lost(),
                cumulative_lost: block.cumulative_lost(),
                extended_max: block.extended_sequence_number(),
                jitter: block.interarrival_jitter(),
                last_sr: block.last_sender_report_timestamp(),
                since_last_sr: block.delay_since_last_sender_report_timestamp(),
            });
        }
    }
}
