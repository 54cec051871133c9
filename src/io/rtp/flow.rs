//! How many datagrams a tick should ask its socket for.

use super::socket::BATCH;

/// Ticks in a row with one datagram each, after which the flow counts as even: one second.
const EVEN: u8 = 50;

/// While it is even, every so many ticks one looks for more: a datagram that came too many
/// waits 160 ms at most.
const LOOK_EVERY: u8 = 8;

/// The evenness of the datagrams of one session. On most lines exactly one comes each tick,
/// and looking for a second would take a tenth of the receiving.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// Ticks in a row with one datagram; goes round from `EVEN` on.
    even: u8,
}

impl Flow {
    /// Datagrams to ask for at this tick.
    pub fn most(self) -> usize {
        if self.even > EVEN { 1 } else { BATCH }
    }

    /// So many came.
    pub fn note(&mut self, count: usize) {
        self.even = match (count, self.even + 1) {
            (1, next) if next < EVEN + LOOK_EVERY => next,
            (1, _) => EVEN,
            _ => 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets the datagrams of `arrivals` come, by tick; gives the longest that one waited, in
    /// ticks, and how often only one was asked for.
    fn run(arrivals: impl Iterator<Item = usize>) -> (usize, usize) {
        let mut flow = Flow::default();
        let mut queue = std::collections::VecDeque::new();
        let (mut longest, mut single) = (0, 0);
        for (tick, count) in arrivals.enumerate() {
            queue.extend(std::iter::repeat_n(tick, count));
            let most = flow.most();
            single += usize::from(most == 1);
            // A full batch is followed by another, until the socket is dry.
            let taken = if most == 1 { queue.len().min(1) } else { queue.len() };
            for came in queue.drain(..taken) {
                longest = longest.max(tick - came);
            }
            flow.note(taken);
        }
        (longest, single)
    }

    #[test]
    fn an_even_flow_is_asked_for_one_and_an_uneven_one_for_all() {
        let (longest, single) = run(std::iter::repeat_n(1, 1_000));
        assert_eq!(longest, 0);
        assert!(single > 800, "{single}");
        // 10 ms and 40 ms packets, and jitter that bunches.
        for pattern in [&[2][..], &[1, 0][..], &[1, 1, 0, 2][..], &[0, 0, 3][..]] {
            let (longest, single) = run(pattern.iter().copied().cycle().take(1_000));
            assert_eq!((longest, single), (0, 0), "{pattern:?}");
        }
    }

    #[test]
    fn a_datagram_too_many_in_an_even_flow_waits_a_few_ticks_at_most() {
        for at in 100..140 {
            let (longest, _) = run((0..1_000).map(|tick| if tick == at { 2 } else { 1 }));
            assert!(longest <= usize::from(LOOK_EVERY), "{at}: {longest}");
        }
    }

    #[test]
    fn a_flood_is_seen_at_the_next_look() {
        let (longest, _) = run((0..300).map(|tick| if tick < 100 { 1 } else { 20 }));
        assert!(longest <= usize::from(LOOK_EVERY), "{longest}");
    }
}
