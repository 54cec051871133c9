//! Customers from and to their rows.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::write::clean;
use crate::archive::{Contact, Customer, Standing};
use crate::base::{CustomerId, Timestamp};

/// A customer's row, without numbers; conditions follow.
macro_rules! customers_sql {
    () => {
        "SELECT id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
                plan_every, plan_from, owner, email, standing, fields, version
         FROM customers WHERE "
    };
}
pub(super) use customers_sql;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    pack: String,
    external_id: String,
    name: String,
    language: String,
    grade: String,
    preferred_hours: String,
    quiet_hours: String,
    key_account: i64,
    plan_every: String,
    plan_from: Option<i64>,
    owner: String,
    email: String,
    standing: String,
    fields: String,
    version: i64,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct PhoneRow {
    pub customer_id: i64,
    phone: String,
    extension: String,
    label: String,
}

impl PhoneRow {
    pub(super) fn contact(self) -> Result<Contact, Error> {
        let phone = self.phone.parse().map_err(|e: crate::base::PhoneError| Error::Corrupt {
            what: "telephone number",
            detail: e.to_string(),
        })?;
        Ok(Contact { phone, extension: self.extension, label: self.label })
    }
}

impl Row {
    pub(super) fn customer(self, contacts: Vec<Contact>) -> Result<Customer, Error> {
        let corrupt = |detail: String| Error::Corrupt { what: "customer", detail };
        let plan_every = match self.plan_every.as_str() {
            "" => None,
            text => Some(text.parse().map_err(corrupt)?),
        };
        Ok(Customer {
            id: CustomerId(self.id),
            pack: self.pack,
            external_id: self.external_id,
            name: self.name,
            contacts,
            language: self.language,
            grade: self.grade,
            preferred_hours: self.preferred_hours,
            quiet_hours: self.quiet_hours,
            key_account: self.key_account != 0,
            plan_every,
            plan_from: self.plan_from.map(Timestamp),
            owner: self.owner,
            email: self.email,
            standing: Standing::parse(&self.standing)
                .ok_or_else(|| corrupt(format!("the standing `{}`", self.standing)))?,
            fields: serde_json::from_str(&self.fields).map_err(|e| corrupt(e.to_string()))?,
            version: self.version,
        })
    }
}

/// Customers with those ids, by id, within the transaction that will change them.
pub(super) async fn load(tx: &mut Tx, ids: &[i64]) -> Result<BTreeMap<i64, Customer>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    macro_rules! listed {
        ($c:ident, $sql:expr, $end:expr) => {{
            let mut query = QueryBuilder::new($sql);
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push($end);
            query.build_query_as().fetch_all($c).await
        }};
    }
    let rows: Vec<Row> = within!(tx, c => listed!(c, concat!(customers_sql!(), "id IN ("), ")"))?;
    let phones: Vec<PhoneRow> = within!(tx, c => listed!(
        c,
        "SELECT customer_id, phone, extension, label FROM customer_phones WHERE valid_to IS NULL AND customer_id IN (",
        ") ORDER BY customer_id, position, id"))?;
    let mut contacts: BTreeMap<i64, Vec<Contact>> = BTreeMap::new();
    for phone in phones {
        let id = phone.customer_id;
        contacts.entry(id).or_default().push(phone.contact()?);
    }
    rows.into_iter()
        .map(|row| {
            let id = row.id;
            Ok((id, row.customer(contacts.remove(&id).unwrap_or_default())?))
        })
        .collect()
}

/// JSON of a value that is stored in a column.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    let text = serde_json::to_string(value)
        .map_err(|e| Error::Refused(format!("the fields cannot be stored: {e}")))?;
    Ok(if text.contains("\\u0000") { text.replace("\\u0000", "\u{FFFD}") } else { text })
}

/// What a customer's row holds of the offset of a plan.
fn plan(customer: &Customer) -> String {
    customer.plan_every.map(|every| every.to_string()).unwrap_or_default()
}

/// Adds customers; ids by the line that is given with each, in whose place NULL would not
/// name its row.
pub(super) async fn insert(
    tx: &mut Tx,
    new: &[(i64, &Customer)],
    intake: Option<i64>,
    now: Timestamp,
    whole_chunk: bool,
) -> Result<BTreeMap<i64, i64>, Error> {
    let mut fields = Vec::with_capacity(new.len());
    for (_, customer) in new {
        fields.push(json(&customer.fields)?);
    }
    let made: Vec<(i64, i64)> = within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO customers (pack, external_id, name, language, grade, preferred_hours, quiet_hours,
                    key_account, plan_every, plan_from, owner, email, standing, fields, version, intake_id,
                    intake_line, created_at, changed_at) ");
        query.push_values(new.iter().zip(&fields), |mut values, ((line, customer), fields)| {
            values
                .push_bind(customer.pack.as_str())
                .push_bind(clean(&customer.external_id))
                .push_bind(clean(&customer.name))
                .push_bind(clean(&customer.language))
                .push_bind(clean(&customer.grade))
                .push_bind(clean(&customer.preferred_hours))
                .push_bind(clean(&customer.quiet_hours))
                .push_bind(i64::from(customer.key_account))
                .push_bind(plan(customer))
                .push_bind(customer.plan_from.map(|t| t.0))
                .push_bind(clean(&customer.owner))
                .push_bind(clean(&customer.email))
                .push_bind(customer.standing.as_str())
                .push_bind(fields.as_str())
                .push_bind(customer.version)
                .push_bind(intake)
                .push_bind(*line)
                .push_bind(now.0)
                .push_bind(now.0);
        });
        query.push(" RETURNING intake_line, id");
        query.build_query_as().persistent(whole_chunk).fetch_all(c).await
    })?;
    let made: BTreeMap<i64, i64> = made.into_iter().collect();
    let numbers: Vec<(i64, &str, &Contact, i64)> = new
        .iter()
        .filter_map(|(line, customer)| made.get(line).map(|id| (*id, customer)))
        .flat_map(|(id, customer)| {
            let contacts = customer.contacts.iter().enumerate();
            contacts.map(move |(place, contact)| (id, customer.pack.as_str(), contact, place as i64))
        })
        .collect();
    insert_phones(tx, &numbers, now, whole_chunk && numbers.len() == new.len()).await?;
    Ok(made)
}

/// Adds numbers: customer, pack, number and place of each.
async fn insert_phones(
    tx: &mut Tx,
    numbers: &[(i64, &str, &Contact, i64)],
    now: Timestamp,
    whole_chunk: bool,
) -> Result<(), Error> {
    // Ten numbers of each customer of a chunk have more values than a statement takes.
    for part in numbers.chunks(1_000) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from) ");
            query.push_values(part, |mut values, (id, pack, contact, place)| {
                values
                    .push_bind(*id)
                    .push_bind(*pack)
                    .push_bind(contact.phone.as_str())
                    .push_bind(clean(&contact.extension))
                    .push_bind(clean(&contact.label))
                    .push_bind(*place)
                    .push_bind(now.0);
            });
            query.build().persistent(whole_chunk).execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// A customer before and after, to be stored with who did it and why.
pub(super) struct Change<'a> {
    pub before: &'a Customer,
    pub after: &'a Customer,
}

/// Who changes customers, and why.
#[derive(Clone, Copy)]
pub(super) struct Because<'a> {
    pub actor: &'a str,
    pub why: &'a str,
    pub intake: Option<i64>,
    pub now: Timestamp,
}

/// Stores changed customers, each as its next version. `after.version` is not looked at.
pub(super) async fn update(tx: &mut Tx, changes: &[Change<'_>], because: Because<'_>) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut fields = Vec::with_capacity(changes.len());
    for change in changes {
        fields.push(json(&change.after.fields)?);
    }
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "UPDATE customers SET external_id = v.column2, name = v.column3, language = v.column4,
                    grade = v.column5, preferred_hours = v.column6, quiet_hours = v.column7,
                    key_account = v.column8, plan_every = v.column9, plan_from = v.column10, owner = v.column11,
                    email = v.column12, standing = v.column13, fields = v.column14,
                    version = customers.version + 1, changed_at = ");
        query.push_bind(because.now.0).push(" FROM (");
        query.push_values(changes.iter().zip(&fields), |mut values, (change, fields)| {
            let customer = change.after;
            values
                .push_bind(change.before.id.0)
                .push_bind(clean(&customer.external_id))
                .push_bind(clean(&customer.name))
                .push_bind(clean(&customer.language))
                .push_bind(clean(&customer.grade))
                .push_bind(clean(&customer.preferred_hours))
                .push_bind(clean(&customer.quiet_hours))
                .push_bind(i64::from(customer.key_account))
                .push_bind(plan(customer))
                .push_bind(customer.plan_from.map(|t| t.0))
                .push_bind(clean(&customer.owner))
                .push_bind(clean(&customer.email))
                .push_bind(customer.standing.as_str())
                .push_bind(fields.as_str());
        });
        query.push(") AS v WHERE customers.id = v.column1");
        query.build().execute(c).await.map(drop)
    })?;
    for change in changes.iter().filter(|change| change.before.contacts != change.after.contacts) {
        set_contacts(tx, change, because.now).await?;
    }
    keep_versions(tx, changes, because).await
}

/// Ends the numbers that are gone, adds those that are new, and puts all in their order.
async fn set_contacts(tx: &mut Tx, change: &Change<'_>, now: Timestamp) -> Result<(), Error> {
    let (id, before, after) = (change.before.id.0, &change.before.contacts, &change.after.contacts);
    for gone in before.iter().filter(|old| after.iter().all(|new| new.phone != old.phone)) {
        within!(tx, c => sqlx::query(
            "UPDATE customer_phones SET valid_to = $3 WHERE customer_id = $1 AND phone = $2 AND valid_to IS NULL")
            .bind(id)
            .bind(gone.phone.as_str())
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    for (place, contact) in after.iter().enumerate() {
        let place = place as i64;
        if before.iter().all(|old| old.phone != contact.phone) {
            insert_phones(tx, &[(id, change.after.pack.as_str(), contact, place)], now, false).await?;
            continue;
        }
        within!(tx, c => sqlx::query(
            "UPDATE customer_phones SET position = $3, extension = $4, label = $5
             WHERE customer_id = $1 AND phone = $2 AND valid_to IS NULL")
            .bind(id)
            .bind(contact.phone.as_str())
            .bind(place)
            .bind(clean(&contact.extension))
            .bind(clean(&contact.label))
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

async fn keep_versions(tx: &mut Tx, changes: &[Change<'_>], because: Because<'_>) -> Result<(), Error> {
    let mut kept = Vec::with_capacity(changes.len());
    for Change { before, after } in changes {
        let version = before.version + 1;
        let after = Customer { version, ..(*after).clone() };
        kept.push((before.id.0, version, json(before)?, json(&after)?));
    }
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO customer_versions (customer_id, version, at, actor, why, before, after, intake_id) ");
        query.push_values(&kept, |mut values, (id, version, before, after)| {
            values
                .push_bind(*id)
                .push_bind(*version)
                .push_bind(because.now.0)
                .push_bind(because.actor)
                .push_bind(because.why)
                .push_bind(before.as_str())
                .push_bind(after.as_str())
                .push_bind(because.intake);
        });
        query.build().execute(c).await.map(drop)
    })?;
    Ok(())
}
