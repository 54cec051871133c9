//! What the findings of a call fill in on its form. A person decides; nothing of the system's is
//! ever on a person's account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::form::{Critical, Form, How, Item, Measure, Source};
use crate::call::Direction;
use crate::evidence::Severity;

/// One finding as the form sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Word of the detector, or of a fact of the register.
    pub detector: String,
    /// Phrase or step.
    pub rule: String,
    /// Its value in the unit of the detector.
    pub value: f64,
    /// How grave.
    pub severity: Severity,
    /// Whether it is the system's: never a person's.
    pub system: bool,
    /// Where in the recording, in ms; None: the whole call.
    pub start_ms: Option<i64>,
    /// For people.
    pub detail: String,
}

/// What is known of a call that is scored.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFacts {
    /// Who called.
    pub direction: Direction,
    /// Whether it is about a complaint.
    pub complaint: bool,
    /// Whether its sound was heard and can be trusted.
    pub heard: bool,
    /// What was found.
    pub found: Vec<Found>,
}

/// What is filled in for one item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Prefill {
    /// Points; null: a person must listen.
    pub points: Option<f64>,
    /// It does not apply to this call.
    pub na: bool,
    /// It is not scored, for the system stands behind what was found.
    pub system: bool,
    /// Why, for people.
    pub why: String,
    /// Where in the recording to listen, in ms.
    pub at_ms: Vec<i64>,
}

/// What the findings say of each item of the form.
pub fn prefill(form: &Form, call: &CallFacts) -> BTreeMap<String, Prefill> {
    let items = form.item.iter().filter(|(_, item)| !item.off);
    items.map(|(id, item)| (id.clone(), of_item(item, call))).collect()
}

fn of_item(item: &Item, call: &CallFacts) -> Prefill {
    if !item.when.fits(call.direction, call.complaint) {
        return Prefill { na: true, why: "not of this kind of call".into(), ..Prefill::default() };
    }
    let mut filled = Prefill::default();
    if item.how == How::Human {
        return filled;
    }
    for source in &item.from {
        let found = relevant(source, call);
        if found.iter().any(|found| found.system) {
            let why = found.iter().find(|found| found.system).map(|found| found.detector.clone());
            return Prefill { na: true, system: true, why: why.unwrap_or_default(), ..Prefill::default() };
        }
        let points = match source {
            Source::Measure(measure) => {
                found.iter().map(|found| found.value).reduce(f64::max).map(|value| measure.points(value))
            }
            Source::Count(measure) => {
                (call.heard || !found.is_empty()).then(|| measure.points(found.len() as f64))
            }
            Source::Phrase(_) => found.first().map(|found| match found.detector.as_str() {
                "phrase_missing" => 0.0,
                _ => item.points,
            }),
        };
        let Some(points) = points else { continue };
        if filled.points.is_none_or(|before| points < before) {
            filled.points = Some(points);
            filled.why = found
                .iter()
                .map(|found| format!("{} {}", found.detector, found.value))
                .collect::<Vec<_>>()
                .join(", ");
        }
        filled.at_ms.extend(found.iter().filter_map(|found| found.start_ms));
    }
    filled.at_ms.sort_unstable();
    filled.at_ms.dedup();
    filled
}

fn relevant<'c>(source: &Source, call: &'c CallFacts) -> Vec<&'c Found> {
    let of = |measure: &Measure, least: Severity| {
        let fits = |found: &&Found| {
            found.detector == measure.detector
                && (measure.rules.is_empty() || measure.rules.contains(&found.rule))
                && (found.severity >= least || found.system)
        };
        call.found.iter().filter(fits).collect()
    };
    match source {
        Source::Measure(measure) => of(measure, Severity::Info),
        Source::Count(measure) => of(measure, Severity::Hint),
        Source::Phrase(rule) => {
            let fits = |found: &&Found| {
                found.rule == *rule && matches!(found.detector.as_str(), "phrase_said" | "phrase_missing")
            };
            call.found.iter().filter(fits).collect()
        }
    }
}

impl Measure {
    fn points(&self, value: f64) -> f64 {
        let step = self.steps.iter().find(|step| value <= step.to);
        step.map_or(self.otherwise, |step| step.points)
    }
}

/// Critical items for which something was found that is a person's: candidates, each with what
/// was found. Whoever scores the call confirms or dismisses them.
pub fn candidates(form: &Form, call: &CallFacts) -> BTreeMap<String, Vec<Found>> {
    let mut all = BTreeMap::new();
    for (id, critical) in form.critical.iter().filter(|(_, critical)| !critical.off) {
        let found: Vec<Found> = call.found.iter().filter(|found| shows(critical, found)).cloned().collect();
        if !found.is_empty() {
            all.insert(id.clone(), found);
        }
    }
    all
}

/// Whether a finding makes its call a candidate for some critical item of the form.
pub fn is_candidate(form: &Form, found: &Found) -> bool {
    form.critical.values().any(|critical| !critical.off && shows(critical, found))
}

/// Whether a finding is a sign of a critical item. What is the system's never is.
fn shows(critical: &Critical, found: &Found) -> bool {
    critical.from.iter().any(|sign| {
        found.detector == sign.detector
            && (sign.rules.is_empty() || sign.rules.contains(&found.rule))
            && found.severity >= sign.severity
            && !found.system
    })
}
