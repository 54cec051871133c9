// Searches the list of operations: `/` to type, arrows to choose, Enter to open.
import { fits, step } from "../model/search.js";

class DocSearch extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.links = [...this.querySelectorAll("a[data-p]")];
    this.at = -1;
    this.field.addEventListener("input", () => this.narrow());
    this.field.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.matches?.("input, textarea, select")) return;
      event.preventDefault();
      this.field.focus();
    });
    this.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-p]");
      if (link) this.mark(link);
    });
    // Only the list moves: the page stays where it is.
    const list = this.querySelector("nav");
    const here = this.querySelector("[aria-current]");
    if (here) list.scrollTop = here.offsetTop - list.offsetTop - list.clientHeight / 2;
  }

  get found() {
    return this.links.filter((link) => !link.parentElement.hidden);
  }

  narrow() {
    for (const link of this.links) {
      link.parentElement.hidden = !fits(`${link.textContent} ${link.dataset.p}`, this.field.value);
    }
    for (const group of this.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("li:not([hidden])");
    }
    this.querySelector("[data-none]").hidden = this.found.length > 0;
    this.choose(this.field.value ? 0 : -1);
  }

  choose(at) {
    for (const link of this.links) link.classList.remove("is-chosen");
    const found = this.found;
    this.at = at < found.length ? at : -1;
    found[this.at]?.classList.add("is-chosen");
    found[this.at]?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      this.choose(step(this.at, by, this.found.length));
    }
    if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.found[this.at].click();
    }
    if (event.key === "Escape") {
      this.field.value = "";
      this.narrow();
    }
  }

  mark(here) {
    for (const link of this.links) link.removeAttribute("aria-current");
    here.setAttribute("aria-current", "true");
  }
}
customElements.define("doc-search", DocSearch);
