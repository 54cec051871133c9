//! The customer archive: found, shown, corrected, merged, erased, exported.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::CallView;
use super::customer_facts::{Membership, WarrantyView, membership, warranty};
use super::entries::{ReasonBody, UnmaskQuery, as_conflict, phone, unmasking};
use super::facts::PhoneBody;
use crate::access::{Permission, Reach};
use crate::archive::{Contact, Standing};
use crate::base::{CustomerId, Timestamp};
use crate::calendar::Calendar;
use crate::intake::{MAX_CONTACTS, NewCustomer, check_customer, contacts};
use crate::io::store::archive::read::{CustomerFilter, CustomerRow, EventRow, PhoneRow, VersionRow};
use crate::io::store::archive::{Edit, Erased, Person};
use crate::io::store::callback::EventAnswerRow;
use crate::io::store::custody::AccessRow;
use crate::io::store::read::AnswerRow;
use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::mask::{mask, mask_name};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(show))
        .routes(routes!(edit))
        .routes(routes!(erase))
        .routes(routes!(merge))
        .routes(routes!(export))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: Option<String>,
    /// This number, present or past, in any spelling.
    phone: Option<String>,
    /// Part of the name or of the company's own key.
    text: Option<String>,
    /// Order, project, number plate or stay of an event of theirs, as it is written.
    matter: Option<String>,
    /// `active`, `opted_out`, `gone`, `deceased` or `erased`.
    standing: Option<String>,
    /// Key accounts, or the others.
    key_account: Option<bool>,
    /// A field to look at: `warranty_end`, with `is`, or `from` and `to`.
    field: Option<String>,
    /// That field is this.
    is: Option<String>,
    /// That field is this or, as text, later: `2026-03-01`.
    from: Option<String>,
    /// That field is this or, as text, earlier.
    to: Option<String>,
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    unmask: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EraseQuery {
    /// Why, and who asked for it.
    reason: String,
}

/// What is known of a customer, on one card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CustomerCard {
    /// The record.
    pub customer: CustomerRow,
    /// Numbers, those in use first.
    pub phones: Vec<PhoneRow>,
    /// Changes, newest first.
    pub versions: Vec<VersionRow>,
    /// Events, newest first.
    pub events: Vec<EventRow>,
    /// Calls with any of the numbers, newest first.
    pub calls: Vec<CallView>,
    /// Answers given in those calls.
    pub answers: Vec<AnswerRow>,
    /// Answers about events of theirs, by telephone and in writing, each with its event.
    pub event_answers: Vec<EventAnswerRow>,
    /// Whether service is free of charge; null where no delivery is known.
    pub warranty: Option<WarrantyView>,
    /// Their card; null where they have none.
    pub membership: Option<Membership>,
    /// Who was given the record, or sound or words of the calls, newest first.
    pub accesses: Vec<AccessRow>,
}

/// What is changed of a customer; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerPatch {
    /// Why; the version and the audit log show it.
    pub why: String,
    /// The version that was looked at; another one refuses the change.
    pub version: Option<i64>,
    /// Name.
    pub name: Option<String>,
    /// Numbers, best first; those that are not among them are ended and stay as history.
    pub phones: Option<Vec<PhoneBody>>,
    /// Prompt language; empty for the pack's.
    pub language: Option<String>,
    /// Grade.
    pub grade: Option<String>,
    /// Windows in which they prefer to be called.
    pub preferred_hours: Option<String>,
    /// Windows in which they must not be called.
    pub quiet_hours: Option<String>,
    /// Key account.
    pub key_account: Option<bool>,
    /// How often a key account is called: `1mo`; empty for no plan.
    pub plan_every: Option<String>,
    /// First day of that plan, in milliseconds since 1970.
    pub plan_from: Option<i64>,
    /// Named owner.
    pub owner: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// `active`, `opted_out`, `gone` or `deceased`.
    pub standing: Option<Standing>,
    /// Fields to set; null takes one away.
    pub fields: BTreeMap<String, Option<String>>,
}

/// Two records that are one customer.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The record that stays.
    pub keep: i64,
    /// The record that becomes part of it.
    pub other: i64,
    /// Why they are one customer.
    pub reason: String,
}

impl SheetRow for CustomerRow {
    const NAME: &'static str = "customers";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "pack",
        "external_id",
        "name",
        "phone",
        "language",
        "grade",
        "preferred_hours",
        "quiet_hours",
        "key_account",
        "owner",
        "email",
        "standing",
        "version",
        "created_at",
        "changed_at",
        "fields",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.pack.clone(),
            self.external_id.clone(),
            self.name.clone(),
            optional(&self.phone),
            self.language.clone(),
            self.grade.clone(),
            self.preferred_hours.clone(),
            self.quiet_hours.clone(),
            self.key_account.to_string(),
            self.owner.clone(),
            self.email.clone(),
            self.standing.clone(),
            self.version.to_string(),
            Timestamp(self.created_at).to_string(),
            Timestamp(self.changed_at).to_string(),
            self.fields.clone(),
        ]
    }
}

fn covered(mut row: CustomerRow, unmask: bool) -> CustomerRow {
    if !unmask {
        row.phone = row.phone.as_deref().map(mask);
    }
    row
}

/// JSON of a customer with its numbers covered.
fn covered_version(text: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    for contact in value["contacts"].as_array_mut().into_iter().flatten() {
        if let Some(phone) = contact["phone"].as_str().map(mask) {
            contact["phone"] = phone.into();
        }
    }
    value.to_string()
}

/// A customer whose name, address and fields are covered for those who may not see names.
fn named(mut row: CustomerRow, names: bool) -> CustomerRow {
    if !names {
        row.name = mask_name(&row.name);
        (row.email, row.fields) = (String::new(), "{}".into());
    }
    row
}

/// The card without what names the customer, for those who may not see names: history and events hold
/// their own words.
fn for_eyes_of(caller: &Caller, mut card: CustomerCard) -> CustomerCard {
    if !caller.may(Permission::NamesWhole) {
        card.customer = named(card.customer, false);
        card.versions.clear();
        card.events.iter_mut().for_each(|event| event.fields = "{}".into());
    }
    card
}

pub(super) fn card(api: &Shared, person: Person, unmask: bool) -> CustomerCard {
    let zone = jiff::tz::TimeZone::get(&api.import().timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let pack = api.desk().packs().get(&person.customer.pack).ok();
    let (calendar, own, events) = (Calendar::plain(zone), &person.customer.fields, &person.events);
    let warranty = pack.and_then(|pack| warranty(&pack, &calendar, own, events, api.now()));
    let membership = membership(own, events);
    let mut card = CustomerCard {
        warranty,
        membership,
        customer: covered(person.customer, unmask),
        phones: person.phones,
        versions: person.versions,
        events: person.events,
        calls: person.calls.into_iter().map(|call| CallView::new(call, unmask)).collect(),
        answers: person.answers,
        event_answers: person.event_answers,
        accesses: person.accesses,
    };
    if !unmask {
        card.phones.iter_mut().for_each(|row| row.phone = mask(&row.phone));
        for version in &mut card.versions {
            (version.before, version.after) =
                (covered_version(&version.before), covered_version(&version.after));
        }
    }
    card
}

fn filter(api: &Shared, query: &Query, within: Reach) -> Result<CustomerFilter, Problem> {
    if let Some(word) = &query.standing {
        Standing::parse(word).ok_or_else(|| {
            let hint = "write active, opted_out, gone, deceased or erased";
            Problem::invalid_field("standing", format!("`{word}` is not a standing"), hint)
        })?;
    }
    if query.field.is_none() && [&query.is, &query.from, &query.to].iter().any(|v| v.is_some()) {
        let hint = "name the field that `is`, `from` and `to` look at";
        return Err(Problem::invalid_field("field", "no field is named", hint));
    }
    Ok(CustomerFilter {
        pack: query.pack.clone(),
        phone: query.phone.as_deref().map(|p| phone(api, "phone", p)).transpose()?.map(|p| p.to_string()),
        text: query.text.clone().filter(|t| !t.is_empty()),
        matter: query.matter.clone().filter(|m| !m.is_empty()),
        standing: query.standing.clone(),
        key_account: query.key_account,
        field: query.field.clone(),
        is: query.is.clone(),
        from: query.from.clone(),
        to: query.to.clone(),
        within,
    })
}

/// Customers as they came in; by number, name, key, standing or a field.
#[utoipa::path(get, path = "/customers", tag = "customers", params(Query), security(("bearer" = ["customers.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<CustomerRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let filter = filter(&api, &query, caller.reach(Permission::CustomersSee))?;
    let unmask = unmasking(&api, &caller, query.unmask, "customers").await?;
    let names = caller.may(Permission::NamesWhole);
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move {
            let mut page = api.store().customer_rows(&filter, after.as_ref(), limit).await?;
            page.rows = page.rows.into_iter().map(|row| named(covered(row, unmask), names)).collect();
            Ok(page)
        }
    })
    .await
}

/// A customer's card: numbers, changes, events, calls, answers.
#[utoipa::path(get, path = "/customers/{id}", tag = "customers", params(("id" = i64, Path), UnmaskQuery),
    security(("bearer" = ["customers.see"])),
    responses((status = 200, description = "The card", body = CustomerCard), (status = 404, description = "No such customer", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<CustomerCard>, Problem> {
    let person = api.store().person(CustomerId(id)).await?;
    let person = person.ok_or_else(|| Problem::not_found("customer", id))?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("customer:{id}")).await?;
    Ok(axum::Json(for_eyes_of(&caller, card(&api, person, unmask))))
}

fn numbers(api: &Shared, bodies: Vec<PhoneBody>) -> Result<Vec<Contact>, Problem> {
    let mut all: Vec<Contact> = Vec::new();
    for body in bodies {
        let (text, label) = match body {
            PhoneBody::Text(phone) => (phone, String::new()),
            PhoneBody::Labelled { phone, label } => (phone, label),
        };
        let found = contacts(&text, &label, api.import().home_area.as_deref()).map_err(|e| {
            Problem::invalid_field("phones", e, "write numbers as they are dialled, e.g. 13800000000")
        })?;
        for contact in found {
            if all.iter().all(|known| known.phone != contact.phone) {
                all.push(contact);
            }
        }
    }
    if all.len() > MAX_CONTACTS {
        let hint = format!("at most {MAX_CONTACTS} numbers are kept of one customer");
        return Err(Problem::invalid_field("phones", format!("{} numbers were given", all.len()), hint));
    }
    Ok(all)
}

fn edit_of(api: &Shared, patch: CustomerPatch) -> Result<Edit, Problem> {
    let checked = NewCustomer {
        quiet_hours: patch.quiet_hours.clone().unwrap_or_default(),
        preferred_hours: patch.preferred_hours.clone().unwrap_or_default(),
        ..NewCustomer::default()
    };
    check_customer(&checked, &api.import().timezone).map_err(|remark| {
        Problem::invalid_field("hours", remark.text, "write windows such as Mon-Fri 12:00-14:00")
    })?;
    if patch.standing == Some(Standing::Erased) {
        let hint = "DELETE the customer, with a reason";
        return Err(Problem::invalid_field("standing", "a customer is not erased by a change", hint));
    }
    let plan_every = match patch.plan_every.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(text.parse().map_err(|e: String| {
            Problem::invalid_field("plan_every", e, "write an offset such as 1mo or 14d")
        })?)),
    };
    Ok(Edit {
        version: patch.version,
        name: patch.name,
        contacts: patch.phones.map(|phones| numbers(api, phones)).transpose()?,
        language: patch.language,
        grade: patch.grade,
        preferred_hours: patch.preferred_hours,
        quiet_hours: patch.quiet_hours,
        key_account: patch.key_account,
        plan_every,
        plan_from: patch.plan_from.map(|at| Some(Timestamp(at))),
        owner: patch.owner,
        email: patch.email,
        standing: patch.standing,
        fields: patch.fields,
    })
}

/// Corrects a customer. The version before stays, with who and why; the next call uses the new
/// number.
#[utoipa::path(patch, path = "/customers/{id}", tag = "customers", params(("id" = i64, Path)),
    security(("bearer" = ["customers.edit"])), request_body = CustomerPatch,
    responses(
        (status = 200, description = "The card", body = CustomerCard),
        (status = 404, description = "No such customer", body = Problem),
        (status = 409, description = "Another version, or erased", body = Problem),
        (status = 422, description = "A value cannot be used", body = Problem)))]
async fn edit(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(patch): Json<CustomerPatch>,
) -> Result<axum::Json<CustomerCard>, Problem> {
    let why = ReasonBody { reason: patch.why.clone() };
    let why = why.check()?;
    let customer = CustomerId(id);
    super::customer_fields::check(&api, customer, patch.version, &patch.fields).await?;
    let edit = edit_of(&api, patch)?;
    api.store().edit_customer(customer, &edit, why, &caller.name, api.now()).await.map_err(as_conflict)?;
    api.desk().touched(vec![customer]);
    let person = api.store().person(customer).await?.ok_or_else(|| Problem::not_found("customer", id))?;
    Ok(axum::Json(for_eyes_of(&caller, card(&api, person, false))))
}

/// Erases a customer on request: what names them goes, with recordings; figures stay.
#[utoipa::path(delete, path = "/customers/{id}", tag = "customers", params(("id" = i64, Path), EraseQuery),
    security(("bearer" = ["customers.erase"])),
    responses(
        (status = 200, description = "What was erased", body = Erased),
        (status = 404, description = "No such customer", body = Problem),
        (status = 409, description = "Being called at this moment, or erased already", body = Problem)))]
async fn erase(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<EraseQuery>,
) -> Result<axum::Json<Erased>, Problem> {
    let reason = ReasonBody { reason: query.reason };
    let customer = CustomerId(id);
    let erased = api
        .store()
        .erase_customer(customer, reason.check()?, &caller.name, api.now())
        .await
        .map_err(as_conflict)?;
    // The files are noted with the erasure; whoever waits for the answer finds them gone.
    crate::io::custody::remove_files(api.store(), api.vault(), api.now()).await?;
    api.desk().touched(vec![customer]);
    Ok(axum::Json(erased))
}

/// Merges two records that are one customer: events, numbers and what the first lacks.
#[utoipa::path(post, path = "/customers/merge", tag = "customers", security(("bearer" = ["customers.merge"])),
    request_body = MergeBody,
    responses(
        (status = 200, description = "The card", body = CustomerCard),
        (status = 404, description = "No such customer", body = Problem),
        (status = 409, description = "They cannot be merged", body = Problem)))]
async fn merge(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<MergeBody>,
) -> Result<axum::Json<CustomerCard>, Problem> {
    let reason = ReasonBody { reason: body.reason };
    let (keep, other) = (CustomerId(body.keep), CustomerId(body.other));
    api.store()
        .merge_customers(keep, other, reason.check()?, &caller.name, api.now())
        .await
        .map_err(as_conflict)?;
    api.desk().touched(vec![keep, other]);
    let person = api.store().person(keep).await?.ok_or_else(|| Problem::not_found("customer", keep))?;
    Ok(axum::Json(for_eyes_of(&caller, card(&api, person, false))))
}

/// Everything that is stored of a customer, with whole numbers, for the customer who asks for
/// it; written into the audit log.
#[utoipa::path(get, path = "/customers/{id}/export", tag = "customers", params(("id" = i64, Path)),
    security(("bearer" = ["customers.export"])),
    responses((status = 200, description = "Everything", body = Person), (status = 404, description = "No such customer", body = Problem)))]
async fn export(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    RowId(id): RowId,
) -> Result<axum::Json<Person>, Problem> {
    given(&api, &caller, &origin, ("export", &format!("customer:{id}"), ""), None).await?;
    let person = api.store().export_person(CustomerId(id), &caller.name, api.now()).await?;
    person.map(axum::Json).ok_or_else(|| Problem::not_found("customer", id))
}
