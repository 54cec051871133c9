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
  const response = await fetch(url, { headers: { "X-Fragment": id }, credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(id);
  const old = document.getElementById(id);
  if (!fresh || !old) return false;
  const focused = document.activeElement && old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(document.adoptNode(fresh));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  return true;
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
