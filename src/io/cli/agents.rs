//! `ringback agents`: where agents are, and how they are moved.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, Table};

/// `agents`.
#[derive(Clone, Debug, Args)]
pub struct AgentsArgs {
    /// What with them; without it all are shown.
    #[command(subcommand)]
    pub command: Option<AgentCommand>,
}

/// What with agents.
#[derive(Clone, Debug, Subcommand)]
pub enum AgentCommand {
    /// Queues of the hotline: who waits, and what was achieved.
    Queues,
    /// Ring an agent's phone and then a number, where the guard lets it.
    Dial {
        /// Whose phone.
        name: String,
        /// The number; left out, it is that of the card that is open for them.
        number: Option<String>,
        /// Why against hours or caps; it stands in the adherence report.
        #[arg(long, default_value = "")]
        because: String,
    },
    /// The next callback of the day that an agent is to make; it is theirs for three minutes.
    Preview {
        /// Who.
        name: String,
    },
    /// Put the card of an agent back.
    Skip {
        /// Whose.
        name: String,
        /// Why.
        reason: String,
    },
    /// The card of the call that an agent is offered or talks in, as JSON.
    Card {
        /// Whose.
        name: String,
    },
    /// What their talks with customers came to between two moments (milliseconds since 1970).
    Talks {
        /// From.
        from: i64,
        /// To, exclusive; now, if left out.
        until: Option<i64>,
    },
    /// Callbacks that keep the places of callers.
    Callbacks {
        /// Take this one out, by the call that asked for it.
        #[arg(long, value_name = "CALL")]
        cancel: Option<String>,
    },
    /// Where they were, newest first.
    History {
        /// Only this agent.
        name: Option<String>,
    },
    /// Move one: `available`, `not_ready` with a reason of the configuration, or `offline`.
    Set {
        /// Which.
        name: String,
        /// Where to.
        state: String,
        /// Why, for `not_ready`.
        #[arg(default_value = "")]
        reason: String,
    },
}

pub(super) async fn run(client: &Client, output: Output, args: &AgentsArgs) -> Result<(), Failure> {
    match &args.command {
        None => {
            let agents = client.get("/agents", &[]).await?;
            output.print(&agents, table);
        }
        Some(AgentCommand::Queues) => {
            let queues = client.get("/queues", &[]).await?;
            output.print(&queues, queues_table);
        }
        Some(AgentCommand::Dial { name, number, because }) => {
            let mut body = json!({ "override_reason": because });
            let path = match number {
                Some(number) => {
                    body["number"] = json!(number);
                    format!("/agents/{name}/dial")
                }
                None => format!("/agents/{name}/preview/dial"),
            };
            let call = client.post(&path, &body).await?;
            output.print(&call, |call| format!("{}: the phone of {name} rings\n", text(call, "call")));
        }
        Some(AgentCommand::Preview { name }) => {
            let card = client.post(&format!("/agents/{name}/preview"), &json!({})).await?;
            output.print(&card, preview);
        }
        Some(AgentCommand::Skip { name, reason }) => {
            client.post(&format!("/agents/{name}/preview/skip"), &json!({ "reason": reason })).await?;
        }
        Some(AgentCommand::Card { name }) => {
            let card = client.get(&format!("/agents/{name}/card"), &[]).await?;
            output.print(&card, |card| format!("{card:#}\n"));
        }
        Some(AgentCommand::Talks { from, until }) => {
            let mut query = vec![("from", from.to_string())];
            query.extend(until.map(|until| ("until", until.to_string())));
            let talks = client.get("/agents/talks", &query).await?;
            output.print(&talks, talks_table);
        }
        Some(AgentCommand::Callbacks { cancel }) => {
            if let Some(call) = cancel {
                client.post(&format!("/queues/callbacks/{call}/cancel"), &json!({})).await?;
            }
            let callbacks = client.get("/queues/callbacks", &[]).await?;
            output.print(&callbacks, callbacks_table);
        }
        Some(AgentCommand::History { name }) => {
            let query: Vec<_> = name.iter().map(|name| ("agent", name.clone())).collect();
            let states = client.get("/agents/history", &query).await?;
            output.print(&states, history);
        }
        Some(AgentCommand::Set { name, state, reason }) => {
            let body = json!({ "state": state, "reason": reason });
            let moved = client.put(&format!("/agents/{name}/state"), &body).await?;
            output.print(&moved, |moved| format!("{} is {}\n", text(moved, "agent"), text(moved, "state")));
        }
    }
    Ok(())
}

fn preview(card: &Value) -> String {
    let mut lines = format!(
        "callback {}: {}, {}\n",
        text(&card["callback"], "id"),
        text(&card["callback"], "name"),
        text(card, "purpose")
    );
    for (column, value) in card["facts"].as_object().into_iter().flatten() {
        lines.push_str(&format!("  {column}: {}\n", value.as_str().unwrap_or_default()));
    }
    lines
}

fn talks_table(talks: &Value) -> String {
    let columns = ["agent", "talks", "rated", "customer_left", "cut_off", "survey_calls", "dialled"];
    let mut table =
        Table::new(&["agent", ">talks", ">rated", ">left", ">cut off", ">survey calls", ">dialled"]);
    for talk in rows(talks) {
        table.row(columns.map(|column| text(talk, column)));
    }
    table.render("no talks")
}

fn queues_table(queues: &Value) -> String {
    let head =
        ["queue", ">waiting", ">offered", ">answered", ">in time", ">abandoned", ">elsewhere", ">wait"];
    let mut table = Table::new(&head);
    for queue in rows(queues) {
        let waiting = queue["waiting"].as_array().map_or(0, Vec::len);
        let wait = queue["average_wait_ms"].as_u64().map_or(String::new(), |ms| format!("{} s", ms / 1_000));
        table.row([
            text(queue, "name"),
            waiting.to_string(),
            text(queue, "offered"),
            text(queue, "answered"),
            text(queue, "answered_in_time"),
            text(queue, "abandoned"),
            text(queue, "overflowed"),
            wait,
        ]);
    }
    table.render("no [[queue]] is configured")
}

fn callbacks_table(callbacks: &Value) -> String {
    let mut table =
        Table::new(&["call", "queue", "phone", "place of", "until", ">attempts", "rests until", "ended"]);
    for one in rows(callbacks) {
        table.row([
            text(one, "call_id"),
            text(one, "queue"),
            text(one, "phone"),
            local_time(&one["joined_at"]),
            local_time(&one["until_at"]),
            text(one, "attempts"),
            local_time(&one["rests_until"]),
            text(one, "fate"),
        ]);
    }
    table.render("no callbacks")
}

fn table(agents: &Value) -> String {
    let mut table = Table::new(&[
        "agent",
        "number",
        "state",
        "reason",
        "since",
        "phones",
        ">offered",
        ">answered",
        ">delay",
    ]);
    for agent in rows(agents) {
        let phones = agent["phones"].as_array().map(Vec::as_slice).unwrap_or_default();
        let phones: Vec<String> = phones
            .iter()
            .map(|phone| format!("{} {}", text(phone, "transport"), text(phone, "address")))
            .collect();
        let answered = agent["answered"].as_u64().unwrap_or(0);
        let delay = agent["answer_delay_ms"].as_u64().and_then(|ms| ms.checked_div(answered));
        table.row([
            text(agent, "name"),
            text(agent, "extension"),
            text(agent, "state"),
            text(agent, "reason"),
            local_time(&agent["since"]),
            phones.join(", "),
            text(agent, "offered"),
            answered.to_string(),
            delay.map(|ms| format!("{:.1}s", ms as f64 / 1_000.0)).unwrap_or_default(),
        ]);
    }
    table.render("no agents")
}

fn history(states: &Value) -> String {
    let mut table = Table::new(&["agent", "state", "reason", "from", "to", "by"]);
    for state in rows(states) {
        table.row([
            text(state, "agent"),
            text(state, "state"),
            text(state, "reason"),
            local_time(&state["began_at"]),
            local_time(&state["ended_at"]),
            text(state, "changed_by"),
        ]);
    }
    table.render("no states")
}

fn rows(value: &Value) -> &[Value] {
    value["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}
