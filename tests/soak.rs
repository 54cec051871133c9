//! A seeded random soak: hundreds of customers, several trunks and campaigns, a network that
//! loses and reorders, people who do anything, a store that fails, drains and kills, and
//! after every step a look at what must always hold.
//!
//! - `RINGBACK_SOAK_SEEDS=500` runs that many seeds instead of [`SEEDS`].
//! - `RINGBACK_SOAK_SEED=17` begins with that one; alone it replays exactly that seed.
//! - `RINGBACK_SOAK_CUSTOMERS=300` asks for longer lists than [`CUSTOMERS`].

mod audit;
mod books;
mod caller;
mod city;
mod net;
mod people;
mod plan;
mod rooms;
mod trace;
mod trouble;
mod week;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use city::City;
use plan::Plan;

/// Seeds of an ordinary run.
const SEEDS: u64 = 6;
/// Longest list of a seed in an ordinary run.
const CUSTOMERS: u64 = 16;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn customers() -> u64 {
    number("RINGBACK_SOAK_CUSTOMERS").unwrap_or(CUSTOMERS)
}

/// What a run came to.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    fingerprint: u64,
    calls: u64,
    invites: u64,
    answered: u64,
    pressed: usize,
    believed: usize,
    mistaken: usize,
}

fn live(seed: u64, customers: u64) -> Tally {
    let mut city = City::new(Plan::of(seed, customers));
    let result = catch_unwind(AssertUnwindSafe(|| city.live()));
    if let Err(panic) = result {
        let plan = &city.plan;
        eprintln!(
            "seed {seed} fails after {} of trouble {:?}; its plan: sip {:?} rtp {:?} store {} ms mischief {}\n\
             the last of all:\n{}\nreplay: RINGBACK_SOAK_SEED={seed} RINGBACK_SOAK_CUSTOMERS={} cargo test --test main soak::seeds",
            city.now.utc,
            plan.trouble,
            plan.sip,
            plan.rtp,
            plan.store_ms,
            plan.mischief,
            city.trace.ladder(""),
            customers
        );
        std::panic::resume_unwind(panic);
    }
    Tally {
        fingerprint: city.trace.fingerprint(),
        calls: city.books.lines.len() as u64,
        invites: city.audit.invited,
        answered: city.books.reports.values().filter(|r| r.record.answered_at.is_some()).count() as u64,
        pressed: city.rooms.pressed_keys,
        believed: city.rooms.believed_keys,
        mistaken: city.rooms.mistaken,
    }
}

/// FLT: whatever goes wrong, nobody is called twice for one attempt, nobody outside the
/// rules, nothing leaks, and every attempt has one outcome.
#[test]
fn seeds_of_trouble_break_no_promise() {
    let first = number("RINGBACK_SOAK_SEED");
    let count = number("RINGBACK_SOAK_SEEDS").unwrap_or(if first.is_some() { 1 } else { SEEDS });
    let (begin, next) = (first.unwrap_or(1), AtomicU64::new(0));
    let started = std::time::Instant::now();
    let failed = AtomicU64::new(0);
    let sums: Vec<AtomicU64> = (0..6).map(|_| AtomicU64::new(0)).collect();
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get()) as u64;
    std::thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        break;
                    }
                    let Ok(tally) = catch_unwind(|| live(begin + n, customers())) else {
                        failed.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    let parts = [
                        tally.calls,
                        tally.invites,
                        tally.answered,
                        tally.pressed as u64,
                        tally.believed as u64,
                        tally.mistaken as u64,
                    ];
                    for (sum, part) in sums.iter().zip(parts) {
                        sum.fetch_add(part, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let sum = |i: usize| sums[i].load(Ordering::Relaxed);
    let summary = format!(
        "{count} seeds in {:.1} s: {} calls, {} INVITEs, {} answered, {} keys pressed, {} believed; \
         in {} calls speech was taken for a key\n",
        started.elapsed().as_secs_f64(),
        sum(0),
        sum(1),
        sum(2),
        sum(3),
        sum(4),
        sum(5)
    );
    // Not println!, which the test harness would swallow.
    std::io::Write::write_all(&mut std::io::stderr(), summary.as_bytes()).expect("stderr");
    assert_eq!(failed.load(Ordering::Relaxed), 0, "seeds failed; see above for each");
    assert!(sum(2) > count, "hardly a call was answered");
}

#[test]
fn the_same_seed_gives_the_same_day() {
    let (first, again, other) = (live(7, 8), live(7, 8), live(8, 8));
    assert_eq!(first, again);
    assert_ne!(first.fingerprint, other.fingerprint);
}
