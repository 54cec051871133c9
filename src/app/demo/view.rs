//! What the demo shows: a bar for each list, calls in progress, results, and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use serde_json::Value;

/// Width of a bar in characters.
const BAR: usize = 30;
/// Calls shown one by one: with the bars the picture fits a terminal of 24 lines, beyond
/// which it could not be drawn over.
const CALLS: usize = 8;
/// Longest line; a longer one would be folded by a terminal of 80 columns and spoil the count
/// of lines.
const COLUMNS: usize = 78;
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
            let results: Vec<String> = results.iter().map(|(k, v)| format!("{} {v}", words(k))).collect();
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
            let _ = writeln!(text, "  {:<16} {count:>4}  {}", words(result), "#".repeat(width));
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
    let mut line = |name: &str, settled: i64, entries: i64, left: &str| {
        let _ = writeln!(text, "{name:<20} {} {settled:>3}/{entries:<3} {left}", bar(settled, entries));
    };
    for campaign in &frame.campaigns {
        let left = if campaign.done { "done".to_owned() } else { left(campaign.left_seconds) };
        line(&campaign.name, campaign.settled, campaign.entries, &left);
    }
    let (entries, settled, results) = frame.totals();
    // All lists end when the slowest does.
    let slowest = frame.campaigns.iter().filter(|c| !c.done).map(|c| c.left_seconds).max().flatten();
    line("all", settled, entries, &left(slowest));
    let results = results.iter().map(|(k, v)| format!("{} {v}", words(k)));
    let parts: Vec<String> = std::iter::once(format!("after {} s:", frame.seconds)).chain(results).collect();
    let _ = writeln!(text, "\n{}\n", fold(&parts));
    let calls: Vec<&String> = frame.campaigns.iter().flat_map(|c| &c.calls).collect();
    for call in calls.iter().take(CALLS) {
        let _ = writeln!(text, "  {call}");
    }
    if calls.len() > CALLS {
        let _ = writeln!(text, "  and {} more", calls.len() - CALLS);
    }
    text
}

fn left(seconds: Option<i64>) -> String {
    seconds.map(|seconds| format!("about {seconds} s left")).unwrap_or_default()
}

/// A disposition as people write it.
fn words(disposition: &str) -> String {
    disposition.replace('_', " ")
}

/// Parts side by side, in lines of at most [`COLUMNS`].
fn fold(parts: &[String]) -> String {
    let mut text = String::new();
    let mut column = 0;
    for part in parts {
        if column > 0 && column + 3 + part.len() > COLUMNS {
            text.push('\n');
            column = 0;
        }
        if column > 0 {
            text.push_str("   ");
            column += 3;
        }
        text.push_str(part);
        column += part.len();
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
    fn a_picture_fits_the_smallest_terminal() {
        let names =
            ["busy", "completed", "message_left", "no_answer", "no_input", "person_wanted", "refused"];
        let campaign = Campaign {
            name: "furniture-mall".into(),
            entries: 120,
            settled: 60,
            left_seconds: Some(1_000),
            results: names.iter().map(|name| ((*name).to_owned(), 100)).collect(),
            calls: vec![call_line(&serde_json::json!({ "phone": "138****0000", "state": "releasing" })); 20],
            ..Campaign::default()
        };
        let text = picture(&Frame { seconds: 1_000, campaigns: vec![campaign; 7], ..Frame::default() });
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().count() < 24, "{text}");
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
