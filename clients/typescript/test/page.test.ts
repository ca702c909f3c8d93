/** The built page, opened from disk in Chromium: what it says, and that nothing leaves it. */

import assert from "node:assert/strict";
import { after, before } from "node:test";

import type { BrowserContext, Page } from "playwright-core";

import { launch, missing, open, type Watched } from "./browser.js";
import { needs } from "./live.js";
import { logOf, makeLog, withLog } from "./log.js";
import { judge, judgeAll, pin, said } from "./page.js";
import { type ReceiptVectors, vectors } from "./vectors.js";

const { trusted, cases } = vectors<ReceiptVectors>("receipts.json");
const dual = cases.find((one) => one.verdict === "valid" && one.pin === "key_hash" && one.require === "dual")?.document ?? "";

let browser: { context: BrowserContext; close: () => Promise<void> } | undefined;
before(async () => void (browser = missing ? undefined : await launch()));
after(() => browser?.close());

/** A test on a page of its own, which must have done nothing that it must not do. */
function pageTest(name: string, body: (page: Page) => Promise<void>): void {
  needs(name, missing, async () => {
    const { page, misdeeds } = await open((browser as { context: BrowserContext }).context);
    await body(page);
    assert.deepEqual(misdeeds, []);
    await page.close();
  });
}

pageTest("every case of vectors/receipts.json", async (page) => {
  const order = (one: (typeof cases)[number]) => `${one.pin} ${one.require}`;
  const groups = new Map<string, typeof cases>();
  for (const one of cases) groups.set(order(one), [...(groups.get(order(one)) ?? []), one]);
  for (const group of groups.values()) {
    const [first] = group as [(typeof cases)[number]];
    await pin(page, first.pin, trusted);
    await page.selectOption("#require", first.require);
    const results = await judgeAll(page, group.map((one) => one.document));
    for (const [at, one] of group.entries()) {
      const words = {
        valid: "Valid",
        "self-consistent": "self-consistent; signer NOT checked",
        failed: `Failed: ${one.failed}`,
        malformed: `Malformed: ${one.field ?? "this is not a receipt"}`,
      }[one.verdict];
      const { verdict, title, failed } = results[at] ?? {};
      assert.deepEqual({ verdict, title, failed }, { verdict: one.verdict, title: words, failed: one.failed }, one.name);
    }
  }
});

pageTest("green is for valid alone, amber for unpinned, red for the rest", async (page) => {
  const shown = async () => page.locator(".verdict-title").evaluate((title) => getComputedStyle(title).color);
  const tone = (name: string) =>
    page.evaluate((variable) => {
      const probe = document.createElement("i");
      document.body.append(probe);
      probe.style.color = `var(${variable})`;
      return getComputedStyle(probe).color;
    }, name);
  await judge(page, Buffer.from(dual));
  assert.equal(await shown(), await tone("--amber"));
  await pin(page, "key_hash", trusted);
  assert.equal((await said(page)).verdict, "valid");
  assert.equal(await shown(), await tone("--green"));
  await judge(page, Buffer.from(dual.replace('"index":"', '"index":"1')));
  assert.equal(await shown(), await tone("--red"));
  await judge(page, Buffer.from("{}"));
  assert.equal(await shown(), await tone("--red"));
});

pageTest("each check is shown with its inputs, in order", async (page) => {
  await judge(page, Buffer.from(dual));
  await page.click("text=Show all inputs");
  const names = await page.locator(".checks > li").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-check")));
  assert.deepEqual(names.slice(0, 5), ["key_hash", "key_id", "alpha", "vrf", "random"]);
  const proof = (JSON.parse(dual) as { vrf: { proof: string } }).vrf.proof;
  await page.locator(`[data-check="vrf"] dd:visible`, { hasText: proof }).waitFor();
});

pageTest("a signer pins ECDSA alone, and the page says so", async (page) => {
  await pin(page, "signer", trusted);
  await judge(page, Buffer.from(dual));
  assert.match((await said(page)).text, /by nothing else/);
});

pageTest("the log's checkpoint is checked with a keys file alone, and the page says so", async (page) => {
  const log = makeLog(1);
  const part = logOf(dual, log, 9n);
  const logged = Buffer.from(withLog(dual, part));
  const place = `In the log at index ${part.index} of ${part.tree_size} entries`;
  const shown = async (json: Buffer) => [(await judge(page, json)).title, await page.innerText(".notes"), await page.innerText(".checks")];
  const unpinned = await shown(logged);
  assert.match(unpinned[1] ?? "", new RegExp(`${place}, says a checkpoint whose signatures were NOT checked`));
  assert.match(unpinned[2] ?? "", /passed\s+inclusion/);
  assert.match(unpinned[2] ?? "", /not checked\s+checkpoint/);
  await pin(page, "key_hash", trusted);
  const [valid, note] = await shown(logged);
  assert.equal(valid, "Valid");
  assert.match(note ?? "", /signatures were NOT checked/);
  await pin(page, "keys", { ...trusted, keys: { ...(trusted.keys as object), log: log.keys } });
  const pinned = await shown(logged);
  assert.equal(pinned[0], "Valid");
  assert.match(pinned[1] ?? "", new RegExp(`${place}; the log signed the checkpoint`));
  assert.doesNotMatch(pinned.join(), /NOT checked/);
  assert.match(pinned[2] ?? "", /passed\s+checkpoint/);
  assert.match(await page.innerText(".facts"), new RegExp(`${log.origin}, index ${part.index}`));
  assert.equal((await judge(page, Buffer.from(withLog(dual, { ...part, index: "7" })))).title, "Failed: inclusion");
  const foreign = logOf(dual, makeLog(2), 9n);
  assert.equal((await judge(page, Buffer.from(withLog(dual, foreign)))).title, "Failed: checkpoint");
  const without = await shown(Buffer.from(withLog(dual, undefined)));
  assert.equal(without[0], "Valid");
  assert.match(without[1] ?? "", /no proof that it is in the node’s log/);
});

pageTest("a pin that names nobody is an error, not no pin", async (page) => {
  await judge(page, Buffer.from(dual));
  for (const [id, value] of [["keyHash", "0x12"], ["signer", "0x12"]] as const) {
    await page.check(`input[value="${id}"]`);
    assert.equal((await said(page)).verdict, "unpinnable");
    await page.fill(`#${id}`, value);
    assert.equal((await said(page)).verdict, "unpinnable");
    assert.equal(await page.getAttribute(`#${id}`, "aria-invalid"), "true");
  }
  await page.check('input[value="keys"]');
  assert.match((await said(page)).text, /choose the keys file/i);
  await page.setInputFiles("#keys", { name: "keys.json", mimeType: "application/json", buffer: Buffer.from(dual) });
  await page.waitForFunction(() => document.getElementById("pin-problem")?.textContent?.includes("/v1/keys"));
});

pageTest("garbage is refused, with a word on what it may be", async (page) => {
  const garbage: [string | Buffer, RegExp][] = [
    ["garbage", /not valid JSON/], ["[]", /not an object/], [Buffer.from([0xff, 0xfe, 0]), /not UTF-8/],
    ["<!doctype html>", /web page/], ["\ufeff{}", /byte order mark/], [JSON.stringify(trusted.keys), /list of keys/],
    ['{"type":"/errors/invalid-api-key","status":401,"detail":"invalid api key"}', /error answer: invalid api key/],
    [`{"<img src=x onerror=alert(1)>":1,${dual.slice(1)}`, /<img src=x onerror=alert\(1\)> is unknown/],
  ];
  for (const [input, says] of garbage) {
    const { verdict, text } = await judge(page, Buffer.from(input));
    assert.equal(verdict, "malformed");
    assert.match(text, says);
  }
  assert.equal(await page.locator("img").count(), 0);
});

pageTest("a file of 5 MB is refused at once", async (page) => {
  const big = Buffer.alloc(5 * 1024 * 1024, '{"a":');
  assert.match((await judge(page, big)).text, /has 5242880 bytes; at most 65536/);
  // Dropped or pasted, it is refused while the page still answers.
  const milliseconds = await page.evaluate(async (length) => {
    const begun = performance.now();
    const dropped = new DataTransfer();
    dropped.items.add(new File(["x".repeat(length)], "receipt.json"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
    const pasted = new DataTransfer();
    pasted.setData("text/plain", "x".repeat(length));
    document.getElementById("text")?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, cancelable: true }));
    while (!document.querySelector("[data-verdict]")) await new Promise((resolve) => setTimeout(resolve));
    return performance.now() - begun;
  }, big.length);
  assert.ok(milliseconds < 1000, `${milliseconds} ms`);
  assert.match((await said(page)).text, /has 5242880 bytes/);
  assert.equal((await judge(page, Buffer.from(dual))).verdict, "self-consistent");
});

pageTest("pasting, typing and dropping, and no old verdict beside a new text", async (page) => {
  await page.fill("#text", dual);
  assert.equal((await said(page)).verdict, "self-consistent");
  await page.locator("#text").pressSequentially("x");
  assert.equal((await said(page)).verdict, "malformed");
  await page.evaluate((text) => {
    document.getElementById("text")?.dispatchEvent(new Event("input"));
    if (document.querySelector("[data-verdict]")) throw new Error("the old verdict is still there");
    const data = new DataTransfer();
    data.items.add(new File([text], "receipt.json"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, dual);
  assert.equal((await said(page)).verdict, "self-consistent");
  assert.equal(await page.inputValue("#text"), dual);
  await page.fill("#text", "");
  await page.waitForFunction(() => document.getElementById("verdict")?.textContent === "Nothing has been checked yet.");
});

pageTest("the keyboard is enough", async (page) => {
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName);
  const tabTo = async (id: string) => {
    for (let at = 0; at < 30 && (await focused()) !== id; at += 1) await page.keyboard.press("Tab");
    assert.equal(await focused(), id);
  };
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo("text");
  await page.keyboard.insertText(dual);
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await tabTo("keyHash");
  await page.keyboard.insertText(trusted.key_hash);
  await tabTo("BUTTON");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "verdict");
  assert.equal((await said(page)).verdict, "valid");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "SUMMARY");
  await page.keyboard.press("Enter");
  await page.locator('[data-check="key_hash"] dl').waitFor({ state: "visible" });
});

needs("the policy is in force: no request, no script, no markup", missing, async () => {
  const { page, misdeeds }: Watched = await open((browser as { context: BrowserContext }).context);
  const outcomes = await page.evaluate(async () => {
    const tried = async (act: () => unknown) => {
      // What the debugger runs may evaluate strings; what runs later may not.
      await new Promise((resolve) => setTimeout(resolve));
      try {
        await act();
        return "done";
      } catch {
        return "refused";
      }
    };
    return [
      await tried(() => fetch("http://127.0.0.1:9/")),
      await tried(() => (document.body.innerHTML = "<b>x</b>")),
      await tried(() => new Function("return 1")()),
      await tried(() => document.body.append(Object.assign(document.createElement("script"), { text: "0" }))),
    ];
  });
  assert.deepEqual(outcomes, ["refused", "refused", "refused", "refused"]);
  assert.ok(misdeeds.some((misdeed) => misdeed.includes("connect-src")), String(misdeeds));
  await page.close();
});
