//! From a person's marks to a score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::form::{Form, Item};
use super::found::{CallFacts, candidates, prefill};

/// What a person wrote on a sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SheetBody {
    /// By item.
    pub marks: BTreeMap<String, Mark>,
    /// By critical item: candidates that were decided, and what the person found.
    pub criticals: BTreeMap<String, Ruling>,
    /// Remarks at times of the recording.
    pub notes: Vec<Note>,
    /// For the agent, in a few sentences.
    pub summary: String,
}

impl SheetBody {
    /// Marks, rulings and times without what somebody wrote in their own words.
    pub fn without_words(mut self) -> SheetBody {
        self.marks.values_mut().for_each(|mark| mark.comment.clear());
        self.criticals.values_mut().for_each(|ruling| ruling.comment.clear());
        self.notes.iter_mut().for_each(|note| note.text.clear());
        self.summary.clear();
        self
    }
}

/// The mark of one item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mark {
    /// Points, of an item without a scale.
    pub points: Option<f64>,
    /// From 1 to the item's scale.
    pub mark: Option<u32>,
    /// It does not apply; the rest is scaled to 100.
    pub na: bool,
    /// Why.
    pub comment: String,
    /// Where in the recording, in ms.
    pub at_ms: Option<i64>,
}

/// What a person decided of a critical item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ruling {
    /// Whether it is so.
    pub confirmed: bool,
    /// Why.
    pub comment: String,
    /// Where in the recording, in ms.
    pub at_ms: Option<i64>,
}

/// A remark at a time of the recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Note {
    /// Where in the recording, in ms.
    pub at_ms: i64,
    /// The remark.
    pub text: String,
}

/// What a sheet comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Score {
    /// 0 to 100, to one decimal.
    pub total: f64,
    /// Before critical items.
    pub before: f64,
    /// Grade.
    pub grade: String,
    /// Points that were given.
    pub given: f64,
    /// Points that could be given.
    pub possible: f64,
    /// Critical items that were confirmed.
    pub critical: Vec<String>,
    /// Whether it is a case for the person's results too.
    pub case: bool,
    /// Points given and possible, by group.
    pub groups: BTreeMap<String, (f64, f64)>,
}

/// What a sheet lacks before it can be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Path in the sheet: `marks.B1`.
    pub field: String,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    pub hint: String,
}

/// Scores a sheet: points of the items that apply, scaled to 100; then the critical items that a person
/// confirmed. A draft is scored as far as it goes.
///
/// # Errors
/// Everything that a complete sheet would have.
pub fn score(form: &Form, call: &CallFacts, body: &SheetBody) -> Result<Score, Vec<Lack>> {
    let mut lacks = Vec::new();
    let mut score = Score::default();
    let filled = prefill(form, call);
    for (id, item) in form.item.iter().filter(|(_, item)| !item.off) {
        let (own, filled) = (body.marks.get(id), filled.get(id).cloned().unwrap_or_default());
        let given = match own {
            _ if filled.na && !filled.system => None,
            None if filled.system => None,
            None => {
                lacks.push(lack(
                    "marks",
                    id,
                    "it has no mark",
                    "give points, or `na` where it does not apply",
                ));
                continue;
            }
            Some(mark) if mark.na => None,
            Some(mark) => match points(item, mark) {
                Ok(points) if filled.system && points < item.points => {
                    let detail =
                        format!("`{}` is a fault of the system and costs a person nothing", filled.why);
                    lacks.push(lack("marks", id, &detail, "leave the item out, or give all its points"));
                    continue;
                }
                Ok(points) => Some(points),
                Err(hint) => {
                    lacks.push(lack("marks", id, "these points cannot be given", &hint));
                    continue;
                }
            },
        };
        let Some(given) = given else { continue };
        score.given += given;
        score.possible += item.points;
        let group = score.groups.entry(item.group.clone()).or_default();
        *group = (group.0 + given, group.1 + item.points);
    }
    for (field, id) in unknown(form, body) {
        lacks.push(lack(field, id, "the form has no such item", "take it out of the sheet"));
    }
    criticals(form, call, body, &mut score, &mut lacks);
    if score.possible <= 0.0 {
        lacks.push(lack("marks", "", "no item applies", "a call without any item cannot be scored"));
    }
    if lacks.is_empty() { Ok(score) } else { Err(lacks) }
}

fn unknown<'b>(form: &Form, body: &'b SheetBody) -> Vec<(&'static str, &'b str)> {
    let marks = body.marks.keys().filter(|id| form.item.get(*id).is_none_or(|item| item.off));
    let criticals = body.criticals.keys().filter(|id| form.critical.get(*id).is_none_or(|item| item.off));
    marks.map(|id| ("marks", id.as_str())).chain(criticals.map(|id| ("criticals", id.as_str()))).collect()
}

fn criticals(form: &Form, call: &CallFacts, body: &SheetBody, score: &mut Score, lacks: &mut Vec<Lack>) {
    for id in candidates(form, call).keys().filter(|id| !body.criticals.contains_key(*id)) {
        let hint = "say `confirmed` true or false, and why";
        lacks.push(lack("criticals", id, "something was found that nobody decided", hint));
    }
    score.before = rounded(score.given / score.possible.max(f64::MIN_POSITIVE) * 100.0);
    score.total = score.before;
    let confirmed = body.criticals.iter().filter(|(_, ruling)| ruling.confirmed);
    for (id, ruling) in confirmed {
        let Some(critical) = form.critical.get(id) else { continue };
        if ruling.comment.trim().is_empty() {
            lacks.push(lack(
                "criticals",
                id,
                "it is confirmed without a reason",
                "write what was heard or seen",
            ));
        }
        score.critical.push(id.clone());
        score.case |= critical.case;
        score.total -= critical.deduct;
        score.total = critical.cap.map_or(score.total, |cap| score.total.min(cap));
    }
    score.total = rounded(score.total.max(0.0));
    let grade = form.grade.iter().find(|grade| score.total >= grade.from).or(form.grade.last());
    score.grade = grade.map(|grade| grade.name.clone()).unwrap_or_default();
}

/// The points of a mark, or how it should look.
fn points(item: &Item, mark: &Mark) -> Result<f64, String> {
    if item.scale > 0 {
        let scale = item.scale;
        return match mark.mark.filter(|mark| (1..=scale).contains(mark)) {
            Some(mark) => Ok(item.points * f64::from(mark) / f64::from(scale)),
            None => Err(format!("give `mark` from 1 to {scale}")),
        };
    }
    let wanted = if item.steps.is_empty() {
        format!("give `points` from 0 to {}", item.points)
    } else {
        let steps: Vec<String> = item.steps.iter().map(ToString::to_string).collect();
        format!("give `points`, one of {}", steps.join(", "))
    };
    let points = mark.points.ok_or(wanted.clone())?;
    let fits = (0.0..=item.points).contains(&points)
        && (item.steps.is_empty() || item.steps.iter().any(|step| (step - points).abs() < 1e-9));
    if fits { Ok(points) } else { Err(wanted) }
}

fn lack(field: &str, id: &str, detail: &str, hint: &str) -> Lack {
    let field = if id.is_empty() { field.to_owned() } else { format!("{field}.{id}") };
    Lack { field, detail: detail.to_owned(), hint: hint.to_owned() }
}

fn rounded(score: f64) -> f64 {
    (score * 10.0).round() / 10.0
}
