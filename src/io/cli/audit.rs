//! `ringback audit`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};
use crate::audit::{self, DrawRule, Drawn, Forms};
use crate::io::assets;

/// The form that all others are laid over.
const BASE: &str = "audit/default.toml";

/// `audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// What with it.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// `audit ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Freeze the calls of a month that is over: first without a seed. With --seed, draw from the frozen list.
    Draw {
        /// The month: 2026-03.
        month: String,
        /// Calls of this policy pack only.
        #[arg(long, default_value = "")]
        pack: String,
        /// Where the seed will come from, said before anybody can know it.
        #[arg(long, default_value = "", conflicts_with = "seed")]
        seed_from: String,
        /// The public figure, or what the dice showed.
        #[arg(long, requires = "auditors")]
        seed: Option<String>,
        /// Who audits, with commas between.
        #[arg(long, value_delimiter = ',')]
        auditors: Vec<String>,
    },
    /// Draws, or one of them.
    Show {
        /// Row id.
        id: Option<i64>,
    },
    /// Do a draw again and compare: one of the daemon by its id, or an exported one by its folder.
    Verify {
        /// Row id, or the folder of an export.
        #[arg(value_name = "ID|FOLDER")]
        draw: String,
    },
    /// Write list, result and how to do it again into a folder.
    Export {
        /// Row id.
        id: i64,
        /// The folder; it is made.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Calls that are audited.
    Cases {
        /// Of this draw.
        #[arg(long)]
        draw: Option<i64>,
        /// Of this auditor.
        #[arg(long)]
        auditor: Option<String>,
        /// Without a submitted sheet.
        #[arg(long)]
        open: bool,
    },
    /// A case: what is filled in, and what a person must mark.
    Case {
        /// Row id.
        id: i64,
    },
    /// Send the sheet of a case: JSON with marks, criticals, notes and summary.
    Score {
        /// Row id.
        id: i64,
        /// The file.
        file: PathBuf,
        /// Who scored.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Keep it as a draft.
        #[arg(long)]
        draft: bool,
        /// Why a submitted sheet is corrected.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// The audits of a month, by agent.
    Results {
        /// The month: 2026-03.
        month: String,
    },
    /// Look for mistakes in form files; exit code 0 or 1. Needs no daemon.
    Check {
        /// Files; none: the shipped ones.
        files: Vec<PathBuf>,
    },
    /// JSON schema of form files, for editors.
    Schema,
}

pub(super) async fn run(client: &Client, output: Output, args: &AuditArgs) -> Result<(), Failure> {
    match &args.command {
        AuditCommand::Draw { month, pack, seed_from, seed: None, .. } => {
            let body = json!({ "month": month, "pack": pack, "seed_from": seed_from });
            let draw = client.post("/audits/draws", &body).await?;
            output.print(&draw, show);
        }
        AuditCommand::Draw { month, pack, seed: Some(seed), auditors, .. } => {
            let draws = client.get("/audits/draws", &[]).await?;
            let found = items(&draws)
                .iter()
                .find(|draw| text(draw, "month") == *month && text(draw, "pack") == *pack);
            let Some(id) = found.map(|draw| text(draw, "id")) else {
                let hint = format!("{month} is not frozen; `ringback audit draw {month}` does that first");
                return Err(Failure::failed(hint));
            };
            let body = json!({ "seed": seed, "auditors": auditors });
            let draw = client.post(&format!("/audits/draws/{id}/seed"), &body).await?;
            output.print(&draw, show);
        }
        AuditCommand::Show { id: Some(id) } => {
            let draw = client.get(&format!("/audits/draws/{id}"), &[]).await?;
            output.print(&draw, show);
        }
        AuditCommand::Show { id: None } => {
            let draws = client.get("/audits/draws", &[]).await?;
            output.print(&draws, list);
        }
        AuditCommand::Verify { draw } => return verify(client, output, draw).await,
        AuditCommand::Export { id, to } => return export(client, *id, to).await,
        AuditCommand::Cases { draw, auditor, open } => {
            let mut query = vec![("limit", "500".to_owned())];
            query.extend(draw.map(|draw| ("draw", draw.to_string())));
            query.extend(auditor.clone().map(|auditor| ("auditor", auditor)));
            query.extend(open.then(|| ("open", "true".to_owned())));
            let cases = client.get("/audits/cases", &query).await?;
            output.print(&cases, cases_table);
        }
        AuditCommand::Case { id } => {
            let case = client.get(&format!("/audits/cases/{id}"), &[]).await?;
            output.print(&case, show_case);
        }
        AuditCommand::Score { id, file, by, draft, reason } => {
            let sheet: Value = serde_json::from_str(&read(file)?)
                .map_err(|error| Failure::failed(format!("{} is no JSON: {error}", file.display())))?;
            let body = json!({ "sheet": sheet, "by": by, "reason": reason });
            let sheet = match draft {
                true => client.put(&format!("/audits/cases/{id}/draft"), &body).await?,
                false => client.post(&format!("/audits/cases/{id}/submit"), &body).await?,
            };
            output.print(&sheet, |sheet| {
                let (version, state) = (text(sheet, "version"), text(sheet, "state"));
                format!("version {version} {state} {} {}\n", text(sheet, "score"), text(sheet, "grade"))
            });
        }
        AuditCommand::Results { month } => {
            let results = client.get("/audits/results", &[("month", month.clone())]).await?;
            output.print(&results, show_results);
        }
        AuditCommand::Check { files } => return check(files),
        AuditCommand::Schema => println!("{}", audit::schema()),
    }
    Ok(())
}

fn items(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

async fn verify(client: &Client, output: Output, draw: &str) -> Result<(), Failure> {
    let verified = match draw.parse::<i64>() {
        Ok(id) => client.get(&format!("/audits/draws/{id}/verify"), &[]).await?,
        Err(_) => offline(Path::new(draw))?,
    };
    output.print(&verified, |verified| {
        let problems = verified["problems"].as_array().cloned().unwrap_or_default();
        let lines: Vec<String> =
            problems.iter().filter_map(Value::as_str).map(|line| format!("{line}\n")).collect();
        match lines.is_empty() {
            true => format!("{} calls, {} picks: as published\n", verified["calls"], verified["picks"]),
            false => lines.concat(),
        }
    });
    if verified["good"] == json!(true) {
        Ok(())
    } else {
        Err(Failure::failed("the draw is not as it was published"))
    }
}

/// Does an exported draw again; nothing but the files is asked.
fn offline(folder: &Path) -> Result<Value, Failure> {
    let list = read(&folder.join("list.csv"))?;
    let draw: Value = serde_json::from_str(&read(&folder.join("draw.json"))?)
        .map_err(|error| Failure::failed(format!("draw.json is no JSON: {error}")))?;
    let lines = audit::parse(&list).map_err(|error| Failure::failed(format!("list.csv: {error}")))?;
    let part = |error: serde_json::Error| Failure::failed(format!("draw.json is no draw: {error}"));
    let rule: DrawRule = serde_json::from_value(draw["rule"].clone()).map_err(part)?;
    let mut problems = Vec::new();
    if audit::hash(&list) != text(&draw, "list_sha256") {
        problems.push("list.csv is not the list whose hash was published");
    }
    let mut picks = 0;
    if let Some(seed) = draw["seed"].as_str() {
        let told: Drawn = serde_json::from_value(draw["result"].clone()).map_err(part)?;
        let again = audit::draw(&rule, &lines, seed);
        picks = again.picks.len();
        if !again.is_same(&told) {
            problems.push("the picks are not those of list and seed");
        }
    }
    Ok(json!({ "good": problems.is_empty(), "calls": lines.len(), "picks": picks, "problems": problems }))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::failed(format!("{} cannot be read: {error}", path.display())))
}

async fn export(client: &Client, id: i64, to: &Path) -> Result<(), Failure> {
    let draw = client.get(&format!("/audits/draws/{id}"), &[]).await?;
    let list = client.text(&format!("/audits/draws/{id}/list")).await?;
    let named =
        |error: std::io::Error| Failure::failed(format!("{} cannot be written: {error}", to.display()));
    std::fs::create_dir_all(to).map_err(named)?;
    let pretty = serde_json::to_string_pretty(&draw).unwrap_or_default();
    for (name, text) in [("list.csv", list.as_str()), ("draw.json", &pretty), ("HOW.txt", audit::HOW)] {
        std::fs::write(to.join(name), text).map_err(named)?;
    }
    println!("{}", to.display());
    Ok(())
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let mut forms = Forms::default();
    let mut problems = Vec::new();
    let shipped = |path: &str| assets::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let mut add = |forms: &mut Forms, file: &str, text: &str| {
        if let Err(mistake) = forms.add(file, text) {
            problems.push(mistake.to_string());
        }
    };
    add(&mut forms, BASE, &shipped(BASE).unwrap_or_default());
    if files.is_empty() {
        for path in assets::list("audit/").iter().filter(|path| *path != BASE) {
            add(&mut forms, path, &shipped(path).unwrap_or_default());
        }
    }
    for file in files {
        // Each by itself over the shipped default: a file of one's own takes the place of a shipped one.
        let mut alone = if file.file_name().is_some_and(|name| name == "default.toml") {
            Forms::default()
        } else {
            forms.clone()
        };
        add(&mut alone, &file.display().to_string(), &read(file)?);
    }
    if problems.is_empty() {
        println!("no mistake found");
        return Ok(());
    }
    println!("{}", problems.join("\n\n"));
    Err(Failure::failed(format!("{} files cannot be used", problems.len())))
}

fn list(draws: &Value) -> String {
    let mut table = Table::new(&[">id", "month", "pack", "state", ">calls", "frozen", "list", "seed"]);
    for draw in items(draws) {
        let hash: String = text(draw, "list_sha256").chars().take(16).collect();
        table.row([
            text(draw, "id"),
            text(draw, "month"),
            text(draw, "pack"),
            text(draw, "state"),
            text(draw, "calls"),
            local_time(&draw["frozen_at"]),
            hash,
            text(draw, "seed"),
        ]);
    }
    table.render("nothing was drawn yet")
}

fn show(draw: &Value) -> String {
    let mut out = format!(
        "draw {} of {} {}: {}\nlist of {} calls, SHA-256 {}\nfrozen by {} at {}; seed from: {}\n",
        text(draw, "id"),
        text(draw, "month"),
        text(draw, "pack"),
        text(draw, "state"),
        text(draw, "calls"),
        text(draw, "list_sha256"),
        text(draw, "frozen_by"),
        local_time(&draw["frozen_at"]),
        text(draw, "seed_from"),
    );
    let Some(seed) = draw["seed"].as_str() else {
        return out + "no seed yet: `ringback audit draw MONTH --seed ... --auditors a,b`\n";
    };
    out.push_str(&format!(
        "seed {seed}, typed in by {} at {}\n",
        text(draw, "seeded_by"),
        local_time(&draw["seeded_at"])
    ));
    let mut agents = Table::new(&["agent", ">calls", ">must", ">frame", ">drawn", ">probability"]);
    for part in draw["result"]["agents"].as_array().into_iter().flatten() {
        let probability = part["probability"].as_f64().unwrap_or_default();
        agents.row([
            text(part, "agent"),
            text(part, "calls"),
            text(part, "must"),
            text(part, "frame"),
            text(part, "drawn"),
            format!("{probability:.4}"),
        ]);
    }
    out + &agents.render("nobody")
}

fn cases_table(cases: &Value) -> String {
    let mut table = Table::new(&[">case", "call", "agent", "auditor", "why", "due", ">score", "grade"]);
    for case in items(cases) {
        let second = if case["second"] == json!(1) { " (2nd)" } else { "" };
        table.row([
            text(case, "id"),
            text(case, "call_id"),
            text(case, "agent"),
            text(case, "auditor") + second,
            text(case, "why"),
            local_time(&case["due_at"]),
            text(case, "score"),
            text(case, "grade"),
        ]);
    }
    table.render("no cases")
}

fn show_case(case: &Value) -> String {
    let mut table = Table::new(&["item", "title", ">of", ">filled in", "from"]);
    for (id, item) in case["form"]["item"].as_object().into_iter().flatten() {
        let filled = &case["prefill"][id];
        let shown = if filled["na"] == json!(true) { "n/a".to_owned() } else { text(filled, "points") };
        if item["off"] != json!(true) {
            table.row([id.clone(), text(item, "title"), text(item, "points"), shown, text(filled, "why")]);
        }
    }
    let mut out = format!("case {} of call {}\n", text(&case["case"], "id"), text(&case["case"], "call_id"));
    out.push_str(&table.render("the form is empty"));
    for (id, found) in case["candidates"].as_object().into_iter().flatten() {
        let what: Vec<String> = found
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| format!("{} {}", text(one, "detector"), text(one, "rule")))
            .collect();
        out.push_str(&format!(
            "to decide: {id} {}: {}\n",
            text(&case["form"]["critical"][id], "title"),
            what.join(", ")
        ));
    }
    out
}

fn show_results(results: &Value) -> String {
    let mut table = Table::new(&["agent", ">sheets", ">open", ">mean", "grade", "95 %", ">critical"]);
    for agent in results["agents"].as_array().into_iter().flatten() {
        let critical = agent["critical"].as_array().map_or(0, Vec::len).to_string();
        table.row([
            text(agent, "agent"),
            text(agent, "sheets"),
            text(agent, "open"),
            text(agent, "mean"),
            text(agent, "grade"),
            interval(&agent["estimate"]),
            critical,
        ]);
    }
    let mut out = table.render("nothing was audited");
    if !results["estimate"].is_null() {
        out.push_str(&format!(
            "all calls: {} {}\n",
            text(&results["estimate"], "mean"),
            interval(&results["estimate"])
        ));
    }
    if !results["agreement"].is_null() {
        let agreement = &results["agreement"];
        out.push_str(&format!(
            "scored twice: {} calls, mean difference {}, kappa {}\n",
            text(agreement, "calls"),
            text(agreement, "difference"),
            text(agreement, "kappa"),
        ));
    }
    out
}

fn interval(estimate: &Value) -> String {
    match (estimate["low"].as_f64(), estimate["high"].as_f64()) {
        (Some(low), Some(high)) => format!("{low:.1} to {high:.1}"),
        _ => String::new(),
    }
}
