//! `ringback demo`, started as people start it.

use std::time::Duration;

use crate::peers::daemon::ringback;
use crate::peers::program::{Program, until};
use crate::support::databases::block_on;

/// Far above what it takes (about 100 s: its calls last as long as real ones), below what a person would wait.
const LIMIT: Duration = Duration::from_secs(240);

#[test]
fn the_demo_dials_its_lists_over_loopback_sums_up_and_goes_on_until_ctrl_c() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = ringback(folder.path());
        command.args(["demo", "--lines", "96"]).env("TMPDIR", folder.path());
        let mut demo = Program::start("demo", &mut command, folder.path());
        let audited =
            until(LIMIT, async || demo.output().contains("waits for you in the audit").then_some(()));
        assert!(audited.await.is_some(), "no call to audit in\n{}", demo.output());
        demo.signal("INT");
        let status = demo.wait(Duration::from_secs(30)).await;
        let output = demo.output();
        assert!(status.success(), "{status}\n{output}");
        let summary = output.split("settled in").nth(1).unwrap_or_default();
        for word in ["completed", "busy", "no answer", "message left", "mean score", "Recordings: "] {
            assert!(summary.contains(word), "no `{word}` in\n{output}");
        }
        let kept =
            summary.split("Recordings: ").nth(1).unwrap_or_default().lines().next().unwrap_or_default();
        assert!(count_wavs(kept.as_ref()) >= 20, "{kept}\n{output}");
        assert!(!output.contains("ERROR"), "{output}");
        assert!(output.contains("/welcome/rb_"), "no way into the console in\n{output}");
    });
}

fn count_wavs(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let count = |path: std::path::PathBuf| {
        if path.is_dir() {
            count_wavs(&path)
        } else {
            usize::from(path.extension().is_some_and(|e| e == "wav"))
        }
    };
    entries.map(count).sum()
}
