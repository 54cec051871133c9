//! Items of the API: the same rules as rows of a file.

use std::collections::BTreeMap;

use super::{Desk, Failure, IntakeReport, report_of};
use crate::intake::{Outcome, Reader, RowResult, Settings, row_key};
use crate::io::store::archive::{IntakeOrder, Verdict};

/// One item with its fields by name, as a row of a file has them after its columns were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Fields by name.
    pub fields: BTreeMap<String, String>,
    /// Numbers, each with its label.
    pub phones: Vec<(String, String)>,
    /// Kind of the event; empty where the pack's intake says it, or where the item tells of a
    /// customer alone.
    pub kind: String,
}

impl Desk {
    /// Judges items and brings them in, as one intake; gives what became of each, in order.
    pub async fn take_items(
        &self,
        mut order: IntakeOrder,
        settings: &Settings,
        items: Vec<Item>,
    ) -> Result<(IntakeReport, Vec<Verdict>), Failure> {
        let pack = self.packs.get(&order.pack).map_err(Failure::Pack)?;
        let reader =
            Reader::new(&pack, Some(&order.intake), settings).map_err(|error| Failure::Pack(error.0))?;
        let rules = pack.intake.get(&order.intake);
        order.copy_to = rules.map(|rules| rules.copy_to.join(", ")).unwrap_or_default();
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        let rows: Vec<RowResult> = items
            .into_iter()
            .enumerate()
            .map(|(place, item)| {
                let line = place as u64 + 1;
                let kind = Some(item.kind.as_str()).filter(|kind| !kind.is_empty());
                let outcome = match reader.judge(item.fields, &item.phones, kind) {
                    Outcome::Taken(fact) => match seen.get(&row_key(&fact)) {
                        Some(of) => Outcome::Duplicate { of: *of },
                        None => {
                            seen.insert(row_key(&fact), line);
                            Outcome::Taken(fact)
                        }
                    },
                    other => other,
                };
                RowResult { line, outcome }
            })
            .collect();
        let mut report = report_of(&order);
        let mut session = self.store.begin_intake(order, settings.now).await?;
        report.id = session.id();
        let pushed = match session.push(&rows, 0).await {
            Ok(pushed) => pushed,
            Err(error) => {
                session.stop().await?;
                return Err(error.into());
            }
        };
        report.note(&pushed.verdicts);
        self.touched(pushed.touched);
        report.counts = session.finish().await?;
        Ok((report, pushed.verdicts))
    }
}
