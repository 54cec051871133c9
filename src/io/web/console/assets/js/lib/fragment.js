// Parts of a page that change: fetched as the server makes them, put in place by their id.

/** Says something to those who hear the page. */
export function announce(text) {
  let place = document.getElementById("announcer");
  if (!place) {
    place = document.createElement("p");
    place.id = "announcer";
    place.className = "unseen";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  place.textContent = text;
}

/**
 * Fetches the part `id` of the page at `url` and puts it in place; what had the focus keeps it.
 * Gives false where the server sent something else, such as the login.
 */
export async function replace(url, id) {
  return refetch(url, [id]);
}

/** The same for several parts at once, or for the whole `main`: the page is made anew once. */
export async function refetch(url, ids) {
  const headers = ids.length === 1 && ids[0] !== "main" ? { "X-Fragment": ids[0] } : {};
  const response = await fetch(url, { headers, credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const pairs = ids.map((id) => [document.getElementById(id), page.getElementById(id)]);
  if (pairs.some(([old, fresh]) => !old || !fresh)) return false;
  for (const [old, fresh] of pairs) put(old, document.adoptNode(fresh));
  return true;
}

/** Puts a part in place: what was unfolded stays so, and the focus where it was. */
function put(old, fresh) {
  const active = document.activeElement;
  const focused = active && old.contains(active) ? selectorOf(active) : "";
  const title = (details) => details.id || details.querySelector("summary")?.textContent;
  const open = new Set([...old.querySelectorAll("details[open]")].map(title));
  for (const details of fresh.querySelectorAll("details")) if (open.has(title(details))) details.open = true;
  old.replaceWith(fresh);
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
}

/** By what an element is found again in what the server sent: its id, or where a link leads. */
function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : "";
}

async function go(url, id, remember) {
  try {
    if (!(await replace(url, id))) throw new Error("another page");
    if (remember) history.pushState({ id }, "", url);
    announce(document.getElementById(id)?.dataset.said ?? "");
    for (const link of document.querySelectorAll("[data-lang], [data-theme-toggle]")) {
      const target = new URL(link.href);
      target.searchParams.set("back", location.pathname + location.search);
      link.href = target.pathname + target.search;
    }
  } catch {
    location.assign(url);
  }
}

/** Forms and links with `data-live` change a part of the page in place of the whole. */
export function enliven(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.live) return;
    event.preventDefault();
    const words = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) words.append(name, value);
    const query = words.toString();
    go(form.getAttribute("action") + (query ? `?${query}` : ""), form.dataset.live, true);
  });
  root.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-live]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute("href"), link.dataset.live, true);
  });
  addEventListener("popstate", () => location.reload());
}
