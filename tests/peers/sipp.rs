//! SIPp as the other side: one scenario, one call.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::program::{Program, free_port};

/// One SIPp; it ends with its call.
pub struct Sipp {
    program: Program,
    scenario: String,
    errors: std::path::PathBuf,
}

/// What stands for `@WORD@` in a scenario.
pub type Words<'a> = &'a [(&'a str, &'a str)];

impl Sipp {
    /// Waits for one call on `port`.
    pub fn answering(scenario: &str, words: Words<'_>, port: u16, folder: &Path) -> Sipp {
        Sipp::start(scenario, words, port, folder, &[])
    }

    /// Calls `number` at a port of loopback.
    pub fn calling(scenario: &str, number: &str, to: u16, folder: &Path) -> Sipp {
        let target = format!("127.0.0.1:{to}");
        Sipp::start(scenario, &[], free_port(), folder, &["-s", number, &target])
    }

    fn start(scenario: &str, words: Words<'_>, port: u16, folder: &Path, more: &[&str]) -> Sipp {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/peers/sipp/{scenario}.xml"));
        let mut text = std::fs::read_to_string(&source).expect("the scenario");
        for (word, value) in words {
            text = text.replace(&format!("@{word}@"), value);
        }
        let name = format!("sipp-{scenario}-{port}");
        let (file, errors) = (folder.join(format!("{name}.xml")), folder.join(format!("{name}.errors")));
        std::fs::write(&file, text).expect("the scenario's copy");
        let mut command = Command::new("sipp");
        command.current_dir(folder).arg("-sf").arg(&file).args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-mi", "127.0.0.1", "-mp", &free_port().to_string(), "-m", "1", "-nostdin"]);
        command
            .args(["-timeout", "60", "-timeout_error", "-trace_err", "-error_file"])
            .arg(&errors)
            .args(more);
        if scenario == "answer-repeated" {
            // An ACK that comes again is the same message; SIPp would take it for a
            // retransmission and answer it with yet another 200, for ever.
            command.arg("-nr");
        }
        Sipp { program: Program::start(&name, &mut command, folder), scenario: scenario.to_owned(), errors }
    }

    /// The call must have gone as the scenario says.
    pub async fn must_end_well(mut self) {
        let status = self.program.wait(Duration::from_secs(70)).await;
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        assert!(status.success(), "SIPp saw another call than `{}`: {status}\n{errors}", self.scenario);
    }
}

/// Sound of the key 5 for 300 ms in an encoding of G.711, for a peer without
/// telephone-events. The file's path.
pub fn tone_of_five(folder: &Path, encoding: &str) -> String {
    let file = folder.join(format!("five.{encoding}"));
    let status = Command::new("sox")
        .args(["-n", "-r", "8000", "-c", "1", "-e", encoding, "-t", "raw"])
        .arg(&file)
        .args(["synth", "0.3", "sine", "770", "sine", "1336", "remix", "-", "gain", "-6"])
        .status();
    assert!(status.expect("sox").success());
    file.display().to_string()
}
