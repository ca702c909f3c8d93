/** The page with draws: what it says, the names, lists that are given as files, and links. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before } from "node:test";

import type { BrowserContext, Page } from "playwright-core";

import { launch, missing, open, PAGE_PATH, PAGE_URL } from "./browser.js";
import { needs } from "./live.js";
import { judge, judgeAll, pin, said } from "./page.js";
import { drawDocument, type DrawVectors, vectors } from "./vectors.js";

const draws = vectors<DrawVectors>("draws.json");
const trusted = draws.trusted;
const winners = drawDocument(draws, 'winners: {"kind":"winners","k":2,"participants":["alice","bob","carol","dave"],"label"');
const hidden = drawDocument(draws, "participants left out");
const weighted = drawDocument(draws, "both left out, given");
const decimals = drawDocument(draws, "decimals: ");
const LIST = ["alice", "bob", "carol", "dave"];
const namesOf = (document: string): string[] =>
  (JSON.parse(document) as { result: number[] }).result.map((at) => LIST[at] ?? "");

let browser: { context: BrowserContext; close: () => Promise<void> } | undefined;
before(async () => void (browser = missing ? undefined : await launch()));
after(() => browser?.close());

const context = () => (browser as { context: BrowserContext }).context;

function pageTest(name: string, body: (page: Page) => Promise<void>, url = PAGE_URL): void {
  needs(name, missing, async () => {
    const { page, misdeeds } = await open(context(), url);
    await body(page);
    assert.deepEqual(misdeeds, []);
    await page.close();
  });
}

const shownNames = (page: Page) => page.locator(".drawn .name").allInnerTexts();
const give = (page: Page, id: string, text: string | Buffer) =>
  page.setInputFiles(`#${id}`, { name: `${id}.txt`, mimeType: "text/plain", buffer: Buffer.from(text) });

pageTest("every document of vectors/draws.json", async (page) => {
  const given = draws.documents.filter((one) => !one.participants && !one.weights);
  for (const kind of ["key_hash", "keys", "none"] as const) {
    const group = given.filter(({ policy }) => policy.pin === kind);
    assert.ok(group.length > 0);
    await pin(page, kind, trusted);
    const results = await judgeAll(page, group.map((one) => one.document));
    for (const [at, { name, verdict, failed_check: failed }] of group.entries()) {
      // To the page these are receipts like others.
      const asReceipt = /^bare receipt: of (no draw|a later version)/.test(name);
      const expected = asReceipt ? { verdict: "valid", failed: null } : { verdict, failed };
      const { verdict: got, failed: check } = results[at] ?? {};
      assert.deepEqual({ verdict: got, failed: check }, expected, name);
    }
  }
});

pageTest("the winners by name, with the label and a word on it", async (page) => {
  await pin(page, "key_hash", trusted);
  assert.equal((await judge(page, Buffer.from(winners))).verdict, "valid");
  assert.deepEqual(await shownNames(page), namesOf(winners));
  assert.match(await page.innerText(".facts"), /label\s+giveaway 2026-11/);
  assert.match(await page.innerText(".notes"), /announced beforehand/);
  for (const check of ["draw", "participants", "result"]) {
    assert.equal(await page.getAttribute(`[data-check="${check}"]`, "data-outcome"), "passed");
  }
});

pageTest("a nonce was chosen by the node, and the page says so", async (page) => {
  await judge(page, Buffer.from(decimals));
  assert.match(await page.innerText(".notes"), /node chose the nonce, and could have tried several/);
  const { result } = JSON.parse(decimals) as { result: string[] };
  assert.deepEqual(await page.locator(".drawn li").allInnerTexts(), result);
});

pageTest("what failed is not shown as drawn", async (page) => {
  const forged = winners.replace(/"result":\[\d+,/, '"result":[9,');
  assert.equal((await judge(page, Buffer.from(forged))).title, "Failed: result");
  assert.equal(await page.locator(".drawn").count(), 0);
});

pageTest("a list that only its hash is known of can be given as a file", async (page) => {
  await pin(page, "key_hash", trusted);
  await judge(page, Buffer.from(winners));
  assert.ok(await page.isHidden("#lists"));
  assert.equal((await judge(page, Buffer.from(hidden))).verdict, "valid");
  assert.deepEqual(await shownNames(page), []);
  assert.match(await page.innerText(".notes"), /only its hash is known/);
  assert.ok(await page.isHidden("#weights-file"));
  await give(page, "participants", LIST.map((name) => `${name}\n`).join(""));
  assert.equal((await said(page)).verdict, "valid");
  assert.deepEqual(await shownNames(page), namesOf(hidden));
  await give(page, "participants", "bob\nalice\ncarol\ndave\n");
  assert.equal((await said(page)).title, "Failed: participants");
  for (const wrong of [Buffer.from([0xff, 10]), Buffer.from("a\r\nb\r\n"), Buffer.alloc(0)]) {
    await give(page, "participants", wrong);
    assert.equal((await said(page)).verdict, "unreadable");
  }
  // Another document has other lists.
  assert.equal((await judge(page, Buffer.from(hidden))).verdict, "valid");
  assert.equal(await page.inputValue("#participants"), "");
});

pageTest("weights are needed, and can be given", async (page) => {
  assert.equal((await judge(page, Buffer.from(weighted))).title, "Failed: weights");
  await give(page, "weights", "1\n5\n2\n2\n");
  assert.equal((await said(page)).verdict, "self-consistent");
  assert.equal(await page.locator(".drawn li").count(), 2);
  await give(page, "weights", "1\n5\n2\n0x2\n");
  assert.match((await said(page)).text, /weight 3 must be/i);
});

/** Serves the page and some answers of a node. */
async function served(body: (url: string, seen: string[], server: Server) => Promise<void>): Promise<void> {
  const page = await readFile(PAGE_PATH);
  const { id } = JSON.parse(winners) as { id: string };
  const receipt = JSON.stringify((JSON.parse(winners) as { receipt: unknown }).receipt);
  const answers: Record<string, string | Buffer> = {
    "/verify.html": page, "/v1/keys": JSON.stringify(trusted.keys),
    [`/v1/draws/${id}`]: winners, [`/v1/receipts/${id}`]: receipt,
  };
  const seen: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    seen.push(url);
    const answer = answers[url];
    response.statusCode = answer ? 200 : 404;
    response.setHeader("Content-Type", url.endsWith(".html") ? "text/html; charset=utf-8" : "application/json");
    response.end(answer ?? '{"type":"/errors/unknown-draw","detail":"the log has no draw of this id"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/verify.html`, seen, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

needs("a link to a draw fetches it and the site's keys, and nothing else", missing, () =>
  served(async (url, seen) => {
    const { id } = JSON.parse(winners) as { id: string };
    const page = await context().newPage();
    await page.goto(`${url}#draw=${id}`);
    const { verdict, text } = await said(page);
    assert.equal(verdict, "valid");
    assert.match(text, /keys that this site serves now/);
    assert.deepEqual(await shownNames(page), namesOf(winners));
    assert.equal(await page.inputValue("#text"), winners);
    assert.deepEqual([...seen].sort(), [`/v1/draws/${id}`, "/v1/keys", "/verify.html"].sort());
    await page.evaluate((name) => (location.hash = `receipt=${name}`), id);
    await page.waitForFunction(() => (document.getElementById("text") as HTMLTextAreaElement).value.startsWith('{"version":1,"id"') && !(document.getElementById("text") as HTMLTextAreaElement).value.includes('"draw"'));
    assert.equal((await said(page)).verdict, "valid");
    // Names of parts of the page ask for nothing.
    await page.evaluate(() => (location.hash = "proof"));
    assert.equal((await said(page)).verdict, "valid");
    assert.equal(seen.filter((path) => path !== "/favicon.ico").length, 5);
    await page.close();
  }),
);

needs("a link to what is not there says so", missing, () =>
  served(async (url, _, server) => {
    const page = await context().newPage();
    await page.goto(`${url}#draw=0x${"00".repeat(32)}`);
    const { verdict, text } = await said(page);
    assert.equal(verdict, "unreadable");
    assert.match(text, /404: the log has no draw of this id/);
    // A choice made by hand asks for the keys, too, and one that cannot be had names nobody.
    await page.fill("#text", winners);
    assert.equal((await said(page)).verdict, "valid");
    server.closeAllConnections();
    server.close();
    await page.check('input[value="none"]');
    assert.equal((await said(page)).verdict, "self-consistent");
    await page.check('input[value="site"]');
    await page.waitForSelector('#verdict[data-verdict="unpinnable"]');
    await page.close();
  }),
);

pageTest("from disk a link asks nobody, and there is no site to trust", async (page) => {
  const { verdict, text } = await said(page);
  assert.equal(verdict, "unreadable");
  assert.match(text, /opened from disk/);
  assert.equal(await page.getByRole("radio").count(), 4);
  assert.equal((await judge(page, Buffer.from(winners))).verdict, "self-consistent");
}, `${PAGE_URL}#draw=0x${"00".repeat(32)}`);
