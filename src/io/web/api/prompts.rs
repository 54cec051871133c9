//! One prompt: heard, replaced by an upload, recorded anew by telephone.

use std::path::{Path as File, PathBuf};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::PhoneNumber;
use crate::call::Purpose;
use crate::engine::Errand;
use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, Sound};
use crate::io::web::state::Shared;
use crate::media::{Loudness, Prompt, SAMPLE_RATE};

/// The script by which a person records a prompt.
const RECORD_SCRIPT: &str = "record-prompt";
/// Characters of the name of a prompt, and of a language.
const NAME_LIMIT: usize = 100;
/// Below this peak a prompt is not understood on a bad line, in dB of full scale.
const QUIET_DB: f64 = -30.0;
/// More samples than this at full scale are heard as a rasp: one in a thousand.
const CLIPPED: f64 = 0.001;
/// Shorter is no prompt.
const SHORTEST_MS: u64 = 200;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(sound)).routes(routes!(replace)).routes(routes!(record))
}

/// Which prompt.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `zh-CN`, `en`, ...
    language: String,
    /// File name without `.wav`, as `GET /prompts` gives it: `survey/hello`.
    name: String,
}

/// A prompt that was replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PromptWritten {
    /// File name without `.wav`.
    pub name: String,
    /// `zh-CN`, `en`, ...
    pub language: String,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Its loudest sample, in dB of full scale.
    pub peak_db: f64,
    /// Its mean level, in dB of full scale.
    pub level_db: f64,
}

/// A prompt to be recorded by telephone.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBody {
    /// `zh-CN`, `en`, ...
    pub language: String,
    /// File name without `.wav`: `company/name`.
    pub name: String,
    /// Number or extension of the phone that rings.
    pub phone: String,
}

/// A call that was ordered.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordView {
    /// Its id: `GET /calls/{id}` says what came of it.
    pub call: String,
}

/// The sound of a prompt as it is spoken: WAV, 8 kHz, mono.
#[utoipa::path(get, path = "/prompts/sound", tag = "catalogue", params(Which), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The file", content_type = "audio/wav"), (status = 404, description = "No such prompt", body = Problem)))]
async fn sound(
    State(api): State<Shared>,
    headers: HeaderMap,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    let found = api.parts.catalogue.borrow().sounds.0.exact(&which.language, &which.name);
    let prompt =
        found.ok_or_else(|| Problem::not_found("prompt", format!("`{}/{}`", which.language, which.name)))?;
    let wav = wav(prompt.pcm());
    let (status, body, range) = part(&headers, wav);
    let mut response = (status, body).into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    answered.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(range) = range.and_then(|text| HeaderValue::from_str(&text).ok()) {
        answered.insert(header::CONTENT_RANGE, range);
    }
    Ok(response)
}

/// The part that a player asks for: `bytes=a-` or `bytes=a-b`; all else is answered whole.
fn part(headers: &HeaderMap, wav: Vec<u8>) -> (StatusCode, Vec<u8>, Option<String>) {
    let asked = headers.get(header::RANGE).and_then(|v| v.to_str().ok()?.strip_prefix("bytes="));
    let bounds = asked.and_then(|text| text.split_once('-')).and_then(|(from, to)| {
        let from: usize = from.parse().ok()?;
        let to = if to.is_empty() { wav.len() } else { to.parse::<usize>().ok()?.saturating_add(1) };
        (from < to.min(wav.len())).then(|| (from, to.min(wav.len())))
    });
    match bounds {
        Some((from, to)) => {
            let told = format!("bytes {from}-{}/{}", to - 1, wav.len());
            (StatusCode::PARTIAL_CONTENT, wav[from..to].to_vec(), Some(told))
        }
        None => (StatusCode::OK, wav, None),
    }
}

/// Samples at 8 kHz as a WAV file.
fn wav(pcm: &[i16]) -> Vec<u8> {
    let length = u32::try_from(pcm.len() * 2).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(44 + pcm.len() * 2);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(length.saturating_add(36)).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    bytes.extend_from_slice(&(SAMPLE_RATE * 2).to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// Language and name as they may stand in a path of files.
fn checked(language: &str, name: &str) -> Result<(), Problem> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_word = |text: &str| !text.is_empty() && text.len() <= NAME_LIMIT && text.chars().all(good);
    if !is_word(language) {
        return Err(Problem::invalid_field(
            "language",
            "it is no language",
            "write zh-CN, en or another folder",
        ));
    }
    if name.len() > NAME_LIMIT || !name.split('/').all(is_word) {
        let hint = "write letters, digits, - and _, with / between folder and name: company/name";
        return Err(Problem::invalid_field("name", "it is no name of a prompt", hint));
    }
    Ok(())
}

/// Reads what was sent as a prompt, and refuses what customers would not understand.
fn heard(name: &str, bytes: &[u8]) -> Result<(Prompt, Loudness), Problem> {
    let wrong = |detail: String, hint: &str| Problem::invalid_field("body", detail, hint.to_owned());
    let prompt = Prompt::from_wav(name, bytes).map_err(|e| wrong(e.problem.clone(), &e.mend))?;
    let loudness = Loudness::of(prompt.pcm());
    if prompt.duration().as_millis() < u128::from(SHORTEST_MS) {
        return Err(wrong(format!("it is shorter than {SHORTEST_MS} ms"), "record it again"));
    }
    if loudness.peak_db < QUIET_DB {
        let detail = format!("it is too quiet: its peak is {:.0} dB of full scale", loudness.peak_db);
        return Err(wrong(
            detail,
            "record it closer to the microphone, or raise its level to a peak of -6 dB",
        ));
    }
    if loudness.clipped > CLIPPED {
        let detail = format!("it is overdriven: {:.1} % of it is cut off", loudness.clipped * 100.0);
        return Err(wrong(detail, "record it again with less gain"));
    }
    Ok((prompt, loudness))
}

/// Replaces a prompt by a WAV of any usual kind, whose format and level are checked. Calls that
/// begin from then on speak it.
#[utoipa::path(put, path = "/prompts/sound", tag = "catalogue", params(Which), security(("bearer" = ["prompts.edit"])),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses((status = 200, description = "Replaced", body = PromptWritten), (status = 409, description = "No folder for prompts is configured", body = Problem),
        (status = 422, description = "It cannot be used, with the reason", body = Problem)))]
async fn replace(
    State(api): State<Shared>,
    caller: Caller,
    Params(which): Params<Which>,
    Sound(bytes): Sound,
) -> Result<axum::Json<PromptWritten>, Problem> {
    let Which { language, name } = which;
    checked(&language, &name)?;
    let Some(folder) = api.access().prompts.clone() else {
        let text = "prompts cannot be written: set prompts.dirs in the configuration, and restart";
        return Err(Problem::conflict(text));
    };
    let (prompt, loudness) = read(name.clone(), bytes).await?;
    let duration_ms = u64::try_from(prompt.duration().as_millis()).unwrap_or(u64::MAX);
    let subject = format!("prompt:{language}/{name}");
    caller.audit(&api, "prompt.replace", &subject, &format!("{duration_ms} ms")).await?;
    let place = folder.join(&language).join(format!("{name}.wav"));
    let file = wav(prompt.pcm());
    tokio::task::spawn_blocking(move || write(&place, &file))
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&format!("{subject}: {e}")))?;
    api.ask(Control::Reload { by: caller.name.clone() }).await?;
    let Loudness { peak_db, level_db, .. } = loudness;
    Ok(axum::Json(PromptWritten { name, language, duration_ms, peak_db, level_db }))
}

/// Resampling ten minutes takes a while: beside the runtime.
async fn read(name: String, bytes: Bytes) -> Result<(Prompt, Loudness), Problem> {
    tokio::task::spawn_blocking(move || heard(&name, &bytes)).await.map_err(|e| Problem::internal(&e))?
}

/// Puts a file in its place in one step.
fn write(place: &File, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part: PathBuf = place.with_extension("part");
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, place)
}

/// Calls a phone, whose person speaks the prompt after the tone, listens to it and keeps it by key.
#[utoipa::path(post, path = "/prompts/record", tag = "catalogue", security(("bearer" = ["prompts.edit"])), request_body = RecordBody,
    responses((status = 202, description = "The phone rings", body = RecordView), (status = 409, description = "No call is placed now", body = Problem),
        (status = 422, description = "Not so", body = Problem)))]
async fn record(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<RecordBody>,
) -> Result<(StatusCode, axum::Json<RecordView>), Problem> {
    checked(&body.language, &body.name)?;
    if api.access().prompts.is_none() {
        let text = "prompts cannot be written: set prompts.dirs in the configuration, and restart";
        return Err(Problem::conflict(text));
    }
    let home = api.import().home_area;
    let phone = PhoneNumber::parse(&body.phone, home.as_deref()).map(|(phone, _)| phone).map_err(|e| {
        Problem::invalid_field("phone", format!("it is no number: {e}"), "write it with its area code")
    })?;
    let prompt = format!("{}/{}", body.language, body.name);
    let errand = Errand {
        phone,
        script: RECORD_SCRIPT.into(),
        language: body.language,
        fields: [("prompt".to_owned(), prompt.clone())].into(),
        trunk: String::new(),
        purpose: Purpose::Business,
    };
    let Done::Call(call) = api.ask(Control::Errand { errand, by: caller.name.clone() }).await? else {
        return Err(Problem::internal(&"an order was answered by another's answer"));
    };
    caller.audit(&api, "prompt.record", &format!("prompt:{prompt}"), &format!("call {call}")).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(RecordView { call: call.to_string() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f64, ms: usize) -> Vec<u8> {
        let sample = |i: usize| ((i as f64 * 0.3).sin() * amplitude).clamp(-32_768.0, 32_767.0) as i16;
        wav(&(0..ms * 8).map(sample).collect::<Vec<_>>())
    }

    #[test]
    fn a_prompt_that_nobody_would_understand_is_refused_with_the_reason() {
        let check = |bytes: &[u8], expect: &str| {
            let problem = heard("x", bytes).map(drop).unwrap_err();
            assert!(problem.detail.contains(expect), "{}", problem.detail);
        };
        check(b"RIFF nothing", "WAV");
        check(&sine(200.0, 1_000), "too quiet");
        check(&sine(90_000.0, 1_000), "overdriven");
        check(&sine(9_000.0, 100), "shorter");
        let (prompt, loudness) = heard("x", &sine(16_384.0, 1_000)).unwrap();
        assert_eq!(prompt.duration().as_millis(), 1_000);
        assert!((-6.2..-5.8).contains(&loudness.peak_db), "{loudness:?}");
        assert!((-9.3..-8.8).contains(&loudness.level_db), "{loudness:?}");
    }

    #[test]
    fn a_prompt_stays_in_its_folder() {
        for (language, name) in [("zh-CN", "../x"), ("..", "x"), ("en", "a//b"), ("", "x"), ("en", "a/b.wav")]
        {
            assert!(checked(language, name).is_err(), "{language} {name}");
        }
        assert!(checked("zh-CN", "company/name").is_ok());
    }

    #[test]
    fn a_player_gets_the_part_that_it_asks_for() {
        let whole = wav(&[1, 2, 3, 4]);
        let ask = |range: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            part(&headers, whole.clone())
        };
        assert_eq!(ask("bytes=0-").0, StatusCode::PARTIAL_CONTENT);
        assert_eq!(ask("bytes=44-45").1, [1, 0]);
        assert_eq!(ask("bytes=44-45").2.as_deref(), Some("bytes 44-45/52"));
        assert_eq!(ask("bytes=99-").0, StatusCode::OK);
    }
}
