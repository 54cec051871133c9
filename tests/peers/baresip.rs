//! baresip, a softphone: it answers the daemon, and it calls in. Its tone must be heard.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::daemon::{Daemon, Trunk, own_network};
use super::program::{Program, can_run, free_port, until};
use crate::support::databases::block_on;

/// The numbers at which every softphone answers.
pub const NUMBERS: [&str; 6] =
    ["13800001111", "13800001112", "13800001113", "13800001114", "13800001115", "13800001116"];

/// How a softphone is set up.
pub struct Phone<'a> {
    /// Further lines of its configuration.
    pub config: String,
    /// Further parameters of its account, each with its `;`.
    pub account: &'a str,
    /// What is typed once it runs.
    pub commands: &'a [&'a str],
    /// Pitch of its tone.
    pub tone_hz: u16,
    /// Its output holds every SIP message.
    pub is_traced: bool,
}

/// One that answers calls without encryption.
pub const PLAIN: Phone<'_> =
    Phone { config: String::new(), account: "", commands: &[], tone_hz: 440, is_traced: false };

/// Starts baresip on loopback without sound devices: it sends a tone and throws away
/// what it hears.
pub fn baresip(folder: &Path, port: u16, phone: &Phone<'_>) -> Program {
    let account = |number| {
        let more = phone.account;
        format!("<sip:{number}@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1{more}\n")
    };
    baresip_as(folder, port, phone, &NUMBERS.map(account).concat())
}

/// The same with these lines as its accounts.
pub fn baresip_as(folder: &Path, port: u16, phone: &Phone<'_>, accounts: &str) -> Program {
    let home = folder.join(format!("baresip-{port}"));
    std::fs::create_dir_all(&home).expect("a folder");
    let modules = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
    let modules = modules.iter().find(|m| Path::new(m).is_dir()).expect("baresip's modules");
    let tone = home.join("tone.wav");
    let mut sox = Command::new("sox");
    sox.args(["-n", "-r", "8000", "-c", "1", "-b", "16"]).arg(&tone);
    let made = sox.args(["synth", "60", "sine", &phone.tone_hz.to_string(), "gain", "-6"]).status();
    assert!(made.expect("sox").success());
    let tone = tone.display();
    let more = &phone.config;
    let config = format!(
        "sip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\ncall_max_calls 4\naudio_source aufile,{tone}\naudio_player aubridge,nil\n\
         ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         rtp_ports 45000-49000\nmodule_path {modules}\nmodule g711.so\nmodule aufile.so\n\
         module aubridge.so\nmodule_app account.so\nmodule_app menu.so\nmodule_tmp uuid.so\n{more}"
    );
    std::fs::write(home.join("config"), config).expect("its configuration");
    std::fs::write(home.join("accounts"), accounts).expect("its accounts");
    let mut command = Command::new("baresip");
    command.arg("-f").arg(&home).args(["-4", "-v", "-t", "180"]);
    if phone.is_traced {
        command.arg("-s");
    }
    for line in phone.commands {
        command.args(["-e", line]);
    }
    Program::start(&format!("baresip-{port}"), &mut command, folder)
}

/// Waits until it takes calls.
pub async fn is_ready(phone: &Program) {
    let up =
        until(Duration::from_secs(10), async || phone.output().contains("baresip is ready").then_some(()));
    assert!(up.await.is_some(), "baresip is not ready:\n{}", phone.tail());
}

/// The recording of a call holds its tone on the right and our prompts on the left.
pub fn both_are_heard(call: &Value) {
    let level = |side: &str| call[side].as_f64().unwrap_or(-96.0);
    assert!(level("right_dbfs") > -40.0, "its tone is not there: {call}");
    assert!(level("left_dbfs") > -60.0, "we are not there: {call}");
}

#[test]
fn baresip_answers_and_its_tone_is_on_the_recording() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let port = free_port();
        let daemon = Daemon::start(&[Trunk::at("phone", port)], "").await;
        let phone = baresip(daemon.folder.path(), port, &PLAIN);
        is_ready(&phone).await;
        let campaign = daemon.dial("phone", "13800001111", json!({ "script": "listen" })).await;
        let call = daemon.call_of(campaign, Duration::from_secs(40)).await;
        assert_eq!(call["disposition"], "no_input", "{call}");
        both_are_heard(&call);
        assert_eq!(call["missing_frames"], 0, "{call}");
        assert!(phone.output().contains("Call established"), "{}", phone.tail());
        daemon.stop().await;
    });
}

#[test]
fn baresip_calls_in_and_is_recorded() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let rule = "[[inbound]]\nnumber = \"400*\"\nscript = \"listen\"\nlanguage = \"en\"\n";
        let daemon = Daemon::start(&[own_network()], rule).await;
        let dial = format!("/dial sip:4001234567@127.0.0.1:{}", daemon.sip_port);
        let phone = baresip(daemon.folder.path(), free_port(), &Phone { commands: &[&dial], ..PLAIN });
        let found = until(Duration::from_secs(40), async || {
            daemon.get("/calls?direction=inbound&state=ended").await["items"].get(0).cloned()
        });
        let call = found.await.unwrap_or_else(|| panic!("no inbound call is stored:\n{}", phone.tail()));
        assert!(
            call["right_dbfs"].as_f64().is_some_and(|level| level > -40.0),
            "its tone is not there: {call}"
        );
        assert!(call["recording_ms"].as_i64().is_some_and(|ms| ms > 3_000), "{call}");
        daemon.stop().await;
    });
}
