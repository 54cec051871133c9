//! `ringback demo`: the whole daemon with a simulated trunk, agents at simulated telephones and customers who
//! are called and who call, steered over its own API.

mod house;
mod settings;
mod view;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::Daemon;
use super::client::Client;
use crate::io::assets;
use crate::io::clock::Clock;
use crate::io::demo::{Callers, DemoDesks, DemoTrunk, Desk};
use crate::io::store::read::PAGE_LIMIT;
use crate::io::store::{NewToken, Store};
use view::{Campaign, Frame, Screen};

/// Where the API listens unless something else is there already.
const API_PORT: u16 = 8080;
/// Agents' telephones, as in `config/demo/ringback.toml`.
const DESKS: [&str; 3] = ["8001", "8002", "8003"];
/// The number of the hotline there.
const HOTLINE: &str = "4008001234";
/// From one call of the hotline to the next, on average.
const CALLED_EVERY: Duration = Duration::from_secs(25);
/// How often the picture is drawn anew.
const FRAME: Duration = Duration::from_millis(250);
/// Frames without any call after which nothing more is due today: 4 s.
const QUIET_FRAMES: u32 = 16;
/// The list is dialled in about a minute; what takes longer than this has gone wrong.
const LIMIT: Duration = Duration::from_secs(300);

/// What the command line says.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Exit when the list is done.
    pub once: bool,
    /// Seed of the customers' behaviour.
    pub seed: u64,
    /// Calls at once.
    pub lines: u32,
}

/// Runs the demo.
///
/// # Errors
/// Whatever keeps it from running, in words.
pub async fn run(options: Options) -> Result<(), String> {
    let folder = fresh_folder().map_err(|e| format!("no folder for the demo could be made: {e}"))?;
    let trunk = DemoTrunk::start(options.seed).map_err(|e| format!("the simulated trunk: {e}"))?;
    let (settings, sip) = settings::settings(&folder, trunk.address(), free_api_address())?;
    let zone = jiff::tz::TimeZone::get(&settings.import.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let link = administrator(&settings.database).await?;
    let daemon = Daemon::start(settings).await.map_err(|e| e.to_string())?;
    let api = daemon.api.first().copied().ok_or("the API has no address")?;
    let secret = make_token(&daemon).await?;
    let client = Client::new(api, &secret)?;
    println!(
        "ringback demo: a simulated trunk at {} and its customers, all on loopback UDP.",
        trunk.address()
    );
    println!("Everything is kept in {}", folder.display());
    println!("\nThe console, by a link that works once: http://{api}/welcome/{link}\n");
    wait_for_trunk(&client).await?;
    let people = house::customers(options.seed);
    println!(
        "{}",
        house::furnish(&client, &people, &crate::io::clock::utc().to_jiff().to_zoned(zone)).await?
    );
    let desks = DemoDesks::start(sip, DESKS.map(desk).into(), options.seed)
        .map_err(|e| format!("the agents' telephones: {e}"))?;
    trunk.call(Some(callers(sip, &people)));
    let campaigns = import_lists(&client, options.lines).await?;
    let clock = Clock::start();
    let finished = watch(&client, &campaigns, clock).await?;
    println!("{}", Screen::summary(&finished));
    println!("Recordings: {}", folder.join("recordings").display());
    if options.once {
        return stop(daemon, trunk, desks).await;
    }
    println!("\nThe API goes on at http://{api}/api/v1 with this token until Ctrl-C:\n  {secret}\n");
    println!("  curl -H 'Authorization: Bearer {secret}' http://{api}/api/v1/calls?limit=5");
    println!("  curl -H 'Authorization: Bearer {secret}' http://{api}/api/v1/openapi.json\n");
    tokio::select! {
        () = super::signals::wait() => {}
        given = house::audit(&client) => {
            if let Err(problem) = given {
                println!("Nothing more is handed out to be audited: {problem}");
            }
            super::signals::wait().await;
        }
    }
    stop(daemon, trunk, desks).await
}

async fn stop(daemon: Daemon, trunk: DemoTrunk, desks: DemoDesks) -> Result<(), String> {
    trunk.call(None);
    daemon.signalled();
    daemon.finish().await;
    // Joins their threads.
    tokio::task::spawn_blocking(move || drop((trunk, desks))).await.ok();
    Ok(())
}

/// The telephone of an agent as its file has it.
fn desk(extension: &str) -> Desk {
    Desk { extension: extension.to_owned(), secret: format!("demo-{extension}") }
}

/// Customers of the house call its hotline, and now and then somebody whom nobody knows.
fn callers(sip: SocketAddr, people: &[house::Customer]) -> Callers {
    let known = people.iter().step_by(3).map(|person| person.phone.clone());
    let callers = known.chain(["13800000007".to_owned(), "02155550199".to_owned()]).collect();
    Callers { to: sip, number: HOTLINE.to_owned(), callers, every: CALLED_EVERY, at_once: 3 }
}

/// An administrator before the daemon's first start, so that it asks for none; gives the link's secret.
async fn administrator(database: &str) -> Result<String, String> {
    let store = Store::open(database).await.map_err(|e| e.to_string())?;
    let link = super::entrance::demo_link(&store).await.map_err(|e| e.to_string());
    store.close().await;
    link
}

fn fresh_folder() -> std::io::Result<PathBuf> {
    let base = std::env::temp_dir();
    let mut number = std::process::id();
    loop {
        let folder = base.join(format!("ringback-demo-{number}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
            Err(e) => return Err(e),
        }
    }
}

fn free_api_address() -> SocketAddr {
    let wanted = SocketAddr::from(([127, 0, 0, 1], API_PORT));
    match std::net::TcpListener::bind(wanted) {
        Ok(_) => wanted,
        Err(_) => SocketAddr::from(([127, 0, 0, 1], 0)),
    }
}

async fn make_token(daemon: &Daemon) -> Result<String, String> {
    let secret = crate::io::web::new_secret()?;
    let now = crate::io::clock::utc();
    let hash = crate::io::web::hash_secret(&secret);
    let token = NewToken { name: "demo", hash: &hash, scope: "admin", ..NewToken::default() };
    daemon.store.create_token(&token, "demo", now).await.map_err(|e| e.to_string())?;
    Ok(secret)
}

/// No dialling before the trunk has answered.
async fn wait_for_trunk(client: &Client) -> Result<(), String> {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..200 {
        tick.tick().await;
        let trunks = client.get("trunks").await?;
        let up = trunks["items"].as_array().is_some_and(|t| t.iter().any(|t| t["state"] == "up"));
        if up {
            return Ok(());
        }
    }

    Err("the simulated trunk did not answer OPTIONS within 10 s".into())
}

/// One list and one campaign for each file of the sample, named as its script.
async fn import_lists(client: &Client, lines: u32) -> Result<Vec<(i64, String)>, String> {
    let mut campaigns = Vec::new();
    let files: Vec<String> =
        assets::list("demo/").into_iter().filter(|file| file.ends_with(".csv")).collect();
    // Lists differ in length; a quarter of the lines each keeps them all busy.
    let share = lines.div_ceil(4);
    for file in files {
        let name = file.trim_start_matches("demo/").trim_end_matches(".csv").to_owned();
        let bytes = assets::read(&file).unwrap_or_default().into_owned();
        let report =
            client.post_bytes(&format!("imports?list_name={name}&file_name={name}.csv"), bytes).await?;
        let counts = &report["counts"];
        println!("{name}: {} customers imported, {} rows rejected", counts["added"], counts["rejected"]);
        for problem in report["problems"].as_array().into_iter().flatten() {
            println!("  line {}: {}", problem["line"], problem["reason"].as_str().unwrap_or_default());
        }
        let settings = json!({
            "script": name, "windows": ["00:00-24:00"], "concurrency": share, "calls_per_second": 4.0,
            "ring_seconds": 6, "machine": "leave_message", "max_attempts": 1, "daily_cap_per_number": 0,
            // A real day would try again in some minutes; a demo ends.
            "retry": { "congestion": { "delay_minutes": 0, "max": 0 } },
        });
        let body = json!({ "name": name, "list_name": name, "settings": settings });
        let campaign = client.post("campaigns", &body).await?;
        let id = campaign["id"].as_i64().ok_or("the API gave no campaign id")?;
        client.post(&format!("campaigns/{id}/start"), &Value::Null).await?;
        campaigns.push((id, name));
    }
    println!();
    Ok(campaigns)
}

/// Draws the progress until every campaign is done.
async fn watch(client: &Client, campaigns: &[(i64, String)], clock: Clock) -> Result<Frame, String> {
    let mut screen = Screen::new();
    let mut quiet = 0;
    let mut tick = tokio::time::interval(FRAME);
    loop {
        tick.tick().await;
        let mut frame = Frame { seconds: clock.mono().as_millis() / 1_000, ..Frame::default() };
        for (id, name) in campaigns {
            let progress = client.get(&format!("campaigns/{id}/progress")).await?;
            frame.campaigns.push(Campaign::read(name, &progress));
        }
        // Who asked to be called later is called on another day, which the demo does not see.
        let idle = frame.campaigns.iter().all(|c| c.calls.is_empty());
        quiet = if idle && frame.campaigns.iter().any(|c| c.settled > 0) { quiet + 1 } else { 0 };
        let done = quiet > QUIET_FRAMES || frame.campaigns.iter().all(|c| c.done);
        if done {
            frame.scores = scores(client, campaigns).await?;
        }
        screen.draw(&frame);
        if done {
            screen.end();
            return Ok(frame);
        }
        if clock.mono().since(crate::base::Mono(0)) > LIMIT {
            screen.end();
            return Err(format!("the list was not done within {} s", LIMIT.as_secs()));
        }
    }
}

/// Mean score and number of answers by question.
async fn scores(
    client: &Client,
    campaigns: &[(i64, String)],
) -> Result<BTreeMap<String, (f64, u32)>, String> {
    let mut sums: BTreeMap<String, (f64, u32)> = BTreeMap::new();
    for (id, name) in campaigns {
        let answers = client.get(&format!("answers?campaign={id}&limit={PAGE_LIMIT}")).await?;
        for answer in answers["items"].as_array().into_iter().flatten() {
            let Some(score) = answer["score"].as_f64() else { continue };
            let question = answer["question"].as_str().unwrap_or_default();
            let entry = sums.entry(format!("{name} / {question}")).or_default();
            *entry = (entry.0 + score, entry.1 + 1);
        }
    }
    Ok(sums.into_iter().map(|(q, (sum, n))| (q, (sum / f64::from(n.max(1)), n))).collect())
}
