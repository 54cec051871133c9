//! Notices: their texts and rules as files, and the turns of outbox and rosters beside the driver.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::duty::Told;
use crate::config;
use crate::io::assets;
use crate::io::clock::Clock;
use crate::io::https::trusted;
use crate::io::notices::Notices;
use crate::io::rosters::{Present, Rosters};
use crate::io::web::{ControlHandle, LiveReader};
use crate::notice::{EventNotice, Masks, Settings, Templates};

/// A turn at least so often: whatever is queued in a transaction wakes nobody.
const AT_LEAST: Duration = Duration::from_secs(3);
/// Between turns while more waits, so that others get at the database.
const BREATH: Duration = Duration::from_millis(50);
/// After a turn that the database did not take.
const AGAIN: Duration = Duration::from_secs(10);

/// Files that hold rules; all others hold texts.
const MASKS: &str = "masks.toml";
const EVENTS: &str = "events.toml";
const DEPARTMENTS: &str = "departments.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    #[serde(default)]
    event: Vec<EventNotice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Departments {
    #[serde(default)]
    department: BTreeMap<String, String>,
}

/// What the configuration says, with texts and rules read: embedded ones, under those of the
/// folder.
///
/// # Errors
/// A sentence with the file: what cannot be read or used.
pub fn settings(config: &config::Settings) -> Result<Settings, String> {
    let folder: Option<&Path> = config.notices_folder.as_deref();
    let files = assets::layered("notices/", folder, ".toml").map_err(|e| {
        let folder = folder.unwrap_or(Path::new("")).display();
        format!("notices.folder: {folder} cannot be read: {e}")
    })?;
    let mut settings = config.notices.clone();
    if let Some(path) = &config.notices_authorities {
        let bad = |why: String| format!("notices.authorities: {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
        trusted(&text).map_err(bad)?;
        settings.authorities = text;
    }
    settings.public_url = config.api.public_url.clone().unwrap_or_default();
    let mut templates = Templates::default();
    for (name, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        match name.as_str() {
            MASKS => settings.masks = parsed::<Masks>(name, &text)?,
            EVENTS => settings.events = parsed::<Events>(name, &text)?.event,
            DEPARTMENTS => {
                let mut all = parsed::<Departments>(name, &text)?.department;
                all.append(&mut settings.departments);
                settings.departments = all;
            }
            name => {
                templates.add(name, &text).map_err(|e| e.to_string())?;
                if folder.is_some_and(|folder| folder.join(name).is_file()) {
                    templates.note_own(name);
                }
            }
        }
    }
    settings.templates = templates;
    Ok(settings)
}

fn parsed<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|e| format!("notices/{name}: {}", e.to_string().trim()))
}

/// Runs turns until `stop`.
pub(super) fn spawn(
    notices: Notices,
    rosters: Rosters,
    control: ControlHandle,
    live: LiveReader,
    clock: Clock,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = run(&notices, &rosters, (&control, &live), &clock) => {}
        }
    })
}

async fn run(
    notices: &Notices,
    rosters: &Rosters,
    (control, live): (&ControlHandle, &LiveReader),
    clock: &Clock,
) {
    let (mut told, mut present) = (Told::default(), Present::default());
    loop {
        let snapshot = live.borrow().clone();
        if let Err(error) = present.tell(rosters, &snapshot).await {
            tracing::error!(%error, "who is there was not told to the rosters; it is tried again");
        }
        if let Err(error) = rosters.turn(clock.now().utc).await {
            tracing::error!(%error, "the rosters' turn was not done; it is tried again");
        }
        told.tell(rosters, control, clock.now().utc).await;
        let wait = match notices.turn(clock.now().utc).await {
            Ok(turn) if turn.more => BREATH,
            Ok(_) => AT_LEAST,
            Err(error) => {
                tracing::error!(%error, "the outbox's turn was not done; it is tried again");
                AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = notices.woken() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, folder: &Path) -> Result<Settings, String> {
        let source = config::Source { text, origin: "test", folder };
        let loaded = config::load(source, &config::Environment::new(), &|_| Ok(String::new()));
        settings(&loaded.map_err(|e| format!("{e:?}"))?.settings)
    }

    #[test]
    fn the_shipped_texts_and_rules_are_read() {
        let settings = load("", Path::new("/nowhere")).unwrap();
        for topic in
            ["*", "callback.done", "callback.table", "roster.missing", "notice.test", "customer.message"]
        {
            assert!(settings.templates.has(topic), "{topic}");
        }
        assert!(settings.templates.all().all(|template| !template.is_own && !template.file.is_empty()));
        assert!(!settings.masks.of("hospital").share && settings.masks.of("furniture_mall").phones);
        assert_eq!(settings.events.iter().filter(|e| e.pack == "real_estate").count(), 2);
        assert_eq!(settings.departments["xian_decoration/concealed"], "工程部");
    }

    #[test]
    fn a_folder_is_laid_over_them_and_a_bad_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let config =
            "[notices]\nfolder = \".\"\n[notices.departments]\n\"xian_decoration/concealed\" = \"质检部\"\n";
        std::fs::write(folder.path().join("masks.toml"), "phones = []\n").unwrap();
        let settings = load(config, folder.path()).unwrap();
        assert!(settings.masks.of("hospital").share, "the file takes the place of the shipped one");
        assert_eq!(settings.departments["xian_decoration/concealed"], "质检部");
        let own = "[topic.\"x\"]\nzh-CN = { title = \"甲\", text = \"乙\" }\nen = { title = \"A\", text = \"B\" }\n";
        std::fs::write(folder.path().join("mine.toml"), own).unwrap();
        let settings = load(config, folder.path()).unwrap();
        let own: Vec<_> = settings.templates.all().filter(|template| template.is_own).collect();
        assert_eq!((own.len(), own[0].topic, own[0].file), (1, "x", "mine.toml"));
        std::fs::write(folder.path().join("mine.toml"), "[topic.\"x\"]\nen = 1\n").unwrap();
        let refused = load(config, folder.path()).unwrap_err();
        assert!(refused.contains("notices/mine.toml"), "{refused}");
    }
}
