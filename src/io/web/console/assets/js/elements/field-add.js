// A field whose name is chosen: its value is sent under that name.
class FieldAdd extends HTMLElement {
  connectedCallback() {
    const [name, value] = [this.querySelector("[data-field]"), this.querySelector("[data-value]")];
    const tie = () => (value.name = `fields.${name.value.trim()}`);
    name.addEventListener("input", tie);
    tie();
  }
}
customElements.define("field-add", FieldAdd);
