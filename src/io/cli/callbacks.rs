//! `ringback callbacks`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `callbacks`.
#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CallbacksArgs {
    /// Change one in place of listing them.
    #[command(subcommand)]
    pub command: Option<CallbackCommand>,
    /// In this state: waiting, open, done, excused.
    #[arg(long)]
    pub state: Option<String>,
    /// Of this policy pack.
    #[arg(long)]
    pub pack: Option<String>,
    /// Of this rule.
    #[arg(long)]
    pub rule: Option<String>,
    /// Of this customer: row id.
    #[arg(long)]
    pub customer: Option<i64>,
    /// Due on this day: 2026-03-03.
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// Only those whose deadline passed while they were owed.
    #[arg(long)]
    pub breached: bool,
    /// Callbacks to show.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `callbacks ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum CallbackCommand {
    /// One callback: how its dates were computed, and why it was or was not called on each day.
    Show {
        /// Row id.
        id: i64,
    },
    /// Add one by hand.
    Add {
        /// Row id of the customer.
        #[arg(long)]
        customer: i64,
        /// The day on which it is due: 2026-03-05.
        #[arg(long)]
        day: String,
        /// Rule by which it is called.
        #[arg(long, default_value = "")]
        rule: String,
        /// Purpose, shown on the card.
        #[arg(long, default_value = "")]
        note: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take one out for good, or off the list of one day.
    Remove {
        /// Row id.
        id: i64,
        /// Only off the list of this day.
        #[arg(long, default_value = "")]
        day: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Close one that was done by a visit, an answered questionnaire, or another channel.
    Done {
        /// Row id.
        id: i64,
        /// By what channel: onsite, email, letter and others.
        #[arg(long)]
        method: String,
        /// satisfied, dissatisfied or reached.
        #[arg(long, default_value = "reached")]
        outcome: String,
        /// When; now where it is not given.
        #[arg(long, default_value = "")]
        at: String,
        /// What was found.
        #[arg(long)]
        reason: String,
    },
    /// Set the next date after one.
    FollowUp {
        /// Row id.
        id: i64,
        /// The day: 2026-03-23.
        day: String,
        /// Purpose, shown on the card.
        #[arg(long, default_value = "")]
        note: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Promise a call at an exact time.
    Appointment {
        /// Row id.
        id: i64,
        /// When it rings: 2026-03-05T15:30:00+08:00.
        at: String,
        /// Who calls.
        #[arg(long, default_value = "")]
        assignee: String,
        /// Place or purpose, shown on the card.
        #[arg(long, default_value = "")]
        note: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Not before a day or time; the deadline stays.
    Move {
        /// Row id.
        id: i64,
        /// Day or time.
        earliest: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Say who is to call.
    Assign {
        /// Row id.
        id: i64,
        /// Name.
        assignee: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Write a note on the card.
    Note {
        /// Row id.
        id: i64,
        /// The note.
        note: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &CallbacksArgs) -> Result<(), Failure> {
    let Some(command) = &args.command else { return list(client, output, args).await };
    if let CallbackCommand::Show { id } = command {
        let detail = client.get(&format!("/callbacks/{id}"), &[]).await?;
        output.print(&detail, show);
        return Ok(());
    }
    let (path, body) = order(command);
    let row = client.post(&path, &body).await?;
    output.print(&row, |row| {
        let due = local_time(&row["due"]);
        format!(
            "callback {} is {} ({}), due {due}\n",
            text(row, "id"),
            text(row, "state"),
            text(row, "reason")
        )
    });
    Ok(())
}

/// Where a change is sent, and what.
fn order(command: &CallbackCommand) -> (String, Value) {
    let to = |id: &i64, what: &str| format!("/callbacks/{id}/{what}");
    match command {
        CallbackCommand::Show { id } => (format!("/callbacks/{id}"), Value::Null),
        CallbackCommand::Add { customer, day, rule, note, reason } => (
            "/callbacks".into(),
            json!({ "customer": customer, "day": day, "rule": rule, "note": note, "reason": reason }),
        ),
        CallbackCommand::Remove { id, day, reason } => {
            (to(id, "remove"), json!({ "day": day, "reason": reason }))
        }
        CallbackCommand::Done { id, method, outcome, at, reason } => {
            (to(id, "done"), json!({ "method": method, "outcome": outcome, "at": at, "reason": reason }))
        }
        CallbackCommand::FollowUp { id, day, note, reason } => {
            (to(id, "follow-up"), json!({ "next_follow_up": day, "note": note, "reason": reason }))
        }
        CallbackCommand::Appointment { id, at, assignee, note, reason } => {
            (to(id, "appointment"), json!({ "at": at, "assignee": assignee, "note": note, "reason": reason }))
        }
        CallbackCommand::Move { id, earliest, reason } => {
            (to(id, "move"), json!({ "earliest": earliest, "reason": reason }))
        }
        CallbackCommand::Assign { id, assignee, reason } => {
            (to(id, "assign"), json!({ "assignee": assignee, "reason": reason }))
        }
        CallbackCommand::Note { id, note } => (to(id, "note"), json!({ "note": note })),
    }
}

async fn list(client: &Client, output: Output, args: &CallbacksArgs) -> Result<(), Failure> {
    let mut query = vec![("limit", args.limit.to_string())];
    let mut given = |key: &'static str, value: Option<String>| query.extend(value.map(|value| (key, value)));
    given("state", args.state.clone());
    given("pack", args.pack.clone());
    given("rule", args.rule.clone());
    given("customer", args.customer.map(|id| id.to_string()));
    given("due", args.due.clone());
    given("breached", args.breached.then(|| "true".to_owned()));
    let rows = client.get("/callbacks", &query).await?;
    output.print(&rows, |rows| {
        let mut table = Table::new(&[
            ">id", "customer", "pack", "rule", "due", "until", "state", "outcome", "why", "detail",
        ]);
        for row in rows["items"].as_array().into_iter().flatten() {
            table.row([
                text(row, "id"),
                text(row, "name"),
                text(row, "pack"),
                text(row, "rule"),
                local_time(&row["due"]),
                local_time(&row["deadline"]),
                text(row, "state"),
                text(row, "outcome"),
                text(row, "reason"),
                text(row, "detail"),
            ]);
        }
        let more = if rows["next"].is_null() { "" } else { "more callbacks follow; raise --limit\n" };
        table.render("no callbacks") + more
    });
    Ok(())
}

fn show(detail: &Value) -> String {
    let b = &detail["callback"];
    let mut out = format!(
        "callback {} of {} by {}/{} ({}): {}, {}\n",
        text(b, "id"),
        text(b, "name"),
        text(b, "pack"),
        text(b, "rule"),
        text(b, "origin"),
        text(b, "state"),
        text(b, "reason"),
    );
    for (title, key) in [("not before", "earliest"), ("due", "due"), ("deadline", "deadline")] {
        let steps: Vec<&str> =
            b["sums"][key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        out.push_str(&format!("  {title:<10} {}  {}\n", local_time(&b[key]), steps.join("; ")));
    }
    let policy = &detail["policy"];
    if !policy.is_null() {
        out.push_str(&format!(
            "  made by version {} ({})\n",
            text(policy, "number"),
            text(policy, "version")
        ));
    }
    let mut table = Table::new(&["day", "verdict", "why", "detail"]);
    for row in detail["verdicts"].as_array().into_iter().flatten() {
        table.row([text(row, "day"), text(row, "verdict"), text(row, "code"), text(row, "detail")]);
    }
    out + &table.render("no day was planned with it yet")
}
