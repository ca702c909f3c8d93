/** Where nothing may be left out. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { inCi } from "./live.js";

test("every value of CI but the empty, 0 and false means CI", () => {
  for (const value of ["true", "1", "yes", "True", " true "]) assert.ok(inCi(value), value);
  for (const value of [undefined, "", " ", "0", "false"]) assert.ok(!inCi(value), value);
});
