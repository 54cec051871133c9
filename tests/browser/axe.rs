//! axe-core, the checker of accessibility: fetched from the npm registry once, kept below target.

use std::path::Path;
use std::process::Command;

use super::chromium::Chromium;
use crate::peers::program::{find, skip};

/// The version that is asked for.
const PACKAGE: &str = "axe-core@4.14.1";

/// Its script; None, which is told, where there is no npm or no registry.
pub fn script() -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe");
    let file = folder.join("package/axe.min.js");
    if let Ok(text) = std::fs::read_to_string(&file) {
        return Some(text);
    }
    if find("npm").is_none() {
        skip("axe-core: npm is not installed, so that accessibility was not looked at");
        return None;
    }
    std::fs::create_dir_all(&folder).expect("a folder for axe");
    let packed = Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(&folder).output();
    let name = packed
        .ok()
        .filter(|o| o.status.success())
        .map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    let Some(name) = name else {
        skip("axe-core: the npm registry does not answer, so that accessibility was not looked at");
        return None;
    };
    let unpacked = Command::new("tar").args(["-xzf", &name]).current_dir(&folder).status();
    assert!(unpacked.is_ok_and(|s| s.success()), "{name} cannot be unpacked");
    Some(std::fs::read_to_string(file).expect("axe.min.js in the package"))
}

/// What is wrong with the page that is shown, each with where it stands.
pub async fn violations(browser: &Chromium, script: &str) -> Vec<String> {
    browser.ask(script).await;
    let found = browser
        .ask_later(
            "axe.run().then(arguments[0], e => arguments[0]({violations: [{id: String(e), nodes: []}]}))",
        )
        .await;
    let violations = found["violations"].as_array().cloned().unwrap_or_default();
    let told = |v: &serde_json::Value| {
        let nodes = v["nodes"].as_array().cloned().unwrap_or_default();
        let node = |n: &serde_json::Value| format!("{} {}", n["target"], n["any"][0]["message"]);
        let nodes: Vec<String> = nodes.iter().take(4).map(node).collect();
        format!("{}: {}", v["id"], nodes.join("; "))
    };
    violations.iter().map(told).collect()
}
