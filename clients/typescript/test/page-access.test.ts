/** The page for everybody: axe-core on each of its states, narrow and zoomed, dark and light; and as Caddy serves it. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import axe from "axe-core";
import type { Page } from "playwright-core";

import { launch, missing, open, PAGE_PATH } from "./browser.js";
import { needs } from "./live.js";
import { logOf, makeLog, withLog } from "./log.js";
import { judge, pin, said } from "./page.js";
import { drawDocument, type DrawVectors, type ReceiptVectors, vectors } from "./vectors.js";

const { trusted, cases } = vectors<ReceiptVectors>("receipts.json");
const dual = cases.find((one) => one.verdict === "valid" && one.pin === "key_hash" && one.require === "dual")?.document ?? "";

const draws = vectors<DrawVectors>("draws.json");

/** Every state of the page, from the empty one on. */
const STATES: [name: string, enter: (page: Page) => Promise<unknown>][] = [
  ["empty", async () => {}],
  ["self-consistent", (page) => judge(page, Buffer.from(withLog(dual, logOf(dual, makeLog(1), 9n))))],
  ["all inputs", (page) => page.click("text=Show all inputs")],
  ["valid", (page) => pin(page, "key_hash", trusted)],
  ["failed", (page) => judge(page, Buffer.from(dual.replace('"index":"', '"index":"1')))],
  ["malformed", (page) => judge(page, Buffer.from("{}"))],
  ["unpinnable", (page) => page.fill("#keyHash", "0x12")],
  ["a draw", async (page) => {
    await pin(page, "key_hash", draws.trusted);
    await judge(page, Buffer.from(drawDocument(draws, 'winners: {"kind":"winners","k":2,"participants"')));
  }],
  ["a draw of a list that is not there", (page) => judge(page, Buffer.from(drawDocument(draws, "participants left out")))],
  ["a draw of cards", (page) => judge(page, Buffer.from(drawDocument(draws, "cards: ")))],
];

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    // Behind a gradient axe-core cannot tell the contrast; the glow is a faint one on this colour.
    document.body.style.backgroundImage = "none";
    const { axe: loaded } = globalThis as unknown as { axe: typeof axe };
    const results = await loaded.run(document, { resultTypes: ["violations", "incomplete"] });
    return [...results.violations, ...results.incomplete].flatMap(({ id, nodes }) =>
      // A sign of one character, beside a word of the same colour, is too short for axe-core to judge.
      nodes.map((node) => `${id}: ${node.target.join(" ")}`).filter((found) => !/^color-contrast: .*\.mark/.test(found)),
    );
  });
}

for (const colorScheme of ["dark", "light"] as const) {
  needs(`axe-core finds nothing, ${colorScheme}`, missing, async () => {
    // axe-core writes styles of its own, which the page's policy would refuse.
    const { context, close } = await launch({ colorScheme, bypassCSP: true });
    try {
      const { page } = await open(context);
      for (const [name, enter] of STATES) {
        await enter(page);
        assert.deepEqual(await violations(page), [], name);
      }
    } finally {
      await close();
    }
  });
}

needs("narrow screens need no sideways scrolling", missing, async () => {
  const { context, close } = await launch({ viewport: { width: 320, height: 600 } });
  try {
    const { page, misdeeds } = await open(context);
    for (const [name, enter] of STATES) {
      await enter(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `${name}: ${width}`);
    }
    assert.deepEqual(misdeeds, []);
  } finally {
    await close();
  }
});

needs("verdicts are announced, and every field has its name", missing, async () => {
  const { context, close } = await launch();
  try {
    const { page } = await open(context);
    await judge(page, Buffer.from(dual));
    const status = page.getByRole("status");
    assert.match((await status.textContent()) ?? "", /self-consistent; signer NOT checked/);
    for (const [role, name] of [["textbox", "Receipt as JSON"], ["button", "Check"], ["combobox", "Signatures that must be there"]] as const) {
      assert.equal(await page.getByRole(role, { name, exact: true }).count(), 1, name);
    }
    assert.equal(await page.getByRole("radio").count(), 4);
    const landmarks = ["banner", "main", "contentinfo"] as const;
    for (const landmark of landmarks) assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    // The outcome is a word, not a colour alone.
    assert.match(await page.locator('[data-check="pin"]').innerText(), /not checked/);
  } finally {
    await close();
  }
});

needs("served with the headers of the Caddyfile it works as from disk", missing, async () => {
  const caddyfile = await readFile(new URL("../../../../Caddyfile", import.meta.url), "utf8");
  const policy = /header @verify Content-Security-Policy "([^"]+)"/.exec(caddyfile)?.[1];
  assert.equal(policy, "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  const body = await readFile(PAGE_PATH);
  const server = createServer((_, response) => {
    response.setHeader("Content-Security-Policy", policy ?? "");
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { context, close } = await launch();
  try {
    const page = await context.newPage();
    const misdeeds: string[] = [];
    page.on("console", (message) => misdeeds.push(message.text()));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/verify.html`);
    await page.fill("#text", dual);
    assert.equal((await said(page)).verdict, "self-consistent");
    assert.deepEqual(misdeeds, []);
  } finally {
    await close();
    server.closeAllConnections();
    server.close();
  }
});
