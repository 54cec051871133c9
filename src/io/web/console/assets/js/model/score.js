// What a sheet comes to while it is filled in: the arithmetic of the daemon (src/audit/score.rs), which has the last word.

const rounded = (value) => Math.round(value * 10) / 10;

/**
 * Items have `points`, `scale` (0: points are given) and `given`: a number, "na", or null where nothing is given yet;
 * `out`: it does not apply to this kind of call. Criticals have `ruling` ("yes", "no", ""), `candidate`, `comment`,
 * `cap` (null: none) and `deduct`. Grades are `[name, from]`, the best first.
 */
export function total(items, criticals, grades) {
  const missing = [];
  let given = 0;
  let possible = 0;
  const groups = {};
  for (const item of items) {
    if (item.out || item.given === "na") continue;
    if (item.given === null) {
      missing.push(item.id);
      continue;
    }
    const points = item.scale ? (item.points * item.given) / item.scale : item.given;
    given += points;
    possible += item.points;
    const group = (groups[item.group] ??= [0, 0]);
    group[0] += points;
    group[1] += item.points;
  }
  for (const one of criticals) {
    if ((one.candidate && !one.ruling) || (one.ruling === "yes" && !one.comment.trim())) missing.push(one.id);
  }
  const before = possible > 0 ? rounded((given / possible) * 100) : null;
  let score = before;
  for (const one of criticals) {
    if (score === null || one.ruling !== "yes") continue;
    score -= one.deduct;
    if (one.cap !== null) score = Math.min(score, one.cap);
  }
  if (score !== null) score = rounded(Math.max(0, score));
  const grade = score === null ? "" : (grades.find(([, from]) => score >= from) ?? grades.at(-1) ?? [""])[0];
  return { score, before, grade, missing, groups };
}

/** The mark that typed digits mean: exactly what was typed, else the last digit, else what begins with it. */
export function pick(marks, typed) {
  const last = typed.at(-1) ?? "";
  return marks.find((m) => m === typed) ?? marks.find((m) => m === last) ?? marks.find((m) => m.startsWith(last)) ?? null;
}

/** Which key does what on a score card, or null. Keys with Ctrl, Alt or Meta belong to the browser, but one. */
export function cardOrder(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return { do: "submit" };
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (/^[0-9]$/.test(event.key)) return { do: "score", digit: event.key };
  switch (event.key) {
    case "j": case "ArrowDown": return { do: "move", by: 1 };
    case "k": case "ArrowUp": return { do: "move", by: -1 };
    case "x": return { do: "na" };
    case "y": return { do: "rule", ruling: "yes" };
    case "n": return { do: "rule", ruling: "no" };
    case "c": return { do: "comment" };
    case "m": return { do: "note" };
    case "g": return { do: "place" };
    case "?": return { do: "help" };
    default: return null;
  }
}
