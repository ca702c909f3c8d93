/** Draws of the running node, verified with a pin, and the page with a fresh one. */

import assert from "node:assert/strict";
import { after, before } from "node:test";

import type { BrowserContext } from "playwright-core";

import { toHex } from "../src/bytes.js";
import { ApiError, type DrawOrder, participantsHash, Re4ctor, verifyDraw } from "../src/index.js";
import { launch, missing, open } from "./browser.js";
import { apiKey, baseUrl, liveTest } from "./live.js";
import { judge } from "./page.js";

let browser: { context: BrowserContext; close: () => Promise<void> } | undefined;
before(async () => void (browser = missing || !baseUrl ? undefined : await launch()));
after(() => browser?.close());

const NAMES = ["Ada", "Grace", 'Katherine "K"', "Žofie", "<b>😀</b>"];
const ORDERS: DrawOrder[] = [
  { kind: "integers", count: 5, min: -3, max: 3 },
  { kind: "integers", count: 7, min: -3, max: 3, unique: true, label: "all seven" },
  { kind: "integers", count: 2, min: 1 - 2 ** 53, max: 0 },
  { kind: "shuffle", participants: NAMES, label: "running order" },
  { kind: "shuffle", n: 5, participantsSha256: participantsHash(NAMES) },
  { kind: "shuffle", n: 10_000 },
  { kind: "winners", k: 2, participants: NAMES },
  { kind: "winners", k: 5, participants: NAMES, weights: [1, 2, 2 ** 32 - 1, 4, 5] },
  { kind: "winners", k: 1, n: 2, weights: [1, 3] },
  { kind: "dice", count: 10_000 },
  { kind: "cards", count: 416, decks: 8, label: "shoe" },
  { kind: "decimals", count: 3, digits: 15 },
  { kind: "uuids", count: 3 },
];

/** A client that pins the keys which the node has now. */
async function pinned(): Promise<{ client: Re4ctor; keys: string }> {
  const { json: keys } = await new Re4ctor({ baseUrl }).keys();
  return { client: new Re4ctor({ baseUrl, apiKey, pin: { keys }, retries: 10 }), keys };
}

const kindOf = (call: Promise<unknown>) => call.then(() => "done", (error: unknown) => (error as ApiError).kind);

liveTest("draws of every kind, and each again by its id", async () => {
  const { client, keys } = await pinned();
  for (const order of ORDERS) {
    const { document, report } = await client.draw(order);
    assert.equal(report.verdict, "valid");
    assert.deepEqual(report.result, document.result);
    assert.equal(report.names !== null, "participants" in order, order.kind);
    const again = await client.drawn(toHex(document.id));
    assert.deepEqual([again.document.spec, again.document.result], [document.spec, document.result]);
    assert.equal(again.report.verdict, "valid");
    const receipt = JSON.stringify((JSON.parse(again.json) as { receipt: unknown }).receipt);
    const bare = verifyDraw(receipt, { pin: { keys }, weights: "weights" in order ? order.weights : undefined });
    assert.ok(bare.verdict === "valid");
    assert.deepEqual(bare.result, document.result);
  }
});

liveTest("one request is carried out once, and the same label gives the same", async () => {
  const { client } = await pinned();
  const idempotencyKey = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const order = { kind: "dice", count: 5 } as const;
  const first = await client.draw(order, { idempotencyKey });
  assert.equal((await client.draw(order, { idempotencyKey })).json, first.json);
  assert.equal(await kindOf(client.draw({ ...order, count: 6 }, { idempotencyKey })), "idempotency-mismatch");
  const labelled = { kind: "dice", count: 50, label: idempotencyKey } as const;
  const [one, two] = [await client.draw(labelled), await client.draw(labelled)];
  assert.deepEqual(one.document.result, two.document.result);
  assert.notDeepEqual(one.document.id, two.document.id);
});

liveTest("every field of a draw, changed by itself, is refused", async () => {
  const { client, keys } = await pinned();
  const { json } = await client.draw({ kind: "winners", k: 3, participants: NAMES, weights: [1, 2, 3, 4, 5], label: "mine" });
  const other = (value: unknown): unknown => {
    if (typeof value === "number") return value === 1 ? 2 : value - 1;
    const text = String(value);
    return text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
  };
  const changes: [string, (draw: Record<string, unknown>) => void][] = Object.keys(JSON.parse(json) as object).flatMap((name) => {
    const inner = (JSON.parse(json) as Record<string, unknown>)[name];
    if (typeof inner !== "object" || name === "receipt") return [[name, (draw) => void (draw[name] = other(draw[name]))]];
    return Object.keys(inner as object).map((at) => [
      `${name}.${at}`, (draw) => void ((draw[name] as Record<string, unknown>)[at] = other((inner as Record<string, unknown>)[at])),
    ]);
  });
  assert.equal(changes.length, 22);
  for (const [path, change] of changes) {
    const draw = JSON.parse(json) as Record<string, unknown>;
    change(draw);
    const { verdict } = verifyDraw(JSON.stringify(draw), { pin: { keys } });
    assert.ok(verdict === "failed" || verdict === "malformed", `${path}: ${verdict}`);
  }
});

liveTest("usage, and errors that are the node's", async () => {
  const { client } = await pinned();
  const { key, rate } = await client.usage();
  assert.ok(key.scopes.includes("draws") && rate.limit > 0);
  const stranger = new Re4ctor({ baseUrl, apiKey: "WRONG" });
  assert.equal(await kindOf(stranger.draw({ kind: "dice", count: 1 })), "invalid-api-key");
  assert.equal(await kindOf(stranger.usage()), "invalid-api-key");
  assert.equal(await kindOf(client.drawn(`0x${"00".repeat(32)}`)), "unknown-draw");
});

liveTest("the page shows a fresh draw: names as they are, and all of many when asked", async () => {
  const { page, misdeeds } = await open((browser as { context: BrowserContext }).context);
  const { client } = await pinned();
  const { json, report } = await client.draw({ kind: "shuffle", participants: NAMES });
  assert.equal((await judge(page, Buffer.from(json))).verdict, "self-consistent");
  assert.deepEqual(await page.locator(".drawn .name").allInnerTexts(), report.names);
  const many = Array.from({ length: 250 }, (_, at) => `number ${at}`);
  const long = await client.draw({ kind: "winners", k: 250, participants: many });
  assert.equal((await judge(page, Buffer.from(long.json))).verdict, "self-consistent");
  assert.equal(await page.locator(".drawn li").count(), 100);
  await page.getByRole("button", { name: "Show all 250" }).press("Enter");
  assert.deepEqual(await page.locator(".drawn .name").allInnerTexts(), long.report.names);
  assert.equal(await page.evaluate(() => document.activeElement?.className), "drawn names many");
  assert.deepEqual(misdeeds, []);
  await page.close();
});

liveTest("a list larger than a receipt may be is shown at once", async () => {
  const { page, misdeeds } = await open((browser as { context: BrowserContext }).context);
  const { client } = await pinned();
  const participants = Array.from({ length: 10_000 }, (_, at) => `${String(at).padStart(4, "0")} ${"é".repeat(97)}x`);
  const weights = participants.map((_, at) => 1 + ((at * 2_654_435_761) % (2 ** 32 - 1)));
  const { json, report } = await client.draw({ kind: "winners", k: 10_000, participants, weights });
  assert.equal(new Set(report.names).size, 10_000);
  const begun = performance.now();
  assert.equal((await judge(page, Buffer.from(json))).verdict, "self-consistent");
  assert.ok(performance.now() - begun < 5_000);
  assert.deepEqual(await page.locator(".drawn .name").allInnerTexts(), report.names?.slice(0, 100));
  assert.equal(await page.inputValue("#text"), "");
  assert.deepEqual(misdeeds, []);
  await page.close();
});
