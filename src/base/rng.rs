//! Randomness as an argument: seeded by the operating system in `app`, by a number in tests.

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

/// A cryptographic generator, because tags, branches and Call-IDs must not be guessable
/// (RFC 3261 section 19.3), that a test can seed so that the same day runs twice.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// For tests, simulations and draws that must be repeatable.
    pub fn seeded(seed: u64) -> Self {
        Rng(ChaCha12Rng::seed_from_u64(seed))
    }

    /// From 32 bytes of the operating system's entropy.
    pub fn from_entropy(seed: [u8; 32]) -> Self {
        Rng(ChaCha12Rng::from_seed(seed))
    }

    /// An independent generator; both stay repeatable.
    pub fn fork(&mut self) -> Self {
        Rng(ChaCha12Rng::from_rng(&mut self.0))
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number from 0 up to but not including `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of a 64-bit product is below 2^-32 for every `end` used here.
        ((u128::from(self.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// True with the given probability, 0.0 to 1.0.
    pub fn chance(&mut self, probability: f64) -> bool {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64 <= probability && probability > 0.0
    }

    /// `len` hexadecimal digits, for tags, branches and nonces.
    pub fn hex(&mut self, len: usize) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(len);
        let mut bits = 0;
        for i in 0..len {
            if i % 16 == 0 {
                bits = self.next_u64();
            }
            text.push(char::from(DIGITS[(bits & 15) as usize]));
            bits >>= 4;
        }
        text
    }
}
