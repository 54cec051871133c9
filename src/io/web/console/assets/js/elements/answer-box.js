// Shows what a form inside was answered: a secret that is seen once, or rows of a table.
//
//   <div data-answer="link" hidden> ... <input data-secret> <button data-copy> <button data-close>
//   <div data-answer="sections" hidden> <table> with th data-field, data-words="code=word;..."

class AnswerBox extends HTMLElement {
  connectedCallback() {
    this.addEventListener("answered", (event) => this.show(event.detail ?? {}));
    this.addEventListener("click", (event) => {
      if (event.target.matches("[data-copy]")) this.copy(event.target);
      if (event.target.matches("[data-close]")) this.close(event.target);
    });
  }

  show(answer) {
    for (const place of this.querySelectorAll("[data-answer]")) {
      const value = answer[place.dataset.answer];
      if (value === undefined) continue;
      const field = place.querySelector("[data-secret]");
      // A link without a host is one of this host.
      if (field) field.value = String(value).startsWith("/") ? location.origin + value : value;
      else this.rows(place, value);
      place.hidden = false;
      place.scrollIntoView({ block: "nearest" });
      field?.select();
    }
  }

  rows(place, rows) {
    const heads = [...place.querySelectorAll("th[data-field]")];
    const words = heads.map(({ dataset }) => Object.fromEntries((dataset.words ?? "").split(";").map((pair) => pair.split("="))));
    const lines = rows.map((row) => {
      const line = document.createElement("tr");
      for (const [at, head] of heads.entries()) {
        const cell = document.createElement(at === 0 ? "th" : "td");
        if (at === 0) cell.scope = "row";
        const value = row[head.dataset.field] ?? "";
        cell.textContent = words[at][value] ?? value;
        line.append(cell);
      }
      return line;
    });
    place.querySelector("tbody").replaceChildren(...lines);
  }

  /** Over plain HTTP there is no clipboard: the text is selected, so that the keys copy it. */
  async copy(button) {
    const field = button.closest("[data-answer]").querySelector("[data-secret]");
    field.focus();
    field.select();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
      else if (!document.execCommand("copy")) return;
      button.textContent = button.dataset.done;
    } catch {
      // It stays selected.
    }
  }

  close(button) {
    const place = button.closest("[data-answer]");
    place.querySelector("[data-secret]").value = "";
    place.hidden = true;
  }
}
customElements.define("answer-box", AnswerBox);
