//! `ringback recordings` and `ringback key`.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};
use crate::io::clock::utc;
use crate::io::store::Store;
use crate::io::vault::{Key, KeyRing};

/// Between two looks at a run.
const LOOK: Duration = Duration::from_millis(500);

/// `recordings`.
#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RecordingsArgs {
    /// Something else than searching.
    #[command(subcommand)]
    pub command: Option<RecordingsCommand>,
    /// With this customer, by row id.
    #[arg(long)]
    pub customer: Option<i64>,
    /// With this number.
    #[arg(long)]
    pub phone: Option<String>,
    /// That this agent had.
    #[arg(long)]
    pub agent: Option<String>,
    /// From this day or time on.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Up to this day or time.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Of callbacks of this policy pack.
    #[arg(long)]
    pub pack: Option<String>,
    /// Of callbacks of this rule.
    #[arg(long)]
    pub rule: Option<String>,
    /// With this result.
    #[arg(long, value_name = "DISPOSITION")]
    pub result: Option<String>,
    /// That the ticket with this number knows of.
    #[arg(long, value_name = "NUMBER")]
    pub ticket: Option<String>,
    /// Worst score at least this.
    #[arg(long)]
    pub min_score: Option<i64>,
    /// Worst score at most this.
    #[arg(long)]
    pub max_score: Option<i64>,
    /// Stored as wav or flac, or gone.
    #[arg(long)]
    pub form: Option<String>,
    /// Lying here, in the recordings folder, or in the archive.
    #[arg(long)]
    pub place: Option<String>,
    /// Only those that something keeps from being deleted.
    #[arg(long)]
    pub held: bool,
    /// Recordings to show.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `recordings ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum RecordingsCommand {
    /// How one recording is stored, what holds it, and what becomes of it.
    Show {
        /// Id of the call.
        call: String,
    },
    /// Archive, seal and delete what is due now, and wait for it.
    Keep {
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// What is stored how, and what the last run came to.
    Status,
    /// Holds that people put.
    Holds {
        /// Also those that were lifted.
        #[arg(long)]
        all: bool,
    },
    /// Keep a recording from being deleted.
    Hold {
        /// Id of the call.
        call: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Lift the hold that a person put.
    Lift {
        /// Id of the call.
        call: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// `key`.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// Make the key file with a first key.
    New,
    /// Add a key that seals from now on; `recordings keep` seals what there is with it.
    Rotate,
    /// The keys, and how many recordings are sealed with each.
    List,
    /// Take an old key out of the file, if no recording is sealed with it.
    Retire {
        /// Its id.
        id: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &RecordingsArgs) -> Result<(), Failure> {
    match &args.command {
        None => list(client, output, args).await,
        Some(RecordingsCommand::Show { call }) => {
            let stored = client.get(&format!("/calls/{call}/recording/stored"), &[]).await?;
            output.print(&stored, show);
            Ok(())
        }
        Some(RecordingsCommand::Keep { dry_run }) => keep(client, output, *dry_run).await,
        Some(RecordingsCommand::Status) => {
            let view = client.get("/recordings/keeping", &[]).await?;
            output.print(&view, status);
            Ok(())
        }
        Some(RecordingsCommand::Holds { all }) => {
            let rows = client.get("/recordings/holds", &[("all", all.to_string())]).await?;
            output.print(&rows, holds);
            Ok(())
        }
        Some(RecordingsCommand::Hold { call, reason }) => {
            client.put(&format!("/calls/{call}/recording/hold"), &json!({ "reason": reason })).await?;
            Ok(())
        }
        Some(RecordingsCommand::Lift { call, reason }) => {
            client.delete(&format!("/calls/{call}/recording/hold"), &[("reason", reason.clone())]).await?;
            Ok(())
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

async fn list(client: &Client, output: Output, args: &RecordingsArgs) -> Result<(), Failure> {
    let mut query = vec![("limit", args.limit.to_string()), ("unmask", output.unmask.to_string())];
    let number = |value: Option<i64>| value.map(|n| n.to_string());
    let filters = [
        ("customer", number(args.customer)),
        ("phone", args.phone.clone()),
        ("agent", args.agent.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("pack", args.pack.clone()),
        ("rule", args.rule.clone()),
        ("disposition", args.result.clone()),
        ("ticket", args.ticket.clone()),
        ("min_score", number(args.min_score)),
        ("max_score", number(args.max_score)),
        ("form", args.form.clone()),
        ("place", args.place.clone()),
        ("held", args.held.then(|| "true".to_owned())),
    ];
    query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let rows = client.get("/recordings", &query).await?;
    output.print(&rows, |rows| {
        let mut table =
            Table::new(&["call", "at", "number", ">seconds", "result", "form", "key", "place", "held"]);
        for row in items(rows) {
            let held: Vec<&str> =
                row["held"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let seconds = row["recording_ms"].as_i64().map_or(String::new(), |ms| (ms / 1_000).to_string());
            table.row([
                text(row, "id"),
                local_time(&row["reserved_at"]),
                text(row, "phone"),
                seconds,
                text(row, "disposition"),
                text(row, "form"),
                text(row, "sealed"),
                text(row, "place"),
                held.join("; "),
            ]);
        }
        let more = if rows["next"].is_null() { "" } else { "more recordings follow; raise --limit\n" };
        table.render("no recordings") + more
    });
    Ok(())
}

/// Orders a run and waits for its end; progress goes to stderr.
async fn keep(client: &Client, output: Output, dry_run: bool) -> Result<(), Failure> {
    let mut view = client.post("/recordings/keeping", &json!({ "dry_run": dry_run })).await?;
    let shown = std::io::stderr().is_terminal();
    while !view["running"].is_null() {
        if shown {
            let run = &view["running"];
            write!(std::io::stderr(), "\r{} of {} recordings ", run["seen"], run["of"]).ok();
        }
        tokio::time::sleep(LOOK).await;
        view = client.get("/recordings/keeping", &[]).await?;
    }
    if shown {
        write!(std::io::stderr(), "\r").ok();
    }
    let last = &view["last"];
    if last.is_null() {
        return Err(Failure::failed("the run was cut off; the log of the daemon says why"));
    }
    output.print(last, report);
    match last["problems"].as_array().map_or(0, Vec::len) {
        0 => Ok(()),
        n => Err(Failure::failed(format!(
            "{n} recordings could not be kept as they should; the next run tries again"
        ))),
    }
}

fn report(last: &Value) -> String {
    let tally = &last["tally"];
    let would = if last["dry_run"] == true { "would be " } else { "" };
    let mut out = format!(
        "{would}archived {}, sealed {}, moved {}, deleted {}; held {}, left as they are {}, failed {}\n",
        tally["archived"],
        tally["sealed"],
        tally["moved"],
        tally["deleted"],
        tally["held"],
        tally["kept"],
        tally["failed"]
    );
    let mut reasons = Table::new(&[">recordings", "decided"]);
    for (reason, count) in last["reasons"].as_object().into_iter().flatten() {
        reasons.row([count.to_string(), reason.clone()]);
    }
    out.push_str(&reasons.render(""));
    if last["dry_run"] == true {
        let mut planned = Table::new(&["call", "act", "why"]);
        for row in last["planned"].as_array().into_iter().flatten() {
            planned.row([text(row, "call_id"), text(row, "act"), text(row, "because")]);
        }
        out.push_str(&planned.render(""));
    }
    for problem in last["problems"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        out.push_str(&format!("failed: {problem}\n"));
    }
    out
}

fn status(view: &Value) -> String {
    let mut table = Table::new(&["form", "key", "place", ">files", ">MB", ">MB as WAV"]);
    for row in view["stored"].as_array().into_iter().flatten() {
        let mb = |key: &str| format!("{:.1}", row[key].as_f64().unwrap_or_default() / 1e6);
        table.row([
            text(row, "form"),
            text(row, "sealed"),
            text(row, "place"),
            text(row, "files"),
            mb("bytes"),
            mb("wav_bytes"),
        ]);
    }
    let key = view["seals_with"].as_str().unwrap_or("none: new recordings are not sealed");
    let mut out = format!("key that seals: {key}\nnext run: {}\n", local_time(&view["next_run"]));
    if !text(view, "archive").is_empty() {
        out.push_str(&format!("archive: {}\n", text(view, "archive")));
    }
    out.push_str(&table.render("every recording lies as it was recorded"));
    if !view["last"].is_null() {
        out.push_str(&format!("last run {}: ", local_time(&view["last"]["started_at"])));
        out.push_str(&report(&view["last"]));
    }
    out
}

fn show(stored: &Value) -> String {
    let mut table = Table::new(&["since", "form", "key", "place", "path", ">bytes", "gone", "why"]);
    for row in stored["files"].as_array().into_iter().flatten() {
        table.row([
            local_time(&row["at"]),
            text(row, "form"),
            text(row, "sealed"),
            text(row, "place"),
            text(row, "path"),
            text(row, "bytes"),
            local_time(&row["gone_at"]),
            text(row, "gone_why"),
        ]);
    }
    let mut out = table.render("it lies as it was recorded");
    if !stored["act"].is_null() {
        out.push_str(&format!(
            "the next run: {}, because {}\n",
            text(stored, "act"),
            text(stored, "because")
        ));
    }
    for row in stored["held"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "held: {} {}: {}\n",
            text(row, "kind"),
            text(row, "reference"),
            text(row, "reason")
        ));
    }
    out
}

fn holds(rows: &Value) -> String {
    let mut table = Table::new(&["call", "put", "by", "reason", "lifted", "by", "why"]);
    for row in items(rows) {
        table.row([
            text(row, "call_id"),
            local_time(&row["put_at"]),
            text(row, "put_by"),
            text(row, "reason"),
            local_time(&row["lifted_at"]),
            text(row, "lifted_by"),
            text(row, "lifted_why"),
        ]);
    }
    table.render("nothing is held by hand")
}

/// Works on the key file itself, whether the daemon runs or not.
///
/// # Errors
/// What is wrong with the file, or why a key stays.
pub async fn run_keys(
    command: &KeyCommand,
    file: Option<&Path>,
    database: &str,
    json: bool,
) -> Result<(), Failure> {
    let file = file.ok_or_else(|| {
        Failure::failed("no key file is configured: write `key_file = \"recordings.key\"` under [encryption]")
    })?;
    let reload = "tell the daemon with `ringback reload`";
    match command {
        KeyCommand::New => {
            let key = Key::random(utc()).map_err(Failure::failed)?;
            let id = key.id.clone();
            KeyRing::of(vec![key]).write(file, true).map_err(Failure::failed)?;
            println!("{} holds key {id}; keep a copy elsewhere, then {reload}", file.display());
        }
        KeyCommand::Rotate => {
            let ring = KeyRing::read(file).map_err(Failure::failed)?;
            let key = Key::random(utc()).map_err(Failure::failed)?;
            let id = key.id.clone();
            ring.rotated(key).write(file, false).map_err(Failure::failed)?;
            println!(
                "{} holds key {id}, which seals from the next reload on; keep a copy elsewhere, {reload}, and seal\n\
                 what there is with `ringback recordings keep`, or leave that to the daily run",
                file.display()
            );
        }
        KeyCommand::List => {
            let ring = KeyRing::read(file).map_err(Failure::failed)?;
            let used = used(database).await?;
            let count = |id: &str| used.iter().filter(|(key, _)| key == id).map(|(_, n)| n).sum::<i64>();
            let rows: Vec<Value> = ring
                .all()
                .iter()
                .map(|key| json!({ "id": key.id, "made": key.made, "recordings": count(&key.id) }))
                .collect();
            Output { json, unmask: false }.print(&json!({ "items": rows }), |all| {
                let mut table = Table::new(&["key", "made", ">recordings"]);
                for row in items(all) {
                    table.row([text(row, "id"), text(row, "made"), text(row, "recordings")]);
                }
                table.render("no keys")
            });
        }
        KeyCommand::Retire { id } => {
            let ring = KeyRing::read(file).map_err(Failure::failed)?;
            let sealed: i64 = used(database).await?.iter().filter(|(key, _)| key == id).map(|(_, n)| n).sum();
            if sealed > 0 {
                let text = format!(
                    "{sealed} recordings are sealed with key {id}: run `ringback recordings keep` first"
                );
                return Err(Failure::failed(text));
            }
            ring.without(id).and_then(|ring| ring.write(file, false)).map_err(Failure::failed)?;
            println!("key {id} is out of {}; {reload}", file.display());
        }
    }
    Ok(())
}

/// How many recordings are sealed with which key.
async fn used(database: &str) -> Result<Vec<(String, i64)>, Failure> {
    let store = Store::open(database).await?;
    let sums = store.stored_sums().await?;
    store.close().await;
    Ok(sums.into_iter().map(|sum| (sum.sealed, sum.files)).collect())
}
