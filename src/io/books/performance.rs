//! The monthly sheets of people.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Books, Error};
use crate::register::Record;
use crate::report::{Appraisal, Figure, Sheet, sheet};

/// A row behind a figure or a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Behind {
    /// What it is: `callback:12`.
    pub record: String,
    /// Where that is shown, below `/api/v1`; empty where it is not.
    pub link: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Its values by name.
    pub fields: BTreeMap<String, String>,
}

impl From<&Record> for Behind {
    fn from(record: &Record) -> Behind {
        // Parts that only the program counts with stay inside.
        let shown = record.fields.iter().filter(|(name, _)| !name.ends_with("_ms"));
        Behind {
            record: record.id.clone(),
            link: record.link(),
            at: record.at.0,
            fields: shown.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

/// The days of a month.
fn days_of(month: Date) -> (Date, Date) {
    let first = month.first_of_month();
    let next = first.checked_add(1.month()).unwrap_or(first);
    (first, next.yesterday().unwrap_or(first))
}

impl Books {
    /// How people of a pack are appraised: by its own file, or the usual one.
    ///
    /// # Errors
    /// There is no file.
    pub fn appraisal(&self, pack: &str) -> Result<Appraisal, Error> {
        let all = self.settings().appraisals;
        let found = all.get(pack).or_else(|| all.get("default")).cloned();
        found.ok_or_else(|| Error::Unknown("appraisal: add appraisals/default.toml".into()))
    }

    /// The sheets of a month, by person; those of one person where asked for.
    ///
    /// # Errors
    /// The database; no appraisal.
    pub async fn performance(
        &self,
        pack: &str,
        month: Date,
        person: Option<&str>,
    ) -> Result<Vec<Sheet>, Error> {
        let appraisal = self.appraisal(pack)?;
        let figures: Vec<&Figure> = appraisal.lines.iter().map(|line| &line.figure).collect();
        let tallies = self.tallies(&figures, pack, days_of(month)).await?;
        let mut sheets = sheet(&appraisal, &month.strftime("%Y-%m").to_string(), tallies);
        if let Some(person) = person {
            sheets.retain(|sheet| sheet.person == person);
        }
        Ok(sheets)
    }

    /// The rows behind a line of a person's sheet.
    ///
    /// # Errors
    /// The database; no such line.
    pub async fn performance_rows(
        &self,
        pack: &str,
        month: Date,
        (line, person): (&str, &str),
        unmask: bool,
    ) -> Result<Vec<Behind>, Error> {
        let appraisal = self.appraisal(pack)?;
        let rule = appraisal.lines.iter().find(|rule| rule.figure.id == line);
        let rule = rule.ok_or_else(|| Error::Unknown(format!("line `{line}` of the sheet")))?;
        let rows = self.behind(&rule.figure, pack, days_of(month), (None, Some(person)), unmask).await?;
        Ok(rows.iter().map(Behind::from).collect())
    }
}
