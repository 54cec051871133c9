//! Callback policies and the calendar: embedded ones, overridden by the folder and the file of
//! the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::library;
use crate::calendar::Calendar;
use crate::config;
use crate::io::assets;
use crate::io::cli::Shelf;
use crate::io::clock;
use crate::ivr;
use crate::policy::pack::{Policies, Policy};

/// The embedded calendar.
const CALENDAR: &str = "calendar/cn.toml";

/// Policies, and what could not be used of them: one bad file never blocks the others.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What can be used.
    pub policies: Policies,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

/// Reads every policy. A folder that does not exist is a mistake: nobody names one in vain.
///
/// # Errors
/// A folder that cannot be read.
pub fn load(settings: &config::Policy) -> std::io::Result<Loaded> {
    let mut loaded = Loaded::default();
    let folder = settings.folder.as_deref();
    for (file, bytes) in assets::layered("policies/", folder, ".toml")? {
        // Ticket files, scorecards, audit forms and roles lie beside the policies.
        if ["tickets/", "scorecards/", "audit/", "roles/"].iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        match Policy::parse(&file, &String::from_utf8_lossy(&bytes)) {
            Ok(policy) => {
                if let Err(problem) = loaded.policies.add(policy) {
                    loaded.problems.push(problem);
                }
            }
            Err(error) => loaded.problems.push(error.to_string()),
        }
    }
    Ok(loaded)
}

/// Reads the calendar.
///
/// # Errors
/// A sentence: the file cannot be read, or is no calendar.
pub fn calendar(settings: &config::Policy) -> Result<Arc<Calendar>, String> {
    let (name, text) = match &settings.calendar {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            (path.display().to_string(), text)
        }
        None => {
            let bytes = assets::read(CALENDAR).unwrap_or_default();
            (CALENDAR.to_owned(), String::from_utf8_lossy(&bytes).into_owned())
        }
    };
    Calendar::parse(&text).map(Arc::new).map_err(|error| format!("{name}: {error}"))
}

/// Everything that `ringback policy` and `ringback calendar` look at.
///
/// # Errors
/// A sentence about what cannot be read.
pub fn shelf(settings: &config::Settings) -> Result<Shelf, String> {
    let calendar = calendar(&settings.policy)?;
    let folder = |e: std::io::Error| {
        let folder: PathBuf = settings.policy.folder.clone().unwrap_or_default();
        format!("{} cannot be read: {e}", folder.display())
    };
    let Loaded { policies, mut problems } = load(&settings.policy).map_err(folder)?;
    let tickets = super::tickets::load(&settings.policy).map_err(folder)?;
    problems.extend(tickets.problems.iter().cloned());
    problems.extend(super::evidence::load(&settings.policy).map_err(folder)?.problems);
    problems.extend(super::audit::load(&settings.policy).map_err(folder)?.problems);
    problems.extend(super::roles::load(&settings.policy).map_err(folder)?.problems);
    let found = library::load(&super::lower::folders(settings), &settings.fallback_language)
        .map_err(|error| format!("scripts and prompts: {error}"))?;
    // A rule whose script is broken is said to have none: the mistake itself stands beside it.
    problems.extend(found.problems);
    let library = found.library;
    let mut scripts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for script in library.scripts.values() {
        let needs = script.languages().iter().flat_map(|language| {
            ivr::needs(script, language, &library.names).into_iter().filter(|need| !need.present)
        });
        scripts.insert(script.name().to_owned(), needs.map(|need| need.prompt).collect());
    }
    let today = calendar.date(clock::utc());
    Ok(Shelf { policies, problems, calendar, tickets: tickets.packs, scripts, today })
}
