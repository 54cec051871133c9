// The arithmetic and the keys of the score card: `node --test tests/browser`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cardOrder, pick, total } from "../../src/io/web/console/assets/js/model/score.js";

const GRADES = [["A", 90], ["B", 80], ["C", 70], ["D", 0]];
const item = (id, points, given, more = {}) => ({ id, group: id[0], points, scale: 0, given, out: false, ...more });
const critical = (id, more = {}) => ({ id, ruling: "", candidate: false, comment: "", cap: null, deduct: 0, ...more });

test("a total is that of the items that apply, scaled to 100, and what is open is named", () => {
  const items = [item("A1", 4, 4), item("A2", 4, 2), item("B1", 10, "na"), item("B2", 2, 3, { scale: 5 }), item("C1", 8, null),
    item("C2", 4, null, { out: true })];
  const found = total(items, [critical("K1", { candidate: true })], GRADES);
  assert.equal(found.before, 72);
  assert.deepEqual([found.score, found.grade, found.missing], [72, "C", ["C1", "K1"]]);
  assert.deepEqual(found.groups.A, [6, 8]);
  assert.equal(total([item("A1", 4, "na")], [], GRADES).score, null, "nothing applies");
});

test("what is confirmed caps or deducts, and wants its reason", () => {
  const items = [item("A1", 10, 10)];
  const capped = total(items, [critical("K1", { ruling: "yes", cap: 59, comment: "heard" })], GRADES);
  assert.deepEqual([capped.score, capped.before, capped.grade, capped.missing], [59, 100, "D", []]);
  const bare = total(items, [critical("K1", { ruling: "yes", deduct: 120 })], GRADES);
  assert.deepEqual([bare.score, bare.missing], [0, ["K1"]]);
  assert.equal(total(items, [critical("K1", { ruling: "no", cap: 0 })], GRADES).score, 100);
});

test("digits mean the mark that was typed, or what begins with it", () => {
  const steps = ["10", "7", "4", "0"];
  assert.deepEqual([pick(steps, "7"), pick(steps, "1"), pick(steps, "10"), pick(steps, "3")], ["7", "10", "10", null]);
  assert.equal(pick(["3", "2", "1", "0"], "42"), "2", "the last digit counts where both together are none");
});

test("the card leaves to the player what it does not use", () => {
  const key = (key, more = {}) => cardOrder({ key, ...more })?.do;
  assert.deepEqual([key("j"), key("ArrowUp"), key("4"), key("x"), key("m")], ["move", "move", "score", "na", "note"]);
  assert.deepEqual([key(" "), key("ArrowLeft"), key("["), key("s")], [undefined, undefined, undefined, undefined]);
  assert.deepEqual([key("Enter", { ctrlKey: true }), key("m", { ctrlKey: true })], ["submit", undefined]);
});
