import assert from "node:assert/strict";
import test from "node:test";
import { placed } from "../../src/io/web/console/assets/js/model/body.js";
import { cells, delimiter, mapping, quoted, rejectedFile } from "../../src/io/web/console/assets/js/model/rejected.js";

test("rows are cut into cells as the server cuts them", () => {
  assert.deepEqual(cells('a,"b,""c""",d', ","), ["a", 'b,"c"', "d"]);
  assert.deepEqual(cells("a\tb", "\t"), ["a", "b"]);
  assert.equal(delimiter(["a;b;c", "d;e;f"], 3), ";");
  assert.equal(delimiter([], 3), ",");
});

test("refused rows become a file that can be mended and brought in again", () => {
  const problems = [
    { line: 3, result: "rejected", code: "bad_phone", text: '李四,"1380000"' },
    { line: 5, result: "duplicate", code: "duplicate", text: "" },
    { line: 6, result: "rejected", code: "no_phone", text: "=1+1" },
  ];
  const text = rejectedFile(["姓名", "电话"], problems, ["行号", "问题"], (p) => p.code);
  assert.equal(text, "\ufeff姓名,电话,行号,问题\r\n李四,1380000,3,bad_phone\r\n'=1+1,,6,no_phone\r\n");
  assert.equal(quoted("+8613800000000"), "+8613800000000", "a number is no formula");
  assert.deepEqual(mapping([{ name: "a", field: "-" }, { name: "", field: "x" }]), { a: "-" });
});

test("a field that stands in the route is no part of the body", () => {
  const { address, body } = placed("/do-not-call/{phone}/remove", { phone: "138 1", reason: "x" });
  assert.deepEqual([address, body], ["/do-not-call/138%201/remove", { reason: "x" }]);
});
