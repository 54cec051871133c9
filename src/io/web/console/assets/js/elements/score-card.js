// Listening and scoring side by side: marks by mouse or by keys, a running total, a draft that saves itself.
import { ask, tell } from "../lib/api-form.js";
import { clock } from "../lib/format.js";
import { cardOrder, pick, total } from "../model/score.js";

const SAVE_AFTER = 900;
const TYPED_WITHIN = 800;

class ScoreCard extends HTMLElement {
  connectedCallback() {
    this.grades = JSON.parse(this.getAttribute("grades") || "[]");
    this.form = this.querySelector("#sheet");
    this.notes = this.querySelector("ul.notes");
    this.showNotes();
    this.addEventListener("click", (event) => this.click(event));
    if (!this.form) return;
    this.rows = [...this.form.querySelectorAll(".item:not([data-out])")];
    this.addEventListener("input", (event) => this.changed(event.target));
    this.addEventListener("focusin", (event) => this.enter(event.target.closest(".item")));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.querySelector("#note-here").addEventListener("click", () => this.addNote());
    this.querySelector("#keys-open").addEventListener("click", () => this.querySelector("#keys").showModal());
    // Before the player, whose keys the card leaves to it where it has none of its own.
    document.addEventListener("keydown", (event) => this.key(event), true);
    addEventListener("pagehide", () => this.timer && this.keep());
    this.sum();
  }

  get player() {
    return this.querySelector("call-player");
  }

  /** Where the recording is, in ms. */
  get now() {
    return Math.round((this.querySelector("audio")?.currentTime ?? 0) * 1000);
  }

  key(event) {
    const target = event.target;
    if (document.querySelector("dialog[open]")) return;
    const isText = target.closest?.("textarea, select, input:not([type=radio]):not([type=range])");
    const wanted = cardOrder(event);
    if (isText) {
      if (event.key === "Escape") this.leave(target);
      if (wanted?.do === "submit") this.submit();
      if (event.key === "Enter" && target.matches("input") && !target.form?.dataset.api) this.leave(target);
      else return;
      event.preventDefault();
      return;
    }
    if (!wanted) return;
    event.preventDefault();
    event.stopPropagation();
    switch (wanted.do) {
      case "move": return this.move(wanted.by);
      case "score": return this.type(wanted.digit);
      case "na": return this.choose(this.current, "na");
      case "rule": return this.rule(wanted.ruling);
      case "comment": return this.current && this.comment(this.current);
      case "note": return this.addNote();
      case "place": return this.current?.querySelector("a.place[data-seek]")?.click();
      case "submit": return this.submit();
      case "help": return this.querySelector("#keys").showModal();
    }
  }

  /** Out of a field and back to its item, so that keys score again. */
  leave(field) {
    const row = field.closest(".item") ?? this.current;
    if (row) row.focus({ preventScroll: true });
    else field.blur();
  }

  enter(row) {
    if (!row || row === this.current || row.hasAttribute("data-out")) return;
    this.current?.classList.remove("is-here");
    this.current = row;
    row.classList.add("is-here");
    this.typed = "";
  }

  move(by) {
    const at = this.rows.indexOf(this.current);
    const next = this.rows[Math.min(this.rows.length - 1, Math.max(0, at + by))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  type(digit) {
    if (!this.current) this.move(1);
    const row = this.current;
    const box = row.querySelector(".marks input[type=number]");
    if (box) {
      box.focus();
      box.value = digit;
      return this.changed(box);
    }
    this.typed = Date.now() - (this.typedAt ?? 0) < TYPED_WITHIN ? (this.typed ?? "") + digit : digit;
    this.typedAt = Date.now();
    const marks = [...row.querySelectorAll(".marks input")].map((radio) => radio.value);
    const found = pick(marks.filter((mark) => /^\d/.test(mark)), this.typed);
    if (found !== null) this.choose(row, found);
  }

  choose(row, value) {
    const radio = row && [...row.querySelectorAll(".marks input[type=radio]")].find((r) => r.value === value);
    if (!radio) return;
    radio.checked = true;
    this.changed(radio);
  }

  rule(ruling) {
    const row = this.current;
    if (!row?.dataset.critical) return;
    const has = [...row.querySelectorAll(".marks input")].some((radio) => radio.value === ruling);
    this.choose(row, has ? ruling : "");
    if (ruling === "yes") this.comment(row);
  }

  /** The remark of an item, at the moment that is heard. */
  comment(row) {
    const place = row.querySelector(".comment");
    if (place.hidden || row.dataset.at === undefined) this.stamp(row, place);
    place.hidden = false;
    place.querySelector("input").focus();
  }

  stamp(row, place) {
    const at = this.now;
    row.dataset.at = at;
    const link = place.querySelector("[data-at-link]");
    Object.assign(link, { hidden: false, href: `?t=${Math.floor(at / 1000)}`, textContent: `▸ ${clock(at)}` });
    link.dataset.seek = at;
  }

  addNote() {
    const at = this.now;
    const time = clock(at);
    const row = document.createElement("li");
    row.dataset.at = at;
    const link = Object.assign(document.createElement("a"), { href: `?t=${Math.floor(at / 1000)}`, textContent: time });
    link.dataset.seek = at;
    const text = document.createElement("input");
    text.setAttribute("aria-label", `${this.dataset.note} ${time}`);
    const drop = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: "×" });
    drop.dataset.drop = "";
    drop.setAttribute("aria-label", `${this.dataset.remove} ${time}`);
    row.append(link, text, drop);
    this.notes.append(row);
    this.showNotes();
    text.focus();
  }

  /** Remarks are marks of the recording too. */
  showNotes() {
    const at = [...(this.notes?.querySelectorAll("li") ?? [])].map((row) => Number(row.dataset.at));
    if (this.player) this.player.notes = at;
  }

  click(event) {
    const stamped = event.target.closest("[data-stamp]");
    if (stamped) stamped.form.elements[stamped.dataset.stamp].value = this.now;
    // After a mark by mouse, space plays again.
    if (event.detail && event.target.matches(".mark input")) event.target.closest(".item").focus({ preventScroll: true });
    if (event.target.closest("[data-comment]")) this.comment(event.target.closest(".item"));
    const drop = event.target.closest("[data-drop]");
    if (drop) {
      drop.closest("li").remove();
      this.showNotes();
      this.changed(null);
    }
  }

  changed(target) {
    if (target?.closest("form") && target.closest("form") !== this.form) return;
    const row = target?.closest(".item");
    if (row) {
      row.removeAttribute("aria-invalid");
      row.querySelector("[data-chip]")?.remove();
      const na = row.querySelector(".is-na input");
      if (target.type === "number" && target.value !== "" && na) na.checked = false;
      if (target.type === "radio" && target.value === "na") {
        const box = row.querySelector("input[type=number]");
        if (box) box.value = "";
      }
      if (row.dataset.critical && target.value === "yes") row.querySelector(".comment").hidden = false;
    }
    this.sum();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER);
    this.say(this.dataset.saving);
  }

  items() {
    return [...this.form.querySelectorAll("[data-item]")].map((row) => {
      const box = row.querySelector(".marks input[type=number]");
      const value = row.querySelector(".marks input[type=radio]:checked")?.value ?? (box?.value || null);
      return {
        id: row.dataset.item, row, group: row.closest(".group").dataset.group, out: "out" in row.dataset,
        points: Number(row.dataset.points), scale: Number(row.dataset.scale),
        given: value === null || value === "na" ? value : Number(value),
      };
    });
  }

  criticals() {
    return [...this.form.querySelectorAll("[data-critical]")].map((row) => ({
      id: row.dataset.critical, row, candidate: "candidate" in row.dataset,
      ruling: row.querySelector("input[type=radio]:checked")?.value ?? "",
      comment: row.querySelector(".said").value,
      cap: row.dataset.cap === "" ? null : Number(row.dataset.cap), deduct: Number(row.dataset.deduct),
    }));
  }

  sheet() {
    const place = (row) => (row.dataset.at === undefined ? {} : { at_ms: Number(row.dataset.at) });
    const marks = {};
    for (const item of this.items()) {
      if (item.out || item.given === null) continue;
      const mark = { comment: item.row.querySelector(".said").value, ...place(item.row) };
      if (item.given === "na") mark.na = true;
      else if (item.scale) mark.mark = item.given;
      else mark.points = item.given;
      marks[item.id] = mark;
    }
    const criticals = {};
    for (const one of this.criticals()) {
      if (!one.ruling) continue;
      criticals[one.id] = { confirmed: one.ruling === "yes", comment: one.comment, ...place(one.row) };
    }
    const notes = [...this.notes.querySelectorAll("li")].map((row) => ({
      at_ms: Number(row.dataset.at), text: row.querySelector("input").value,
    }));
    return { marks, criticals, notes, summary: this.form.querySelector("#summary").value };
  }

  sum() {
    const { score, grade, missing, groups } = total(this.items(), this.criticals(), this.grades);
    // What a part comes to is no grade yet.
    this.querySelector("#total").textContent = score ?? "–";
    this.querySelector("#total").classList.toggle("is-part", missing.length > 0);
    this.querySelector("#grade").textContent = missing.length ? "" : grade;
    const left = this.querySelector("#missing");
    const some = missing.slice(0, 6).join(", ") + (missing.length > 6 ? " …" : "");
    left.textContent = missing.length ? `${this.dataset.missing} ${missing.length} · ${some}` : this.dataset.whole;
    left.classList.toggle("is-whole", !missing.length);
    const short = (value) => Math.round(value * 10) / 10;
    for (const group of this.form.querySelectorAll("[data-group]")) {
      const [given, possible] = groups[group.dataset.group] ?? [0, 0];
      group.querySelector("[data-sum]").textContent = `${short(given)} / ${short(possible)}`;
    }
  }

  say(text) {
    this.querySelector("#saved").textContent = text;
  }

  async save() {
    clearTimeout(this.timer);
    this.timer = null;
    try {
      await ask("PUT", `/audits/cases/${this.getAttribute("case")}/draft`, { sheet: this.sheet() });
      if (!this.timer) this.say(`${this.dataset.saved} ${new Date().toTimeString().slice(0, 8)}`);
      this.form.querySelector(":scope > .told")?.remove();
    } catch (problem) {
      tell(this.form, problem);
    }
  }

  /** The same while the page goes away: nobody is left to hear of it. */
  keep() {
    fetch(`/api/v1/audits/cases/${this.getAttribute("case")}/draft`, {
      method: "PUT", keepalive: true, credentials: "same-origin",
      headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sheet: this.sheet() }),
    });
  }

  async submit() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    this.timer = null;
    const reason = this.form.querySelector("#reason")?.value ?? "";
    try {
      await ask("POST", `/audits/cases/${this.getAttribute("case")}/submit`, { sheet: this.sheet(), reason });
      location.assign(location.pathname);
    } catch (problem) {
      tell(this.form, problem);
      this.lacking(problem);
    } finally {
      this.busy = false;
    }
  }

  /** What the sheet lacks is marked, and the first of it is gone to. */
  lacking(problem) {
    const rows = (problem.errors ?? []).map((error) => {
      const id = String(error.field).split(".")[1];
      return this.rows.find((row) => row.dataset.item === id || row.dataset.critical === id);
    }).filter(Boolean);
    for (const row of rows) row.setAttribute("aria-invalid", "true");
    rows[0]?.focus({ preventScroll: true });
    rows[0]?.scrollIntoView({ block: "center" });
  }
}
customElements.define("score-card", ScoreCard);
