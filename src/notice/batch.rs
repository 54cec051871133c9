//! Which waiting notices go out together: a flood becomes one message, and a message that may
//! have been sent already is sent again as it was.

use std::time::Duration;

use super::channel::Channel;
use crate::base::Timestamp;

/// Notices of one message.
pub const BATCH_LIMIT: usize = 100;

/// One delivery that waits for a channel, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Row id.
    pub id: i64,
    /// What may go into one message with it.
    pub group: String,
    /// The message it was given to before; empty: none yet.
    pub message: String,
    /// When it is to be tried.
    pub next_at: Timestamp,
    /// It does not wait for quiet hours to end nor for others to join.
    pub urgent: bool,
    /// It carries a file, and goes alone.
    pub alone: bool,
}

/// The deliveries of the next message of a channel, or when to look again; None where nothing
/// waits.
///
/// `last` gives when a message about the same was sent last, `sent` how many messages went out
/// in the last minute and when the oldest of them did.
pub fn batch(
    channel: &Channel,
    waiting: &[Waiting],
    last: &dyn Fn(&str) -> Option<Timestamp>,
    sent: (u32, Option<Timestamp>),
    now: Timestamp,
) -> Result<Vec<i64>, Option<Timestamp>> {
    let (count, oldest) = sent;
    if channel.per_minute > 0 && count >= channel.per_minute {
        let at = oldest.unwrap_or(now) + super::RATE_WINDOW;
        return Err((!waiting.is_empty()).then_some(at.max(now + Duration::from_secs(1))));
    }
    let mut look_again: Option<Timestamp> = None;
    for head in waiting {
        let at = ready(channel, head, last, now);
        if at > now {
            look_again = Some(look_again.map_or(at, |sooner| sooner.min(at)));
            continue;
        }
        let joins = |other: &&Waiting| {
            if !head.message.is_empty() {
                return other.message == head.message;
            }
            other.id == head.id
                || (other.message.is_empty()
                    && !other.alone
                    && !head.alone
                    && !channel.digest.is_zero()
                    && other.group == head.group)
        };
        return Ok(waiting.iter().filter(joins).map(|w| w.id).take(BATCH_LIMIT).collect());
    }
    Err(look_again)
}

/// When a delivery may go out.
fn ready(
    channel: &Channel,
    head: &Waiting,
    last: &dyn Fn(&str) -> Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    let mut at = head.next_at;
    if head.urgent || !head.message.is_empty() {
        return at;
    }
    if let Some(before) = last(&head.group).filter(|_| !head.alone) {
        at = at.max(before + channel.digest);
    }
    if let Some(quiet) = &channel.quiet {
        let then = at.max(now);
        if quiet.is_open(then) {
            at = quiet.closing(then).unwrap_or(then + Duration::from_secs(3_600));
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Windows;

    /// 2026-03-02 09:00 in Shanghai.
    const NINE: Timestamp = Timestamp(1_772_413_200_000);

    fn waiting(id: i64, group: &str) -> Waiting {
        let (message, next_at) = (String::new(), NINE);
        Waiting { id, group: group.into(), message, next_at, urgent: false, alone: false }
    }

    fn channel() -> Channel {
        Channel { digest: Duration::from_secs(30), per_minute: 20, ..Channel::default() }
    }

    const NEVER: &dyn Fn(&str) -> Option<Timestamp> = &|_| None;

    #[test]
    fn the_first_goes_at_once_and_those_right_behind_it_become_one() {
        let rows = [waiting(1, "a"), waiting(2, "b"), waiting(3, "a")];
        assert_eq!(batch(&channel(), &rows[..1], NEVER, (0, None), NINE), Ok(vec![1]));
        assert_eq!(batch(&channel(), &rows, NEVER, (0, None), NINE), Ok(vec![1, 3]));
        let just = |_: &str| Some(NINE);
        let later = NINE + Duration::from_secs(30);
        assert_eq!(batch(&channel(), &rows, &just, (1, Some(NINE)), NINE), Err(Some(later)));
        assert_eq!(batch(&channel(), &rows, &just, (1, Some(NINE)), later), Ok(vec![1, 3]));
        let single = Channel { digest: Duration::ZERO, ..channel() };
        assert_eq!(batch(&single, &rows, NEVER, (0, None), NINE), Ok(vec![1]), "no digest is wanted");
    }

    #[test]
    fn what_may_have_been_sent_is_sent_again_as_it_was() {
        let mut rows = vec![waiting(1, "a"), waiting(2, "a"), waiting(3, "a")];
        rows[0].message = "m".into();
        rows[2].message = "m".into();
        assert_eq!(batch(&channel(), &rows, &|_| Some(NINE), (0, None), NINE), Ok(vec![1, 3]));
    }

    #[test]
    fn the_limit_of_a_robot_is_kept() {
        let rows = [waiting(1, "a")];
        let first = Timestamp(NINE.0 - 50_000);
        assert_eq!(
            batch(&channel(), &rows, NEVER, (20, Some(first)), NINE),
            Err(Some(first + Duration::from_secs(60)))
        );
        assert_eq!(batch(&channel(), &rows, NEVER, (19, Some(first)), NINE), Ok(vec![1]));
        assert_eq!(batch(&channel(), &[], NEVER, (20, Some(first)), NINE), Err(None));
    }

    #[test]
    fn quiet_hours_hold_what_is_not_urgent() {
        let quiet = Windows::parse(&["22:00-10:00"], "Asia/Shanghai").unwrap();
        let channel = Channel { quiet: Some(quiet), ..channel() };
        let mut rows = [waiting(1, "a"), waiting(2, "b")];
        let ten = NINE + Duration::from_secs(3_600);
        assert_eq!(batch(&channel, &rows, NEVER, (0, None), NINE), Err(Some(ten)));
        assert_eq!(batch(&channel, &rows, NEVER, (0, None), ten), Ok(vec![1]));
        rows[1].urgent = true;
        assert_eq!(batch(&channel, &rows, NEVER, (0, None), NINE), Ok(vec![2]));
    }
}
