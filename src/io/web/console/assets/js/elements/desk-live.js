// A screen that follows its own stream, part by part: what a person writes in stays as it is.
// `stream` is the address of the stream, `part` the id of what holds the parts (`data-part`).
import { clock } from "../lib/format.js";
import { chosen, fate, lasting } from "../model/parts.js";

const TOPICS = ["agent", "card", "call", "leg", "dial", "queue", "caller", "answer", "ticket", "reset"];
/** The state is published four times a second: what an event tells of may come a moment later. */
const [EARLY, LATE] = [40, 420];
/** Calls change nothing by their events alone: now and then the page looks. */
const ANYWAY = 20000;

class DeskLive extends HTMLElement {
  connectedCallback() {
    this.shown = new Map();
    this.remember(this);
    this.said = this.root?.dataset.said ?? "";
    // A desk in another tab must hear of a call too: the stream stays open while hidden.
    this.source = new EventSource(this.getAttribute("stream"));
    this.source.addEventListener("open", () => {
      this.stale(false);
      this.soon();
    });
    this.source.addEventListener("error", () => this.stale(true));
    for (const topic of TOPICS) this.source.addEventListener(topic, () => this.soon());
    this.addEventListener("answered", () => this.soon());
    this.addEventListener("click", (event) => this.prepare(event), true);
    this.addEventListener("keydown", (event) => this.answer(event));
    // What became due meanwhile stands there when somebody comes back to the tab.
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
    setInterval(() => this.tick(), 1000);
    setInterval(() => this.refresh(), ANYWAY);
  }

  get root() {
    return document.getElementById(this.getAttribute("part"));
  }

  stale(is) {
    const note = document.getElementById("stale");
    if (note) note.hidden = !is;
  }

  remember(root) {
    for (const part of root.querySelectorAll("[data-part]")) this.shown.set(part.id, lasting(part.outerHTML));
  }

  soon() {
    clearTimeout(this.late);
    this.late = setTimeout(() => this.refresh(), LATE);
    this.early ??= setTimeout(() => {
      this.early = undefined;
      this.refresh();
    }, EARLY);
  }

  async refresh() {
    if (this.busy) return this.soon();
    this.busy = true;
    try {
      const headers = { "X-Fragment": this.getAttribute("part") };
      const response = await fetch(location.href, { headers, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById(this.getAttribute("part"));
      if (!fresh) return location.reload();
      this.put(fresh);
    } catch {
      this.stale(true);
    } finally {
      this.busy = false;
    }
  }

  put(fresh) {
    const { said = "", title = "" } = fresh.dataset;
    for (const part of fresh.querySelectorAll("[data-part]")) this.change(part);
    const ids = new Set([...fresh.querySelectorAll("[data-part]")].map((part) => part.id));
    for (const part of this.root.querySelectorAll("[data-part]")) {
      // What came or went altogether changes the shape of the page.
      if (!ids.has(part.id) && !part.parentElement.closest("[data-keep]")) part.remove();
    }
    if (said && said !== this.said) {
      this.said = said;
      const place = document.getElementById("desk-said");
      if (place) place.textContent = said;
    }
    if (title) document.title = `${title} · ringback`;
    Object.assign(this.root.dataset, { said, title });
  }

  change(part) {
    const old = document.getElementById(part.id);
    const html = lasting(part.outerHTML);
    if (!old) {
      const beside = part.parentElement.id && document.getElementById(part.parentElement.id);
      if (beside) beside.append(document.importNode(part, true));
      return;
    }
    const active = document.activeElement;
    const isUsed = old.contains(active) && active.matches("input, textarea, select");
    const keep = [old.dataset.keep, part.dataset.keep];
    if (fate({ shown: this.shown.get(part.id), fresh: html, keep, isUsed }) === "stay") return;
    const open = [...old.querySelectorAll("details[open][id]")].map((details) => details.id);
    const focused = old.contains(active) ? active.id : "";
    const next = document.importNode(part, true);
    old.replaceWith(next);
    this.shown.set(part.id, html);
    this.remember(next);
    for (const id of open) next.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  /** One form may have several orders; who listens in does so by the phone that is named above. */
  prepare(event) {
    const button = event.target.closest?.("button");
    const form = button?.form;
    if (button?.dataset.send) Object.assign(form.dataset, { api: button.dataset.send, then: "part:desk-call" });
    const ear = document.getElementById("desk-ear");
    if (form && "ear" in form.dataset && ear) form.elements.target.value = ear.value;
  }

  /** A digit answers the question that has the focus, and goes on to the next. */
  answer(event) {
    const question = event.target.closest?.("[data-keys]");
    if (!question) return;
    const choices = [...question.querySelectorAll("input[type=radio]")];
    const at = chosen(choices.map((choice) => choice.value), event);
    if (at < 0) return;
    event.preventDefault();
    choices[at].checked = true;
    const all = [...question.form.querySelectorAll("[data-keys]")];
    const next = all[all.indexOf(question) + 1]?.querySelector("input") ?? question.form.querySelector("button");
    next?.focus();
  }

  tick() {
    const now = Date.now();
    for (const time of this.querySelectorAll("time[data-since]")) {
      time.textContent = clock(now - Number(time.dataset.since));
    }
    for (const time of this.querySelectorAll("time[data-until]")) {
      time.textContent = clock(Number(time.dataset.until) - now);
    }
  }
}
customElements.define("desk-live", DeskLive);
