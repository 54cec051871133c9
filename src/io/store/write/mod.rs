//! The one path by which what happens in calls reaches the disk.
//!
//! The engine's loop hands over [`Write`](crate::engine::Write) values without waiting. A
//! task takes what has gathered, writes it in one transaction (one fsync for many calls),
//! and reports back. While the database is away it keeps everything in order and tries
//! again for ever; a write that the database refuses for what it is, is set aside with its
//! reason and blocks no other. Every write bears being done twice, because a connection cut
//! during COMMIT leaves it unknown whether it was done.

mod apply;
mod begin;
mod legs;
mod lone;
mod record;
mod reserve;
mod set_aside;
mod task;
mod together;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{Error, Store};
use crate::base::Timestamp;
use crate::engine::{Reserved, Write};

pub(super) use apply::{clean, settle_entries};
pub(super) use record::{json, relative};
pub(super) use together::shares;

/// Writes that may wait. Once reservations are refused ([`RESERVE_LIMIT`]) only calls that
/// are up can add to them, each a few answers and one report of some 10 KB: about 160 MB at worst.
pub const QUEUE_CAPACITY: usize = 16_384;

/// While more writes than this wait, [`WriterHandle::submit`] takes no [`Write::Reserve`]:
/// dialling stops long before the place for reports runs out.
pub const RESERVE_LIMIT: usize = 2_048;

/// Whether writes reach the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// They do.
    Ok,
    /// They wait, for this reason; nothing is lost, nothing new should be begun.
    Degraded(String),
}

/// What the writer reports.
#[derive(Clone, Debug)]
pub enum StoreEvent {
    /// The answer to one [`Write::Reserve`]; answers come in the order of the reserves.
    Reserved(Reserved),
    /// Health changed.
    Health(StoreHealth),
    /// A write was refused for what it is and put into `dead_letters`.
    SetAside {
        /// `report`, `answer`, ...
        kind: &'static str,
        /// What the database said.
        reason: String,
    },
}

/// The write does not fit now; here it is back.
#[derive(Debug, thiserror::Error)]
#[error("{} writes wait for the database; no more are taken", QUEUE_CAPACITY)]
pub struct Full(pub Box<Write>);

/// How the writer is run.
pub struct WriterSettings {
    /// The recordings folder: paths in the database are relative to it.
    pub recordings: PathBuf,
    /// The wall clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Takes events; called from the writer's task, so it must not block.
    pub notify: Box<dyn FnMut(StoreEvent) + Send + Sync>,
}

enum Item {
    Write(Box<Write>),
    Flush(oneshot::Sender<()>),
}

impl Item {
    /// Somebody waits until it is done: a call cannot be placed before its reservation.
    fn is_awaited(&self) -> bool {
        match self {
            Item::Write(write) => write.is_reserve(),
            Item::Flush(_) => true,
        }
    }
}

/// The writer. Dropping it is what a crash does: what is not committed is gone.
#[derive(Debug)]
pub struct Writer {
    handle: WriterHandle,
    task: JoinHandle<()>,
}

/// Hands writes over. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    queue: mpsc::Sender<Item>,
    health: watch::Receiver<StoreHealth>,
}

impl Writer {
    /// Starts the task; needs a tokio runtime.
    pub fn start(store: Store, settings: WriterSettings) -> Writer {
        let (queue, items) = mpsc::channel(QUEUE_CAPACITY);
        let (health_sender, health) = watch::channel(StoreHealth::Ok);
        let task = tokio::spawn(task::Task::new(store, settings, health_sender).run(items));
        Writer { handle: WriterHandle { queue, health }, task }
    }

    /// A handle for those who write.
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Writes everything that was submitted and ends. While the database is away this
    /// waits; a caller in a hurry puts its own limit around it and drops the future.
    pub async fn close(self) {
        self.handle.flush().await;
    }
}

impl Store {
    /// Makes writes at once, in one transaction, for those who own their clock; gives the
    /// answers to their reserves, in order. The daemon's own way is the [`Writer`].
    pub async fn write(&self, settings: &WriterSettings, writes: &[Write]) -> Result<Vec<Reserved>, Error> {
        apply::apply(self, settings, writes).await
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl WriterHandle {
    /// Hands one write over, from any thread, without waiting. Order is kept.
    ///
    /// # Errors
    /// Gives the write back when the queue has no room for it; see [`RESERVE_LIMIT`].
    pub fn submit(&self, write: Write) -> Result<(), Full> {
        if write.is_reserve() && self.waiting() >= RESERVE_LIMIT {
            return Err(Full(Box::new(write)));
        }
        self.queue.try_send(Item::Write(Box::new(write))).map_err(|e| match e.into_inner() {
            Item::Write(write) => Full(write),
            Item::Flush(_) => unreachable!("a write was sent"),
        })
    }

    /// Writes that wait now; those of the transaction in progress are not counted.
    pub fn waiting(&self) -> usize {
        QUEUE_CAPACITY - self.queue.capacity()
    }

    /// Waits until everything submitted before is on disk or set aside, or the writer is gone.
    pub async fn flush(&self) {
        let (done, waits) = oneshot::channel();
        if self.queue.send(Item::Flush(done)).await.is_ok() {
            // An error means the writer is gone, and with it the wait.
            waits.await.ok();
        }
    }

    /// Health, and news of it.
    pub fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.clone()
    }
}
