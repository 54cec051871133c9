//! Pages of the archive for the API and the console.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::read::{Cursor, Page};
use super::super::within::{Thing, push_reach};
use super::super::{Error, Store};
use crate::access::Reach;
use crate::base::{CustomerId, ImportId};

pub use super::reconciliation::ReconciliationRow;

/// One customer in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct CustomerRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// The company's own key; may be empty.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Number that is called first; null: none is known.
    pub phone: Option<String>,
    /// Prompt language; empty for the pack's.
    pub language: String,
    /// Grade.
    pub grade: String,
    /// Windows in which they prefer to be called.
    pub preferred_hours: String,
    /// Windows in which they must not be called.
    pub quiet_hours: String,
    /// 1 for a key account.
    pub key_account: i64,
    /// Named owner.
    pub owner: String,
    /// E-mail address.
    pub email: String,
    /// Word of [`crate::archive::Standing`].
    pub standing: String,
    /// JSON object of everything else.
    #[serde(with = "super::super::read::page_json")]
    #[schema(value_type = Object)]
    pub fields: String,
    /// Counts the changes, from 1.
    pub version: i64,
    /// The customer they were merged into.
    pub merged_into: Option<i64>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub changed_at: i64,
}

/// A number of a customer, present or past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct PhoneRow {
    /// Canonical number.
    pub phone: String,
    /// Extension; empty for none.
    pub extension: String,
    /// Whose it is.
    pub label: String,
    /// 0 is called first.
    pub position: i64,
    /// Milliseconds since 1970.
    pub valid_from: i64,
    /// When it was replaced; null: it is in use.
    pub valid_to: Option<i64>,
}

/// One change of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct VersionRow {
    /// The version that came of it.
    pub version: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Why.
    pub why: String,
    /// JSON of the customer before.
    #[serde(with = "super::super::read::page_json")]
    #[schema(value_type = Object)]
    pub before: String,
    /// JSON of the customer after.
    #[serde(with = "super::super::read::page_json")]
    #[schema(value_type = Object)]
    pub after: String,
    /// The intake that did it.
    pub intake_id: Option<i64>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct EventRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// What happened.
    pub kind: String,
    /// The source's key.
    pub external_id: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// 1 where a time of day is known.
    pub has_time: i64,
    /// The customer; null where the customer was removed with it.
    pub customer_id: Option<i64>,
    /// Order, project, vehicle, stay.
    pub matter: String,
    /// JSON object of everything else.
    #[serde(with = "super::super::read::page_json")]
    #[schema(value_type = Object)]
    pub fields: String,
    /// JSON: field to what the customer said of it.
    #[serde(with = "super::super::read::page_json")]
    #[schema(value_type = Object)]
    pub checks: String,
    /// 1 where it was entered on a later day than received.
    pub late: i64,
    /// Milliseconds since 1970.
    pub received_at: i64,
    /// The intake that brought it in.
    pub intake_id: Option<i64>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
    /// Why it was withdrawn.
    pub withdrawn_reason: Option<String>,
    /// The archive in which it lies; it is not changed any more then.
    pub archive_id: Option<i64>,
}

/// One intake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct IntakeRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Section of the pack; empty for none.
    pub intake: String,
    /// System or person it comes from.
    pub source: String,
    /// `file`, `api` or `folder`.
    pub channel: String,
    /// Name of the file.
    pub file_name: String,
    /// Hex SHA-256 of the file.
    pub sha256: String,
    /// Length of the file.
    pub bytes: i64,
    /// How much of it has been read.
    pub bytes_read: i64,
    /// `running`, `done`, `stopped` or `undone`.
    pub state: String,
    /// New events, or new customers.
    pub added: i64,
    /// Events or customers that were changed.
    pub changed: i64,
    /// Rows that said nothing new.
    pub unchanged: i64,
    /// Rows whose key stood on an earlier line.
    pub duplicate: i64,
    /// Rows that cannot be used.
    pub rejected: i64,
    /// Rows that were not asked for.
    pub skipped: i64,
    /// Rows taken with a warning.
    pub warned: i64,
    /// Rows entered on a later day than received.
    pub late: i64,
    /// New customers.
    pub customers_added: i64,
    /// Customers whose details changed.
    pub customers_changed: i64,
    /// Who collected the slips.
    pub collected_by: String,
    /// Who handed them over.
    pub handed_over_by: String,
    /// Who brought it in.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Who undid it.
    pub undone_by: Option<String>,
    /// When it was undone.
    pub undone_at: Option<i64>,
    /// Why it was undone.
    pub undone_reason: Option<String>,
}

/// What became of one row of an intake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct IntakeRowResult {
    /// Line of the file; the header is line 1.
    pub line: i64,
    /// `added`, `changed`, `unchanged`, `duplicate`, `rejected` or `skipped`.
    pub result: String,
    /// Stable word of the reason or warning.
    pub code: String,
    /// Why, and how to mend it.
    pub reason: String,
    /// The event it became or met.
    pub event_id: Option<i64>,
    /// The customer it is about.
    pub customer_id: Option<i64>,
    /// A rejected row as the file has it.
    pub text: String,
}

/// Which customers; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Of this pack.
    pub pack: Option<String>,
    /// Who have, or had, this canonical number.
    pub phone: Option<String>,
    /// Whose name or key contains this text.
    pub text: Option<String>,
    /// With an event of this order, project, vehicle or stay.
    pub matter: Option<String>,
    /// In this standing.
    pub standing: Option<String>,
    /// Key accounts, or the others.
    pub key_account: Option<bool>,
    /// A field that is looked at: `warranty_end`.
    pub field: Option<String>,
    /// That field is this.
    pub is: Option<String>,
    /// That field is this or, as text, later.
    pub from: Option<String>,
    /// That field is this or, as text, earlier.
    pub to: Option<String>,
    /// Only what is reached.
    pub within: Reach,
}

const INTAKE: &str = "SELECT id, pack, intake, source, channel, file_name, sha256, bytes, bytes_read, state, added,
    changed, unchanged, duplicate, rejected, skipped, warned, late, customers_added, customers_changed, collected_by,
    handed_over_by, created_by, created_at, undone_by, undone_at, undone_reason FROM intakes WHERE ";

const CUSTOMER: &str = "SELECT c.id, c.pack, c.external_id, c.name,
    (SELECT MIN(p.phone) FROM customer_phones p
     WHERE p.customer_id = c.id AND p.valid_to IS NULL AND p.position = 0) AS phone,
    c.language, c.grade, c.preferred_hours, c.quiet_hours, c.key_account, c.owner, c.email, c.standing, c.fields,
    c.version, c.merged_into, c.created_at, c.changed_at FROM customers c WHERE ";

/// Rows to fetch for a page of `limit`: one more, to know whether there is a next.
fn fetch(limit: u32) -> i64 {
    i64::from(limit.clamp(1, super::super::read::PAGE_LIMIT)) + 1
}

fn cut<T>(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> i64) -> Page<T> {
    let limit = limit.clamp(1, super::super::read::PAGE_LIMIT) as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Cursor { key: key(row), id: key(row).to_string() });
    Page { rows, next }
}

impl Store {
    /// Customers as they came in, without those that were merged into others.
    pub async fn customer_rows(
        &self,
        filter: &CustomerFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<CustomerRow>, Error> {
        // The one thing that the two databases spell differently.
        let field = match self.db().kind() {
            "sqlite" => "json_extract(c.fields, '$.' || json_quote(",
            _ => "(CAST(c.fields AS JSONB) ->> CAST(",
        };
        let field_end = if self.db().kind() == "sqlite" { "))" } else { " AS TEXT))" };
        let rows: Vec<CustomerRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(CUSTOMER);
            query.push("c.merged_into IS NULL");
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.pack.as_deref(), " AND c.pack = ");
            when!(filter.standing.as_deref(), " AND c.standing = ");
            when!(filter.key_account.map(i64::from), " AND c.key_account = ");
            if let Some(phone) = filter.phone.as_deref() {
                query.push(
                    " AND c.id IN (SELECT COALESCE(k.merged_into, k.id) FROM customer_phones h
                                   JOIN customers k ON k.id = h.customer_id WHERE h.phone = ");
                query.push_bind(phone).push(")");
            }
            if let Some(matter) = filter.matter.as_deref() {
                query.push(
                    " AND c.id IN (SELECT COALESCE(k.merged_into, k.id) FROM events v
                                   JOIN customers k ON k.id = v.customer_id WHERE v.matter = ");
                query.push_bind(matter).push(" AND v.matter <> '')");
            }
            if let Some(text) = filter.text.as_deref().map(super::super::read::like) {
                query.push(" AND (c.name LIKE ").push_bind(text.clone());
                query.push(" ESCAPE '\\' OR c.external_id LIKE ").push_bind(text).push(" ESCAPE '\\')");
            }
            if let Some(name) = filter.field.as_deref() {
                for (value, compare) in [(&filter.is, "="), (&filter.from, ">="), (&filter.to, "<=")] {
                    if let Some(value) = value {
                        query.push(" AND ").push(field).push_bind(name).push(field_end);
                        query.push(format_args!(" {compare} ")).push_bind(value.as_str());
                    }
                }
            }
            push_reach(&mut query, Thing::Customer, &filter.within);
            when!(after.map(|cursor| cursor.key), " AND c.id > ");
            query.push(" ORDER BY c.id LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(cut(rows, limit, |row| row.id))
    }

    /// One customer as in the list.
    pub async fn customer_row(&self, customer: CustomerId) -> Result<Option<CustomerRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = QueryBuilder::new(CUSTOMER);
            query.push("c.id = ").push_bind(customer.0);
            query.build_query_as().fetch_optional(p).await
        })?)
    }

    /// Numbers of a customer: those in use first, in their order.
    pub async fn customer_phones(&self, customer: CustomerId) -> Result<Vec<PhoneRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT phone, extension, label, position, valid_from, valid_to FROM customer_phones
             WHERE customer_id = $1 OR customer_id IN (SELECT id FROM customers WHERE merged_into = $1)
             ORDER BY CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, position, id")
            .bind(customer.0)
            .fetch_all(p)
            .await)?)
    }

    /// Changes of a customer, newest first.
    pub async fn customer_versions(&self, customer: CustomerId) -> Result<Vec<VersionRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT version, at, actor, why, before, after, intake_id FROM customer_versions
             WHERE customer_id = $1 ORDER BY id DESC LIMIT 500")
            .bind(customer.0)
            .fetch_all(p)
            .await)?)
    }

    /// Events of a customer, newest first; withdrawn ones too.
    pub async fn customer_events(&self, customer: CustomerId) -> Result<Vec<EventRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, pack, kind, external_id, at, has_time, customer_id, matter, fields, checks, late, received_at,
                    intake_id, withdrawn_at, withdrawn_reason, archive_id
             FROM events WHERE customer_id = $1 ORDER BY at DESC, id DESC LIMIT 1000")
            .bind(customer.0)
            .fetch_all(p)
            .await)?)
    }

    /// Events of an order or project, oldest first; withdrawn ones too.
    pub async fn matter_events(&self, pack: &str, matter: &str) -> Result<Vec<EventRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, pack, kind, external_id, at, has_time, customer_id, matter, fields, checks, late, received_at,
                    intake_id, withdrawn_at, withdrawn_reason, archive_id
             FROM events WHERE pack = $1 AND matter = $2 AND matter <> '' ORDER BY at, id LIMIT 1000")
            .bind(pack)
            .bind(matter)
            .fetch_all(p)
            .await)?)
    }

    /// Intakes, newest first.
    pub async fn intake_rows(
        &self,
        pack: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<IntakeRow>, Error> {
        let rows: Vec<IntakeRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(INTAKE);
            query.push("1 = 1");
            if let Some(pack) = pack {
                query.push(" AND pack = ").push_bind(pack);
            }
            if let Some(after) = after {
                query.push(" AND id < ").push_bind(after.key);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(cut(rows, limit, |row| row.id))
    }

    /// One intake.
    pub async fn intake_row(&self, intake: ImportId) -> Result<Option<IntakeRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = QueryBuilder::new(INTAKE);
            query.push("id = ").push_bind(intake.0);
            query.build_query_as().fetch_optional(p).await
        })?)
    }

    /// Results of the rows of one intake by line; `result` picks one kind.
    pub async fn intake_results(
        &self,
        intake: ImportId,
        result: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<IntakeRowResult>, Error> {
        let rows: Vec<IntakeRowResult> = on!(self.db(), p => sqlx::query_as(
            "SELECT line, result, code, reason, event_id, customer_id, text FROM intake_rows
             WHERE intake_id = $1 AND (CAST($2 AS TEXT) IS NULL OR result = $2)
               AND (CAST($3 AS BIGINT) IS NULL OR line > $3)
             ORDER BY line LIMIT $4")
            .bind(intake.0)
            .bind(result)
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(cut(rows, limit, |row| row.line))
    }
}
