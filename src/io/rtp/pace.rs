//! When each slot of the wheel is due. Deadlines are absolute points, so a late tick never
//! moves the next one and nothing drifts.

use std::time::Duration;

use crate::base::Mono;

/// Parts of a tick: sessions are spread over them, so that packets leave evenly and each
/// look at the commands is at most this far away.
pub(super) const SLOTS: usize = 10;

/// From one slot to the next.
pub(super) const SLOT: Duration = Duration::from_millis(2);

/// A slot later than this is left out rather than caught up: the peer's jitter buffer could
/// not use a burst of older packets. Time stamps and recordings still move on.
const MAX_CATCH_UP: Duration = Duration::from_millis(200);

/// What is to be done with a slot that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Tick its sessions.
    Tick {
        /// Which slot.
        slot: usize,
        /// It begins more than one slot late.
        late: bool,
    },
    /// Let their time pass without a packet.
    Skip {
        /// Which slot.
        slot: usize,
    },
}

/// The wheel.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// When the next slot is due.
    deadline: Mono,
    slot: usize,
}

impl Pace {
    /// Begins now.
    pub fn new(now: Mono) -> Pace {
        Pace { deadline: now, slot: 0 }
    }

    /// The next slot that is due at `now`, in order and each once; None until [`Pace::deadline`].
    pub fn poll(&mut self, now: Mono) -> Option<Due> {
        if now < self.deadline {
            return None;
        }
        let behind = now.since(self.deadline);
        let slot = self.slot;
        self.deadline = self.deadline + SLOT;
        self.slot = (slot + 1) % SLOTS;
        Some(if behind > MAX_CATCH_UP { Due::Skip { slot } } else { Due::Tick { slot, late: behind > SLOT } })
    }

    /// When the next slot is due.
    pub fn deadline(&self) -> Mono {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_comes_each_20_ms_however_late_the_thread_wakes() {
        let start = Mono::from_millis(5_000);
        let mut pace = Pace::new(start);
        let mut visits = [0u64; SLOTS];
        let mut rng = crate::base::Rng::seeded(3);
        let mut now = start;
        while now < start + Duration::from_secs(60) {
            while let Some(due) = pace.poll(now) {
                let (Due::Tick { slot, .. } | Due::Skip { slot }) = due;
                visits[slot] += 1;
            }
            // Wakes between 0 and 9 ms late, once in a while half a second.
            let late = if rng.chance(0.001) { 500_000 } else { rng.below(9_000) };
            now = pace.deadline() + Duration::from_micros(late);
        }
        let want = now.since(start).as_micros() as u64 / 20_000;
        assert!(visits.iter().all(|v| v.abs_diff(want) <= 26), "{visits:?} {want}");
        assert_eq!(visits.iter().max(), visits.iter().min().map(|v| v + 1).as_ref().or(visits.iter().max()));
    }

    #[test]
    fn a_slot_is_on_time_late_or_left_out() {
        let check = |behind_us: u64, want: Due| {
            let mut pace = Pace::new(Mono(1_000_000));
            assert_eq!(pace.poll(Mono(1_000_000 + behind_us)), Some(want), "{behind_us}");
        };
        check(0, Due::Tick { slot: 0, late: false });
        check(2_000, Due::Tick { slot: 0, late: false });
        check(2_001, Due::Tick { slot: 0, late: true });
        check(200_000, Due::Tick { slot: 0, late: true });
        check(200_001, Due::Skip { slot: 0 });
        assert_eq!(Pace::new(Mono(10)).poll(Mono(9)), None);
    }
}
