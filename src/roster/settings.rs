//! What rosters of a pack are made by.

use std::time::Duration;

use super::night::Nights;
use super::role::Role;

/// Rules of the rosters of one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Policy pack.
    pub pack: String,
    /// For people.
    pub title: String,
    /// When night is.
    pub nights: Nights,
    /// Roles that every night has.
    pub roles: Vec<Role>,
    /// In which order they are called.
    pub chain: Vec<Role>,
    /// How long one of them rings before the next is called.
    pub ring: Duration,
    /// From how many days before the 1st a missing roster is warned of.
    pub warn_days: i64,
    /// A post that is empty for so long is an alarm.
    pub absent_after: Duration,
    /// How long before their shift agents are to be there (000:83).
    pub present_before: Duration,
    /// Whether callbacks by agents that are for nobody are shared out evenly among those who have
    /// a shift on their day (003:35).
    pub share_out: bool,
    /// Departments that get the roster, beside everybody in it.
    pub departments: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            pack: String::new(),
            title: "夜间救援".into(),
            nights: Nights::default(),
            roles: Role::ALL.to_vec(),
            chain: Role::ALL.to_vec(),
            ring: Duration::from_secs(20),
            warn_days: 3,
            absent_after: Duration::from_secs(60),
            present_before: Duration::from_secs(600),
            share_out: false,
            departments: Vec::new(),
        }
    }
}
