//! Where facts come in: the packs in force, the desk, the watched folder.

use std::path::Path;
use std::sync::Arc;

use super::daemon::Settings;
use crate::io::intake::{self, Desk, Packs};
use crate::io::store::Store;
use crate::io::web::Shared;
use crate::policy::pack::Pack;

/// Folder of policy packs, beside which the daemon is started.
const POLICIES: &str = "config/policies";

/// The desk over the packs that can be read; what cannot is said so.
pub(super) async fn desk(store: &Store) -> Desk {
    match store.stop_unfinished_intakes().await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "intakes were cut off: bring their files in again, or undo them"),
        Err(error) => tracing::error!(%error, "unfinished intakes could not be looked for"),
    }
    let packs = Packs::new(packs(Path::new(POLICIES)));
    Desk::new(
        store.clone(),
        packs,
        Arc::new(|customers| {
            tracing::debug!(customers = customers.len(), "something new is known of customers");
        }),
    )
}

fn packs(folder: &Path) -> Vec<Pack> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in
        entries.flatten().map(|entry| entry.path()).filter(|p| p.extension().is_some_and(|e| e == "toml"))
    {
        let read = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        match read.and_then(|text| toml::from_str::<Pack>(&text).map_err(|e| e.to_string())) {
            Ok(pack) => found.push(pack),
            Err(error) => tracing::error!(path = %path.display(), error, "a policy pack cannot be used"),
        }
    }
    found
}

/// Watches the intake folder, if there is one.
pub(super) fn watch(settings: &Settings, api: &Shared) {
    let Some(folder) = settings.intake_folder.clone() else { return };
    let (shared, desk, stop) = (api.clone(), api.desk().clone(), api.parts.stop.clone());
    tracing::info!(folder = %folder.display(), "files of this folder come in by themselves");
    tokio::spawn(async move {
        intake::watch(desk, folder, move || intake::settings(&shared.import(), shared.now()), stop).await;
    });
}
