//! What one person may do, and with whose things.

use std::collections::{BTreeMap, BTreeSet};

use super::permission::Permission;
use super::role::{Roles, Scope};

/// Whom a token stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Name of the token.
    pub name: String,
    /// Words of roles; titles that only sign may stand among them.
    pub roles: Vec<String>,
    /// Their agent; empty: they have no phone.
    pub agent: String,
    /// Their department; empty: none.
    pub department: String,
    /// Their policy pack; empty: none.
    pub shop: String,
}

/// Which agent is in which team.
pub type Teams = BTreeMap<String, String>;

/// Whose things somebody reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    #[default]
    All,
    /// Those of one of these.
    Within(Within),
}

/// People, departments and policy packs whose things are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// Names of tokens and agents.
    pub people: BTreeSet<String>,
    /// Departments.
    pub departments: BTreeSet<String>,
    /// Policy packs.
    pub packs: BTreeSet<String>,
}

impl Reach {
    /// Whether nothing is out of reach.
    pub fn is_all(&self) -> bool {
        matches!(self, Reach::All)
    }

    /// Whether the things of an agent or token are reached.
    pub fn has_person(&self, name: &str) -> bool {
        match self {
            Reach::All => true,
            Reach::Within(within) => within.people.contains(name),
        }
    }

    /// Whether everything of a policy pack is reached.
    pub fn has_pack(&self, pack: &str) -> bool {
        match self {
            Reach::All => true,
            Reach::Within(within) => within.packs.contains(pack),
        }
    }

    fn join(&mut self, other: Reach) {
        match (self, other) {
            (Reach::All, _) => {}
            (one, Reach::All) => *one = Reach::All,
            (Reach::Within(one), Reach::Within(other)) => {
                one.people.extend(other.people);
                one.departments.extend(other.departments);
                one.packs.extend(other.packs);
            }
        }
    }
}

/// Everything that somebody may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    holder: Holder,
    reaches: BTreeMap<Permission, Reach>,
    titles: Vec<String>,
}

impl Access {
    /// Everything, as for whoever sits at the machine itself.
    pub fn everything(name: &str) -> Access {
        Access {
            holder: Holder { name: name.to_owned(), ..Holder::default() },
            reaches: Permission::ALL.iter().map(|permission| (*permission, Reach::All)).collect(),
            titles: Vec::new(),
        }
    }

    /// Whom it is for.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Whether something may be done at all.
    pub fn may(&self, permission: Permission) -> bool {
        self.reaches.contains_key(&permission)
    }

    /// With whose things; nobody's where it may not be done.
    pub fn reach(&self, permission: Permission) -> Reach {
        let none = || Reach::Within(Within::default());
        self.reaches.get(&permission).cloned().unwrap_or_else(none)
    }

    /// Titles that they hold, their department among them: what they may sign, which stages and
    /// callbacks are theirs.
    pub fn titles(&self) -> &[String] {
        &self.titles
    }

    /// Whether they stand under a name themselves: of their token, or of their agent.
    pub fn is(&self, name: &str) -> bool {
        !name.is_empty() && (self.holder.name == name || self.holder.agent == name)
    }
}

impl Roles {
    /// What somebody may do by all of their roles together. Words that are no role are titles.
    pub fn access(&self, holder: Holder, teams: &Teams) -> Access {
        let mut reaches: BTreeMap<Permission, Reach> = BTreeMap::new();
        let mut titles = BTreeSet::new();
        for name in &holder.roles {
            // A title alone signs and opens nothing.
            let Some(role) = self.get(name) else {
                titles.insert(name.clone());
                continue;
            };
            titles.insert(role.title.clone());
            for (permission, scope) in &role.permissions {
                let reach = reach(*scope, &holder, teams);
                match reaches.get_mut(permission) {
                    Some(known) => known.join(reach),
                    None => drop(reaches.insert(*permission, reach)),
                }
            }
        }
        titles.extend(Some(&holder.department).filter(|d| !d.is_empty()).cloned());
        Access { reaches, titles: titles.into_iter().collect(), holder }
    }
}

fn reach(scope: Scope, holder: &Holder, teams: &Teams) -> Reach {
    if scope == Scope::All {
        return Reach::All;
    }
    let own = [&holder.name, &holder.agent];
    let mut within = Within {
        people: own.into_iter().filter(|name| !name.is_empty()).cloned().collect(),
        ..Within::default()
    };
    let some = |text: &String| Some(text).filter(|text| !text.is_empty()).cloned();
    match scope {
        Scope::Team => {
            if let Some(team) = teams.get(&holder.agent).filter(|team| !team.is_empty()) {
                let mates = teams.iter().filter(|(_, other)| *other == team);
                within.people.extend(mates.map(|(name, _)| name.clone()));
            }
        }
        Scope::Department => within.departments.extend(some(&holder.department)),
        Scope::Shop => within.packs.extend(some(&holder.shop)),
        Scope::Own | Scope::All => {}
    }
    Reach::Within(within)
}
