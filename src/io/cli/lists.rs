//! `ringback list`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::client::{local_time, text};
use super::{Client, Failure, ListCommand, Output, Table};
use crate::io::web::UPLOAD_LIMIT;

pub(super) async fn run(client: &Client, output: Output, command: &ListCommand) -> Result<(), Failure> {
    match command {
        ListCommand::Import { file, list, dry_run, map } => {
            let bytes = read(file)?;
            let name = file.file_name().map_or("stdin.csv".into(), |n| n.to_string_lossy().into_owned());
            let mut query =
                vec![("list_name", list.clone()), ("file_name", name), ("dry_run", dry_run.to_string())];
            if !map.is_empty() {
                let map: BTreeMap<_, _> = map.iter().cloned().collect();
                let mapping = serde_json::to_string(&map).map_err(|e| Failure::failed(e.to_string()))?;
                query.push(("mapping", mapping));
            }
            let report = client.upload("/imports", &query, bytes).await?;
            output.print(&report, |report| show_import(report, list));
            Ok(())
        }
        ListCommand::Show { name: None, .. } => {
            let lists = client.get("/lists", &[("limit", "500".into())]).await?;
            output.print(&lists, show_lists);
            Ok(())
        }
        ListCommand::Show { name: Some(name), state, limit } => {
            let lists = client.get("/lists", &[("name", name.clone())]).await?;
            let list = lists["items"][0]["id"].as_i64();
            let id = list.ok_or_else(|| Failure::failed(format!("there is no list `{name}`")))?;
            let mut query = vec![("limit", limit.to_string()), ("unmask", output.unmask.to_string())];
            query.extend(state.iter().map(|state| ("state", state.clone())));
            let entries = client.get(&format!("/lists/{id}/entries"), &query).await?;
            output.print(&entries, show_entries);
            Ok(())
        }
    }
}

/// The file, at most as large as the daemon takes.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let limit = UPLOAD_LIMIT as u64;
    let named = |e: std::io::Error| Failure::failed(format!("cannot read {}: {e}", path.display()));
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).map_err(named)?.take(limit + 1).read_to_end(&mut bytes)
    };
    if read.map_err(named)? as u64 > limit {
        let text = format!("{} is larger than {limit} bytes: split it into several files", path.display());
        return Err(Failure::failed(text));
    }
    Ok(bytes)
}

fn show_import(report: &Value, list: &str) -> String {
    let counts = &report["counts"];
    let word = if report["dry_run"] == true { "would come" } else { "came" };
    let mut out = format!(
        "{} rows {word} into `{list}`: {} added, {} changed, {} unchanged, {} duplicate, {} rejected\n",
        counts.as_object().map_or(0, |all| all.values().filter_map(Value::as_u64).sum()),
        counts["added"],
        counts["changed"],
        counts["unchanged"],
        counts["duplicate"],
        counts["rejected"]
    );
    let problems = report["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !problems.is_empty() {
        let mut table = Table::new(&[">line", "result", "reason"]);
        problems.iter().for_each(|p| table.row([text(p, "line"), text(p, "result"), text(p, "reason")]));
        out.push_str(&table.render(""));
    }
    out
}

fn rows(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn show_lists(lists: &Value) -> String {
    let mut table = Table::new(&[">id", "name", ">entries", ">open", "made"]);
    for row in rows(lists) {
        table.row([
            text(row, "id"),
            text(row, "name"),
            text(row, "entries"),
            text(row, "open"),
            local_time(&row["created_at"]),
        ]);
    }
    table.render("no lists")
}

fn show_entries(entries: &Value) -> String {
    let mut table =
        Table::new(&[">id", "number", "name", "state", "result", ">tries", "due", "reason", "detail"]);
    for row in rows(entries) {
        table.row([
            text(row, "id"),
            text(row, "phone"),
            text(row, "name"),
            text(row, "state"),
            text(row, "disposition"),
            text(row, "attempts"),
            local_time(&row["due_at"]),
            text(row, "reason"),
            text(row, "detail"),
        ]);
    }
    let more = if entries["next"].is_null() { "" } else { "more entries follow; raise --limit\n" };
    table.render("no entries") + more
}
