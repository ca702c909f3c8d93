/** Draws and usage over HTTP, against a server that answers as told. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, type DrawOrder, MalformedError, type Options, Re4ctor, VerificationError } from "../src/index.js";
import { cutOff, type Handler, problem, type Stub, stub, text } from "./stub.js";
import { drawDocument, type DrawVectors, vectors } from "./vectors.js";

const draws = vectors<DrawVectors>("draws.json");
const pin = { keyHash: draws.trusted.key_hash };
const winners = drawDocument(draws, 'winners: {"kind":"winners","k":2,"participants":["alice","bob","carol","dave"],"weights"');
const dice = drawDocument(draws, "dice: ");
const ids = [winners, dice].map((document) => (JSON.parse(document) as { id: string }).id);
const ORDER: DrawOrder = {
  kind: "winners", k: 2, participants: ["alice", "bob", "carol", "dave"], weights: [1, 5, 2, 2], label: "by tickets",
};
const USAGE = {
  key: { id: "key_0123456789ab", name: "alice", scopes: ["draws"] },
  rate: { limit: 50, window_seconds: 1, remaining: 45, reset_seconds: 1 },
  quota: { units: 1000, per: "month", used: 5, left: 995, resets: 1_800_000_000 },
  days: [{ day: "2026-11-22", route: "/v1/draws", requests: 1, units: 5 }],
};

async function against(
  handlers: Handler[],
  body: (client: Re4ctor, server: Stub) => Promise<void>,
  options: Partial<Options> = {},
): Promise<void> {
  const server = await stub(...handlers);
  try {
    await body(new Re4ctor({ baseUrl: server.url, apiKey: "k", pin, ...options }), server);
  } finally {
    await server.close();
  }
}

test("an order is sent as it is meant, and the draw is verified", () =>
  against([text(winners)], async (client, { seen, bodies, names }) => {
    const { json, document, report } = await client.draw(ORDER);
    assert.equal(json, winners);
    assert.equal(report.verdict, "valid");
    assert.deepEqual(report.names, document.result.map((at) => document.participants?.[Number(at)]));
    assert.deepEqual(seen, ["POST /v1/draws"]);
    assert.deepEqual(JSON.parse(bodies[0] ?? ""), { ...ORDER, n: 4 });
    assert.match(names[0] ?? "", /^[0-9a-f]{32}$/);
  }));

test("one call has one name, however often it is sent, and the next has another", () =>
  against([problem(503), cutOff, problem(409, { "Retry-After": "0" }, "idempotency-in-progress"), text(winners)], async (client, { names }) => {
    await client.draw(ORDER);
    assert.equal(names.length, 4);
    assert.equal(new Set(names).size, 1);
    await client.draw(ORDER);
    assert.notEqual(names[4], names[0]);
    await client.draw(ORDER, { idempotencyKey: "mine" });
    assert.equal(names[5], "mine");
  }));

test("what may be repeated by POST has a name, and nothing else", () =>
  against([problem(400)], async (client, { names }) => {
    for (const request of [{ alpha: "0x00" }, {}] as const) await assert.rejects(client.vrf(request), ApiError);
    await assert.rejects(client.usage(), ApiError);
    assert.match(names[0] ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(names.slice(1), [undefined, undefined]);
  }));

test("a quota that is spent is not asked again, and problems are told apart by kind", async () => {
  for (const [status, kind] of [[429, "quota-exceeded"], [403, "missing-scope"], [400, "invalid-draw"], [422, "idempotency-mismatch"]] as const) {
    await against([problem(status, { "Retry-After": "0" }, kind)], async (client, { seen }) => {
      await assert.rejects(client.draw(ORDER), (error) => error instanceof ApiError && error.kind === kind);
      assert.equal(seen.length, 1, kind);
    });
  }
});

test("a good draw of another order is refused", () =>
  against([text(winners)], async (client) => {
    const others: DrawOrder[] = [
      { ...ORDER, kind: "shuffle" } as DrawOrder, { ...ORDER, k: 3 } as DrawOrder, { ...ORDER, label: "by ticket" },
      { ...ORDER, participants: ["bob", "alice", "carol", "dave"] } as DrawOrder, { ...ORDER, weights: [5, 1, 2, 2] } as DrawOrder,
      { kind: "winners", k: 2, n: 4, label: "by tickets" }, { kind: "dice", count: 5 },
    ];
    for (const order of others) {
      if (order.kind === "shuffle") delete (order as { weights?: unknown }).weights;
      await assert.rejects(client.draw(order), (error) => error instanceof VerificationError && /another request/.test(error.message));
    }
  }));

test("a draw that does not verify is refused", () =>
  against([text(winners.replace(/"result":\[\d+,/, '"result":[9,'))], async (client) => {
    await assert.rejects(client.draw(ORDER), (error) => error instanceof VerificationError && error.report?.failed === "result");
  }));

test("a draw is fetched by its id, without a key", () =>
  against([text(winners), text(dice), text("{}")], async (client, { seen, keys }) => {
    assert.equal((await client.drawn(ids[0] ?? "")).json, winners);
    await assert.rejects(client.drawn(ids[0] ?? ""), (error) => error instanceof VerificationError && /another id/.test(error.message));
    await assert.rejects(client.drawn(ids[0] ?? ""), MalformedError);
    for (const wrong of ["", "0x00", "../keys", 5]) await assert.rejects(client.drawn(wrong as string), TypeError);
    assert.deepEqual(seen, new Array(3).fill(`GET /v1/draws/${ids[0]}`));
    assert.deepEqual(keys, new Array(3).fill(undefined));
  }));

test("a receipt is no answer to an order", () =>
  against([text(drawDocument(draws, "bare receipt: dice"))], async (client) => {
    await assert.rejects(client.draw({ kind: "dice", count: 5 }), MalformedError);
  }));

test("usage, with what a newer node adds, with and without a quota", () =>
  against([text(JSON.stringify({ ...USAGE, more: 1 })), text(JSON.stringify({ ...USAGE, quota: null })), text("{}")], async (client, { seen, keys }) => {
    const usage = await client.usage();
    assert.deepEqual(usage.quota, USAGE.quota);
    assert.deepEqual(usage.days, USAGE.days);
    assert.deepEqual(usage.key, { ...USAGE.key, expires: null });
    assert.deepEqual(usage.rate, { limit: 50, windowSeconds: 1, remaining: 45, resetSeconds: 1 });
    assert.equal((await client.usage()).quota, null);
    await assert.rejects(client.usage(), MalformedError);
    assert.deepEqual([seen[0], keys[0]], ["GET /v1/usage", "k"]);
  }));

test("orders that cannot be meant", async () => {
  const client = new Re4ctor({ baseUrl: "http://127.0.0.1:1" });
  const wrong: [object, RegExp][] = [
    [{ kind: "lots" }, /kind of draw/], [{ kind: "winners", k: 1 }, /n must/], [{ kind: "shuffle", n: 3, participants: ["a"] }, /1 entries/],
    [{ kind: "shuffle", participants: ["a"], participantsSha256: `0x${"00".repeat(32)}` }, /only one/],
    [{ kind: "shuffle", n: 1, participantsSha256: "00" }, /participantsSha256/], [{ kind: "dice", count: 1, label: " x" }, /label/],
    [{ kind: "dice", count: 1, participants: ["a"] }, /list|participants/], [{ kind: "integers", count: 1, min: 0, max: 0.5 }, /max/],
  ];
  for (const [order, says] of wrong) await assert.rejects(client.draw(order as DrawOrder), says);
  for (const idempotencyKey of ["", "a b", "é", "x".repeat(256)]) {
    await assert.rejects(client.draw({ kind: "dice", count: 1 }, { idempotencyKey }), TypeError);
  }
});
