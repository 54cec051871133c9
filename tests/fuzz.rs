//! Fuzz targets: every reader of what strangers and files bring, on bytes that bolero makes
//! and on mutants of good examples. None may panic, or hold more than its limits say; what
//! is read and written again reads the same.
//!
//! `RINGBACK_FUZZ=1000000` asks for that many inputs a target instead of [`INPUTS`]. A
//! failure prints the input and the seed that bolero takes back as `BOLERO_RANDOM_SEED`.

mod api;
mod calls;
mod files;
mod mutation;
mod packets;

use mutation::mutant;

/// Inputs a target in an ordinary run.
const INPUTS: usize = 2_000;

/// The same with what is slow to read: files and whole configurations.
const SLOW_INPUTS: usize = 400;

fn inputs(ordinary: usize) -> usize {
    std::env::var("RINGBACK_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(ordinary)
}

/// Gives `property` bytes as they come, and mutants of the examples, in turn.
fn fuzz(ordinary: usize, examples: &[&[u8]], property: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    bolero::check!().with_iterations(inputs(ordinary)).with_max_len(512).for_each(|input: &[u8]| match input
        .split_first()
    {
        Some((0..64, raw)) => property(raw),
        Some(_) => property(&mutant(input, examples)),
        None => property(input),
    });
}

/// The same for readers of text.
fn fuzz_text(ordinary: usize, examples: &[&str], property: impl Fn(&str) + std::panic::RefUnwindSafe) {
    let examples: Vec<&[u8]> = examples.iter().map(|e| e.as_bytes()).collect();
    fuzz(ordinary, &examples, |bytes| property(&String::from_utf8_lossy(bytes)));
}
