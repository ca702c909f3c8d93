/**
 * Builds site/verify.html: one file with the verifier, its style and a policy that allows nothing else.
 * `--check` builds it too, but only says whether the committed file is that.
 */

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build, transform } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../../../site/verify.html");

const page = await makePage();
if (process.argv.includes("--check")) {
  if ((await readFile(target, "utf8")) !== page) {
    console.error("site/verify.html is not what clients/typescript builds: run `npm run page`");
    process.exit(1);
  }
  console.log("site/verify.html is what the sources build");
} else {
  await writeFile(target, page);
  console.log(`site/verify.html: ${Buffer.byteLength(page)} bytes`);
}

async function makePage() {
  const script = await bundle();
  const style = await minifiedStyle();
  const values = { script, style, policy: policy(script, style), icon: await icon(), libraries: await libraries() };
  const template = await readFile(here("template.html"), "utf8");
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
}

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [here("page.ts")],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "eof",
    write: false,
  });
  const [{ text }] = outputFiles;
  return inline(text, /<\/script|<!--/i);
}

/** The site's own style first, so that the page looks as the site does. */
async function minifiedStyle() {
  const sources = await Promise.all([here("../../../site/style.css"), here("page.css")].map((path) => readFile(path, "utf8")));
  const { code } = await transform(sources.join("\n"), { loader: "css", minify: true, charset: "utf8" });
  return inline(code, /<\/style/i);
}

/** What would end the element would also make it another text than the one that is hashed. */
function inline(text, end) {
  if (end.test(text)) throw new Error(`${end} in a text to be put into the page`);
  return text;
}

function policy(script, style) {
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src data:",
    // What a link asks for, of the site that serves the page.
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

async function icon() {
  const svg = await readFile(here("../../../site/icon.svg"));
  return `data:image/svg+xml;base64,${svg.toString("base64")}`;
}

async function libraries() {
  const { dependencies } = JSON.parse(await readFile(here("../package.json"), "utf8"));
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`).join(", ");
}
