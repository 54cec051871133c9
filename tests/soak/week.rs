//! Weeks of a hotline in simulated time: the real engine, media sessions, scripts, registrar,
//! planner, ticket desk and rosters over a real database. Callers come at any hour, agents
//! vanish, phones do not answer, the store goes away, the daemon is killed and is drained; at
//! every step and at the end the judge looks.
//!
//! - `RINGBACK_SOAK_WEEKS=50` runs that many weeks instead of [`WEEKS`].
//! - `RINGBACK_SOAK_WEEK=17` begins with that one; alone it replays exactly that week.

mod branch;
mod judge;
mod mutations;
mod phones;
mod plan;
mod rules;
mod stories;
mod town;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::number;
use branch::Branch;
use judge::Sums;

/// Weeks of an ordinary run.
const WEEKS: u64 = 2;

fn live(seed: u64) -> Sums {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut branch = Branch::open(seed).await;
        branch.live().await;
        branch.judge().await
    })
}

/// ROS-03, TKT-45: no agent is stuck, no call or leg outlives its people, no caller is lost,
/// every call is one record, and every open ticket has a next step with a time.
#[test]
fn weeks_of_a_hotline_lose_nobody_and_leave_nothing_stuck() {
    let first = number("RINGBACK_SOAK_WEEK");
    let count = number("RINGBACK_SOAK_WEEKS").unwrap_or(if first.is_some() { 1 } else { WEEKS });
    let (begin, next) = (first.unwrap_or(1), AtomicU64::new(0));
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get()) as u64;
    let started = std::time::Instant::now();
    let work = || {
        let mut sums = Sums::default();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return sums;
            }
            match catch_unwind(AssertUnwindSafe(|| live(begin + n))) {
                Ok(week) => sums.add(&week),
                Err(_) => {
                    eprintln!("replay: RINGBACK_SOAK_WEEK={} cargo test --test main soak::week", begin + n);
                    sums.failed += 1;
                }
            }
        }
    };
    let sums = std::thread::scope(|scope| {
        let all: Vec<_> = (0..workers.min(count)).map(|_| scope.spawn(work)).collect();
        let mut sums = Sums::default();
        for worker in all {
            sums.add(&worker.join().expect("panics are caught inside"));
        }
        sums
    });
    let summary = format!("{count} weeks in {:.1} s: {sums:?}\n", started.elapsed().as_secs_f64());
    // Not println!, which the test harness would swallow.
    std::io::Write::write_all(&mut std::io::stderr(), summary.as_bytes()).expect("stderr");
    assert_eq!(sums.failed, 0, "weeks failed; see above for each");
    assert!(sums.served > 0 && sums.tickets > 0 && sums.closed > 0, "hardly anything happened: {sums:?}");
    assert!(
        sums.promised > 0 && sums.between_us > 0,
        "nobody is called back, or calls a colleague: {sums:?}"
    );
}
