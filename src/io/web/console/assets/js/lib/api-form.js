// Forms that are sent to the API as JSON: the page shows what the route says.
//
//   <form data-api="POST /tickets/5/acts" data-then="part:rows">      below /api/v1
//   <form data-api="POST ~/department/secret/acts">                    below the root
//
// The body is made of the fields: `a.b` stands inside `a`; `data-as` says number, boolean, lines or
// json; an empty field is left out unless it has `data-keep`. `data-then` is what follows:
// `part:ID` (the default is the whole page anew), `stay`, or an address, in which `{id}` and `{a.b}` are
// fields of the answer. `{name}` in the route is that field, which is no part of the body then.
// `data-said` is told to those who hear the page, with `data-told` at the head of the form too;
// `data-reset` empties the form.
// `data-confirm` asks first. Links and buttons that need no field are forms with a button.
import { announce, replace } from "./fragment.js";
import { bodyOf, placed } from "../model/body.js";

/** Asks the API. Gives the answer; throws its problem document. */
export async function ask(method, path, body) {
  const request = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body !== undefined && method !== "GET") {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  const response = await fetch(path.startsWith("~") ? path.slice(1) : `/api/v1${path}`, request);
  if (response.status === 401) return location.reload();
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = { detail: text };
  }
  if (!response.ok) throw answer ?? { detail: response.statusText };
  return answer;
}

/** Shows a problem document at the head of a form, and marks the fields that it names. */
export function tell(form, problem) {
  clear(form);
  const told = document.createElement("div");
  told.className = "told is-bad";
  told.setAttribute("role", "alert");
  const lines = [problem.title ?? "", problem.detail ?? String(problem)];
  for (const error of problem.errors ?? []) {
    lines.push([error.field, error.detail, error.hint].filter(Boolean).join(": "));
    const name = String(error.field).replace(/\[\d+\].*/, "");
    form.elements?.namedItem(name)?.setAttribute?.("aria-invalid", "true");
  }
  for (const line of [...new Set(lines)].filter(Boolean)) {
    const p = document.createElement("p");
    p.textContent = line;
    told.append(p);
  }
  form.prepend(told);
  told.scrollIntoView({ block: "nearest" });
}

function clear(form) {
  form.querySelector(":scope > .told")?.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

async function follow(form, answer) {
  const then = form.dataset.then ?? "";
  if (form.dataset.said) announce(form.dataset.said);
  if ("told" in form.dataset) {
    const told = document.createElement("p");
    told.className = "told is-good";
    told.textContent = form.dataset.said;
    form.prepend(told);
  }
  if ("reset" in form.dataset) form.reset();
  if (then === "stay") return;
  if (then.startsWith("part:")) {
    const parts = then.slice(5).split(",");
    for (const part of parts) if (!(await replace(location.href, part))) return location.reload();
    return;
  }
  if (!then) return location.reload();
  const field = (keys) => keys.split(".").reduce((value, key) => value?.[key], answer);
  location.assign(then.replace(/\{([\w.]+)\}/g, (_, keys) => encodeURIComponent(field(keys) ?? "")));
}

async function send(form, button) {
  const [method, path] = form.dataset.api.split(" ");
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  const buttons = form.querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    clear(form);
    const { address, body } = placed(path, bodyOf(form, button));
    const answer = await ask(method, address, body);
    form.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: answer }));
    await follow(form, answer);
  } catch (problem) {
    tell(form, problem);
  } finally {
    for (const b of buttons) b.disabled = false;
    form.removeAttribute("aria-busy");
  }
}

/** Every form with `data-api` on the page, now and later. */
export function enlivenForms(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.api) return;
    event.preventDefault();
    send(form, event.submitter);
  });
}
