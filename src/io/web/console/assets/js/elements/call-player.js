// A recording with two lanes: ours above, the customer below.
import { clock } from "../lib/format.js";
import { beyond, columns, silences } from "../model/peaks.js";
import { order } from "../model/shortcuts.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const MARK_COLOURS = { "is-comment": "--accent", "is-bad": "--bad", "is-warn": "--warn", "is-open": "--open", "is-step": "--muted" };

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class CallPlayer extends HTMLElement {
  connectedCallback() {
    this.audio = this.querySelector("audio");
    this.audio.controls = false;
    this.marks = JSON.parse(this.getAttribute("marks") || "[]").sort((a, b) => a.at - b.at);
    this.muted = [false, false];
    this.remarks ??= [];
    this.spans = [];
    this.loop = null;
    this.build();
    this.bind();
    this.load();
  }

  /** Remarks of a person, in ms: marks beside what was found. */
  set notes(times) {
    this.remarks = times;
    this.draw();
  }

  build() {
    const words = this.dataset;
    this.canvas = make("canvas");
    this.wave = make("div", { className: "player-wave" }, this.canvas);
    this.slider = make("input", { type: "range", min: 0, max: 0, step: 0.1, value: 0 });
    this.slider.setAttribute("aria-label", words.wave);
    this.play = this.button(words.play, () => this.toggle(), "player-play");
    this.time = make("span", { className: "clock" });
    this.speed = make("select", { onchange: () => (this.audio.playbackRate = Number(this.speed.value)) },
      ...SPEEDS.map((s) => make("option", { value: s, textContent: `${s}×`, selected: s === 1 })));
    this.speed.setAttribute("aria-label", words.speed);
    this.silence = this.button(words.silence, () => this.press(this.silence), "player-silence");
    this.looping = this.button(words.loop, () => this.turnLoop(), "player-loop");
    this.lanes = [words.ours, words.customer].map((name, lane) => {
      const mute = this.button(words.mute, () => this.mute(lane), `player-mute-${lane}`);
      mute.setAttribute("aria-label", `${words.mute}: ${name}`);
      return make("span", { className: lane ? "lane is-theirs" : "lane" }, name, mute);
    });
    const link = this.button(words.copy, () => {
      history.replaceState(history.state, "", `?t=${Math.floor(this.audio.currentTime)}`);
    }, "player-link");
    for (const toggle of [this.silence, this.looping]) toggle.setAttribute("aria-pressed", "false");
    this.help = make("details", {}, make("summary", { textContent: words.keys }), words.help);
    this.prepend(this.wave, this.slider,
      make("div", { className: "player-bar" }, this.play, this.time, this.speed, this.silence, this.looping,
        ...this.lanes, link), this.help);
  }

  button(text, act, id) {
    return make("button", { type: "button", textContent: text, onclick: act, id });
  }

  bind() {
    const audio = this.audio;
    audio.addEventListener("loadedmetadata", () => {
      this.slider.max = audio.duration;
      const at = Number.parseFloat(this.getAttribute("at"));
      if (Number.isFinite(at)) audio.currentTime = at;
      this.show();
    });
    for (const change of ["play", "pause"]) {
      audio.addEventListener(change, () => {
        this.play.textContent = audio.paused ? this.dataset.play : this.dataset.pause;
      });
    }
    audio.addEventListener("play", () => this.follow());
    audio.addEventListener("seeked", () => this.show());
    this.slider.addEventListener("input", () => (audio.currentTime = Number(this.slider.value)));
    this.wave.addEventListener("click", (event) => {
      const box = this.wave.getBoundingClientRect();
      audio.currentTime = ((event.clientX - box.left) / box.width) * (audio.duration || 0);
    });
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("[data-seek]");
      if (!link) return;
      event.preventDefault();
      audio.currentTime = Number(link.dataset.seek) / 1000;
      history.replaceState(history.state, "", link.getAttribute("href"));
    });
    this.remark = document.getElementById("remark");
    this.remark?.addEventListener("focusin", () => this.remark.elements.text.value || this.stamp());
    this.remark?.addEventListener("answered", (event) => {
      this.marks.push({ at: event.detail.at_ms, label: event.detail.text, class: "is-comment" });
      this.marks.sort((a, b) => a.at - b.at);
      this.draw();
    });
    new ResizeObserver(() => this.draw()).observe(this.wave);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    if (audio.readyState >= 1) audio.dispatchEvent(new Event("loadedmetadata"));
  }

  async load() {
    const response = await fetch(this.getAttribute("peaks"), { credentials: "same-origin" });
    if (!response.ok) return;
    this.peaks = new Int8Array(await response.arrayBuffer());
    this.spans = silences(this.peaks);
    this.draw();
  }

  /** A remark belongs to the moment that is heard. */
  stamp() {
    const at = Math.round(this.audio.currentTime * 1000);
    this.remark.elements.at_ms.value = at;
    this.remark.querySelector("[data-clock]").textContent = clock(at);
  }

  toggle() {
    if (this.audio.paused) this.audio.play();
    else this.audio.pause();
  }

  press(button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    return on;
  }

  /** First the beginning, then the end, then no loop. */
  turnLoop() {
    const now = this.audio.currentTime;
    if (!this.loop) this.loop = [now, null];
    else if (this.loop[1] === null && now > this.loop[0]) this.loop[1] = now;
    else this.loop = null;
    this.looping.setAttribute("aria-pressed", String(Boolean(this.loop)));
    this.draw();
  }

  /** Lanes are the two channels; they are taken apart once somebody mutes one. */
  mute(lane) {
    this.muted[lane] = !this.muted[lane];
    if (!this.gains) {
      const context = new AudioContext();
      const split = context.createChannelSplitter(2);
      const both = context.createGain();
      context.createMediaElementSource(this.audio).connect(split);
      this.gains = [0, 1].map((channel) => {
        const gain = context.createGain();
        split.connect(gain, channel);
        gain.connect(both);
        return gain;
      });
      both.connect(context.destination);
      context.resume();
    }
    this.gains[lane].gain.value = this.muted[lane] ? 0 : 1;
    this.lanes[lane].querySelector("button").setAttribute("aria-pressed", String(this.muted[lane]));
    this.draw();
  }

  key(event) {
    const target = event.target;
    if (target.closest?.("input:not([type=range]), textarea, select")) return;
    if (event.key === " " && target.closest?.("button, a, summary")) return;
    const wanted = order(event);
    if (!wanted || (wanted.do === "remark" && !this.remark)) return;
    event.preventDefault();
    if (wanted.do === "remark") {
      this.audio.pause();
      this.stamp();
      this.remark.elements.text.focus();
    }
    if (wanted.do === "toggle") this.toggle();
    if (wanted.do === "skip") this.audio.currentTime += wanted.by;
    if (wanted.do === "speed") this.shift(wanted.by);
    if (wanted.do === "mark") this.jump(wanted.by);
    if (wanted.do === "silence") this.press(this.silence);
    if (wanted.do === "loop") this.turnLoop();
    if (wanted.do === "mute") this.mute(wanted.lane);
    if (wanted.do === "help") this.help.open = !this.help.open;
  }

  shift(by) {
    const next = SPEEDS.indexOf(Number(this.speed.value)) + by;
    if (next < 0 || next >= SPEEDS.length) return;
    this.speed.value = SPEEDS[next];
    this.audio.playbackRate = SPEEDS[next];
  }

  jump(by) {
    const now = this.audio.currentTime * 1000;
    const found = by > 0 ? this.marks.find((m) => m.at > now + 50) : this.marks.findLast((m) => m.at < now - 500);
    if (found) this.audio.currentTime = found.at / 1000;
  }

  /** While it plays: time, loop, silences. */
  follow() {
    if (this.audio.paused) return;
    const now = this.audio.currentTime;
    if (this.loop?.[1] && now >= this.loop[1]) this.audio.currentTime = this.loop[0];
    else if (this.silence.getAttribute("aria-pressed") === "true") {
      const to = beyond(this.spans, now);
      if (to !== null) this.audio.currentTime = to;
    }
    this.show();
    requestAnimationFrame(() => this.follow());
  }

  show() {
    const { currentTime, duration } = this.audio;
    this.slider.value = currentTime;
    this.time.textContent = `${clock(currentTime * 1000)} / ${clock((duration || 0) * 1000)}`;
    this.draw();
  }

  draw() {
    if (!this.peaks || !this.canvas) return;
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [this.wave.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const colours = getComputedStyle(this);
    const colour = (name) => colours.getPropertyValue(name).trim();
    const place = (seconds) => (seconds / (this.audio.duration || this.peaks.length / 200)) * width;
    context.fillStyle = colour("--open-soft");
    for (const [from, to] of this.spans) context.fillRect(place(from), 0, place(to) - place(from), height);
    if (this.loop) {
      context.fillStyle = colour("--accent-soft");
      const to = this.loop[1] ?? this.audio.currentTime;
      context.fillRect(place(this.loop[0]), 0, Math.max(2, place(to) - place(this.loop[0])), height);
    }
    const lane = height / 2;
    ["--wave-ours", "--wave-theirs"].forEach((name, which) => {
      context.fillStyle = colour(name);
      context.globalAlpha = this.muted[which] ? 0.25 : 1;
      columns(this.peaks, which, Math.floor(width)).forEach((peak, x) => {
        const tall = Math.max(1, Math.sqrt(peak / 127) * (lane - 8));
        context.fillRect(x, which * lane + (lane - tall) / 2, 1, tall);
      });
    });
    context.globalAlpha = 1;
    for (const mark of this.marks) {
      context.fillStyle = colour(MARK_COLOURS[mark.class] ?? "--muted");
      if (mark.class === "is-comment") this.dot(context, place(mark.at / 1000));
      else context.fillRect(place(mark.at / 1000), 0, mark.class === "is-step" ? 1 : 2, height);
    }
    context.fillStyle = colour("--accent");
    for (const at of this.remarks) this.dot(context, place(at / 1000));
    context.fillStyle = colour("--ink");
    context.fillRect(place(this.audio.currentTime) - 1, 0, 2, height);
  }

  /** A remark of a person. */
  dot(context, x) {
    context.beginPath();
    context.arc(x, 6, 5, 0, 2 * Math.PI);
    context.fill();
  }
}
customElements.define("call-player", CallPlayer);
