//! A report's file: `config/reports/<id>.toml`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Figure, Identity, Kind, Schedule};
use crate::written::{Mistake, Place};

/// The JSON Schema of a report's file, for editors (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    schema.insert("title".into(), "Report of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Its id: the name of its file.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    #[serde(default)]
    pub title_en: String,
    /// Number of the form it comes from: `F41`.
    #[serde(default)]
    pub form: String,
    /// Requirement ids, or `ours`.
    #[serde(default)]
    pub source: String,
    /// Policy pack; empty: all.
    #[serde(default)]
    pub pack: String,
    /// Who gets it: people, roles, departments.
    #[serde(default)]
    pub to: Vec<String>,
    /// It is made even for a period in which nothing happened.
    #[serde(default)]
    pub when_empty: bool,
    /// When it is made.
    pub schedule: Schedule,
    /// Registers that belong to it: each is a sheet of it, and their incomplete rows are named.
    #[serde(default)]
    pub registers: Vec<String>,
    /// Its figures.
    #[serde(default, rename = "figure")]
    pub figures: Vec<Figure>,
    /// Sums that must come out.
    #[serde(default, rename = "identity")]
    pub identities: Vec<Identity>,
    /// What people write into it.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
}

/// A part that a person writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its word: `measures`.
    pub id: String,
    /// Title, in Chinese: `改进措施`.
    pub title: String,
    /// It must be there before the report is handed in.
    #[serde(default)]
    pub required: bool,
    /// Each line of it is an action that stays open until somebody closes it.
    #[serde(default)]
    pub actions: bool,
}

impl Report {
    /// Reads a file.
    ///
    /// # Errors
    /// The first mistake, with its place and how to mend it.
    pub fn parse(file: &str, text: &str) -> Result<Report, Mistake> {
        let report: Report = toml::from_str(text)
            .map_err(|e| Mistake::of_toml(file, text, &e, "`ringback report schema` shows every key"))?;
        let wrong = |path: &[&str], message: String, hint: &str| {
            Err(Mistake::at(file, Place::find_or_start(text, path), message, hint))
        };
        let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
        if report.id != stem {
            return wrong(
                &["id"],
                format!("the id `{}` is not the name of the file", report.id),
                "write the same",
            );
        }
        let mut known = BTreeSet::new();
        for (place, figure) in report.figures.iter().enumerate() {
            let place = place.to_string();
            if !known.insert(figure.id.as_str()) {
                let message = format!("two figures are named `{}`", figure.id);
                return wrong(&["figure", &place, "id"], message, "give each a word of its own");
            }
            let is_said = !figure.value.is_empty() || figure.each.is_some();
            if matches!(figure.kind, Kind::Mean | Kind::Sum) && !is_said {
                let message = format!("figure `{}` adds up no field", figure.id);
                return wrong(&["figure", &place, "kind"], message, "name one: value = \"score\"");
            }
        }
        for (place, identity) in report.identities.iter().enumerate() {
            for (side, ids) in [("left", &identity.left), ("right", &identity.right)] {
                if let Some(unknown) = ids.iter().find(|id| !known.contains(id.as_str())) {
                    let hint = match crate::written::nearest(unknown, known.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "name figures of this file".into(),
                    };
                    let message = format!("there is no figure `{unknown}`");
                    return wrong(&["identity", &place.to_string(), side], message, &hint);
                }
            }
        }
        Ok(report)
    }
}

/// All reports, by id.
#[derive(Clone, Debug, Default)]
pub struct Reports(BTreeMap<String, Report>);

impl Reports {
    /// Adds one.
    pub fn add(&mut self, report: Report) {
        self.0.insert(report.id.clone(), report);
    }

    /// One by its id.
    pub fn get(&self, id: &str) -> Option<&Report> {
        self.0.get(id)
    }

    /// All, by id.
    pub fn all(&self) -> impl Iterator<Item = &Report> {
        self.0.values()
    }
}
