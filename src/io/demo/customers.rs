//! The customers behind the trunk: they are called, and some of them call the hotline.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::exchange::{Begun, Party};
use super::line::Placing;
use crate::base::{Mono, Now, Rng};
use crate::sim::{Act, Behaviour, Mix, Person};
use crate::sip::Response;

/// Customers who call a hotline.
#[derive(Clone, Debug)]
pub struct Callers {
    /// SIP address that is called.
    pub to: SocketAddr,
    /// Number of the hotline.
    pub number: String,
    /// Who calls, one after the other.
    pub callers: Vec<String>,
    /// From one call to the next, on average.
    pub every: Duration,
    /// Calls at once.
    pub at_once: usize,
}

/// Callers that may be told of at any time.
pub(super) type Wanted = Arc<Mutex<Option<Callers>>>;

/// Everybody behind the trunk.
pub(super) struct Customers {
    mix: Mix,
    wanted: Wanted,
    next: Option<Mono>,
    turn: usize,
}

impl Customers {
    pub fn new(mix: Mix, wanted: Wanted) -> Customers {
        Customers { mix, wanted, next: None, turn: 0 }
    }
}

impl Party for Customers {
    fn answers(&mut self, number: &str, _: &mut Rng) -> Behaviour {
        self.mix.behaviour(number)
    }

    fn begin(&mut self, now: Now, calls: usize, _: SocketAddr, rng: &mut Rng) -> Begun {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(hotline) = wanted.as_ref().filter(|hotline| !hotline.callers.is_empty()) else {
            return Begun::default();
        };
        if self.next.is_some_and(|at| now.mono < at) || calls >= hotline.at_once {
            return Begun::default();
        }
        // From half to one and a half of the average.
        self.next = Some(now.mono + hotline.every.mul_f64(0.5 + rng.below(1_000) as f64 / 1_000.0));
        let caller = hotline.callers[self.turn % hotline.callers.len()].clone();
        self.turn += 1;
        let (to, number, person) = (hotline.to, hotline.number.clone(), wants_something(rng));
        Begun { call: Some(Placing { number, to, caller, person }), ..Begun::default() }
    }

    fn handle_response(&mut self, _: Now, _: &Response, _: &mut Rng) -> Vec<(SocketAddr, Vec<u8>)> {
        Vec::new()
    }
}

/// A caller of the hotline: chooses from the menu and talks. Half of them hang up after some sentences,
/// the others stay for the question afterwards; one in eight gives up while waiting.
fn wants_something(rng: &mut Rng) -> Person {
    let key = ["1", "2", "2", "3", "3", "4", "5", "6"][rng.below(8) as usize];
    let mut acts = vec![Act::Press { keys: key.into(), thought_ms: 500 + rng.below(900) as u32 }];
    let sentence = |rng: &mut Rng| 1_800 + rng.below(3_400) as u32;
    match rng.below(8) {
        0 => acts.push(Act::HangUp),
        1..4 => {
            for _ in 0..3 + rng.below(3) {
                acts.push(Act::Speak { millis: sentence(rng), then: None });
            }
            acts.push(Act::HangUp);
        }
        _ => acts.push(Act::Converse {
            millis: sentence(rng),
            turns: 3,
            key: ['5', '5', '4', '5', '3', '1'][rng.below(6) as usize],
        }),
    }
    Person { greeting_ms: 0, acts, repeat_last: true, patience_ms: 25_000, ..Person::default() }
}
