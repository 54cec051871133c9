// Which parts of a live page are put anew, and which stay because somebody works in them.

/** The markup of a part without what changes by itself: lengths of time count on the page. */
export function lasting(html) {
  return html.replace(/(<time\b[^>]*>)[^<]*(<\/time>)/g, "$1$2");
}

/**
 * What becomes of a part: `stay`, or `replace`.
 * `shown` is what the server sent last, `fresh` what it sends now, `keep` the keys of both: a part of
 * the same key is the same work of a person and stays. One in which somebody writes stays too.
 */
export function fate({ shown, fresh, keep, isUsed }) {
  if (keep && keep[0] && keep[0] === keep[1]) return "stay";
  if (shown === fresh || isUsed) return "stay";
  return "replace";
}

/** The choice of a question that a key stands for: its place among the values; -1: none. */
export function chosen(values, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return -1;
  return values.indexOf(event.key);
}
