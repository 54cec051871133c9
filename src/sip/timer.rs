//! One table of deadlines.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Mono;

/// At most one deadline per key; the soonest is found at once. Setting a key again moves
/// its deadline, so nothing stale stays behind.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    queue: BTreeSet<(Mono, K)>,
    armed: BTreeMap<K, Mono>,
}

impl<K: Copy + Ord> Timers<K> {
    /// No deadlines.
    pub fn new() -> Self {
        Timers { queue: BTreeSet::new(), armed: BTreeMap::new() }
    }

    /// Sets, moves or (None) removes the deadline of `key`.
    pub fn set(&mut self, key: K, at: Option<Mono>) {
        let before = match at {
            Some(at) => self.armed.insert(key, at),
            None => self.armed.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.queue.remove(&(before, key));
        }
        if let Some(at) = at {
            self.queue.insert((at, key));
        }
    }

    /// The soonest deadline.
    pub fn next(&self) -> Option<Mono> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes one key whose deadline has come.
    pub fn pop_due(&mut self, now: Mono) -> Option<K> {
        let (at, key) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.pop_first();
        self.armed.remove(&key);
        Some(key)
    }

    /// Deadlines armed.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_deadline_and_the_soonest_comes_first() {
        let mut timers = Timers::new();
        timers.set('a', Some(Mono(30)));
        timers.set('b', Some(Mono(20)));
        timers.set('a', Some(Mono(10)));
        timers.set('c', Some(Mono(5)));
        timers.set('c', None);
        assert_eq!((timers.len(), timers.next()), (2, Some(Mono(10))));
        assert_eq!(timers.pop_due(Mono(9)), None);
        assert_eq!(timers.pop_due(Mono(25)), Some('a'));
        assert_eq!(timers.pop_due(Mono(25)), Some('b'));
        assert_eq!((timers.pop_due(Mono(25)), timers.next()), (None, None));
    }
}
