import { test } from "node:test";
import assert from "node:assert/strict";
import { concerns, isWritten, saying } from "../../src/io/web/console/assets/js/model/live.js";

test("a page of one thing hears of that thing, and of several at once", () => {
  assert.equal(concerns({ id: 7 }, "7"), true);
  assert.equal(concerns({ id: 8 }, "7"), false);
  assert.equal(concerns({ pack: "shop" }, "7"), true);
  assert.equal(concerns({ id: 8 }, ""), true);
});

test("what a person wrote, ticked or chose is theirs; what the server sent is not", () => {
  const select = (selectedIndex, sent) => ({
    selectedIndex,
    options: [0, 1, 2].map((place) => ({ defaultSelected: place === sent })),
  });
  for (const [field, expect] of [
    [{ type: "text", value: "a", defaultValue: "a" }, false],
    [{ type: "text", value: "ab", defaultValue: "a" }, true],
    [{ type: "hidden", value: "ab", defaultValue: "a" }, false],
    [{ type: "text", value: "ab", defaultValue: "a", disabled: true }, false],
    [{ type: "checkbox", checked: true, defaultChecked: false, value: "on", defaultValue: "on" }, true],
    [{ type: "radio", checked: true, defaultChecked: true }, false],
    [select(0, -1), false],
    [select(2, -1), true],
    [select(1, 1), false],
    [select(0, 1), true],
    [{ type: "submit" }, false],
  ]) {
    assert.equal(isWritten(field), expect, JSON.stringify(field));
  }
});

test("one is told who changed it, but not of what one did oneself", () => {
  const words = { me: "li", named: "{by} has changed this.", itself: "This has changed." };
  assert.equal(saying({ by: "wang", ...words }), "wang has changed this.");
  assert.equal(saying({ by: "", ...words }), "This has changed.");
  assert.equal(saying({ by: undefined, ...words }), "This has changed.");
  assert.equal(saying({ by: "li", ...words }), "");
});
