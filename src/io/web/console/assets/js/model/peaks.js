// What a waveform says, without drawing it. Peaks are signed bytes: [Lmin, Lmax, Rmin, Rmax] 50 times a second.

export const PER_SECOND = 50;
/** Below this of 127 nobody speaks: -34 dB under full scale. */
const QUIET = 3;

/** Highest magnitude of a lane (0 ours, 1 the customer) for each of `width` columns. */
export function columns(peaks, lane, width) {
  const points = Math.floor(peaks.length / 4);
  const out = new Uint8Array(width);
  for (let x = 0; x < width; x++) {
    const from = Math.floor((x * points) / width);
    const to = Math.max(from + 1, Math.floor(((x + 1) * points) / width));
    let most = 0;
    for (let i = from; i < to && i < points; i++) {
      most = Math.max(most, Math.abs(peaks[i * 4 + lane * 2]), Math.abs(peaks[i * 4 + lane * 2 + 1]));
    }
    out[x] = most;
  }
  return out;
}

/** Spans `[from, to]` in seconds in which neither side speaks for at least `least` seconds. */
export function silences(peaks, least = 1.5) {
  const points = Math.floor(peaks.length / 4);
  const spans = [];
  let begin = null;
  for (let i = 0; i <= points; i++) {
    const quiet = i < points && [0, 1, 2, 3].every((k) => Math.abs(peaks[i * 4 + k]) <= QUIET);
    if (quiet && begin === null) begin = i;
    if (!quiet && begin !== null) {
      if ((i - begin) / PER_SECOND >= least) spans.push([begin / PER_SECOND, i / PER_SECOND]);
      begin = null;
    }
  }
  return spans;
}

/** Where to go from `time` to leave a silence; null: nobody is silent there. The last tenth is heard. */
export function beyond(spans, time) {
  const span = spans.find(([from, to]) => time >= from + 0.3 && time < to - 0.1);
  return span ? span[1] - 0.1 : null;
}
