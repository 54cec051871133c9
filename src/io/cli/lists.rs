//! `ringback list`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::client::{local_time, text};
use super::{Client, Failure, ListCommand, Output, Table};

pub(super) async fn run(client: &Client, output: Output, command: &ListCommand) -> Result<(), Failure> {
    match command {
        ListCommand::Import { file, list, dry_run, map, rejected } => {
            let name = file.file_name().map_or("stdin.csv".into(), |n| n.to_string_lossy().into_owned());
            let mut query =
                vec![("list_name", list.clone()), ("file_name", name), ("dry_run", dry_run.to_string())];
            if !map.is_empty() {
                let map: BTreeMap<_, _> = map.iter().cloned().collect();
                let mapping = serde_json::to_string(&map).map_err(|e| Failure::failed(e.to_string()))?;
                query.push(("mapping", mapping));
            }
            let report = super::import::send(client, output, "/imports", "/imports", file, &query).await?;
            if let Some(to) = rejected {
                let path = format!("/imports/{}/rows", report["id"]);
                let bad = [("result", "rejected".to_owned()), ("unmask", true.to_string())];
                client.download(&path, &bad, to).await?;
            }
            output.print(&report, |report| super::import::show(report, list));
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
