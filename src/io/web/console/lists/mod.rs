//! Lists and policies: who is called, by which rules, on which day.

mod calendar;
mod do_not_call;
mod import;
mod imported;
mod index;
mod list;
mod plan;
mod policies;
mod policy;
mod rehearsal;
mod rehearsals;
mod script;
mod wording;

use axum::Router;
use axum::routing::get;

use super::super::state::Shared;
use super::Need;
use super::frame::{NavItem, Visitor};
use crate::access::Permission;

pub(super) const NEEDED: &[Need] = &[
    ("/lists", Permission::ListsSee, None),
    ("/lists/{id}", Permission::ListsSee, None),
    ("/lists/import", Permission::FactsBring, None),
    ("/lists/imports/{id}", Permission::ListsSee, None),
    ("/lists/intakes/{id}", Permission::FactsSee, None),
    ("/lists/plan", Permission::PlanSee, None),
    ("/lists/plan/{pack}/{day}", Permission::PlanSee, None),
    ("/lists/policies", Permission::RulesSee, None),
    ("/lists/policies/{pack}", Permission::RulesSee, None),
    ("/lists/policies/{pack}/edit", Permission::PoliciesEdit, None),
    ("/lists/scripts/{name}", Permission::RulesSee, None),
    ("/lists/rehearsals", Permission::PlanRelease, None),
    ("/lists/rehearsals/{id}", Permission::PlanRelease, None),
    ("/lists/calendar", Permission::RulesSee, None),
    ("/lists/do-not-call", Permission::DoNotCallSee, None),
];

/// Pages of this section: key of the name, address, what one needs to see it.
const TABS: [(&str, &str, Permission); 7] = [
    ("lists-tab-lists", "/lists", Permission::ListsSee),
    ("lists-tab-import", "/lists/import", Permission::FactsBring),
    ("lists-tab-plan", "/lists/plan", Permission::PlanSee),
    ("lists-tab-policies", "/lists/policies", Permission::RulesSee),
    ("lists-tab-rehearsals", "/lists/rehearsals", Permission::PlanRelease),
    ("lists-tab-calendar", "/lists/calendar", Permission::RulesSee),
    ("lists-tab-barred", "/lists/do-not-call", Permission::DoNotCallSee),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/lists", get(index::show))
        .route("/lists/{id}", get(list::show))
        .route("/lists/import", get(import::show))
        .route("/lists/imports/{id}", get(imported::list))
        .route("/lists/intakes/{id}", get(imported::facts))
        .route("/lists/plan", get(plan::ahead))
        .route("/lists/plan/{pack}/{day}", get(plan::show))
        .route("/lists/policies", get(policies::index))
        .route("/lists/policies/{pack}", get(policy::show))
        .route("/lists/policies/{pack}/edit", get(policy::edit))
        .route("/lists/scripts/{name}", get(script::show))
        .route("/lists/rehearsals", get(rehearsals::index))
        .route("/lists/rehearsals/{id}", get(rehearsal::show))
        .route("/lists/calendar", get(calendar::show))
        .route("/lists/do-not-call", get(do_not_call::show))
}

/// The pages of the section that the visitor may see.
fn tabs(visitor: &Visitor, here: &str) -> Vec<NavItem> {
    super::frame::tabs(visitor, &TABS, here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_what_one_needs_to_see_it() {
        for (_, href, needed) in TABS {
            assert!(NEEDED.iter().any(|(path, own, _)| *path == href && *own == needed), "{href}");
        }
    }
}
