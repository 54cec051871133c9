//! The turns of the keeper beside the driver.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::base::Timestamp;
use crate::config;
use crate::io::vault::{Access, Keeper, KeepingRules, KeyRing, Settings};
use crate::io::web::Batch;

/// A call's record is there by then.
const REPORTED: Duration = Duration::from_secs(4);
/// What comes in at once is looked at once.
const GATHER: Duration = Duration::from_secs(1);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(60);
/// A turn at least so often: the daily run is to begin within its hours.
const AT_LEAST: Duration = Duration::from_secs(600);
/// Between turns while more waits, so that others get at the disk.
const BREATH: Duration = Duration::from_millis(200);

/// How recordings are stored, and how long.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// For the vault.
    pub vault: Settings,
    /// For the keeper.
    pub rules: KeepingRules,
}

/// What the configuration tells vault and keeper; the key file is read.
///
/// # Errors
/// A sentence: what is wrong with the key file or the archive.
pub(super) fn settings(config: &config::Settings) -> Result<Keeping, String> {
    let keeping = &config.keeping;
    let ring = match &keeping.key_file {
        Some(path) => KeyRing::read(path).map_err(|error| format!("encryption.key_file: {error}"))?,
        None => KeyRing::default(),
    };
    let archive = match keeping.archive.strip_prefix("file://") {
        Some(folder) => folder_place(Path::new(folder))?,
        None => keeping.archive.clone(),
    };
    let access = Access {
        endpoint: keeping.endpoint.clone(),
        region: keeping.region.clone(),
        access_key_id: keeping.access_key_id.clone(),
        secret_access_key: keeping.secret_access_key.clone(),
    };
    let rules = KeepingRules {
        retention: keeping.retention.clone(),
        hours: keeping.hours.clone(),
        bytes_per_second: keeping.bytes_per_second,
    };
    Ok(Keeping { vault: Settings { ring, archive, access }, rules })
}

/// A folder as rows name it: the same wherever the program is started.
fn folder_place(folder: &Path) -> Result<String, String> {
    let whole = std::path::absolute(folder).map_err(|e| format!("archive.to: {}: {e}", folder.display()))?;
    Ok(format!("file://{}", whole.display()))
}

impl Owes for Keeper {
    const WHO: &'static str = "keeper";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        Keeper::turn(self, now).await.map(|turn| Turned { more: turn.more, next: turn.next })
    }

    async fn woken(&self) {
        std::future::pending::<()>().await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        let Batch::Events(events) = batch else { return Some(GATHER) };
        events.iter().any(is_end_of_call).then_some(REPORTED)
    }
}
