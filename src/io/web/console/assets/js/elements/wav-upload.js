// A form that sends one file as it is: PUT, with the type of a WAV.
import { tell } from "../lib/api-form.js";
import { announce } from "../lib/fragment.js";

class WavUpload extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  async send() {
    const file = this.form.elements.namedItem("file").files[0];
    const button = this.form.querySelector("button");
    if (!file) return;
    button.disabled = true;
    this.form.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(this.getAttribute("to"), {
        method: "PUT",
        credentials: "same-origin",
        headers: { "Content-Type": "audio/wav", Accept: "application/json" },
        body: file,
      });
      const answer = await response.json();
      if (!response.ok) throw answer;
      this.done(answer);
    } catch (problem) {
      tell(this.form, problem);
    } finally {
      button.disabled = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  done(answer) {
    this.form.querySelector(":scope > .told")?.remove();
    const told = document.createElement("p");
    told.className = "told is-good";
    const seconds = (answer.duration_ms / 1000).toFixed(1);
    told.textContent = this.dataset.done.replace("{seconds}", seconds).replace("{peak}", answer.peak_db.toFixed(0));
    this.form.prepend(told);
    announce(told.textContent);
    const audio = document.getElementById("listen");
    if (audio) audio.src = `${this.getAttribute("to")}#${Date.now()}`;
    audio?.load();
  }
}
customElements.define("wav-upload", WavUpload);
