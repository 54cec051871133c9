//! Where facts come in: the packs in force, the desk, the watched folder.

use std::sync::Arc;

use super::daemon::Settings;
use crate::io::clock;
use crate::io::intake::{self, Desk, Packs};
use crate::io::planner::{self, Planner};
use crate::io::store::Store;
use crate::io::web::Shared;
use crate::policy::pack::Pack;

/// The desk over the packs in force; whoever is owed something new is planned at once.
pub(super) async fn desk(store: &Store, planner: &Planner) -> Desk {
    match store.stop_unfinished_intakes().await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "intakes were cut off: bring their files in again, or undo them"),
        Err(error) => tracing::error!(%error, "unfinished intakes could not be looked for"),
    }
    let packs = Packs::new(packs(&planner.settings()));
    let planner = planner.clone();
    Desk::new(
        store.clone(),
        packs,
        Arc::new(move |customers| {
            tracing::debug!(customers = customers.len(), "something new is known of customers");
            planner.wake();
        }),
    )
}

/// The packs that are in force now.
pub(super) fn packs(planner: &planner::Settings) -> Vec<Pack> {
    let today = planner.calendar.date(clock::utc());
    planner.policies.all_in_force(today).map(|policy| policy.pack.clone()).collect()
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
