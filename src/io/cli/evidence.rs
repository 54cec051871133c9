//! `ringback evidence`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::text;
use super::{Client, Failure, Output, Table};

/// `evidence`.
#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvidenceArgs {
    /// One call, or something else, in place of listing findings.
    #[command(subcommand)]
    pub command: Option<EvidenceCommand>,
    /// Of this detector: interruptions, hold_s and others, see `scorecards`.
    #[arg(long)]
    pub detector: Option<String>,
    /// At least this grave: info, hint, warn, fail, critical.
    #[arg(long)]
    pub severity: Option<String>,
    /// Charged with this agent.
    #[arg(long)]
    pub agent: Option<String>,
    /// Of calls from this day or time on.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Of calls up to this day or time.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Findings to show.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `evidence ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum EvidenceCommand {
    /// What was found in one call, and what is left to listen for.
    Call {
        /// Id of the call.
        id: String,
    },
    /// A picture of one call as SVG.
    Picture {
        /// Id of the call.
        id: String,
    },
    /// Attach a transcript: a JSON array of lines with side, start_ms, end_ms and text.
    Transcript {
        /// Id of the call.
        id: String,
        /// The file.
        file: PathBuf,
    },
    /// Calls that must be audited.
    MustAudit,
    /// The scorecards in force, and every detector with its unit.
    Scorecards,
    /// JSON Schema of scorecard files, for editors.
    Schema,
}

pub(super) async fn run(client: &Client, output: Output, args: &EvidenceArgs) -> Result<(), Failure> {
    match &args.command {
        None => list(client, output, args).await,
        Some(EvidenceCommand::Call { id }) => {
            let found = client.get(&format!("/calls/{id}/evidence"), &[]).await?;
            output.print(&found, show);
            Ok(())
        }
        Some(EvidenceCommand::Picture { id }) => {
            let svg = client.text(&format!("/calls/{id}/evidence/picture")).await?;
            println!("{svg}");
            Ok(())
        }
        Some(EvidenceCommand::Transcript { id, file }) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::failed(format!("{} cannot be read: {error}", file.display())))?;
            let lines: Value = serde_json::from_str(&text)
                .map_err(|error| Failure::failed(format!("{} is no JSON: {error}", file.display())))?;
            client.put(&format!("/calls/{id}/transcript"), &json!({ "lines": lines })).await?;
            Ok(())
        }
        Some(EvidenceCommand::MustAudit) => {
            let rows = client.get("/evidence/must-audit", &[("limit", args.limit.to_string())]).await?;
            output.print(&rows, |rows| {
                let mut table = Table::new(&["call", "agent", "worst", "reasons"]);
                for row in items(rows) {
                    table.row([
                        text(row, "call_id"),
                        text(row, "agent"),
                        text(row, "worst"),
                        text(row, "audit"),
                    ]);
                }
                table.render("no call must be audited")
            });
            Ok(())
        }
        Some(EvidenceCommand::Scorecards) => {
            let cards = client.get("/scorecards", &[]).await?;
            output.print(&cards, scorecards);
            Ok(())
        }
        Some(EvidenceCommand::Schema) => {
            println!("{}", crate::evidence::schema());
            Ok(())
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

async fn list(client: &Client, output: Output, args: &EvidenceArgs) -> Result<(), Failure> {
    let mut query = vec![("limit", args.limit.to_string())];
    let filters = [
        ("detector", &args.detector),
        ("severity", &args.severity),
        ("agent", &args.agent),
        ("from", &args.from),
        ("to", &args.to),
    ];
    query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    let rows = client.get("/findings", &query).await?;
    output.print(&rows, |rows| {
        let more = if rows["next"].is_null() { "" } else { "more findings follow; raise --limit\n" };
        table(items(rows), true) + more
    });
    Ok(())
}

fn table(rows: &[Value], with_call: bool) -> String {
    let head = ["detector", ">value", "unit", ">from", ">to", "severity", "charged", "detail"];
    let whole: Vec<&str> = with_call.then_some("call").into_iter().chain(head).collect();
    let mut table = Table::new(&whole);
    for row in rows {
        let charged = match text(row, "charge").as_str() {
            "agent" => text(row, "agent"),
            "nobody" => String::new(),
            other => other.to_owned(),
        };
        let detail = format!("{} {}", text(row, "rule"), text(row, "detail"));
        let cells = [
            text(row, "detector"),
            text(row, "value"),
            text(row, "unit"),
            moment(&row["start_ms"]),
            moment(&row["end_ms"]),
            text(row, "severity"),
            charged,
            detail.trim().to_owned(),
        ];
        table.row(with_call.then(|| text(row, "call_id")).into_iter().chain(cells));
    }
    table.render("no findings")
}

/// `1:02.5` of the recording.
fn moment(ms: &Value) -> String {
    ms.as_u64()
        .map_or(String::new(), |ms| format!("{}:{:02}.{}", ms / 60_000, ms / 1_000 % 60, ms / 100 % 10))
}

fn show(found: &Value) -> String {
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let mut out = format!(
        "scorecard {} {}; gravest: {}\n",
        text(found, "pack"),
        text(found, "version"),
        text(found, "worst")
    );
    let audit: Vec<String> = list("audit").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if !audit.is_empty() {
        out.push_str(&format!("must be audited: {}\n", audit.join(", ")));
    }
    if !text(found, "problem").is_empty() {
        out.push_str(&format!("the recording was not heard: {}\n", text(found, "problem")));
    }
    out.push_str(&table(&list("findings"), false));
    let ticks = list("ticks");
    if !ticks.is_empty() {
        let mut boxes = Table::new(&["listen for", "kind", "phrase"]);
        for tick in &ticks {
            let first = tick["any"][0].as_str().unwrap_or_default().to_owned();
            boxes.row([text(tick, "title"), text(tick, "kind"), first]);
        }
        out.push_str(&boxes.render(""));
    }
    out
}

fn scorecards(cards: &Value) -> String {
    let mut table = Table::new(&["scorecard", "version", "title", ">phrases"]);
    for card in cards["scorecards"].as_array().into_iter().flatten() {
        let (inner, phrases) = (&card["scorecard"], card["scorecard"]["phrase"].as_object());
        let count = phrases.map_or(0, serde_json::Map::len).to_string();
        table.row([text(inner, "pack"), text(card, "version"), text(inner, "title"), count]);
    }
    let mut detectors = Table::new(&["detector", "unit", "title", "title_en"]);
    for row in cards["detectors"].as_array().into_iter().flatten() {
        detectors.row([text(row, "detector"), text(row, "unit"), text(row, "title"), text(row, "title_en")]);
    }
    table.render("no scorecards") + &detectors.render("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_shown_with_their_place_and_on_whose_account_they_go() {
        let shown = show(&json!({
            "pack": "default", "version": "0123456789ab", "worst": "critical", "audit": ["critical"],
            "problem": "", "ticks": [{ "title": "问候", "kind": "required", "any": ["您好"] }],
            "findings": [
                { "detector": "cut_off", "value": 0.2, "unit": "s", "start_ms": 61_500, "end_ms": 62_500,
                  "severity": "critical", "charge": "agent", "agent": "li", "rule": "", "detail": "agent" },
                { "detector": "lost_audio", "value": 9, "unit": "%", "start_ms": null, "end_ms": null,
                  "severity": "warn", "charge": "system", "agent": null, "rule": "", "detail": "" },
            ],
        }));
        for word in ["1:01.5", "li", "system", "must be audited: critical", "问候"] {
            assert!(shown.contains(word), "{word} in\n{shown}");
        }
    }
}
