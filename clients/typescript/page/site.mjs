/**
 * Builds site/verify.js, the verifier that the start page loads on its first use.
 * `--check` builds it too, but only says whether the committed file is that.
 */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../../../site/verify.js");

const { outputFiles } = await build({
  entryPoints: [here("site.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "eof",
  write: false,
});
const [{ text }] = outputFiles;
if (process.argv.includes("--check")) {
  if ((await readFile(target, "utf8")) !== text) {
    console.error("site/verify.js is not what clients/typescript builds: run `npm run site`");
    process.exit(1);
  }
  console.log("site/verify.js is what the sources build");
} else {
  await writeFile(target, text);
  console.log(`site/verify.js: ${Buffer.byteLength(text)} bytes`);
}
