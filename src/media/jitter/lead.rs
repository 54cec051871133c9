//! What is known about how early packets come.

/// Pulls in one window: 1 s.
const WINDOW: u32 = 50;
/// Windows that must all agree before delay is given up: 4 s.
const AGREEING: u32 = 4;

/// The leads of recent packets, in ticks of the RTP clock.
#[derive(Clone, Debug)]
pub(super) struct Leads {
    /// Least and largest of the running window.
    window: Option<(i32, i32)>,
    pulls: u32,
    /// Least lead of the windows since delay last changed, and their number.
    least: i32,
    agreeing: u32,
    /// Largest minus least lead, decaying by a quarter each second.
    spread: u32,
    mean: i32,
    wanted_at_first: Option<u32>,
}

impl Leads {
    pub fn new(first_delay: u32) -> Self {
        Leads {
            window: None,
            pulls: 0,
            least: i32::MAX,
            agreeing: 0,
            spread: 0,
            mean: first_delay as i32,
            wanted_at_first: Some(first_delay),
        }
    }

    pub fn note(&mut self, lead: i32) {
        self.window = Some(self.window.map_or((lead, lead), |(low, high)| (low.min(lead), high.max(lead))));
        self.mean += (lead - self.mean) / 16;
    }

    pub fn tick(&mut self) {
        self.pulls += 1;
        if self.pulls < WINDOW {
            return;
        }
        self.pulls = 0;
        self.spread -= self.spread / 4;
        let Some((low, _)) = self.fold() else { return };
        self.least = self.least.min(low);
        self.agreeing += 1;
        self.wanted_at_first = None;
        if self.agreeing > AGREEING {
            self.least = low;
            self.agreeing = 1;
        }
    }

    /// Playout was held (positive) or hurried: earlier leads do not compare with later ones.
    pub fn shift(&mut self, by: i32) {
        self.fold();
        self.forget_windows();
        self.mean += by;
    }

    /// Playout begins anew.
    pub fn begin(&mut self) {
        self.fold();
        self.forget_windows();
        self.mean = self.wanted() as i32;
    }

    /// Whether for a while every packet came more than 20 ms earlier than `reserve` asks.
    pub fn is_surplus(&self, reserve: u32) -> bool {
        self.agreeing >= AGREEING && self.least >= (reserve + super::FRAME) as i32
    }

    /// The delay that the jitter of the last seconds asks for.
    pub fn wanted(&self) -> u32 {
        self.wanted_at_first.unwrap_or(self.spread + super::MIN_DELAY)
    }

    pub fn mean(&self) -> u32 {
        self.mean.max(0) as u32
    }

    fn fold(&mut self) -> Option<(i32, i32)> {
        let window = self.window.take()?;
        self.spread = self.spread.max(window.1.abs_diff(window.0));
        Some(window)
    }

    fn forget_windows(&mut self) {
        self.pulls = 0;
        self.least = i32::MAX;
        self.agreeing = 0;
    }
}
