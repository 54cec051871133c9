//! Golden registers: a simulated month of each pack whose forms must be there, as CSV. A change of a form or
//! of what fills it shows here as a difference that somebody has to agree to.

use std::collections::BTreeMap;

use ringback::app::{SimulateOptions, Simulation, simulate};

use crate::months::options;

/// A month with its registers.
async fn month(file: &str) -> Simulation {
    let options = SimulateOptions { registers: true, ..options(file, &file.replace('-', "_"), 1) };
    simulate(options, |_| ()).await.unwrap()
}

/// Rows of a form by the names of its columns.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// The whole text of some forms, one after the other.
fn told(simulation: &Simulation, forms: &[&str]) -> String {
    let one = |id: &&str| {
        let csv = simulation.forms.get(*id).unwrap_or_else(|| {
            panic!("no row in {id}; the pack has {:?}", simulation.forms.keys().collect::<Vec<_>>())
        });
        format!("# {id}\n{}", csv.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
    };
    forms.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Sums that must come out over the forms of a month.
fn identities(simulation: &Simulation) {
    let calls: u64 = simulation.days.iter().flat_map(|day| day.calls.values()).sum();
    let registered = simulation.forms.get("phone-records").map_or(0, |csv| rows(csv).len());
    assert_eq!(registered as u64, calls, "{}: calls in registers = calls in records", simulation.pack);
    let owed = simulation.forms.get("owed-callbacks").map(|csv| rows(csv)).unwrap_or_default();
    let in_state = |state: &str| owed.iter().filter(|row| row["状态"] == state).count();
    let sum = in_state("已回访") + in_state("未回访") + in_state("待定") + in_state("免回访");
    assert!(!owed.is_empty(), "{}: something was owed", simulation.pack);
    assert_eq!(owed.len(), sum, "{}: due = done + open + excused", simulation.pack);
}

macro_rules! registers {
    ($($name:ident = $file:literal $forms:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let simulation = month($file).await;
            identities(&simulation);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/registers"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let text = told(&simulation, &$forms);
            settings.bind(|| insta::assert_snapshot!($file, text));
        }
    )*};
}

registers! {
    reg_02_a_month_of_installations_in_its_form = "whole-house-install" ["install-feedback"];
    reg_03_a_month_of_the_mall_in_its_forms = "furniture-mall" ["callback-sheet", "owed-callbacks"];
    reg_04_a_month_of_three_daily_sheets = "auto-repair" ["auto-satisfaction", "auto-lost", "auto-reminders"];
    reg_05_a_month_of_the_billboard_makers_telephone = "billboard-maker" ["phone-records", "callback-register"];
    reg_10_a_month_of_record_forms = "generic-enterprise" ["callback-records"];
    reg_11_a_month_of_patients = "hospital" ["hospital-register"];
}
