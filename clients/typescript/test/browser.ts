/** Chromium for the tests of the page, without anything that it would ask the network for. */

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type BrowserContext, chromium, type Page } from "playwright-core";

/** The built page, as it is opened from disk. */
export const PAGE_URL = new URL("../../../../site/verify.html", import.meta.url).href;
export const PAGE_PATH = fileURLToPath(PAGE_URL);

const EXECUTABLE = process.env["R4_CHROMIUM"] ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Why there is no browser, or nothing. */
export const missing = existsSync(EXECUTABLE) ? null : `there is no ${EXECUTABLE}; R4_CHROMIUM names another`;

/** A browser with a profile of its own. */
export async function launch(options: object = {}): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), "r4-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE, headless: true, args: ARGS, ...options,
  });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, close };
}

/** What a page did that it must not do: requests, violations of its policy, errors. */
export interface Watched {
  page: Page;
  misdeeds: string[];
}

/** Opens the page, or a copy of it, from disk and watches it. */
export async function open(context: BrowserContext, url = PAGE_URL): Promise<Watched> {
  const page = await context.newPage();
  const misdeeds: string[] = [];
  page.on("request", (request) => {
    const own = request.url() === url.replace(/#.*/, "") || request.url().startsWith("data:");
    if (!own) misdeeds.push(`request: ${request.url()}`);
  });
  page.on("websocket", (socket) => misdeeds.push(`websocket: ${socket.url()}`));
  page.on("pageerror", (error) => misdeeds.push(`error: ${error.message}`));
  page.on("console", (message) => misdeeds.push(`console: ${message.text()}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(url);
  return { page, misdeeds };
}
