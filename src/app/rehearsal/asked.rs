//! Rehearsals that somebody asks for over the API: the policy that is tried and, where it is another,
//! the one in force, over the same customers, with the same seed, and what is otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::{Day, Listed};
use super::{Customers, Folders, Options, Simulation, simulate};
use crate::base::{mask_name, mask_numbers};
use crate::calendar::DayKind;
use crate::io::planner::ReasonCount;
use crate::io::rehearsals::{
    RehearsalCount, RehearsalDay, RehearsalDifference, RehearsalLine, RehearsalResult, Run, Tell, Wanted,
};
use crate::policy::pack::Policy;

/// Lines of what was not called that are kept.
const LINES: usize = 5_000;
/// Differences that are kept; all are counted.
const DIFFERENCES: usize = 1_000;

/// Carries out rehearsals with these scripts and prompts.
pub fn run(folders: Folders, fallback: String) -> Run {
    Arc::new(move |wanted, tell| Box::pin(rehearse(wanted, tell, folders.clone(), fallback.clone())))
}

async fn rehearse(
    wanted: Wanted,
    mut tell: Tell,
    folders: Folders,
    fallback: String,
) -> Result<RehearsalResult, String> {
    let options = |policy: &Policy| Options {
        policy: policy.clone(),
        calendar: Arc::clone(&wanted.calendar),
        from: wanted.from,
        to: wanted.to,
        customers: Customers::Of(wanted.subjects.clone()),
        intake: wanted.intake.clone(),
        seed: wanted.seed,
        lines: wanted.lines,
        answer_rate: wanted.answer_rate,
        folders: folders.clone(),
        fallback: fallback.clone(),
        registers: false,
    };
    let after = simulate(options(&wanted.policy), |_| tell()).await?;
    let before = match &wanted.against {
        Some(policy) => Some(simulate(options(policy), |_| tell()).await?),
        None => None,
    };
    let titles = titles(&wanted);
    let (differences, differences_count) = match &before {
        Some(before) => {
            let mut all = differences(before, &after, &titles);
            let count = all.len() as u64;
            all.truncate(DIFFERENCES);
            (Some(all), count)
        }
        None => (None, 0),
    };
    Ok(RehearsalResult {
        rows: after.rows,
        left_out: after.left_out,
        days: after.days.iter().map(|day| figures(&after, day)).collect(),
        outcomes: counts(&after, before.as_ref(), |day| &day.calls),
        hours: counts(&after, before.as_ref(), |day| &day.hours),
        reasons: reasons(&after),
        rates: after.rates.clone(),
        missed: after.missed.len() as u64,
        lines: lines(&after, &titles),
        problems: after.problems,
        titles,
        differences,
        differences_count,
    })
}

fn titles(wanted: &Wanted) -> BTreeMap<String, String> {
    let of = |policy: &Policy| -> Vec<(String, String)> {
        policy.pack.rule.iter().map(|(id, rule)| (id.clone(), rule.title.clone())).collect()
    };
    let mut titles: BTreeMap<String, String> = wanted.against.iter().flat_map(of).collect();
    titles.extend(of(&wanted.policy));
    titles
}

fn figures(simulation: &Simulation, day: &Day) -> RehearsalDay {
    let of = |verdict: &str| day.list.iter().filter(|line| line.verdict == verdict).count() as u64;
    let kind = day.day.parse().map(|date| match simulation.calendar.day(date) {
        DayKind::Work => "work",
        DayKind::Weekend => "weekend",
        DayKind::Holiday(_) => "holiday",
        DayKind::MakeUp(_) => "make_up",
        DayKind::Freeze(_) => "freeze",
    });
    RehearsalDay {
        day: day.day.clone(),
        kind: kind.unwrap_or_default().to_owned(),
        due: day.list.len() as u64,
        call: of("call"),
        task: of("task"),
        not: of("not"),
        done: of("done"),
        excused: of("excused"),
        calls: day.calls.values().sum(),
    }
}

/// Figures of all days by word, beside those of the policy in force.
fn counts(
    after: &Simulation,
    before: Option<&Simulation>,
    of: impl Fn(&Day) -> &BTreeMap<String, u64>,
) -> Vec<RehearsalCount> {
    let mut all: BTreeMap<&String, (u64, u64)> = BTreeMap::new();
    for (word, count) in after.days.iter().flat_map(&of) {
        all.entry(word).or_default().0 += count;
    }
    for (word, count) in before.into_iter().flat_map(|before| &before.days).flat_map(&of) {
        all.entry(word).or_default().1 += count;
    }
    let count = |(word, (count, other)): (&String, (u64, u64))| RehearsalCount {
        word: word.clone(),
        count,
        before: before.is_some().then_some(other),
    };
    all.into_iter().map(count).collect()
}

fn reasons(simulation: &Simulation) -> Vec<ReasonCount> {
    let mut all: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for line in simulation.days.iter().flat_map(|day| &day.list) {
        *all.entry((&line.verdict, &line.code)).or_default() += 1;
    }
    let count = |((verdict, code), count): ((&str, &str), u64)| ReasonCount {
        verdict: verdict.to_owned(),
        code: code.to_owned(),
        count,
    };
    all.into_iter().map(count).collect()
}

fn title(titles: &BTreeMap<String, String>, rule: &str) -> String {
    titles.get(rule).cloned().unwrap_or_else(|| rule.to_owned())
}

/// What was owed and not done on each day, with its reason.
fn lines(simulation: &Simulation, titles: &BTreeMap<String, String>) -> Vec<RehearsalLine> {
    let days = simulation.days.iter().flat_map(|day| day.list.iter().map(|line| (&day.day, line)));
    let owed = days.filter(|(_, line)| line.verdict != "done");
    let line = |(day, line): (&String, &Listed)| RehearsalLine {
        day: day.clone(),
        name: mask_name(&line.name),
        rule: line.rule.clone(),
        title: title(titles, &line.rule),
        verdict: line.verdict.clone(),
        code: line.code.clone(),
        detail: mask_numbers(&line.detail),
    };
    owed.map(line).take(LINES).collect()
}

/// Callbacks of one customer by one rule on one day, in the order in which they were made.
type Keyed<'a> = BTreeMap<(&'a str, i64, &'a str, usize), &'a Listed>;

fn keyed(simulation: &Simulation) -> Keyed<'_> {
    let mut all = Keyed::new();
    for day in &simulation.days {
        let mut seen: BTreeMap<(i64, &str), usize> = BTreeMap::new();
        let mut list: Vec<&Listed> = day.list.iter().collect();
        list.sort_by_key(|line| line.key);
        for line in list {
            let place = seen.entry((line.key.0, line.rule.as_str())).or_default();
            all.insert((day.day.as_str(), line.key.0, line.rule.as_str(), *place), line);
            *place += 1;
        }
    }
    all
}

fn differences(
    before: &Simulation,
    after: &Simulation,
    titles: &BTreeMap<String, String>,
) -> Vec<RehearsalDifference> {
    let (before, after) = (keyed(before), keyed(after));
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let said = |line: Option<&&Listed>| {
        line.map_or_else(Default::default, |line| (line.verdict.clone(), line.code.clone()))
    };
    let mut all = Vec::new();
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        let ((old_verdict, old_code), (new_verdict, new_code)) = (said(old), said(new));
        if (&old_verdict, &old_code) == (&new_verdict, &new_code) {
            continue;
        }
        let name = new.or(old).map(|line| mask_name(&line.name)).unwrap_or_default();
        let (day, _, rule, _) = *key;
        all.push(RehearsalDifference {
            day: day.to_owned(),
            name,
            rule: rule.to_owned(),
            title: title(titles, rule),
            before: old_verdict,
            before_code: old_code,
            after: new_verdict,
            after_code: new_code,
        });
    }
    all
}
