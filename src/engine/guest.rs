//! What stands in a bridge: its legs, and what each was rung for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Timestamp;
use crate::call::Bridging;
use crate::call::leg::{Accept, Party, Role};
use crate::media::{MAX_MEMBERS, Mix, Prompt};

/// The legs of one call beside the customer's.
#[derive(Debug, Default)]
pub(super) struct Bridge {
    pub guests: Vec<Guest>,
    /// Whom to ring next, while somebody is looked for.
    pub hunt: Option<Search>,
    /// The customer is put aside by order.
    pub held: bool,
    /// What the customer hears while nobody talks with them.
    pub music: Vec<Arc<Prompt>>,
    pub music_on: bool,
    pub mixed: Vec<(u64, Mix)>,
    /// Somebody has the customer, or is about to again.
    pub talking: bool,
    /// The script wanted somebody.
    pub wanted: bool,
    /// Somebody had the customer at some time.
    pub served: bool,
    /// For the record.
    pub bridging: Bridging,
    /// The customer hears nobody.
    pub alone: bool,
    /// From when, while somebody has them.
    pub held_since: Option<Timestamp>,
    next_number: u32,
}

/// One leg in a call.
#[derive(Clone, Debug)]
pub(super) struct Guest {
    pub leg: u64,
    pub number: u32,
    pub place: u8,
    pub role: Role,
    pub task: Task,
    pub up: bool,
    /// Its own phone holds.
    pub held: bool,
    /// Put aside by order: a transfer is under way.
    pub aside: bool,
    pub muted: bool,
}

/// What a leg was rung for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// To take the customer.
    Answer,
    /// It began the call, and waits for the customer to answer.
    Dial,
    /// The second line of our person's phone, for who is consulted.
    Line,
    /// To take the customer from this leg.
    Transfer(u64),
    /// To talk with our person first, while the customer waits.
    Consult,
    /// To join.
    Join,
    /// To supervise.
    Supervise,
}

/// A search for somebody.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Each round is rung at once. Names and not places, for a place is taken when it is rung.
    pub rounds: VecDeque<Vec<String>>,
    pub ring: Duration,
    pub accept: Accept,
}

/// What one leg is rung with.
pub(super) struct Ring {
    pub task: Task,
    pub role: Role,
    pub ring: Duration,
    pub accept: Accept,
}

impl Bridge {
    /// One that has these legs from its beginning.
    pub fn of(guests: Vec<Guest>) -> Bridge {
        let next_number = guests.iter().map(|guest| guest.number).max().unwrap_or(0);
        Bridge { guests, next_number, ..Bridge::default() }
    }

    /// The customer waits with this music, which the call has started.
    pub fn wait_with(&mut self, music: &[Arc<Prompt>]) {
        if !music.is_empty() {
            self.music = music.to_vec();
        }
        self.music_on = true;
    }

    /// Somebody has the customer, who hears nobody.
    pub fn on_hold(&self) -> bool {
        self.talking && self.alone
    }

    pub fn free_place(&self) -> Option<u8> {
        (1..MAX_MEMBERS).find(|place| self.guests.iter().all(|guest| guest.place != *place))
    }

    /// A leg that rings or waits from now on.
    pub fn add(&mut self, leg: u64, number: u32, place: u8, role: Role, task: Task) {
        let (up, held, aside, muted) = (false, false, false, false);
        self.guests.push(Guest { leg, number, place, role, task, up, held, aside, muted });
    }

    pub fn take_number(&mut self) -> u32 {
        self.next_number += 1;
        self.next_number
    }
}

impl Guest {
    /// Whether it can hear and be heard.
    pub fn is_present(&self) -> bool {
        self.up && !self.held && !self.aside
    }

    /// Whether it takes part in what is mixed: who dialled does so only from the answer on.
    pub fn is_in(&self) -> bool {
        self.up && self.task != Task::Dial
    }

    pub fn party(&self) -> Party {
        Party { place: self.place, role: self.role, present: self.is_present(), muted: self.muted }
    }
}
