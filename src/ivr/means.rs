//! Means of the scores of one survey.

use std::collections::BTreeMap;

use super::Answer;

/// Mean score of each dimension that has a score. An answer without one counts nowhere: no
/// answer is not 0 (CNT-04).
pub fn dimension_means<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, u32)> = BTreeMap::new();
    for answer in answers {
        if let (Some(dimension), Some(score)) = (&answer.dimension, answer.score) {
            let (sum, count) = sums.entry(dimension.clone()).or_default();
            *sum += f64::from(score);
            *count += 1;
        }
    }
    sums.into_iter().map(|(dimension, (sum, count))| (dimension, sum / f64::from(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(dimension: Option<&str>, score: Option<i32>) -> Answer {
        let dimension = dimension.map(str::to_owned);
        Answer { score, dimension, ..Answer::spoken("q".into(), None) }
    }

    #[test]
    fn cnt_04_an_unanswered_item_does_not_pull_its_dimension_down() {
        let answers = [
            answer(Some("a"), Some(5)),
            answer(Some("a"), None),
            answer(Some("a"), Some(2)),
            answer(Some("b"), None),
            answer(None, Some(1)),
        ];
        assert_eq!(dimension_means(&answers), BTreeMap::from([("a".to_owned(), 3.5)]));
    }
}
