//! Looks at what came of a canary: both calls as they are stored, and their recordings.

use std::io::Read;

use super::CanaryKeeper;
use crate::base::Timestamp;
use crate::canary::{CanaryCheck, Ear, Facts, Lane, Side, has_passed, judge};
use crate::io::store::{CanaryCallRow, CanaryRow, Error};
use crate::media::{Quality, SAMPLE_RATE};

impl CanaryKeeper {
    /// Judges a canary, keeps what was found, and tells people.
    pub(super) async fn judge(&self, row: CanaryRow, now: Timestamp) -> Result<(), Error> {
        let facts = self.facts(&row).await?;
        let checks = judge(&facts);
        let passed = has_passed(&checks);
        if !self.store().judge_canary(row.id, &checks, passed, now).await? {
            return Ok(());
        }
        let trunk = row.trunk.as_str();
        if passed {
            tracing::info!(trunk, call_id = row.caller_id, "the canary passed");
        } else {
            let alarm = format!("canary_failed: trunk {trunk}: {}", reds(&checks));
            tracing::warn!(call_id = row.caller_id, alarm, "alarm");
            self.parts.place.telemetry.alarms.with(&["canary_failed"]).add(1);
            let event = serde_json::json!({ "call": row.caller_id, "alarm": alarm });
            self.parts.place.hub.publish_value("alarm", &event);
        }
        self.tell_people(trunk, if passed { "passed" } else { "failed" }, Some(&row.caller_id));
        Ok(())
    }

    async fn facts(&self, row: &CanaryRow) -> Result<Facts, Error> {
        let caller = self.store().canary_call(&row.caller_id).await?;
        let called = match &row.called_id {
            Some(call) => self.store().canary_call(call).await?,
            None => None,
        };
        let between = |call: &CanaryCallRow| Some(call.answered_at? - call.started_at?);
        let sent = caller.as_ref().and_then(|call| call.started_at);
        let (key, keys) = (row.pressed.chars().next().unwrap_or_default(), called.as_ref());
        Ok(Facts {
            problem: caller.as_ref().map_or_else(|| row.problem.clone(), |call| problem(row, call)),
            answer_ms: caller.as_ref().and_then(between),
            back_ms: row.back_at.zip(sent).map(|(back, sent)| (back - sent).max(0)),
            key,
            keys: keys.and_then(|call| call.keys.clone()).unwrap_or_default(),
            wall_ms: row.ended_at - row.began_at,
            mono_ms: row.mono_ms,
            caller: self.side(caller.as_ref()).await,
            called: match &called {
                Some(call) => Some(self.side(Some(call)).await),
                None => None,
            },
        })
    }

    async fn side(&self, call: Option<&CanaryCallRow>) -> Side {
        let quality = call.and_then(|call| call.quality.as_deref());
        let quality: Option<Quality> = quality.and_then(|json| serde_json::from_str(json).ok());
        let lost = |q: &Quality| q.lost as f32 / (q.packets_received + q.lost) as f32;
        Side {
            talk_ms: call.and_then(|call| Some(call.ended_at? - call.answered_at?)),
            recording_ms: call.and_then(|call| call.recording_ms),
            lanes: self.hear(call.and_then(|call| call.recording.as_deref())).await,
            loss: quality.filter(|q| q.packets_received > 0).as_ref().map(lost),
        }
    }

    /// The tones in a recording; the error says why it cannot be heard.
    async fn hear(&self, recording: Option<&str>) -> Result<[Lane; 2], String> {
        let name = recording.ok_or("there is no recording")?;
        let sound = self.parts.place.vault.open(name).await.map_err(|error| error.to_string())?;
        let heard = tokio::task::spawn_blocking(move || hear(sound)).await;
        heard.unwrap_or_else(|error| Err(error.to_string()))
    }
}

/// Why the call was not answered.
fn problem(row: &CanaryRow, call: &CanaryCallRow) -> String {
    match call.sip_status.filter(|status| *status > 0) {
        _ if !row.problem.is_empty() => row.problem.clone(),
        Some(status) if !call.detail.contains(&status.to_string()) => format!("{status} {}", call.detail),
        _ => call.detail.clone(),
    }
}

/// The checks that failed, for people who read the log.
fn reds(checks: &[CanaryCheck]) -> String {
    let red = checks.iter().filter(|check| check.passed == Some(false));
    red.map(|check| match check.figure.as_str() {
        "" => check.name.as_str().to_owned(),
        figure => format!("{} ({figure})", check.name.as_str()),
    })
    .collect::<Vec<_>>()
    .join(", ")
}

/// Hears a stereo WAV of 16 bit and 8,000 Hz; a canary is some seconds long.
fn hear(wav: impl Read) -> Result<[Lane; 2], String> {
    let mut reader = hound::WavReader::new(wav).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    if (spec.channels, spec.bits_per_sample, spec.sample_rate) != (2, 16, SAMPLE_RATE) {
        return Err(format!("{} channels at {} Hz", spec.channels, spec.sample_rate));
    }
    let samples: Result<Vec<i16>, hound::Error> = reader.samples::<i16>().collect();
    let mut ear = Ear::default();
    ear.push(&samples.map_err(|error| error.to_string())?);
    Ok(ear.finish())
}
