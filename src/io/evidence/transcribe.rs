//! Transcripts by a program of the operator's: it is given a recording and writes lines as JSON.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::{Error, Examiner, Settings, Turn};
use crate::base::Timestamp;
use crate::evidence::Transcript;
use crate::io::store;

/// Bytes of its answer: two hours of speech have some 200,000.
const ANSWER_LIMIT: u64 = 4 * 1024 * 1024;
/// Bytes of what it complains of that are kept.
const COMPLAINT: u64 = 2_000;
/// Looked at again by then where nothing came.
const LATER: Duration = Duration::from_secs(3_600);

/// Makes the transcripts that are wanted, one at a time, beside the examiner.
#[derive(Clone, Debug)]
pub struct Transcriber(pub Examiner);

impl Transcriber {
    /// Makes the oldest transcript that is wanted and judges its call again. A program that fails is
    /// told of with the call and not asked for it again.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let examiner = &self.0;
        let rest = Turn { next: now + LATER, ..Turn::default() };
        let settings = examiner.settings();
        if settings.transcribe.is_empty() {
            return Ok(rest);
        }
        let Some(call) = examiner.store().call_to_transcribe().await? else { return Ok(rest) };
        match transcribe(examiner, &settings, call.recording.as_deref().unwrap_or_default()).await {
            Ok(transcript) => examiner.attach(&call.id, &transcript, "command", now).await?,
            Err(problem) => {
                tracing::warn!(call_id = call.id, problem, "no transcript was made");
                let state = format!("failed: {problem}");
                examiner.store().set_transcription(&call.id, &state).await?;
            }
        }
        Ok(Turn { judged: 1, more: true, next: now })
    }
}

impl Examiner {
    /// Keeps a transcript, in place of one that was there, and judges the call by it.
    ///
    /// # Errors
    /// [`Error::NoCall`], those of the store.
    pub async fn attach(
        &self,
        call: &str,
        transcript: &Transcript,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.source(call).await?;
        let lines = serde_json::to_string(transcript.lines())
            .map_err(|error| store::Error::Refused(format!("the transcript cannot be written: {error}")))?;
        self.store().save_transcript(call, &lines, source, now).await?;
        self.store().set_transcription(call, "attached").await?;
        self.judge_again(call, now).await
    }
}

/// Runs the program; `{file}` among its arguments is the recording.
async fn transcribe(examiner: &Examiner, settings: &Settings, name: &str) -> Result<Transcript, String> {
    let Some((program, arguments)) = settings.transcribe.split_first() else {
        return Err("no program is configured".to_owned());
    };
    let lent = examiner.parts.vault.lend(name).await.map_err(|error| error.to_string())?;
    let file = lent.path().to_string_lossy();
    let mut child = tokio::process::Command::new(program)
        .args(arguments.iter().map(|argument| argument.replace("{file}", &file)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let run = async {
        let (answer, complaint, status) =
            tokio::join!(read(stdout, ANSWER_LIMIT + 1), read(stderr, COMPLAINT), child.wait());
        (answer, complaint, status)
    };
    let limit = settings.transcribe_limit;
    let (answer, complaint, status) = tokio::time::timeout(limit, run)
        .await
        .map_err(|_| format!("{program} took longer than {} s", limit.as_secs()))?;
    let status = status.map_err(|error| format!("{program}: {error}"))?;
    if !status.success() {
        let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
        return Err(format!("{program} ended with {status}: {complaint}"));
    }
    if answer.len() as u64 > ANSWER_LIMIT {
        return Err(format!("{program} wrote more than {ANSWER_LIMIT} bytes"));
    }
    Transcript::from_json(&answer).map_err(|error| format!("{program}: {error}"))
}

/// Reads at most `limit` bytes, and whatever follows into nothing, so that the program can end.
async fn read(pipe: Option<impl tokio::io::AsyncRead + Unpin>, limit: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return kept };
    // A pipe that breaks is an answer that is too short, which is told by what reads it.
    if (&mut pipe).take(limit).read_to_end(&mut kept).await.is_ok() {
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await.ok();
    }
    kept
}
