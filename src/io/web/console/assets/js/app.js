// Loads what a page needs: an element's script comes only where its tag stands.
import { enliven } from "./lib/fragment.js";
import { enlivenForms } from "./lib/api-form.js";

const elements = {
  "answer-box": () => import("./elements/answer-box.js"),
  "doc-search": () => import("./elements/doc-search.js"),
  "wav-upload": () => import("./elements/wav-upload.js"),
  "live-part": () => import("./elements/live-part.js"),
  "live-board": () => import("./elements/live-board.js"),
  "call-player": () => import("./elements/call-player.js"),
  "desk-live": () => import("./elements/desk-live.js"),
  "field-add": () => import("./elements/field-add.js"),
  "file-text": () => import("./elements/file-text.js"),
  "file-send": () => import("./elements/file-send.js"),
  "roster-table": () => import("./elements/roster-table.js"),
  "score-card": () => import("./elements/score-card.js"),
  "poll-part": () => import("./elements/poll-part.js"),
  "import-wizard": () => import("./elements/import-wizard.js"),
  "policy-editor": () => import("./elements/policy-editor.js"),
  "unmask-once": () => import("./elements/unmask-once.js"),
};
for (const [tag, load] of Object.entries(elements)) {
  if (document.querySelector(tag)) load();
}
enliven(document);
enlivenForms(document);
// On a phone navigation and tabs are strips: the present page is brought into them.
for (const here of document.querySelectorAll(".side [aria-current], .tabs [aria-current]")) {
  const strip = here.closest("ul, .tabs");
  strip.scrollLeft = here.offsetLeft - strip.offsetLeft - 24;
}
