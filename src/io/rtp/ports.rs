//! Which port pairs are free (RFC 3550 section 11: RTP even, RTCP the next odd one).

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::base::{Mono, Rng};

/// A closed pair rests this long: packets of the old call that are still on their way, and
/// peers that have not heard of its end, must not reach a new call.
const REST: Duration = Duration::from_secs(5);

/// The port pairs of one worker; workers share none, so nothing is locked.
pub(super) struct Ports {
    /// The pair rested longest stands first, with the time from which it may be used.
    free: VecDeque<(u16, Mono)>,
}

impl Ports {
    /// Deals the pairs of `range` to `workers` hands, each in a random order, so that a
    /// stranger cannot guess the next port.
    pub fn deal(range: &RangeInclusive<u16>, workers: usize, rng: &mut Rng) -> Vec<Ports> {
        let first = u32::from(*range.start()).next_multiple_of(2).max(2);
        let mut pairs: Vec<u16> =
            (first..u32::from(*range.end())).step_by(2).filter_map(|port| u16::try_from(port).ok()).collect();
        for n in (1..pairs.len()).rev() {
            pairs.swap(n, rng.below(n as u64 + 1) as usize);
        }
        let hand = |n| pairs.iter().skip(n).step_by(workers).map(|port| (*port, Mono(0))).collect();
        (0..workers).map(|n| Ports { free: hand(n) }).collect()
    }

    /// The even port of a pair that has rested; None while none has.
    pub fn take(&mut self, now: Mono) -> Option<u16> {
        let (port, from) = *self.free.front()?;
        if from > now {
            return None;
        }
        self.free.pop_front();
        Some(port)
    }

    /// Puts a pair to rest.
    pub fn give_back(&mut self, now: Mono, port: u16) {
        self.free.push_back((port, now + REST));
    }

    /// Pairs that are free or resting.
    pub fn len(&self) -> usize {
        self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_dealt_once_even_first_and_inside_the_range() {
        let check = |range: RangeInclusive<u16>, workers: usize, want: Vec<u16>| {
            let mut hands = Ports::deal(&range, workers, &mut Rng::seeded(1));
            assert_eq!(hands.len(), workers);
            let mut got: Vec<u16> = hands
                .iter_mut()
                .flat_map(|hand| std::iter::from_fn(|| hand.take(Mono(0))).collect::<Vec<_>>())
                .collect();
            got.sort_unstable();
            assert_eq!(got, want, "{range:?}");
        };
        check(20_000..=20_003, 1, vec![20_000, 20_002]);
        check(20_001..=20_006, 2, vec![20_002, 20_004]);
        check(65_532..=65_535, 1, vec![65_532, 65_534]);
        check(20_001..=20_001, 3, vec![]);
        check(0..=5, 1, vec![2, 4]);
    }

    #[test]
    fn a_closed_pair_rests_before_it_is_used_again() {
        let mut ports = Ports::deal(&(40_000..=40_001), 1, &mut Rng::seeded(1)).remove(0);
        let closed = Mono::from_millis(1_000);
        assert_eq!(ports.take(closed), Some(40_000));
        ports.give_back(closed, 40_000);
        assert_eq!((ports.take(closed + Duration::from_millis(4_999)), ports.len()), (None, 1));
        assert_eq!(ports.take(closed + REST), Some(40_000));
    }
}
