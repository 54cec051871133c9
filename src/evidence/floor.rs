//! The noise floor of a channel, known from both sides of a moment, because a recording is
//! finished when it is looked at.

/// Frames of 20 ms on either side that say what the floor is: 4 s.
pub const AROUND: usize = 200;
/// Frames of the window.
const WINDOW: usize = 2 * AROUND + 1;
/// One frame in so many is quieter than the floor: whoever speaks for 8 s pauses for 400 ms.
const QUIETEST: usize = 20;
/// Levels are sorted into steps of 1 dB from here upwards, in dBov.
const LOWEST: i32 = -96;
const STEPS: usize = 97;

/// Gives each frame back after [`AROUND`] further ones, with the floor around it: the level that
/// one in twenty frames of the 4 s before and after it stays below, in whole dBov.
pub struct Floor<T> {
    ring: Vec<(T, u8)>,
    steps: [u16; STEPS],
    /// Frames taken, and frames given back.
    taken: usize,
    given: usize,
}

impl<T: Copy> Floor<T> {
    pub fn new() -> Self {
        Floor { ring: Vec::with_capacity(WINDOW), steps: [0; STEPS], taken: 0, given: 0 }
    }

    /// Takes a frame of a level in dBov.
    pub fn push(&mut self, frame: T, level: f32) -> Option<(T, f32)> {
        let step = (level.floor() as i32 - LOWEST).clamp(0, STEPS as i32 - 1) as u8;
        let place = self.taken % WINDOW;
        match self.ring.get_mut(place) {
            Some(old) => {
                self.steps[usize::from(old.1)] -= 1;
                *old = (frame, step);
            }
            None => self.ring.push((frame, step)),
        }
        self.steps[usize::from(step)] += 1;
        self.taken += 1;
        (self.taken > AROUND).then(|| self.give(self.ring.len()))
    }

    /// The rest, after the last frame.
    pub fn drain(&mut self) -> Option<(T, f32)> {
        if self.given == self.taken {
            return None;
        }
        // What lies more than the window behind the next frame says nothing of it any more.
        let first = self.given.saturating_sub(AROUND);
        if first > 0 && self.taken - (first - 1) <= WINDOW {
            self.steps[usize::from(self.ring[(first - 1) % WINDOW].1)] -= 1;
        }
        Some(self.give(self.taken - first))
    }

    fn give(&mut self, frames: usize) -> (T, f32) {
        let wanted = frames.div_ceil(QUIETEST);
        let mut seen = 0;
        let quiet = self.steps.iter().position(|count| {
            seen += usize::from(*count);
            seen >= wanted
        });
        let frame = self.ring[self.given % WINDOW].0;
        self.given += 1;
        (frame, (quiet.unwrap_or(0) as i32 + LOWEST) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, frame by frame.
    fn slow(levels: &[f32]) -> Vec<f32> {
        (0..levels.len())
            .map(|at| {
                let near = &levels[at.saturating_sub(AROUND)..(at + AROUND + 1).min(levels.len())];
                let mut sorted: Vec<f32> = near.iter().map(|l| l.floor().clamp(-96.0, 0.0)).collect();
                sorted.sort_by(f32::total_cmp);
                sorted[sorted.len().div_ceil(QUIETEST) - 1]
            })
            .collect()
    }

    #[test]
    fn the_floor_is_that_of_its_definition_at_every_frame() {
        for count in [0, 1, 19, 200, 201, 202, 400, 401, 402, 1_500] {
            let mut rng = crate::base::Rng::seeded(count);
            let levels: Vec<f32> = (0..count).map(|_| -(rng.below(9_700) as f32) / 100.0).collect();
            let mut floor = Floor::new();
            let mut got = Vec::new();
            for (at, level) in levels.iter().enumerate() {
                got.extend(floor.push(at, *level));
            }
            while let Some(rest) = floor.drain() {
                got.push(rest);
            }
            let expect: Vec<(usize, f32)> = slow(&levels).into_iter().enumerate().collect();
            assert_eq!(got, expect, "{count} frames");
        }
    }
}
