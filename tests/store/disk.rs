//! The disk of the database and the recordings is full: dialling stops while there is still
//! room for the calls that are up, the cause is named, the API refuses writes, and all goes
//! on by itself when there is room (reliability 6). A real file system that fills.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::real::Real;
use crate::peers::kill::Carrier;
use crate::peers::program::{skip, until};
use crate::support::databases::block_on;

/// A file system of its own in memory; unmounted with this value.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Disk> {
        std::fs::create_dir_all(at).expect("a folder");
        let done =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=400m", "ringback-test"]).arg(at).output();
        if done.is_ok_and(|output| output.status.success()) {
            return Some(Disk(at.to_owned()));
        }
        skip("no file system can be mounted here (needs root): the full disk");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it to the last byte but `left`.
    fn fill(&self, left: u64) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.ballast()).expect("a file");
        let piece = vec![b'x'; 64 * 1024];
        while file.write_all(&piece).is_ok() {}
        let length = file.metadata().expect("its length").len();
        file.set_len(length.saturating_sub(left)).expect("to give room back");
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a daemon that a failing test leaves behind may still hold a file.
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_stops_dialling_is_named_refuses_writes_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("full")) else { return };
    block_on(async {
        let carrier = Carrier::start();
        let config = format!(
            "[recording]\ndisk_floor_mb = 64\n[[trunk]]\nname = \"carrier\"\ngroup = \"carrier\"\n\
             server = \"127.0.0.1:{}\"\ntransport = \"udp\"\nfrom_domain = \"127.0.0.1\"\noptions_ping = \"0s\"\n",
            carrier.port
        );
        let daemon = Real::start_in(folder.path(), "full/data", "full/recordings", &config).await;
        let list: String = (0..400).map(|n| format!("138{n:08}\n")).collect();
        daemon.upload("all", format!("phone\n{list}")).await;
        let settings = json!({
            "trunk_group": "carrier", "script": "one-key", "language": "en", "concurrency": 2,
            "calls_per_second": 5.0, "max_attempts": 1, "windows": ["Mon-Sun 00:00-24:00"],
            "caller_id": "4001234567", "ring_seconds": 5,
        });
        let made = daemon
            .post("/campaigns", &json!({"name": "all", "list_name": "all", "settings": settings}))
            .await;
        assert_eq!(made.0, 201, "{}", made.1);
        let start = format!("/campaigns/{}/start", made.1["id"]);
        assert_eq!(daemon.post(&start, &json!({})).await.0, 200);
        let dialling = async |more: usize| {
            let from = carrier.calls();
            until(Duration::from_secs(20), async || (carrier.calls() >= from + more).then_some(()))
                .await
                .is_some()
        };
        assert!(dialling(3).await, "it dials");

        // Below the floor, not full: calls that are up could still be recorded, new ones are not begun.
        disk.fill(40 << 20);
        let named = until(Duration::from_secs(30), async || {
            let health = daemon.get("/health").await;
            let free = health["readiness"]["disk_free_bytes"].as_u64().unwrap_or(0);
            (health["readiness"]["disk_ok"] == false && free > 20 << 20)
                .then(|| health["reasons"].to_string())
        });
        let Some(named) = named.await else { panic!("not seen: {}", daemon.get("/health").await) };
        assert!(named.contains("recordings folder is full"), "{named}");
        let quiet = until(Duration::from_secs(30), async || {
            (daemon.get("/live/calls").await["items"].as_array().is_some_and(Vec::is_empty)).then_some(())
        });
        assert!(quiet.await.is_some(), "calls that were up end");
        let before = carrier.calls();
        let blocked = until(Duration::from_secs(30), async || {
            let progress = daemon.get(&format!("/campaigns/{}/progress", made.1["id"])).await;
            progress["blocked"]["code"].as_str().map(str::to_owned)
        });
        let blocked = blocked.await.expect("the campaign says why it dials nobody");
        assert_eq!(carrier.calls(), before, "nobody is dialled ({blocked})");

        // Full to the last byte: what cannot be stored is refused, and nothing falls over.
        disk.empty();
        disk.fill(0);
        let refused = until(Duration::from_secs(30), async || {
            let (status, problem) =
                daemon.post("/lists", &json!({"name": format!("{:?}", std::time::Instant::now())})).await;
            (status == 503).then_some(problem)
        });
        let refused = refused.await.expect("writes are refused");
        assert_eq!(refused["type"], "/problems/unavailable", "{refused}");
        assert_eq!(
            daemon.get("/lists").await["items"].as_array().map(Vec::is_empty),
            Some(false),
            "reads are served"
        );

        disk.empty();
        assert!(dialling(3).await, "it goes on by itself:\n{}", daemon.program.tail());
        assert_eq!(daemon.post("/lists", &json!({"name": "after"})).await.0, 201);
        assert_eq!(daemon.not_ready().await, "");
    });
}
