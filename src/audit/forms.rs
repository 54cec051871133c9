//! Form files: read, laid over the default one, checked, and named by a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Table;

use super::form::{Form, How, Item, Source};
use crate::call::Direction;
use crate::evidence::Detector;
use crate::written::{Mistake, Place, lay_over, nearest, version};

/// Word of the file for packs that have none.
const DEFAULT: &str = "default";
/// What all items that apply to one call come to.
const WHOLE: f64 = 100.0;
/// What is told of a call beside the detectors: a complaint was finished properly; the typed
/// score is not the keyed one; the register's texts or scores are all alike.
pub(super) const FACTS: &[&str] = &["closure", "typed_score", "equal_scores", "same_text"];
const HINT: &str = "`ringback audit schema` has every key";

/// All forms, by policy pack, each with the version that names its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forms {
    forms: BTreeMap<String, (Arc<Form>, Arc<str>)>,
    base: Table,
}

impl Forms {
    /// Reads a file and keeps it. The one for `default` comes first: keys that others leave out are
    /// as it says.
    ///
    /// # Errors
    /// The first mistake with its place; nothing is kept then.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Box<Mistake>> {
        let broken = |error: &toml::de::Error| Box::new(Mistake::of_toml(file, text, error, HINT));
        // By itself first: what is wrong with its shape has a place then.
        let own: Form = toml::from_str(text).map_err(|error| broken(&error))?;
        let table: Table = text.parse().map_err(|error| broken(&error))?;
        let wrong = |path: &[&str], problem: String, hint: &str| {
            let place = Place::find_or_start(text, path);
            Box::new(Mistake::at(file, place, problem, hint))
        };
        if own.pack.is_empty() {
            return Err(wrong(
                &[],
                "it is for no pack".into(),
                "write pack = \"default\", or that of a policy",
            ));
        }
        let mut merged = self.base.clone();
        lay_over(&mut merged, table);
        let version = version(&merged);
        let form: Form = merged.clone().try_into().map_err(|error| broken(&error))?;
        check(&form, &wrong)?;
        if self.forms.contains_key(&form.pack) {
            let problem = format!("another file is for pack `{}`", form.pack);
            return Err(wrong(&["pack"], problem, "the first is used; give one of them another pack"));
        }
        if form.pack == DEFAULT {
            self.base = merged;
        }
        self.forms.insert(form.pack.clone(), (Arc::new(form), version.into()));
        Ok(())
    }

    /// The form of a policy pack, else the default one, with its version.
    pub fn of(&self, pack: &str) -> Option<(Arc<Form>, Arc<str>)> {
        self.forms.get(pack).or_else(|| self.forms.get(DEFAULT)).cloned()
    }

    /// Every form with its version.
    pub fn all(&self) -> impl Iterator<Item = (&Arc<Form>, &str)> {
        self.forms.values().map(|(form, version)| (form, &**version))
    }
}

/// Makes a mistake at a key: path, what is wrong, how to mend it.
type Wrong<'a> = dyn Fn(&[&str], String, &str) -> Box<Mistake> + 'a;

/// What the file's shape does not say.
fn check(form: &Form, wrong: &Wrong<'_>) -> Result<(), Box<Mistake>> {
    let draw = &form.draw;
    if !(0..=28).contains(&draw.day) || !(1..=28).contains(&draw.close_day) {
        return Err(wrong(&["draw", "day"], "there is no such day in every month".into(), "write 1 to 28"));
    }
    for (key, share) in [("share", draw.share), ("twice", draw.twice)] {
        if !(0.0..=100.0).contains(&share) {
            return Err(wrong(&["draw", key], format!("{share} is no share"), "write 0 to 100 percent"));
        }
    }
    if form.appeal_days < 0 {
        return Err(wrong(&["appeal_days"], "the term ends before it begins".into(), "write 0 or more days"));
    }
    if form.grade.is_empty() || !form.grade.is_sorted_by(|a, b| a.from > b.from) {
        return Err(wrong(
            &["grade"],
            "grades are not in order".into(),
            "write the best first, the last from 0",
        ));
    }
    for (id, item) in form.item.iter().filter(|(_, item)| !item.off) {
        check_item(form, id, item, wrong)?;
    }
    for (id, critical) in form.critical.iter().filter(|(_, critical)| !critical.off) {
        let path = ["critical", id, "from"];
        for sign in &critical.from {
            known(&sign.detector, &path, wrong)?;
        }
        if critical.cap.is_none() && critical.deduct <= 0.0 && !critical.case {
            let hint = "give `cap`, `deduct` or `case`";
            return Err(wrong(&["critical", id], format!("`{id}` changes nothing"), hint));
        }
    }
    for direction in [Direction::Inbound, Direction::Outbound] {
        let sum: f64 = form.applicable(direction, true).map(|(_, item)| item.points).sum();
        if (sum - WHOLE).abs() > 1e-6 {
            let call = if direction == Direction::Inbound { "an inbound" } else { "an outbound" };
            let problem = format!("the items of {call} complaint are {sum} points together");
            return Err(wrong(
                &["item"],
                problem,
                "change `points` so that they are 100; `off = true` leaves one out",
            ));
        }
    }
    Ok(())
}

fn check_item(form: &Form, id: &str, item: &Item, wrong: &Wrong<'_>) -> Result<(), Box<Mistake>> {
    if !form.group.contains_key(&item.group) {
        let hint = match nearest(&item.group, form.group.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("groups: {}", form.group.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        return Err(wrong(&["item", id, "group"], format!("there is no group `{}`", item.group), &hint));
    }
    if item.points <= 0.0 || item.steps.iter().any(|step| !(0.0..=item.points).contains(step)) {
        let hint = "points are above 0, and no step is above them";
        return Err(wrong(&["item", id, "points"], format!("the points of `{id}` cannot be given"), hint));
    }
    if item.how == How::Human && !item.from.is_empty() {
        let hint = "leave `from` out, or say by `how` what shows it: words, sound, signal, record";
        return Err(wrong(
            &["item", id, "from"],
            format!("`{id}` is a person's alone and cannot be filled in"),
            hint,
        ));
    }
    for source in &item.from {
        let (Source::Measure(measure) | Source::Count(measure)) = source else { continue };
        known(&measure.detector, &["item", id, "from"], wrong)?;
        let rises = measure.steps.is_sorted_by(|a, b| a.to < b.to);
        let given = measure.steps.iter().map(|step| step.points).chain([measure.otherwise]);
        if !rises || given.into_iter().any(|points| !(0.0..=item.points).contains(&points)) {
            let hint = "`to` rises from step to step, and no step gives more than the item's `points`";
            return Err(wrong(
                &["item", id, "from"],
                format!("the steps of `{id}` do not go together"),
                hint,
            ));
        }
    }
    Ok(())
}

fn known(detector: &str, path: &[&str], wrong: &Wrong<'_>) -> Result<(), Box<Mistake>> {
    if Detector::of(detector).is_some() || FACTS.contains(&detector) {
        return Ok(());
    }
    let words = Detector::ALL.iter().map(|detector| detector.as_str()).chain(FACTS.iter().copied());
    let hint = match nearest(detector, words) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`ringback evidence scorecards` lists them".to_owned(),
    };
    Err(wrong(path, format!("there is no detector `{detector}`"), &hint))
}

impl Form {
    /// Items that apply to such a call.
    pub fn applicable(&self, direction: Direction, complaint: bool) -> impl Iterator<Item = (&str, &Item)> {
        let fits = move |item: &Item| !item.off && item.when.fits(direction, complaint);
        self.item.iter().filter(move |(_, item)| fits(item)).map(|(id, item)| (id.as_str(), item))
    }
}
