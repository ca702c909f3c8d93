/** Every page of the site: its policy, axe-core in both themes, its pictures; and /status in its states. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { BASE, launch, open, picture, settled, violations } from "./browser.mjs";

// axe-core writes styles of its own, which the pages' policies would refuse; landing.test.mjs and the
// first test here have the policies on.
let browser;
before(async () => void (browser = await launch({ bypassCSP: true })));
after(() => browser?.close());

const PAGES = { start: "/", status: "/status", errors: "/errors.html", verify: "/verify.html", docs: "/docs" };
const busy = (text) => /status of 429/.test(text);

test("every page has a strict policy and keeps to it", async () => {
  const { context, close } = await launch();
  try {
    for (const [name, path] of Object.entries(PAGES)) {
      const { page, response, done } = await open(context, path, { wanted: busy });
      assert.equal(response.status(), 200, name);
      const policy = [response.headers()["content-security-policy"], await page.evaluate(() => document.querySelector("meta[http-equiv=Content-Security-Policy]")?.content ?? "")].join("; ");
      assert.match(policy, /default-src 'none'/, name);
      assert.match(policy, /frame-ancestors 'none'/, name);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/, name);
      assert.equal(response.headers()["x-content-type-options"], "nosniff", name);
      const title = await page.title();
      assert.match(title, /Re4ctoR/, name);
      await done();
    }
  } finally {
    await close();
  }
});

/** What is on a page before its picture is taken. */
const READY = {
  async start(page) {
    await page.click("#pause");
    await page.click("#receipt-ask");
    await page.waitForSelector('#verdict[data-verdict="valid"]');
    await page.click("#draw-ask");
    await page.waitForSelector("#draw-public:not([hidden])");
  },
  async docs(page) {
    await page.waitForSelector("main *");
  },
};

for (const [name, path] of Object.entries(PAGES)) {
  test(`${name}: axe-core finds nothing, dark or light, and its pictures`, async () => {
    const { page, done } = await open(browser.context, path, { wanted: busy });
    await READY[name]?.(page);
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], colorScheme);
    }
    await picture(page, name);
    await done();
  });
}

test("a tampered receipt, and every tab of the quick start, for axe-core", async () => {
  const { page, done } = await open(browser.context, "/", { wanted: busy });
  await READY.start(page);
  await page.click("#tamper");
  await page.waitForSelector('#verdict[data-verdict="failed"]');
  await page.check('input[name="kind"][value="winners"]', { force: true });
  for (const tab of await page.$$('[role="tab"]')) {
    await tab.click();
    assert.deepEqual(await violations(page), [], await tab.textContent());
  }
  await picture(page, "start-tampered", [1280]);
  await done();
});

test("dark and light differ, and follow the system", async () => {
  const { page, done } = await open(browser.context, "/status");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  await page.emulateMedia({ colorScheme: "light" });
  assert.notEqual(await ground(), dark);
  await done();
});

test("an error’s type leads to its entry", async () => {
  const { page, done } = await open(browser.context, "/errors/rate-limited");
  assert.equal(page.url(), `${BASE}/errors.html#rate-limited`);
  const entry = page.locator(":target");
  assert.ok(await entry.isVisible());
  assert.match(await entry.textContent(), /rate-limited/);
  await done();
});

test("/status says how the node is and was, also as a table", async () => {
  const { page, done } = await open(browser.context, "/status");
  await page.waitForSelector("#headline.ok");
  assert.equal((await page.textContent("#headline")).trim(), "Everything works.");
  const parts = await page.$$eval(".part h3", (all) => all.map((one) => one.firstChild.textContent));
  assert.deepEqual(parts, ["r4-core", "r4-vrf", "entropy"]);
  for (const bars of await page.$$(".bars")) assert.equal(await bars.evaluate((one) => one.children.length), 84);
  await page.click(".part summary");
  assert.equal(await page.locator(".part details[open] tbody tr").count(), 7);
  assert.match(await page.textContent("#sources"), /getrandom/);
  await done();
});

/** A history with a fault, something degraded, and times that nobody looked at. */
function history() {
  const now = 1_800_000_123;
  const last = now - (now % 300);
  const buckets = [];
  for (let start = last - 6 * 86_400; start <= last; start += 300) {
    const age = last - start;
    if (age > 180_000 && age < 210_000) continue;
    const ok = { ok: 30, degraded: 0, down: 0 };
    const vrf = age > 72_000 && age < 73_800 ? { ok: 0, degraded: 0, down: 30 } : ok;
    const entropy = age === 300_000 ? { ok: 29, degraded: 1, down: 0 } : ok;
    buckets.push({ start, "r4-core": ok, "r4-vrf": vrf, entropy });
  }
  return { now, since: last - 6 * 86_400, components: ["r4-core", "r4-vrf", "entropy"], bucket_seconds: 300, buckets };
}

test("/status: unknown is not ok, one fault is not rounded away", async () => {
  const { context, close } = await launch({ bypassCSP: true });
  try {
    await context.route("**/v1/status", (route) => route.fulfill({ json: history() }));
    const { page, done } = await open(context, "/status");
    const part = (at) => page.locator(".part").nth(at);
    const bars = (at, state) => part(at).locator(`.bars .${state}`).count();
    assert.equal(await part(0).locator(".share").textContent(), "100 % ok");
    assert.equal(await bars(0, "down"), 0);
    assert.ok((await bars(0, "none")) >= 14, "a day and some hours are unknown");
    assert.match(await part(0).textContent(), /Nothing is known of 1\d\.\d\d % of the seven days/);
    assert.equal(await bars(1, "down"), 1);
    assert.match(await part(1).locator(".share").textContent(), /^99\.\d\d % ok$/);
    assert.equal(await bars(2, "degraded"), 1);
    assert.equal(await part(2).locator(".share").textContent(), "99.99 % ok");
    assert.match(await part(2).textContent(), /Of [\d,]+ checks in seven days, 1 degraded\./);
    await page.locator(".part summary").first().click();
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], colorScheme);
    }
    await picture(page, "status-history");
    await done();
  } finally {
    await close();
  }
});

test("/status: a node that does not answer is down, and its history not known", async () => {
  const { context, close } = await launch();
  try {
    await context.route("**/v1/**", (route) => route.abort());
    const { page, done } = await open(context, "/status", { wanted: (text) => /Failed to load resource/.test(text) });
    await page.waitForSelector("#headline.down");
    assert.equal((await page.textContent("#headline")).trim(), "The node does not answer.");
    assert.equal(await page.textContent("#history"), "The history is not available now.");
    await done();
  } finally {
    await close();
  }
});

test("what is described elsewhere is served, and what is internal is not", async () => {
  const types = {
    "/openapi.json": /json/, "/llms.txt": /^text\/plain/, "/postman.json": /json/,
    "/fonts/geist.woff2": /woff2/, "/icon.svg": /svg/, "/site.js": /javascript/,
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await browser.context.request.get(BASE + path);
    assert.equal(response.status(), 200, path);
    assert.match(response.headers()["content-type"], type, path);
  }
  for (const path of ["/metrics", "/v1/metrics", "/admin/v1/keys", "/nothing"]) {
    assert.equal((await browser.context.request.get(BASE + path)).status(), 404, path);
  }
});
