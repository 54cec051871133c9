//! The audit: draw, listen and score, appeal, calibration, results.

mod appeals;
mod card;
mod case;
mod cases;
mod draw;
mod examples;
mod months;
mod performance;
mod picture;
mod results;
mod sessions;

use axum::Router;
use axum::routing::get;

use super::super::api::AuditorView;
use super::super::listing::Items;
use super::super::problem::Problem;
use super::super::state::Shared;
use super::Need;
use super::frame::{NavItem, Visitor};
use super::lang::Lang;
use crate::access::Permission;
use crate::audit::Estimate;

pub(super) const NEEDED: &[Need] = &[
    ("/audit", Permission::SheetsSee, None),
    ("/audit/{id}", Permission::AuditsSee, None),
    ("/audit/cases", Permission::CasesSee, None),
    ("/audit/cases/{id}", Permission::SheetsSee, None),
    ("/audit/own", Permission::SheetsSee, None),
    ("/audit/appeals", Permission::AppealsDecide, None),
    ("/audit/sessions", Permission::AuditsSee, None),
    ("/audit/sessions/{id}", Permission::AuditsSee, None),
    ("/audit/examples", Permission::ExamplesSee, None),
    ("/audit/results", Permission::AuditsSee, None),
    ("/audit/performance", Permission::PerformanceSee, None),
    ("/audit/performance/rows", Permission::PerformanceSee, None),
];

/// People to whom cases can be given: accounts that may score; none for who gives out none.
async fn known_auditors(visitor: &Visitor) -> Result<Vec<String>, Problem> {
    if !visitor.may(Permission::CasesAssign) {
        return Ok(Vec::new());
    }
    let known: Items<AuditorView> = visitor.get("/audits/auditors").await?;
    let mut names: Vec<String> = known.items.into_iter().map(|auditor| auditor.name).collect();
    names.dedup();
    Ok(names)
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/audit", get(months::show))
        .route("/audit/{id}", get(draw::show))
        .route("/audit/cases", get(cases::index))
        .route("/audit/cases/{id}", get(case::show))
        .route("/audit/own", get(cases::own))
        .route("/audit/appeals", get(appeals::show))
        .route("/audit/sessions", get(sessions::index))
        .route("/audit/sessions/{id}", get(sessions::show))
        .route("/audit/examples", get(examples::show))
        .route("/audit/results", get(results::show))
        .route("/audit/performance", get(performance::show))
        .route("/audit/performance/rows", get(performance::rows))
}

/// The pages of the audit that the visitor may see; `here` is the address of the present one.
fn tabs(visitor: &Visitor, here: &str) -> Vec<NavItem> {
    const TABS: [(&str, &str, Permission); 8] = [
        ("audit-months", "/audit", Permission::AuditsSee),
        ("audit-cases", "/audit/cases", Permission::CasesSee),
        ("audit-appeals", "/audit/appeals", Permission::AppealsDecide),
        ("audit-results", "/audit/results", Permission::AuditsSee),
        ("audit-performance", "/audit/performance", Permission::PerformanceSee),
        ("audit-sessions", "/audit/sessions", Permission::AuditsSee),
        ("audit-examples", "/audit/examples", Permission::ExamplesSee),
        ("audit-own", "/audit/own", Permission::SheetsSee),
    ];
    let mut tabs = super::frame::tabs(visitor, &TABS, here);
    // Whoever sees all cases has no need of a list of their own.
    tabs.retain(|tab| tab.href != "/audit/own" || tab.is_here || !visitor.may(Permission::CasesSee));
    tabs
}

/// A score to one decimal, without one that is zero.
fn score(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A share of one in percent.
fn percent(share: f64) -> String {
    format!("{} %", score(share * 100.0))
}

/// Colour of a grade by its score: bands of 25 are too coarse for sheets that pass at 70.
fn class_of(score: f64) -> &'static str {
    match score {
        90.0.. => "is-good",
        70.0..90.0 => "is-accent",
        60.0..70.0 => "is-warn",
        _ => "is-bad",
    }
}

/// An estimate: its mean, the picture of its interval, and the ends of that in words.
fn said(estimate: Option<Estimate>) -> (String, String, String) {
    let Some(estimate) = estimate else { return Default::default() };
    let ends = estimate.low.zip(estimate.high);
    let mean = score(estimate.mean);
    let interval = picture::interval(&mean, estimate.mean, ends);
    (mean, interval, ends.map(|(low, high)| format!("{} – {}", score(low), score(high))).unwrap_or_default())
}

/// A title of a file in that language; Chinese where there is no other.
fn title_of(lang: Lang, chinese: &str, english: &str, id: &str) -> String {
    let wanted = lang.title(chinese, english);
    if wanted.is_empty() { id.to_owned() } else { wanted.to_owned() }
}

/// Words of a JSON list in a column.
fn list(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_short_and_coloured_by_what_they_mean() {
        assert_eq!((score(93.7), score(80.0), percent(0.1)), ("93.7".into(), "80".into(), "10 %".into()));
        assert_eq!((class_of(90.0), class_of(70.0), class_of(59.9)), ("is-good", "is-accent", "is-bad"));
        assert_eq!(title_of(Lang::English, "问候", "", "A1"), "问候");
        assert_eq!(list(r#"["drawn"]"#), ["drawn"]);
    }
}
