//! Work shared out evenly (003:35).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Gives each of `jobs` pieces of work to whoever has the least, the first by name among equals:
/// for each piece the place of its person in `loads`, which says how much each has already. Empty
/// where there is nobody.
pub fn share_out(jobs: usize, loads: &[u64]) -> Vec<usize> {
    let mut least: BinaryHeap<Reverse<(u64, usize)>> =
        loads.iter().enumerate().map(|(at, load)| Reverse((*load, at))).collect();
    let mut given = Vec::new();
    for _ in 0..jobs {
        let Some(Reverse((load, at))) = least.pop() else { break };
        given.push(at);
        least.push(Reverse((load + 1, at)));
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ros_07_eight_hundred_calls_over_forty_agents_are_twenty_each() {
        let mut counts = [0u32; 40];
        share_out(800, &[0; 40]).into_iter().for_each(|at| counts[at] += 1);
        assert!(counts.iter().all(|n| *n == 20), "{counts:?}");
        let mut counts = [0u32; 40];
        share_out(807, &[0; 40]).into_iter().for_each(|at| counts[at] += 1);
        assert!(counts.iter().all(|n| (19..=21).contains(n)), "{counts:?}");
        assert_eq!(share_out(3, &[2, 0]), [1, 1, 0], "who has something already gets less");
        assert_eq!(share_out(3, &[]), [] as [usize; 0]);
    }
}
