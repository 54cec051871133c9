//! How often a token may ask, and how often an address may fail to show one.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Requests a second for one token: a console with ten open pages asks fewer than 20.
pub const REQUESTS_PER_SECOND: u32 = 50;
/// Requests at once for one token.
pub const REQUEST_BURST: u32 = 200;
/// Failures an address may have at once.
pub const FAILURE_BURST: u32 = 10;
/// After the burst: one failure in this time.
pub const FAILURE_PERIOD: Duration = Duration::from_secs(6);
/// Keys remembered before the idle ones are dropped, and addresses blocked at once.
const KEY_LIMIT: usize = 4_096;

type Moment = <DefaultClock as Clock>::Instant;

/// How often one token may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second; 0 counts as 1.
    pub per_second: u32,
    /// Requests in one go; 0 counts as 1.
    pub burst: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Rate { per_second: REQUESTS_PER_SECOND, burst: REQUEST_BURST }
    }
}

impl Rate {
    fn limiter(self) -> DefaultKeyedRateLimiter<i64> {
        RateLimiter::keyed(
            Quota::per_second(at_least_one(self.per_second)).allow_burst(at_least_one(self.burst)),
        )
    }
}

/// Both limits. One per daemon.
#[derive(Debug)]
pub struct Limits {
    clock: DefaultClock,
    requests: RwLock<DefaultKeyedRateLimiter<i64>>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    blocked: Mutex<BTreeMap<IpAddr, Moment>>,
}

impl Default for Limits {
    fn default() -> Self {
        let failures = Quota::with_period(FAILURE_PERIOD)
            .expect("the period is not zero")
            .allow_burst(at_least_one(FAILURE_BURST));
        Limits {
            clock: DefaultClock::default(),
            requests: RwLock::new(Rate::default().limiter()),
            failures: RateLimiter::keyed(failures),
            blocked: Mutex::default(),
        }
    }
}

fn at_least_one(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

impl Limits {
    /// A new rate for all tokens; each begins with a full burst.
    pub fn set_rate(&self, rate: Rate) {
        *self.requests.write().unwrap_or_else(PoisonError::into_inner) = rate.limiter();
    }

    /// One request of that token; `Err` holds the seconds to wait.
    pub fn request(&self, token: i64) -> Result<(), u64> {
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        if requests.len() > KEY_LIMIT {
            requests.retain_recent();
        }
        requests.check_key(&token).map_err(|not_until| seconds(not_until.wait_time_from(self.clock.now())))
    }

    /// Whether this address is blocked; `Err` holds the seconds to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), u64> {
        let address = network(address);
        let now = self.clock.now();
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        match blocked.get(&address) {
            Some(until) if *until > now => Err(seconds(until.duration_since(now).into())),
            Some(_) => {
                blocked.remove(&address);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// One failure of that address; beyond the burst it is blocked for a while.
    pub fn failure(&self, address: IpAddr) {
        let address = network(address);
        if self.failures.len() > KEY_LIMIT {
            self.failures.retain_recent();
        }
        let Err(not_until) = self.failures.check_key(&address) else { return };
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        if blocked.len() >= KEY_LIMIT {
            let now = self.clock.now();
            blocked.retain(|_, until| *until > now);
        }
        if blocked.len() < KEY_LIMIT {
            blocked.insert(address, not_until.earliest_possible());
        }
    }
}

/// An IPv6 customer commonly holds a /64, so that is what is counted as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

fn seconds(wait: Duration) -> u64 {
    (wait.as_secs_f64().ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_asks_too_often_is_told_to_wait_and_others_are_not() {
        let limits = Limits::default();
        let refused = (0..REQUEST_BURST + 60).filter(|_| limits.request(1).is_err()).count();
        assert!(refused > 0, "no request was refused");
        assert_eq!(limits.request(2), Ok(()));
    }

    #[test]
    fn a_new_rate_holds_from_the_next_request() {
        let limits = Limits::default();
        limits.set_rate(Rate { per_second: 1, burst: 2 });
        assert_eq!([limits.request(1), limits.request(1)], [Ok(()), Ok(())]);
        assert!(limits.request(1).is_err());
    }

    #[test]
    fn an_address_that_fails_too_often_is_blocked_with_its_whole_ipv6_network() {
        let limits = Limits::default();
        let ours: IpAddr = "2001:db8::1".parse().unwrap();
        (0..=FAILURE_BURST).for_each(|_| limits.failure(ours));
        assert!(limits.address(ours).is_err());
        assert!(limits.address("2001:db8::ffff".parse().unwrap()).is_err());
        assert_eq!(limits.address("2001:db8:0:1::1".parse().unwrap()), Ok(()));
        assert_eq!(limits.address("127.0.0.1".parse().unwrap()), Ok(()));
    }
}
