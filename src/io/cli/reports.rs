//! `ringback report`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// Between two looks at how far a report is.
const LOOK: Duration = Duration::from_millis(250);
/// Characters of the bar.
const BAR: usize = 30;

/// `report`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ReportArgs {
    /// What with them; without a command and a name those that were made are shown.
    #[command(subcommand)]
    pub command: Option<ReportCommand>,
    /// Make or show this report, by the name of its file.
    pub name: Option<String>,
    /// A day of its period: `2026-03-03`, or a month: `2026-03`.
    #[arg(long, requires = "name")]
    pub period: Option<String>,
    /// Write it into this Excel file.
    #[arg(long, value_name = "FILE", requires = "name")]
    pub output: Option<PathBuf>,
}

/// `report ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum ReportCommand {
    /// The reports there are, and when each is made next.
    List,
    /// Write into a report.
    Write {
        /// Row id of the report.
        id: i64,
        /// Word of the field: `measures`.
        field: String,
        /// All of its text.
        text: String,
    },
    /// Take a report one step further.
    Step {
        /// Row id of the report.
        id: i64,
        /// Which step.
        step: StepWord,
        /// Guidance, or why it is given back.
        #[arg(long, default_value = "")]
        said: String,
    },
    /// The rows behind a figure.
    Rows {
        /// Row id of the report.
        id: i64,
        /// Word of the figure.
        figure: String,
        /// Only `numerator`, `rest` or `missing`.
        #[arg(long)]
        part: Option<String>,
    },
    /// What reports decided is to be done.
    Actions {
        /// Closed ones too.
        #[arg(long)]
        all: bool,
        /// Close this one.
        #[arg(long, value_name = "ID", requires = "result")]
        close: Option<i64>,
        /// With what came of it.
        #[arg(long)]
        result: Option<String>,
    },
    /// JSON schema of a report's file, for editors.
    Schema,
}

/// A step of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepWord {
    /// Hand it in.
    Submit,
    /// Review it, with guidance.
    Review,
    /// Approve it: its period is locked.
    Approve,
    /// Give it back.
    Return,
}

pub(super) async fn run(client: &Client, output: Output, args: &ReportArgs) -> Result<(), Failure> {
    if let Some(name) = &args.name {
        return one(client, output, name, args).await;
    }
    match &args.command {
        None => {
            let reports = client.get("/reports", &[]).await?;
            output.print(&reports, show_made);
        }
        Some(ReportCommand::List) => {
            let files = client.get("/report-files", &[]).await?;
            output.print(&files, show_files);
        }
        Some(ReportCommand::Write { id, field, text }) => {
            let body = json!({ "field": field, "text": text });
            let report = client.post(&format!("/reports/{id}/texts"), &body).await?;
            output.print(&report, show);
        }
        Some(ReportCommand::Step { id, step, said }) => {
            let word = step.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
            let report =
                client.post(&format!("/reports/{id}/steps"), &json!({ "step": word, "said": said })).await?;
            output
                .print(&report, |report| format!("{} is {}\n", text(report, "title"), text(report, "state")));
        }
        Some(ReportCommand::Rows { id, figure, part }) => {
            let mut query = vec![("unmask", output.unmask.to_string())];
            query.extend(part.iter().map(|part| ("part", part.clone())));
            let rows = client.get(&format!("/reports/{id}/figures/{figure}"), &query).await?;
            output.print(&rows, show_rows);
        }
        Some(ReportCommand::Actions { all, close, result }) => {
            if let (Some(id), Some(result)) = (close, result) {
                client.post(&format!("/report-actions/{id}/close"), &json!({ "result": result })).await?;
            }
            let actions = client.get("/report-actions", &[("closed", all.to_string())]).await?;
            output.print(&actions, show_actions);
        }
        Some(ReportCommand::Schema) => println!("{}", crate::report::schema()),
    }
    Ok(())
}

async fn one(client: &Client, output: Output, name: &str, args: &ReportArgs) -> Result<(), Failure> {
    let date = match args.period.as_deref() {
        None => return Err(Failure::failed("say which period: --period 2026-03, or a day of it")),
        Some(month) if month.len() == 7 => format!("{month}-01"),
        Some(day) => day.to_owned(),
    };
    let body = json!({ "report": name, "date": date });
    let report = watched(client, output, name, client.post("/reports", &body)).await?;
    if let Some(file) = &args.output {
        let (path, query) =
            (format!("/reports/{}/excel", report["id"]), [("unmask", output.unmask.to_string())]);
        watched(client, output, name, client.download(&path, &query, file)).await?;
    }
    output.print(&report, show);
    Ok(())
}

/// Waits for work of the daemon; on a terminal a bar shows how far it is.
async fn watched<T>(
    client: &Client,
    output: Output,
    name: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if output.json || !std::io::stderr().is_terminal() {
        return work.await;
    }
    let done = tokio::select! {
        done = work => done,
        never = watch(client, name) => match never {},
    };
    eprint!("\r\u{1b}[K");
    done
}

/// Draws the bar of the newest work of that name, until dropped.
async fn watch(client: &Client, name: &str) -> std::convert::Infallible {
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tick.tick().await;
        // Only the bar wants to know: whatever is wrong, the work itself says so.
        let runs = client.get("/report-runs", &[]).await.unwrap_or_default();
        if let Some(run) = rows(&runs, "items").iter().rev().find(|run| text(run, "what") == name) {
            eprint!("\r{}\u{1b}[K", bar(run));
            std::io::stderr().flush().ok();
        }
    }
}

/// `[#####.....]  50 %  1000 rows`.
fn bar(run: &Value) -> String {
    let percent = run["percent"].as_u64().unwrap_or(0).min(100);
    let full = "#".repeat(percent as usize * BAR / 100);
    format!("[{full:.<BAR$}] {percent:>3} %  {} rows", run["rows"])
}

fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn show_files(files: &Value) -> String {
    let mut table = Table::new(&["id", "title", "pack", "next"]);
    for row in rows(files, "items") {
        table.row([text(row, "id"), text(row, "title"), text(row, "pack"), local_time(&row["next_at"])]);
    }
    table.render("no reports")
}

fn show_made(reports: &Value) -> String {
    let mut table = Table::new(&["id", "report", "from", "to", "state", "due", "late"]);
    for row in rows(reports, "items") {
        let late = if row["late"] == 1 { "late" } else { "" };
        table.row([
            text(row, "id"),
            text(row, "report"),
            text(row, "from_day"),
            text(row, "to_day"),
            text(row, "state"),
            local_time(&row["due_at"]),
            late.to_owned(),
        ]);
    }
    table.render("no report was made yet")
}

fn show(report: &Value) -> String {
    let mut out = format!(
        "{} {} .. {}: {} (report {})\n",
        text(report, "title"),
        text(report, "from"),
        text(report, "to"),
        text(report, "state"),
        report["id"]
    );
    let mut table = Table::new(&["figure", "", "value", "of", "missing"]);
    let mut line = |title: String, group: String, row: &Value| {
        let of = format!("{}/{}", row["numerator"], row["denominator"]);
        table.row([title, group, text(row, "value"), of, text(row, "missing")]);
    };
    for figure in rows(report, "figures") {
        line(text(figure, "title"), String::new(), figure);
        for group in rows(figure, "groups") {
            line(String::new(), text(group, "name"), group);
        }
    }
    out.push_str(&table.render("no figures"));
    for sum in rows(report, "identities") {
        let verdict = if sum["holds"] == true { "holds" } else { "DOES NOT HOLD" };
        out.push_str(&format!("{}: {} = {}: {verdict}\n", text(sum, "title"), sum["left"], sum["right"]));
    }
    for gap in rows(report, "incomplete") {
        let columns: Vec<&str> = rows(gap, "columns").iter().filter_map(Value::as_str).collect();
        out.push_str(&format!("incomplete: {}: {}\n", text(gap, "record"), columns.join(" ")));
    }
    for written in rows(report, "texts") {
        out.push_str(&format!(
            "{} ({}): {}\n",
            text(written, "title"),
            text(written, "id"),
            text(written, "text")
        ));
    }
    for change in rows(report, "later_changes") {
        let (kept, now) = (text(change, "kept"), text(change, "now"));
        out.push_str(&format!("changed since: {}: {kept} -> {now}\n", text(change, "title")));
    }
    out
}

fn show_rows(behind: &Value) -> String {
    let mut table = Table::new(&["record", "at", "name", "phone", "outcome"]);
    for row in rows(behind, "items") {
        let field = |name: &str| text(&row["fields"], name);
        table.row([
            text(row, "record"),
            local_time(&row["at"]),
            field("name"),
            field("phone"),
            field("outcome"),
        ]);
    }
    table.render("no rows")
}

fn show_actions(actions: &Value) -> String {
    let mut table = Table::new(&["id", "report", "from", "what", "by", "result"]);
    for row in rows(actions, "items") {
        table.row([
            text(row, "id"),
            text(row, "report"),
            text(row, "from_day"),
            text(row, "text"),
            text(row, "created_by"),
            text(row, "result"),
        ]);
    }
    table.render("nothing is to be done")
}
