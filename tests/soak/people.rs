//! Who answers: the customers of the demo, and all the odd ones.

use ringback::base::Rng;
use ringback::sim::{Act, Behaviour, Keying, Mix, Person};

const STATUSES: [u16; 19] =
    [302, 400, 403, 404, 408, 410, 480, 484, 486, 487, 488, 500, 502, 503, 504, 600, 603, 604, 606];

/// One customer for one call.
pub fn draw(rng: &mut Rng, mix: &Mix) -> Behaviour {
    match rng.below(100) {
        0..55 => {
            let behaviour = mix.behaviour(&format!("{}", rng.next_u32()));
            keyed(rng, behaviour)
        }
        55..58 => Behaviour::Dead,
        58..70 => Behaviour::Refuses {
            status: STATUSES[rng.below(STATUSES.len() as u64) as usize],
            after_ms: rng.below(9_000) as u32,
            rings: rng.chance(0.5),
        },
        70..74 => Behaviour::AnsweringMachine {
            answer_ms: rng.below(8_000) as u32,
            greeting_ms: rng.below(12_000) as u32,
            beep_hz: 400 + rng.below(1_600) as u32,
            record_ms: 1_000 + rng.below(15_000) as u32,
        },
        74..80 => Behaviour::EarlyMediaThenAnswer { early_ms: rng.below(20_000) as u32, person: odd(rng) },
        _ => Behaviour::Answers(odd(rng)),
    }
}

fn keyed(rng: &mut Rng, mut behaviour: Behaviour) -> Behaviour {
    if let Behaviour::Answers(person) | Behaviour::EarlyMediaThenAnswer { person, .. } = &mut behaviour {
        person.keying = keying(rng);
    }
    behaviour
}

fn keying(rng: &mut Rng) -> Keying {
    [Keying::Event, Keying::Event, Keying::Inband, Keying::Info][rng.below(4) as usize]
}

/// Somebody who does anything at any prompt.
fn odd(rng: &mut Rng) -> Person {
    let acts = (0..rng.below(7)).map(|_| act(rng)).collect();
    Person {
        answer_ms: rng.below(25_000) as u32,
        greeting_ms: [0, 400, 3_000][rng.below(3) as usize],
        acts,
        repeat_last: rng.chance(0.5),
        patience_ms: [0, 1_500, 6_000][rng.below(3) as usize],
        keying: keying(rng),
        tone_hz: 0,
    }
}

fn act(rng: &mut Rng) -> Act {
    let some = |rng: &mut Rng| "0123456789*#".chars().nth(rng.below(12) as usize).unwrap_or('1').to_string();
    match rng.below(10) {
        0..4 => Act::Press { keys: some(rng), thought_ms: rng.below(3_000) as u32 },
        4 => Act::Press { keys: some(rng) + &some(rng) + &some(rng), thought_ms: 100 },
        5 | 6 => Act::Interrupt { keys: some(rng), after_ms: rng.below(900) as u32 },
        7 => Act::Ignore,
        8 => Act::Speak { millis: rng.below(5_000) as u32, then: rng.chance(0.7).then_some('#') },
        _ => Act::HangUpAfter(rng.below(900) as u32),
    }
}
