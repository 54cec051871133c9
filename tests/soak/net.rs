//! A network that loses, repeats, delays and reorders.

use std::collections::BTreeMap;
use std::time::Duration;

use ringback::base::{Mono, Rng};

/// How bad a way is.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Part of the packets that never arrive.
    pub loss: f64,
    /// Part that arrives twice.
    pub twice: f64,
    /// Least time under way in ms.
    pub delay_ms: u64,
    /// Most time on top of it in ms; packets overtake each other within it.
    pub jitter_ms: u64,
}

impl Weather {
    pub const FINE: Weather = Weather { loss: 0.0, twice: 0.0, delay_ms: 10, jitter_ms: 0 };
}

/// Packets under way.
pub struct Wire<T> {
    under_way: BTreeMap<(Mono, u64), T>,
    sent: u64,
    pub weather: Weather,
}

impl<T> Wire<T> {
    pub fn new(weather: Weather) -> Self {
        Wire { under_way: BTreeMap::new(), sent: 0, weather }
    }

    /// Sends surely and once, after the least delay.
    pub fn send_one(&mut self, now: Mono, packet: T) {
        self.sent += 1;
        self.under_way.insert((now + Duration::from_millis(self.weather.delay_ms), self.sent), packet);
    }

    /// Sends; false where the packet is lost.
    pub fn send(&mut self, now: Mono, rng: &mut Rng, packet: T) -> bool
    where
        T: Clone,
    {
        let weather = self.weather;
        if rng.chance(weather.loss) {
            return false;
        }
        for _ in 0..if rng.chance(weather.twice) { 2 } else { 1 } {
            let ms = weather.delay_ms + rng.below(weather.jitter_ms + 1);
            self.sent += 1;
            self.under_way.insert((now + Duration::from_millis(ms), self.sent), packet.clone());
        }
        true
    }

    /// The next packet that has arrived.
    pub fn arrive(&mut self, now: Mono) -> Option<T> {
        let first = self.under_way.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    pub fn next(&self) -> Option<Mono> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }
}
