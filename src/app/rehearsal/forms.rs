//! The registers of the rehearsed pack, filled from what the days left behind.

use std::collections::BTreeMap;

use super::Options;
use crate::app::books;
use crate::config;
use crate::io::books::{Books, table_csv};
use crate::io::planner::Planner;
use crate::io::store::Store;

/// Every register of the pack that has a row, as CSV, by its id; as of the end of the last day.
pub(super) async fn forms(
    store: &Store,
    planner: &Planner,
    options: &Options,
) -> Result<BTreeMap<String, String>, String> {
    let loaded = books::load(&config::Policy::default()).map_err(|e| format!("registers: {e}"))?;
    let registers = loaded.settings.registers.clone();
    let books = Books::new(store.clone(), planner.clone(), loaded.settings);
    let (days, now) = ((options.from, options.to), options.calendar.end_of(options.to));
    let mut forms = BTreeMap::new();
    for register in registers.all().filter(|register| register.is_of(&options.policy.pack.pack)) {
        let table = books.filled(&register.id, days, true, now).await.map_err(|e| e.to_string())?;
        if !table.rows.is_empty() {
            let csv = String::from_utf8_lossy(&table_csv(&table)).into_owned();
            forms.insert(register.id.clone(), csv);
        }
    }
    Ok(forms)
}
