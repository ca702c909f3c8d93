/** The start page does what it shows, against the running node. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { BASE, launch, open, settled } from "./browser.mjs";

let browser;
before(async () => void (browser = await launch()));
after(() => browser?.close());

const MAX_TRANSFERRED = 150_000;

/** Asks for a receipt and waits for the verdict; a demonstration that is busy is asked again. */
async function receipt(page) {
  for (;;) {
    await page.click("#receipt-ask");
    await page.waitForSelector('#receipt-ask:not([aria-disabled="true"])');
    const verdict = await page.getAttribute("#verdict", "data-verdict");
    if (verdict) return verdict;
    assert.match(await page.textContent("#verdict"), /Try again/);
    await page.waitForTimeout(2000);
  }
}

async function draw(page) {
  for (;;) {
    await page.click("#draw-ask");
    await page.waitForSelector('#draw-ask:not([aria-disabled="true"])');
    if (await page.isVisible("#draw-public")) return;
    assert.match(await page.textContent("#draw-result"), /Try again/);
    await page.waitForTimeout(2000);
  }
}

const outcomes = (page) => page.$$eval("#checks > li", (rows) => Object.fromEntries(rows.map((row) => [row.dataset.check, row.dataset.outcome])));
const hex = (page) => page.textContent("#hex");
const busy = (text) => /status of 429/.test(text);

test("the whole page with its first checked receipt is at most 150 KB, all from here", async () => {
  const { context, close } = await launch();
  try {
    const page = await context.newPage();
    const wire = await context.newCDPSession(page);
    await wire.send("Network.enable");
    const sizes = new Map();
    const names = new Map();
    wire.on("Network.responseReceived", ({ requestId, response }) => names.set(requestId, new URL(response.url).pathname));
    wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
    await page.goto(BASE);
    await settled(page);
    assert.equal(await receipt(page), "valid");
    const transferred = [...sizes].map(([id, size]) => [names.get(id), size]);
    const total = transferred.reduce((sum, [, size]) => sum + size, 0);
    const list = transferred.map(([name, size]) => `${String(size).padStart(7)} ${name}`).join("\n");
    console.log(`${list}\n${String(total).padStart(7)} in all`);
    assert.ok(transferred.some(([name]) => name === "/verify.js"));
    assert.ok(total <= MAX_TRANSFERRED, `${total} bytes`);
  } finally {
    await close();
  }
});

test("live bytes change, by themselves and when asked, and stop when told", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  const first = await hex(page);
  assert.match(first, /^([0-9a-f]{2} ){31}[0-9a-f]{2}$/);
  const bits = [...first.replaceAll(" ", "")].reduce((sum, digit) => sum + [...Number.parseInt(digit, 16).toString(2)].filter((bit) => bit === "1").length, 0);
  assert.equal((await page.getAttribute("#bits .ones", "d")).split("M").length - 1, bits);

  await page.click("#bytes-again");
  await page.waitForFunction((was) => document.getElementById("hex").textContent !== was, first);
  const second = await hex(page);
  await page.waitForFunction((was) => document.getElementById("hex").textContent !== was, second, { timeout: 9000 });

  await page.click("#pause");
  assert.equal(await page.textContent("#pause"), "Go on");
  const third = await hex(page);
  await page.waitForTimeout(100);
  assert.equal(await hex(page), third);
  await done();
});

test("less motion is respected: nothing moves by itself", async () => {
  const { context, close } = await launch({ reducedMotion: "reduce" });
  try {
    let asked = 0;
    await context.route("**/v1/demo/random", async (route) => {
      asked += 1;
      await route.fulfill({ json: { hex: "00".repeat(31) + "ff", n: 32, source: "sealed" } });
    });
    const { page, done } = await open(context, "/");
    assert.equal(await page.textContent("#pause"), "Go on");
    await page.waitForTimeout(300);
    assert.equal(asked, 1);
    await page.click("#pause");
    await page.waitForFunction(() => document.getElementById("pause").textContent === "Pause");
    assert.equal(asked, 2);
    await done();
  } finally {
    await close();
  }
});

test("the gauges say how the node is", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  assert.equal(await page.textContent("#g-node"), "ok");
  assert.match(await page.textContent("#g-entropy"), /^sealed, (chacha20|ctr-aes256)$/);
  assert.match(await page.textContent("#g-log"), /^[\d,]+ entr(y|ies)$/);
  assert.match(await page.textContent("#g-calls"), /^[\d.]+ ms$/);
  assert.equal(await page.getAttribute("#lamp", "class"), "lamp ok");
  await done();
});

test("a receipt is checked here, and tampering with any part of it shows", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.click("#pause");
  await page.fill("#alpha", `a browser’s test, ${Math.random()}`);
  assert.equal(await receipt(page), "valid");
  const checks = await outcomes(page);
  assert.deepEqual([...new Set(Object.values(checks))], ["passed"]);
  for (const name of ["vrf", "random", "ecdsa", "mldsa65", "inclusion", "checkpoint", "pin"]) assert.equal(checks[name], "passed", name);
  assert.match(await page.textContent("#verdict"), /^Valid: all \d\d checks hold\.Computed here in \d+ ms/);
  const random = await page.textContent("#receipt-facts dd");

  const broken = { random: "random", alpha: "vrf", proof: "vrf", timestamp: "digest", signature: "mldsa65", r: "ecdsa", root: "inclusion" };
  for (const [field, check] of Object.entries(broken)) {
    await page.selectOption("#tamper-what", field);
    await page.click("#tamper");
    await page.waitForSelector('#verdict[data-verdict="failed"]');
    assert.equal((await outcomes(page))[check], "failed", `${field}: ${await page.textContent("#verdict")}`);
    await page.click("#untamper");
    await page.waitForSelector('#verdict[data-verdict="valid"]');
  }

  assert.equal(await receipt(page), "valid");
  assert.equal(await page.textContent("#receipt-facts dd"), random);
  assert.match(await page.textContent("#receipt-again"), /^The same random/);

  const saving = page.waitForEvent("download");
  await page.click("#receipt-save");
  const saved = JSON.parse(await readFile(await (await saving).path(), "utf8"));
  assert.equal(saved.random, random);
  await done();
});

test("an input that is too long or none is not sent", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  for (const wrong of ["", "ü".repeat(33)]) {
    await page.fill("#alpha", wrong);
    await page.click("#receipt-ask");
    assert.match(await page.textContent("#verdict"), /1 to 64 bytes/);
    assert.equal(await page.getAttribute("#alpha", "aria-invalid"), "true");
  }
  await done();
});

test("a draw has a public link, which opens the page that computes it again", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  await page.click("#pause");
  await draw(page);
  const rolled = await page.$$eval(".dice svg", (dice) => dice.map((die) => Number(die.getAttribute("aria-label"))));
  assert.equal(rolled.length, 4);
  assert.ok(rolled.every((value) => value >= 1 && value <= 6), String(rolled));
  assert.deepEqual(await page.$$eval(".dice svg", (dice) => dice.map((die) => die.querySelectorAll("circle").length)), rolled);

  await page.check('input[name="kind"][value="winners"]', { force: true });
  await page.fill("#names", "<b>Ada</b>\nGrace\n\nEmmy\n");
  await page.fill("#winners-k", "4");
  await page.click("#draw-ask");
  assert.equal(await page.textContent("#draw-result"), "Pick 1 to 3 of these names.");
  await page.fill("#winners-k", "2");
  await page.fill("#label", "browser test");
  await draw(page);
  const winners = await page.$$eval(".winners li", (items) => items.map((item) => item.textContent));
  assert.equal(new Set(winners).size, 2);
  for (const winner of winners) assert.ok(["<b>Ada</b>", "Grace", "Emmy"].includes(winner), winner);

  const link = await page.getAttribute("#draw-link", "href");
  assert.match(link, /^\/verify\.html#draw=0x[0-9a-f]{64}$/);
  await done();

  const replayed = await open(browser.context, link);
  await replayed.page.waitForSelector("#verdict[data-verdict]");
  assert.equal(await replayed.page.getAttribute("#verdict", "data-verdict"), "valid");
  assert.equal(await replayed.page.getAttribute('[data-check="result"]', "data-outcome"), "passed");
  const shown = await replayed.page.textContent("main");
  for (const winner of winners) assert.ok(shown.includes(winner), winner);
  await replayed.done();
});

test("a demonstration that is off, busy or gone is said calmly", async () => {
  const { context, close } = await launch();
  try {
    const problem = (status, slug, headers = {}) => (route) =>
      route.fulfill({ status, headers, contentType: "application/problem+json", body: JSON.stringify({ type: `/errors/${slug}`, status, detail: slug }) });
    const cases = [
      [problem(404, "demo-off"), /The operator has turned the demonstration off/],
      [problem(429, "rate-limited", { "Retry-After": "7" }), /Try again in 7 seconds\./],
      [(route) => route.abort(), /the node does not answer/],
    ];
    for (const [answer, words] of cases) {
      await context.unroute("**/v1/demo/**");
      await context.route("**/v1/demo/**", answer);
      const { page, done } = await open(context, "/", { wanted: (text) => /Failed to load resource/.test(text) });
      assert.match(await page.textContent("#bytes-said"), words);
      await page.click("#receipt-ask");
      await page.waitForFunction(() => !/Asking|Nothing/.test(document.getElementById("verdict").textContent));
      assert.match(await page.textContent("#verdict"), words);
      await page.click("#draw-ask");
      await page.waitForFunction(() => !/Drawing|Nothing/.test(document.getElementById("draw-result").textContent));
      assert.match(await page.textContent("#draw-result"), words);
      await done();
    }
  } finally {
    await close();
  }
});

test("the quick start: tabs by keyboard, commands for this node, copied whole", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  await browser.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: BASE });
  const selected = () => page.textContent('[role="tab"][aria-selected="true"]');
  const panels = () => page.$$eval('[role="tabpanel"]', (all) => all.filter((one) => one.checkVisibility()).map(({ id }) => id));
  await page.focus('[role="tab"][aria-selected="true"]');
  const seen = [];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]) {
    await page.keyboard.press(key);
    seen.push(await selected());
    assert.equal(await page.evaluate(() => document.activeElement.textContent), seen.at(-1));
    assert.equal((await panels()).length, 1);
  }
  assert.deepEqual(seen, ["Rust", "Python", "TypeScript", "Solidity", "curl", "Solidity", "curl", "Solidity"]);

  for (const button of await page.$$(".copy")) {
    const id = await button.getAttribute("data-copy");
    await page.click(`[role="tab"][aria-controls="${await button.evaluate((one) => one.closest("[role=tabpanel]").id)}"]`);
    await button.click();
    await page.waitForFunction((one) => one.firstElementChild.textContent !== "Copy", button);
    const text = await page.textContent(`#${id}`);
    assert.ok(!text.includes("127.0.0.1:8082") || BASE.endsWith(":8082"), id);
    if (await page.evaluate(() => isSecureContext)) assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text, id);
  }
  await done();
});

test("without script it is a page to read", async () => {
  const { context, close } = await launch({ javaScriptEnabled: false });
  try {
    const page = await context.newPage();
    await page.goto(BASE);
    for (const id of ["tab-curl", "tab-rust", "tab-python", "tab-typescript", "tab-solidity"]) assert.ok(await page.isVisible(`#${id} h3`), id);
    assert.ok(!(await page.isVisible("#receipt-form")));
    assert.ok(await page.isVisible('noscript a[href="/v1/demo/random"]'));
  } finally {
    await close();
  }
});
