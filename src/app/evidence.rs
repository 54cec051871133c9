//! Scorecard files, and the turns of the examiner and the transcriber beside the driver.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::base::Timestamp;
use crate::config;
use crate::evidence::Scorecards;
use crate::io::assets;
use crate::io::evidence::{Examiner, Settings, Transcriber};
use crate::io::web::Batch;

/// A call's record, and what the desk of tickets makes of it, are there by then.
const REPORTED: Duration = Duration::from_secs(4);
/// What comes in at once is looked at once.
const GATHER: Duration = Duration::from_millis(200);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(10);
/// A turn at least so often.
const AT_LEAST: Duration = Duration::from_secs(60);
/// Between turns while more waits, so that others get at the database.
const BREATH: Duration = Duration::from_millis(50);
/// Folder of scorecards below the one of the policies.
pub(super) const FOLDER: &str = "scorecards";

/// Scorecards, and what could not be used of them.
#[derive(Debug, Default)]
pub struct LoadedScorecards {
    /// What can be used.
    pub cards: Scorecards,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

/// Reads every scorecard: the embedded ones, overridden by those in the folder `scorecards` below
/// that of the policies.
///
/// # Errors
/// A folder that cannot be read.
pub fn load(settings: &config::Policy) -> std::io::Result<LoadedScorecards> {
    let mut loaded = LoadedScorecards::default();
    for (place, text) in assets::written(FOLDER, settings.folder.as_deref())? {
        if let Err(error) = loaded.cards.add(&place, &text) {
            loaded.problems.push(error.to_string());
        }
    }
    Ok(loaded)
}

/// What the configuration tells the examiner.
///
/// # Errors
/// A sentence: what cannot be read.
pub(super) fn settings(config: &config::Settings) -> Result<Settings, String> {
    let loaded = load(&config.policy).map_err(|e| format!("scorecards cannot be read: {e}"))?;
    for problem in &loaded.problems {
        tracing::error!(problem, "a scorecard cannot be used");
    }
    Ok(Settings {
        cards: Arc::new(loaded.cards),
        transcribe: config.evidence.transcribe_command.clone(),
        transcribe_limit: config.evidence.transcribe_limit.0,
    })
}

impl Owes for Examiner {
    const WHO: &'static str = "examiner";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        Examiner::turn(self, now).await.map(|turn| Turned { more: turn.more, next: turn.next })
    }

    async fn woken(&self) {
        Examiner::woken(self).await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        let Batch::Events(events) = batch else { return Some(GATHER) };
        events.iter().any(is_end_of_call).then_some(REPORTED)
    }
}

impl Owes for Transcriber {
    const WHO: &'static str = "transcriber";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        Transcriber::turn(self, now).await.map(|turn| Turned { more: turn.more, next: turn.next })
    }

    /// Its calls are looked for at its own pace: a transcript takes longer than that.
    async fn woken(&self) {
        std::future::pending::<()>().await;
    }

    fn woken_by(_: &Batch) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eti_21_a_changed_phrase_file_has_another_version_and_a_bad_one_says_where() {
        let shipped = load(&config::Policy::default()).unwrap();
        assert_eq!(shipped.problems, Vec::<String>::new());
        let (card, version) = shipped.cards.of("furniture_mall").unwrap();
        assert!(
            card.phrase.contains_key("hotline_greeting") && card.phrase.contains_key("closing"),
            "{card:?}"
        );
        assert_eq!(shipped.cards.of("nobody").unwrap().0.pack, "default");
        let folder = tempfile::tempdir().unwrap();
        let policy = config::Policy { folder: Some(folder.path().into()), ..config::Policy::default() };
        std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let put =
            |file: &str, text: &str| std::fs::write(folder.path().join(FOLDER).join(file), text).unwrap();
        put(
            "furniture-mall.toml",
            "pack = \"furniture_mall\"\ntitle = \"x\"\n[phrase.do_not_know]\nany = [\"不清楚\"]\n",
        );
        put("broken.toml", "pack = \"b\"\ntitle = \"b\"\n[limit.hold_s]\nabove = { warn = 9, fail = 3 }\n");
        put(
            "vague.toml",
            "pack = \"c\"\ntitle = \"c\"\n[phrase.x]\ntitle = \"x\"\nkind = \"bonus\"\nany = [\"。\"]\n",
        );
        let own = load(&policy).unwrap();
        let (changed, other) = own.cards.of("furniture_mall").unwrap();
        assert_eq!(changed.phrase["do_not_know"].any, ["不清楚"]);
        assert_eq!(
            changed.phrase["do_not_know"].source, "P24, ETI-07, K2",
            "what it does not say is the default's"
        );
        assert_ne!(version, other);
        let all = own.problems.join("\n");
        assert!(all.contains("scorecards/broken.toml:3:"), "{all}");
        assert!(all.contains("limit.hold_s: a graver step"), "{all}");
        assert!(all.contains("phrase.x: a phrase without a letter"), "{all}");
    }
}
