//! Listening quality by the E-model (ITU-T G.107), simplified as is usual for G.711.

/// Rating of a faultless narrowband connection (G.107 with all defaults).
const BEST: f32 = 93.2;
/// Packet loss robustness of G.711 with concealment (G.113 appendix I).
const ROBUSTNESS: f32 = 25.1;

/// Mean opinion score, 1.0 to 4.41, for a one-way delay in ms and a loss of 0.0 to 1.0.
pub fn mos(delay_ms: f32, loss: f32) -> f32 {
    let delay = 0.024 * delay_ms + if delay_ms > 177.3 { 0.11 * (delay_ms - 177.3) } else { 0.0 };
    let percent = 100.0 * loss.clamp(0.0, 1.0);
    let equipment = 95.0 * percent / (percent + ROBUSTNESS);
    let rating = (BEST - delay - equipment).clamp(0.0, 100.0);
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).clamp(1.0, 4.5)
}
