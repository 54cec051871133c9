//! SIGTERM, SIGINT and SIGHUP.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for the next SIGTERM or SIGINT. Where they cannot be watched it waits for ever, and
/// the operating system's own way of ending the process remains.
pub(super) async fn wait() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Waits for the next SIGHUP, which asks for a reload.
pub(super) async fn wait_for_hangup() {
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => drop(hangup.recv().await),
        Err(_) => std::future::pending().await,
    }
}
