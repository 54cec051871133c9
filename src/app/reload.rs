//! Reading the configuration again without dropping a call.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::driver::Driver;
use crate::io::web::{Done, Refused, ReloadedSection};

/// Reads the file anew: what became of each section that changed, or every mistake of a
/// bad file, in words.
pub type Reread = Arc<dyn Fn() -> Result<Vec<ReloadedSection>, String> + Send + Sync>;

impl Driver {
    /// Scripts and prompts are read anew; running calls keep theirs. What needs a restart
    /// is said so. A bad file keeps the old, and so does a bad script or prompt.
    pub(super) fn reload(&mut self, by: &str, reply: oneshot::Sender<Result<Done, Refused>>) {
        tracing::info!(by, "reload");
        let (outside, reread) = (self.parts.outside.clone(), self.parts.reread.clone());
        tokio::spawn(async move {
            let read = match reread {
                Some(reread) => tokio::task::spawn_blocking(move || reread()).await,
                None => Ok(Ok(Vec::new())),
            };
            let answer = match read {
                Ok(Ok(mut sections)) => {
                    outside.reload().await;
                    sections.push(ReloadedSection {
                        section: "scripts and prompts".into(),
                        result: "applied".into(),
                        detail: "read again; running calls keep what they began with".into(),
                    });
                    Ok(Done::Reloaded(sections))
                }
                Ok(Err(mistakes)) => {
                    Err(Refused::Invalid(format!("the old configuration stays: {mistakes}")))
                }
                Err(error) => Err(Refused::Unavailable(format!("the reload was cut off: {error}"))),
            };
            // Who asked may have gone away.
            reply.send(answer).ok();
        });
    }
}
