//! What a changed file means for a running daemon.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::lower::{Lowering, ReadSecret};
use super::{Loaded, Raw, Settings};

/// Keys that hold sockets, the database, folders or threads: they are taken over by a
/// restart alone. A section by itself stands for all its keys.
pub(super) const FIXED: &[&str] = &[
    "data",
    "database",
    "sip.udp",
    "sip.tcp",
    "sip.tls",
    "rtp.address",
    "rtp.port_min",
    "rtp.port_max",
    "rtp.workers",
    "rtp.io_uring",
    "recording.threads",
    "api.listen",
    "api.socket",
    "intake",
    "log.format",
];

/// What a changed section needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Taken over by the running daemon.
    Applied,
    /// Only a restart takes it over.
    NeedsRestart,
}

/// What changed in one section of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The section: `sip`, `trunk`.
    pub section: String,
    /// What becomes of it.
    pub effect: Effect,
    /// Keys, or for trunks their names; never a value, for it may be a secret.
    pub detail: String,
}

/// Sections that differ, with what they need: first what is applied. Secrets are compared
/// too, also where they stand in files of their own.
pub fn diff(old: &Loaded, new: &Loaded) -> Vec<Change> {
    let (a, b) = (table(&old.raw), table(&new.raw));
    let mut keys: BTreeMap<(Effect, &str), Vec<String>> = BTreeMap::new();
    for section in b.keys().chain(a.keys().filter(|k| !b.contains_key(*k))) {
        if section == "trunk" || a.get(section) == b.get(section) {
            continue;
        }
        for key in changed_keys(a.get(section), b.get(section)) {
            let effect = if is_fixed(section, &key) { Effect::NeedsRestart } else { Effect::Applied };
            keys.entry((effect, section.as_str())).or_default().push(key);
        }
    }
    let secrets = |loaded: &Loaded| loaded.settings.agents.registrar.users.clone();
    if a.get("agent") == b.get("agent") && secrets(old) != secrets(new) {
        keys.entry((Effect::Applied, "agent")).or_default().push("secrets in files of their own".into());
    }
    if old.settings.database != new.settings.database {
        keys.entry((Effect::NeedsRestart, "database")).or_insert_with(|| vec!["url".into()]);
    }
    let change = |((effect, section), keys): ((Effect, &str), Vec<String>)| Change {
        section: section.to_owned(),
        effect,
        detail: keys.join(", "),
    };
    let trunks =
        trunks(old, new).map(|detail| Change { section: "trunk".into(), effect: Effect::Applied, detail });
    let mut changes: Vec<Change> = trunks.into_iter().chain(keys.into_iter().map(change)).collect();
    changes.sort_by(|x, y| (x.effect, &x.section).cmp(&(y.effect, &y.section)));
    changes
}

/// The settings for a daemon that runs on `running` and is given `new`: everything of `new`
/// but the keys that only a restart takes over. Also gives the configuration that is then
/// in force, for the next [`diff`].
///
/// # Errors
/// A sentence, where old and new do not fit together, such as a new secret file that has
/// gone since it was read.
pub fn merge(
    running: &Loaded,
    new: &Loaded,
    folder: &std::path::Path,
    read: ReadSecret<'_>,
) -> Result<Loaded, String> {
    let (old, mut merged) = (table(&running.raw), table(&new.raw));
    for fixed in FIXED {
        match fixed.split_once('.') {
            None => put(&mut merged, fixed, old.get(*fixed)),
            Some((section, key)) => {
                let was = old.get(section).and_then(|s| s.get(key));
                if let Some(Value::Table(section)) = merged.get_mut(section) {
                    put(section, key, was);
                }
            }
        }
    }
    let raw: Raw = merged.try_into().map_err(|e: toml::de::Error| e.to_string())?;
    let mut lowering = Lowering { folder, read, mistakes: Vec::new(), warnings: Vec::new() };
    let mut settings: Settings = lowering.settings(&raw);
    if let Some(mistake) = lowering.mistakes.first() {
        let (key, problem) = (&mistake.key, &mistake.problem);
        return Err(format!("{key}: {problem} (together with what only a restart changes)"));
    }
    settings.database = running.settings.database.clone();
    let (warnings, origin) = (new.warnings.clone(), new.origin.clone());
    Ok(Loaded { settings, raw, warnings, origin })
}

fn put(table: &mut Table, key: &str, value: Option<&Value>) {
    match value {
        Some(value) => drop(table.insert(key.to_owned(), value.clone())),
        None => drop(table.remove(key)),
    }
}

fn table(raw: &Raw) -> Table {
    Table::try_from(raw).unwrap_or_default()
}

fn is_fixed(section: &str, key: &str) -> bool {
    FIXED.iter().any(|fixed| match fixed.split_once('.') {
        None => *fixed == section,
        Some((s, k)) => s == section && k == key,
    })
}

/// Names of the keys that differ between two sections; none for a section that is a list.
fn changed_keys(a: Option<&Value>, b: Option<&Value>) -> Vec<String> {
    let empty = Table::new();
    match (a, b) {
        (Some(Value::Table(a)), Some(Value::Table(b))) => differing(a, b),
        (None, Some(Value::Table(b))) => differing(&empty, b),
        (Some(Value::Table(a)), None) => differing(a, &empty),
        (a, b) => {
            let count = |v: Option<&Value>| v.and_then(Value::as_array).map_or(0, Vec::len);
            vec![format!("{} rules, {} before", count(b), count(a))]
        }
    }
}

fn differing(a: &Table, b: &Table) -> Vec<String> {
    let mut keys: Vec<String> =
        a.keys().chain(b.keys()).filter(|k| a.get(*k) != b.get(*k)).cloned().collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Trunks by name: which came, which went, and which keys of the others changed.
fn trunks(old: &Loaded, new: &Loaded) -> Option<String> {
    let named = |loaded: &Loaded| -> BTreeMap<String, (Table, crate::engine::TrunkSettings)> {
        let raw = loaded.raw.trunk.iter().zip(&loaded.settings.trunks);
        raw.map(|(t, s)| (t.name.clone(), (Table::try_from(t).unwrap_or_default(), s.clone()))).collect()
    };
    let (a, b) = (named(old), named(new));
    let mut said = Vec::new();
    for (name, (raw, settings)) in &b {
        match a.get(name) {
            None => said.push(format!("{name} added")),
            Some((was, _)) if was != raw => {
                said.push(format!("{name} changed ({})", differing(was, raw).join(", ")));
            }
            // A default of another section, or a secret in a file of its own.
            Some((_, was)) if was != settings => said.push(format!("{name} changed")),
            Some(_) => {}
        }
    }
    said.extend(a.keys().filter(|name| !b.contains_key(*name)).map(|name| format!("{name} removed")));
    (!said.is_empty()).then(|| said.join("; "))
}
