//! Two records that turn out to be one customer.

use super::super::audit::{self, AuditLine};
use super::super::db::within;
use super::super::{Error, Store, Topic, change};
use super::save::{self, Because, Change};
use crate::archive::{Customer, Standing};
use crate::base::{CustomerId, Timestamp};
use crate::intake::{NewCustomer, Update, update};

impl Store {
    /// Merges `other` into `keep`: its events and numbers become those of `keep`, what `keep`
    /// lacks is filled in, and rows that name `other` by its key find `keep` from now on. The
    /// record of `other` stays as history.
    pub async fn merge_customers(
        &self,
        keep: CustomerId,
        other: CustomerId,
        why: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Customer, Error> {
        if keep == other {
            return Err(Error::Refused(format!("customer {keep} cannot be merged with itself")));
        }
        let mut tx = self.db.begin().await?;
        super::intake::alone(&mut tx).await?;
        let mut found = save::load(&mut tx, &[keep.0, other.0]).await?;
        let mut take = |id: CustomerId| {
            found.remove(&id.0).ok_or(Error::NotFound { what: "customer", name: id.to_string() })
        };
        let (old, gone) = (take(keep)?, take(other)?);
        if old.pack != gone.pack {
            return Err(Error::Refused(format!(
                "customer {keep} belongs to the pack `{}` and {other} to `{}`: only customers of one pack are merged",
                old.pack, gone.pack
            )));
        }
        if [&old, &gone].iter().any(|c| c.standing == Standing::Erased) {
            return Err(Error::Refused("a customer who was erased on request is not merged".into()));
        }
        let merged: Vec<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT id FROM customers WHERE id IN ($1, $2) AND merged_into IS NOT NULL")
            .bind(keep.0)
            .bind(other.0)
            .fetch_all(c)
            .await)?;
        if let Some((id,)) = merged.first() {
            return Err(Error::Refused(format!("customer {id} was merged into another one already")));
        }
        let new = update(&old, &as_row(&gone), Update::FillIn).unwrap_or_else(|| old.clone());
        let why_kept = format!("merged with customer {other}: {why}");
        let because = Because { actor: by, why: &why_kept, intake: None, now };
        save::update(&mut tx, &[Change { before: &old, after: &new }], because).await?;
        within!(&mut tx, c => sqlx::query("UPDATE events SET customer_id = $1 WHERE customer_id = $2")
            .bind(keep.0).bind(other.0).execute(c).await.map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE customer_phones SET valid_to = $2 WHERE customer_id = $1 AND valid_to IS NULL")
            .bind(other.0).bind(now.0).execute(c).await.map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE customers SET merged_into = $1, review_at = NULL, changed_at = $3 WHERE id = $2 OR merged_into = $2")
            .bind(keep.0).bind(other.0).bind(now.0).execute(c).await.map(drop))?;
        let subject = format!("customer:{keep}");
        let line =
            AuditLine { at: now, actor: by, action: "customer.merge", subject: &subject, detail: &why_kept };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        for (id, act) in [(keep, "merge"), (other, "merged")] {
            self.tell(change::Change::new(Topic::Customer, id.0, act, by).of_pack(&new.pack));
        }
        Ok(Customer { version: old.version + 1, ..new })
    }
}

/// What the other record says; its key stays its own.
fn as_row(gone: &Customer) -> NewCustomer {
    NewCustomer {
        external_id: String::new(),
        name: gone.name.clone(),
        contacts: gone.contacts.clone(),
        language: gone.language.clone(),
        grade: gone.grade.clone(),
        preferred_hours: gone.preferred_hours.clone(),
        quiet_hours: gone.quiet_hours.clone(),
        key_account: Some(gone.key_account),
        plan_every: gone.plan_every,
        plan_from: gone.plan_from,
        owner: gone.owner.clone(),
        email: gone.email.clone(),
        standing: None,
        fields: gone.fields.clone(),
    }
}
