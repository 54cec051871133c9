//! Bytes addressed by RTP timestamp.

use super::FRAME_SAMPLES;

/// A ring of 512 ms with one presence bit per byte.
pub(super) struct Ring {
    bytes: Box<[u8; Ring::LEN]>,
    present: [u64; Ring::LEN / 64],
    count: usize,
    end: u32,
}

/// Which bytes of a taken frame were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Present([u64; 3]);

impl Present {
    pub fn is_none(&self) -> bool {
        self.0 == [0; 3]
    }

    pub fn is_partial(&self) -> bool {
        self.0.iter().map(|word| word.count_ones()).sum::<u32>() < FRAME_SAMPLES as u32
    }

    pub fn has(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 == 1
    }
}

impl Ring {
    /// A power of two, so that the timestamp's lower bits are the address.
    pub const LEN: usize = 4_096;

    pub fn new() -> Self {
        Ring { bytes: Box::new([0; Ring::LEN]), present: [0; Ring::LEN / 64], count: 0, end: 0 }
    }

    pub fn clear(&mut self) {
        self.present = [0; Ring::LEN / 64];
        self.count = 0;
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One past the highest timestamp written since the ring was last empty.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The caller sees to it that the range lies within one ring length of what is read.
    pub fn write(&mut self, timestamp: u32, payload: &[u8]) {
        let end = timestamp.wrapping_add(payload.len() as u32);
        if self.count == 0 || (end.wrapping_sub(self.end) as i32) > 0 {
            self.end = end;
        }
        let at = timestamp as usize % Ring::LEN;
        let first = payload.len().min(Ring::LEN - at);
        self.bytes[at..at + first].copy_from_slice(&payload[..first]);
        self.bytes[..payload.len() - first].copy_from_slice(&payload[first..]);
        self.mark(at, payload.len());
    }

    /// Takes one frame out. Bytes that are not there stay as they are in `out`.
    pub fn take(&mut self, timestamp: u32, out: &mut [u8; FRAME_SAMPLES]) -> Present {
        let at = timestamp as usize % Ring::LEN;
        let present = self.unmark(at);
        if present.is_none() {
            return present;
        }
        let first = FRAME_SAMPLES.min(Ring::LEN - at);
        if present.is_partial() {
            for (i, byte) in out.iter_mut().enumerate().filter(|(i, _)| present.has(*i)) {
                *byte = self.bytes[(at + i) % Ring::LEN];
            }
        } else {
            out[..first].copy_from_slice(&self.bytes[at..at + first]);
            out[first..].copy_from_slice(&self.bytes[..FRAME_SAMPLES - first]);
        }
        present
    }

    fn mark(&mut self, at: usize, len: usize) {
        let mut at = at;
        let mut left = len;
        while left > 0 {
            let bit = at % 64;
            let here = left.min(64 - bit);
            let mask = ones(here) << bit;
            let word = &mut self.present[at / 64 % (Ring::LEN / 64)];
            self.count += (mask & !*word).count_ones() as usize;
            *word |= mask;
            at += here;
            left -= here;
        }
    }

    /// Clears the bits of one frame and gives them, lowest first.
    fn unmark(&mut self, at: usize) -> Present {
        let mut got = [0u64; 3];
        let (mut at, mut done) = (at, 0);
        while done < FRAME_SAMPLES {
            let bit = at % 64;
            let here = (FRAME_SAMPLES - done).min(64 - bit).min(64 - done % 64);
            let word = &mut self.present[at / 64 % (Ring::LEN / 64)];
            let bits = *word >> bit & ones(here);
            *word &= !(ones(here) << bit);
            self.count -= bits.count_ones() as usize;
            got[done / 64] |= bits << (done % 64);
            at += here;
            done += here;
        }
        Present(got)
    }
}

const fn ones(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// The ring behaves as a map from timestamp to byte would.
        #[test]
        fn the_ring_is_a_map_of_bytes(start in any::<u32>(), steps in proptest::collection::vec((0u32..3_000, 1usize..500, any::<bool>()), 1..40)) {
            let (mut ring, mut model) = (Ring::new(), BTreeMap::new());
            let mut next = start;
            for (offset, len, read) in steps {
                let at = next.wrapping_add(offset);
                let payload: Vec<u8> = (0..len).map(|i| (at as usize + i) as u8 | 1).collect();
                ring.write(at, &payload);
                model.extend((0..len).map(|i| (at.wrapping_add(i as u32), payload[i])));
                if read {
                    let mut out = [0; FRAME_SAMPLES];
                    let present = ring.take(next, &mut out);
                    for (i, byte) in out.iter().enumerate() {
                        let expect = model.remove(&next.wrapping_add(i as u32));
                        prop_assert_eq!(present.has(i), expect.is_some());
                        prop_assert_eq!(*byte, expect.unwrap_or(0));
                    }
                    next = next.wrapping_add(FRAME_SAMPLES as u32);
                }
                prop_assert_eq!(ring.is_empty(), model.is_empty());
            }
        }
    }
}
