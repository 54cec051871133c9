//! The customers of a rehearsal: what happens when a number is called, drawn from the seed,
//! the number and how often it was called.

use std::collections::BTreeMap;

use crate::base::Rng;
use crate::sim::{Act, Behaviour, Person};

/// Reactions of one person; a survey asks fewer questions than this.
const ACTS: usize = 40;

pub(super) struct People {
    seed: u64,
    /// Percent of calls that a person answers.
    answer_rate: u64,
    called: BTreeMap<String, u64>,
}

impl People {
    pub fn new(seed: u64, answer_rate: u32) -> People {
        People { seed, answer_rate: u64::from(answer_rate.min(100)), called: BTreeMap::new() }
    }

    /// What happens at the next call to this number.
    pub fn answer(&mut self, number: &str) -> Behaviour {
        let called = self.called.entry(number.to_owned()).or_default();
        *called += 1;
        let mut rng = Rng::seeded(mixed(self.seed, number, *called));
        if rng.below(100) < self.answer_rate {
            return Behaviour::Answers(person(&mut rng));
        }
        match rng.below(100) {
            0..45 => Behaviour::NoAnswer,
            45..60 => Behaviour::BUSY,
            60..78 => Behaviour::UNAVAILABLE,
            78..88 => Behaviour::AnsweringMachine {
                answer_ms: 4_000,
                greeting_ms: 3_500,
                beep_hz: 1_000,
                record_ms: 8_000,
            },
            88..97 => Behaviour::DECLINES,
            _ => Behaviour::INVALID_NUMBER,
        }
    }
}

/// Most people are content, some are not, a few hang up in the middle.
fn person(rng: &mut Rng) -> Person {
    let content = rng.below(100) < 85;
    let leaves = (rng.below(100) < 8).then(|| 1 + rng.below(6) as usize);
    let mut acts = vec![press("1", rng)];
    for place in 1..ACTS {
        if leaves == Some(place) {
            acts.push(Act::HangUpAfter(600));
            break;
        }
        // 1 and 2 answer yes and no; a key that a question does not know is asked for again.
        let key = match (rng.below(100), content) {
            (0..25, true) => "1",
            (25..65, true) => "5",
            (65..95, true) => "4",
            (0..35, false) => "2",
            (35..70, false) => "1",
            _ => "3",
        };
        acts.push(press(key, rng));
    }
    Person {
        answer_ms: 2_000 + rng.below(12_000) as u32,
        greeting_ms: 500 + rng.below(700) as u32,
        acts,
        repeat_last: true,
        patience_ms: 15_000,
        ..Person::default()
    }
}

fn press(keys: &str, rng: &mut Rng) -> Act {
    Act::Press { keys: keys.into(), thought_ms: 400 + rng.below(1_200) as u32 }
}

/// The seed of one call (FNV-1a over all three).
fn mixed(seed: u64, number: &str, called: u64) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(number.bytes()).chain(called.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_people_and_the_rate_holds() {
        let draw = |seed, rate| {
            let mut people = People::new(seed, rate);
            (0..400).map(|n| people.answer(&format!("138{:08}", n % 200))).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 70), draw(7, 70));
        assert_ne!(draw(7, 70), draw(8, 70));
        let answered = |all: &[Behaviour]| all.iter().filter(|b| matches!(b, Behaviour::Answers(_))).count();
        assert_eq!(answered(&draw(7, 0)), 0);
        assert_eq!(answered(&draw(7, 100)), 400);
        assert!((220..340).contains(&answered(&draw(7, 70))), "{}", answered(&draw(7, 70)));
    }
}
