//! `ringback register` and `ringback performance`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::client::text;
use super::{Client, Failure, Output, Table};

/// `register`.
#[derive(Clone, Debug, Args)]
pub struct RegisterArgs {
    /// What with them; without a command they are listed.
    #[command(subcommand)]
    pub command: Option<RegisterCommand>,
}

/// `register ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum RegisterCommand {
    /// The rows of some days.
    Show {
        /// Its id, as the list shows it.
        id: String,
        /// First day: `2026-03-03`; today where it is left out.
        #[arg(long)]
        from: Option<String>,
        /// Last day; the first where it is left out.
        #[arg(long)]
        to: Option<String>,
        /// Only rows that lack a required part, or were saved late.
        #[arg(long)]
        open: bool,
        /// Write it into this file: `.xlsx` in the layout of the form, anything else as CSV.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write into a row.
    Note {
        /// The row: `callback:12`, `call:01K...`, `ticket:3`.
        record: String,
        /// What: `feedback=...`; several are taken.
        #[arg(required = true, value_name = "WORD=TEXT")]
        notes: Vec<String>,
    },
    /// All that was ever written into a row.
    History {
        /// The row.
        record: String,
    },
    /// JSON schema of a register's file, for editors.
    Schema,
}

/// `performance`.
#[derive(Clone, Debug, Args)]
pub struct PerformanceArgs {
    /// `2026-03`.
    pub month: String,
    /// By the rules of this pack, and only its rows.
    #[arg(long, default_value = "")]
    pub pack: String,
    /// Only this person.
    #[arg(long)]
    pub person: Option<String>,
}

pub(super) async fn run(client: &Client, output: Output, args: &RegisterArgs) -> Result<(), Failure> {
    match &args.command {
        None => {
            let registers = client.get("/registers", &[]).await?;
            output.print(&registers, list);
        }
        Some(RegisterCommand::Show { id, from, to, open, output: file }) => {
            let mut query = vec![("open", open.to_string()), ("unmask", output.unmask.to_string())];
            for (key, day) in [("from", from), ("to", to)] {
                query.extend(day.iter().map(|day| (key, day.clone())));
            }
            match file {
                Some(file) if file.extension().is_some_and(|e| e == "xlsx") => {
                    client.download(&format!("/registers/{id}/excel"), &query, file).await?;
                }
                Some(file) => client.download(&format!("/registers/{id}"), &query, file).await?,
                None => {
                    let table = client.get(&format!("/registers/{id}"), &query).await?;
                    output.print(&table, show);
                }
            }
        }
        Some(RegisterCommand::Note { record, notes }) => {
            let mut words = Map::new();
            for note in notes {
                let (word, said) = note.split_once('=').ok_or_else(|| {
                    Failure::failed(format!("`{note}` has no word: write feedback=what the customer said"))
                })?;
                words.insert(word.to_owned(), said.into());
            }
            let answer = client.post("/register-notes", &json!({ "record": record, "notes": words })).await?;
            output.print(&answer, |answer| match answer["ticket"].as_str() {
                Some(ticket) => format!("written; ticket {ticket} was opened\n"),
                None => "written\n".to_owned(),
            });
        }
        Some(RegisterCommand::History { record }) => {
            let notes = client.get("/register-notes", &[("record", record.clone())]).await?;
            output.print(&notes, history);
        }
        Some(RegisterCommand::Schema) => println!("{}", crate::register::schema()),
    }
    Ok(())
}

fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn words(value: &Value) -> String {
    let words: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    words.join(" ")
}

fn list(registers: &Value) -> String {
    let mut table = Table::new(&["id", "title", "", "form", "packs"]);
    for row in rows(registers, "items") {
        let packs = words(&row["packs"]);
        table.row([text(row, "id"), text(row, "title"), text(row, "title_en"), text(row, "form"), packs]);
    }
    table.render("no registers")
}

fn show(filled: &Value) -> String {
    let titles: Vec<&str> = rows(filled, "columns").iter().filter_map(Value::as_str).collect();
    let mut table = Table::new(&titles);
    for row in rows(filled, "rows") {
        let cell = |cell: &Value| cell.as_str().unwrap_or_default().replace('\n', " ");
        table.row(rows(row, "cells").iter().map(cell));
    }
    let mut out = format!("{} {} .. {}\n", text(filled, "title"), text(filled, "from"), text(filled, "to"));
    out.push_str(&table.render("no rows"));
    for gap in rows(filled, "missing") {
        out.push_str(&format!("incomplete: {}: {}\n", text(gap, "record"), words(&gap["columns"])));
    }
    out
}

fn history(notes: &Value) -> String {
    let mut table = Table::new(&["at", "by", "word", "text"]);
    for note in rows(notes, "items") {
        let at = super::client::local_time(&note["at"]);
        table.row([at, text(note, "actor"), text(note, "word"), text(note, "text")]);
    }
    table.render("nothing was written")
}

pub(super) async fn performance(
    client: &Client,
    output: Output,
    args: &PerformanceArgs,
) -> Result<(), Failure> {
    let mut query = vec![("month", args.month.clone()), ("pack", args.pack.clone())];
    query.extend(args.person.iter().map(|person| ("person", person.clone())));
    let sheets = client.get("/performance", &query).await?;
    output.print(&sheets, show_sheets);
    Ok(())
}

fn show_sheets(sheets: &Value) -> String {
    let mut table = Table::new(&["person", "line", "of", "value", "standard", "points", "rank"]);
    for sheet in rows(sheets, "items") {
        for line in rows(sheet, "lines") {
            let few = if line["few"] == true { " (too few)" } else { "" };
            table.row([
                text(sheet, "person"),
                text(line, "title"),
                format!("{}/{}", line["numerator"], line["denominator"]),
                format!("{}{few}", text(line, "value")),
                text(line, "standard"),
                text(line, "points"),
                String::new(),
            ]);
        }
        let total = text(sheet, "total");
        let none = String::new;
        table.row([
            text(sheet, "person"),
            "total".into(),
            none(),
            none(),
            none(),
            total,
            text(sheet, "rank"),
        ]);
    }
    table.render("nobody has rows in this month")
}
