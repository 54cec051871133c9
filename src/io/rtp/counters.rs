//! Counters of the plane. Workers count for themselves and publish once per turn of the
//! wheel, so that no packet touches memory that another thread reads.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the plane did since its start, summed over the workers.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
        pub struct Counters { $($(#[$doc])* pub $name: u64,)* }

        /// One worker's counters as others see them.
        #[derive(Debug, Default)]
        pub(super) struct Meter { $($name: AtomicU64,)* }

        impl Meter {
            /// Publishes the worker's own counts.
            pub fn publish(&self, counts: &Counters) {
                $(self.$name.store(counts.$name, Ordering::Relaxed);)*
            }

            /// What was published last.
            pub fn read(&self) -> Counters {
                Counters { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Add for Counters {
            type Output = Counters;

            fn add(self, other: Counters) -> Counters {
                Counters {
                    worst_gap_us: self.worst_gap_us.max(other.worst_gap_us),
                    ..Counters { $($name: self.$name + other.$name,)* }
                }
            }
        }
    };
}

counters! {
    /// Sessions that are open.
    sessions,
    /// RTP packets sent.
    packets_sent,
    /// RTP packets that the kernel did not take.
    sends_failed,
    /// Datagrams taken from RTP sockets, of any source.
    packets_received,
    /// RTP packets of a third party, dropped.
    packets_foreign,
    /// Session ticks, on time or late.
    ticks,
    /// Session ticks that began more than 2 ms late.
    ticks_late,
    /// Session ticks that were left out because the worker was more than 200 ms behind.
    ticks_skipped,
    /// Longest time between two ticks of one session, in microseconds.
    worst_gap_us,
    /// Events that were dropped because the engine did not take them.
    events_dropped,
}
