/** Chromium against a running node behind Caddy, and what none of its pages may do. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The versions are pinned there, with the rest of what runs in a browser.
const require = createRequire(new URL("../../clients/typescript/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = require("axe-core");

/** Where Caddy is. */
export const BASE = new URL(process.env.R4_TEST_URL ?? "http://127.0.0.1:18493").origin;
/** Where the screenshots go. */
export const SHOTS = process.env.R4_SCREENSHOTS ?? fileURLToPath(new URL("../../target/screenshots", import.meta.url));

const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** A browser with a profile of its own. */
export async function launch(options = {}) {
  const profile = await mkdtemp(join(tmpdir(), "r4-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.R4_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ARGS,
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, close };
}

/**
 * Opens a page and watches it: `misdeeds` has every request to another origin, violation of its
 * policy, error and line on the console. An answer that the test wants to fail is no misdeed.
 */
export async function open(context, path, { wanted = () => false } = {}) {
  const page = await context.newPage();
  const misdeeds = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${BASE}/`) && !/^(data|blob):/.test(url)) misdeeds.push(`request: ${url}`);
  });
  page.on("websocket", (socket) => misdeeds.push(`websocket: ${socket.url()}`));
  page.on("pageerror", (error) => misdeeds.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const text = `${message.text()} (${message.location().url})`;
    if (!wanted(text)) misdeeds.push(`console: ${text}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const response = await page.goto(BASE + path);
  await settled(page);
  const done = async () => {
    assert.deepEqual(misdeeds, [], path);
    await page.close();
  };
  return { page, response, done };
}

/** What a page asks for at its beginning is there, and its fonts are, too. */
export async function settled(page) {
  await page.waitForLoadState("networkidle");
  await page.evaluate(async () => void (await document.fonts.ready));
}

/** What axe-core finds, what it cannot tell included. */
export async function violations(page) {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    // Behind a gradient axe-core cannot tell the contrast; the glow is a faint one on this colour.
    document.body.style.backgroundImage = "none";
    const results = await globalThis.axe.run(document, { resultTypes: ["violations", "incomplete"] });
    document.body.style.backgroundImage = "";
    return [...results.violations, ...results.incomplete].flatMap(({ id, nodes }) =>
      // A sign of one character, beside a word of the same colour, is too short for axe-core to judge.
      nodes.map((node) => `${id}: ${node.target.join(" ")}`).filter((found) => !/^color-contrast: .*\.mark/.test(found)),
    );
  });
}

const WIDTHS = [1280, 768, 360];

/** Takes the page's picture at each width, dark and light, and sees to it that none scrolls sideways. */
export async function picture(page, name, widths = WIDTHS) {
  await mkdir(SHOTS, { recursive: true });
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${name} scrolls sideways at ${width}`);
      await page.screenshot({ path: join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: WIDTHS[0], height: 900 });
}
