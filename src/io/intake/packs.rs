//! The policy packs in force, by their ids.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::policy::pack::Pack;

/// The packs in force; all clones share them.
#[derive(Clone, Debug, Default)]
pub struct Packs(Arc<RwLock<BTreeMap<String, Arc<Pack>>>>);

impl Packs {
    /// These packs.
    pub fn new(packs: impl IntoIterator<Item = Pack>) -> Packs {
        let all = Packs::default();
        all.set(packs);
        all
    }

    /// Puts others in force, from the next question on.
    pub fn set(&self, packs: impl IntoIterator<Item = Pack>) {
        let packs = packs.into_iter().map(|pack| (pack.pack.clone(), Arc::new(pack))).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = packs;
    }

    /// One pack; the error says which there are.
    pub fn get(&self, name: &str) -> Result<Arc<Pack>, String> {
        let packs = self.0.read().unwrap_or_else(PoisonError::into_inner);
        packs.get(name).cloned().ok_or_else(|| {
            let known = packs.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none is loaded".into() } else { format!("there are {known}") };
            format!("there is no policy pack `{name}`: {known}")
        })
    }

    /// All of them, by id.
    pub fn all(&self) -> Vec<Arc<Pack>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
