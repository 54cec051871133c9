//! What a rehearsal came to: each day's list and results, the rates, the deadlines that were
//! missed and why, the registers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;

use super::Options;
use super::facts::Summary;
use super::stage::Results;
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::planner::{Planner, RuleRate};
use crate::io::store::Store;
use crate::io::store::callback::VerdictRow;
use crate::io::store::read::{CallbackFilter, CallbackRow};

/// Rows of one page of the store.
const PAGE: u32 = 1_000;

/// A rehearsal as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct Simulation {
    /// Policy pack.
    pub pack: String,
    /// Its title.
    pub title: String,
    /// Version of the policy.
    pub version: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Seed.
    pub seed: u64,
    /// Rows of the file that were taken.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Why, of the first.
    pub problems: Vec<String>,
    /// The days.
    pub days: Vec<Day>,
    /// The callback rate of each month and rule.
    pub rates: Vec<RuleRate>,
    /// Deadlines that passed while the callback was owed, with the last reason.
    pub missed: Vec<Line>,
    /// The registers by title.
    pub registers: BTreeMap<String, Vec<Line>>,
    /// The forms of the pack that have a row, as CSV by the id of the register; none unless asked for.
    #[serde(skip)]
    pub forms: BTreeMap<String, String>,
    /// Zone in which times are shown.
    #[serde(skip)]
    pub(super) calendar: std::sync::Arc<Calendar>,
}

/// One day.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// `2026-03-03`.
    pub day: String,
    /// Holiday, weekend, or working day, in words.
    pub kind: String,
    /// Every callback that was due, with its one reason.
    pub list: Vec<Listed>,
    /// How calls ended.
    pub calls: BTreeMap<String, u64>,
    /// The hours in which they began.
    #[serde(skip)]
    pub hours: BTreeMap<String, u64>,
}

/// One callback on the list of a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// Which callback, and whose: rows of a database that is gone.
    #[serde(skip)]
    pub key: (i64, i64),
    /// Planned time: milliseconds since 1970.
    pub start_at: Option<i64>,
    /// Customer's name.
    pub name: String,
    /// Rule.
    pub rule: String,
    /// `call`, `task`, `not`, `done` or `excused`.
    pub verdict: String,
    /// Stable word of the reason.
    pub code: String,
    /// Its figures.
    pub detail: String,
}

/// One callback.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Customer's name.
    pub name: String,
    /// Rule.
    pub rule: String,
    /// When it should have been done; milliseconds since 1970.
    pub due: i64,
    /// When it had to be done; exclusive.
    pub deadline: i64,
    /// When it ended.
    pub closed_at: Option<i64>,
    /// How it ended, or its state.
    pub outcome: String,
    /// Why.
    pub reason: String,
}

impl Simulation {
    pub(super) fn new(options: &Options, summary: &Summary) -> Simulation {
        Simulation {
            pack: options.policy.pack.pack.clone(),
            title: options.policy.pack.title.clone(),
            version: options.policy.version.clone(),
            from: options.from.to_string(),
            to: options.to.to_string(),
            seed: options.seed,
            rows: summary.taken,
            left_out: summary.left_out,
            problems: summary.problems.clone(),
            days: Vec::new(),
            rates: Vec::new(),
            missed: Vec::new(),
            registers: BTreeMap::new(),
            forms: BTreeMap::new(),
            calendar: std::sync::Arc::clone(&options.calendar),
        }
    }
}

/// Adds a day that is over.
pub(super) async fn add_day(
    simulation: &mut Simulation,
    store: &Store,
    day: Date,
    results: Results,
) -> Result<(), String> {
    let mut rows: Vec<VerdictRow> = Vec::new();
    loop {
        let after = rows.last().map_or(0, |row| row.callback_id);
        let page = store.verdicts(&simulation.pack, day, after, PAGE).await.map_err(|e| e.to_string())?;
        let last = page.len() < PAGE as usize;
        rows.extend(page);
        if last {
            break;
        }
    }
    rows.sort_by_key(|row| (row.start_at.is_none(), row.start_at, row.callback_id));
    let list = rows
        .into_iter()
        .map(|row| Listed {
            key: (row.customer_id, row.callback_id),
            start_at: row.start_at,
            name: row.name,
            rule: row.rule,
            verdict: row.verdict,
            code: row.code,
            detail: row.detail,
        })
        .collect();
    let kind = match simulation.calendar.day(day) {
        crate::calendar::DayKind::Work => String::new(),
        crate::calendar::DayKind::Weekend => "weekend".into(),
        crate::calendar::DayKind::Holiday(name) => format!("holiday: {name}"),
        crate::calendar::DayKind::MakeUp(name) => format!("worked in exchange for {name}"),
        crate::calendar::DayKind::Freeze(name) => format!("closed: {name}"),
    };
    let mut hours: BTreeMap<String, u64> = BTreeMap::new();
    for begin in results.begins {
        let hour = clock(&simulation.calendar, begin.0).chars().take(2).collect();
        *hours.entry(hour).or_default() += 1;
    }
    let calls = results.ends.into_iter().map(|(disposition, n)| (disposition.to_string(), n)).collect();
    simulation.days.push(Day { day: day.to_string(), kind, list, calls, hours });
    Ok(())
}

/// Rates, missed deadlines and registers of the whole time.
pub(super) async fn finish(
    simulation: &mut Simulation,
    store: &Store,
    planner: &Planner,
    options: &Options,
) -> Result<(), String> {
    let mut month = options.from.first_of_month();
    while month <= options.to {
        simulation.rates.extend(planner.rates(month).await.map_err(|e| e.to_string())?);
        month = month.checked_add(jiff::ToSpan::month(1)).map_err(|e| e.to_string())?;
    }
    let (mut place, filter) = (None, CallbackFilter::default());
    loop {
        let page = store.callback_rows(&filter, place.as_ref(), PAGE).await.map_err(|e| e.to_string())?;
        for row in &page.rows {
            let line = line(row);
            if row.breached_at.is_some() {
                simulation.missed.push(line.clone());
            }
            if let Some(title) = register(options, row) {
                simulation.registers.entry(title).or_default().push(line);
            }
        }
        match page.next {
            Some(next) => place = Some(next),
            None => return Ok(()),
        }
    }
}

/// The register in which a callback that has ended stands.
fn register(options: &Options, row: &CallbackRow) -> Option<String> {
    row.closed_at?;
    let rule = options.policy.pack.rule.get(&row.rule)?;
    Some(if rule.register.is_empty() { "回访登记".into() } else { rule.register.clone() })
}

fn line(row: &CallbackRow) -> Line {
    Line {
        name: row.name.clone(),
        rule: row.rule.clone(),
        due: row.due,
        deadline: row.deadline,
        closed_at: row.closed_at,
        outcome: row.outcome.clone().unwrap_or_else(|| row.state.clone()),
        reason: format!("{} {}", row.reason, row.detail).trim().to_owned(),
    }
}

/// The rehearsal as people read it.
pub fn text(simulation: &Simulation) -> String {
    let mut text = String::new();
    head(&mut text, simulation).ok();
    for day in &simulation.days {
        one_day(&mut text, simulation, day).ok();
    }
    tail(&mut text, simulation).ok();
    text
}

fn head(text: &mut String, simulation: &Simulation) -> std::fmt::Result {
    let Simulation { pack, title, version, from, to, seed, rows, left_out, .. } = simulation;
    writeln!(text, "{pack} ({title}), version {version}, {from} to {to}, seed {seed}")?;
    writeln!(text, "{rows} rows taken, {left_out} left out")?;
    for problem in &simulation.problems {
        writeln!(text, "  {problem}")?;
    }
    Ok(())
}

fn one_day(text: &mut String, simulation: &Simulation, day: &Day) -> std::fmt::Result {
    if day.list.is_empty() && day.calls.is_empty() {
        return Ok(());
    }
    let kind = if day.kind.is_empty() { String::new() } else { format!(" ({})", day.kind) };
    writeln!(text, "\n{}{kind}", day.day)?;
    for listed in &day.list {
        let time = listed.start_at.map_or("     ".into(), |at| clock(&simulation.calendar, at));
        writeln!(
            text,
            "  {time}  {:<8} {:<14} {}  {} {}",
            listed.verdict, listed.rule, listed.name, listed.code, listed.detail
        )?;
    }
    let calls: Vec<String> = day.calls.iter().map(|(word, n)| format!("{word} {n}")).collect();
    if !calls.is_empty() {
        writeln!(text, "  calls: {}", calls.join(", "))?;
    }
    Ok(())
}

fn tail(text: &mut String, simulation: &Simulation) -> std::fmt::Result {
    let calendar = &simulation.calendar;
    writeln!(text, "\ncallback rate")?;
    for rate in &simulation.rates {
        let percent = |value: Option<f64>| value.map_or("-".into(), |p| format!("{p:.1} %"));
        writeln!(
            text,
            "  {} {:<14} due {} = done {} + open {} + excused {}; in time {}, done {}, of the reached {}, target {:.0} %",
            rate.month,
            rate.rule,
            rate.due,
            rate.done,
            rate.open,
            rate.excused,
            percent(rate.in_time_rate),
            percent(rate.rate),
            percent(rate.reached_rate),
            rate.target
        )?;
    }
    writeln!(text, "\ndeadlines missed: {}", simulation.missed.len())?;
    for line in &simulation.missed {
        let deadline = calendar.civil(Timestamp(line.deadline));
        writeln!(text, "  {deadline}  {:<14} {}  {}  {}", line.rule, line.name, line.outcome, line.reason)?;
    }
    for (title, lines) in &simulation.registers {
        writeln!(text, "\n{title}: {} lines", lines.len())?;
        for line in lines {
            let closed = line.closed_at.map_or(String::new(), |at| calendar.civil(Timestamp(at)));
            writeln!(text, "  {closed}  {:<14} {}  {}", line.rule, line.name, line.outcome)?;
        }
    }
    Ok(())
}

/// `09:05` of a moment.
fn clock(calendar: &Calendar, at: i64) -> String {
    calendar.civil(Timestamp(at)).split_once(' ').map_or_else(String::new, |(_, time)| time.to_owned())
}
