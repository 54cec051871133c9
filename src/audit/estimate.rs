//! What a sample says of all calls, and how far two auditors agree.

use serde::{Deserialize, Serialize};

/// Sheets of one part of the calls: an agent's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stratum {
    /// Calls that are audited in any case.
    pub must: u64,
    /// Calls that could be drawn.
    pub frame: u64,
    /// Scores of the first.
    pub must_scores: Vec<f64>,
    /// Scores of what was drawn of the second.
    pub drawn_scores: Vec<f64>,
}

/// A mean of all calls with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Estimate {
    /// The mean score of all calls.
    pub mean: f64,
    /// Lower end of the 95 % interval; null: too few sheets.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Calls that it speaks of.
    pub calls: u64,
    /// Sheets behind it.
    pub sheets: u64,
}

/// The stratified mean: calls audited in any case stand for themselves, drawn calls for the frame
/// of their agent (Cochran, Sampling Techniques, 5.3 to 5.5). The variance is that of a simple random sample
/// within each agent, which a systematic sample of a sorted frame does not exceed by much. None: a part has
/// no sheet at all.
pub fn stratified(parts: &[Stratum]) -> Option<Estimate> {
    let all: u64 = parts.iter().map(|part| part.must + part.frame).sum();
    let (mut sum, mut variance, mut freedom, mut sheets) = (0.0, Some(0.0), u64::MAX, 0);
    for part in parts.iter().filter(|part| part.must + part.frame > 0) {
        sheets += (part.must_scores.len() + part.drawn_scores.len()) as u64;
        for (calls, scores) in [(part.must, &part.must_scores), (part.frame, &part.drawn_scores)] {
            if calls == 0 {
                continue;
            }
            let (n, size) = (scores.len() as f64, calls as f64);
            if scores.is_empty() {
                return None;
            }
            let mean = scores.iter().sum::<f64>() / n;
            sum += size * mean;
            if scores.len() as u64 >= calls {
                continue;
            }
            variance = variance.filter(|_| scores.len() > 1).map(|before| {
                let spread = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / (n - 1.0);
                freedom = freedom.min(scores.len() as u64 - 1);
                before + size * size * (1.0 - n / size) * spread / n
            });
        }
    }
    if all == 0 {
        return None;
    }
    let mean = sum / all as f64;
    let half = variance.map(|variance| student(freedom) * variance.sqrt() / all as f64);
    let end = |end: f64| rounded(end.clamp(0.0, 100.0));
    Some(Estimate {
        mean: rounded(mean),
        low: half.map(|half| end(mean - half)),
        high: half.map(|half| end(mean + half)),
        calls: all,
        sheets,
    })
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The 97.5 % quantile of Student's t.
fn student(freedom: u64) -> f64 {
    const FEW: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    const NORMAL: f64 = 1.959_964;
    match freedom {
        0 => f64::INFINITY,
        few @ 1..=10 => FEW[few as usize - 1],
        // The first two terms of the expansion of Cornish and Fisher: right to 0.002 from here on.
        many => {
            let (z, v) = (NORMAL, many as f64);
            z + (z.powi(3) + z) / (4.0 * v) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
        }
    }
}

/// How far two auditors agree over the calls that both scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Agreement {
    /// Calls that both scored.
    pub calls: u64,
    /// Mean absolute difference of the scores.
    pub difference: f64,
    /// Share with the same grade.
    pub same_grade: f64,
    /// Cohen's kappa of the grades: 1 agree always, 0 as by chance; null: all grades are alike.
    pub kappa: Option<f64>,
}

/// Score and grade that two auditors gave to one call.
pub type Pair<'a> = ((f64, &'a str), (f64, &'a str));

/// Agreement over pairs of score and grade; None: no call was scored twice.
pub fn agreement(pairs: &[Pair<'_>]) -> Option<Agreement> {
    if pairs.is_empty() {
        return None;
    }
    let n = pairs.len() as f64;
    let difference = pairs.iter().map(|(a, b)| (a.0 - b.0).abs()).sum::<f64>() / n;
    let same = pairs.iter().filter(|(a, b)| a.1 == b.1).count() as f64 / n;
    let mut grades: Vec<&str> = pairs.iter().flat_map(|(a, b)| [a.1, b.1]).collect();
    grades.sort_unstable();
    grades.dedup();
    let share = |of: &dyn Fn(&Pair<'_>) -> bool| pairs.iter().filter(|pair| of(pair)).count() as f64 / n;
    let chance: f64 = grades
        .iter()
        .map(|grade| share(&|pair| pair.0.1 == *grade) * share(&|pair| pair.1.1 == *grade))
        .sum();
    let kappa = (chance < 1.0).then(|| rounded((same - chance) / (1.0 - chance)));
    Some(Agreement {
        calls: pairs.len() as u64,
        difference: rounded(difference),
        same_grade: rounded(same),
        kappa,
    })
}
