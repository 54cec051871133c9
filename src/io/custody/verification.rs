//! A verification that somebody asked the daemon for: one at a time, with its progress.

use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use super::{Custody, Order, Progress, Verified, published, verify};
use crate::base::Timestamp;

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CustodyVerification)]
pub struct Verification {
    /// Who asked.
    pub by: String,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// How far it has come.
    pub progress: Progress,
    /// What came of it; null: it runs.
    pub result: Option<Verified>,
    /// Why nothing came of it; empty: something did, or it runs.
    pub failed: String,
}

impl Custody {
    /// The verification that runs, or the last one.
    pub fn verification(&self) -> Option<Verification> {
        self.parts.verification.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins one; false: one is running. Roots are compared with the daemon's own files too.
    pub fn begin_verification(&self, mut order: Order, by: &str, now: Timestamp) -> bool {
        {
            let mut standing = self.parts.verification.lock().unwrap_or_else(PoisonError::into_inner);
            if standing.as_ref().is_some_and(|one| one.result.is_none() && one.failed.is_empty()) {
                return false;
            }
            *standing =
                Some(Verification { by: by.to_owned(), started_at: now.0, ..Verification::default() });
        }
        let custody = self.clone();
        tokio::spawn(async move {
            let parts = &custody.parts;
            let change = |change: &dyn Fn(&mut Verification)| {
                let mut standing = parts.verification.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(one) = standing.as_mut() {
                    change(one);
                }
            };
            let tell = |progress: &Progress| change(&|one| one.progress = progress.clone());
            let result = match published(&parts.roots) {
                Ok(roots) => {
                    order.published.extend(roots);
                    verify(&parts.store, &custody.calendar(), &parts.folder, &order, &tell).await
                }
                Err(error) => Err(error),
            };
            change(&|one| match &result {
                Ok(verified) => one.result = Some(verified.clone()),
                Err(error) => one.failed = error.to_string(),
            });
            if let Err(error) = &result {
                tracing::error!(%error, "the chain could not be verified");
            }
        });
        true
    }
}
