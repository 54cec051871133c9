// Loads what a page needs: an element's script comes only where its tag stands.
import { enliven } from "./lib/fragment.js";
import { enlivenForms } from "./lib/api-form.js";

const elements = {
  "answer-box": () => import("./elements/answer-box.js"),
  "doc-search": () => import("./elements/doc-search.js"),
  "wav-upload": () => import("./elements/wav-upload.js"),
  "live-board": () => import("./elements/live-board.js"),
  "call-player": () => import("./elements/call-player.js"),
};
for (const [tag, load] of Object.entries(elements)) {
  if (document.querySelector(tag)) load();
}
enliven(document);
enlivenForms(document);
