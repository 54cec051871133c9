//! The score card of a case: groups, items and critical items with what is filled in and what was given.

use std::collections::BTreeMap;

use super::super::frame::Frame;
use super::super::lang::Lang;
use super::super::recording::{said_of, title_of as detector_title};
use super::{score, title_of};
use crate::audit::{
    Critical as CriticalRule, Form, Found, Item as ItemRule, Mark, Prefill, Ruling, SheetBody,
};

/// Points up to which each is a button; above that they are typed in.
const BUTTONS: f64 = 12.0;

/// One mark that can be given.
pub(super) struct Step {
    pub value: String,
    pub is_chosen: bool,
}

/// A place in the recording.
pub(super) struct Place {
    pub ms: i64,
}

/// One item.
pub(super) struct Item {
    pub id: String,
    pub title: String,
    pub source: String,
    pub points: String,
    pub scale: u32,
    pub steps: Vec<Step>,
    /// What is typed in where there are too many marks for buttons.
    pub typed: Option<String>,
    pub is_na: bool,
    /// It does not apply to this kind of call, whoever says so.
    pub is_out: bool,
    /// The system stands behind what was found.
    pub is_system: bool,
    /// It stands as it was filled in.
    pub is_filled: bool,
    pub why: String,
    pub places: Vec<Place>,
    pub given: String,
    pub is_full: bool,
    pub comment: String,
    pub at_ms: Option<i64>,
}

/// A group of items.
pub(super) struct Group {
    pub id: String,
    pub title: String,
    pub items: Vec<Item>,
    pub given: String,
    pub possible: String,
}

/// A finding that makes a candidate.
pub(super) struct Sign {
    pub label: String,
    pub detail: String,
    pub at_ms: Option<i64>,
}

/// One critical item.
pub(super) struct Critical {
    pub id: String,
    pub title: String,
    pub effect: String,
    pub cap: String,
    pub deduct: String,
    pub signs: Vec<Sign>,
    /// `yes`, `no`, or empty: nobody decided.
    pub ruling: &'static str,
    pub comment: String,
    pub at_ms: Option<i64>,
}

/// Groups of a form with what is filled in and what a sheet says; `is_given` leaves out what is only filled in.
pub(super) fn groups(
    frame: &Frame,
    form: &Form,
    prefill: &BTreeMap<String, Prefill>,
    body: &SheetBody,
    is_given: bool,
) -> Vec<Group> {
    let lang = frame.lang;
    let mut groups: Vec<Group> = Vec::new();
    for (id, rule) in form.item.iter().filter(|(_, rule)| !rule.off) {
        let none = Prefill::default();
        let filled = prefill.get(id).unwrap_or(&none);
        let item = item(frame, id, rule, filled, body.marks.get(id), is_given);
        match groups.iter_mut().find(|group| group.id == rule.group) {
            Some(group) => group.items.push(item),
            None => {
                let group = form.group.get(&rule.group).cloned().unwrap_or_default();
                groups.push(Group {
                    id: rule.group.clone(),
                    title: title_of(lang, &group.title, &group.title_en, &rule.group),
                    items: vec![item],
                    given: String::new(),
                    possible: String::new(),
                });
            }
        }
    }
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    for group in &mut groups {
        // What does not apply stands last, so that it is out of the way.
        group.items.sort_by_key(|item| item.is_out);
    }
    groups
}

fn item(
    frame: &Frame,
    id: &str,
    rule: &ItemRule,
    filled: &Prefill,
    mark: Option<&Mark>,
    is_given: bool,
) -> Item {
    let is_out = filled.na && !filled.system;
    let is_na = mark.map_or(filled.system, |mark| mark.na);
    let value = match mark {
        Some(mark) if rule.scale > 0 => mark.mark.map(f64::from),
        Some(mark) => mark.points,
        None if is_given => None,
        None if rule.scale > 0 => filled.points.map(|points| on_scale(rule, points)),
        None => filled.points,
    };
    let value = value.filter(|_| !is_na && !is_out);
    let all = marks(rule);
    let points = match (value, rule.scale) {
        (Some(value), scale) if scale > 0 => Some(rule.points * value / f64::from(scale)),
        (value, _) => value,
    };
    Item {
        title: title_of(frame.lang, &rule.title, &rule.title_en, id),
        source: rule.source.clone(),
        points: plain(rule.points),
        scale: rule.scale,
        steps: all
            .iter()
            .map(|step| Step {
                value: plain(*step),
                is_chosen: value.is_some_and(|value| (value - step).abs() < 1e-9),
            })
            .collect(),
        typed: all.is_empty().then(|| value.map(plain).unwrap_or_default()),
        is_na,
        is_out,
        is_system: filled.system,
        is_filled: mark.is_none() && (filled.points.is_some() || filled.system) && !is_out,
        why: reason(frame.lang, &filled.why),
        places: filled.at_ms.iter().take(6).map(|ms| Place { ms: *ms }).collect(),
        given: points.map(score).unwrap_or_default(),
        is_full: points.is_some_and(|points| (points - rule.points).abs() < 1e-9),
        comment: mark.map(|mark| mark.comment.clone()).unwrap_or_default(),
        at_ms: mark.and_then(|mark| mark.at_ms),
        id: id.to_owned(),
    }
}

/// What is filled in as points, as a mark of the scale.
fn on_scale(rule: &ItemRule, points: f64) -> f64 {
    (points / rule.points.max(f64::MIN_POSITIVE) * f64::from(rule.scale)).round().max(1.0)
}

/// The marks that can be given; empty: any points up to the item's.
fn marks(rule: &ItemRule) -> Vec<f64> {
    if rule.scale > 0 {
        return (1..=rule.scale).map(f64::from).collect();
    }
    if !rule.steps.is_empty() {
        return rule.steps.clone();
    }
    let is_few = rule.points <= BUTTONS && rule.points.fract() == 0.0;
    if is_few { (0..=rule.points as u32).rev().map(f64::from).collect() } else { Vec::new() }
}

/// A number as the form says it.
fn plain(value: f64) -> String {
    value.to_string()
}

/// `interruptions 1, talk_over 2` with the titles of the detectors.
fn reason(lang: Lang, why: &str) -> String {
    let part = |part: &str| match part.trim().split_once(' ') {
        Some((word, value)) => format!("{} {value}", detector_title(lang, word)),
        None => detector_title(lang, part.trim()),
    };
    if why.is_empty() { String::new() } else { why.split(',').map(part).collect::<Vec<_>>().join(" · ") }
}

/// Critical items of a form: those for which something was found, or that somebody ruled on, first.
pub(super) fn criticals(
    frame: &Frame,
    form: &Form,
    candidates: &BTreeMap<String, Vec<Found>>,
    body: &SheetBody,
) -> Vec<Critical> {
    let shown = form.critical.iter().filter(|(_, rule)| !rule.off);
    let mut all: Vec<Critical> = shown
        .map(|(id, rule)| critical(frame, id, rule, candidates.get(id), body.criticals.get(id)))
        .collect();
    all.sort_by_key(|one| one.signs.is_empty() && one.ruling.is_empty());
    all
}

fn critical(
    frame: &Frame,
    id: &str,
    rule: &CriticalRule,
    found: Option<&Vec<Found>>,
    ruling: Option<&Ruling>,
) -> Critical {
    let lang = frame.lang;
    let mut effects = Vec::new();
    effects.extend(rule.cap.map(|cap| lang.with("audit-cap", "points", plain(cap)).into_owned()));
    if rule.deduct > 0.0 {
        effects.push(lang.with("audit-deduct", "points", plain(rule.deduct)).into_owned());
    }
    let sign = |found: &Found| Sign {
        label: detector_title(lang, &found.detector),
        detail: said_of(lang, found.rule.clone(), &found.detail),
        at_ms: found.start_ms,
    };
    Critical {
        title: title_of(lang, &rule.title, &rule.title_en, id),
        effect: effects.join(" · "),
        cap: rule.cap.map(plain).unwrap_or_default(),
        deduct: plain(rule.deduct),
        signs: found.into_iter().flatten().map(sign).collect(),
        ruling: match ruling {
            None => "",
            Some(ruling) if ruling.confirmed => "yes",
            Some(_) => "no",
        },
        comment: ruling.map(|ruling| ruling.comment.clone()).unwrap_or_default(),
        at_ms: ruling.and_then(|ruling| ruling.at_ms),
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_offers_the_marks_that_its_form_takes() {
        let rule = |points: f64, steps: &[f64], scale| ItemRule {
            points,
            steps: steps.to_vec(),
            scale,
            ..ItemRule::default()
        };
        assert_eq!(marks(&rule(4.0, &[4.0, 2.0, 0.0], 0)), [4.0, 2.0, 0.0]);
        assert_eq!(marks(&rule(2.0, &[], 5)), [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(marks(&rule(3.0, &[], 0)), [3.0, 2.0, 1.0, 0.0]);
        assert!(marks(&rule(20.0, &[], 0)).is_empty(), "they are typed in");
        assert!((on_scale(&rule(4.0, &[], 5), 4.0) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_filled_in_is_said_in_words() {
        assert_eq!(reason(Lang::English, ""), "");
        assert!(reason(Lang::English, "interruptions 1").ends_with(" 1"));
    }
}
