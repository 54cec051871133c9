// Rows that were not taken, as a file to be mended and brought in again.

/** The cells of one row of text; a quote holds what stands between it and the next. */
export function cells(text, delimiter) {
  const found = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (quoted) {
      if (c === '"' && text[at + 1] === '"') {
        cell += '"';
        at++;
      } else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (c === delimiter) {
      found.push(cell.trim());
      cell = "";
    } else cell += c;
  }
  found.push(cell.trim());
  return found;
}

/** The delimiter that gives as many cells as there are columns, as far as one does. */
export function delimiter(texts, columns) {
  const fit = (d) => texts.filter((text) => cells(text, d).length === columns).length;
  return [",", "\t", ";", "|"].reduce((best, d) => (fit(d) > fit(best) ? d : best), ",");
}

/** A cell as CSV has it; what a spreadsheet program would take for a formula stays text. */
export function quoted(text) {
  const safe = /^[=+\-@\t\r＝＋－＠]/.test(text) && !/^[+-]?[\d .()-]+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The file: the columns of the first one, then why each row was refused. `said` words a problem. */
export function rejectedFile(header, problems, extra, said) {
  const rows = problems.filter((p) => p.result === "rejected");
  const by = delimiter(rows.map((p) => p.text), header.length);
  const line = (p) => {
    const own = cells(p.text, by);
    while (own.length < header.length) own.push("");
    return [...own, String(p.line), said(p)].map(quoted).join(",");
  };
  return "\ufeff" + [[...header, ...extra].map(quoted).join(","), ...rows.map(line)].join("\r\n") + "\r\n";
}

/** What is sent as the mapping: what a person has chosen, for columns that have a name. */
export function mapping(columns) {
  const chosen = {};
  for (const { name, field } of columns) if (name) chosen[name] = field;
  return chosen;
}
