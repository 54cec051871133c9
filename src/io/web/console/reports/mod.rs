//! Reports: registers, reports and their steps, what they decided, the chain of custody.

mod actions;
pub(super) mod behind;
mod chain;
mod figures;
mod index;
mod rates;
mod register;
mod registers;
mod report;

use axum::Router;
use axum::routing::get;

use super::super::state::Shared;
use super::Need;
use super::frame::{NavItem, Visitor};
use crate::access::Permission;

pub(super) const NEEDED: &[Need] = &[
    ("/reports", Permission::ReportsSee, None),
    ("/reports/{id}", Permission::ReportsSee, None),
    ("/reports/{id}/figures/{figure}", Permission::ReportsSee, None),
    ("/reports/registers", Permission::RegistersSee, None),
    ("/reports/registers/{id}", Permission::RegistersSee, None),
    ("/reports/rates", Permission::ReportsSee, None),
    ("/reports/actions", Permission::ReportsSee, None),
    ("/reports/chain", Permission::ReportsSee, None),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/reports", get(index::show))
        .route("/reports/{id}", get(report::show))
        .route("/reports/{id}/figures/{figure}", get(figures::show))
        .route("/reports/registers", get(registers::show))
        .route("/reports/registers/{id}", get(register::show))
        .route("/reports/rates", get(rates::show))
        .route("/reports/actions", get(actions::show))
        .route("/reports/chain", get(chain::show))
}

/// The pages of the reports that the visitor may see; `here` is the address of the present one.
fn tabs(visitor: &Visitor, here: &str) -> Vec<NavItem> {
    const TABS: [(&str, &str, Permission); 5] = [
        ("reports-all", "/reports", Permission::ReportsSee),
        ("reports-registers", "/reports/registers", Permission::RegistersSee),
        ("reports-rates", "/reports/rates", Permission::ReportsSee),
        ("reports-actions", "/reports/actions", Permission::ReportsSee),
        ("reports-chain", "/reports/chain", Permission::ReportsSee),
    ];
    super::frame::tabs(visitor, &TABS, here)
}

/// A figure's value, to two decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Colour of a report's state.
fn class_of(state: &str) -> &'static str {
    match state {
        "approved" => "is-good",
        "submitted" | "reviewed" => "is-accent",
        _ => "is-warn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_short_as_they_can_be() {
        assert_eq!(
            (number(97.5), number(100.0), number(0.333_33)),
            ("97.5".into(), "100".into(), "0.33".into())
        );
    }
}
