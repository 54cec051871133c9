//! `ringback calls` and `ringback trunks`.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use serde_json::Value;

use super::client::{local_time, text};
use super::{CallsArgs, Client, Failure, Output, Table};

/// Between two looks of `--watch`.
const WATCH: Duration = Duration::from_secs(1);

pub(super) async fn run(client: &Client, output: Output, args: &CallsArgs) -> Result<(), Failure> {
    if args.watch {
        return watch(client, output).await;
    }
    if !args.of_the_past() {
        let calls = client.get("/live/calls", &[("unmask", output.unmask.to_string())]).await?;
        output.print(&calls, |calls| live_table(rows(calls)));
        return Ok(());
    }
    let mut query = vec![("limit", args.limit.to_string()), ("unmask", output.unmask.to_string())];
    if let Some(campaign) = &args.campaign {
        query.push(("campaign", super::campaigns::find(client, campaign).await?.to_string()));
    }
    let filters =
        [("phone", &args.phone), ("from", &args.from), ("to", &args.to), ("disposition", &args.result)];
    query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    let calls = client.get("/calls", &query).await?;
    output.print(&calls, past_table);
    Ok(())
}

/// Shows the calls of now each second, until interrupted. On a terminal in place, else one after the other.
async fn watch(client: &Client, output: Output) -> Result<(), Failure> {
    let mut tick = tokio::time::interval(WATCH);
    loop {
        tick.tick().await;
        let calls = client.get("/live/calls", &[("unmask", output.unmask.to_string())]).await?;
        if output.json {
            println!("{calls}");
        } else {
            let home = if std::io::stdout().is_terminal() { "\u{1b}[H\u{1b}[2J" } else { "" };
            print!("{home}{} calls\n{}", rows(&calls).len(), live_table(rows(&calls)));
        }
        // A closed pipe (`| head`) ends it without an error.
        if std::io::stdout().flush().is_err() {
            return Ok(());
        }
    }
}

fn rows(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn live_table(calls: &[Value]) -> String {
    let mut table = Table::new(&["call", "number", "name", "trunk", "state", "step", "since"]);
    for call in calls {
        table.row([
            text(call, "id"),
            text(call, "phone"),
            text(call, "name"),
            text(call, "trunk"),
            text(call, "state"),
            text(call, "step"),
            local_time(&call["started_at"]),
        ]);
    }
    table.render("no calls now")
}

fn past_table(calls: &Value) -> String {
    let mut table =
        Table::new(&["call", "time", "number", "result", ">talk", ">worst", "trunk", ">sip", "detail"]);
    for call in rows(calls) {
        let talk = call["talk_seconds"].as_f64().map(|s| format!("{s:.0}s")).unwrap_or_default();
        let result = match text(call, "disposition") {
            word if word.is_empty() => text(call, "state"),
            word => word,
        };
        table.row([
            text(call, "id"),
            local_time(&call["reserved_at"]),
            text(call, "phone"),
            result,
            talk,
            text(call, "lowest_score"),
            text(call, "trunk"),
            text(call, "sip_status"),
            text(call, "detail"),
        ]);
    }
    let more =
        if calls["next"].is_null() { "" } else { "more calls follow; raise --limit or narrow the filters\n" };
    table.render("no calls") + more
}

pub(super) async fn trunks(client: &Client, output: Output) -> Result<(), Failure> {
    let trunks = client.get("/trunks", &[]).await?;
    output.print(&trunks, |trunks| {
        let mut table = Table::new(&[
            "trunk",
            "state",
            "since",
            "address",
            ">calls",
            ">rtt",
            ">placed",
            ">answered",
            ">failed",
            "detail",
        ]);
        for trunk in rows(trunks) {
            let of = match text(trunk, "max_calls").as_str() {
                "0" => text(trunk, "calls"),
                limit => format!("{}/{limit}", text(trunk, "calls")),
            };
            let round_trip = trunk["round_trip_ms"].as_u64().map(|ms| format!("{ms}ms")).unwrap_or_default();
            table.row([
                text(trunk, "name"),
                text(trunk, "state"),
                local_time(&trunk["since"]),
                format!("{} {}", text(trunk, "transport"), text(trunk, "address")),
                of,
                round_trip,
                text(trunk, "placed"),
                text(trunk, "answered"),
                text(trunk, "failed"),
                text(trunk, "detail"),
            ]);
        }
        table.render("no trunks")
    });
    Ok(())
}
