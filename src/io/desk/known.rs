//! What is known of a caller: number, customer, pack.

use std::collections::BTreeMap;

use super::{Error, TicketDesk};
use crate::base::{CustomerId, PhoneNumber};

/// A caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Policy pack of the customer, else the default file's.
    pub pack: String,
    pub customer: Option<CustomerId>,
    pub name: String,
    /// The number to call first; empty where only a number was known.
    pub phone: String,
    pub fields: BTreeMap<String, String>,
}

impl TicketDesk {
    /// The canonical form of a number; what is none, such as `anonymous`, is nobody's.
    pub(super) fn number(&self, text: &str) -> String {
        let home = self.settings().home_area;
        PhoneNumber::parse(text, home.as_deref()).map_or(String::new(), |(phone, _)| phone.to_string())
    }

    /// Who has this number, or is this customer; of several the one of the wanted pack.
    pub(super) async fn known(
        &self,
        phone: &str,
        customer: Option<CustomerId>,
        pack: &str,
    ) -> Result<Known, Error> {
        if let Some(id) = customer {
            let found = self.store().customers_by_id(&[id]).await?.into_values().next();
            let missing = || crate::io::store::Error::NotFound { what: "customer", name: id.to_string() };
            let found = found.ok_or_else(missing)?;
            let phone = found.phone().map_or(String::new(), ToString::to_string);
            return Ok(Known { pack: found.pack, customer, name: found.name, phone, fields: found.fields });
        }
        let rows = if phone.is_empty() { Vec::new() } else { self.store().customers_of_phone(phone).await? };
        let wanted = rows.iter().position(|row| !pack.is_empty() && row.0 == pack);
        let place = if pack.is_empty() { Some(0) } else { wanted };
        let found = place.and_then(|at| rows.into_iter().nth(at));
        Ok(match found {
            Some((pack, id, name, fields)) => Known {
                pack,
                customer: Some(CustomerId(id)),
                name,
                phone: phone.to_owned(),
                fields: serde_json::from_str(&fields).unwrap_or_default(),
            },
            None => Known { pack: self.strangers(pack), ..Known::default() },
        })
    }

    /// The pack of people whom nobody knows.
    fn strangers(&self, pack: &str) -> String {
        if !pack.is_empty() {
            return pack.to_owned();
        }
        let packs = self.settings().packs;
        let default = packs.of("");
        default.map_or(String::new(), |found| match found.callbacks_by.as_str() {
            "" => found.pack.clone(),
            by => by.to_owned(),
        })
    }
}
