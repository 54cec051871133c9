//! Prompts: what the daemon says, converted once at load and shared by all calls.

mod library;
mod wav;

use std::sync::OnceLock;
use std::time::Duration;

use super::codec::Encoder;
use super::{Codec, FRAME_SAMPLES};

pub use library::PromptLibrary;

/// The file is no WAV that can be played; the text says how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prompt `{name}`: {problem}; {mend}")]
pub struct PromptError {
    /// The prompt's name.
    pub name: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

/// One prompt at 8 kHz, mono, with its payload in frames of 20 ms for each codec that a call used.
#[derive(Debug)]
pub struct Prompt {
    name: String,
    pcm: Box<[i16]>,
    samples: usize,
    payloads: [OnceLock<Box<[u8]>>; 3],
}

impl Prompt {
    /// From the bytes of a WAV file: 8, 16, 24, 32 bit or float, any rate and number of channels.
    pub fn from_wav(name: &str, bytes: &[u8]) -> Result<Prompt, PromptError> {
        wav::read(bytes).map(|pcm| Prompt::from_pcm(name, &pcm)).map_err(|(problem, mend)| PromptError {
            name: name.to_owned(),
            problem,
            mend,
        })
    }

    /// From mono samples at 8 kHz. The last frame is filled up with silence.
    pub fn from_pcm(name: &str, pcm: &[i16]) -> Prompt {
        let length = pcm.len().next_multiple_of(FRAME_SAMPLES);
        let mut padded = Vec::with_capacity(length);
        padded.extend_from_slice(pcm);
        padded.resize(length, 0);
        Prompt {
            name: name.to_owned(),
            samples: pcm.len(),
            payloads: [const { OnceLock::new() }; 3],
            pcm: padded.into(),
        }
    }

    /// The name it is asked by, without language and ending: `survey/thanks`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length of the audio, the padding of the last frame not counted.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.samples as u64 * 125)
    }

    /// Number of 20 ms frames.
    pub fn frames(&self) -> usize {
        self.pcm.len() / FRAME_SAMPLES
    }

    /// All samples, the padding of the last frame included.
    pub fn pcm(&self) -> &[i16] {
        &self.pcm
    }

    /// The samples of frame `index`, 160 of them; None past the end.
    pub fn pcm_frame(&self, index: usize) -> Option<&[i16; FRAME_SAMPLES]> {
        self.pcm.as_chunks().0.get(index)
    }

    /// The RTP payload of frame `index` in `codec`, 160 bytes; None past the end.
    ///
    /// Encoded at the codec's first use and kept: a second of prompt takes about 1 ms in G.722
    /// and 10 us in the others.
    pub fn payload(&self, codec: Codec, index: usize) -> Option<&[u8; FRAME_SAMPLES]> {
        let place = match codec {
            Codec::Pcma => 0,
            Codec::Pcmu => 1,
            Codec::G722 => 2,
        };
        let bytes = self.payloads[place].get_or_init(|| encode(codec, &self.pcm));
        bytes.as_chunks().0.get(index)
    }
}

fn encode(codec: Codec, pcm: &[i16]) -> Box<[u8]> {
    let mut payload = vec![0; pcm.len()];
    Encoder::new(codec).encode(pcm, &mut payload);
    payload.into()
}

#[cfg(test)]
mod tests;
