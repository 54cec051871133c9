//! The command line against a running interface and its database.

use clap::Parser;
use ringback::base::ListId;
use ringback::io::cli::{Cli, ClientSettings, EXIT_FAILED, EXIT_TEMPORARY, Failure, run};
use ringback::io::web::{Control, DrainMode};

use super::site::Site;

pub async fn ringback(site: &Site, line: &[&str]) -> Result<(), Failure> {
    let settings = ClientSettings {
        socket: site.socket(),
        database: site.url(),
        console: site.base.clone(),
        zone: jiff::tz::TimeZone::UTC,
        roles: ringback::io::roles::built_in(),
    };
    let cli =
        Cli::try_parse_from(["ringback"].iter().chain(line)).unwrap_or_else(|e| panic!("{line:?}: {e}"));
    run(&cli, &settings).await
}

#[tokio::test]
async fn a_list_becomes_a_running_campaign_from_the_command_line() {
    let site = Site::sqlite().await;
    let file = site.folder.path().join("a.csv");
    std::fs::write(&file, "客户电话,昵称\n13800000001,张三\n13800000002,李四\n").unwrap();
    let file = file.to_str().unwrap();
    ringback(&site, &["list", "import", file, "--list", "march", "--dry-run"]).await.unwrap();
    assert!(site.store.list_by_name("march").await.unwrap().is_none(), "a dry run makes no list");
    ringback(&site, &["list", "import", file, "--list", "march", "--map", "昵称=name"]).await.unwrap();
    let list = site.store.list_by_name("march").await.unwrap().expect("the list is made").id;
    let entries = site.get(&format!("/api/v1/lists/{list}/entries")).await.expect(200);
    assert_eq!(entries["items"][0]["name"], "张三", "the mapping holds");
    let create = [
        "campaign",
        "create",
        "m",
        "--list",
        "march",
        "--script",
        "s",
        "--set",
        "concurrency=7",
        "--set",
        "windows=[\"Mon-Fri 09:00-12:00\"]",
        "--set",
        "caller_id=02161234567",
        "--start",
    ];
    ringback(&site, &create).await.unwrap();
    let campaign = site.store.campaigns().await.unwrap().remove(0);
    assert_eq!(
        (campaign.settings.concurrency, campaign.settings.script.as_str(), campaign.list),
        (7, "s", ListId(list.0))
    );
    assert_eq!(campaign.settings.windows, ["Mon-Fri 09:00-12:00"]);
    for word in ["pause", "stop", "end", "show"] {
        ringback(&site, &["campaign", word, "m"]).await.unwrap();
    }
    let id = campaign.id;
    let by = || "local".to_string();
    let orders = site.orders.lock().unwrap().clone();
    let given: Vec<_> = orders
        .into_iter()
        .filter(|o| !matches!(o, Control::ListGrown(_) | Control::CampaignCreated(_)))
        .collect();
    assert_eq!(
        given,
        [
            Control::StartCampaign { id, by: by() },
            Control::PauseCampaign { id, by: by() },
            Control::StopCampaign { id, by: by() },
            Control::EndCampaign { id, by: by() },
        ]
    );
    for line in [
        &["list", "show"][..],
        &["list", "show", "march", "--unmask"],
        &["campaign", "list", "--json"],
        &["calls"],
        &["calls", "--past", "--campaign", "m"],
        &["trunks"],
        &["prompts", "list"],
        &["prompts", "check"],
    ] {
        ringback(&site, line).await.unwrap_or_else(|e| panic!("{line:?}: {e}"));
    }
}

#[tokio::test]
async fn orders_to_the_daemon_go_over_the_socket() {
    let site = Site::sqlite().await;
    ringback(&site, &["drain", "when-idle"]).await.unwrap();
    ringback(&site, &["reload"]).await.unwrap();
    let by = "local".to_string();
    let orders = [Control::Drain { mode: DrainMode::WhenIdle, by: by.clone() }, Control::Reload { by }];
    assert_eq!(*site.orders.lock().unwrap(), orders);
}

#[tokio::test]
async fn a_prompt_is_recorded_by_an_ordinary_call() {
    let site = Site::sqlite().await;
    ringback(&site, &["prompts", "record", "company/name", "--to", "13800000001"]).await.unwrap();
    let campaign = site.store.campaigns().await.unwrap().remove(0);
    assert_eq!(campaign.settings.script, "record-prompt");
    let entries = site.get(&format!("/api/v1/lists/{}/entries", campaign.list)).await.expect(200);
    assert_eq!(entries["items"][0]["fields"]["prompt"], "company/name");
    let refused = ringback(&site, &["prompts", "record", "company/name", "--to", "abc"]).await.unwrap_err();
    assert_eq!(refused.exit_code(), EXIT_FAILED);
}

#[tokio::test]
async fn tokens_and_database_need_no_daemon() {
    let site = Site::sqlite().await;
    site.stop.cancel();
    ringback(&site, &["token", "create", "--name", "wall", "--scope", "read", "--expires-in", "30d"])
        .await
        .unwrap();
    let token = site.store.tokens().await.unwrap().into_iter().find(|t| t.name == "wall").unwrap();
    assert_eq!((token.scope.as_str(), token.hash.len()), ("read", 64));
    assert_eq!(token.expires_at.unwrap() - token.created_at, 30 * 86_400_000);
    ringback(&site, &["token", "list"]).await.unwrap();
    ringback(&site, &["token", "revoke", "wall"]).await.unwrap();
    let again = ringback(&site, &["token", "create", "--name", "wall", "--scope", "read"]).await.unwrap_err();
    assert_eq!(
        (again.exit_code(), again.to_string().contains("exists already")),
        (EXIT_FAILED, true),
        "{again}"
    );
    ringback(&site, &["db", "migrate"]).await.unwrap();
    ringback(&site, &["db", "status", "--json"]).await.unwrap();
    let copy = site.folder.path().join("copy.db");
    ringback(&site, &["db", "backup", copy.to_str().unwrap()]).await.unwrap();
    let restored = ringback::io::store::Store::open(&format!("sqlite:{}", copy.display())).await.unwrap();
    assert!(
        restored.tokens().await.unwrap().iter().any(|t| t.name == "wall"),
        "the copy opens and holds everything"
    );
}

#[tokio::test]
async fn what_fails_says_why_and_has_its_exit_code() {
    let site = Site::sqlite().await;
    let check = async |line: &[&str], code: u8, words: &[&str]| {
        let failure = ringback(&site, line).await.expect_err("a failure");
        assert_eq!(failure.exit_code(), code, "{line:?}: {failure}");
        for word in words {
            assert!(failure.to_string().contains(word), "{line:?}: {failure}");
        }
    };
    check(&["campaign", "start", "none"], EXIT_FAILED, &["no campaign `none`", "campaign list"]).await;
    check(&["list", "show", "none"], EXIT_FAILED, &["no list `none`"]).await;
    check(&["list", "import", "/none.csv", "--list", "x"], EXIT_FAILED, &["/none.csv"]).await;
    check(&["calls", "--from", "yesterday"], EXIT_FAILED, &["from", "hint"]).await;
    check(
        &["drain", "now", "--socket", "/none.sock"],
        EXIT_TEMPORARY,
        &["no daemon answers at /none.sock", "ringback serve"],
    )
    .await;
}

#[test]
fn a_reader_that_goes_away_ends_the_program_without_a_panic() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for words in [["config", "schema"], ["config", "show"]] {
        let mut command = crate::peers::daemon::ringback(folder.path());
        command.args(words).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ringback");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("its end");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked"), "{words:?}: {told}");
    }
}
