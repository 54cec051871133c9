// A customer's whole name and numbers, shown once to who says why; gone when the page is left.
class UnmaskOnce extends HTMLElement {
  connectedCallback() {
    this.addEventListener("answered", ({ detail }) => {
      const shown = this.querySelector("[data-shown]");
      const lines = [detail.name, ...detail.phones.filter((p) => !p.valid_to).map((p) => `${p.phone} ${p.label}`)];
      shown.replaceChildren(...lines.map((line) => {
        const p = document.createElement("p");
        p.textContent = line;
        return p;
      }));
      this.querySelector("details").open = false;
    });
  }
}
customElements.define("unmask-once", UnmaskOnce);
