//! `ringback notices`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `notices`.
#[derive(Clone, Debug, Args)]
pub struct NoticesArgs {
    /// What with them; without a command the newest are shown.
    #[command(subcommand)]
    pub command: Option<NoticesCommand>,
    /// Only of this topic; `callback.*` takes all of them.
    #[arg(long)]
    pub topic: Option<String>,
    /// Only for this person, role or department.
    #[arg(long)]
    pub to: Option<String>,
    /// Only `waiting`, `sent`, `failed`, `unrouted`, `unacknowledged` or `acknowledged`.
    #[arg(long)]
    pub state: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `notices ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum NoticesCommand {
    /// Send a test message by a channel.
    Test {
        /// Its name.
        channel: String,
    },
    /// Channels, and how they fare.
    Channels,
    /// Say that somebody has taken note.
    Acknowledge {
        /// Row id of the notice.
        id: i64,
        /// What they say to it.
        #[arg(long, default_value = "")]
        note: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &NoticesArgs) -> Result<(), Failure> {
    match &args.command {
        None => {
            let mut query = vec![("limit", args.limit.to_string()), ("unmask", output.unmask.to_string())];
            for (key, value) in [("topic", &args.topic), ("to", &args.to), ("state", &args.state)] {
                query.extend(value.iter().map(|value| (key, value.clone())));
            }
            let notices = client.get("/notices", &query).await?;
            output.print(&notices, show);
        }
        Some(NoticesCommand::Channels) => {
            let channels = client.get("/notice-channels", &[]).await?;
            output.print(&channels, show_channels);
        }
        Some(NoticesCommand::Test { channel }) => {
            let answer = client.post(&format!("/notice-channels/{channel}/test"), &json!({})).await?;
            output.print(&answer, |_| format!("{channel}: the message arrived\n"));
        }
        Some(NoticesCommand::Acknowledge { id, note }) => {
            let path = format!("/notices/{id}/acknowledge");
            let notice = client.post(&path, &json!({ "note": note })).await?;
            output.print(&notice, |notice| format!("acknowledged by {}\n", text(notice, "acked_by")));
        }
    }
    Ok(())
}

fn rows(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn show(notices: &Value) -> String {
    let mut table = Table::new(&[">id", "made", "topic", "to", "title", "deliveries", "acknowledged"]);
    for row in rows(notices) {
        let deliveries = row["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
        table.row([
            text(row, "id"),
            local_time(&row["created_at"]),
            text(row, "topic"),
            text(row, "to"),
            text(row, "title"),
            deliveries.iter().map(delivery).collect::<Vec<_>>().join(", "),
            text(row, "acked_by"),
        ]);
    }
    table.render("no notices")
}

fn delivery(row: &Value) -> String {
    let channel = text(row, "channel");
    match (row["sent_at"].is_null(), row["given_up_at"].is_null()) {
        (false, _) => format!("{channel} sent"),
        (true, false) => format!("{channel} given up: {}", text(row, "error")),
        (true, true) if text(row, "error").is_empty() => format!("{channel} waits"),
        (true, true) => format!("{channel} fails: {}", text(row, "error")),
    }
}

fn show_channels(channels: &Value) -> String {
    let mut table =
        Table::new(&["name", "kind", "language", "last sent", ">waiting", "failing since", "error"]);
    for row in rows(channels) {
        table.row([
            text(row, "name"),
            text(row, "kind"),
            text(row, "language"),
            local_time(&row["last_sent_at"]),
            text(row, "waiting"),
            local_time(&row["failing_since"]),
            text(row, "error"),
        ]);
    }
    table.render("no channels: `[[notices.channel]]` of the configuration makes one")
}
