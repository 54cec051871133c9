//! A stop between any two steps of a turn: the next turn does what is left, and nothing is
//! doubled or lost.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use ringback::base::Disposition;

use super::shop::{Shop, at, phone};
use crate::support::databases::{Database, block_on};

/// Polls a future so often and then drops it, as a kill would; true where it came to its end.
async fn stopped_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |cx: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(cx).map(|_| true)
    })
    .await
}

/// Everything that a turn writes, without the moments at which it was written.
async fn state(shop: &Shop) -> String {
    let callbacks = "SELECT string_agg(t.line, ';') FROM (SELECT rule || ' ' || subject || ' ' || state || ' '
        || COALESCE(outcome, '-') || ' ' || method || ' ' || (entry_id IS NOT NULL) || ' ' || COALESCE(released_day, '-')
        AS line FROM callbacks ORDER BY rule, subject) t";
    let entries =
        "SELECT COALESCE(string_agg(t.line, ';'), '') FROM (SELECT row_key || ' ' || phone || ' ' || state
        AS line FROM entries ORDER BY row_key) t";
    let verdicts =
        "SELECT COALESCE(string_agg(t.line, ';'), '') FROM (SELECT day || callback_id || verdict || code
        AS line FROM day_verdicts ORDER BY day, callback_id) t";
    format!("{}\n{}\n{}", shop.text(callbacks).await, shop.text(entries).await, shop.text(verdicts).await)
}

/// A day: facts in, list released, calls made, settled.
async fn day(polls: Option<usize>) -> (String, bool) {
    let database = Database::sqlite();
    let mut shop = Shop::open(&database).await;
    shop.happened(3, "install.finished", "2026-03-02 16:00").await;
    let morning = at("2026-03-03 08:50");
    let mut whole = true;
    if let Some(polls) = polls {
        whole &= stopped_after(polls, shop.planner.turn(morning)).await;
    }
    // Whoever was in work when it stopped is looked at again when the lease is over.
    shop.turn("2026-03-03 08:50:30").await;
    shop.set("2026-03-03 09:10");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.call("installed", &phone(1), Disposition::NoAnswer, &[]).await;
    if let Some(polls) = polls {
        whole &= stopped_after(polls, shop.planner.turn(at("2026-03-03 09:11"))).await;
    }
    shop.turn("2026-03-03 09:12").await;
    shop.turn("2026-03-04 00:01").await;
    let books = shop.books("2026-03-03").await;
    (format!("{}\n{books}", state(&shop).await), whole)
}

#[test]
fn a_stop_at_any_moment_of_a_turn_doubles_nothing_and_loses_nothing() {
    block_on(async {
        let (undisturbed, _) = day(None).await;
        assert!(undisturbed.contains("done satisfied"), "{undisturbed}");
        let (mut polls, mut stops) = (1, 0);
        loop {
            let (disturbed, whole) = day(Some(polls)).await;
            assert_eq!(disturbed, undisturbed, "stopped after {polls} steps");
            if whole {
                break;
            }
            stops += 1;
            // Early steps one by one; then in strides, for a turn has hundreds.
            polls += 1 + polls / 8;
        }
        assert!(stops > 8, "only {stops} stops were tried");
    });
}
