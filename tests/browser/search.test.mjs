// Finding operations in the documentation of the API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, step } from "../../src/io/web/console/assets/js/model/search.js";

test("every word of a question stands somewhere in the line", () => {
  const line = "POST /api/v1/accounts/{name}/reset Shows a link accounts.edit";
  assert.ok(fits(line, ""));
  assert.ok(fits(line, "post ACCOUNTS reset"));
  assert.ok(!fits(line, "post tickets"));
});

test("steps go round, and nothing is chosen among none", () => {
  assert.equal(step(-1, 1, 3), 0);
  assert.equal(step(-1, -1, 3), 2);
  assert.equal(step(2, 1, 3), 0);
  assert.equal(step(0, 1, 0), -1);
});
