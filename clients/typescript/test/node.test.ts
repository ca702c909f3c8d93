/** The client against the running node: everything it offers, verified with a pin. */

import assert from "node:assert/strict";

import { toHex } from "../src/bytes.js";
import { ApiError, parseDocument, type Policy, Re4ctor, verify } from "../src/index.js";
import { apiKey, baseUrl, liveTest } from "./live.js";
import { tamper } from "./tamper.js";

/** A client that pins the keys which the node has now. */
async function pinned(): Promise<Re4ctor> {
  const { json } = await new Re4ctor({ baseUrl }).keys();
  return new Re4ctor({ baseUrl, apiKey, pin: { keys: json }, retries: 10 });
}

/** Every field, changed by itself, is named by a check or as malformed. */
function tamperEach(json: string, policy: Policy): void {
  for (const one of tamper(json)) {
    const found = verify(one.json, policy);
    assert.deepEqual([found.verdict, found.failed ?? found.error?.field], [one.verdict, one.names], one.path);
  }
}

/** A document with something else in its checkpoint. */
function withCheckpoint(json: string, from: string, to: string): string {
  const document = JSON.parse(json) as { log: { checkpoint: string } };
  document.log.checkpoint = document.log.checkpoint.replace(from, to);
  return JSON.stringify(document);
}

/** Asks until an answer is late enough: the published checkpoint follows the answers within a second. */
async function eventually<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (enough(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

liveTest("random bytes, also more than one request gives", async () => {
  const client = await pinned();
  const [a, b] = [await client.random(32), await client.random(32)];
  assert.notDeepEqual(a, b);
  let last = 0;
  const bytes = await client.random(2_500_001, { onProgress: ({ received }) => (last = received) });
  assert.equal(last, 2_500_001);
  const seen = new Set(bytes.subarray(-10_000));
  assert.equal(seen.size, 256);
});

liveTest("receipts of all three modes, and every field of each tampered", async () => {
  const client = await pinned();
  const { active } = (await client.keys()).document;
  assert.ok(active);
  const pin = { keyHash: `0x${Buffer.from(active).toString("hex")}` };
  for (const sig of ["dual", "ecdsa", "mldsa65"] as const) {
    const alpha = Uint8Array.from(Buffer.from(`fixed ${sig}`));
    const { report, document, json } = await client.vrf({ alpha, sig });
    assert.equal(report.verdict, "valid");
    assert.deepEqual(document.alpha, alpha);
    tamperEach(json, { pin, require: sig });
  }
});

liveTest("the same alpha gives the same output, the index another", async () => {
  const client = await pinned();
  const outputs = [];
  for (const request of [{ alpha: "0x68656c6c6f" }, { alpha: "0x68656c6c6f" }, {}, {}] as const) {
    outputs.push((await client.vrf(request)).document);
  }
  const [one, two, three, four] = outputs;
  assert.deepEqual(one?.random, two?.random);
  assert.notDeepEqual(three?.random, four?.random);
  assert.equal(three?.alphaSource, "index");
});

liveTest("a receipt for a contract, with what the contract takes", async () => {
  const client = await pinned();
  const contract = "0x23d93d09d2ec9b304b37a774c9b80c5503c03f0d";
  const request = { alpha: "0x01", chainId: 11155111, contract } as const;
  assert.equal((await client.vrf(request)).document.domain.chainId, 11155111n);
  const { document, report, json } = await client.vrf({ ...request, format: "evm" });
  assert.ok(document.evm?.call);
  assert.equal(report.checks.find((check) => check.name === "evm")?.outcome, "passed");
  tamperEach(json, { pin: { keys: (await client.keys()).json } });
});

liveTest("attested bytes, and every field of them tampered", async () => {
  const client = await pinned();
  const { document, report, json } = await client.randomDual(64);
  assert.equal(document.bytes.length, 64);
  assert.equal(report.verdict, "valid");
  tamperEach(json, { pin: { keys: (await client.keys()).json } });
});

liveTest("every answer is in the log, whose checkpoint is signed with its keys", async () => {
  const client = await pinned();
  const { json: keys } = await client.keys();
  const pin = { keys };
  for (const { json, report } of [await client.vrf({ alpha: "0x01" }), await client.randomDual(16)]) {
    const outcomes = report.checks.filter(({ name }) => name === "inclusion" || name === "checkpoint").map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ["passed", "passed"]);
    const lines = parseDocument(json).log?.checkpoint.split("\n").filter((line) => line.startsWith("— ")) ?? [];
    assert.equal(lines.length, 2);
    for (const line of lines) {
      const flipped = line.replace(/.(?=.{20}$)/, (digit) => (digit === "A" ? "B" : "A"));
      assert.equal(verify(withCheckpoint(json, line, flipped), { pin }).failed, "checkpoint");
      assert.equal(verify(withCheckpoint(json, `${line}\n`, ""), { pin }).failed, "checkpoint");
    }
  }
  const { document } = await client.vrf({ alpha: "0x02" });
  const size = document.log?.treeSize ?? 0n;
  const published = await eventually(() => client.checkpoint(), ({ checkpoint }) => checkpoint.size >= size);
  assert.deepEqual([published.verified, published.checkpoint.origin], [true, document.log?.origin]);
  const again = await client.receipt(toHex(document.id));
  assert.equal(again.report.verdict, "valid");
  assert.deepEqual(again.document.random, document.random);
  assert.equal(again.document.log?.index, document.index);
  assert.ok((again.document.log?.treeSize ?? 0n) >= size);
});

liveTest("errors are the node's", async () => {
  const wrong = new Re4ctor({ baseUrl, apiKey: "WRONG" });
  const unknown = await wrong.random(1).catch((error: unknown) => error);
  assert.ok(unknown instanceof ApiError);
  assert.deepEqual([unknown.status, unknown.type, unknown.detail], [401, "/errors/invalid-api-key", "invalid api key"]);
  assert.match(unknown.requestId ?? "", /^[0-9a-f]+$/);
  const client = await pinned();
  await assert.rejects(client.vrf({ alpha: "0x72342f" }), (error) => error instanceof ApiError && error.status === 400);
});
