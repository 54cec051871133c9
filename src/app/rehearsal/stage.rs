//! What is around the engine in a rehearsal: writes and reads wait for the database, people
//! are drawn, and the results of calls are counted.

use std::collections::BTreeMap;

use super::people::People;
use crate::base::{CampaignId, Disposition, ListId, Now, Timestamp};
use crate::engine::{Reserved, Write};
use crate::sim::{Behaviour, Books, Fetch};

/// How often calls ended in each way, and when each began.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub ends: BTreeMap<Disposition, u64>,
    pub begins: Vec<Timestamp>,
}

pub(super) struct Stage {
    pub writes: Vec<Write>,
    pub fetches: Vec<(CampaignId, ListId, u32)>,
    /// Whether a call ended since somebody looked.
    pub ended: bool,
    people: People,
    results: Results,
}

impl Stage {
    pub fn new(people: People) -> Stage {
        Stage { writes: Vec::new(), fetches: Vec::new(), ended: false, people, results: Results::default() }
    }

    /// The calls since the last time.
    pub fn take_results(&mut self) -> Results {
        std::mem::take(&mut self.results)
    }
}

impl Books for Stage {
    fn write(&mut self, _now: Now, write: Write) -> Option<Reserved> {
        if let Write::Report(report) = &write {
            self.ended = true;
            *self.results.ends.entry(report.record.disposition).or_default() += 1;
            self.results.begins.push(report.record.started_at);
        }
        self.writes.push(write);
        None
    }

    fn fetch(&mut self, _now: Now, campaign: CampaignId, list: ListId, limit: u32) -> Fetch {
        self.fetches.push((campaign, list, limit));
        Fetch::Later
    }

    fn behaviour(&mut self, _now: Now, _trunk: usize, number: &str) -> Behaviour {
        self.people.answer(number)
    }
}
