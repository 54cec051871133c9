//! baresip, a softphone: it answers the daemon, and it calls in. Its tone must be heard.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::daemon::{Daemon, Trunk, own_network};
use super::program::{Program, can_run, free_port, until};
use crate::support::databases::block_on;

/// Starts baresip on loopback without sound devices: it sends a 440 Hz tone and throws away
/// what it hears.
fn baresip(folder: &Path, port: u16, commands: &[&str]) -> Program {
    let home = folder.join(format!("baresip-{port}"));
    std::fs::create_dir_all(&home).expect("a folder");
    let modules = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
    let modules = modules.iter().find(|m| Path::new(m).is_dir()).expect("baresip's modules");
    let tone = home.join("tone.wav");
    let mut sox = Command::new("sox");
    sox.args(["-n", "-r", "8000", "-c", "1", "-b", "16"]).arg(&tone);
    let made = sox.args(["synth", "60", "sine", "440", "gain", "-6"]).status();
    assert!(made.expect("sox").success());
    let tone = tone.display();
    let config = format!(
        "sip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\ncall_max_calls 4\naudio_source aufile,{tone}\naudio_player aubridge,nil\n\
         ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         rtp_ports 45000-49000\nmodule_path {modules}\nmodule g711.so\nmodule aufile.so\n\
         module aubridge.so\nmodule_app account.so\nmodule_app menu.so\nmodule_tmp uuid.so\n"
    );
    std::fs::write(home.join("config"), config).expect("its configuration");
    let account = "<sip:13800001111@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1\n";
    std::fs::write(home.join("accounts"), account).expect("its account");
    let mut command = Command::new("baresip");
    command.arg("-f").arg(&home).args(["-4", "-v", "-t", "60"]);
    for line in commands {
        command.args(["-e", line]);
    }
    Program::start(&format!("baresip-{port}"), &mut command, folder)
}

#[test]
fn baresip_answers_and_its_tone_is_on_the_recording() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let port = free_port();
        let trunk = Trunk::at("phone", port);
        let daemon = Daemon::start(&[trunk], "").await;
        let phone = baresip(daemon.folder.path(), port, &[]);
        let up = until(Duration::from_secs(10), async || {
            phone.output().contains("baresip is ready").then_some(())
        });
        assert!(up.await.is_some(), "baresip is not ready:\n{}", phone.tail());
        let campaign = daemon.dial("phone", "13800001111", json!({ "script": "listen" })).await;
        let call = daemon.call_of(campaign, Duration::from_secs(40)).await;
        assert_eq!(call["disposition"], "no_input", "{call}");
        assert!(
            call["right_dbfs"].as_f64().is_some_and(|level| level > -40.0),
            "its tone is not there: {call}"
        );
        assert!(call["left_dbfs"].as_f64().is_some_and(|level| level > -60.0), "we are not there: {call}");
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
        let phone = baresip(daemon.folder.path(), free_port(), &[&dial]);
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
