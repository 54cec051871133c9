//! What the demo shows: a bar for each list, calls in progress, results, and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use serde_json::Value;

/// Width of a bar in characters.
const BAR: usize = 30;
/// Calls shown one by one.
const CALLS: usize = 12;
/// Where the output is no terminal, a line is written this often, in frames.
const EVERY: u64 = 20;

/// One list at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Campaign {
    pub name: String,
    pub entries: i64,
    pub settled: i64,
    pub done: bool,
    pub results: BTreeMap<String, i64>,
    pub calls: Vec<String>,
    pub left_seconds: Option<i64>,
}

impl Campaign {
    /// From the API's progress.
    pub fn read(name: &str, progress: &Value) -> Self {
        let results = progress["by_result"].as_object().into_iter().flatten();
        let now = progress["at"].as_i64().unwrap_or_default();
        Campaign {
            name: name.to_owned(),
            entries: progress["entries"].as_i64().unwrap_or_default(),
            settled: progress["settled"].as_i64().unwrap_or_default(),
            done: progress["state"] == "done",
            results: results.map(|(k, v)| (k.clone(), v.as_i64().unwrap_or_default())).collect(),
            calls: progress["current"].as_array().into_iter().flatten().map(call_line).collect(),
            left_seconds: progress["eta"].as_i64().map(|eta| (eta - now).max(0) / 1_000),
        }
    }
}

fn call_line(call: &Value) -> String {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    format!("{:<12} {:<11} {}", text("phone"), text("state"), text("step"))
}

/// Everything at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub seconds: u64,
    pub campaigns: Vec<Campaign>,
    pub scores: BTreeMap<String, (f64, u32)>,
}

impl Frame {
    fn totals(&self) -> (i64, i64, BTreeMap<&str, i64>) {
        let mut results = BTreeMap::new();
        let (mut entries, mut settled) = (0, 0);
        for campaign in &self.campaigns {
            entries += campaign.entries;
            settled += campaign.settled;
            for (result, count) in &campaign.results {
                *results.entry(result.as_str()).or_insert(0) += count;
            }
        }
        (entries, settled, results)
    }
}

/// The terminal, or a log where there is none.
pub(super) struct Screen {
    live: bool,
    lines: usize,
    frames: u64,
}

impl Screen {
    pub fn new() -> Self {
        Screen { live: std::io::stdout().is_terminal(), lines: 0, frames: 0 }
    }

    pub fn draw(&mut self, frame: &Frame) {
        self.frames += 1;
        if self.live {
            let text = picture(frame);
            let mut out = String::new();
            if self.lines > 0 {
                // Back to the first line of the last picture, and clear from there.
                let _ = write!(out, "\x1b[{}A\x1b[J", self.lines);
            }
            out.push_str(&text);
            self.lines = text.lines().count();
            print!("{out}");
            std::io::stdout().flush().ok();
        } else if self.frames % EVERY == 1 {
            let (entries, settled, results) = frame.totals();
            let calls: usize = frame.campaigns.iter().map(|c| c.calls.len()).sum();
            let results: Vec<String> = results.iter().map(|(k, v)| format!("{k} {v}")).collect();
            println!(
                "{:>4} s  {settled}/{entries} settled, {calls} calls up  {}",
                frame.seconds,
                results.join(", ")
            );
        }
    }

    pub fn end(&mut self) {
        self.lines = 0;
        println!();
    }

    /// What came of it, for people.
    pub fn summary(frame: &Frame) -> String {
        let (entries, settled, results) = frame.totals();
        let mut text = format!("{settled} of {entries} customers settled in {} s\n\n", frame.seconds);
        let most = results.values().copied().max().unwrap_or(1).max(1);
        for (result, count) in &results {
            let width = usize::try_from(count * 30 / most).unwrap_or(0).max(1);
            let _ = writeln!(text, "  {result:<16} {count:>4}  {}", "#".repeat(width));
        }
        if !frame.scores.is_empty() {
            text.push_str("\n  mean score of each question (answers)\n");
            for (question, (mean, n)) in &frame.scores {
                let _ = writeln!(text, "  {question:<44} {mean:>4.2} ({n})");
            }
        }
        text
    }
}

fn picture(frame: &Frame) -> String {
    let mut text = String::new();
    for campaign in &frame.campaigns {
        let left = match campaign.left_seconds {
            _ if campaign.done => "done".to_owned(),
            Some(seconds) => format!("about {seconds} s left"),
            None => String::new(),
        };
        let bar = bar(campaign.settled, campaign.entries);
        let _ = writeln!(
            text,
            "{:<20} {bar} {:>3}/{:<3} {left}",
            campaign.name, campaign.settled, campaign.entries
        );
    }
    let (_, _, results) = frame.totals();
    let results: Vec<String> = results.iter().map(|(k, v)| format!("{k} {v}")).collect();
    let _ = writeln!(text, "\n{}\n", results.join("  "));
    let calls: Vec<&String> = frame.campaigns.iter().flat_map(|c| &c.calls).collect();
    for call in calls.iter().take(CALLS) {
        let _ = writeln!(text, "  {call}");
    }
    if calls.len() > CALLS {
        let _ = writeln!(text, "  and {} more", calls.len() - CALLS);
    }
    text
}

fn bar(done: i64, all: i64) -> String {
    let filled = if all > 0 { usize::try_from(done * BAR as i64 / all).unwrap_or(0).min(BAR) } else { BAR };
    format!("[{}{}]", "#".repeat(filled), ".".repeat(BAR - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_the_work_done() {
        for (done, all, filled) in [(0, 10, 0), (5, 10, 15), (10, 10, 30), (0, 0, 30), (11, 10, 30)] {
            assert_eq!(bar(done, all).matches('#').count(), filled, "{done}/{all}");
        }
    }

    #[test]
    fn the_summary_counts_every_result() {
        let campaign = |result: &str| Campaign {
            entries: 2,
            settled: 2,
            results: BTreeMap::from([(result.to_owned(), 2)]),
            ..Campaign::default()
        };
        let frame = Frame { campaigns: vec![campaign("busy"), campaign("completed")], ..Frame::default() };
        let text = Screen::summary(&frame);
        assert!(text.starts_with("4 of 4 customers"), "{text}");
        assert!(text.contains("busy") && text.contains("completed"), "{text}");
    }
}
