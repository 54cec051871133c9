//! `ringback intake` and `ringback customers`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::{CustomerCommand, IntakeArgs, IntakeCommand};
use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

pub(super) async fn run(client: &Client, output: Output, args: &IntakeArgs) -> Result<(), Failure> {
    match &args.command {
        Some(IntakeCommand::Undo { id, reason }) => {
            let undone = client.post(&format!("/intakes/{id}/undo"), &json!({ "reason": reason })).await?;
            output.print(&undone, show_undone);
            return Ok(());
        }
        Some(IntakeCommand::List) => {
            let intakes = client.get("/intakes", &[("limit", "50".into())]).await?;
            output.print(&intakes, show_intakes);
            return Ok(());
        }
        None => {}
    }
    let (Some(file), Some(pack)) = (&args.file, &args.pack) else {
        return Err(Failure::failed("give a file and --pack, or a command: undo, list"));
    };
    let name = file.file_name().map_or("stdin".into(), |n| n.to_string_lossy().into_owned());
    let mut query = vec![("pack", pack.clone()), ("file_name", name), ("dry_run", args.dry_run.to_string())];
    for (key, value) in [
        ("intake", &args.intake),
        ("source", &args.source),
        ("collected_by", &args.collected_by),
        ("handed_over_by", &args.handed_over_by),
    ] {
        query.extend(value.iter().map(|value| (key, value.clone())));
    }
    if !args.map.is_empty() {
        let map: BTreeMap<_, _> = args.map.iter().cloned().collect();
        let mapping = serde_json::to_string(&map).map_err(|e| Failure::failed(e.to_string()))?;
        query.push(("mapping", mapping));
    }
    let report = super::import::send(client, output, "/intake", "/intakes", file, &query).await?;
    if let Some(to) = &args.rejected {
        client.download(&format!("/intakes/{}/rejected", report["id"]), &[], to).await?;
    }
    output.print(&report, show_report);
    Ok(())
}

pub(super) async fn customers(
    client: &Client,
    output: Output,
    command: Option<&CustomerCommand>,
) -> Result<(), Failure> {
    let unmask = ("unmask", output.unmask.to_string());
    match command {
        None | Some(CustomerCommand::Find { .. }) => {
            let mut query = vec![("limit", "50".into()), unmask];
            if let Some(CustomerCommand::Find { text, pack }) = command {
                let is_number = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' '));
                query.push((if is_number { "phone" } else { "text" }, text.clone()));
                query.extend(pack.iter().map(|pack| ("pack", pack.clone())));
            }
            let found = client.get("/customers", &query).await?;
            output.print(&found, show_customers);
        }
        Some(CustomerCommand::Show { id }) => {
            let card = client.get(&format!("/customers/{id}"), &[unmask]).await?;
            output.print(&card, show_card);
        }
        Some(CustomerCommand::Merge { keep, other, reason }) => {
            let body = json!({ "keep": keep, "other": other, "reason": reason });
            let card = client.post("/customers/merge", &body).await?;
            output.print(&card, show_card);
        }
        Some(CustomerCommand::Erase { id, reason }) => {
            let erased = client.delete(&format!("/customers/{id}"), &[("reason", reason.clone())]).await?;
            output.print(&erased, |erased| {
                format!(
                    "customer {id} is erased: {} events, {} calls, {} entries without what named them; {} recordings removed\n",
                    erased["events"],
                    erased["calls"],
                    erased["entries"],
                    erased["recordings"].as_array().map_or(0, Vec::len)
                )
            });
        }
        Some(CustomerCommand::Export { id }) => {
            let person = client.get(&format!("/customers/{id}/export"), &[]).await?;
            let pretty = serde_json::to_string_pretty(&person).unwrap_or_default();
            output.print(&person, |_| pretty + "\n");
        }
    }
    Ok(())
}

fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn show_report(report: &Value) -> String {
    let counts = &report["counts"];
    let word = if report["dry_run"] == true { "would come" } else { "came" };
    let id = if report["id"].is_null() { String::new() } else { format!("intake {}: ", report["id"]) };
    let mut out = format!(
        "{id}{} added, {} changed, {} unchanged {word} into `{}`; {} duplicate, {} rejected, {} left out, {} late; {} new customers\n",
        counts["added"],
        counts["changed"],
        counts["unchanged"],
        text(report, "pack"),
        counts["duplicate"],
        counts["rejected"],
        counts["skipped"],
        counts["late"],
        counts["customers_added"]
    );
    let problems = rows(report, "problems");
    if !problems.is_empty() {
        let mut table = Table::new(&[">line", "result", "code", "reason"]);
        for row in problems {
            table.row([text(row, "line"), text(row, "result"), text(row, "code"), text(row, "reason")]);
        }
        out.push_str(&table.render(""));
    }
    out
}

fn show_undone(undone: &Value) -> String {
    format!(
        "{} events withdrawn, {} restored, {} kept; {} customers removed, {} restored, {} kept\n",
        undone["events_withdrawn"],
        undone["events_restored"],
        undone["events_kept"],
        undone["customers_removed"],
        undone["customers_restored"],
        undone["customers_kept"]
    )
}

fn show_intakes(intakes: &Value) -> String {
    let mut table = Table::new(&[
        ">id",
        "pack",
        "intake",
        "file",
        "state",
        ">added",
        ">changed",
        ">rejected",
        "when",
        "by",
    ]);
    for row in rows(intakes, "items") {
        table.row([
            text(row, "id"),
            text(row, "pack"),
            text(row, "intake"),
            text(row, "file_name"),
            text(row, "state"),
            text(row, "added"),
            text(row, "changed"),
            text(row, "rejected"),
            local_time(&row["created_at"]),
            text(row, "created_by"),
        ]);
    }
    table.render("no intakes")
}

fn show_customers(customers: &Value) -> String {
    let mut table = Table::new(&[">id", "pack", "key", "name", "number", "standing", ">version"]);
    for row in rows(customers, "items") {
        table.row([
            text(row, "id"),
            text(row, "pack"),
            text(row, "external_id"),
            text(row, "name"),
            text(row, "phone"),
            text(row, "standing"),
            text(row, "version"),
        ]);
    }
    let more = if customers["next"].is_null() { "" } else { "more customers follow; look for less\n" };
    table.render("no customers") + more
}

fn show_card(card: &Value) -> String {
    let customer = &card["customer"];
    let mut out = format!(
        "{} {} ({}), {}, version {}\n",
        text(customer, "id"),
        text(customer, "name"),
        text(customer, "pack"),
        text(customer, "standing"),
        text(customer, "version")
    );
    for (name, value) in customer["fields"].as_object().into_iter().flatten() {
        out.push_str(&format!("  {name}: {}\n", value.as_str().unwrap_or_default()));
    }
    let mut numbers = Table::new(&["number", "whose", "since", "until"]);
    for row in rows(card, "phones") {
        let (since, until) = (local_time(&row["valid_from"]), local_time(&row["valid_to"]));
        numbers.row([text(row, "phone"), text(row, "label"), since, until]);
    }
    let mut events = Table::new(&["event", "key", "when", "matter"]);
    for row in rows(card, "events") {
        let when = local_time(&row["at"]);
        events.row([text(row, "kind"), text(row, "external_id"), when, text(row, "matter")]);
    }
    out + &numbers.render("no numbers") + &events.render("no events")
}
