/** The client against a server that misbehaves as told. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ApiError, MalformedError, NetworkError, type Options, PinError, Re4ctor, Re4ctorError, TimeoutError,
} from "../src/index.js";
import { bytesAsAsked, cutOff, type Handler, problem, silent, type Stub, stub, text } from "./stub.js";

const KEY = "a-secret-key";

/** Runs a body with a client of a stub. */
async function against(
  handlers: Handler[],
  body: (client: Re4ctor, server: Stub) => Promise<void>,
  options: Partial<Options> = {},
): Promise<void> {
  const server = await stub(...handlers);
  try {
    await body(new Re4ctor({ baseUrl: server.url, apiKey: KEY, ...options }), server);
  } finally {
    await server.close();
  }
}

test("random bytes, with the key in a header", () =>
  against([bytesAsAsked], async (client, { seen, keys }) => {
    assert.deepEqual(await client.random(5), new Uint8Array(5).fill(7));
    assert.deepEqual(seen, ["GET /v1/random?n=5"]);
    assert.deepEqual(keys, [KEY]);
  }));

test("the public keys are asked for without a key, so that a page of another origin may", () =>
  against([text("{}")], async (client, { seen, keys }) => {
    await assert.rejects(client.keys(), MalformedError);
    assert.deepEqual([seen, keys], [["GET /v1/keys"], [undefined]]);
  }));

test("what is public is asked for without a key: receipts and the checkpoint, too", () =>
  against([text("{}")], async (client, { seen, keys }) => {
    const id = `0x${"5a".repeat(32)}`;
    await assert.rejects(client.receipt(id), MalformedError);
    await assert.rejects(client.checkpoint(), MalformedError);
    assert.deepEqual([seen, keys], [[`GET /v1/receipts/${id}`, "GET /v1/log/checkpoint"], [undefined, undefined]]);
    for (const wrong of ["", "5a", `0x${"5A".repeat(32)}`, "0x00/../..", 5]) await assert.rejects(client.receipt(wrong as string), TypeError);
    assert.equal(seen.length, 2);
  }));

test("a large download is several requests, and says how far it is", () =>
  against([bytesAsAsked], async (client, { seen }) => {
    const steps: number[] = [];
    const bytes = await client.random(2_500_000, { onProgress: ({ received, total }) => {
      assert.equal(total, 2_500_000);
      steps.push(received);
    } });
    assert.ok(bytes.length === 2_500_000 && bytes.every((octet) => octet === 7));
    assert.deepEqual(seen, ["GET /v1/random?n=1000000", "GET /v1/random?n=1000000", "GET /v1/random?n=500000"]);
    assert.deepEqual(steps, [...steps].sort((a, b) => a - b));
    assert.ok(steps.length > 5 && steps.at(-1) === 2_500_000, `${steps.length} steps`);
  }));

test("what is repeatable is repeated: refusals that pass, broken connections, silence", async () => {
  for (const handler of [problem(503), problem(502), problem(504), problem(429, { "Retry-After": "0" }), cutOff]) {
    await against([handler, bytesAsAsked], async (client, { seen }) => {
      assert.equal((await client.random(100)).length, 100);
      assert.equal(seen.length, 2);
    });
  }
  await against([silent, bytesAsAsked], async (client) => void (await client.random(9)), { timeoutMs: 300 });
});

test("Retry-After is obeyed, in seconds and as a date", async () => {
  for (const after of [() => "1", () => new Date(Date.now() + 2500).toUTCString()]) {
    const refuses: Handler = (...args) => problem(429, { "Retry-After": after() })(...args);
    await against([refuses, bytesAsAsked], async (client) => {
      const start = performance.now();
      await client.random(1);
      const waited = performance.now() - start;
      assert.ok(waited > 900 && waited < 5000, `${waited} ms`);
    });
  }
});

test("a wait that is too long is the caller's to decide", () =>
  against([problem(429, { "Retry-After": "3600" })], async (client, { seen }) => {
    await assert.rejects(client.random(1), (error) => error instanceof ApiError && error.retryAfterSeconds === 3600);
    assert.equal(seen.length, 1);
  }));

test("what cannot pass is not repeated", async () => {
  for (const status of [400, 401, 403, 404, 413, 500]) {
    await against([problem(status)], async (client, { seen }) => {
      await assert.rejects(client.random(1), (error) => error instanceof ApiError && error.status === status);
      assert.equal(seen.length, 1);
    });
  }
});

test("retries end", () =>
  against([problem(503, { "Retry-After": "0" })], async (client, { seen }) => {
    await assert.rejects(client.random(1), ApiError);
    assert.equal(seen.length, 3);
  }, { retries: 2 }));

test("an index is never used twice for one call", async () => {
  const calls: [string, (client: Re4ctor) => Promise<unknown>][] = [
    ["vrf", (client) => client.vrf()],
    ["random_dual", (client) => client.randomDual(16)],
  ];
  for (const [name, call] of calls) {
    for (const handler of [problem(503), problem(502), problem(504), cutOff, silent]) {
      await against([handler], async (client, { seen }) => {
        await assert.rejects(call(client), Re4ctorError, name);
        assert.equal(seen.length, 1, name);
      }, { timeoutMs: 300 });
    }
    // The gateway refused before anything was done: that may be repeated.
    await against([problem(429, { "Retry-After": "0" }), problem(400)], async (client, { seen }) => {
      await assert.rejects(call(client), (error) => error instanceof ApiError && error.status === 400);
      assert.equal(seen.length, 2, name);
    });
  }
  // With an alpha the output is the same, so that a repetition is harmless.
  await against([problem(503), problem(400)], async (client, { seen }) => {
    await assert.rejects(client.vrf({ alpha: "0x00" }), ApiError);
    assert.deepEqual(seen, ["POST /v1/vrf", "POST /v1/vrf"]);
  });
});

test("a connection that never came about is repeated, whatever the call", async () => {
  let calls = 0;
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const fetch = async () => {
    calls += 1;
    throw new TypeError("fetch failed", { cause: refused });
  };
  const client = new Re4ctor({ baseUrl: "http://127.0.0.1:1", retries: 1, fetch });
  await assert.rejects(client.vrf(), (error) => error instanceof NetworkError && /ECONNREFUSED/.test(error.message));
  assert.equal(calls, 2);
});

test("an answer that breaks off is told in words, with the system's name", () =>
  against([cutOff], async (client, { seen }) => {
    const told = /\/v1\/vrf: other side closed \(UND_ERR_SOCKET\)$/;
    await assert.rejects(client.vrf(), (error) => error instanceof NetworkError && told.test(error.message));
    assert.equal(seen.length, 1);
  }));

test("time-outs: no answer, and a body that stalls", async () => {
  const stalls: Handler = (_, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": 100 }).write("x");
  };
  for (const handler of [silent, stalls]) {
    await against([handler], (client) => assert.rejects(client.random(100), TimeoutError), { timeoutMs: 200, retries: 0 });
  }
});

test("a signal ends a call, also while it waits", async () => {
  for (const handler of [silent, problem(503, { "Retry-After": "30" })]) {
    await against([handler], async (client, { seen }) => {
      const reason = new Error("enough");
      const aborting = new AbortController();
      setTimeout(() => aborting.abort(reason), 100);
      await assert.rejects(client.random(1, { signal: aborting.signal }), (error) => error === reason);
      assert.equal(seen.length, 1);
      await assert.rejects(client.keys({ signal: aborting.signal }), (error) => error === reason);
      assert.equal(seen.length, 1);
    });
  }
});

test("a problem document is read, and whatever else a proxy sends", async () => {
  await against([problem(400)], async (client) => {
    const error = await client.keys().catch((caught: unknown) => caught);
    assert.ok(error instanceof ApiError);
    const { type, status, detail, requestId, message } = error;
    assert.deepEqual({ type, status, detail, requestId, message }, {
      type: "/errors/some-problem", status: 400, detail: "a sentence", requestId: "abc", message: "400: a sentence",
    });
  });
  const page: Handler = (_, response) => response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>no</h1>");
  await against([page], async (client) => {
    const error = await client.keys().catch((caught: unknown) => caught);
    assert.ok(error instanceof ApiError && error.type === "about:blank" && error.detail === "Not Found");
  });
});

test("bodies that are not what was asked for", async () => {
  const random: [Handler, typeof MalformedError | typeof NetworkError][] = [
    [text("x".repeat(101), "application/octet-stream"), MalformedError],
    [text("x".repeat(99), "application/octet-stream"), NetworkError],
    [text("x".repeat(100), "text/html"), MalformedError],
  ];
  for (const [handler, kind] of random) {
    await against([handler], (client) => assert.rejects(client.random(100), kind), { retries: 0 });
  }
  for (const body of ["", "<html>", "{", '{"active":1,"active":2}', " ".repeat(2 ** 20 + 1)]) {
    await against([text(body)], (client) => assert.rejects(client.keys(), MalformedError));
    await against([text(body)], (client) => assert.rejects(client.vrf({ alpha: "0x00" }), MalformedError));
    await against([text(body)], (client) => assert.rejects(client.checkpoint(), MalformedError));
  }
});

test("a redirect is not followed, for the key would go with it", async () => {
  const elsewhere = await stub(bytesAsAsked);
  const redirect: Handler = (_, response) => response.writeHead(307, { Location: elsewhere.url }).end();
  await against([redirect], (client) => assert.rejects(client.random(1), NetworkError), { retries: 0 });
  assert.deepEqual(elsewhere.seen, []);
  await elsewhere.close();
});

test("errors do not tell the key", () =>
  against([problem(401), cutOff], async (client) => {
    for (let at = 0; at < 2; at += 1) {
      const error = await client.random(1).catch((caught: unknown) => caught);
      assert.ok(error instanceof Re4ctorError && !JSON.stringify([error, error.message, error.stack]).includes(KEY));
    }
  }, { retries: 0 }));

test("options and arguments that cannot be meant", async () => {
  const baseUrl = "http://127.0.0.1:1";
  const wrong: Partial<Options>[] = [
    { baseUrl: "ftp://x" }, { baseUrl: "nowhere" }, { baseUrl: "http://user:key@x" }, { baseUrl: "http://x/?key=1" },
    { apiKey: "" }, { apiKey: "a\nb" }, { timeoutMs: 0 }, { timeoutMs: Infinity }, { retries: -1 }, { retries: 1.5 },
  ];
  for (const options of wrong) assert.throws(() => new Re4ctor({ baseUrl, ...options }), /TypeError|RangeError/);
  assert.throws(() => new Re4ctor({ baseUrl, pin: { keyHash: "0x" } }), PinError);
  const client = new Re4ctor({ baseUrl });
  for (const n of [0, -1, 1.5, NaN, Infinity]) await assert.rejects(client.random(n), RangeError);
  for (const n of [15, 1001, 16.5]) await assert.rejects(client.randomDual(n), RangeError);
  const requests: [object, RegExp][] = [
    [{ sig: "rsa" }, /sig must/], [{ sig: "toString" }, /sig must/], [{ format: "xml" }, /format must/],
    [{ alpha: "hello" }, /alpha must/], [{ alpha: new Uint8Array() }, /1 to 1024/], [{ alpha: new Uint8Array(1025) }, /1 to 1024/],
    [{ contract: "0x" }, /needs chainId/], [{ chainId: 1, contract: "0x" }, /contract must/],
    [{ chainId: -1 }, /chainId must/], [{ chainId: 1.5 }, /chainId must/], [{ chainId: "0x1" }, /chainId must/],
    [{ chainId: 2 ** 53 }, /safe integer.*bigint/], [{ chainId: 9007199254740993 }, /safe integer/], [{ chainId: NaN }, /safe integer/],
    [{ chainId: 2n ** 64n }, /64 bits/], [{ chainId: "18446744073709551616" }, /64 bits/],
  ];
  for (const [request, says] of requests) await assert.rejects(client.vrf(request as object), says);
});

test("chains of more than 53 bits are given as bigint or decimal text", async () => {
  for (const chainId of [2n ** 64n - 1n, String(2n ** 64n - 1n), Number.MAX_SAFE_INTEGER, 0]) {
    await against([problem(400)], async (client, { bodies }) => {
      await assert.rejects(client.vrf({ chainId }), ApiError);
      assert.equal((JSON.parse(bodies[0] ?? "") as { chain_id: string }).chain_id, String(chainId));
    });
  }
});
