//! `ringback roster`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `roster`.
#[derive(Clone, Debug, Args)]
pub struct RosterArgs {
    /// What with them; without a command the months are shown.
    #[command(subcommand)]
    pub command: Option<RosterCommand>,
}

/// `roster ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum RosterCommand {
    /// The nights of a month.
    Show {
        /// Policy pack.
        pack: String,
        /// `2026-07`.
        month: String,
    },
    /// Bring a month in from a file: a line for each night, a column for each role.
    Import {
        /// Policy pack.
        pack: String,
        /// `2026-07`.
        month: String,
        /// csv, txt, xlsx or xls.
        file: PathBuf,
    },
    /// Publish a month: everybody in it hears of it.
    Publish {
        /// Policy pack.
        pack: String,
        /// `2026-07`.
        month: String,
    },
    /// Put a substitute of the same role into a night.
    Swap {
        /// Policy pack.
        pack: String,
        /// The night: `2026-07-01`.
        date: String,
        /// leader, technician, driver, clerk or mechanic.
        role: String,
        /// Who cannot come.
        person: String,
        /// Who comes instead.
        substitute: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Who is on duty now, in the order in which they are called.
    OnDuty {
        /// Policy pack.
        pack: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &RosterArgs) -> Result<(), Failure> {
    let unmask = [("unmask", output.unmask.to_string())];
    match &args.command {
        None => {
            let months = client.get("/rosters", &[]).await?;
            output.print(&months, show_months);
        }
        Some(RosterCommand::Show { pack, month }) => {
            let roster = client.get(&format!("/rosters/{pack}/{month}"), &unmask).await?;
            output.print(&roster, show);
        }
        Some(RosterCommand::Import { pack, month, file }) => {
            let named = |e: std::io::Error| Failure::failed(format!("{}: {e}", file.display()));
            let opened = tokio::fs::File::open(file).await.map_err(named)?;
            let roster = client.upload(&format!("/rosters/{pack}/{month}/import"), &[], opened).await?;
            output.print(&roster, show);
        }
        Some(RosterCommand::Publish { pack, month }) => {
            let roster = client.post(&format!("/rosters/{pack}/{month}/publish"), &json!({})).await?;
            output
                .print(&roster, |roster| format!("{} is {}\n", text(roster, "month"), text(roster, "state")));
        }
        Some(RosterCommand::Swap { pack, date, role, person, substitute, reason }) => {
            let month = date.get(..7).unwrap_or(date);
            let body = json!({ "date": date, "role": role, "person": person, "substitute": substitute, "reason": reason });
            let roster = client.post(&format!("/rosters/{pack}/{month}/swaps"), &body).await?;
            output.print(&roster, |_| format!("{date}: {substitute} for {person}\n"));
        }
        Some(RosterCommand::OnDuty { pack }) => {
            let duty = client.get(&format!("/on-duty/{pack}"), &unmask).await?;
            output.print(&duty, show_duty);
        }
    }
    Ok(())
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn show_months(months: &Value) -> String {
    let mut table = Table::new(&["pack", "month", "state", "published", "by"]);
    for row in items(months, "items") {
        table.row([
            text(row, "pack"),
            text(row, "month"),
            text(row, "state"),
            local_time(&row["published_at"]),
            text(row, "published_by"),
        ]);
    }
    table.render("no rosters")
}

fn show(roster: &Value) -> String {
    let mut table = Table::new(&["night", "role", "person", "number", "extension"]);
    for row in items(roster, "duties") {
        table.row(["date", "role", "person", "phone", "extension"].map(|key| text(row, key)));
    }
    let head = format!("{} {}: {}\n", text(roster, "pack"), text(roster, "month"), text(roster, "state"));
    let gaps: String =
        items(roster, "gaps").iter().map(|g| format!("missing: {}\n", g.as_str().unwrap_or(""))).collect();
    head + &table.render("no duties") + &gaps
}

fn show_duty(duty: &Value) -> String {
    if duty["night"] != true {
        return "it is day: nobody is on night duty\n".into();
    }
    let mut table = Table::new(&["role", "person", "called at"]);
    for row in items(duty, "chain") {
        table.row(["role", "person", "address"].map(|key| text(row, key)));
    }
    let head = format!("night of {} until {}\n", text(duty, "date"), local_time(&duty["until"]));
    head + &table.render("nobody: the roster is missing, or has no numbers")
}
