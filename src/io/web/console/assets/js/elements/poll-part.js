// Fetches a part of the page anew while something in it runs, or while a form of the page waits for its answer.
import { replace } from "../lib/fragment.js";

class PollPart extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.look(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async look() {
    const part = this.getAttribute("part");
    const runs = document.getElementById(part)?.querySelector("[data-running]");
    const waits = document.querySelector("form[aria-busy=true]");
    // Once more after the end, so that what ended does not stay.
    const was = this.ran;
    this.ran = Boolean(runs || waits);
    if (this.busy || document.hidden || !(runs || waits || was)) return;
    this.busy = true;
    try {
      await replace(location.href, part);
    } catch {
      // The next second asks again.
    }
    this.busy = false;
  }
}
customElements.define("poll-part", PollPart);
