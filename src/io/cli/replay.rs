//! `ringback replay`: a recorded day once more.

use clap::Args;
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::{Client, Failure, Output, plan};

/// `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Policy pack.
    pub pack: String,
    /// The day: 2026-03-03.
    pub day: String,
    /// Show what this policy would have changed on that day: a file, or a name.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
}

pub(super) async fn run(client: &Client, output: Output, args: &ReplayArgs) -> Result<(), Failure> {
    let body = json!({ "policy": plan::policy(args.policy.as_deref())? });
    let replayed = client.post(&format!("/plan/{}/{}/replay", args.pack, args.day), &body).await?;
    output.print(&replayed, render);
    let same = replayed["differences"].as_array().is_none_or(Vec::is_empty);
    if same { Ok(()) } else { Err(Failure::failed("the day does not come out as it was decided")) }
}

fn render(replayed: &Value) -> String {
    let mut out = format!(
        "{} on {}, decided for {} by version {}: {} of {} decisions come out the same\n",
        text(replayed, "pack"),
        text(replayed, "day"),
        local_time(&replayed["made_at"]),
        text(replayed, "version"),
        text(replayed, "same"),
        text(replayed, "callbacks"),
    );
    if replayed["erased"] != 0 {
        let erased = text(replayed, "erased");
        out.push_str(&format!("{erased} callbacks are left out: their customers were erased since\n"));
    }
    if replayed["differences"].as_array().is_some_and(|rows| !rows.is_empty()) {
        out.push_str("\nThese come out otherwise:\n");
        out.push_str(&plan::differences(replayed, "differences"));
    }
    if !replayed["other"].is_null() {
        out.push_str("\nThe other policy would have changed:\n");
        out.push_str(&plan::differences(replayed, "other"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_says_what_came_out_and_what_another_policy_would_have_changed() {
        let line = |name: &str| json!({ "rule": "r", "name": name, "before": "call", "after": "not: due" });
        let mut replayed = json!({
            "pack": "hospital", "day": "2026-03-03", "version": "abc", "made_at": 0, "callbacks": 3, "same": 2,
            "erased": 1, "differences": [line("张三")], "other": [line("李四")],
        });
        let shown = render(&replayed);
        for part in ["2 of 3", "1 callbacks are left out", "otherwise", "张三", "would have changed", "李四"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        replayed["other"] = json!([]);
        assert!(render(&replayed).contains("nothing"), "another policy that changes nothing");
    }
}
