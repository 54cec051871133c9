// The text of a policy: looked at before it is put in force, and tried on a day.
import { ask, tell } from "../lib/api-form.js";

class PolicyEditor extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.text = this.form.elements.text;
    this.querySelector("[data-check]").addEventListener("click", () => this.run(() => this.check()));
    this.querySelector("[data-try]")?.addEventListener("click", () => this.run(() => this.attempt()));
    // What was changed since the last look is not known to be good.
    this.text.addEventListener("input", () => (this.querySelector("[data-save]").disabled = true));
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.run(() => this.check());
    });
  }

  async run(work) {
    this.form.querySelector(":scope > .told")?.remove();
    this.form.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (problem) {
      tell(this.form, problem);
    } finally {
      this.form.removeAttribute("aria-busy");
    }
  }

  async check() {
    const found = await ask("POST", `/policies/${this.dataset.pack}/check`, { text: this.text.value });
    this.querySelector("[data-save]").disabled = !found.usable;
    const place = this.querySelector("[data-found]");
    const parts = [];
    if (found.usable) {
      const good = document.createElement("p");
      good.className = "chip is-good";
      good.textContent = `✓ ${this.dataset.sound} ${found.version}`;
      parts.push(good);
    }
    if (found.findings.length) {
      const list = document.createElement("ul");
      list.className = "policy-findings";
      list.append(...found.findings.map((finding) => this.finding(finding)));
      parts.push(list);
    }
    place.replaceChildren(...parts);
  }

  finding(finding) {
    const item = document.createElement("li");
    item.className = `is-${finding.severity}`;
    const word = document.createElement("b");
    word.textContent = this.dataset[finding.severity];
    item.append(word, " ");
    if (finding.line) {
      const jump = document.createElement("button");
      jump.type = "button";
      jump.textContent = this.dataset.line.replace("{n}", finding.line);
      jump.addEventListener("click", () => this.jump(finding.line));
      item.append(jump, " ");
    }
    const key = document.createElement("code");
    key.textContent = finding.key;
    const text = document.createElement("p");
    text.textContent = finding.message;
    if (finding.key) item.append(key);
    item.append(text);
    if (finding.hint) {
      const hint = document.createElement("p");
      hint.className = "hint";
      hint.textContent = `→ ${finding.hint}`;
      item.append(hint);
    }
    return item;
  }

  jump(line) {
    const lines = this.text.value.split("\n");
    const begin = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.text.focus();
    this.text.setSelectionRange(begin, begin + (lines[line - 1]?.length ?? 0));
    const height = parseFloat(getComputedStyle(this.text).lineHeight);
    this.text.scrollTop = Math.max(0, (line - 4) * height);
  }

  /** What the text would change on a day. */
  async attempt() {
    const date = this.querySelector("[data-day]").value;
    const body = { date, pack: this.dataset.pack, against: this.text.value, limit: 0 };
    const { difference } = await ask("POST", "/plan", body);
    const place = this.querySelector("[data-difference]");
    const count = difference?.length ?? 0;
    const head = document.createElement("p");
    head.textContent = count ? this.dataset.changed.replace("{n}", count) : this.dataset.same;
    const list = document.createElement("ul");
    list.className = "policy-findings";
    list.append(...(difference ?? []).slice(0, 200).map((d) => {
      const item = document.createElement("li");
      item.textContent = `${d.name} · ${d.title}: ${d.before || "∅"} → ${d.after || "∅"}`;
      return item;
    }));
    place.replaceChildren(head, list);
  }
}
customElements.define("policy-editor", PolicyEditor);
