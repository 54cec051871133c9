//! The worker's clock: the kernel's own, because pacing sleeps until a point on it and the
//! kernel stamps arriving packets with its wall clock.

use std::time::Duration;

use crate::base::{Mono, Now, Timestamp};

/// Microseconds of `CLOCK_MONOTONIC`.
pub(super) fn monotonic() -> Mono {
    Mono(nanoseconds(libc::CLOCK_MONOTONIC) / 1_000)
}

/// What to add to a packet's wall-clock stamp to get a point of [`monotonic`]; measured
/// anew at each use, because the wall clock may be set.
pub(super) fn stamp_offset_ns(now: Mono) -> i64 {
    now.0 as i64 * 1_000 - nanoseconds(libc::CLOCK_REALTIME) as i64
}

/// Both clocks at `mono`.
pub(super) fn both(mono: Mono, offset_ns: i64) -> Now {
    Now { mono, utc: Timestamp((mono.0 as i64 * 1_000 - offset_ns) / 1_000_000) }
}

/// Sleeps until `deadline`; at once when it has passed.
pub(super) fn sleep_until(deadline: Mono) {
    let at = timespec(Duration::from_micros(deadline.0));
    // SAFETY: reads `at`, writes nothing. A signal may end the sleep early: the caller looks
    // at the clock again.
    unsafe {
        libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &raw const at, std::ptr::null_mut())
    };
}

fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut at = timespec(Duration::ZERO);
    // SAFETY: writes `at`; both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &raw mut at) };
    at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
}

fn timespec(since_zero: Duration) -> libc::timespec {
    libc::timespec { tv_sec: since_zero.as_secs() as libc::time_t, tv_nsec: since_zero.subsec_nanos().into() }
}

/// The lowest real-time priority: before every ordinary thread, behind any other real-time one.
const REAL_TIME: libc::c_int = 1;

/// How much an ordinary thread is preferred where real time is not allowed.
const NICE: libc::c_int = -10;

/// Asks that this thread runs when it wakes, whatever else the machine does: a tick of 2 ms
/// cannot wait for the time slices of others. It sleeps between ticks, and the kernel keeps
/// a share for the rest (`sched_rt_runtime_us`). Where the right is missing (`LimitRTPRIO=`,
/// `LimitNICE=` of the service) it stays an ordinary thread.
pub(super) fn ask_for_priority() {
    let real_time = libc::sched_param { sched_priority: REAL_TIME };
    // SAFETY: reads `real_time`. The value zero means the calling thread.
    let refused = unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &raw const real_time) } != 0;
    if refused {
        // SAFETY: takes numbers only. On Linux the value zero means the calling thread.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    }
}
