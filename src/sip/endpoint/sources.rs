//! How fast one address may begin calls.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::event::Event;
use super::settings::Limits;
use crate::base::Mono;

/// Reports of one flooding address come at most this often.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// A token bucket; `full_at` is when it will be full again.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Mono,
    refused: u32,
    report_at: Mono,
}

/// A bucket for each address that is not trusted, bounded in number.
#[derive(Debug, Default)]
pub(super) struct Sources {
    trusted: Vec<IpAddr>,
    buckets: BTreeMap<IpAddr, Bucket>,
}

impl Sources {
    pub(super) fn set_trusted(&mut self, sources: Vec<IpAddr>) {
        self.trusted = sources;
    }

    pub(super) fn is_trusted(&self, source: IpAddr) -> bool {
        self.trusted.contains(&source.to_canonical())
    }

    /// Takes one call of this address; false where it is too fast.
    pub(super) fn admit(&mut self, now: Mono, source: IpAddr, limits: &Limits) -> Result<(), Option<Event>> {
        let source = source.to_canonical();
        if self.trusted.contains(&source) {
            return Ok(());
        }
        let step = Duration::from_secs(1) / limits.source_rate.max(1);
        let room = step * limits.source_burst.max(1);
        if !self.buckets.contains_key(&source) && self.buckets.len() >= limits.sources {
            self.buckets.retain(|_, bucket| bucket.full_at > now || bucket.report_at > now);
            if self.buckets.len() >= limits.sources {
                return Err(None);
            }
        }
        let fresh = Bucket { full_at: now, refused: 0, report_at: now };
        let bucket = self.buckets.entry(source).or_insert(fresh);
        let full_at = bucket.full_at.max(now) + step;
        if full_at.since(now) <= room {
            bucket.full_at = full_at;
            return Ok(());
        }
        bucket.refused += 1;
        if now < bucket.report_at {
            return Err(None);
        }
        bucket.report_at = now + REPORT_EVERY;
        let refused = std::mem::take(&mut bucket.refused);
        Err(Some(Event::Flood { source, refused }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_burst_then_its_rate_and_others_are_untouched() {
        let limits = Limits { source_burst: 3, source_rate: 2, sources: 2, ..Limits::default() };
        let (a, b, c) = (IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2]), IpAddr::from([3, 3, 3, 3]));
        let mut sources = Sources::default();
        let taken = |sources: &mut Sources, ms, ip| {
            (0..10).filter(|_| sources.admit(Mono::from_millis(ms), ip, &limits).is_ok()).count()
        };
        assert_eq!(taken(&mut sources, 0, a), 3);
        assert_eq!(taken(&mut sources, 1_000, a), 2);
        assert_eq!(taken(&mut sources, 1_000, b), 3);
        assert_eq!(taken(&mut sources, 1_000, c), 0, "the table is full");
        assert_eq!(taken(&mut sources, 60_000, c), 3, "and forgets who is quiet");
        sources.set_trusted(vec![a]);
        assert_eq!(taken(&mut sources, 60_000, a), 10);
    }

    #[test]
    fn a_flood_is_reported_once_a_second() {
        let limits = Limits { source_burst: 1, source_rate: 1, ..Limits::default() };
        let mut sources = Sources::default();
        let reports = (0..3_000u64)
            .filter_map(|ms| {
                sources.admit(Mono::from_millis(ms), IpAddr::from([9, 9, 9, 9]), &limits).err().flatten()
            })
            .count();
        assert!((2..=4).contains(&reports), "{reports}");
    }
}
