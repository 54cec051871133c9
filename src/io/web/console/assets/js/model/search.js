// Finding lines by words: every word of the question stands somewhere in the line.

/** Whether a line fits a question; an empty one fits all. */
export function fits(line, question) {
  const text = line.toLowerCase();
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => text.includes(word));
}

/** The place after a step among `count`; it goes round. */
export function step(at, by, count) {
  if (count === 0) return -1;
  if (at < 0) return by > 0 ? 0 : count - 1;
  return (at + by + count) % count;
}
