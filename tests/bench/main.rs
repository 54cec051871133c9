//! Load benchmark: recorded calls with real RTP both ways, on one core.
//!
//! ```text
//! cargo bench --bench calls                              N = 100, 500, 1,000, 1,500, 2,000 calls of 20 s
//! cargo bench --bench calls -- --calls 50 --seconds 5    a short try
//! ```
//!
//! The plane and the recorder run on core 0, the load generator on core 1 of the same
//! machine. Each row runs in a process of its own, so that no row inherits memory.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a load generator reads clocks, sleeps, and looks calls up by name"
)]

mod meter;
mod mmsg;
mod plane;
mod rtp_load;
mod sip_calls;
mod sip_load;
mod sip_text;

use std::process::Command;

const USAGE: &str = "usage: cargo bench --bench calls -- [--calls N[,N...]] [--seconds S] [--try-sip]";

struct Arguments {
    calls: Vec<usize>,
    seconds: u64,
    /// Only let the two sides of the signalling generator call each other.
    try_sip: bool,
    /// This process measures one row and prints it for its parent.
    row: bool,
}

fn arguments() -> Result<Arguments, String> {
    let calls = vec![100, 500, 1_000, 1_500, 2_000];
    let mut arguments = Arguments { calls, seconds: 20, try_sip: false, row: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value; {USAGE}"));
        match word.as_str() {
            "--calls" => {
                let numbers = value()?;
                let parsed: Result<Vec<usize>, _> = numbers.split(',').map(str::parse).collect();
                arguments.calls = parsed.map_err(|e| format!("--calls {numbers}: {e}; {USAGE}"))?;
            }
            "--seconds" => {
                let number = value()?;
                arguments.seconds =
                    number.parse().map_err(|e| format!("--seconds {number}: {e}; {USAGE}"))?;
            }
            "--try-sip" => arguments.try_sip = true,
            "--row" => arguments.row = true,
            // What cargo itself adds.
            "--bench" => {}
            other => return Err(format!("unknown argument {other}; {USAGE}")),
        }
    }
    Ok(arguments)
}

fn main() {
    let arguments = arguments().unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(2)
    });
    if arguments.row {
        println!("{}", plane::measure(arguments.calls[0], arguments.seconds));
        return;
    }
    if arguments.try_sip {
        for calls in arguments.calls {
            let (dialled, answered) = sip_load::try_out(calls, 300.0);
            let (p50, p99) = (dialled.setup_at(0.5), dialled.setup_at(0.99));
            println!(
                "{calls} calls at 300 a second: dialled {}, answered {}, ended {}, failed {:?}, repeated {}, \
                 set up in {p50:.1} ms (p99 {p99:.1}); other side: {} answered, {} ended, {} keys",
                dialled.begun,
                dialled.answered,
                dialled.ended,
                dialled.failed,
                dialled.repeated + answered.repeated,
                answered.answered,
                answered.ended,
                answered.pressed
            );
        }
        return;
    }
    println!("Media plane on one core, recorded calls of {} s, PCMA, keys by RFC 4733", arguments.seconds);
    println!("{}", plane::Row::HEAD);
    let program = std::env::current_exe().expect("a running program has a path");
    for calls in arguments.calls {
        let row = Command::new(&program)
            .args(["--row", "--calls", &calls.to_string(), "--seconds", &arguments.seconds.to_string()])
            .status();
        if !row.is_ok_and(|status| status.success()) {
            eprintln!("{calls} calls: the row failed");
            std::process::exit(1);
        }
    }
}
