/** What the page shows is of what it was given last: copies of it, slow files, unreadable ones. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { pathToFileURL } from "node:url";

import type { BrowserContext, Page } from "playwright-core";

import { launch, missing, open } from "./browser.js";
import { needs } from "./live.js";
import { judge, pin, said } from "./page.js";
import { drawDocument, type DrawVectors, type ReceiptVectors, vectors } from "./vectors.js";

const { trusted, cases } = vectors<ReceiptVectors>("receipts.json");
const dual = cases.find((one) => one.verdict === "valid" && one.pin === "key_hash" && one.require === "dual")?.document ?? "";
const keys = JSON.stringify(trusted.keys);
/** The keys once another epoch is active and the one of the receipt is revoked. */
const later = keysLater();

function keysLater(): string {
  const { active, epochs } = structuredClone(trusted.keys) as { active: string; epochs: { key_hash: string; status: string }[] };
  const next = epochs.find((epoch) => epoch.status !== "active");
  for (const epoch of epochs) if (epoch.key_hash === active) epoch.status = "revoked";
  if (next) next.status = "active";
  return JSON.stringify({ active: next?.key_hash, epochs });
}

let browser: { context: BrowserContext; close: () => Promise<void> } | undefined;
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "r4-page-"));
  if (!missing) browser = await launch();
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

const context = () => (browser as { context: BrowserContext }).context;

/** A test on a page whose reads of files named slow… wait for `release`, and of those named broken… fail. */
function readTest(name: string, body: (page: Page) => Promise<void>): void {
  needs(name, missing, async () => {
    const { page, misdeeds } = await open(context());
    await page.evaluate(() => {
      const { slice, arrayBuffer } = Blob.prototype;
      const names = new WeakMap<Blob, string>();
      Blob.prototype.slice = function (this: File, ...range) {
        const part = slice.apply(this, range);
        names.set(part, this.name);
        return part;
      };
      Blob.prototype.arrayBuffer = async function (this: File) {
        const read = names.get(this) ?? this.name;
        if (read.startsWith("slow")) await new Promise((resolve) => addEventListener(read, resolve, { once: true }));
        if (read.endsWith("broken")) throw new DOMException("no", "NotReadableError");
        return arrayBuffer.apply(this);
      };
    });
    await body(page);
    assert.deepEqual(misdeeds, []);
    await page.close();
  });
}

/** Lets the read of a slow file go on, until whatever follows from it has happened. */
async function release(page: Page, name: string): Promise<void> {
  await page.evaluate(async (read) => {
    dispatchEvent(new Event(read));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }, name);
}

const choose = (page: Page, id: "file" | "keys", name: string, text: string) =>
  page.setInputFiles(`#${id}`, { name, mimeType: "application/json", buffer: Buffer.from(text) });

const reading = (page: Page) => page.waitForFunction(() => document.getElementById("result")?.innerText.includes("Reading …"));

readTest("a keys file that cannot be read replaces one that could", async (page) => {
  await pin(page, "keys", trusted);
  assert.equal((await judge(page, Buffer.from(dual))).verdict, "valid");
  await choose(page, "keys", "broken", keys);
  assert.match((await said(page)).text, /keys file could not be read/i);
  assert.match(await page.innerText("#pin-problem"), /could not be read/);
  await page.click("#form button");
  assert.equal((await said(page)).verdict, "unpinnable");
  await choose(page, "keys", "keys.json", keys);
  assert.equal((await said(page)).verdict, "valid");
  assert.ok(await page.isHidden("#pin-problem"));
});

readTest("of two keys files the later one counts, however long the first takes", async (page) => {
  await pin(page, "keys", trusted);
  assert.equal((await judge(page, Buffer.from(dual))).verdict, "valid");
  await choose(page, "keys", "slow", keys);
  await reading(page);
  await page.click("#form button");
  await reading(page);
  await choose(page, "keys", "later.json", later);
  assert.equal((await said(page)).title, "Failed: pin");
  await release(page, "slow");
  assert.equal((await said(page)).title, "Failed: pin");
  await page.click("#form button");
  assert.equal((await said(page)).title, "Failed: pin");
});

readTest("a slow keys file counts once it is read, and only where keys are pinned", async (page) => {
  await judge(page, Buffer.from(dual));
  await page.check('input[value="keys"]');
  await choose(page, "keys", "slow", keys);
  await page.check('input[value="none"]');
  assert.equal((await said(page)).verdict, "self-consistent");
  await page.check('input[value="keys"]');
  await reading(page);
  await release(page, "slow");
  assert.equal((await said(page)).verdict, "valid");
});

readTest("a receipt that cannot be read replaces one that could", async (page) => {
  await pin(page, "key_hash", trusted);
  for (const name of ["broken", "slow broken"]) {
    assert.equal((await judge(page, Buffer.from(dual))).verdict, "valid");
    await choose(page, "file", name, dual);
    if (name.startsWith("slow")) await reading(page);
    await release(page, name);
    for (const again of [false, true]) {
      if (again) await page.click("#form button");
      const { verdict, title } = await said(page);
      assert.equal(verdict, "unreadable");
      assert.match(title, /could not be read/);
    }
    assert.equal(await page.inputValue("#text"), "");
  }
});

readTest("a dropped folder replaces the receipt", async (page) => {
  await pin(page, "key_hash", trusted);
  assert.equal((await judge(page, Buffer.from(dual))).verdict, "valid");
  const debug = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await debug.send("Input.dispatchDragEvent", { type, x: 50, y: 50, data });
  }
  await page.waitForSelector('#verdict[data-verdict="unreadable"]');
  await page.click("#form button");
  assert.equal((await said(page)).verdict, "unreadable");
});

readTest("a text typed while a file is read counts, not the file", async (page) => {
  await pin(page, "key_hash", trusted);
  await choose(page, "file", "slow", dual);
  await page.fill("#text", "{}");
  assert.equal((await said(page)).verdict, "malformed");
  await release(page, "slow");
  assert.equal((await said(page)).verdict, "malformed");
  assert.equal(await page.inputValue("#text"), "{}");
  assert.equal(await page.inputValue("#file"), "");
});

readTest("of two receipt files the later one counts, however long the first takes", async (page) => {
  await choose(page, "file", "slow", "{}");
  assert.equal((await judge(page, Buffer.from(dual))).verdict, "self-consistent");
  await release(page, "slow");
  assert.equal((await said(page)).verdict, "self-consistent");
  assert.equal(await page.inputValue("#text"), dual);
});

readTest("whatever changes, the old result goes first", async (page) => {
  await pin(page, "keys", trusted);
  const changes: [id: string, event: string][] = [
    ["text", "input"], ["file", "change"], ["keys", "change"], ["require", "change"], ["keyHash", "input"], ["signer", "input"],
  ];
  for (const [id, event] of changes) {
    await judge(page, Buffer.from(dual));
    const left = await page.evaluate(([at, kind]) => {
      document.getElementById(at)?.dispatchEvent(new Event(kind));
      return document.querySelectorAll("[data-verdict], #report > *").length;
    }, [id, event] as const);
    assert.equal(left, 0, `${event} of ${id}`);
  }
  for (const radio of await page.locator('input[name="pin"]').all()) {
    await judge(page, Buffer.from(dual));
    const left = await radio.evaluate((choice) => {
      choice.dispatchEvent(new Event("change"));
      return document.querySelectorAll("[data-verdict], #report > *").length;
    });
    assert.equal(left, 0);
  }
});

readTest("a long text that is pasted clears the name of the file", async (page) => {
  await judge(page, Buffer.from(dual));
  assert.match(await page.inputValue("#file"), /receipt\.json/);
  await page.evaluate(() => {
    const pasted = new DataTransfer();
    pasted.setData("text/plain", "x".repeat(70_000));
    document.getElementById("text")?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, cancelable: true }));
  });
  assert.match((await said(page)).text, /has 70000 bytes/);
  assert.equal(await page.inputValue("#file"), "");
});

needs("a saved copy of the page shows no result, and checks as the page does", missing, async () => {
  const { page } = await open(context());
  await page.setViewportSize({ width: 1000, height: 700 });
  const states: (() => Promise<unknown>)[] = [
    async () => {
      await pin(page, "key_hash", trusted);
      assert.equal((await judge(page, Buffer.from(dual))).verdict, "valid");
    },
    async () => {
      await page.fill("#keyHash", "0x12");
      assert.equal((await said(page)).verdict, "unpinnable");
    },
    async () => {
      await page.fill("#keyHash", trusted.key_hash);
      await judge(page, Buffer.from(drawDocument(vectors<DrawVectors>("draws.json"), "participants left out")));
      assert.ok(await page.isVisible("#lists"));
    },
  ];
  for (const [at, enter] of states.entries()) {
    await enter();
    const path = join(folder, `${at}.html`);
    await writeFile(path, await page.content());
    const copy = await open(context(), pathToFileURL(path).href);
    assert.equal(await copy.page.innerText("#verdict"), "Nothing has been checked yet.");
    assert.equal(await copy.page.locator("[data-verdict], #report > *, [aria-invalid=true], .problem:visible, #lists:visible").count(), 0);
    assert.equal((await judge(copy.page, Buffer.from(dual))).verdict, "self-consistent");
    assert.deepEqual(copy.misdeeds, []);
    await copy.page.close();
  }
  await page.close();
});

readTest("a result says when it was checked, for copies in which nothing runs", async (page) => {
  const checked = /Checked in this tab at \d\d:\d\d:\d\d on \d{4}-\d\d-\d\d/;
  for (const text of [dual, dual.replace('"index":"', '"index":"1'), "{}"]) {
    await judge(page, Buffer.from(text));
    assert.match(await page.innerText("#verdict"), checked);
  }
  await pin(page, "key_hash", trusted);
  assert.equal((await judge(page, Buffer.from(dual))).verdict, "valid");
  assert.match(await page.innerText("#verdict"), checked);
  await page.fill("#text", "");
  await page.waitForFunction(() => document.getElementById("verdict")?.textContent === "Nothing has been checked yet.");
});
