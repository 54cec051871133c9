// The pure parts of the desk and the roster: `node --test tests/browser/`.
import assert from "node:assert/strict";
import test from "node:test";
import { chosen, fate, lasting } from "../../src/io/web/console/assets/js/model/parts.js";
import { duties } from "../../src/io/web/console/assets/js/model/roster.js";

test("a part stays where somebody works in it, and where nothing but the time went on", () => {
  assert.equal(lasting('<p><time data-since="1">0:05</time> x</p>'), lasting('<p><time data-since="1">0:06</time> x</p>'));
  assert.equal(fate({ shown: "a", fresh: "b", keep: ["c1", "c1"], isUsed: false }), "stay");
  assert.equal(fate({ shown: "a", fresh: "b", keep: ["c1", "c2"], isUsed: false }), "replace");
  assert.equal(fate({ shown: "a", fresh: "b", keep: [undefined, undefined], isUsed: true }), "stay");
  assert.equal(fate({ shown: "a", fresh: "a", keep: ["", ""], isUsed: false }), "stay");
  assert.equal(fate({ shown: undefined, fresh: "b", keep: ["", ""], isUsed: false }), "replace");
});

test("a digit stands for the choice of its value, with a modifier it is the browser's", () => {
  assert.equal(chosen(["1", "2", "5"], { key: "5" }), 2);
  assert.equal(chosen(["1", "2"], { key: "9" }), -1);
  assert.equal(chosen(["1", "2"], { key: "1", ctrlKey: true }), -1);
});

test("ticked nights become duties, one a night", () => {
  const row = { role: "driver", person: "吴", phone: "139****0001", extension: "", dates: ["2026-07-01", "2026-07-03"] };
  assert.deepEqual(duties([row, { ...row, dates: [] }]).map((duty) => duty.date), row.dates);
  assert.equal(duties([row])[0].role, "driver");
});
