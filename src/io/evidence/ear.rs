//! The thread that hears recordings: one at a time, block by block.

use std::io::Read;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use crate::evidence::{Heard, Listener, SpeechRule};
use crate::io::vault::Sound;
use crate::media::SAMPLE_RATE;

/// Read at a time: 4 s of sound.
const BLOCK: usize = 128 * 1024;
/// How much others are preferred: evidence can wait, calls cannot.
const NICE: libc::c_int = 10;

struct Job {
    sound: Sound,
    speech: SpeechRule,
    reply: oneshot::Sender<Result<Heard, String>>,
}

/// A handle on the thread, which ends with the last of them.
pub(super) struct Ear(Sender<Job>);

impl Ear {
    pub fn start() -> std::io::Result<Ear> {
        // The one who asks waits for the answer, so that nothing piles up here.
        let (jobs, inbox) = bounded(1);
        std::thread::Builder::new().name("evidence".into()).spawn(move || work(&inbox))?;
        Ok(Ear(jobs))
    }

    /// Hears a recording; the error says why it cannot.
    pub async fn hear(&self, sound: Sound, speech: SpeechRule) -> Result<Heard, String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "the thread that hears recordings has ended".to_owned();
        let job = Job { sound, speech, reply };
        self.0.try_send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn work(inbox: &Receiver<Job>) {
    // SAFETY: takes numbers only. On Linux the value zero means the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    for Job { sound, speech, reply } in inbox {
        // Who asked may have gone away.
        reply.send(hear(sound, &speech)).ok();
    }
}

/// Hears a stereo WAV of 16 bit and 8,000 Hz from its first to its last block. Memory does not
/// grow with its length.
///
/// # Errors
/// A sentence: it cannot be read, or is of another form.
pub fn hear(wav: impl Read, speech: &SpeechRule) -> Result<Heard, String> {
    let reader = hound::WavReader::new(wav).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    if (spec.channels, spec.bits_per_sample, spec.sample_rate) != (2, 16, SAMPLE_RATE) {
        let hound::WavSpec { channels, sample_rate, bits_per_sample, .. } = spec;
        return Err(format!(
            "{channels} channels of {bits_per_sample} bit at {sample_rate} Hz; 2 of 16 bit at 8000 are heard"
        ));
    }
    let mut left = u64::from(reader.len()) * 2;
    // hound gives one sample at a time, which takes longer than hearing it.
    let mut bytes = reader.into_inner();
    let mut listener = Listener::new(speech);
    let (mut block, mut samples) = (vec![0; BLOCK], Vec::with_capacity(BLOCK / 2));
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        bytes.read_exact(&mut block[..want]).map_err(|error| error.to_string())?;
        samples.clear();
        samples.extend(block[..want].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)));
        listener.push(&samples);
        left -= want as u64;
    }
    Ok(listener.finish())
}
