// A text that may be read from a file of the visitor's: it stands in the field before it is sent.
import { announce } from "../lib/fragment.js";

class FileText extends HTMLElement {
  connectedCallback() {
    const text = this.querySelector("textarea");
    this.addEventListener("change", async (event) => {
      if (!event.target.matches("input[type=file]")) return;
      const file = event.target.files[0];
      if (!file) return;
      text.value = decoded(await file.arrayBuffer());
      announce(file.name);
    });
  }
}

/** UTF-8, else the Chinese encoding of office programs. */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
customElements.define("file-text", FileText);
