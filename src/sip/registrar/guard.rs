//! Those who guess passwords: slowed, then blocked, by address and by user.
//!
//! A phone that holds a registration is never kept out by others' guesses: its flow is
//! exempt. A right answer forgives the address, because a whole office stands behind one;
//! the count of the user goes on, so that owning one account helps nobody to another.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::base::Mono;

/// Addresses and users that are remembered, each; beyond it those that are forgotten
/// soonest go first.
const MAX_TALLIES: usize = 4096;
/// Longest user name that is remembered: what a stranger sends is bounded.
const MAX_USER_CHARS: usize = 64;
/// Longest pause between two guesses before the block.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// When guessing is slowed and blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardSettings {
    /// Wrong answers that cost nothing: people mistype.
    pub free: u32,
    /// Wrong answers after which nothing is answered any more.
    pub block_after: u32,
    /// For how long; also how long a wrong answer is remembered.
    pub block_for: Duration,
}

impl Default for GuardSettings {
    fn default() -> Self {
        GuardSettings { free: 3, block_after: 10, block_for: Duration::from_secs(900) }
    }
}

/// Somebody was blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// Everything from this address; of IPv6 its network of 64 bits.
    Source(IpAddr),
    /// Everything for this user from phones that hold no registration.
    User(String),
}

impl std::fmt::Display for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Guarded::Source(ip) => write!(f, "address {ip}"),
            Guarded::User(user) => write!(f, "user {user}"),
        }
    }
}

/// How somebody stands before an answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Free,
    /// Too soon after a wrong answer.
    Slowed(Duration),
    /// Not before this has passed.
    Blocked(Duration),
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    failures: u32,
    next_at: Mono,
    blocked_until: Option<Mono>,
    forget_at: Mono,
}

/// Wrong answers by address and by user.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    sources: BTreeMap<IpAddr, Tally>,
    users: BTreeMap<String, Tally>,
}

impl Guard {
    pub(super) fn standing(&self, now: Mono, source: IpAddr, user: Option<&str>) -> Standing {
        let tallies = self.sources.get(&network(source)).into_iter();
        let tallies = tallies.chain(user.and_then(|user| self.users.get(&bounded(user))));
        let standings = tallies.filter(|tally| tally.forget_at > now).map(|tally| tally.standing(now));
        standings
            .max_by_key(|standing| match standing {
                Standing::Free => (0, Duration::ZERO),
                Standing::Slowed(wait) => (1, *wait),
                Standing::Blocked(wait) => (2, *wait),
            })
            .unwrap_or(Standing::Free)
    }

    /// Counts a wrong answer; gives those whom it blocked.
    pub(super) fn fail(
        &mut self,
        now: Mono,
        settings: &GuardSettings,
        source: IpAddr,
        user: &str,
    ) -> Vec<Guarded> {
        let source = network(source);
        let by_source = count(&mut self.sources, now, settings, source).then_some(Guarded::Source(source));
        let user = bounded(user);
        let by_user = count(&mut self.users, now, settings, user.clone()).then_some(Guarded::User(user));
        by_source.into_iter().chain(by_user).collect()
    }

    /// A right answer came from there.
    pub(super) fn forgive(&mut self, source: IpAddr) {
        self.sources.remove(&network(source));
    }
}

impl Tally {
    fn standing(&self, now: Mono) -> Standing {
        match self.blocked_until {
            Some(until) if until > now => Standing::Blocked(until.since(now)),
            _ if self.next_at > now => Standing::Slowed(self.next_at.since(now)),
            _ => Standing::Free,
        }
    }
}

/// Counts one; true where it is the one that blocks.
fn count<K: Ord + Clone>(
    tallies: &mut BTreeMap<K, Tally>,
    now: Mono,
    settings: &GuardSettings,
    key: K,
) -> bool {
    if !tallies.contains_key(&key) && tallies.len() >= MAX_TALLIES {
        tallies.retain(|_, tally| tally.forget_at > now);
        let soonest = tallies.iter().min_by_key(|(_, tally)| tally.forget_at).map(|(key, _)| key.clone());
        if let Some(key) = soonest.filter(|_| tallies.len() >= MAX_TALLIES) {
            tallies.remove(&key);
        }
    }
    let fresh = Tally { failures: 0, next_at: now, blocked_until: None, forget_at: now };
    let tally = tallies.entry(key).or_insert(fresh);
    if tally.forget_at <= now {
        *tally = fresh;
    }
    tally.failures += 1;
    tally.forget_at = now + settings.block_for;
    if tally.failures > settings.free {
        let doubled = 1u64 << (tally.failures - settings.free - 1).min(5);
        tally.next_at = now + Duration::from_secs(doubled).min(LONGEST_PAUSE);
    }
    let blocks = tally.failures == settings.block_after;
    if tally.failures >= settings.block_after {
        tally.blocked_until = Some(now + settings.block_for);
    }
    blocks
}

fn bounded(user: &str) -> String {
    user.chars().take(MAX_USER_CHARS).collect()
}

/// A household owns a network of 64 bits of IPv6, and a guesser all its addresses.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn guesses_are_slowed_then_blocked_and_time_forgives() {
        let settings = GuardSettings::default();
        let (mut guard, source) = (Guard::default(), ip("198.51.100.7"));
        let at = |s: u64| Mono::from_millis(s * 1_000);
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert_eq!(guard.fail(at(now), &settings, source, "8001"), []);
            match guard.standing(at(now), source, None) {
                Standing::Free => waits.push(0),
                Standing::Slowed(wait) => waits.push(wait.as_secs()),
                Standing::Blocked(_) => panic!("too early"),
            }
            now += waits[waits.len() - 1];
        }
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 30]);
        let blocked = guard.fail(at(now), &settings, source, "8001");
        assert_eq!(blocked, [Guarded::Source(source), Guarded::User("8001".into())]);
        assert!(matches!(guard.standing(at(now + 899), source, Some("other")), Standing::Blocked(_)));
        let elsewhere = ip("203.0.113.1");
        assert!(matches!(guard.standing(at(now), elsewhere, Some("8001")), Standing::Blocked(_)));
        assert_eq!(guard.standing(at(now), elsewhere, Some("8002")), Standing::Free);
        assert_eq!(guard.standing(at(now + 900), source, Some("8001")), Standing::Free);
        assert_eq!(guard.fail(at(now + 900), &settings, source, "8001"), [], "it begins anew");
    }

    #[test]
    fn a_right_answer_forgives_the_address_and_never_the_user() {
        let settings = GuardSettings { block_after: 4, ..GuardSettings::default() };
        let (mut guard, source) = (Guard::default(), ip("198.51.100.7"));
        for _ in 0..4 {
            guard.fail(Mono(1), &settings, source, "8001");
        }
        guard.forgive(source);
        assert_eq!(guard.standing(Mono(1), source, Some("8002")), Standing::Free);
        assert!(matches!(guard.standing(Mono(1), source, Some("8001")), Standing::Blocked(_)));
    }

    #[test]
    fn tables_stay_bounded_and_a_network_counts_as_one() {
        let (mut guard, settings) = (Guard::default(), GuardSettings::default());
        for n in 0..10_000u32 {
            guard.fail(Mono(u64::from(n)), &settings, IpAddr::from(n.to_be_bytes()), &format!("user{n}"));
        }
        assert_eq!((guard.sources.len(), guard.users.len()), (MAX_TALLIES, MAX_TALLIES));
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff:1")));
        assert_eq!(network(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
