//! Variables of the environment that go before the file: `RINGBACK_SIP__T1=250ms`.

use serde::Deserialize;
use toml::{Table, Value};

use super::ConfigError;
use super::raw::{Environment, Raw};
use crate::written::Mistake;

/// What the variables begin with. Two underscores stand between the parts of a key, so
/// that variables for other uses (`RINGBACK_CONFIG`) are none of these.
pub const PREFIX: &str = "RINGBACK_";

/// Most elements a variable may put into a list of tables: `RINGBACK_TRUNK__<n>__...`.
const MAX_INDEX: usize = 100;

/// The parts of the key a variable names; None for variables of other uses.
fn key_of(variable: &str) -> Option<Vec<String>> {
    let rest = variable.strip_prefix(PREFIX)?;
    rest.contains("__").then(|| rest.to_lowercase().split("__").map(str::to_owned).collect())
}

/// The variable that set `key` (`trunk[0].server`), if one did.
pub(super) fn variable_of<'a>(key: &str, environment: &'a Environment) -> Option<&'a str> {
    let wanted: Vec<&str> = key.split(['.', '[', ']']).filter(|part| !part.is_empty()).collect();
    environment.keys().map(String::as_str).find(|name| {
        key_of(name).is_some_and(|parts| {
            parts.iter().zip(&wanted).all(|(a, b)| a == b) && parts.len() <= wanted.len()
        })
    })
}

/// The file with the variables laid over it.
pub(super) fn overlay(text: &str, written: Raw, environment: &Environment) -> Result<Raw, Vec<ConfigError>> {
    let named = environment.iter().filter_map(|(name, value)| Some((name, key_of(name)?, value)));
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        return Ok(written);
    }
    let mut table: Table = toml::from_str(text).unwrap_or_default();
    let mut raw = written;
    let mut errors = Vec::new();
    for (name, parts, value) in named {
        match set(&table, &parts, value) {
            Ok((changed, read)) => (table, raw) = (changed, *read),
            Err(problem) => errors.push(mistake(name, &parts, &problem)),
        }
    }
    if errors.is_empty() { Ok(raw) } else { Err(errors) }
}

/// Sets one value: as TOML if that fits, else as text, so that `PASSWORD=1234` is text.
fn set(table: &Table, parts: &[String], value: &str) -> Result<(Table, Box<Raw>), String> {
    let as_toml = toml::from_str::<Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    let as_text = Value::String(value.to_owned());
    let mut problem = String::new();
    for value in as_toml.into_iter().chain([as_text]) {
        let mut changed = Value::Table(table.clone());
        *place(&mut changed, parts)? = value;
        let Value::Table(changed) = changed else { return Err("is no key".into()) };
        match Raw::deserialize(Value::Table(changed.clone())) {
            Ok(raw) => return Ok((changed, Box::new(raw))),
            Err(e) if problem.is_empty() => problem = e.message().to_owned(),
            Err(_) => {}
        }
    }
    Err(problem)
}

fn place<'a>(value: &'a mut Value, parts: &[String]) -> Result<&'a mut Value, String> {
    let Some((first, rest)) = parts.split_first() else { return Ok(value) };
    if let Ok(index) = first.parse::<usize>() {
        if !value.is_array() {
            *value = Value::Array(Vec::new());
        }
        let Value::Array(list) = value else { return Err("is no list".into()) };
        if index > list.len() || index >= MAX_INDEX {
            return Err(format!("there are {} in the list: the next is number {}", list.len(), list.len()));
        }
        if index == list.len() {
            list.push(Value::Table(Table::new()));
        }
        return place(&mut list[index], rest);
    }
    if !value.is_table() {
        *value = Value::Table(Table::new());
    }
    let Value::Table(table) = value else { return Err("is no section".into()) };
    let next = rest.first().is_some_and(|part| part.parse::<usize>().is_ok());
    let empty = if next { Value::Array(Vec::new()) } else { Value::Table(Table::new()) };
    place(table.entry(first.as_str()).or_insert(empty), rest)
}

fn mistake(name: &str, parts: &[String], problem: &str) -> ConfigError {
    let mut error = ConfigError {
        origin: format!("${name}"),
        place: None,
        key: parts.join("."),
        problem: problem.replace('\n', "; "),
        hint: None,
    };
    if let Some((problem, hint)) = Mistake::in_words(problem) {
        (error.problem, error.hint) = (problem, Some(hint));
    }
    error
}
