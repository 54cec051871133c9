// Loads what a page needs: an element's script comes only where its tag stands.
import { enliven } from "./lib/fragment.js";
import { enlivenForms } from "./lib/api-form.js";

const elements = {
  "live-board": () => import("./elements/live-board.js"),
  "call-player": () => import("./elements/call-player.js"),
  "import-wizard": () => import("./elements/import-wizard.js"),
  "policy-editor": () => import("./elements/policy-editor.js"),
  "unmask-once": () => import("./elements/unmask-once.js"),
};
for (const [tag, load] of Object.entries(elements)) {
  if (document.querySelector(tag)) load();
}
enliven(document);
enlivenForms(document);
// On a phone the navigation is a strip: the present page is brought into it.
const here = document.querySelector(".side [aria-current]");
if (here) here.closest("ul").scrollLeft = here.offsetLeft - here.closest("ul").offsetLeft - 24;
