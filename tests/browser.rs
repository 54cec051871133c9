//! The console as people see it: real Chromium over the real daemon, whose calls go to simulated
//! customers. Pictures of the pages are left in `target/console/`.

mod audit;
mod axe;
mod canary;
mod chromium;
mod customers;
mod desk;
mod desk_dials;
mod policies;
mod reports;
mod lists;
mod live;
mod paint;
mod settings;
mod story;
mod talk;
mod tickets;

use std::process::Command;

use crate::peers::program::{find, skip};

/// The pure parts of the scripts have tests of their own, which a JavaScript engine runs.
#[test]
fn the_pure_parts_of_the_scripts_pass_their_own_tests() {
    let version = find("node").and_then(|node| Command::new(node).arg("--version").output().ok());
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let numbers: Vec<u32> =
        version.trim().trim_start_matches('v').split('.').filter_map(|n| n.parse().ok()).collect();
    // Older ones take a file of another folder for no module.
    if numbers < vec![20, 19] {
        return skip("node 20.19 or newer is not installed, so that the scripts' own tests were left out");
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let ran =
        Command::new("node").args(["--test", "tests/browser/"]).current_dir(root).output().expect("node");
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && text.contains("fail 0"), "{text}");
}
