//! `ringback plan`: who is called on a day, who is not and why, by this policy or another.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `plan`.
#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PlanArgs {
    /// Build, release or explain the list of a day in place of showing it.
    #[command(subcommand)]
    pub command: Option<PlanCommand>,
    /// The day: 2026-03-03; today where it is not given.
    #[arg(long, value_name = "DAY")]
    pub date: Option<String>,
    /// Only this policy pack.
    #[arg(long)]
    pub pack: Option<String>,
    /// Plan by this policy: a file, or a name.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// Show what this policy would change: a file, or a name.
    #[arg(long, value_name = "FILE")]
    pub against: Option<String>,
    /// Print CSV, with everything in it.
    #[arg(long)]
    pub csv: bool,
    /// Lines to show of each list.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// `plan ...`.
#[derive(Clone, Debug, Subcommand)]
pub enum PlanCommand {
    /// Build the list of a day as a draft, to be looked at and changed.
    Build {
        /// Policy pack.
        pack: String,
        /// The day: 2026-03-03.
        day: String,
    },
    /// Give the list of a day to the dialler.
    Release {
        /// Policy pack.
        pack: String,
        /// The day: 2026-03-03.
        day: String,
    },
    /// Every callback of a day with its one reason.
    Why {
        /// Policy pack.
        pack: String,
        /// The day: 2026-03-03.
        day: String,
        /// Only this customer: row id.
        #[arg(long)]
        customer: Option<i64>,
    },
    /// What the bookings foretell, by day and shop.
    Demand {
        /// Policy pack.
        pack: String,
        /// First day: 2026-03-03; today where it is not given.
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// Last day; two weeks later where it is not given.
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
        /// Field of the booking by which lines are told apart.
        #[arg(long, value_name = "FIELD", default_value = "store")]
        by: String,
    },
    /// The callback rate of a month, by rule.
    Rates {
        /// The month: 2026-03.
        month: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &PlanArgs) -> Result<(), Failure> {
    match &args.command {
        None => show(client, output, args).await,
        Some(PlanCommand::Build { pack, day }) => {
            let plan = client.post(&format!("/plan/{pack}/{day}/build"), &json!({})).await?;
            output.print(&plan, render);
            Ok(())
        }
        Some(PlanCommand::Release { pack, day }) => {
            let report = client.post(&format!("/plan/{pack}/{day}/release"), &json!({})).await?;
            output.print(&report, |r| {
                let mut lines = format!(
                    "{} given to the dialler, {} had been, {} left alone\n",
                    text(r, "added"),
                    text(r, "renewed"),
                    text(r, "left")
                );
                warnings(r, &mut lines);
                lines
            });
            Ok(())
        }
        Some(PlanCommand::Why { pack, day, customer }) => why(client, output, pack, day, *customer).await,
        Some(PlanCommand::Demand { pack, from, to, by }) => {
            let mut query = vec![("pack", pack.clone()), ("by", by.clone())];
            query.extend(from.clone().map(|day| ("from", day)));
            query.extend(to.clone().map(|day| ("to", day)));
            let demand = client.get("/bookings/demand", &query).await?;
            output.print(&demand, show_demand);
            Ok(())
        }
        Some(PlanCommand::Rates { month }) => {
            let rates = client.get("/rates", &[("month", month.clone())]).await?;
            output.print(&rates, show_rates);
            Ok(())
        }
    }
}

async fn show(client: &Client, output: Output, args: &PlanArgs) -> Result<(), Failure> {
    let body = json!({
        "date": args.date.clone().unwrap_or_default(),
        "pack": args.pack.clone().unwrap_or_default(),
        "policy": policy(args.policy.as_deref())?,
        "against": policy(args.against.as_deref())?,
        "limit": if output.json || args.csv { 100_000 } else { args.limit },
        "unmask": output.unmask,
    });
    if args.csv {
        let bytes = client.post_for("text/csv", "/plan", &body).await?;
        // Whoever reads may have gone.
        std::io::Write::write_all(&mut std::io::stdout(), &bytes).ok();
        return Ok(());
    }
    let answer = client.post("/plan", &body).await?;
    output.print(&answer, render_all);
    Ok(())
}

/// The text of a policy file, or the name that was given.
pub(super) fn policy(given: Option<&str>) -> Result<String, Failure> {
    let Some(given) = given else { return Ok(String::new()) };
    let path = PathBuf::from(given);
    if path.is_file() {
        return std::fs::read_to_string(&path)
            .map_err(|e| Failure::failed(format!("{} cannot be read: {e}", path.display())));
    }
    if given.contains('/') || given.ends_with(".toml") {
        return Err(Failure::failed(format!("there is no file {given}")));
    }
    Ok(given.to_owned())
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn render_all(answer: &Value) -> String {
    let plans = items(answer, "plans");
    let mut out: String = plans.iter().map(render).collect::<Vec<_>>().join("\n");
    if plans.is_empty() {
        out.push_str("no policy pack is in force on that day\n");
    }
    if !answer["difference"].is_null() {
        out.push_str("\nThe other policy would change:\n");
        out.push_str(&differences(answer, "difference"));
    }
    out
}

/// What differs between two lists.
pub(super) fn differences(answer: &Value, key: &str) -> String {
    let mut table = Table::new(&["rule", "customer", "before", "after"]);
    for line in items(answer, key) {
        table.row([text(line, "rule"), text(line, "name"), text(line, "before"), text(line, "after")]);
    }
    table.render("nothing")
}

/// One list: who is called, who is not, when it ends, what to look at.
fn render(plan: &Value) -> String {
    let mut out = format!(
        "{} {} on {}: {} called, {} not ({}, version {})\n",
        text(plan, "pack"),
        text(plan, "title"),
        text(plan, "day"),
        text(plan, "calls"),
        text(plan, "not"),
        text(plan, "state"),
        text(plan, "version"),
    );
    let lines = items(plan, "lines");
    let mut called =
        Table::new(&["when", "customer", "number", "rule", "in whose name", "script", "by", "why"]);
    let mut not = Table::new(&["customer", "rule", "due", "until", "why not", "detail"]);
    for line in lines {
        if line["verdict"] == "call" {
            called.row([
                local_time(&line["start_at"]),
                text(line, "name"),
                text(line, "phone"),
                text(line, "rule"),
                text(line, "on_behalf_of"),
                text(line, "script"),
                who(line),
                text(line, "detail"),
            ]);
        } else {
            not.row([
                text(line, "name"),
                text(line, "rule"),
                local_time(&line["due"]),
                local_time(&line["deadline"]),
                text(line, "code"),
                text(line, "detail"),
            ]);
        }
    }
    out.push_str(&called.render("nobody is called"));
    if plan["not"] != 0 {
        out.push_str("\nNot called:\n");
        out.push_str(&not.render("not shown; raise --limit"));
    }
    out.push('\n');
    match plan["ends_at"].is_null() {
        true if plan["calls"] == 0 => {}
        true => out.push_str("When the list ends is not known.\n"),
        false => out.push_str(&format!("The list ends at about {}.\n", local_time(&plan["ends_at"]))),
    }
    let all = plan["calls"].as_u64().unwrap_or(0) + plan["not"].as_u64().unwrap_or(0);
    if all > lines.len() as u64 {
        out.push_str(&format!("{} of {all} are shown; raise --limit\n", lines.len()));
    }
    warnings(plan, &mut out);
    out
}

fn who(line: &Value) -> String {
    match text(line, "assignee") {
        person if person.is_empty() => text(line, "mode"),
        person => person,
    }
}

fn warnings(value: &Value, out: &mut String) {
    for warning in items(value, "warnings") {
        out.push_str(&format!("warning: {}\n", warning.as_str().unwrap_or_default()));
    }
}

async fn why(
    client: &Client,
    output: Output,
    pack: &str,
    day: &str,
    customer: Option<i64>,
) -> Result<(), Failure> {
    let path = format!("/plan/{pack}/{day}/why");
    let mut all: Vec<Value> = Vec::new();
    let mut after = String::from("0");
    loop {
        let page = client.get(&path, &[("after", after), ("limit", "500".into())]).await?;
        let rows = items(&page, "items");
        let wanted = |row: &&Value| customer.is_none_or(|id| row["customer_id"] == id);
        all.extend(rows.iter().filter(wanted).cloned());
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    output.print(&json!({ "items": all }), |all| {
        let mut table = Table::new(&[">callback", "customer", "rule", "verdict", "why", "detail", "when"]);
        for row in items(all, "items") {
            table.row([
                text(row, "callback_id"),
                text(row, "name"),
                text(row, "rule"),
                text(row, "verdict"),
                text(row, "code"),
                text(row, "detail"),
                local_time(&row["start_at"]),
            ]);
        }
        table.render("nothing was due on that day")
    });
    Ok(())
}

fn show_demand(demand: &Value) -> String {
    let mut table = Table::new(&["day", "where", ">booked", ">persons", ">expected", ">weeks"]);
    for row in items(demand, "items") {
        table.row(["day", "group", "booked", "persons", "expected", "weeks"].map(|key| text(row, key)));
    }
    table.render("nothing is booked, and nothing was booked before")
}

fn show_rates(rates: &Value) -> String {
    let mut table =
        Table::new(&["pack", "rule", ">due", ">done", ">in time", ">open", ">given up", ">rate", ">target"]);
    let percent = |value: &Value| value.as_f64().map_or(String::new(), |v| format!("{v:.1}%"));
    for row in items(rates, "items") {
        table.row([
            text(row, "pack"),
            text(row, "rule"),
            text(row, "due"),
            text(row, "done"),
            text(row, "in_time"),
            text(row, "open"),
            text(row, "excused"),
            percent(&row["rate"]),
            percent(&row["target"]),
        ]);
    }
    table.render("nothing was due in that month")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_who_when_why_and_who_not() {
        let plan = json!({
            "pack": "hospital", "title": "医院", "day": "2026-03-03", "version": "abc", "state": "draft",
            "calls": 1, "not": 2, "ends_at": 1_772_500_000_000i64, "warnings": ["two lines are too few"],
            "lines": [
                { "verdict": "call", "code": "due", "detail": "attempt 1", "name": "张三", "phone": "138****0001",
                  "rule": "inpatient", "on_behalf_of": "客服部", "script": "hospital", "assignee": "", "mode": "robot",
                  "start_at": 1_772_413_200_000i64 },
                { "verdict": "not", "code": "do_not_call", "detail": "asked for it", "name": "李四", "rule": "inpatient",
                  "due": 1_772_413_200_000i64, "deadline": 1_772_413_200_000i64 },
            ],
        });
        let shown = render(&plan);
        for part in [
            "张三",
            "客服部",
            "李四",
            "do_not_call",
            "ends at about",
            "warning: two lines",
            "2 of 3 are shown",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let none = render_all(&json!({ "plans": [], "difference": [] }));
        assert!(none.contains("no policy pack") && none.contains("nothing"), "{none}");
    }

    #[test]
    fn a_policy_is_a_file_or_a_name() {
        assert_eq!(policy(Some("hospital")).as_deref(), Ok("hospital"));
        assert_eq!(policy(None).as_deref(), Ok(""));
        assert!(policy(Some("no/such.toml")).is_err());
    }
}
