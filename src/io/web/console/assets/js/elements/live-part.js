// Keeps parts of the page as the server has them: what is shown is fetched anew when it has changed.
// `topics` are those of the stream, `part` the ids of the parts (none: the page only says so), `thing` is
// the id of the one thing that is shown, `after` the event behind which the page was made, `me` who looks.
// A part in which somebody has written stays as it is, and the note says who changed what is shown.
import { refetch } from "../lib/fragment.js";
import { concerns, isWritten, saying } from "../model/live.js";

/** At most one new part a second, however much happens. */
const PAUSE = 1000;
const ECHO = 3000;
const FIELDS = "input, textarea, select";

class LivePart extends HTMLElement {
  connectedCallback() {
    this.after = this.getAttribute("after");
    this.parts = this.getAttribute("part").split(",").filter(Boolean);
    this.onVisible = () => (document.hidden ? this.close() : this.listen());
    this.onAnswered = () => {
      this.answered = Date.now();
      this.say("");
    };
    // What was held back while somebody wrote is shown when they have left the field as it was.
    this.onBlur = () => this.held !== undefined && setTimeout(() => this.refresh(this.held));
    document.addEventListener("visibilitychange", this.onVisible);
    document.addEventListener("answered", this.onAnswered);
    document.addEventListener("focusout", this.onBlur);
    this.listen();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.onVisible);
    document.removeEventListener("answered", this.onAnswered);
    document.removeEventListener("focusout", this.onBlur);
    clearTimeout(this.timer);
    this.close();
  }

  /** A hidden tab holds no stream; what it missed comes when it is looked at again. */
  listen() {
    if (this.source || document.hidden) return;
    const query = new URLSearchParams({ topics: this.getAttribute("topics"), after: this.after });
    this.source = new EventSource(`/api/v1/changes/events?${query}`);
    for (const topic of this.getAttribute("topics").split(",")) {
      this.source.addEventListener(topic, (event) => {
        this.after = event.lastEventId;
        const told = JSON.parse(event.data);
        if (concerns(told, this.getAttribute("thing")) && !this.isEcho(told)) this.soon(told.by);
      });
    }
    this.source.addEventListener("reset", (event) => {
      this.after = event.lastEventId;
      this.soon("");
    });
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  /** What one has done here a moment ago is shown already: a form puts its part anew. */
  isEcho({ by }) {
    return by === this.getAttribute("me") && Date.now() - (this.answered ?? 0) < ECHO;
  }

  soon(by) {
    this.by = by ?? "";
    if (this.timer) {
      this.again = true;
      return;
    }
    this.refresh(this.by);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.again) return;
      this.again = false;
      this.soon(this.by);
    }, PAUSE);
  }

  get isWrittenIn() {
    const active = document.activeElement;
    return this.parts.some((id) => {
      const part = document.getElementById(id);
      if (!part) return false;
      // A form that is being sent, or says why it was refused, is in use too.
      if (part.querySelector("form[aria-busy=true], form > .told.is-bad")) return true;
      // Filters of the page are no work that could be lost.
      const fields = [...part.querySelectorAll(FIELDS)].filter((field) => !field.closest("form.filters"));
      return fields.some((field) => field === active || isWritten(field));
    });
  }

  async refresh(by) {
    if (!this.parts.length || this.isWrittenIn) {
      this.held = by;
      const { by: named, itself } = this.note.dataset;
      this.say(saying({ by, me: this.getAttribute("me"), named, itself }));
      return;
    }
    this.held = undefined;
    try {
      if (await refetch(location.href, this.parts)) this.say("");
    } catch {
      // The stream says so when the daemon is back; the next event tries again.
    }
  }

  get note() {
    return this.querySelector("p");
  }

  say(text) {
    if (!text) this.held = undefined;
    this.note.querySelector("span").textContent = text;
    this.note.hidden = !text;
  }
}
customElements.define("live-part", LivePart);
