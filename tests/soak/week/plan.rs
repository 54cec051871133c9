//! What happens in a week, and when: drawn from the seed before it begins.

use std::collections::BTreeMap;
use std::time::Duration;

use ringback::base::{Rng, Timestamp};

/// Agents, each with one phone.
pub const AGENTS: usize = 3;
/// Customers who may call.
pub const CUSTOMERS: u64 = 10;
/// Days.
const DAYS: i64 = 7;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A customer calls the hotline.
    Call(u64),
    /// An agent comes to work.
    Come(usize),
    /// The phone of an agent renews its registration.
    Renew(usize),
    /// An agent goes home.
    Go(usize),
    /// The phone of an agent falls off the net.
    Vanish(usize),
    /// It is back.
    Return(usize),
    /// The phone of an agent calls another agent.
    Dial(usize, usize),
    /// The departments look at their tickets.
    Work,
    /// The database is away for so long.
    Away(Duration),
    /// The daemon is killed and started again.
    Kill,
    /// The daemon is drained and started again.
    Drain,
}

/// A week, by time.
pub type Week = BTreeMap<(Timestamp, u64), Happening>;

/// A time in a day, in ms since its midnight.
fn between(rng: &mut Rng, from: i64, to: i64) -> i64 {
    from + rng.below((to - from).unsigned_abs()) as i64
}

/// The week that begins at midnight of `monday`.
pub fn week(monday: Timestamp, rng: &mut Rng) -> Week {
    let mut all = Vec::new();
    for day in 0..DAYS {
        let begin = monday.0 + day * DAY;
        let mut at = |time: i64, what: Happening| all.push((begin + time, what));
        for agent in 0..AGENTS {
            // Each has a day off.
            if day as usize % AGENTS == agent && day > 2 {
                continue;
            }
            let (come, go) = (between(rng, 8 * HOUR, 10 * HOUR), between(rng, 17 * HOUR, 19 * HOUR));
            at(come, Happening::Come(agent));
            let mut renewed = come + 50 * MINUTE;
            while renewed < go {
                at(renewed, Happening::Renew(agent));
                renewed += 50 * MINUTE;
            }
            at(go, Happening::Go(agent));
            if rng.chance(0.4) {
                let gone = between(rng, 10 * HOUR, 16 * HOUR);
                at(gone, Happening::Vanish(agent));
                at(gone + between(rng, MINUTE / 2, 90 * MINUTE), Happening::Return(agent));
            }
        }
        for _ in 0..2 + rng.below(3) {
            // Callers come in crowds: that is when they wait.
            let time =
                if rng.chance(0.75) { between(rng, 9 * HOUR, 18 * HOUR) } else { between(rng, 0, DAY) };
            for _ in 0..1 + rng.below(3) {
                at(time + between(rng, 0, MINUTE), Happening::Call(rng.below(CUSTOMERS)));
            }
        }
        for _ in 0..1 + rng.below(3) {
            let (agent, other) = (rng.below(AGENTS as u64) as usize, rng.below(AGENTS as u64) as usize);
            at(between(rng, 9 * HOUR, 18 * HOUR), Happening::Dial(agent, other));
        }
        for hour in [9, 11, 14, 16] {
            at(hour * HOUR + between(rng, 0, HOUR), Happening::Work);
        }
        if rng.chance(0.4) {
            let away = Duration::from_millis(between(rng, 1_000, 10 * MINUTE).unsigned_abs());
            at(between(rng, 9 * HOUR, 18 * HOUR), Happening::Away(away));
        }
    }
    // The daemon goes where it hurts: while somebody is on the line.
    let calls: Vec<i64> =
        all.iter().filter(|(_, what)| matches!(what, Happening::Call(_))).map(|(at, _)| *at).collect();
    for what in [Happening::Kill, Happening::Kill, Happening::Drain] {
        let call = calls[rng.below(calls.len() as u64) as usize];
        let at = call + between(rng, 0, 90_000);
        if what == Happening::Kill && rng.chance(0.4) {
            // What waits for the database then is lost.
            all.push((at - between(rng, 0, MINUTE), Happening::Away(Duration::from_secs(120))));
        }
        all.push((at, what));
    }
    all.into_iter().enumerate().map(|(n, (at, what))| ((Timestamp(at), n as u64), what)).collect()
}
