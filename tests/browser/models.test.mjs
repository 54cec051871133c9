// The pure parts of the console's scripts: `node --test tests/browser`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../../src/io/web/console/assets/js/lib/format.js";
import { bodyOf, put, valueOf } from "../../src/io/web/console/assets/js/model/body.js";
import { beyond, columns, silences } from "../../src/io/web/console/assets/js/model/peaks.js";
import { order } from "../../src/io/web/console/assets/js/model/shortcuts.js";

const point = (left, right) => [-left, left, -right, right];
const seconds = (n, left, right) => Array.from({ length: n * 50 }, () => point(left, right)).flat();

test("a waveform has the loudest of each column, lane by lane", () => {
  const peaks = Int8Array.from([...point(10, 0), ...point(90, 0), ...point(0, 5), ...point(0, 120)]);
  assert.deepEqual([...columns(peaks, 0, 2)], [90, 0]);
  assert.deepEqual([...columns(peaks, 1, 2)], [0, 120]);
  assert.deepEqual([...columns(peaks, 0, 8)], [10, 10, 90, 90, 0, 0, 0, 0]);
  assert.equal(columns(new Int8Array(0), 0, 3).length, 3);
});

test("silences are where neither side speaks for a while, and are left before speech begins", () => {
  const peaks = Int8Array.from([...seconds(2, 50, 0), ...seconds(3, 0, 2), ...seconds(1, 0, 60), ...seconds(1, 0, 0)]);
  const spans = silences(peaks);
  assert.deepEqual(spans, [[2, 5]]);
  assert.equal(beyond(spans, 1), null);
  assert.equal(beyond(spans, 2.1), null, "the first moment is heard");
  assert.ok(Math.abs(beyond(spans, 2.5) - 4.9) < 1e-9);
  assert.equal(beyond(spans, 4.95), null);
});

test("keys are those of the help, and the browser keeps its own", () => {
  const key = (key, more = {}) => order({ key, ...more });
  assert.deepEqual(key("ArrowLeft"), { do: "skip", by: -5 });
  assert.deepEqual(key("ArrowRight", { shiftKey: true }), { do: "skip", by: 15 });
  assert.deepEqual(key("]"), { do: "mark", by: 1 });
  assert.deepEqual(key("2"), { do: "mute", lane: 1 });
  assert.deepEqual(key("m"), { do: "remark" });
  assert.equal(key("s", { ctrlKey: true }), null);
  assert.equal(key("x"), null);
});

test("lengths are written as people read them", () => {
  assert.deepEqual([0, 187_400, 3_727_000, -5].map(clock), ["0:00", "3:07", "1:02:07", "0:00"]);
});

test("a form's body nests by dots, and its fields are what they say", () => {
  const body = {};
  put(body, "a.b", 1);
  put(body, "a.c.d", "x");
  assert.deepEqual(body, { a: { b: 1, c: { d: "x" } } });
  assert.equal(valueOf(" ", "number"), undefined);
  assert.equal(valueOf("", "number", true), null);
  assert.equal(valueOf("7", "number"), 7);
  assert.deepEqual(valueOf("a\n\n b ", "lines"), ["a", "b"]);
  assert.equal(valueOf("true", "boolean"), true);
  assert.equal(valueOf("", undefined, true), "");
});

test("a column keeps the dots of its name, and boxes and lines say one list together", () => {
  const body = {};
  put(body, "fields.segment.vip", "yes");
  assert.deepEqual(body, { fields: { "segment.vip": "yes" } });
  const box = (value, checked) => ({ name: "auditors", type: "checkbox", value, checked, dataset: {} });
  const lines = { name: "auditors", type: "textarea", value: "zhao\n", dataset: { as: "lines" } };
  assert.deepEqual(bodyOf({ elements: [box("wang", true), box("li", false), lines] }), { auditors: ["wang", "zhao"] });
  assert.deepEqual(bodyOf({ elements: [box("wang", true)] }), { auditors: ["wang"] });
});
