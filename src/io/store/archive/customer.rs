//! Single customers: looked up, and changed by a person.

use std::collections::BTreeMap;

use super::super::audit::{self, AuditLine};
use super::super::db::on;
use super::super::{Error, Store, Topic, change};
use super::save::{self, Because, Change, PhoneRow, Row, customers_sql};
use crate::archive::{Contact, Customer, Standing};
use crate::base::{CustomerId, Timestamp};
use crate::calendar::Offset;

/// What a person changes of a customer; None leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// The version that was looked at; another one in the store refuses the edit.
    pub version: Option<i64>,
    /// Name.
    pub name: Option<String>,
    /// Numbers, best first; those that are not among them are ended.
    pub contacts: Option<Vec<Contact>>,
    /// Prompt language.
    pub language: Option<String>,
    /// Grade.
    pub grade: Option<String>,
    /// Windows in which they prefer to be called.
    pub preferred_hours: Option<String>,
    /// Windows in which they must not be called.
    pub quiet_hours: Option<String>,
    /// Key account.
    pub key_account: Option<bool>,
    /// How often a key account is called; None inside: no plan.
    pub plan_every: Option<Option<Offset>>,
    /// First day of that plan.
    pub plan_from: Option<Option<Timestamp>>,
    /// Named owner.
    pub owner: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether they may be called back.
    pub standing: Option<Standing>,
    /// Fields to set; None inside takes one away.
    pub fields: BTreeMap<String, Option<String>>,
}

impl Edit {
    /// The customer after the edit.
    pub fn apply(&self, old: &Customer) -> Customer {
        let mut new = old.clone();
        let set = |place: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                value.clone_into(place);
            }
        };
        set(&mut new.name, &self.name);
        set(&mut new.language, &self.language);
        set(&mut new.grade, &self.grade);
        set(&mut new.preferred_hours, &self.preferred_hours);
        set(&mut new.quiet_hours, &self.quiet_hours);
        set(&mut new.owner, &self.owner);
        set(&mut new.email, &self.email);
        new.key_account = self.key_account.unwrap_or(old.key_account);
        new.plan_every = self.plan_every.unwrap_or(old.plan_every);
        new.plan_from = self.plan_from.unwrap_or(old.plan_from);
        new.standing = self.standing.unwrap_or(old.standing);
        if let Some(contacts) = &self.contacts {
            new.contacts.clone_from(contacts);
        }
        for (name, value) in &self.fields {
            match value {
                Some(value) => drop(new.fields.insert(name.clone(), value.clone())),
                None => drop(new.fields.remove(name)),
            }
        }
        new
    }
}

impl Store {
    /// One customer with current numbers.
    pub async fn customer(&self, customer: CustomerId) -> Result<Option<Customer>, Error> {
        let row: Option<Row> = on!(self.db(), p => sqlx::query_as(
            concat!(customers_sql!(), "id = $1")).bind(customer.0).fetch_optional(p).await)?;
        let Some(row) = row else { return Ok(None) };
        let phones: Vec<PhoneRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT customer_id, phone, extension, label FROM customer_phones
             WHERE customer_id = $1 AND valid_to IS NULL ORDER BY position, id")
            .bind(customer.0)
            .fetch_all(p)
            .await)?;
        let contacts = phones.into_iter().map(PhoneRow::contact).collect::<Result<_, _>>()?;
        row.customer(contacts).map(Some)
    }

    /// Changes a customer and keeps the version before, with who and why. Gives the customer as
    /// stored; nothing is written where nothing changes.
    pub async fn edit_customer(
        &self,
        customer: CustomerId,
        edit: &Edit,
        why: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Customer, Error> {
        let mut tx = self.db.begin().await?;
        let found = save::load(&mut tx, &[customer.0]).await?.remove(&customer.0);
        let Some(old) = found else {
            return Err(Error::NotFound { what: "customer", name: customer.to_string() });
        };
        if old.standing == Standing::Erased {
            return Err(Error::Refused(format!(
                "customer {customer} was erased on request and is not written again"
            )));
        }
        if let Some(version) = edit.version.filter(|version| *version != old.version) {
            return Err(Error::Refused(format!(
                "customer {customer} is at version {}, and version {version} was looked at: look again and repeat the change",
                old.version
            )));
        }
        let new = edit.apply(&old);
        if new == old {
            return Ok(old);
        }
        let change = Change { before: &old, after: &new };
        save::update(&mut tx, &[change], Because { actor: by, why, intake: None, now }).await?;
        let subject = format!("customer:{customer}");
        let line = AuditLine { at: now, actor: by, action: "customer.edit", subject: &subject, detail: why };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(change::Change::new(Topic::Customer, customer.0, "edit", by).of_pack(&new.pack));
        Ok(Customer { version: old.version + 1, ..new })
    }
}
