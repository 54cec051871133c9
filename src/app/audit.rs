//! Audit forms, and the turns of the audit office beside the driver.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned};
use crate::audit::Forms;
use crate::base::Timestamp;
use crate::config;
use crate::io::assets;
use crate::io::audit::{AuditOffice, Settings};
use crate::io::web::Batch;

/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(60);
/// A turn at least so often: a month is over once.
const AT_LEAST: Duration = Duration::from_secs(3_600);
/// Nothing waits for it.
const BREATH: Duration = Duration::from_secs(1);
/// Folder of forms below the one of the policies.
pub(super) const FOLDER: &str = "audit";

/// Forms, and what could not be used of them.
#[derive(Debug, Default)]
pub struct LoadedForms {
    /// What can be used.
    pub forms: Forms,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

/// Reads every audit form: the embedded ones, overridden by those in the folder `audit` below that of the
/// policies.
///
/// # Errors
/// A folder that cannot be read.
pub fn load(settings: &config::Policy) -> std::io::Result<LoadedForms> {
    let mut loaded = LoadedForms::default();
    for (place, text) in assets::written(FOLDER, settings.folder.as_deref())? {
        if let Err(mistake) = loaded.forms.add(&place, &text) {
            loaded.problems.push(mistake.to_string());
        }
    }
    Ok(loaded)
}

/// What the configuration tells the audit office.
///
/// # Errors
/// A sentence: what cannot be read.
pub(super) fn settings(config: &config::Settings) -> Result<Settings, String> {
    let loaded = load(&config.policy).map_err(|e| format!("audit forms cannot be read: {e}"))?;
    for problem in &loaded.problems {
        tracing::error!(problem, "an audit form cannot be used");
    }
    Ok(Settings { forms: Arc::new(loaded.forms) })
}

impl Owes for AuditOffice {
    const WHO: &'static str = "audit office";
    const PACE: Pace = Pace { gather: BREATH, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        let turn = AuditOffice::turn(self, now).await;
        if let Ok(turn) = &turn
            && let Some(draw) = turn.frozen
        {
            tracing::info!(draw, "the calls of the month are frozen; the draw waits for its seed");
        }
        turn.map(|turn| Turned { more: false, next: turn.next })
    }

    async fn woken(&self) {
        std::future::pending::<()>().await;
    }

    fn woken_by(_: &Batch) -> Option<Duration> {
        None
    }
}
