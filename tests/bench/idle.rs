//! A daemon without work: how soon it is ready, what it takes.

use std::net::SocketAddr;
use std::time::Duration;

use crate::daemon::{Daemon, Setup};

/// Starts it `times` and prints the figures.
pub fn measure(times: usize, seconds: u64) {
    let trunk = SocketAddr::from(([127, 0, 0, 1], 9));
    let setup = Setup { trunk, script: "bench-survey", record: true, sections: String::new() };
    let mut ready = Vec::new();
    for _ in 0..times {
        ready.push(Daemon::start(&setup).ready.as_secs_f64() * 1_000.0);
    }
    ready.sort_by(f64::total_cmp);
    let daemon = Daemon::start(&setup);
    // What the start itself leaves to be done is not idling.
    std::thread::sleep(Duration::from_secs(2));
    let before = daemon.cpu();
    std::thread::sleep(Duration::from_secs(seconds));
    let cpu = daemon.cpu().since(&before);
    println!(
        "\nIdle: ready after {:.0} ms (median of {times}; worst {:.0}), {:.2} % of a core over {seconds} s, {:.1} MB",
        ready[times / 2],
        ready[times - 1],
        cpu.total / seconds as f64 * 100.0,
        daemon.resident_bytes() as f64 / 1_048_576.0,
    );
}
