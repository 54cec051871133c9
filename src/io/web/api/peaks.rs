//! The waveform of a recording: what a player draws before any audio is loaded.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::PathCall;
use crate::io::web::state::Shared;

/// Points a second: one a packet.
pub const PEAKS_PER_SECOND: u32 = 50;
/// Longest waveform: six hours, 4.3 MB.
const SECONDS_LIMIT: u32 = 6 * 3_600;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(peaks))
}

/// The waveform: for each 20 ms four signed bytes, lowest and highest of the left channel,
/// lowest and highest of the right one.
#[utoipa::path(get, path = "/calls/{id}/peaks", tag = "recordings", params(("id" = String, Path)),
    security(("bearer" = ["calls.see"])),
    responses(
        (status = 200, description = "Four signed bytes for each 20 ms", content_type = "application/octet-stream"),
        (status = 404, description = "No such call, or no recording", body = Problem)))]
async fn peaks(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    PathCall(id): PathCall,
) -> Result<Response, Problem> {
    let name = super::audio::recording_name(&api, id).await?;
    let sound = super::audio::sound_of(&api, &name).await?;
    given(&api, &caller, &origin, ("waveform", &format!("call:{id}"), ""), None).await?;
    let room = api.peaks.clone().acquire_owned().await.map_err(|e| Problem::internal(&e))?;
    let bytes = tokio::task::spawn_blocking(move || {
        let _room = room;
        compute(sound)
    })
    .await
    .map_err(|e| Problem::internal(&e))?
    .map_err(|e| Problem::internal(&e))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert("x-peaks-per-second", PEAKS_PER_SECOND.into());
    Ok(response)
}

/// `[Lmin, Lmax, Rmin, Rmax]` for each 1/50 s of a 16-bit WAV; a mono file has both channels alike.
fn compute(wav: impl std::io::Read) -> Result<Vec<u8>, hound::Error> {
    let mut reader = hound::WavReader::new(std::io::BufReader::new(wav))?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int || spec.channels == 0 {
        return Err(hound::Error::Unsupported);
    }
    let channels = usize::from(spec.channels);
    let frames = (spec.sample_rate / PEAKS_PER_SECOND).max(1) as usize;
    let limit = (SECONDS_LIMIT * PEAKS_PER_SECOND) as usize;
    let mut out = Vec::new();
    let mut point = Point::default();
    let mut filled = 0;
    for (place, sample) in reader.samples::<i16>().enumerate() {
        point.take(place % channels, sample?);
        if place % channels == channels - 1 {
            filled += 1;
            if filled == frames {
                out.extend(std::mem::take(&mut point).bytes(channels));
                filled = 0;
                if out.len() / 4 >= limit {
                    return Ok(out);
                }
            }
        }
    }
    if filled > 0 {
        out.extend(point.bytes(channels));
    }
    Ok(out)
}

#[derive(Clone, Copy, Debug, Default)]
struct Point {
    low: [i16; 2],
    high: [i16; 2],
    any: [bool; 2],
}

impl Point {
    fn take(&mut self, channel: usize, sample: i16) {
        if channel < 2 {
            self.low[channel] = if self.any[channel] { self.low[channel].min(sample) } else { sample };
            self.high[channel] = if self.any[channel] { self.high[channel].max(sample) } else { sample };
            self.any[channel] = true;
        }
    }

    fn bytes(self, channels: usize) -> [u8; 4] {
        let right = usize::from(channels > 1);
        [self.low[0], self.high[0], self.low[right], self.high[right]].map(|v| (v >> 8).to_le_bytes()[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_20_ms_gives_the_extremes_of_both_channels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for frame in 0..200 {
            writer.write_sample(if frame == 7 { 0x4000_i16 } else { -0x100 }).unwrap();
            writer.write_sample(if frame == 170 { i16::MIN } else { 0x7FFF }).unwrap();
        }
        writer.finalize().unwrap();
        let peaks: Vec<i8> = compute(std::fs::File::open(&path).unwrap())
            .unwrap()
            .into_iter()
            .map(|b| i8::from_le_bytes([b]))
            .collect();
        assert_eq!(peaks, [-1, 0x40, 0x7F, 0x7F, -1, -1, -128, 0x7F]);
    }
}
