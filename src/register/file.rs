//! A register's file: `config/registers/<id>.toml`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Source, Vocabulary};
use crate::policy::pack::Condition;
use crate::written::{Mistake, Place};

/// The JSON Schema of a register's file, for editors (draft 7).
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Register>();
    schema.insert("title".into(), "Register of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// For how long a sheet is kept before the next is begun.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// A sheet for each day.
    #[default]
    Day,
    /// A sheet for each week, from Monday.
    Week,
    /// A sheet for each month.
    Month,
    /// A sheet for each quarter.
    Quarter,
    /// A sheet for each year.
    Year,
}

/// A register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Its id: the name of its file.
    pub id: String,
    /// Title on the form, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Number of the form it comes from: `F46`.
    #[serde(default)]
    pub form: String,
    /// Where in the sources it stands: requirement ids, or `ours`.
    #[serde(default)]
    pub source: String,
    /// Policy packs whose rows it holds; empty: all.
    #[serde(default)]
    pub packs: Vec<String>,
    /// What its rows are made from.
    pub from: Source,
    /// Only rows where all of this holds.
    #[serde(default, rename = "where")]
    #[schema(value_type = Vec<Object>)]
    pub filter: Vec<Condition>,
    /// How long a sheet is kept.
    #[serde(default)]
    pub span: Span,
    /// By which column the rows are sorted; empty: by time.
    #[serde(default)]
    pub sort: String,
    /// Minutes after the end of its call in which a row's parts by hand must be saved; 0: not measured.
    #[serde(default)]
    pub wrap_up_minutes: u32,
    /// A row that lacks a required part at the end of its day is a warning.
    #[serde(default)]
    pub same_day: bool,
    /// Reason of `[agents]` for which an agent gets no call while a row of theirs of the day lacks a
    /// required part: `back_office`; empty: they are not held.
    #[serde(default)]
    pub hold: String,
    /// Who signs at its foot, in Chinese: `制表`, `审核`.
    #[serde(default = "signatures")]
    pub signatures: Vec<String>,
    /// Its columns.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Title on the form, in Chinese.
    pub title: String,
    /// Name for programs and people, in English.
    pub name: String,
    /// The fields it is taken from: the first that has a value. `no` counts the rows; `complete` says
    /// whether the row has all that is required; `note.<word>` is what a person wrote into the row.
    pub from: Vec<String>,
    /// A row without it is incomplete, and named.
    #[serde(default)]
    pub required: bool,
    /// Only where all of this holds it is required.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub required_when: Vec<Condition>,
    /// Days after the row's own day within which it is filled in; an empty cell is overdue from then on.
    /// 0: whenever.
    #[serde(default)]
    pub within_days: u32,
    /// Where all of this holds, its cell is overdue, whatever stands in it.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub overdue_when: Vec<Condition>,
    /// It stays empty until the row has all that is required.
    #[serde(default)]
    pub when_complete: bool,
    /// What stored words are called on the form: those of a kind.
    #[serde(default)]
    pub vocabulary: Option<Vocabulary>,
    /// Words that are called otherwise, or that no vocabulary has.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// Width on the form, in characters.
    #[serde(default = "width")]
    pub width: u16,
}

fn signatures() -> Vec<String> {
    vec!["制表".into(), "审核".into()]
}

const fn width() -> u16 {
    12
}

impl Register {
    /// Reads a file.
    ///
    /// # Errors
    /// The first mistake, with its place and how to mend it.
    pub fn parse(file: &str, text: &str) -> Result<Register, Mistake> {
        let register: Register = toml::from_str(text)
            .map_err(|e| Mistake::of_toml(file, text, &e, "`ringback register schema` shows every key"))?;
        let wrong = |path: &[&str], message: String, hint: &str| {
            Err(Mistake::at(file, Place::find_or_start(text, path), message, hint))
        };
        let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
        if register.id != stem {
            return wrong(
                &["id"],
                format!("the id `{}` is not the name of the file", register.id),
                "write the same",
            );
        }
        if register.columns.is_empty() {
            return wrong(&["column"], "it has no column".into(), "add [[column]] with title, name and from");
        }
        let mut names = BTreeSet::new();
        for (place, column) in register.columns.iter().enumerate() {
            let place = place.to_string();
            if !names.insert(column.name.as_str()) {
                let message = format!("two columns are named `{}`", column.name);
                return wrong(&["column", &place, "name"], message, "give each a name of its own");
            }
            if column.from.is_empty() {
                let message = format!("column `{}` comes from nothing", column.name);
                return wrong(&["column", &place, "from"], message, "name a field, or note.<word>");
            }
        }
        if !register.sort.is_empty() && !names.contains(register.sort.as_str()) {
            let message = format!("there is no column `{}` to sort by", register.sort);
            let known: Vec<&str> = names.into_iter().collect();
            return wrong(&["sort"], message, &format!("columns: {}", known.join(", ")));
        }
        Ok(register)
    }

    /// Words a person can write into a row: `feedback` of `note.feedback`.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flat_map(|c| &c.from).filter_map(|from| from.strip_prefix("note."))
    }

    /// Whether it holds rows of a pack.
    pub fn is_of(&self, pack: &str) -> bool {
        self.packs.is_empty() || self.packs.iter().any(|own| own == pack)
    }
}

/// All registers, by id.
#[derive(Clone, Debug, Default)]
pub struct Registers(BTreeMap<String, Register>);

impl Registers {
    /// Adds one.
    pub fn add(&mut self, register: Register) {
        self.0.insert(register.id.clone(), register);
    }

    /// One by its id.
    pub fn get(&self, id: &str) -> Option<&Register> {
        self.0.get(id)
    }

    /// All, by id.
    pub fn all(&self) -> impl Iterator<Item = &Register> {
        self.0.values()
    }
}
