//! `ringback tickets`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `tickets`.
#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TicketsArgs {
    /// Show or change one in place of listing them.
    #[command(subcommand)]
    pub command: Option<TicketCommand>,
    /// Of this policy pack.
    #[arg(long)]
    pub pack: Option<String>,
    /// Of this type.
    #[arg(long)]
    pub kind: Option<String>,
    /// In this phase: open, verifying, closed, joined.
    #[arg(long)]
    pub phase: Option<String>,
    /// Of this owner.
    #[arg(long)]
    pub owner: Option<String>,
    /// Of this department.
    #[arg(long)]
    pub department: Option<String>,
    /// Only those past a deadline.
    #[arg(long)]
    pub overdue: bool,
    /// Tickets to show.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `tickets ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum TicketCommand {
    /// JSON Schema of ticket files, for editors.
    Schema,
    /// One ticket: stages with the sums of their deadlines, and its timeline.
    Show {
        /// Row id.
        id: i64,
    },
    /// Open one by hand.
    Open {
        /// Type: consultation, complaint, repair and others.
        kind: String,
        /// Policy pack.
        #[arg(long, default_value = "")]
        pack: String,
        /// Where it comes from.
        #[arg(long, default_value = "walk_in")]
        source: String,
        /// Customer's number.
        #[arg(long, default_value = "")]
        phone: String,
        /// Customer's name.
        #[arg(long, default_value = "")]
        name: String,
        /// Everything else: `--field address=...`, as often as wanted.
        #[arg(long = "field", value_name = "NAME=VALUE")]
        fields: Vec<String>,
    },
    /// Report a stage as done.
    Report {
        /// Row id.
        id: i64,
        /// Word of the stage.
        stage: String,
        /// What is filled in with it: `--field solution=...`.
        #[arg(long = "field", value_name = "NAME=VALUE")]
        fields: Vec<String>,
    },
    /// Acknowledge one for its department.
    Acknowledge {
        /// Row id.
        id: i64,
        /// Which department, for who is not of it.
        #[arg(long, default_value = "")]
        department: String,
    },
    /// Promise a next reply.
    Promise {
        /// Row id.
        id: i64,
        /// When: 2026-03-04T16:00:00+08:00.
        at: String,
    },
    /// Comment.
    Comment {
        /// Row id.
        id: i64,
        /// The text.
        text: String,
    },
    /// Close one.
    Close {
        /// Row id.
        id: i64,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &TicketsArgs) -> Result<(), Failure> {
    let Some(command) = &args.command else { return list(client, output, args).await };
    if matches!(command, TicketCommand::Schema) {
        println!("{}", crate::ticket::schema());
        return Ok(());
    }
    if let TicketCommand::Show { id } = command {
        let detail = client.get(&format!("/tickets/{id}"), &[]).await?;
        output.print(&detail, show);
        return Ok(());
    }
    let (path, body) = order(command);
    let detail = client.post(&path, &body).await?;
    output.print(&detail, |detail| {
        let ticket = &detail["ticket"];
        format!("ticket {} ({}) is {}\n", text(ticket, "number"), text(ticket, "id"), text(ticket, "state"))
    });
    Ok(())
}

/// Where a change is sent, and what.
fn order(command: &TicketCommand) -> (String, Value) {
    let to = |id: &i64, body: Value| (format!("/tickets/{id}/acts"), body);
    match command {
        TicketCommand::Schema => (String::new(), Value::Null),
        TicketCommand::Show { id } => (format!("/tickets/{id}"), Value::Null),
        TicketCommand::Open { kind, pack, source, phone, name, fields } => (
            "/tickets".into(),
            json!({ "kind": kind, "pack": pack, "source": source, "phone": phone, "name": name, "fields": pairs(fields) }),
        ),
        TicketCommand::Report { id, stage, fields } => {
            to(id, json!({ "do": "report", "stage": stage, "fields": pairs(fields) }))
        }
        TicketCommand::Acknowledge { id, department } => {
            to(id, json!({ "do": "acknowledge", "department": department }))
        }
        TicketCommand::Promise { id, at } => to(id, json!({ "do": "promise", "at": at })),
        TicketCommand::Comment { id, text } => to(id, json!({ "do": "comment", "text": text })),
        TicketCommand::Close { id } => to(id, json!({ "do": "close" })),
    }
}

/// `name=value`; what has no value is empty.
fn pairs(fields: &[String]) -> BTreeMap<&str, &str> {
    fields.iter().map(|field| field.split_once('=').unwrap_or((field, ""))).collect()
}

async fn list(client: &Client, output: Output, args: &TicketsArgs) -> Result<(), Failure> {
    let mut query = vec![("limit", args.limit.to_string())];
    let mut given = |key: &'static str, value: Option<String>| query.extend(value.map(|value| (key, value)));
    given("pack", args.pack.clone());
    given("kind", args.kind.clone());
    given("phase", args.phase.clone());
    given("owner", args.owner.clone());
    given("department", args.department.clone());
    given("overdue", args.overdue.then(|| "1".to_owned()));
    let rows = client.get("/tickets", &query).await?;
    output.print(&rows, |rows| {
        let mut table = Table::new(&[
            ">id",
            "number",
            "kind",
            "state",
            "owner",
            "department",
            "customer",
            "opened",
            "due",
        ]);
        for row in rows["items"].as_array().into_iter().flatten() {
            table.row([
                text(row, "id"),
                text(row, "number"),
                text(row, "kind"),
                text(row, "state"),
                text(row, "owner"),
                text(row, "department"),
                text(row, "name"),
                local_time(&row["opened_at"]),
                local_time(&row["due_at"]),
            ]);
        }
        let more = if rows["next"].is_null() { "" } else { "more tickets follow; raise --limit\n" };
        table.render("no tickets") + more
    });
    Ok(())
}

fn show(detail: &Value) -> String {
    let ticket = &detail["ticket"];
    let mut out = format!(
        "ticket {} ({}, {}) of {}: {}; owner {}, department {}\n",
        text(ticket, "number"),
        text(ticket, "kind"),
        text(ticket, "severity"),
        text(ticket, "name"),
        text(ticket, "state"),
        text(ticket, "owner"),
        text(ticket, "department"),
    );
    let mut stages = Table::new(&["stage", "status", "due", "done by", "sum"]);
    for stage in detail["stages"].as_array().into_iter().flatten() {
        let steps: Vec<&str> =
            stage["sum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        stages.row([
            text(stage, "id"),
            text(stage, "status"),
            local_time(&stage["due"]),
            text(stage, "done_by"),
            steps.join("; "),
        ]);
    }
    out.push_str(&stages.render("no stages"));
    let mut timeline = Table::new(&["at", "who", "what", "detail"]);
    for line in detail["timeline"].as_array().into_iter().flatten() {
        timeline.row([
            local_time(&line["at"]),
            text(line, "actor"),
            text(line, "action"),
            text(line, "detail"),
        ]);
    }
    out + &timeline.render("nothing happened yet")
}
