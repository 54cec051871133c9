//! Who answers which number: a seeded mix, with exceptions by number.

use std::collections::BTreeMap;

use super::{Act, Behaviour, Person};
use crate::base::Rng;

/// A part of the customers and how they behave; the draw may vary details.
#[derive(Clone, Debug)]
pub struct Share {
    /// How many of all, relative to the sum of the weights.
    pub weight: u32,
    /// Makes one customer.
    pub make: fn(&mut Rng) -> Behaviour,
}

/// Gives every number its customer, the same at each call with the same seed.
#[derive(Clone, Debug)]
pub struct Mix {
    seed: u64,
    shares: Vec<Share>,
    named: BTreeMap<String, Behaviour>,
}

impl Mix {
    /// A mix of the given shares. Without any, everybody is the default person.
    pub fn new(seed: u64, shares: Vec<Share>) -> Self {
        Mix { seed, shares, named: BTreeMap::new() }
    }

    /// The customers of the demo: most answer and vote, some do everything else.
    pub fn demo(seed: u64) -> Self {
        let share = |weight, make| Share { weight, make };
        Mix::new(
            seed,
            vec![
                share(44, satisfied),
                share(8, dissatisfied),
                share(6, slow),
                share(5, wrong_key_first),
                share(4, later),
                share(3, refuses),
                share(3, silent),
                share(4, hangs_up_mid_prompt),
                share(4, early_media),
                share(6, machine),
                share(6, |_| Behaviour::BUSY),
                share(4, |_| Behaviour::NoAnswer),
                share(2, |_| Behaviour::DECLINES),
                share(3, |_| Behaviour::UNAVAILABLE),
                share(2, |_| Behaviour::INVALID_NUMBER),
                share(1, |_| Behaviour::CONGESTED),
            ],
        )
    }

    /// Makes one number an exception.
    pub fn set(&mut self, number: &str, behaviour: Behaviour) {
        self.named.insert(number.to_owned(), behaviour);
    }

    /// Who answers `number`, the digits as they were dialled.
    pub fn behaviour(&self, number: &str) -> Behaviour {
        if let Some(behaviour) = self.named.get(number) {
            return behaviour.clone();
        }
        // The last nine digits only, so that prefixes a trunk adds do not change the customer.
        let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
        let tail = &digits[digits.len().saturating_sub(9)..];
        let hash = tail.iter().fold(0xCBF2_9CE4_8422_2325u64, |hash, digit| {
            (hash ^ u64::from(*digit)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        let mut rng = Rng::seeded(self.seed ^ hash);
        let sum: u32 = self.shares.iter().map(|share| share.weight).sum();
        let mut draw = rng.below(u64::from(sum)) as u32;
        for share in &self.shares {
            if draw < share.weight {
                return (share.make)(&mut rng);
            }
            draw -= share.weight;
        }
        Behaviour::Answers(Person::default())
    }
}

fn person(rng: &mut Rng, acts: Vec<Act>) -> Person {
    Person {
        answer_ms: 400 + rng.below(1_600) as u32,
        greeting_ms: 300 + rng.below(500) as u32,
        acts,
        repeat_last: true,
        ..Person::default()
    }
}

fn press(keys: &str, thought_ms: u32) -> Act {
    Act::Press { keys: keys.to_owned(), thought_ms }
}

/// Presses 1 at the greeting, one score at each of four questions, says something where a
/// comment is asked, and lets the thanks pass. Some do not wait for the end of a question.
fn votes(rng: &mut Rng, score: &str) -> Vec<Act> {
    let hasty = rng.chance(0.5);
    let mut acts = Vec::new();
    for keys in ["1", score, score, score, score] {
        acts.push(if hasty {
            Act::Interrupt { keys: keys.to_owned(), after_ms: 1_200 + rng.below(1_500) as u32 }
        } else {
            press(keys, 200 + rng.below(700) as u32)
        });
    }
    acts.push(Act::Speak { millis: 1_500 + rng.below(1_500) as u32, then: Some('#') });
    acts.push(Act::Ignore);
    acts
}

fn satisfied(rng: &mut Rng) -> Behaviour {
    let score = ["4", "5", "5", "5"][rng.below(4) as usize];
    let acts = votes(rng, score);
    Behaviour::Answers(person(rng, acts))
}

fn dissatisfied(rng: &mut Rng) -> Behaviour {
    let score = ["1", "2"][rng.below(2) as usize];
    let acts = votes(rng, score);
    Behaviour::Answers(person(rng, acts))
}

fn slow(rng: &mut Rng) -> Behaviour {
    let mut acts = vec![press("1", 2_500)];
    acts.extend(std::iter::repeat_n(press("4", 2_000), 4));
    acts.push(Act::Ignore);
    let mut slow = person(rng, acts);
    slow.patience_ms = 5_000;
    Behaviour::Answers(slow)
}

fn wrong_key_first(rng: &mut Rng) -> Behaviour {
    let mut acts = vec![press("8", 300)];
    acts.extend(votes(rng, "4"));
    acts.insert(2, press("7", 300));
    Behaviour::Answers(person(rng, acts))
}

fn later(rng: &mut Rng) -> Behaviour {
    // Key 9 asks to be called later; the hour is typed in four digits.
    Behaviour::Answers(person(rng, vec![press("9", 400), press("1500", 600), Act::Ignore]))
}

fn refuses(rng: &mut Rng) -> Behaviour {
    Behaviour::Answers(person(rng, vec![press("0", 400), Act::Ignore]))
}

fn silent(rng: &mut Rng) -> Behaviour {
    let mut silent = person(rng, vec![Act::Ignore]);
    silent.patience_ms = 0;
    Behaviour::Answers(silent)
}

fn hangs_up_mid_prompt(rng: &mut Rng) -> Behaviour {
    let after = 600 + rng.below(1_500) as u32;
    Behaviour::Answers(person(rng, vec![press("1", 300), Act::HangUpAfter(after)]))
}

fn early_media(rng: &mut Rng) -> Behaviour {
    let acts = votes(rng, "5");
    Behaviour::EarlyMediaThenAnswer { early_ms: 1_500, person: person(rng, acts) }
}

fn machine(rng: &mut Rng) -> Behaviour {
    Behaviour::AnsweringMachine {
        answer_ms: 800 + rng.below(1_500) as u32,
        greeting_ms: 4_500 + rng.below(2_000) as u32,
        beep_hz: [800, 1_000, 1_400][rng.below(3) as usize],
        record_ms: 8_000,
    }
}
