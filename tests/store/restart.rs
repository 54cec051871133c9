//! PostgreSQL goes down in the middle of the work, as after a crash of its machine, and comes
//! back: nothing that was acknowledged is lost, the queue stays bounded, and work goes on by
//! itself (reliability 7).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ringback::base::Disposition;
use ringback::dialer::Attempt;
use ringback::engine::Write;
use ringback::io::store::{QUEUE_CAPACITY, RESERVE_LIMIT, Store, StoreHealth};
use serde_json::json;

use super::real::Real;
use super::world::{Desk, MONDAY, World, report};
use crate::peers::program::{free_port, skip, until};
use crate::support::databases::{block_on, number, postgres_server};

/// A server of the test's own; it is stopped and removed with this value.
struct Postgres {
    bin: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    fn start() -> Option<Postgres> {
        // Where the other tests have a server, this one must find the programs.
        postgres_server()?;
        let Some(bin) = installed() else {
            skip("the programs of PostgreSQL are not in /usr/lib/postgresql");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = Postgres { bin, folder, port: free_port() };
        if is_root() {
            // PostgreSQL refuses to run as root.
            let owned = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            assert!(owned.expect("chown").success());
        }
        server.run("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        server.control("start");
        Some(server)
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// `start`, or `stop` at once, without a word to those who are connected.
    fn control(&self, word: &str) {
        let folder = self.folder.path().display();
        let options =
            format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}", self.port);
        match word {
            "start" => self
                .run("pg_ctl", &["-w", "-t", "60", "-l", &format!("{folder}/log"), "-o", &options, "start"]),
            word => self.run("pg_ctl", &["-w", "-m", "immediate", word]),
        }
    }

    fn run(&self, program: &str, words: &[&str]) {
        let data = self.folder.path().join("data");
        let path = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        // Not piped: the server that pg_ctl starts would keep the pipe open.
        let output =
            std::fs::File::create(self.folder.path().join(format!("{program}.out"))).expect("a file");
        let errors = output.try_clone().expect("the same file");
        command.current_dir("/").arg("-D").arg(data).args(words).stdin(std::process::Stdio::null());
        let status = command.stdout(output).stderr(errors).status().expect("PostgreSQL's own program");
        let said = || std::fs::read_to_string(self.folder.path().join(format!("{program}.out")));
        assert!(status.success(), "{program} {words:?}: {}", said().unwrap_or_default());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // During a panic the server may be down already.
        let data = self.folder.path().join("data");
        let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else { return };
        if let Some(pid) = text.lines().next() {
            Command::new("kill").args(["-QUIT", pid]).status().ok();
        }
    }
}

fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let found =
        versions.filter_map(|v| Some(v.ok()?.path().join("bin"))).filter(|bin| bin.join("initdb").is_file());
    found.max()
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(Path::new("/proc/self")).expect("Linux")) == 0
}

fn submit(desk: &Desk, attempt: &Attempt) -> bool {
    let taken = desk.writer.handle().submit(Write::Reserve(vec![attempt.clone()])).is_ok();
    if taken {
        desk.submit(Write::Report(Box::new(report(attempt, Disposition::Completed))));
    }
    taken
}

#[test]
fn postgres_stopped_at_once_in_the_middle_of_the_work_loses_nothing_and_work_goes_on() {
    let Some(server) = Postgres::start() else { return };
    block_on(async {
        let store = Store::open(&server.url()).await.unwrap();
        let mut world = World::on(store, 3_000).await;
        let mut desk = Desk::open(&world.store);
        let due = world.store.due(world.list.id, MONDAY, 3_000).await.unwrap().candidates;
        assert_eq!(due.len(), 3_000);
        let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
        let mut next = attempts.iter();
        let mut submitted = Vec::new();
        for round in 0..3 {
            // Traffic before, while it goes down, and while it is away.
            submitted.extend(next.by_ref().take(100).filter(|a| submit(&desk, a)).map(|a| a.call));
            server.control("stop");
            submitted.extend(next.by_ref().take(100).filter(|a| submit(&desk, a)).map(|a| a.call));
            let StoreHealth::Degraded(reason) = desk.health().await else { panic!("down and well") };
            assert!(!reason.is_empty());
            if round == 2 {
                // Away for long: reservations are refused, reports still have their place.
                let refused = loop {
                    let attempt = next.next().expect("the queue is bounded");
                    if !submit(&desk, attempt) {
                        break attempt;
                    }
                    submitted.push(attempt.call);
                };
                assert!(desk.writer.handle().waiting() <= RESERVE_LIMIT + 2);
                desk.submit(Write::Report(Box::new(report(refused, Disposition::Completed))));
                assert!(desk.writer.handle().waiting() < QUEUE_CAPACITY);
            }
            server.control("start");
            assert_eq!(desk.health().await, StoreHealth::Ok, "by itself");
        }
        desk.settled().await;
        assert_eq!(desk.answered, submitted, "each is answered once, in order");
        let ended = number(
            &world.store,
            "SELECT COUNT(*) FROM calls WHERE state = 'ended' AND disposition = 'completed'",
        )
        .await;
        assert_eq!(ended as usize, submitted.len() + 1, "and the report of the one that was refused");
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls WHERE state = 'reserved'").await, 0);
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM dead_letters").await, 0);
        world.store.close().await;
    });
}

#[test]
fn a_daemon_whose_postgres_restarts_says_so_keeps_running_and_takes_work_again() {
    let Some(server) = Postgres::start() else { return };
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut daemon = Real::start(folder.path(), &format!("[database]\nurl = \"{}\"", server.url())).await;
        assert_eq!(daemon.post("/lists", &json!({"name": "before"})).await.0, 201);
        server.control("stop");
        let (status, problem) = daemon.post("/lists", &json!({"name": "during"})).await;
        assert_eq!((status, &problem["type"]), (503, &json!("/problems/unavailable")), "{problem}");
        let why = daemon.not_ready().await;
        assert!(why.starts_with("503") && why.contains("database"), "{why}");
        server.control("start");
        let well = until(Duration::from_secs(20), async || daemon.not_ready().await.is_empty().then_some(()));
        assert!(well.await.is_some(), "not ready again: {}", daemon.not_ready().await);
        assert_eq!(daemon.post("/lists", &json!({"name": "after"})).await.0, 201);
        let lists = daemon.get("/lists").await;
        let names: Vec<_> =
            lists["items"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["after", "before"], "what was refused is not there");
        assert!(daemon.program.ended().is_none(), "it never went down");
    });
}
