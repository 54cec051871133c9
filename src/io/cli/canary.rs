//! `ringback canary`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `canary`.
#[derive(Clone, Debug, Args)]
pub struct CanaryArgs {
    /// What with them; without it, how each stands.
    #[command(subcommand)]
    command: Option<CanaryCommand>,
}

/// What with canaries.
#[derive(Clone, Debug, Subcommand)]
pub enum CanaryCommand {
    /// Make the canary of a trunk now.
    Run {
        /// Its name.
        trunk: String,
    },
    /// Let campaigns dial through a trunk today in spite of its canary.
    Override {
        /// Its name.
        trunk: String,
        /// Why; the audit log notes it.
        #[arg(long)]
        reason: String,
    },
    /// The last canaries of a trunk.
    History {
        /// Its name.
        trunk: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &CanaryArgs) -> Result<(), Failure> {
    match &args.command {
        None => {
            let all = client.get("/trunks/canary", &[]).await?;
            output.print(&all, |all| standings(rows(all)));
        }
        Some(CanaryCommand::Run { trunk }) => {
            let started = client.post(&format!("/trunks/{trunk}/canary"), &json!({})).await?;
            output.print(&started, |started| {
                format!("call {} is on its way; `ringback canary` shows the result\n", text(started, "call"))
            });
        }
        Some(CanaryCommand::Override { trunk, reason }) => {
            let path = format!("/trunks/{trunk}/canary/override");
            let done = client.post(&path, &json!({ "reason": reason })).await?;
            output.print(&done, |done| {
                format!("campaigns dial through {trunk} on {} in any case\n", text(done, "day"))
            });
        }
        Some(CanaryCommand::History { trunk }) => {
            let all = client.get(&format!("/trunks/{trunk}/canary"), &[]).await?;
            output.print(&all, |all| history(rows(all)));
        }
    }
    Ok(())
}

fn rows(answer: &Value) -> &[Value] {
    answer["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn standings(all: &[Value]) -> String {
    let mut table = Table::new(&["trunk", "light", "last", "next", "red"]);
    for one in all {
        table.row([
            text(one, "trunk"),
            text(one, "light"),
            local_time(&one["last"]["began_at"]),
            local_time(&one["next_at"]),
            red(&one["last"]),
        ]);
    }
    table.render("no trunk has a canary: write [trunk.canary] into the configuration")
}

fn history(all: &[Value]) -> String {
    let mut table = Table::new(&["time", "result", "by", "call", "came back as", "red"]);
    for one in all {
        let result = match one["passed"].as_bool() {
            Some(true) => "passed",
            Some(false) => "failed",
            None => "being looked at",
        };
        table.row([
            local_time(&one["began_at"]),
            result.to_owned(),
            text(one, "by"),
            text(one, "caller"),
            text(one, "called"),
            red(one),
        ]);
    }
    table.render("no canary was made")
}

/// The checks that failed, with their figures.
fn red(canary: &Value) -> String {
    let checks = canary["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let red = checks.iter().filter(|check| check["passed"] == false);
    red.map(|check| format!("{} {}", text(check, "name"), text(check, "figure")).trim().to_owned())
        .collect::<Vec<_>>()
        .join(", ")
}
