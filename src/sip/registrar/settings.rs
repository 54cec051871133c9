//! What the registrar is told.

use std::collections::BTreeMap;

use super::account::Secrets;
use super::guard::GuardSettings;
use crate::sip::digest::Algorithm;

/// Settings of the registrar; without users nobody is asked who they are.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrarSettings {
    /// Realm of the challenges.
    pub realm: String,
    /// Algorithms that are offered to everybody alike, strongest first (RFC 8760), and taken.
    pub algorithms: Vec<Algorithm>,
    /// Shortest registration granted, in seconds; shorter wishes get 423.
    pub min_expires: u32,
    /// Longest registration granted, in seconds; longer wishes are shortened.
    pub max_expires: u32,
    /// Granted where the phone names none, in seconds.
    pub default_expires: u32,
    /// Contacts of one user; beyond it the one that was renewed least recently goes.
    pub max_contacts: usize,
    /// What happens to those who guess.
    pub guard: GuardSettings,
    /// Users by name, which is also the user part of their address of record.
    pub users: BTreeMap<String, Secrets>,
}

impl Default for RegistrarSettings {
    fn default() -> Self {
        RegistrarSettings {
            realm: "ringback".to_owned(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            min_expires: 60,
            max_expires: 3600,
            default_expires: 300,
            max_contacts: 4,
            guard: GuardSettings::default(),
            users: BTreeMap::new(),
        }
    }
}
