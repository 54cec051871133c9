//! What is kept of callbacks that queues promised.

use ringback::base::{CallId, Rng, Timestamp};
use ringback::call::Purpose;
use ringback::engine::{LoneAttempt, Write};
use ringback::queue::{Kept, NewCaller};

use super::world::{Desk, MONDAY, World, phone};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    a_callback_is_being_called_from_its_reservation_until_it_is_kept_anew,
}

async fn a_callback_is_being_called_from_its_reservation_until_it_is_kept_anew(database: &Database) {
    let world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let mut rng = Rng::seeded(1);
    let mut call = || CallId::new(MONDAY, &mut rng);
    let (asked, ringing, other) = (call(), call(), call());
    let number = phone(77);
    let kept = Kept {
        caller: NewCaller::plain(asked, &number.to_string()),
        queue: "service".into(),
        joined: MONDAY,
        until: Timestamp(MONDAY.0 + 3_600_000),
        attempts: 0,
        rests_until: None,
        is_dialling: false,
    };
    desk.submit(Write::KeepCallback(Box::new(kept.clone())));
    let attempt = |call, phone, callback| {
        Write::ReserveLone(Box::new(LoneAttempt {
            call,
            phone,
            reserved_at: MONDAY,
            caps: Vec::new(),
            callback,
            purpose: Purpose::Business,
        }))
    };
    // A call of no callback marks none.
    desk.submit(attempt(other, phone(78), None));
    desk.flush().await;
    assert_eq!(world.store.kept_callbacks().await.unwrap(), [kept.clone()]);
    desk.submit(attempt(ringing, number.clone(), Some(asked)));
    desk.flush().await;
    let dialling = Kept { is_dialling: true, ..kept.clone() };
    assert_eq!(
        world.store.kept_callbacks().await.unwrap(),
        [dialling],
        "in one transaction with the attempt"
    );
    // One that is refused marks nothing: the number is in a call.
    let rests = Kept { attempts: 1, rests_until: Some(Timestamp(MONDAY.0 + 300_000)), ..kept };
    desk.submit(Write::KeepCallback(Box::new(rests.clone())));
    desk.submit(attempt(call(), number, Some(asked)));
    desk.settled().await;
    assert_eq!(world.store.kept_callbacks().await.unwrap(), [rests]);
}
