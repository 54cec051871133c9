//! Session timers (RFC 4028).
//!
//! ```text
//! 2xx with Session-Expires --> we refresh:   request at half the interval
//!                          --> they refresh: BYE when the interval is nearly over
//! ```
//! The refresher too hangs up when its refreshes stay without success to that moment.

use std::time::Duration;

use crate::base::{Mono, Now};
use crate::sip::header::{self, Headers, Refresher, SessionExpires};

/// A Min-SE above this is no timer but a mistake; a call is not bound to it.
const LONGEST: u32 = 24 * 3600;

/// The running session timer of a dialog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionTimer {
    seconds: u32,
    pub we_refresh: bool,
    /// When our refresh is due.
    pub refresh_at: Option<Mono>,
    /// When the session counts as dead (section 10).
    pub expire_at: Mono,
}

impl SessionTimer {
    fn new(now: Now, seconds: u32, we_refresh: bool) -> Self {
        let whole = Duration::from_secs(u64::from(seconds));
        let margin = (whole / 3).min(Duration::from_secs(32));
        SessionTimer {
            seconds,
            we_refresh,
            refresh_at: we_refresh.then(|| now.mono + whole / 2),
            expire_at: now.mono + (whole - margin),
        }
    }

    /// From the 2xx to a request of ours; None where the server wants no timer
    /// (section 7.2).
    pub(crate) fn from_response(now: Now, headers: &Headers) -> Option<Self> {
        let SessionExpires { seconds, refresher } = headers.session_expires()?;
        Some(Self::new(now, seconds.clamp(1, LONGEST), refresher != Some(Refresher::Uas)))
    }

    /// What we answer to a request of theirs (section 9): their interval, or ours where
    /// they gave none; they refresh where they can and did not ask us to. None where
    /// timers are off and they did not ask.
    pub(crate) fn from_request(now: Now, headers: &Headers, ours: u32, min_se: u32) -> Option<Self> {
        let theirs = headers.session_expires();
        let able = headers.list_has(header::SUPPORTED, "timer");
        let floor = min_se.max(headers.min_se().unwrap_or_default());
        let seconds = match theirs {
            Some(theirs) if ours > 0 => theirs.seconds.min(ours.max(floor)),
            Some(theirs) => theirs.seconds,
            None if ours > 0 => ours.max(floor),
            None => return None,
        };
        let seconds = seconds.clamp(1, LONGEST);
        let we_refresh = !able || theirs.is_some_and(|theirs| theirs.refresher == Some(Refresher::Uas));
        Some(Self::new(now, seconds, we_refresh))
    }

    /// The peer asked for a longer interval with 422.
    pub(crate) fn raise(&mut self, seconds: u32) {
        self.seconds = self.seconds.max(seconds.min(LONGEST));
    }

    /// A refresh was refused: once more before the end, which a success moves away.
    pub(crate) fn refresh_later(&mut self, now: Now) {
        let left = self.expire_at.since(now.mono) / 2;
        self.refresh_at = (self.we_refresh && left > Duration::from_secs(5)).then(|| now.mono + left);
    }

    /// Puts the timer on a request inside the dialog, keeping the roles.
    pub(crate) fn write_request(&self, headers: &mut Headers, min_se: u32) {
        let refresher = if self.we_refresh { Refresher::Uac } else { Refresher::Uas };
        let value = SessionExpires { seconds: self.seconds, refresher: Some(refresher) };
        headers.push(header::SESSION_EXPIRES, value.to_string());
        headers.push(header::MIN_SE, min_se.to_string());
    }

    /// Puts the timer on a 2xx of ours. `Require: timer` where they are to refresh
    /// (section 9).
    pub(crate) fn write_response(&self, headers: &mut Headers) {
        let refresher = if self.we_refresh { Refresher::Uas } else { Refresher::Uac };
        let value = SessionExpires { seconds: self.seconds, refresher: Some(refresher) };
        headers.push(header::SESSION_EXPIRES, value.to_string());
        if !self.we_refresh {
            headers.push(header::REQUIRE, "timer");
        }
    }
}

/// The Min-SE to answer with 422, where a request asks for too short an interval. Clients
/// without timers never get a 422 (section 9).
pub(crate) fn too_small(headers: &Headers, min_se: u32) -> bool {
    headers.list_has(header::SUPPORTED, "timer")
        && headers.session_expires().is_some_and(|theirs| theirs.seconds < min_se)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in fields {
            headers.push(*name, *value);
        }
        headers
    }

    #[test]
    fn roles_and_intervals_follow_rfc_4028_table_2() {
        let check = |fields: &[(&'static str, &str)], expect: Option<(u32, bool)>| {
            let timer = SessionTimer::from_request(Now::default(), &headers(fields), 1800, 90);
            assert_eq!(timer.map(|t| (t.seconds, t.we_refresh)), expect, "{fields:?}");
        };
        check(&[], Some((1800, true)));
        check(&[("Supported", "timer")], Some((1800, false)));
        check(&[("Supported", "timer"), ("Session-Expires", "600")], Some((600, false)));
        check(&[("Supported", "timer"), ("Session-Expires", "600;refresher=uas")], Some((600, true)));
        check(&[("Supported", "timer"), ("Session-Expires", "600;refresher=uac")], Some((600, false)));
        check(&[("Session-Expires", "600")], Some((600, true)));
        check(
            &[("Supported", "timer"), ("Session-Expires", "7200"), ("Min-SE", "3600")],
            Some((3600, false)),
        );
    }

    #[test]
    fn the_dead_end_comes_32_s_or_a_third_before_the_interval() {
        let timer = SessionTimer::new(Now::default(), 1800, true);
        assert_eq!(
            (timer.refresh_at, timer.expire_at),
            (Some(Mono::from_millis(900_000)), Mono::from_millis(1_768_000))
        );
        assert_eq!(SessionTimer::new(Now::default(), 90, false).expire_at, Mono::from_millis(60_000));
    }
}
