//! Calls set up and torn down at once, without sound: what signalling costs, and how many
//! calls a second are held.

use std::time::Duration;

use crate::daemon::Daemon;
use crate::sip_load::{Outcome, Plan, SipLoad};
use crate::survey::{self, Direction};

/// From the ACK to our BYE.
const HOLD: Duration = Duration::from_millis(100);

/// Prints the table for these rates, each for `seconds`.
pub fn measure(rates: &[f64], seconds: f64) {
    println!("\nSignalling only, calls hung up after {} ms, neither sound nor recording", HOLD.as_millis());
    println!("          calls/s   calls  failed  repeated  CPU-ms per call  INVITE to 200 p50, p99 ms  busy");
    for direction in [Direction::Inbound, Direction::Outbound] {
        for rate in rates {
            row(direction, *rate, seconds);
        }
    }
}

fn row(direction: Direction, rate: f64, seconds: f64) {
    let count = (rate * seconds) as usize;
    let plan = Plan {
        calls: count,
        ring: Duration::ZERO,
        hold: Some(HOLD),
        keys: Vec::new(),
        per_second: rate,
        at_once: count,
    };
    let (sip, daemon) = survey::start(direction, plan, None, false);
    let before = daemon.cpu();
    if direction == Direction::Outbound {
        daemon.dial(&survey::numbers(count), survey::campaign(2_000, rate, "bench-survey"));
    }
    let begun = std::time::Instant::now();
    survey::watch(&daemon, &sip, count, Duration::from_secs_f64(seconds + 40.0));
    let (wall, cpu) = (begun.elapsed().as_secs_f64() - 1.5, daemon.cpu().since(&before));
    let (outcome, stored) = end(sip, daemon);
    let label = if direction == Direction::Inbound { "inbound" } else { "outbound" };
    println!(
        "{label:<9} {rate:>7.0} {count:>7} {:>7} {:>9} {:>16.3} {:>14.1} {:>7.1} {:>13.0} %",
        count - stored.min(count),
        outcome.repeated,
        cpu.total * 1_000.0 / count as f64,
        outcome.setup_at(0.5),
        outcome.setup_at(0.99),
        cpu.total / wall * 100.0,
    );
}

/// What the generator saw, and how many calls the daemon stored as answered and ended.
fn end(sip: SipLoad, daemon: Daemon) -> (Outcome, usize) {
    let outcome = sip.finish();
    let stored = daemon.stop();
    let whole = stored.calls.iter().filter(|c| c.answered_at.is_some() && c.ended_at.is_some()).count();
    (outcome.clone(), whole.min(outcome.ended))
}
