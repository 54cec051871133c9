//! `ringback call ID ...`: orders in a call that is up, and the legs of one that is over.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `call`.
#[derive(Clone, Debug, Args)]
pub struct CallArgs {
    /// The call's id, as `ringback calls` shows it.
    pub id: String,
    /// What with it.
    #[command(subcommand)]
    pub command: CallCommand,
}

/// What with one call.
#[derive(Clone, Debug, Subcommand)]
pub enum CallCommand {
    /// Its further legs, who hung up first, and the pauses of its recording, once it is over.
    Legs,
    /// Hang it up.
    HangUp,
    /// Give the customer music; nobody hears them.
    Hold,
    /// Take the customer back from hold.
    Resume,
    /// Nobody hears this leg.
    Mute {
        /// Number of the leg.
        leg: u32,
    },
    /// This leg is heard again.
    Unmute {
        /// Number of the leg.
        leg: u32,
    },
    /// Ring somebody else for the customer; our person is let go when they answer.
    Transfer {
        /// Extension or number.
        target: String,
    },
    /// Ring somebody for our person, while the customer hears music.
    Consult {
        /// Extension or number.
        target: String,
    },
    /// The one consulted takes the customer.
    Complete,
    /// Our person goes back to the customer.
    Back,
    /// Ring somebody to join; without a target the one consulted joins.
    Conference {
        /// Extension or number.
        target: Option<String>,
    },
    /// Let somebody of ours listen, whisper to our person, or join.
    Supervise {
        /// Extension.
        target: String,
        /// How.
        #[arg(long, default_value = "listen")]
        mode: SuperviseWord,
    },
    /// Silence goes into the recording.
    PauseRecording,
    /// Sound goes into the recording again.
    ResumeRecording,
    /// Let one leg go.
    DropLeg {
        /// Number of the leg.
        leg: u32,
    },
}

/// How somebody supervises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SuperviseWord {
    /// Hears all, is heard by nobody.
    Listen,
    /// Is heard by our people alone.
    Whisper,
    /// Is heard by all.
    Barge,
}

pub(super) async fn run(client: &Client, output: Output, args: &CallArgs) -> Result<(), Failure> {
    use CallCommand as C;
    let (path, body) = match &args.command {
        C::Legs => return legs(client, output, &args.id).await,
        C::HangUp => ("hang-up", json!({})),
        C::Hold => ("hold", json!({})),
        C::Resume => ("resume", json!({})),
        C::Mute { leg } => ("mute", json!({ "leg": leg, "muted": true })),
        C::Unmute { leg } => ("mute", json!({ "leg": leg, "muted": false })),
        C::Transfer { target } => ("transfer", json!({ "target": target })),
        C::Consult { target } => ("consult", json!({ "target": target })),
        C::Complete => ("complete", json!({})),
        C::Back => ("back", json!({})),
        C::Conference { target } => ("conference", json!({ "target": target })),
        C::Supervise { target, mode } => {
            let mode = match mode {
                SuperviseWord::Listen => "listen",
                SuperviseWord::Whisper => "whisper",
                SuperviseWord::Barge => "barge",
            };
            ("supervise", json!({ "target": target, "mode": mode }))
        }
        C::PauseRecording => ("recording/pause", json!({ "paused": true })),
        C::ResumeRecording => ("recording/pause", json!({ "paused": false })),
        C::DropLeg { leg } => ("legs/hang-up", json!({ "leg": leg })),
    };
    let done = client.post(&format!("/calls/{}/{path}", args.id), &body).await?;
    output.print(&done, |_| "done\n".into());
    Ok(())
}

async fn legs(client: &Client, output: Output, id: &str) -> Result<(), Failure> {
    let query = [("unmask", output.unmask.to_string())];
    let bridged = client.get(&format!("/calls/{id}/legs"), &query).await?;
    output.print(&bridged, table);
    Ok(())
}

fn table(bridged: &Value) -> String {
    let rows = |name: &str| bridged[name].as_array().cloned().unwrap_or_default();
    let mut table = Table::new(&["leg", "kind", "target", "from", "answered", "to", "result"]);
    for leg in rows("legs") {
        table.row([
            leg["number"].to_string(),
            text(&leg, "kind"),
            text(&leg, "target"),
            local_time(&leg["started_at"]),
            local_time(&leg["answered_at"]),
            local_time(&leg["ended_at"]),
            text(&leg, "result"),
        ]);
    }
    let mut shown = table.render("nobody was rung for this call");
    if let Some(first) = bridged["hung_up_first"].as_str() {
        shown.push_str(&format!("hung up first: {first}\n"));
    }
    for pause in rows("pauses") {
        let (from, to) = (local_time(&pause["from_at"]), local_time(&pause["to_at"]));
        shown.push_str(&format!("recording paused: {from} to {to} by {}\n", text(&pause, "actor")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_are_shown_with_who_hung_up_first_and_the_pauses() {
        let bridged = json!({
            "hung_up_first": "agent",
            "legs": [{ "number": 1, "kind": "agent", "target": "1001", "started_at": 0, "answered_at": null,
                "ended_at": 1_000, "result": "busy" }],
            "pauses": [{ "from_at": 0, "to_at": null, "actor": "boss" }],
        });
        let shown = table(&bridged);
        for word in ["1001", "busy", "hung up first: agent", "by boss"] {
            assert!(shown.contains(word), "{shown}");
        }
        assert!(table(&json!({ "legs": [] })).contains("nobody was rung"));
    }
}
