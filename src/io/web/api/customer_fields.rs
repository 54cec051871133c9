//! Which fields of their own customers may be given by hand: those that the pack knows, so that no
//! misspelt column is written that nothing ever reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{Customer, Segment};
use crate::base::CustomerId;
use crate::intake::MAX_CELL_CHARS;
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::state::Shared;
use crate::policy::pack::Pack;
use crate::written::nearest;

/// Characters of a field's name.
const NAME_LIMIT: usize = 60;

/// Columns of the archive that a pack knows, beside those that every customer has. Empty: it lists none, and
/// any will do.
fn known(pack: &Pack) -> BTreeSet<&str> {
    let columns = pack.intake.values().flat_map(|intake| intake.columns.values());
    let of_customers = columns.map(|column| column.strip_prefix("customer.").unwrap_or(column));
    match pack.customer.is_empty() {
        true => BTreeSet::new(),
        false => pack.customer.keys().map(String::as_str).chain(of_customers).collect(),
    }
}

/// Refuses fields that cannot be set for a customer; one that they have already may always be changed. Where
/// another `version` was looked at, the edit itself says so.
///
/// # Errors
/// 422 that names each of them.
pub(super) async fn check(
    api: &Shared,
    customer: CustomerId,
    version: Option<i64>,
    fields: &BTreeMap<String, Option<String>>,
) -> Result<(), Problem> {
    if fields.is_empty() {
        return Ok(());
    }
    // Who is not there is told so by the edit itself.
    let Some(customer) = api.store().customer(customer).await? else { return Ok(()) };
    if version.is_some_and(|version| version != customer.version) {
        return Ok(());
    }
    let pack = api.desk().packs().get(&customer.pack).ok();
    let known = pack.as_deref().map(known).unwrap_or_default();
    let wrong = |(name, value): (&String, &Option<String>)| fault(&customer, &known, name, value.as_deref());
    let errors: Vec<FieldProblem> = fields.iter().filter_map(wrong).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

fn fault(
    customer: &Customer,
    known: &BTreeSet<&str>,
    name: &str,
    value: Option<&str>,
) -> Option<FieldProblem> {
    let place = format!("fields.{name}");
    if customer.fields.contains_key(name) {
        let is_long = value.is_some_and(|value| value.chars().count() > MAX_CELL_CHARS);
        return is_long.then(|| too_long(place));
    }
    let Some(value) = value else {
        let hint = "look at the customer again: it may have been taken away already";
        return Some(FieldProblem::new(place, "the customer has no such field", hint));
    };
    if name.trim().is_empty() || name.chars().count() > NAME_LIMIT || name.chars().any(char::is_control) {
        let hint = format!("write 1 to {NAME_LIMIT} characters in one line");
        return Some(FieldProblem::new(place, "it is no name for a field", hint));
    }
    if value.chars().count() > MAX_CELL_CHARS {
        return Some(too_long(place));
    }
    if known.is_empty() || known.contains(name) || name.starts_with(Segment::PREFIX) {
        return None;
    }
    let hint = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let all: Vec<&str> = known.iter().copied().collect();
            format!("it knows {}; others are added under [customer] of the policy", all.join(", "))
        }
    };
    Some(FieldProblem::new(place, format!("the policy `{}` knows no such field", customer.pack), hint))
}

fn too_long(place: String) -> FieldProblem {
    FieldProblem::new(place, "the value is too long", format!("write at most {MAX_CELL_CHARS} characters"))
}
