//! What the configuration tells a keeper, and the bell that wakes it.

use std::sync::{PoisonError, RwLock};

use tokio::sync::Notify;

/// Settings that may be exchanged while they are used; whoever waits hears of it.
#[derive(Debug, Default)]
pub struct Told<T> {
    value: RwLock<T>,
    bell: Notify,
}

impl<T: Clone> Told<T> {
    /// What is told at the start; nobody is woken.
    pub fn new(value: T) -> Told<T> {
        Told { value: RwLock::new(value), bell: Notify::new() }
    }

    /// What holds at this moment.
    pub fn get(&self) -> T {
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another value, and a ring.
    pub fn set(&self, value: T) {
        *self.value.write().unwrap_or_else(PoisonError::into_inner) = value;
        self.ring();
    }

    /// Something happened: whoever waits looks at once, and whoever does not, the next time.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits for a ring.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }
}
