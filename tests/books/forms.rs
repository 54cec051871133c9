//! The catalogue of forms: each of the 62 is a register or a report, by its number.

use std::collections::{BTreeMap, BTreeSet};

use ringback::app::load_books;
use ringback::config;

#[test]
fn every_form_of_the_sources_is_declared() {
    let settings = load_books(&config::Policy::default()).unwrap().settings;
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let registers = settings.registers.all().map(|register| (&register.form, &register.id));
    for (forms, id) in registers.chain(settings.reports.all().map(|report| (&report.form, &report.id))) {
        for form in forms.split(',').map(str::trim).filter(|form| !form.is_empty()) {
            known.entry(form.to_owned()).or_default().push(id.clone());
        }
    }
    let wanted: BTreeSet<String> = (1..=62).map(|number| format!("F{number:02}")).collect();
    let declared: BTreeSet<String> = known.keys().cloned().collect();
    let missing: Vec<&String> = wanted.difference(&declared).collect();
    assert!(missing.is_empty(), "no register and no report is {missing:?}");
    let strange: Vec<&String> = declared.difference(&wanted).collect();
    assert!(strange.is_empty(), "there is no form {strange:?}");
}
