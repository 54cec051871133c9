//! `ringback list import`: the file on its way to the daemon, and a bar while it is brought in.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncRead;

use super::client::text;
use super::{Client, Failure, Output, Table};
use crate::io::web::UPLOAD_LIMIT;

/// Between two looks at how far the import is.
const LOOK: Duration = Duration::from_millis(250);
/// Characters of the bar.
const BAR: usize = 30;
/// Imports among which this one is looked for: as many as others could begin at the same time.
const NEWEST: u32 = 20;

/// Sends the file to the route `to` and waits for the daemon's report; on a terminal a bar shows
/// how far it is, by the list at `listed`.
pub(super) async fn send(
    client: &Client,
    output: Output,
    to: &str,
    listed: &str,
    path: &Path,
    query: &[(&str, String)],
) -> Result<Value, Failure> {
    let file = open(path).await?;
    let upload = client.upload(to, query, file);
    if output.json || !std::io::stderr().is_terminal() {
        return upload.await;
    }
    let name = query.iter().find(|(key, _)| *key == "file_name").map_or("", |(_, name)| name.as_str());
    let before = newest(client, listed).await.first().and_then(|import| import["id"].as_i64()).unwrap_or(0);
    let report = tokio::select! {
        report = upload => report,
        never = watch(client, listed, name, before) => match never {},
    };
    eprint!("\r\u{1b}[K");
    report
}

async fn open(path: &Path) -> Result<Pin<Box<dyn AsyncRead + Send>>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::pin(tokio::io::stdin()));
    }
    let named = |e: std::io::Error| Failure::failed(format!("cannot read {}: {e}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(named)?;
    if file.metadata().await.map_err(named)?.len() > UPLOAD_LIMIT {
        let text =
            format!("{} is larger than {UPLOAD_LIMIT} bytes: split it into several files", path.display());
        return Err(Failure::failed(text));
    }
    Ok(Box::pin(file))
}

async fn newest(client: &Client, listed: &str) -> Vec<Value> {
    // Only the bar wants to know: whatever is wrong, the upload itself says so.
    let imports = client.get(listed, &[("limit", NEWEST.to_string())]).await.unwrap_or_default();
    imports["items"].as_array().cloned().unwrap_or_default()
}

/// Draws the bar of the import of that name that began after `before`, until dropped.
async fn watch(client: &Client, listed: &str, name: &str, before: i64) -> std::convert::Infallible {
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tick.tick().await;
        let imports = newest(client, listed).await;
        let ours = imports.iter().find(|import| {
            import["id"].as_i64() > Some(before)
                && import["file_name"] == name
                && import["state"] == "running"
        });
        if let Some(import) = ours {
            eprint!("\r{}\u{1b}[K", bar(import));
            std::io::stderr().flush().ok();
        }
    }
}

/// `[#####.....]  50 %  1000 rows, 2 rejected`.
fn bar(import: &Value) -> String {
    let number = |key: &str| import[key].as_u64().unwrap_or(0);
    let (read, bytes) = (number("bytes_read"), number("bytes").max(1));
    let percent = (read.min(bytes) * 100 / bytes) as usize;
    let full = "#".repeat(percent * BAR / 100);
    let kinds = ["added", "changed", "unchanged", "duplicate", "rejected"];
    let rows: u64 = kinds.into_iter().map(number).sum();
    format!("[{full:.<BAR$}] {percent:>3} %  {rows} rows, {} rejected", number("rejected"))
}

/// The report for people.
pub(super) fn show(report: &Value, list: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_bar_shows_how_much_of_the_file_was_read_and_what_was_not_taken() {
        let check = |import: Value, expect: &str| assert_eq!(bar(&import), expect);
        let half = json!({"bytes": 200, "bytes_read": 100, "added": 7, "duplicate": 1, "rejected": 2});
        check(half, "[###############...............]  50 %  10 rows, 2 rejected");
        check(json!({"bytes": 0}), "[..............................]   0 %  0 rows, 0 rejected");
        let whole = json!({"bytes": 9, "bytes_read": 9, "unchanged": 3});
        check(whole, "[##############################] 100 %  3 rows, 0 rejected");
    }
}
