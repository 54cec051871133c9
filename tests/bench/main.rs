//! Load benchmark: the real daemon on core 0, its own load generator on core 1.
//!
//! ```text
//! cargo bench --bench calls                                     everything, about 20 minutes
//! cargo bench --bench calls -- --calls 50 --seconds 5 outbound  a short try of one part
//! ```
//!
//! Parts: `outbound` and `inbound` (recorded survey calls with sound both ways), `desk` (callers
//! who wait in a queue and talk with agents), `signalling` (set up and torn down at once), `idle`,
//! and `plane` (the media plane without SIP).

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "a load generator reads clocks, sleeps, and looks calls up by name"
)]

mod daemon;
mod desk;
mod idle;
mod meter;
mod mmsg;
mod phones;
mod plane;
mod prompts;
mod rtp_load;
mod signalling;
mod sip_calls;
mod sip_load;
mod sip_text;
mod survey;

use std::process::Command;
use std::time::Duration;

use survey::{Direction, Row};

const USAGE: &str = "usage: cargo bench --bench calls -- [--calls N[,N...]] [--seconds S] [--rates R[,R...]] \
                     [--agents N[,N...]] [--waiting N[,N...]] [outbound] [inbound] [desk] [signalling] [idle] [plane]";
const PARTS: [&str; 6] = ["outbound", "inbound", "desk", "signalling", "idle", "plane"];

struct Arguments {
    calls: Vec<usize>,
    seconds: u64,
    rates: Vec<f64>,
    agents: Vec<usize>,
    waiting: Vec<usize>,
    parts: Vec<String>,
    /// This process measures one row of the plane and prints it for its parent.
    row: bool,
}

fn numbers<T: std::str::FromStr<Err: std::fmt::Display>>(option: &str, text: &str) -> Result<Vec<T>, String> {
    let parsed: Result<_, _> = text.split(',').map(str::parse).collect();
    parsed.map_err(|e| format!("{option} {text}: {e}; {USAGE}"))
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments {
        calls: vec![100, 500, 1_000, 1_500, 2_000],
        seconds: 20,
        rates: vec![100.0, 200.0, 300.0, 400.0],
        agents: vec![200],
        waiting: vec![0, 500],
        parts: Vec::new(),
        row: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value; {USAGE}"));
        match word.as_str() {
            "--calls" => arguments.calls = numbers(&word, &value()?)?,
            "--rates" => arguments.rates = numbers(&word, &value()?)?,
            "--agents" => arguments.agents = numbers(&word, &value()?)?,
            "--waiting" => arguments.waiting = numbers(&word, &value()?)?,
            "--seconds" => arguments.seconds = numbers(&word, &value()?)?[0],
            "--row" => arguments.row = true,
            // What cargo itself adds.
            "--bench" => {}
            part if PARTS.contains(&part) => arguments.parts.push(word),
            other => return Err(format!("unknown argument {other}; {USAGE}")),
        }
    }
    if arguments.parts.is_empty() {
        // The plane alone is in the first two already.
        arguments.parts = PARTS[..5].iter().map(ToString::to_string).collect();
    }
    Ok(arguments)
}

fn main() {
    let arguments = arguments().unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(2)
    });
    meter::raise_file_limit();
    if arguments.row {
        println!("{}", plane::measure(arguments.calls[0], arguments.seconds));
        return;
    }
    let has = |part: &str| arguments.parts.iter().any(|p| p == part);
    if has("outbound") || has("inbound") {
        println!("Recorded survey calls of {} s: PCMA, five keys by RFC 4733, one core", arguments.seconds);
        println!("{}", Row::HEAD);
    }
    for (part, direction) in [("outbound", Direction::Outbound), ("inbound", Direction::Inbound)] {
        for calls in arguments.calls.iter().filter(|_| has(part)) {
            println!("{}", survey::measure(direction, *calls, Duration::from_secs(arguments.seconds)));
        }
    }
    if has("desk") {
        measure_desk(&arguments);
    }
    if has("signalling") {
        signalling::measure(&arguments.rates, arguments.seconds as f64);
    }
    if has("idle") {
        idle::measure(9, arguments.seconds);
    }
    if has("plane") {
        measure_plane(&arguments);
    }
}

fn measure_desk(arguments: &Arguments) {
    println!("\nHotline: callers wait with music, agents with telephones talk, all recorded, one core");
    println!("{}", desk::Row::HEAD);
    for agents in &arguments.agents {
        for waiting in &arguments.waiting {
            println!("{}", desk::measure(*agents, *waiting, Duration::from_secs(arguments.seconds * 3)));
        }
    }
}

/// Each row in a process of its own, so that no row inherits memory.
fn measure_plane(arguments: &Arguments) {
    println!("\nMedia plane alone on one core, recorded calls of {} s", arguments.seconds);
    println!("{}", plane::Row::HEAD);
    let program = std::env::current_exe().expect("a running program has a path");
    for calls in &arguments.calls {
        let row = Command::new(&program)
            .args(["--row", "--calls", &calls.to_string(), "--seconds", &arguments.seconds.to_string()])
            .status();
        if !row.is_ok_and(|status| status.success()) {
            eprintln!("{calls} calls: the row failed");
            std::process::exit(1);
        }
    }
}
