//! Following a chain from its beginning.

use std::collections::BTreeMap;

use super::{Digest, Entry, Head, Root, hash};
use crate::base::Timestamp;

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// Entries are missing before this one.
    Gap {
        /// The number that was expected.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The entry was altered, or one before it.
    Altered(u64),
    /// The entry stands at an earlier time than the one before.
    Earlier(u64),
    /// A root names another hash, or another entry: the chain before it was made anew.
    Root(Root),
    /// A root lies behind the end: entries were cut off.
    Cut(Root),
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Break::Gap { expected, found } => {
                write!(f, "entry {expected} is missing: entry {found} comes in its place")
            }
            Break::Altered(seq) => write!(f, "entry {seq} does not follow from the entry before it"),
            Break::Earlier(seq) => write!(f, "entry {seq} is older than the entry before it"),
            Break::Root(root) => write!(
                f,
                "the root of {} is not that of entry {}: what was linked until then is not what it was",
                root.day, root.seq
            ),
            Break::Cut(root) => write!(
                f,
                "the root of {} is that of entry {}, and the chain ends before it",
                root.day, root.seq
            ),
        }
    }
}

/// Follows a chain, entry by entry, and compares it with roots that were published.
///
/// A root tells two things: the hash of the entry, and that it was the last one before the day ended.
#[derive(Clone, Debug)]
pub struct Walk {
    head: Head,
    /// By entry, each with the end of its day.
    roots: BTreeMap<u64, Vec<(Root, Timestamp)>>,
    /// Roots of the last entry, whose day must be over before the next one.
    closed: Vec<(Root, Timestamp)>,
    checked: u64,
}

impl Walk {
    /// From the beginning; with each root the end of its day (exclusive).
    pub fn new(roots: impl IntoIterator<Item = (Root, Timestamp)>) -> Walk {
        let mut by_entry: BTreeMap<u64, Vec<(Root, Timestamp)>> = BTreeMap::new();
        for (root, end) in roots {
            by_entry.entry(root.seq).or_default().push((root, end));
        }
        Walk { head: Head::default(), roots: by_entry, closed: Vec::new(), checked: 0 }
    }

    /// Where it has come to.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Roots that were compared.
    pub fn roots_checked(&self) -> u64 {
        self.checked
    }

    /// The next entry; what does not hold with it. The walk goes on from what the entry says, so that
    /// one break is told once.
    pub fn step(&mut self, entry: &Entry) -> Vec<Break> {
        let mut breaks = Vec::new();
        let Entry { seq, at, kind, subject, digest, hash: told } = entry;
        if *seq != self.head.seq + 1 {
            breaks.push(Break::Gap { expected: self.head.seq + 1, found: *seq });
        } else if hash(&self.head.hash, *seq, *at, kind.as_str(), subject, digest) != *told {
            breaks.push(Break::Altered(*seq));
        }
        if *at < self.head.at {
            breaks.push(Break::Earlier(*seq));
        }
        let late = self.closed.drain(..).filter(|(_, end)| at < end);
        breaks.extend(late.map(|(root, _)| Break::Root(root)));
        self.head = Head { seq: *seq, at: *at, hash: *told };
        // Roots of entries that were passed over belong to what is missing.
        let rest = self.roots.split_off(&(seq + 1));
        for (root, end) in std::mem::replace(&mut self.roots, rest).into_values().flatten() {
            self.checked += 1;
            let holds = root.seq == *seq && root.hash == *told && *at < end;
            if holds { self.closed.push((root, end)) } else { breaks.push(Break::Root(root)) }
        }
        breaks
    }

    /// The end: roots that no entry came to.
    pub fn end(self) -> Vec<Break> {
        let empty = |root: &Root| root.seq == 0 && root.hash == Digest::NONE;
        self.roots
            .into_values()
            .flatten()
            .map(|(root, _)| root)
            .filter(|r| !empty(r))
            .map(Break::Cut)
            .collect()
    }
}
