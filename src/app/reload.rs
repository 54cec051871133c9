//! Reading the configuration again without dropping a call.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Settings;
use super::driver::{Driver, Report};
use super::library;
use super::outside::Outside;
use crate::io::certificate::Certificate;
use crate::io::signal::Identity;
use crate::io::web::{Done, Refused, ReloadedSection};

/// What reading the configuration anew brought: nothing of it can fail any more.
pub struct Fresh {
    /// What is in force from here on; what only a restart changes is as it was.
    pub settings: Settings,
    /// Scripts and prompts.
    pub library: library::Loaded,
    /// Directives for the filter of the log.
    pub log_level: String,
    /// Whether the log shows whole numbers.
    pub log_unmask: bool,
    /// What TLS shows and trusts.
    pub identity: Identity,
    /// The files it was read from.
    pub certificates: Vec<Certificate>,
    /// What became of each section that changed.
    pub sections: Vec<ReloadedSection>,
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fresh").field("sections", &self.sections).finish_non_exhaustive()
    }
}

/// Reads the file anew; a bad file gives every mistake, in words.
pub type Reread = Arc<dyn Fn() -> Result<Fresh, String> + Send + Sync>;

type Reply = oneshot::Sender<Result<Done, Refused>>;

impl Driver {
    /// Everything that can be taken over at run time is; running calls keep what they began
    /// with. What needs a restart is said so. A bad file keeps the old, and so does a bad
    /// script or prompt.
    pub(super) fn reload(&mut self, by: &str, reply: Option<Reply>) {
        tracing::info!(by, "reload");
        if let Ok(planner) = self.parts.api.planner() {
            planner.reloaded_by(by);
        }
        let (outside, reread) = (self.parts.outside.clone(), self.parts.reread.clone());
        tokio::spawn(async move {
            let reloading = outside.reloading.clone();
            let _alone = reloading.lock().await;
            let answer = match reread {
                Some(reread) => read(&outside, reread).await,
                None => {
                    outside.reload().await;
                    Ok(vec![library_section()])
                }
            };
            match &answer {
                Ok(sections) => {
                    for ReloadedSection { section, result, detail } in sections {
                        tracing::info!(section, result, detail, "reloaded");
                    }
                }
                Err(error) => tracing::error!(%error, "not reloaded"),
            }
            if let Some(reply) = reply {
                // Who asked may have gone away.
                reply.send(answer.map(Done::Reloaded)).ok();
            }
        });
    }

    /// SIGHUP: the log is the answer.
    pub(super) fn reload_by_signal(&mut self) {
        self.reload("SIGHUP", None);
    }

    /// Takes over what was read.
    pub(super) fn take_settings(&mut self, fresh: Fresh) {
        let Fresh { settings, library, log_level, log_unmask, identity, certificates, sections: _ } = fresh;
        super::log::set_level(&log_level);
        super::log::set_unmask(log_unmask);
        let now = self.now();
        let parts = &mut self.parts;
        parts.signal.set_identity(identity);
        parts.certificates.watch(now.mono, certificates);
        parts.grace = settings.grace;
        parts.outside.tts = settings.tts;
        parts.outside.folders = settings.folders;
        parts.outside.fallback = settings.fallback_language;
        parts.recorder.set_free_marks(settings.recorder.free_floor, settings.recorder.free_resume);
        parts.api.set_rate(settings.rate);
        parts.api.set_access(settings.access);
        parts.api.set_import(settings.import);
        parts.api.desk().packs().set(super::facts::packs(&settings.planner));
        if let Ok(planner) = parts.api.planner() {
            planner.set_settings(settings.planner);
        }
        if let Ok(notices) = parts.api.notices() {
            notices.set_settings(settings.notices);
        }
        if let Ok(rosters) = parts.api.rosters() {
            rosters.set_settings(settings.rosters);
        }
        if let Ok(tickets) = parts.api.tickets() {
            tickets.set_settings(settings.tickets);
        }
        if let Ok(books) = parts.api.books() {
            books.set_settings(settings.books);
        }
        if let Ok(examiner) = parts.api.examiner() {
            examiner.set_settings(settings.evidence);
        }
        if let Ok(audits) = parts.api.audits() {
            audits.set_settings(settings.audit);
        }
        if let Ok(canaries) = parts.api.canaries() {
            canaries.set_settings(super::canary::settings(&settings.engine));
        }
        if let Ok(custody) = parts.api.custody() {
            custody.set_settings(settings.custody);
        }
        parts.api.vault().set_settings(settings.keeping.vault);
        if let Ok(keeper) = parts.api.keeper() {
            keeper.set_rules(settings.keeping.rules);
        }
        self.take_library(library);
        self.parts.engine.handle_settings(now, settings.engine);
    }

    /// Scripts and prompts; running calls keep theirs.
    pub(super) fn take_library(&mut self, loaded: library::Loaded) {
        loaded.tell_problems();
        self.parts.catalogue.send_replace(Arc::new(super::catalogue::of(&loaded.library)));
        self.parts.engine.set_library(loaded.library);
        self.changed = true;
    }
}

/// Reads outside the loop, hands over to the loop, and waits until it is done.
async fn read(outside: &Outside, reread: Reread) -> Result<Vec<ReloadedSection>, Refused> {
    let gone = || Refused::Unavailable("the daemon is stopping".into());
    let fresh = tokio::task::spawn_blocking(move || reread())
        .await
        .map_err(|error| Refused::Unavailable(format!("the reload was cut off: {error}")))?
        .map_err(|mistakes| Refused::Invalid(format!("the old configuration stays: {mistakes}")))?;
    let mut sections = fresh.sections.clone();
    sections.push(library_section());
    let (done, wait) = oneshot::channel();
    outside.reports.send(Report::Fresh(Box::new(fresh), done)).await.map_err(|_| gone())?;
    wait.await.map_err(|_| gone())?;
    Ok(sections)
}

fn library_section() -> ReloadedSection {
    ReloadedSection {
        section: "scripts and prompts".into(),
        result: "applied".into(),
        detail: "read again; running calls keep what they began with".into(),
    }
}
