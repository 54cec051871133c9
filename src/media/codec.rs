//! The three codecs behind one pair of types: 8 kHz samples in and out.
//!
//! All three give one byte per tick of the 8 kHz RTP clock, so a payload of n bytes is n
//! samples whatever the packet time. G.722 carries 16 kHz: we decode its lower sub-band (0
//! to 4 kHz), whose filter is at once the 2:1 resampler, and encode after doubling the rate
//! by a short half-band filter. (The crate's own 8 kHz encoder mode gives no valid codes.)

use audio_codec::g722::{Bitrate, G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

use super::Codec;
use super::g711::{self, ALAW_SILENCE, MULAW_SILENCE};

impl Codec {
    /// The static payload type of RFC 3551 table 4.
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Codec::Pcma => 8,
            Codec::Pcmu => 0,
            Codec::G722 => 9,
        }
    }

    /// The encoding name in `a=rtpmap`.
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Codec::Pcma => "PCMA",
            Codec::Pcmu => "PCMU",
            Codec::G722 => "G722",
        }
    }

    /// The byte that fills holes. Silence in G.711; in G.722, which knows none, a quiet hum
    /// (encode zeros to send silence).
    pub const fn silence_byte(self) -> u8 {
        match self {
            Codec::Pcma => ALAW_SILENCE,
            Codec::Pcmu => MULAW_SILENCE,
            Codec::G722 => 0xFA,
        }
    }
}

/// Samples to payload.
pub enum Encoder {
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
    /// G.722 with its predictor's memory.
    G722(Box<NarrowbandG722>),
}

/// A G.722 encoder fed at 8 kHz.
pub struct NarrowbandG722 {
    encoder: G722Encoder,
    /// The last samples, oldest first.
    history: [i16; HALF_BAND.len() - 1],
}

/// The odd samples of a half-band interpolator: flat to 3 kHz, -1 dB at 3.4 kHz; the sum is 256.
const HALF_BAND: [i32; 6] = [3, -25, 150, 150, -25, 3];
/// Samples converted at a time.
const BLOCK: usize = 160;

impl NarrowbandG722 {
    fn new() -> Self {
        NarrowbandG722 {
            encoder: G722Encoder::with_options(Bitrate::Mode1_64000, false, false),
            history: [0; HALF_BAND.len() - 1],
        }
    }

    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let mut written = 0;
        for (block, out) in pcm.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let mut wide = [0i16; 2 * BLOCK];
            for (sample, pair) in block.iter().zip(wide.as_chunks_mut::<2>().0) {
                let h = self.history;
                let taps = [h[0], h[1], h[2], h[3], h[4], *sample];
                let sum: i32 = taps.iter().zip(HALF_BAND).map(|(s, c)| i32::from(*s) * c).sum();
                *pair = [taps[2], (sum / 256).clamp(-32_768, 32_767) as i16];
                self.history = [h[1], h[2], h[3], h[4], *sample];
            }
            written += self.encoder.encode_into(&wide[..2 * block.len()], out).unwrap_or(0);
        }
        written
    }
}

impl Encoder {
    /// A fresh encoder.
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcma => Encoder::Pcma,
            Codec::Pcmu => Encoder::Pcmu,
            Codec::G722 => Encoder::G722(Box::new(NarrowbandG722::new())),
        }
    }

    /// What it encodes.
    pub fn codec(&self) -> Codec {
        match self {
            Encoder::Pcma => Codec::Pcma,
            Encoder::Pcmu => Codec::Pcmu,
            Encoder::G722(_) => Codec::G722,
        }
    }

    /// Encodes the first `min(pcm.len(), out.len())` samples, one byte each; gives their number.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let len = pcm.len().min(out.len());
        let (pcm, out) = (&pcm[..len], &mut out[..len]);
        match self {
            Encoder::Pcma => out.iter_mut().zip(pcm).for_each(|(o, s)| *o = g711::alaw_encode(*s)),
            Encoder::Pcmu => out.iter_mut().zip(pcm).for_each(|(o, s)| *o = g711::mulaw_encode(*s)),
            Encoder::G722(encoder) => return encoder.encode(pcm, out),
        }
        len
    }
}

/// Payload to samples.
pub enum Decoder {
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
    /// G.722 with its predictor's memory.
    G722(Box<G722Decoder>),
}

impl Decoder {
    /// A fresh decoder.
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcma => Decoder::Pcma,
            Codec::Pcmu => Decoder::Pcmu,
            // The last argument asks for the lower sub-band only.
            Codec::G722 => {
                Decoder::G722(Box::new(G722Decoder::with_options(Bitrate::Mode1_64000, false, true)))
            }
        }
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        match self {
            Decoder::Pcma => Codec::Pcma,
            Decoder::Pcmu => Codec::Pcmu,
            Decoder::G722(_) => Codec::G722,
        }
    }

    /// Decodes the first `min(payload.len(), out.len())` bytes, one sample each; gives their number.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        let len = payload.len().min(out.len());
        let (payload, out) = (&payload[..len], &mut out[..len]);
        match self {
            Decoder::Pcma => out.iter_mut().zip(payload).for_each(|(o, c)| *o = g711::alaw_decode(*c)),
            Decoder::Pcmu => out.iter_mut().zip(payload).for_each(|(o, c)| *o = g711::mulaw_decode(*c)),
            Decoder::G722(decoder) => return decoder.decode_into(payload, out).unwrap_or(0),
        }
        len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone::{sine, tone_dbfs};
    use proptest::prelude::*;

    const ALL: [Codec; 3] = [Codec::Pcma, Codec::Pcmu, Codec::G722];

    fn energy(pcm: &[i16]) -> f64 {
        pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len() as f64
    }

    /// Power of the 1 kHz tone against everything else, in dB.
    fn purity(pcm: &[i16]) -> f64 {
        let tone = 32_767f64.powi(2) / 2.0 * 10f64.powf(f64::from(tone_dbfs(pcm, 1_000.0)) / 10.0);
        10.0 * (tone / (energy(pcm) - tone).max(1.0)).log10()
    }

    #[test]
    fn a_tone_survives_each_codec_at_every_packet_time() {
        for codec in ALL {
            for ptime in [10, 20, 30, 40, 60] {
                let sent = sine(1_000.0, 8_000.0, 4_800);
                let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
                let mut got = Vec::new();
                for chunk in sent.chunks(ptime * 8) {
                    let (mut payload, mut pcm) = ([0; 480], [0; 480]);
                    let bytes = encoder.encode(chunk, &mut payload);
                    assert_eq!(bytes, chunk.len(), "one byte a sample");
                    assert_eq!(decoder.decode(&payload[..bytes], &mut pcm), chunk.len());
                    got.extend_from_slice(&pcm[..chunk.len()]);
                }
                let (purity, level) = (purity(&got[800..]), tone_dbfs(&got[800..], 1_000.0));
                assert!(purity > 25.0, "{codec:?} at {ptime} ms: {purity:.1} dB");
                assert!((level + 12.25).abs() < 0.5, "{codec:?} at {ptime} ms: {level:.1} dBFS");
            }
        }
    }

    /// A peer codes both sub-bands at 16 kHz; what we hear of it must be its lower half.
    #[test]
    fn wideband_g722_of_a_peer_is_heard_at_its_level_and_pitch() {
        let wide: Vec<i16> = (0..16_000)
            .map(|i| (8_000.0 * (std::f64::consts::TAU * 1_000.0 * f64::from(i) / 16_000.0).sin()) as i16)
            .collect();
        let payload = G722Encoder::new().encode(&wide);
        let mut heard = vec![0; payload.len()];
        assert_eq!(Decoder::new(Codec::G722).decode(&payload, &mut heard), 8_000);
        let crossings = heard[1_000..].windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        assert!((865..=885).contains(&crossings), "7/8 s of 1,000 Hz: {crossings}");
        let level = 10.0 * (energy(&heard[1_000..]) / energy(&wide)).log10();
        assert!(level.abs() < 1.0, "{level:.2} dB off");
    }

    #[test]
    fn our_g722_is_heard_by_a_wideband_peer_at_its_level() {
        let sent = sine(1_000.0, 8_000.0, 8_000);
        let mut payload = vec![0; 8_000];
        assert_eq!(Encoder::new(Codec::G722).encode(&sent, &mut payload), 8_000);
        let heard = G722Decoder::new().decode(&payload);
        assert_eq!(heard.len(), 16_000);
        let level = 10.0 * (energy(&heard[2_000..]) / energy(&sent)).log10();
        assert!(level.abs() < 1.0, "{level:.2} dB off");
    }

    #[test]
    fn silence_is_quiet_in_every_codec() {
        for codec in ALL {
            let (mut payload, mut pcm) = ([0; 1_600], [0; 1_600]);
            Encoder::new(codec).encode(&[0; 1_600], &mut payload);
            Decoder::new(codec).decode(&payload, &mut pcm);
            assert!(energy(&pcm).sqrt() < 40.0, "{codec:?}: encoded silence, {:.0}", energy(&pcm).sqrt());
            Decoder::new(codec).decode(&[codec.silence_byte(); 1_600], &mut pcm);
            assert!(energy(&pcm).sqrt() < 200.0, "{codec:?}: the filling byte, {:.0}", energy(&pcm).sqrt());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_payload_panics(payload in proptest::collection::vec(any::<u8>(), 0..1_500)) {
            for codec in ALL {
                let mut pcm = [0; 1_500];
                let n = Decoder::new(codec).decode(&payload, &mut pcm);
                prop_assert_eq!(n, payload.len());
            }
        }

        #[test]
        fn no_samples_panic(pcm in proptest::collection::vec(any::<i16>(), 0..960)) {
            for codec in ALL {
                let mut out = [0; 960];
                prop_assert_eq!(Encoder::new(codec).encode(&pcm, &mut out), pcm.len());
            }
        }
    }
}
