//! `ringback campaign`.

use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{CampaignCommand, Client, Failure, Output, Table};

pub(super) async fn run(client: &Client, output: Output, command: &CampaignCommand) -> Result<(), Failure> {
    match command {
        CampaignCommand::Create { name, list, script, set, start } => {
            let mut settings = json!({ "script": script });
            for (key, value) in set {
                // Numbers, lists and tables are JSON; what is not is a text.
                settings[key] = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            }
            let body = json!({ "name": name, "list_name": list, "settings": settings });
            let mut made = client.post("/campaigns", &body).await?;
            if *start {
                let state = client.post(&format!("/campaigns/{}/start", made["id"]), &json!({})).await?;
                made["state"] = state["state"].clone();
            }
            let human =
                |made: &Value| format!("campaign {} `{name}` is {}\n", made["id"], text(made, "state"));
            output.print(&made, human);
            Ok(())
        }
        CampaignCommand::Start { campaign } => order(client, output, campaign, "start").await,
        CampaignCommand::Pause { campaign } => order(client, output, campaign, "pause").await,
        CampaignCommand::Resume { campaign } => order(client, output, campaign, "resume").await,
        CampaignCommand::Stop { campaign } => order(client, output, campaign, "stop").await,
        CampaignCommand::End { campaign } => order(client, output, campaign, "end").await,
        CampaignCommand::Show { campaign } => {
            let id = find(client, campaign).await?;
            let progress = client.get(&format!("/campaigns/{id}/progress"), &[]).await?;
            output.print(&progress, |progress| show(campaign, progress));
            Ok(())
        }
        CampaignCommand::Abandoned { campaign, from } => {
            let id = find(client, campaign).await?;
            let days =
                client.get(&format!("/campaigns/{id}/abandoned"), &[("from", from.to_string())]).await?;
            output.print(&days, abandoned);
            Ok(())
        }
        CampaignCommand::List => {
            let all = client.get("/campaigns", &[("limit", "500".into())]).await?;
            output.print(&all, list);
            Ok(())
        }
    }
}

async fn order(client: &Client, output: Output, campaign: &str, word: &str) -> Result<(), Failure> {
    let id = find(client, campaign).await?;
    let state = client.post(&format!("/campaigns/{id}/{word}"), &json!({})).await?;
    output.print(&state, |state| format!("campaign `{campaign}` is {}\n", text(state, "state")));
    Ok(())
}

/// The id of a campaign that is given by name or, where no name fits, by id.
pub(super) async fn find(client: &Client, campaign: &str) -> Result<i64, Failure> {
    let named = client.get("/campaigns", &[("name", campaign.to_owned())]).await?;
    if let Some(id) = named["items"][0]["id"].as_i64() {
        return Ok(id);
    }
    campaign.parse().map_err(|_| {
        Failure::failed(format!("there is no campaign `{campaign}`; see `ringback campaign list`"))
    })
}

fn abandoned(days: &Value) -> String {
    let mut table = Table::new(&["day", ">answered", ">nobody there", ">share"]);
    for day in days["items"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let share = day["rate"].as_f64().map(|rate| format!("{:.1} %", rate * 100.0)).unwrap_or_default();
        table.row([text(day, "day"), text(day, "answered"), text(day, "abandoned"), share]);
    }
    table.render("nobody answered")
}

fn list(all: &Value) -> String {
    let mut table = Table::new(&[">id", "name", "state", "list", ">entries", ">open", "not calling because"]);
    for row in all["items"].as_array().map(Vec::as_slice).unwrap_or_default() {
        table.row([
            text(row, "id"),
            text(row, "name"),
            text(row, "state"),
            text(row, "list"),
            text(row, "entries"),
            text(row, "open"),
            format!("{} {}", text(row, "blocked"), text(row, "blocked_detail")).trim().to_owned(),
        ]);
    }
    table.render("no campaigns")
}

/// A bar, the counts by result and the calls of now.
fn show(name: &str, progress: &Value) -> String {
    const BAR: u64 = 40;
    let (settled, entries) =
        (progress["settled"].as_u64().unwrap_or(0), progress["entries"].as_u64().unwrap_or(0));
    let filled = (settled * BAR).checked_div(entries).unwrap_or(0).min(BAR) as usize;
    let bar = "#".repeat(filled) + &".".repeat(BAR as usize - filled);
    let mut out = format!("`{name}` is {}  [{bar}] {settled} of {entries}\n", text(progress, "state"));
    if !progress["blocked"].is_null() {
        let blocked = &progress["blocked"];
        out.push_str(&format!("not calling because {} {}\n", text(blocked, "code"), text(blocked, "detail")));
    }
    if !progress["eta"].is_null() {
        out.push_str(&format!("done at this pace {}\n", local_time(&progress["eta"])));
    }
    let mut results = Table::new(&["result", ">entries", ">calls"]);
    let (entries, calls) = (progress["by_result"].as_object(), progress["calls_by_result"].as_object());
    let words: std::collections::BTreeSet<&String> =
        entries.into_iter().chain(calls).flat_map(|m| m.keys()).collect();
    for word in words {
        results.row([
            word.clone(),
            text(&progress["by_result"], word),
            text(&progress["calls_by_result"], word),
        ]);
    }
    out.push_str(&results.render("no results so far"));
    let current = progress["current"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !current.is_empty() {
        out.push_str(&super::calls::live_table(current));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_bar_with_its_counts() {
        let progress = json!({
            "state": "running", "settled": 20, "entries": 40, "blocked": null, "eta": null,
            "by_result": {"completed": 15, "busy": 5}, "calls_by_result": {"completed": 15, "busy": 9}, "current": [],
        });
        assert_eq!(
            show("march", &progress),
            "`march` is running  [####################....................] 20 of 40\n\
             result     entries  calls\n\
             busy             5      9\n\
             completed       15     15\n"
        );
        let empty = json!({"state": "draft", "settled": 0, "entries": 0, "blocked": null, "eta": null});
        assert!(show("x", &empty).contains("0 of 0"));
    }
}
