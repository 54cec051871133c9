//! The writer's loop: gather, write, report; wait while the database is away.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::super::error::Fault;
use super::super::{Error, Store};
use super::{Item, StoreEvent, StoreHealth, WriterSettings, apply, set_aside};
use crate::engine::{Reserved, Write};

/// Writes in one transaction. At 300 calls a second this is what gathers in a quarter of a
/// second, and it keeps a reservation from waiting longer than that behind reports.
const BATCH: usize = 256;

/// How long writes that nobody waits for may gather: at 300 calls a second a dozen of them
/// share a transaction then, which costs more than they do. A kill loses no more than this.
const GATHER: Duration = Duration::from_millis(20);

/// First and last wait between two tries.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A transaction that takes longer has lost its server without being told.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Task {
    store: Store,
    settings: WriterSettings,
    health: watch::Sender<StoreHealth>,
}

impl Task {
    pub(super) fn new(store: Store, settings: WriterSettings, health: watch::Sender<StoreHealth>) -> Task {
        Task { store, settings, health }
    }

    pub(super) async fn run(mut self, mut items: mpsc::Receiver<Item>) {
        let mut batch = Vec::with_capacity(BATCH);
        while items.recv_many(&mut batch, BATCH).await > 0 {
            if !batch.iter().any(Item::is_awaited) {
                tokio::time::sleep(GATHER).await;
                batch.extend(std::iter::from_fn(|| items.try_recv().ok()).take(BATCH - batch.len()));
            }
            let mut writes = Vec::with_capacity(batch.len());
            let mut waiting = Vec::new();
            for item in batch.drain(..) {
                match item {
                    Item::Write(write) => writes.push(*write),
                    Item::Flush(done) => waiting.push(done),
                }
            }
            if !writes.is_empty() {
                self.write(&writes).await;
            }
            for done in waiting {
                // Who stopped waiting needs no answer.
                done.send(()).ok();
            }
        }
    }

    /// Everything in one transaction; where one write is poison, each in its own.
    async fn write(&mut self, writes: &[Write]) {
        if self.insist(writes).await.is_ok() {
            return;
        }
        for write in writes {
            let one = std::slice::from_ref(write);
            if let Err(poison) = self.insist(one).await {
                self.put_aside(write, &poison).await;
            }
        }
    }

    /// Tries until the database takes the writes, or says that one of them is poison.
    async fn insist(&mut self, writes: &[Write]) -> Result<(), Error> {
        let mut wait = FIRST_WAIT;
        loop {
            match within_patience(apply::apply(&self.store, &self.settings, writes)).await {
                Ok(answers) => {
                    self.set_health(StoreHealth::Ok);
                    answers
                        .into_iter()
                        .for_each(|answer| (self.settings.notify)(StoreEvent::Reserved(answer)));
                    return Ok(());
                }
                Err(error) if error.fault() == Fault::Poison => return Err(error),
                Err(error) => self.wait_out(&error, &mut wait).await,
            }
        }
    }

    /// Keeps a poisonous write where a person finds it. Its reservation is refused, so that
    /// nobody waits for an answer.
    async fn put_aside(&mut self, write: &Write, poison: &Error) {
        let kind = set_aside::kind(write);
        let reason = poison.to_string();
        tracing::error!(kind, %reason, "a write was refused by the database and set aside");
        let mut wait = FIRST_WAIT;
        let mut lightened = false;
        loop {
            let at = (self.settings.clock)();
            let kept = set_aside::keep(&self.store, write, &reason, at, lightened);
            match within_patience(kept).await {
                Ok(()) => break,
                // Even the bare row is refused: the log line above is what remains of it.
                Err(error) if error.fault() == Fault::Poison && lightened => break,
                Err(error) if error.fault() == Fault::Poison => lightened = true,
                Err(error) => self.wait_out(&error, &mut wait).await,
            }
        }
        self.set_health(StoreHealth::Ok);
        let attempts = write.attempts();
        if !attempts.is_empty() {
            let because = set_aside::refusal(&reason);
            let refused = attempts.into_iter().map(|call| (call, because.clone())).collect();
            (self.settings.notify)(StoreEvent::Reserved(Reserved { reserved: Vec::new(), refused }));
        }
        (self.settings.notify)(StoreEvent::SetAside { kind, reason });
    }

    async fn wait_out(&mut self, error: &Error, wait: &mut Duration) {
        self.set_health(StoreHealth::Degraded(error.to_string()));
        tokio::time::sleep(*wait).await;
        *wait = (*wait * 2).min(LAST_WAIT);
    }

    fn set_health(&mut self, health: StoreHealth) {
        let was_ok = *self.health.borrow() == StoreHealth::Ok;
        if was_ok == (health == StoreHealth::Ok) {
            return;
        }
        match &health {
            StoreHealth::Ok => tracing::info!("the database takes writes again"),
            StoreHealth::Degraded(reason) => tracing::error!(%reason, "the database does not take writes"),
        }
        self.health.send_replace(health.clone());
        (self.settings.notify)(StoreEvent::Health(health));
    }
}

async fn within_patience<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(Error::Timeout(PATIENCE.as_secs())),
    }
}
