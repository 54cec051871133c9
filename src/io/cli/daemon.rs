//! `ringback drain` and `ringback reload`.

use serde_json::json;

use super::client::text;
use super::{Client, DrainWord, Failure, Output, Table};
use crate::io::web::DrainMode;

pub(super) async fn drain(client: &Client, output: Output, word: DrainWord) -> Result<(), Failure> {
    let mode = match word {
        DrainWord::Gracefully => DrainMode::Gracefully,
        DrainWord::WhenIdle => DrainMode::WhenIdle,
        DrainWord::Now => DrainMode::Now,
        DrainWord::Abort => DrainMode::Abort,
    };
    let report = client.post("/drain", &json!({ "mode": mode })).await?;
    output.print(&report, |report| match mode {
        DrainMode::Abort => "the daemon takes work again\n".into(),
        _ => format!("draining {}; {} calls are up\n", text(report, "mode"), report["calls"]),
    });
    Ok(())
}

pub(super) async fn reload(client: &Client, output: Output) -> Result<(), Failure> {
    let report = client.post("/reload", &json!({})).await?;
    output.print(&report, |report| {
        let mut table = Table::new(&["section", "result", "detail"]);
        for row in report["sections"].as_array().map(Vec::as_slice).unwrap_or_default() {
            table.row([text(row, "section"), text(row, "result"), text(row, "detail")]);
        }
        table.render("nothing changed")
    });
    Ok(())
}
