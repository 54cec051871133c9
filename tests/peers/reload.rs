//! A reload of the real daemon: by the API and by SIGHUP.

use std::time::Duration;

use super::daemon::{Daemon, own_network};
use super::program::until;

const SECOND: &str = "[[trunk]]\nname = \"second\"\nserver = \"127.0.0.1:9\"\noptions_ping = \"0s\"\n";

async fn trunk_names(daemon: &Daemon) -> Vec<String> {
    let trunks = daemon.get("/trunks").await;
    let items = trunks["items"].as_array().or(trunks.as_array()).cloned().unwrap_or_default();
    items.iter().filter_map(|t| t["name"].as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_keeps_the_old_and_a_good_one_is_applied() {
    let daemon = Daemon::start(&[own_network()], "").await;
    daemon.edit(|text| format!("{text}\n[[trunk]]\nname = \"x\"\nservr = \"y\"\n"));
    let (status, problem) = daemon.try_post("/reload").await;
    let text = problem.to_string();
    assert_eq!(status, 422, "{text}");
    for word in ["servr", "did you mean `server`?", "ringback.toml:", "old configuration stays"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    assert_eq!(trunk_names(&daemon).await, ["own"]);

    let good = |text: String| text.split("\n[[trunk]]\nname = \"x\"").next().unwrap_or_default().to_owned();
    daemon.edit(|text| format!("{}\n{SECOND}", good(text).replace("20000", "21000")));
    let (status, report) = daemon.try_post("/reload").await;
    let text = report.to_string();
    assert_eq!(status, 200, "{text}");
    let rows = report["sections"].as_array().cloned().unwrap_or_default();
    let result = |section: &str| {
        let row = rows.iter().find(|r| r["section"] == section).unwrap_or_else(|| panic!("{text}"));
        (row["result"].as_str().unwrap_or_default(), row["detail"].as_str().unwrap_or_default())
    };
    assert_eq!(result("trunk"), ("applied", "second added"));
    assert_eq!(result("rtp"), ("needs_restart", "port_min: only a restart takes this over"));
    let both = until(Duration::from_secs(30), async || (trunk_names(&daemon).await.len() == 2).then_some(()));
    assert!(both.await.is_some(), "the new trunk does not show");

    daemon.edit(|text| text.replace(SECOND, ""));
    daemon.signal("HUP");
    let one = until(Duration::from_secs(30), async || (trunk_names(&daemon).await.len() == 1).then_some(()));
    assert!(one.await.is_some(), "SIGHUP did not reload");
    daemon.stop().await;
}
