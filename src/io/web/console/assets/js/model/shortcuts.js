// Which key does what in the player.

/** The order of a key event, or null. Keys with Ctrl, Alt or Meta belong to the browser. */
export function order(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const far = event.shiftKey ? 15 : 5;
  switch (event.key) {
    case " ": return { do: "toggle" };
    case "ArrowLeft": return { do: "skip", by: -far };
    case "ArrowRight": return { do: "skip", by: far };
    case ",": case "<": return { do: "speed", by: -1 };
    case ".": case ">": return { do: "speed", by: 1 };
    case "[": return { do: "mark", by: -1 };
    case "]": return { do: "mark", by: 1 };
    case "m": return { do: "remark" };
    case "s": return { do: "silence" };
    case "l": return { do: "loop" };
    case "1": return { do: "mute", lane: 0 };
    case "2": return { do: "mute", lane: 1 };
    case "?": return { do: "help" };
    default: return null;
  }
}
