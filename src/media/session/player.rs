//! Prompts on their way to the customer.

use std::sync::Arc;

use crate::media::{Codec, FRAME_SAMPLES, PlayId, Prompt};

/// One play: prompts one after the other, frame by frame.
#[derive(Debug)]
pub(super) struct Player {
    pub play: PlayId,
    pub barge_in: bool,
    prompts: Vec<Arc<Prompt>>,
    prompt: usize,
    frame: usize,
}

impl Player {
    pub fn new(play: PlayId, prompts: Vec<Arc<Prompt>>, barge_in: bool) -> Player {
        Player { play, barge_in, prompts, prompt: 0, frame: 0 }
    }

    /// The next 20 ms of music: after the last prompt comes the first again. None where
    /// there is no sound at all.
    pub fn next_round(&mut self, codec: Codec) -> Option<(&[u8; FRAME_SAMPLES], &[i16; FRAME_SAMPLES])> {
        if self.prompts.get(self.prompt).is_some_and(|last| self.frame >= last.frames()) {
            self.prompt += 1;
            self.frame = 0;
        }
        if self.prompt >= self.prompts.len() {
            self.prompt = 0;
        }
        self.next(codec)
    }

    /// The next 20 ms, as payload and as samples; None when all is said.
    pub fn next(&mut self, codec: Codec) -> Option<(&[u8; FRAME_SAMPLES], &[i16; FRAME_SAMPLES])> {
        while self.frame >= self.prompts.get(self.prompt)?.frames() {
            self.prompt += 1;
            self.frame = 0;
        }
        let frame = self.frame;
        self.frame += 1;
        let prompt = &self.prompts[self.prompt];
        prompt.payload(codec, frame).zip(prompt.pcm_frame(frame))
    }
}
