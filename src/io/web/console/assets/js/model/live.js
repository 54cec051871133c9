// What a page does about a change that it hears of.

/** Whether an event is about what is shown: about this thing, or about several; any where none is named. */
export function concerns(told, thing) {
  return !thing || told.id === undefined || told.id === null || String(told.id) === thing;
}

/** Whether somebody has written into a field, or chosen something, since the server sent it. */
export function isWritten(field) {
  if (field.disabled || field.type === "hidden") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) {
    const options = [...field.options];
    const sent = options.findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(sent, 0);
  }
  return "defaultValue" in field && field.value !== field.defaultValue;
}

/** Who changed it, in the words of the page: a person by name, the daemon without, oneself not at all. */
export function saying({ by, me, named, itself }) {
  if (by && by === me) return "";
  return by ? named.replace("{by}", by) : itself;
}
