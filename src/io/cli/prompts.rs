//! `ringback prompts`.

use serde_json::{Value, json};

use super::client::text;
use super::{Client, Failure, Output, PromptsCommand, Table};

/// The script that calls somebody and records what they say.
const RECORD_SCRIPT: &str = "record-prompt";

pub(super) async fn run(client: &Client, output: Output, command: &PromptsCommand) -> Result<(), Failure> {
    match command {
        PromptsCommand::List => {
            let prompts = client.get("/prompts", &[]).await?;
            output.print(&prompts, |prompts| table(rows(prompts).iter()));
            Ok(())
        }
        PromptsCommand::Check => check(client, output).await,
        PromptsCommand::Record { name, to } => record(client, output, name, to).await,
    }
}

fn rows(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn table<'a>(prompts: impl Iterator<Item = &'a Value>) -> String {
    let mut table = Table::new(&["language", "prompt", ">seconds", "used by"]);
    for prompt in prompts {
        let seconds = match prompt["missing"] == true {
            true => "missing".into(),
            false => format!("{:.1}", prompt["duration_ms"].as_f64().unwrap_or(0.0) / 1_000.0),
        };
        let used: Vec<_> =
            prompt["used_by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        table.row([text(prompt, "language"), text(prompt, "name"), seconds, used.join(" ")]);
    }
    table.render("no prompts")
}

async fn check(client: &Client, output: Output) -> Result<(), Failure> {
    let prompts = client.get("/prompts", &[]).await?;
    let missing: Vec<&Value> = rows(&prompts).iter().filter(|p| p["missing"] == true).collect();
    let found = rows(&prompts).len() - missing.len();
    let report = json!({ "found": found, "missing": missing });
    output.print(&report, |_| match missing.is_empty() {
        true => format!("all {found} prompts are there\n"),
        false => table(missing.iter().copied()),
    });
    match missing.len() {
        0 => Ok(()),
        n => Err(Failure::failed(format!(
            "{n} prompts are missing: record them with `ringback prompts record`"
        ))),
    }
}

/// One customer, one list, one campaign: a recording by telephone is an ordinary call.
async fn record(client: &Client, output: Output, name: &str, to: &str) -> Result<(), Failure> {
    let title = format!("record {name} {}", crate::io::clock::utc());
    let mut csv = csv::Writer::from_writer(Vec::new());
    let written = csv.write_record(["phone", "prompt"]).and_then(|()| csv.write_record([to, name]));
    written.map_err(|e| Failure::failed(e.to_string()))?;
    let bytes = csv.into_inner().map_err(|e| Failure::failed(e.to_string()))?;
    let query = [("list_name", title.clone()), ("file_name", "prompt.csv".into())];
    let import = client.upload("/imports", &query, std::io::Cursor::new(bytes)).await?;
    if import["counts"]["added"] != 1 {
        return Err(Failure::failed(format!(
            "`{to}` cannot be called: {}",
            text(&import["problems"][0], "reason")
        )));
    }
    let settings = json!({
        "script": RECORD_SCRIPT, "windows": ["Mon-Sun 00:00-24:00"], "max_attempts": 1, "machine": "ignore",
        "daily_cap_per_number": 0, "priority": 9,
    });
    let body = json!({ "name": title, "list": import["list_id"], "settings": settings });
    let made = client.post("/campaigns", &body).await?;
    client.post(&format!("/campaigns/{}/start", made["id"]), &json!({})).await?;
    output.print(&made, |made| {
        format!("calling; speak `{name}` after the beep and end with #. `ringback campaign show {}` tells how it went\n", made["id"])
    });
    Ok(())
}
