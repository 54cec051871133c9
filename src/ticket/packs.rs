//! All ticket packs that are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pack::{Entry, TicketPack};

/// Word of the file for packs that have none.
pub(super) const DEFAULT: &str = "default";

/// Ticket packs by the policy pack they are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TicketPacks {
    packs: BTreeMap<String, Arc<TicketPack>>,
}

impl TicketPacks {
    /// Adds a pack.
    ///
    /// # Errors
    /// Another file is for the same policy pack; it is not added.
    pub fn add(&mut self, pack: TicketPack) -> Result<(), String> {
        if self.packs.contains_key(&pack.pack) {
            return Err(format!("two ticket files are for pack `{}`; the first is used", pack.pack));
        }
        self.packs.insert(pack.pack.clone(), Arc::new(pack));
        Ok(())
    }

    /// The pack for tickets of this policy pack, else the default one.
    pub fn of(&self, pack: &str) -> Option<Arc<TicketPack>> {
        self.packs.get(pack).or_else(|| self.packs.get(DEFAULT)).cloned()
    }

    /// Every pack, by policy pack.
    pub fn all(&self) -> impl Iterator<Item = &Arc<TicketPack>> {
        self.packs.values()
    }

    /// The pack that has this number among its entries, with what the number is for.
    pub fn dialled(&self, number: &str) -> Option<(Arc<TicketPack>, Entry)> {
        if number.is_empty() {
            return None;
        }
        self.packs.values().find_map(|pack| Some((pack.clone(), pack.entry.get(number)?.clone())))
    }
}
