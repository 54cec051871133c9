//! The draw: for each agent a systematic sample of their calls, spread over rule, weekday, hour and
//! risk, from a start that the seed gives. `how.txt` tells it for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::form::{Column, DrawRule};
use super::list::Line;
use super::sha256;

/// Steps of the start: six hex digits, so that the products stay whole in a spreadsheet.
const START: u128 = 1 << 24;
/// Reason of a call that the seed chose.
const DRAWN: &str = "drawn";

/// A draw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Drawn {
    /// What is audited, in the order of the draw.
    pub picks: Vec<Pick>,
    /// Each agent's part.
    pub agents: Vec<AgentPart>,
}

/// One call that is audited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pick {
    /// Its key in the list.
    pub key: String,
    /// Who had the customer.
    pub agent: String,
    /// `drawn`, or why it is audited in any case.
    pub why: Vec<String>,
    /// With what probability it came in.
    pub probability: f64,
    /// Its order: SHA-256 of `seed|key`.
    pub order: String,
}

/// One agent's part of a draw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentPart {
    /// The agent.
    pub agent: String,
    /// All their calls of the list.
    pub calls: u64,
    /// Those that are audited in any case.
    pub must: u64,
    /// Those that could be drawn.
    pub frame: u64,
    /// Those that were drawn.
    pub drawn: u64,
    /// With what probability each of the frame was.
    pub probability: f64,
}

impl Drawn {
    /// Whether two draws are one. Probabilities are n / N of figures that are compared themselves: written down as
    /// decimals and read again, their last digit may differ.
    pub fn is_same(&self, other: &Drawn) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let pick = |(a, b): (&Pick, &Pick)| {
            (&a.key, &a.agent, &a.why, &a.order) == (&b.key, &b.agent, &b.why, &b.order)
                && near(a.probability, b.probability)
        };
        let part = |(a, b): (&AgentPart, &AgentPart)| {
            (&a.agent, a.calls, a.must, a.frame, a.drawn) == (&b.agent, b.calls, b.must, b.frame, b.drawn)
                && near(a.probability, b.probability)
        };
        (self.picks.len(), self.agents.len()) == (other.picks.len(), other.agents.len())
            && self.picks.iter().zip(&other.picks).all(pick)
            && self.agents.iter().zip(&other.agents).all(part)
    }
}

/// The order of a line: hex SHA-256 of `seed|key`.
pub fn order(seed: &str, key: &str) -> String {
    sha256(&format!("{seed}|{key}"))
}

/// Draws. The same list, rule and seed give the same picks, whatever order the lines come in.
pub fn draw(rule: &DrawRule, lines: &[Line], seed: &str) -> Drawn {
    let mut agents: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        agents.entry(&line.agent).or_default().push(line);
    }
    let mut drawn = Drawn::default();
    for (agent, lines) in agents {
        let (must, frame): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| !line.must.is_empty());
        let size = size(rule, lines.len(), frame.len());
        let probability = if frame.is_empty() { 0.0 } else { size as f64 / frame.len() as f64 };
        for line in &must {
            drawn.picks.push(pick(line, line.must.clone(), 1.0, seed));
        }
        for line in sample(rule, frame.clone(), size, agent, seed) {
            drawn.picks.push(pick(line, vec![DRAWN.to_owned()], probability, seed));
        }
        drawn.agents.push(AgentPart {
            agent: agent.to_owned(),
            calls: lines.len() as u64,
            must: must.len() as u64,
            frame: frame.len() as u64,
            drawn: size as u64,
            probability,
        });
    }
    drawn.picks.sort_unstable_by(|a, b| (&a.order, &a.key).cmp(&(&b.order, &b.key)));
    drawn
}

fn pick(line: &Line, why: Vec<String>, probability: f64, seed: &str) -> Pick {
    let (key, agent) = (line.key.clone(), line.agent.clone());
    Pick { order: order(seed, &key), key, agent, why, probability }
}

/// Lines to draw: the larger of `least` and `share` of all the agent's calls, or the whole frame.
fn size(rule: &DrawRule, calls: usize, frame: usize) -> usize {
    // A share such as 5 % of 100 must not become 6 by the last bit of a float.
    let share = (calls as f64 * rule.share / 100.0 - 1e-9).ceil().max(0.0) as usize;
    share.max(usize::try_from(rule.least).unwrap_or(usize::MAX)).min(frame)
}

/// A systematic sample (Madow 1949) of the frame, which is sorted by its strata and then by chance:
/// each line has the probability size / frame, and each stratum its share.
fn sample<'l>(
    rule: &DrawRule,
    mut frame: Vec<&'l Line>,
    size: usize,
    agent: &str,
    seed: &str,
) -> Vec<&'l Line> {
    frame.sort_by_cached_key(|line| (strata(rule, line), order(seed, &line.key)));
    let start = sha256(&format!("{seed}|agent|{agent}"));
    let start = u128::from_str_radix(&start[..6], 16).unwrap_or(0);
    let (all, wanted) = (frame.len() as u128, size as u128);
    let place = |k: u128| (start + k * START) * all / (wanted * START);
    (0..wanted).filter_map(|k| frame.get(usize::try_from(place(k)).ok()?).copied()).collect()
}

fn strata(rule: &DrawRule, line: &Line) -> Vec<String> {
    let cell = |column: &Column| match column {
        Column::Rule => line.rule.clone(),
        Column::Weekday => line.weekday.to_string(),
        Column::Hour => format!("{:02}", line.hour),
        Column::Risk => line.risk.clone(),
    };
    rule.strata.iter().map(cell).collect()
}
