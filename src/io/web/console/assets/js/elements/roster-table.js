// The table of a month of duties: ticked cells are nights; saved as a whole.
import { ask, tell } from "../lib/api-form.js";
import { announce, replace } from "../lib/fragment.js";
import { duties } from "../model/roster.js";

class RosterTable extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save(event.target);
    });
    this.addEventListener("change", (event) => this.count(event.target.closest("tr")));
    this.addEventListener("keydown", (event) => this.walk(event));
    this.querySelector("#add-row")?.addEventListener("click", () => this.add());
  }

  rows() {
    return [...this.querySelectorAll("tr[data-person]")].map((tr) => ({
      role: tr.parentElement.dataset.role,
      person: tr.dataset.person,
      phone: tr.dataset.phone,
      extension: tr.dataset.extension,
      dates: [...tr.querySelectorAll("input:checked")].map((box) => box.dataset.date),
    }));
  }

  count(tr) {
    if (tr?.dataset.person) tr.lastElementChild.textContent = tr.querySelectorAll("input:checked").length;
  }

  /** Arrows go from cell to cell. */
  walk(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.target.type !== "checkbox") return;
    const trs = [...this.querySelectorAll("tr[data-person]")];
    const tr = event.target.closest("tr");
    const at = [...tr.querySelectorAll("input")].indexOf(event.target);
    const box = trs[trs.indexOf(tr) + step[0]]?.querySelectorAll("input")[at + step[1]];
    if (!box) return;
    event.preventDefault();
    box.focus();
  }

  /** A row of somebody who was not there, made after the days of the table. */
  add() {
    const value = (id) => this.querySelector(id).value.trim();
    const person = value("#add-person");
    if (!person) return this.querySelector("#add-person").focus();
    const body = [...this.querySelectorAll("tbody")].find((tbody) => tbody.dataset.role === value("#add-role"));
    const dates = this.dates();
    const tr = document.createElement("tr");
    Object.assign(tr.dataset, { person, phone: value("#add-phone"), extension: value("#add-extension") });
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = person;
    tr.append(head);
    for (const date of dates) {
      const [td, box] = [document.createElement("td"), document.createElement("input")];
      Object.assign(box, { type: "checkbox", ariaLabel: `${person} ${date}` });
      box.dataset.date = date;
      td.append(box);
      tr.append(td);
    }
    const sum = document.createElement("td");
    sum.className = "n";
    sum.textContent = "0";
    tr.append(sum);
    body.append(tr);
    for (const id of ["#add-person", "#add-phone", "#add-extension"]) this.querySelector(id).value = "";
    tr.querySelector("input").focus();
  }

  /** The days of the month, by the cells of its head. */
  dates() {
    const month = this.querySelector("form").dataset.roster.split("/").pop();
    const days = this.querySelectorAll("thead th").length - 2;
    return Array.from({ length: days }, (_, at) => `${month}-${String(at + 1).padStart(2, "0")}`);
  }

  async save(form) {
    form.setAttribute("aria-busy", "true");
    try {
      await ask("PUT", form.dataset.roster, { duties: duties(this.rows()) });
      announce(form.dataset.said ?? "");
      if (!(await replace(location.href, "roster"))) location.reload();
    } catch (problem) {
      tell(form, problem);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }
}
customElements.define("roster-table", RosterTable);
