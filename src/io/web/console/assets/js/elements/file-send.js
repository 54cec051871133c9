// A form that sends one file as the body of a request: `data-send="POST /tickets/5/files"`; its other
// fields and the file's name become the query (`data-nameless`: they do not).
import { tell } from "../lib/api-form.js";
import { announce, replace } from "../lib/fragment.js";

class FileSend extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(event.target);
    });
  }

  async send(form) {
    const [method, path] = form.dataset.send.split(" ");
    const file = form.querySelector("input[type=file]").files[0];
    if (!file) return;
    const words = new URLSearchParams();
    if (!("nameless" in form.dataset)) {
      for (const [name, value] of new FormData(form)) if (typeof value === "string") words.set(name, value);
      words.set("name", file.name);
    }
    form.setAttribute("aria-busy", "true");
    try {
      const headers = { Accept: "application/json", "Content-Type": "application/octet-stream" };
      const address = `/api/v1${path}${words.size ? `?${words}` : ""}`;
      const response = await fetch(address, { method, headers, body: file, credentials: "same-origin" });
      if (!response.ok) throw await response.json();
      announce(form.dataset.said ?? "");
      if (!(await replace(location.href, form.dataset.then.replace("part:", "")))) location.reload();
    } catch (problem) {
      tell(form, problem);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }
}
customElements.define("file-send", FileSend);

// A link that was made is shown once.
document.addEventListener("answered", (event) => {
  if (!("link" in event.target.dataset)) return;
  const place = document.getElementById("made-link");
  const field = place.querySelector("input");
  field.value = location.origin + event.detail.path;
  place.hidden = false;
  field.focus();
  field.select();
});
