//! What the engine wants done that takes time: DNS, SQL, files, the TTS command. Each runs
//! on its own and reports back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::driver::Report;
use super::library::{self, Folders};
use crate::base::Timestamp;
use crate::engine::{Identity, Input, Output};
use crate::io::dns::Resolver;
use crate::io::planner::Planner;
use crate::io::store::Store;
use crate::media::Prompt;

/// The longest the TTS command may take; a customer does not wait longer for a name.
const SPEAK_LIMIT: Duration = Duration::from_secs(5);
/// The largest file of speech or comment that is loaded: about 10 minutes of 8 kHz audio.
const SOUND_BYTES: u64 = 10 * 1024 * 1024;

/// Everything such work needs.
#[derive(Clone)]
pub struct Outside {
    pub store: Store,
    /// Holds the guard of calls that agents begin.
    pub planner: Planner,
    pub resolver: Arc<Resolver>,
    pub reports: mpsc::Sender<Report>,
    /// Program and arguments; the text comes on standard input, a WAV is expected on
    /// standard output. Empty: none.
    pub tts: Vec<String>,
    pub folders: Folders,
    pub fallback: String,
    /// Held by a reload, so that two never overtake each other.
    pub reloading: Arc<tokio::sync::Mutex<()>>,
}

impl Outside {
    /// Starts the work; outputs that the driver carries out itself are none of ours.
    pub fn carry_out(&self, output: Output, now: Timestamp) {
        let this = self.clone();
        match output {
            Output::Fetch { campaign, list, limit } => {
                tokio::spawn(async move {
                    let fetched = this.store.due(list, now, limit).await;
                    if let Err(error) = &fetched {
                        tracing::warn!(%error, %campaign, "due entries could not be read");
                    }
                    this.report(Input::Fetched(campaign, fetched.ok())).await;
                });
            }
            Output::Locate { trunk, server } => {
                tokio::spawn(async move {
                    let result = this.resolver.locate(&server.host, server.port, server.transport).await;
                    let result = result.map_err(|e| e.to_string());
                    let best = result.as_ref().ok().and_then(|found| found.first());
                    let local = best.and_then(|d| super::lower::towards(d.addr));
                    this.report(Input::Located { trunk, result, local }).await;
                });
            }
            Output::Clear(asked) => {
                tokio::spawn(async move {
                    let result = this.planner.clear(&asked, now).await;
                    this.report(Input::Cleared { call: asked.call, result }).await;
                });
            }
            Output::Identify { call, phone } => {
                tokio::spawn(async move {
                    match this.store.known_caller(phone.as_str()).await {
                        Ok(known) => {
                            let caller = Identity {
                                customer: known.customer,
                                name: known.name,
                                vip: known.vip,
                                last_extension: known.last_extension,
                            };
                            this.report(Input::Identified { call, caller }).await;
                        }
                        Err(error) => tracing::warn!(%error, call_id = %call, "who calls cannot be read"),
                    }
                });
            }
            Output::Speak { call, speech, text, language } => {
                tokio::spawn(async move {
                    let sound = this.speak(&text, &language).await;
                    this.report(Input::Speech { call, speech, sound }).await;
                });
            }
            Output::Load { call, speech, path } => {
                tokio::spawn(async move {
                    let sound = load(path).await;
                    this.report(Input::Speech { call, speech, sound }).await;
                });
            }
            Output::KeepPrompt { name, path } => {
                tokio::spawn(async move { this.keep(name, path).await });
            }
            Output::Transmit(_) | Output::Media(..) | Output::Write(_) | Output::Notice(_) => {}
        }
    }

    async fn report(&self, input: Input) {
        // Without a driver there is nobody left to tell.
        self.reports.send(Report::Input(input)).await.ok();
    }

    async fn speak(&self, text: &str, language: &str) -> Option<Arc<Prompt>> {
        let (program, arguments) = self.tts.split_first()?;
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments.iter().map(|a| if a == "{language}" { language } else { a }))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true);
        let run = async {
            let mut child = command.spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                tokio::io::AsyncWriteExt::write_all(&mut stdin, text.as_bytes()).await?;
            }
            child.wait_with_output().await
        };
        match tokio::time::timeout(SPEAK_LIMIT, run).await {
            Ok(Ok(output)) if output.status.success() => sound("speech", &output.stdout),
            Ok(Ok(output)) => {
                tracing::warn!(program, status = %output.status, "the TTS command failed");
                None
            }
            Ok(Err(error)) => {
                tracing::warn!(program, %error, "the TTS command could not be run");
                None
            }
            Err(_) => {
                tracing::warn!(program, limit_s = SPEAK_LIMIT.as_secs(), "the TTS command took too long");
                None
            }
        }
    }

    /// A prompt recorded by telephone goes to the last prompt folder, which wins; then all are read anew.
    async fn keep(self, name: String, path: PathBuf) {
        let Some(folder) = self.folders.prompts.last() else {
            tracing::error!(name, "no folder for prompts is configured: set prompts.dirs");
            return;
        };
        let target = folder.join(format!("{name}.wav"));
        let copied = async {
            if let Some(parent) = target.parent() {
                tokio::fs::create_dir_all(parent).await?;
            }
            tokio::fs::copy(&path, &target).await
        };
        match copied.await {
            Ok(_) => self.reload().await,
            Err(error) => tracing::error!(name, %error, "a recorded prompt could not be kept"),
        }
    }

    /// Reads scripts and prompts again.
    pub async fn reload(&self) {
        let (folders, fallback) = (self.folders.clone(), self.fallback.clone());
        let loaded = tokio::task::spawn_blocking(move || library::load(&folders, &fallback)).await;
        match loaded {
            Ok(Ok(loaded)) => {
                self.reports.send(Report::Library(Box::new(loaded))).await.ok();
            }
            Ok(Err(error)) => tracing::error!(%error, "scripts and prompts could not be read"),
            Err(error) => tracing::error!(%error, "reading scripts and prompts was cut off"),
        }
    }
}

async fn load(path: PathBuf) -> Option<Arc<Prompt>> {
    let size = tokio::fs::metadata(&path).await.ok()?.len();
    if size > SOUND_BYTES {
        tracing::warn!(path = %path.display(), size, "too long to be played");
        return None;
    }
    let bytes = tokio::fs::read(&path).await.ok()?;
    sound(&stem(&path), &bytes)
}

fn sound(name: &str, bytes: &[u8]) -> Option<Arc<Prompt>> {
    match Prompt::from_wav(name, bytes) {
        Ok(prompt) => Some(Arc::new(prompt)),
        Err(error) => {
            tracing::warn!(%error, "a sound cannot be played");
            None
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
