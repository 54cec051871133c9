// The JSON body that a form says.

/** The value of a field as its `data-as` says; undefined: it says nothing. */
export function valueOf(text, as, keep) {
  if (as === "boolean") return text === "true" || text === "on";
  if (text.trim() === "" && !keep) return undefined;
  if (as === "number") return text.trim() === "" ? null : Number(text);
  if (as === "lines") return text.split("\n").map((line) => line.trim()).filter(Boolean);
  if (as === "json") return JSON.parse(text);
  return text;
}

/** Puts a value at `a.b.c` of an object. What follows `fields.` is one name: columns may have dots in theirs. */
export function put(object, path, value) {
  const names = path.startsWith("fields.") ? ["fields", path.slice(7)] : path.split(".");
  const last = names.pop();
  let place = object;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}

/** The body of a form: its fields and the button that sent it. */
export function bodyOf(form, button) {
  const body = {};
  const many = new Map();
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit" || field.type === "file") continue;
    const isBox = field.type === "checkbox";
    if (field.type === "radio" && !field.checked) continue;
    if (isBox && field.dataset.as !== "boolean") {
      if (!many.has(field.name)) many.set(field.name, []);
      if (field.checked) many.get(field.name).push(field.value);
      continue;
    }
    const text = isBox ? String(field.checked) : field.value;
    const value = valueOf(text, field.dataset.as, "keep" in field.dataset);
    if (value !== undefined) put(body, field.name, value);
  }
  // Boxes and a field of lines may say one list together.
  for (const [name, values] of many) put(body, name, Array.isArray(body[name]) ? [...values, ...body[name]] : values);
  if (button?.name) put(body, button.name, valueOf(button.value, button.dataset?.as, true));
  return body;
}

/** A route with its `{name}` from the body, and the body without them. */
export function placed(path, body) {
  const rest = { ...body };
  const address = path.replace(/\{(\w+)\}/g, (_, name) => {
    delete rest[name];
    return encodeURIComponent(body[name] ?? "");
  });
  return { address, body: rest };
}
