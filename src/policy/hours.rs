//! When one customer may be called: the campaign's windows, less their quiet hours, and
//! within the hours they prefer.

use crate::base::Timestamp;
use crate::calendar::Windows;

/// Turns between calling windows and a customer's hours before a time that suits both is
/// given up: two a day for a month.
const MAX_TURNS: usize = 64;

/// The hours of one customer in one campaign.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a> {
    /// The campaign's calling windows; no call begins outside them, whatever anybody prefers.
    pub windows: &'a Windows,
    /// Hours in which this customer does not want to be called.
    pub quiet: Option<&'a Windows>,
    /// Hours in which this customer prefers to be called.
    pub preferred: Option<&'a Windows>,
}

impl<'a> Hours<'a> {
    /// Of a customer who named none.
    pub const fn of(windows: &'a Windows) -> Self {
        Hours { windows, quiet: None, preferred: None }
    }

    /// The same, whatever the customer prefers.
    pub const fn without_preference(self) -> Self {
        Hours { preferred: None, ..self }
    }

    /// The first time from `from` on that suits all of them.
    pub fn next(&self, from: Timestamp) -> Option<Timestamp> {
        let mut at = from;
        for _ in 0..MAX_TURNS {
            let open = self.windows.next_opening(at)?;
            let wanted = self.preferred.map_or(Some(open), |preferred| preferred.next_opening(open))?;
            match self.quiet.and_then(|quiet| quiet.closing(wanted)) {
                Some(end) => at = end,
                None if wanted == open => return Some(open),
                None => at = wanted,
            }
        }
        None
    }
}
