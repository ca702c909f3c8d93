/** The README's examples, run as they stand, print what they say. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { apiKey, baseUrl, liveTest } from "./live.js";

const run = promisify(execFile);

liveTest("the examples of the README", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? "");
  assert.equal(examples.length, 4);
  // Inside the package, where its own name is known.
  const modules = fileURLToPath(new URL("../readme/", import.meta.url));
  await mkdir(modules, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), "r4-readme-"));
  for (const [at, code] of examples.entries()) {
    const path = join(modules, `${at}.mjs`);
    await writeFile(path, code.replaceAll("http://127.0.0.1:8082", baseUrl).replaceAll('"demo"', JSON.stringify(apiKey)));
    const { stdout } = await run(process.execPath, [path], { cwd: folder });
    const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, words]) => words);
    const printed = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("passed "));
    assert.deepEqual(printed, expected, code);
  }
  await rm(folder, { recursive: true });
});
