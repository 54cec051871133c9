//! Roles as files: `config/roles/<word>.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::permission::{Permission, Span};
use crate::written::{Mistake, Place, nearest};

/// The word that stands for every permission.
const EVERYTHING: &str = "everything";
const HINT: &str = "`ringback roles schema` has every key";

/// The JSON Schema of a role file, for editors (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Written>();
    schema.insert("title".into(), "Role of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// Whose things a role reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What stands under one's own name, or that of one's agent.
    #[default]
    Own,
    /// The same of everybody in the agent's team.
    Team,
    /// One's own, and what concerns one's department.
    Department,
    /// One's own, and everything of one's policy pack.
    Shop,
    /// Everything.
    All,
}

/// A role file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Written {
    /// Title for people, in Chinese. Ticket files and policies name roles by it.
    title: String,
    /// Title for people, in English.
    title_en: String,
    /// Where in the sources it stands; `ours` for what the sources do not have.
    source: String,
    /// Whose things it reaches.
    scope: Scope,
    /// What may be done, within the scope.
    permissions: Vec<String>,
    /// What may be done with the things of everybody, whatever the scope.
    everywhere: Vec<String>,
}

/// What somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name of its file: the word in tokens.
    pub word: String,
    /// Title for people, in Chinese. Ticket files and policies name roles by it.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// Where in the sources it stands; `ours` for what the sources do not have.
    pub source: String,
    /// Whose things it reaches.
    pub scope: Scope,
    /// What may be done, each with whose things.
    pub permissions: BTreeMap<Permission, Scope>,
}

/// All roles, by word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    roles: BTreeMap<String, Arc<Role>>,
}

impl Roles {
    /// Reads the file of a role and keeps it.
    ///
    /// # Errors
    /// The first mistake with its place; nothing is kept then.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Box<Mistake>> {
        let role = read(file, text)?;
        if let Some(other) = self.roles.values().find(|r| r.title == role.title && r.word != role.word) {
            let problem = format!("role `{}` has the title `{}` already", other.word, role.title);
            let place = Place::find_or_start(text, &["title"]);
            return Err(Box::new(Mistake::at(file, place, problem, "a title names one role: write another")));
        }
        self.roles.insert(role.word.clone(), Arc::new(role));
        Ok(())
    }

    /// Every role, by word.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.roles.values()
    }

    /// The role of a word.
    pub fn get(&self, word: &str) -> Option<&Arc<Role>> {
        self.roles.get(word)
    }

    /// Whether one of those words is a role; titles that only sign may stand beside it.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub fn check(&self, words: &[&str]) -> Result<(), (String, String)> {
        if words.iter().any(|word| self.roles.contains_key(*word)) {
            return Ok(());
        }
        let Some(first) = words.first() else {
            return Err(("no role is named".into(), format!("roles: {}", self.words())));
        };
        let titled = self.roles.values().find(|role| role.title == *first);
        let near = || nearest(first, self.roles.keys().map(String::as_str));
        let hint = match titled.map(|role| role.word.as_str()).or_else(near) {
            Some(meant) => format!("did you mean `{meant}`? roles: {}", self.words()),
            None => format!("roles: {}", self.words()),
        };
        Err((format!("there is no role `{first}`"), hint))
    }

    fn words(&self) -> String {
        self.roles.keys().cloned().collect::<Vec<_>>().join(", ")
    }
}

fn read(file: &str, text: &str) -> Result<Role, Box<Mistake>> {
    let written: Written =
        toml::from_str(text).map_err(|error| Box::new(Mistake::of_toml(file, text, &error, HINT)))?;
    let wrong = |key: &str, problem: String, hint: &str| {
        Box::new(Mistake::at(file, Place::find_or_start(text, &[key]), problem, hint))
    };
    let word = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml").to_owned();
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if word.is_empty() || !word.chars().all(good) {
        let hint = "name the file by a word of a-z, 0-9 and _: `front_desk.toml`";
        return Err(wrong("title", format!("`{word}` is no word for a role"), hint));
    }
    for (key, value) in
        [("title", &written.title), ("title_en", &written.title_en), ("source", &written.source)]
    {
        if value.trim().is_empty() {
            let hint = "a role has `title` in Chinese, `title_en`, and a `source`, if only \"ours\"";
            return Err(wrong(key, format!("`{key}` is missing"), hint));
        }
    }
    let within = listed(&written.permissions, "permissions", &wrong)?;
    let everywhere = listed(&written.everywhere, "everywhere", &wrong)?;
    if let Some(twice) = within.intersection(&everywhere).next() {
        let hint = "leave it in one of `permissions` and `everywhere`";
        return Err(wrong("everywhere", format!("`{twice}` stands twice"), hint));
    }
    for permission in &within {
        narrowed(*permission, written.scope, &wrong)?;
    }
    let all: BTreeSet<_> = within.union(&everywhere).copied().collect();
    names_are_shown(&all, &wrong)?;
    let each = within.into_iter().map(|permission| (permission, written.scope));
    let permissions = each.chain(everywhere.into_iter().map(|permission| (permission, Scope::All))).collect();
    let Written { title, title_en, source, scope, .. } = written;
    Ok(Role { word, title, title_en, source, scope, permissions })
}

/// Makes a mistake at a key: what is wrong, how to mend it.
type Wrong<'a> = dyn Fn(&str, String, &str) -> Box<Mistake> + 'a;

fn listed(words: &[String], key: &str, wrong: &Wrong<'_>) -> Result<BTreeSet<Permission>, Box<Mistake>> {
    if words == [EVERYTHING] {
        return Ok(Permission::ALL.iter().copied().collect());
    }
    let mut found = BTreeSet::new();
    for word in words {
        let Some(permission) = Permission::of(word) else {
            let hint = match nearest(word, Permission::ALL.iter().map(|permission| permission.as_str())) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`ringback roles permissions` lists them".to_owned(),
            };
            return Err(wrong(key, format!("there is no permission `{word}`"), &hint));
        };
        if !found.insert(permission) {
            return Err(wrong(key, format!("`{word}` stands twice"), "leave one of them out"));
        }
    }
    Ok(found)
}

/// A permission that no scope can narrow must be given for everybody, knowingly.
fn narrowed(permission: Permission, scope: Scope, wrong: &Wrong<'_>) -> Result<(), Box<Mistake>> {
    let fits = match permission.span() {
        Span::Free | Span::Each => true,
        Span::Pack => scope >= Scope::Shop,
        Span::House => scope == Scope::All,
    };
    if fits {
        return Ok(());
    }
    let problem = format!("`{permission}` shows everybody's things, which this scope does not reach");
    Err(wrong("permissions", problem, "write it into `everywhere`, where that is meant"))
}

/// Tables of the house name customers; who may not see names cannot have them. In lists of callbacks and
/// tickets names are covered, and what is full of words asks for `names.whole` itself.
fn names_are_shown(all: &BTreeSet<Permission>, wrong: &Wrong<'_>) -> Result<(), Box<Mistake>> {
    const NAMED: &[Permission] = &[
        Permission::ListsSee,
        Permission::LiveSee,
        Permission::EventsStream,
        Permission::FactsSee,
        Permission::MattersSee,
        Permission::SegmentsSee,
        Permission::PlanSee,
        Permission::TicketReportsSee,
        Permission::RegistersSee,
        Permission::ReportsSee,
        Permission::PerformanceSee,
        Permission::NoticesSee,
        Permission::AgentsCard,
        Permission::CustomersExport,
    ];
    let Some(permission) = NAMED.iter().find(|permission| all.contains(permission)) else { return Ok(()) };
    if all.contains(&Permission::NamesWhole) {
        return Ok(());
    }
    let problem = format!("`{permission}` shows names of customers");
    Err(wrong("permissions", problem, "give `names.whole` too, or leave it out"))
}
