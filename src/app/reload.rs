//! Reading the configuration again without dropping a call.

use super::driver::Driver;
use crate::io::web::{Done, Refused, ReloadedSection};

impl Driver {
    /// Scripts and prompts are read anew; running calls keep theirs. What needs a restart
    /// is said so. A bad file keeps the old.
    pub(super) fn reload(&mut self, by: &str) -> Result<Done, Refused> {
        tracing::info!(by, "reload");
        let outside = self.parts.outside.clone();
        tokio::spawn(async move { outside.reload().await });
        Ok(Done::Reloaded(vec![ReloadedSection {
            section: "scripts and prompts".into(),
            result: "applied".into(),
            detail: "read again; running calls keep what they began with".into(),
        }]))
    }
}
