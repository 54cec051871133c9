// The wizard that brings a file in. The file stays in the browser between the steps, so that nothing
// has to be chosen again; what it is and what would become of it is told by the API.
import { announce } from "../lib/fragment.js";
import { mapping, rejectedFile } from "../model/rejected.js";

const STEPS = ["file", "map", "try", "done"];

class ImportWizard extends HTMLElement {
  connectedCallback() {
    this.words = JSON.parse(this.dataset.words);
    this.form = this.querySelector("#import-file");
    this.form.addEventListener("submit", (e) => this.caught(e, () => this.look()));
    this.form.addEventListener("change", () => this.choose());
    this.querySelector("#import-map").addEventListener("submit", (e) => this.caught(e, () => this.attempt()));
    this.querySelector("[data-commit]").addEventListener("click", (e) => this.caught(e, () => this.commit()));
    this.querySelector("[data-rejected]").addEventListener("click", () => this.download());
    for (const button of this.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => this.show(button.dataset.go));
    }
    this.dropping();
    this.choose();
  }

  get kind() {
    return this.form.elements.kind.value;
  }

  get file() {
    return this.form.elements.file.files[0];
  }

  word(key, values = {}) {
    return (this.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  /** The address of a route for the chosen kind; `more` are pairs of its query. */
  address(what, more = {}) {
    const of = this.form.elements;
    const query = new URLSearchParams();
    const put = (name, value) => value && query.set(name, value);
    const isLook = what === "look";
    if (this.kind === "list") {
      if (!isLook) put("list_name", of.list_name.value.trim());
    } else {
      const [pack, intake] = of.intake.value.split("/");
      put("pack", pack);
      put("intake", intake);
      put("source", of.source.value.trim());
      if (!isLook) for (const name of ["collected_by", "handed_over_by"]) put(name, of[name].value.trim());
    }
    for (const [name, value] of Object.entries(more)) put(name, value);
    const root = this.kind === "list" ? "imports" : "intake";
    return `/api/v1/${root}${isLook ? "/look" : ""}?${query}`;
  }

  choose() {
    for (const part of this.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== this.kind;
    const chosen = this.querySelector("[data-chosen]");
    chosen.hidden = !this.file;
    chosen.textContent = this.file?.name ?? "";
    const name = this.form.elements.list_name;
    if (name) {
      name.required = this.kind === "list";
      // The name of a file is a good name for its list.
      if (this.file && !name.value) name.value = this.file.name.replace(/\.\w+$/, "");
    }
  }

  dropping() {
    const zone = this.querySelector("[data-drop]");
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      this.form.elements.file.files = event.dataTransfer.files;
      this.choose();
    });
  }

  async caught(event, work) {
    event.preventDefault();
    this.querySelector("[data-told]").replaceChildren();
    try {
      await work();
    } catch (problem) {
      this.tell(problem);
    } finally {
      this.busy(null);
    }
  }

  tell(problem) {
    const told = document.createElement("div");
    told.className = "told is-bad";
    const errors = (problem.errors ?? []).map((e) => [e.detail, e.hint].filter(Boolean).join(" → "));
    for (const line of errors.length ? errors : [problem.detail ?? problem.title ?? String(problem)]) {
      told.append(element("p", line));
    }
    this.querySelector("[data-told]").replaceChildren(told);
    told.scrollIntoView({ block: "nearest" });
  }

  show(step) {
    for (const part of this.querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== step;
    for (const item of this.querySelectorAll("[data-step]")) {
      const place = STEPS.indexOf(item.dataset.step);
      item.classList.toggle("is-done", place < STEPS.indexOf(step));
      if (item.dataset.step === step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    const title = this.querySelector(`[data-part="${step}"] h2`);
    if (title) announce(title.textContent);
  }

  /** Shows how far the work is: null, it is done; without a part of a hundred, nobody knows. */
  busy(doing, percent, counts = "") {
    const box = this.querySelector("[data-busy]");
    box.hidden = doing === null;
    for (const button of this.querySelectorAll("button")) button.disabled = doing !== null;
    if (doing === null) return;
    box.querySelector("[data-doing]").textContent = doing;
    box.querySelector("[data-counts]").textContent = counts;
    const bar = box.querySelector("progress");
    if (percent === undefined) bar.removeAttribute("value");
    else bar.value = percent;
  }

  /** Sends the file; gives the answer of the route, or throws its problem. */
  send(address) {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open("POST", address);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        const percent = event.lengthComputable ? (event.loaded / event.total) * 100 : undefined;
        if (percent < 100) this.busy(this.word("sending"), percent);
        else this.busy(this.word("reading"));
      });
      request.addEventListener("error", () => fail({ detail: this.word("broken") }));
      request.addEventListener("load", () => {
        let answer = null;
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          answer = { detail: request.responseText || request.statusText };
        }
        if (request.status < 300) done(answer);
        else fail(answer);
      });
      this.busy(this.word("sending"), 0);
      request.send(this.file);
    });
  }

  async look() {
    this.found = await this.send(this.address("look"));
    const own = [this.word("line"), this.word("problem")];
    // A file that was mended still has the columns that say what was wrong: they are no data.
    for (const column of this.found.columns) if (own.includes(column.name)) column.field = "-";
    const is = this.word("file-is", {
      format: this.word(`format-${this.found.format}`),
      n: this.found.columns.length,
    });
    this.querySelector("[data-file-is]").textContent =
      `${this.file.name} · ${is}${this.found.encoding ? ` · ${this.found.encoding.toUpperCase()}` : ""}`;
    this.columns();
    this.show("map");
  }

  columns() {
    const rows = this.found.columns.map((column, place) => {
      const row = element("tr");
      const head = element("th", column.name || `#${place + 1}`);
      head.scope = "row";
      const select = element("select");
      select.setAttribute("aria-label", column.name);
      select.dataset.place = place;
      for (const field of this.found.fields) {
        const word = this.words[`lists-field-${field.name.replaceAll(/[_.]/g, "-")}`];
        select.append(new Option(word ?? field.title ?? field.name, field.name));
      }
      const isKnown = this.found.fields.some((field) => field.name === column.name);
      if (column.name && !isKnown) select.append(new Option(this.word("own-field"), column.name));
      if (![...select.options].some((option) => option.value === column.field)) {
        select.append(new Option(column.field, column.field));
      }
      select.value = column.field;
      const skip = () => row.classList.toggle("is-skipped", select.value === "-");
      select.addEventListener("change", () => {
        column.field = select.value;
        skip();
      });
      skip();
      const samples = element("div");
      samples.className = "samples";
      for (const text of column.samples.filter(Boolean).slice(0, 3)) samples.append(element("span", text));
      const last = element("td");
      last.className = "wide";
      last.append(samples);
      const middle = element("td");
      middle.append(select);
      row.append(head, middle, last);
      return row;
    });
    this.querySelector("[data-columns]").replaceChildren(...rows);
  }

  get wanted() {
    return { file_name: this.file.name, mapping: JSON.stringify(mapping(this.found.columns)) };
  }

  async attempt() {
    const report = await this.send(this.address("", { ...this.wanted, dry_run: "true" }));
    this.report = report;
    this.tiles(report.counts);
    this.problems(report);
    const good = report.counts.added + report.counts.changed;
    const commit = this.querySelector("[data-commit]");
    commit.textContent = good ? this.word("commit-n", { n: good }) : this.word("nothing");
    commit.hidden = good === 0;
    this.querySelector("[data-rejected]").hidden = report.counts.rejected === 0;
    this.show("try");
  }

  tiles(counts) {
    const classes = { added: "is-good", changed: "is-good", rejected: "is-bad", duplicate: "is-warn" };
    const names = ["added", "changed", "unchanged", "duplicate", "rejected", "skipped"];
    const tiles = names.filter((name) => name in counts).map((name) => {
      const tile = element("div");
      if (counts[name]) tile.className = classes[name] ?? "";
      tile.append(element("b", String(counts[name])), element("span", this.word(`lists-result-${name}`)));
      return tile;
    });
    this.querySelector("[data-tiles]").replaceChildren(...tiles);
  }

  /** What is wrong in words, and how it is mended; what the API says where it has no word. */
  said(problem) {
    const code = problem.code.replaceAll("_", "-");
    const what = this.words[`lists-fault-${code}`];
    const cure = this.words[`lists-cure-${code}`];
    return { what: what ?? problem.reason, cure: cure ?? "", reason: what ? problem.reason : "" };
  }

  problems(report) {
    const place = this.querySelector("[data-problems]");
    if (!report.problems.length) {
      place.replaceChildren(element("p", this.word("no-problems")));
      return;
    }
    const parts = [];
    if (report.problems.length >= 1000) parts.push(element("p", this.word("first-problems", { n: 1000 })));
    const table = element("table");
    table.className = "rows";
    const head = element("tr");
    for (const key of ["line", "column", "problem", "row"]) {
      const cell = element("th", this.word(key));
      cell.scope = "col";
      if (key === "row" || key === "column") cell.className = "wide";
      head.append(cell);
    }
    table.append(element("thead"), element("tbody"));
    table.tHead.append(head);
    table.tBodies[0].append(...report.problems.map((problem) => this.problem(problem)));
    const scroll = element("div");
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", this.word("problem"));
    scroll.append(table);
    place.replaceChildren(...parts, scroll);
  }

  problem(problem) {
    const { what, cure, reason } = this.said(problem);
    const row = element("tr");
    const line = element("th", String(problem.line));
    line.scope = "row";
    const column = element("td", problem.field ?? "");
    column.className = "wide";
    const said = element("td");
    const result = element("span", this.word(`lists-result-${problem.result}`));
    result.className = `chip ${problem.result === "rejected" ? "is-bad" : "is-warn"}`;
    const detail = element("div", reason);
    detail.className = "hint";
    said.append(result, " ", element("b", what), ` ${cure}`, detail);
    const text = element("td");
    text.className = "wide";
    if (problem.text) text.append(element("code", problem.text));
    row.append(line, column, said, text);
    return row;
  }

  download() {
    const said = (problem) => {
      const { what, cure, reason } = this.said(problem);
      return [what, cure, reason].filter(Boolean).join(" ");
    };
    const header = this.found.columns.map((column) => column.name);
    const text = rejectedFile(header, this.report.problems, [this.word("line"), this.word("problem")], said);
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${this.word("rejected-name")}-${this.file.name.replace(/\.\w+$/, "")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    announce(this.word("took-out"));
  }

  async commit() {
    const topic = this.kind === "list" ? "import" : "intake";
    // Who may not listen to events sees that it works, and not how far it is.
    const events = new EventSource(`/api/v1/events?topics=${topic}`);
    events.addEventListener(topic, (event) => {
      const told = JSON.parse(event.data);
      const now = told.data ?? told;
      if (!now.bytes) return;
      const counts = ["added", "changed", "rejected"].map((name) => `${this.word(`lists-result-${name}`)} ${now.counts[name]}`);
      this.busy(this.word("reading"), (now.bytes_read / now.bytes) * 100, counts.join(" · "));
    });
    try {
      const report = await this.send(this.address("", this.wanted));
      const page = this.kind === "list" ? "imports" : "intakes";
      location.assign(`/lists/${page}/${report.id}${report.counts.rejected ? "?result=rejected" : ""}`);
    } finally {
      events.close();
    }
  }
}

function element(tag, text) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  return made;
}
customElements.define("import-wizard", ImportWizard);
