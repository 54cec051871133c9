// Keeps a part of the page up to date: one stream of events, and at most one new part a second.
// `topics` are those of the stream, `part` is the id of the part.
import { replace } from "../lib/fragment.js";
import { clock } from "../lib/format.js";

const PAUSE = 1000;

class LiveBoard extends HTMLElement {
  connectedCallback() {
    this.state = "idle";
    this.listen();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.listen()));
    setInterval(() => this.tick(), 1000);
  }

  /** A hidden tab holds no stream: browsers allow six connections to a host. */
  listen() {
    if (this.source || document.hidden) return;
    const topics = this.getAttribute("topics");
    this.source = new EventSource(`/api/v1/events?topics=${topics}`);
    this.source.addEventListener("open", () => {
      this.stale(false);
      this.refresh();
    });
    this.source.addEventListener("error", () => this.stale(true));
    for (const topic of [...topics.split(","), "reset"]) {
      this.source.addEventListener(topic, () => this.refresh());
    }
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  stale(is) {
    const note = document.getElementById("stale");
    if (note) note.hidden = !is;
  }

  get part() {
    return this.getAttribute("part") ?? "board";
  }

  /** Somebody writes in the part: it stays as it is until they are done. */
  get isUsed() {
    const active = document.activeElement;
    return Boolean(active?.matches("input, textarea, select") && document.getElementById(this.part)?.contains(active));
  }

  /** Fetches the part; what happens meanwhile is fetched a second later. */
  async refresh() {
    if (this.isUsed) {
      document.activeElement.addEventListener("blur", () => this.refresh(), { once: true });
      return;
    }
    if (this.state !== "idle") {
      this.state = "again";
      return;
    }
    this.state = "busy";
    try {
      if (!(await replace(location.href, this.part))) location.reload();
    } catch {
      this.stale(true);
    }
    setTimeout(() => {
      const again = this.state === "again";
      this.state = "idle";
      if (again) this.refresh();
    }, PAUSE);
  }

  tick() {
    for (const time of this.querySelectorAll("time[data-since]")) {
      time.textContent = clock(Date.now() - Number(time.dataset.since));
    }
  }
}
customElements.define("live-board", LiveBoard);
