//! Softphones that can be told what to do, each with a voice of its own: their tones prove who
//! hears whom.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ringback::media::tone::tone_dbfs;
use serde_json::{Value, json};

use super::baresip::{PLAIN, Phone, baresip, baresip_as, is_ready};
use super::control::Control;
use super::daemon::Daemon;
use super::program::{Program, free_port, until};

/// Voices, in Hz; the music of the hotline has none of these.
pub const CUSTOMER: u16 = 2_300;
pub const ANNA: u16 = 1_300;
pub const BOB: u16 = 1_700;
pub const BOSS: u16 = 2_100;
pub const VOICES: [u16; 4] = [CUSTOMER, ANNA, BOB, BOSS];

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// A softphone that can be told what to do, and that keeps what it hears.
pub struct Softphone {
    pub program: Program,
    pub control: Control,
    ears: PathBuf,
}

impl Softphone {
    pub async fn start(
        daemon: &Daemon,
        name: &str,
        sip_port: u16,
        tone_hz: u16,
        accounts: Option<&str>,
    ) -> Softphone {
        let (ears, port) = (daemon.folder.path().join(name), free_port());
        std::fs::create_dir(&ears).expect("a folder");
        let config = format!(
            "module sndfile.so\nsnd_path {}\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{port}\n",
            ears.display()
        );
        let phone = Phone { config, tone_hz, is_traced: true, ..PLAIN };
        let folder = daemon.folder.path();
        let program = match accounts {
            Some(accounts) => baresip_as(folder, sip_port, &phone, accounts),
            None => baresip(folder, sip_port, &phone),
        };
        is_ready(&program).await;
        Softphone { control: Control::connect(port).await, program, ears }
    }

    /// The phone of an agent, which registers and answers by itself.
    pub async fn of_agent(daemon: &Daemon, name: &str, extension: &str, tone_hz: u16) -> Softphone {
        let account = format!(
            "<sip:{extension}@127.0.0.1:{}>;auth_user={extension};auth_pass=warm-tea-41;regint=60;\
             answermode=auto;audio_codecs=PCMA/8000/1\n",
            daemon.sip_port
        );
        Softphone::start(daemon, name, free_port(), tone_hz, Some(&account)).await
    }

    /// What it heard in its calls, the oldest first; each ends with its call.
    pub fn heard(&self) -> Vec<Vec<i16>> {
        let files = std::fs::read_dir(&self.ears).expect("its folder").flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> = files.filter(|p| p.to_string_lossy().ends_with("-dec.wav")).collect();
        files.sort();
        files.iter().map(|path| samples(path)).collect()
    }
}

fn samples(path: &Path) -> Vec<i16> {
    let mut wav = hound::WavReader::open(path).expect("a WAV");
    assert_eq!((wav.spec().sample_rate, wav.spec().channels), (8_000, 1), "{}", path.display());
    wav.samples().filter_map(Result::ok).collect()
}

/// The voices in the second of `sound` that begins at `at` ms.
pub fn voices(sound: &[i16], at: i64) -> Vec<u16> {
    let from = usize::try_from(at).expect("a time within the call") * 8;
    let second = &sound[from..from + 8_000];
    VOICES.into_iter().filter(|hz| tone_dbfs(second, f32::from(*hz)) > -35.0).collect()
}

/// Mean level of the second that begins at `at` ms, in dBFS.
pub fn level(sound: &[i16], at: i64) -> f64 {
    let from = usize::try_from(at).expect("a time within the call") * 8;
    let power: f64 = sound[from..from + 8_000].iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 8_000.0;
    10.0 * (power.max(1.0) / f64::from(i16::MAX).powi(2)).log10()
}

/// Lets everybody speak for a while; the wall clock at a second of it that all have heard.
pub async fn speak() -> i64 {
    // Not a wait for something to become true: the sound itself takes this time.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let at = wall_ms();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    at
}

/// Waits until the legs that are up are these, by extension.
pub async fn talk(daemon: &Daemon, targets: &[&str]) -> Value {
    let up = async || {
        let live = daemon.get("/live/calls").await;
        let legs = live["items"][0]["legs"].as_array()?.clone();
        let is_up = |leg: &&Value| leg["state"] == "up";
        let mut now: Vec<&str> = legs.iter().filter(is_up).filter_map(|leg| leg["target"].as_str()).collect();
        now.sort_unstable();
        (now == targets && legs.len() == targets.len()).then(|| json!(legs))
    };
    match until(Duration::from_secs(20), up).await {
        Some(legs) => legs,
        None => panic!("not {targets:?}: {}\n{}", daemon.get("/live/calls").await, daemon.log()),
    }
}

/// Target, kind and result of a leg of a call that is over.
pub fn leg_text(leg: &Value) -> String {
    let word = |field: &str| leg[field].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", word("target"), word("kind"), word("result"))
}
