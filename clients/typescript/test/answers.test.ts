/** What the client makes of signed answers: only one that verifies and is for the request is returned. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { toHex } from "../src/bytes.js";
import {
  type Document, MalformedError, parseDocument, type Pin, Re4ctor, VerificationError, type VrfRequest,
} from "../src/index.js";
import { logOf, makeLog, withLog } from "./log.js";
import { stub, text } from "./stub.js";
import { type ReceiptVectors, vectors } from "./vectors.js";

const { trusted, cases } = vectors<ReceiptVectors>("receipts.json");
const valid = cases.filter((one) => one.verdict === "valid").map((one) => one.document);
const pin = { keyHash: trusted.key_hash };

function find(says: (document: Document) => boolean): string {
  const found = valid.find((json) => says(parseDocument(json)));
  assert.ok(found);
  return found;
}

/** The request that a receipt answers. */
function requestOf(json: string): VrfRequest {
  const document = parseDocument(json);
  assert.equal(document.kind, "vrf");
  const { chainId, contract } = document.domain;
  return {
    sig: ({ 1: "ecdsa", 2: "mldsa65", 3: "dual" } as const)[document.schemes],
    ...(document.alphaSource === "client" && { alpha: toHex(document.alpha) as `0x${string}` }),
    ...(chainId !== null && { chainId }),
    ...(contract !== null && { contract }),
    format: document.evm ? "evm" : "json",
  };
}

async function answering<T>(
  answer: string,
  body: (client: Re4ctor, sent: string[]) => Promise<T>,
  pinned: Pin | null = pin,
): Promise<T> {
  const server = await stub(text(answer));
  try {
    return await body(new Re4ctor({ baseUrl: server.url, ...(pinned && { pin: pinned }) }), server.bodies);
  } finally {
    await server.close();
  }
}

test("every valid receipt is returned for its request", async () => {
  let receipts = 0;
  for (const json of new Set(valid)) {
    if (parseDocument(json).kind !== "vrf" || !json.includes(trusted.key_hash)) continue;
    const { report, document, json: kept } = await answering(json, (client) => client.vrf(requestOf(json)));
    assert.deepEqual([report.verdict, document.kind, kept], ["valid", "vrf", json]);
    receipts += 1;
  }
  assert.ok(receipts > 10);
});

test("without a pin an answer is only self-consistent", async () => {
  const json = find(({ kind, schemes }) => kind === "vrf" && schemes === 3);
  const { report } = await answering(json, (client) => client.vrf(requestOf(json)), null);
  assert.equal(report.verdict, "self-consistent");
});

test("a request says what was asked for", async () => {
  const json = find((one) => one.kind === "vrf" && one.alphaSource === "client" && !!one.evm && !!one.domain.contract);
  await answering(json, async (client, sent) => {
    const request = requestOf(json);
    await client.vrf(request);
    assert.deepEqual(JSON.parse(sent[0] ?? ""), {
      sig: request.sig, alpha: request.alpha, chain_id: String(request.chainId), contract: request.contract, format: "evm",
    });
  });
});

test("a good receipt for another request is refused", async () => {
  const json = find(({ kind, schemes, domain }) => kind === "vrf" && schemes === 3 && domain.contract !== null);
  const good = requestOf(json);
  const { contract, ...anywhere } = good;
  const others: [VrfRequest, RegExp][] = [
    [{ ...good, alpha: "0x00ff00ff" }, /another alpha/],
    [{ ...good, chainId: 2n }, /another domain/],
    [{ ...good, contract: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" }, /another domain/],
    [anywhere, /another domain/],
    [{ ...good, sig: "ecdsa" }, /other signatures/],
    [{ ...good, format: good.format === "evm" ? "json" : "evm" }, /another format/],
  ];
  assert.ok(contract);
  for (const [request, says] of others) {
    const refused = (error: unknown) => error instanceof VerificationError && says.test(error.message);
    await assert.rejects(answering(json, (client) => client.vrf(request)), refused);
  }
  const chosen = find(
    (one) => one.kind === "vrf" && one.schemes === 3 && one.alphaSource === "client" && one.domain.chainId === null && !one.evm,
  );
  await assert.rejects(answering(chosen, (client) => client.vrf()), /its alpha is a client's/);
});

test("an attestation is for its number of bytes, and no receipt", async () => {
  const json = find(({ kind, schemes, domain }) => kind === "attested" && schemes === 3 && domain.chainId === null);
  const document = parseDocument(json);
  assert.equal(document.kind, "attested");
  const n = document.bytes.length;
  const answer = await answering(json, (client) => client.randomDual(n));
  assert.deepEqual([answer.report.verdict, answer.document.bytes], ["valid", document.bytes]);
  await assert.rejects(answering(json, (client) => client.randomDual(n === 16 ? 17 : n - 1)), /another number of bytes/);
  await assert.rejects(answering(json, (client) => client.vrf()), /another kind/);
});

test("a tampered answer is refused, by the name of the check", async () => {
  const tampered = cases.filter((one) => one.failed !== null && one.pin === "key_hash" && one.require === "dual");
  for (const one of tampered.slice(0, 40)) {
    const refused = (error: unknown) => error instanceof VerificationError && error.report?.failed === one.failed;
    await assert.rejects(answering(one.document, (client) => client.vrf({ alpha: "0x00" })), refused, one.name);
  }
  assert.ok(tampered.length >= 40);
});

const log = makeLog(1);
const logPin = { keys: JSON.stringify({ ...(trusted.keys as object), log: log.keys }) };

test("a receipt that is asked for by its id is that receipt, verified", async () => {
  const plain = find(({ kind, schemes, index }) => kind === "vrf" && schemes === 3 && index < 2n ** 63n);
  const json = withLog(plain, logOf(plain, log, 9n));
  const { id, log: part } = parseDocument(json);
  const ask = (client: Re4ctor) => client.receipt(toHex(id));
  const { report, document, json: kept } = await answering(json, ask, logPin);
  assert.deepEqual([report.verdict, document.log, kept], ["valid", part, json]);
  assert.equal((await answering(json, ask, null)).report.verdict, "self-consistent");
  const failed = (name: string) => (error: unknown) => error instanceof VerificationError && error.report?.failed === name;
  const foreign = withLog(plain, logOf(plain, makeLog(2), 9n));
  await assert.rejects(answering(foreign, ask, logPin), failed("checkpoint"));
  await assert.rejects(answering(withLog(plain, { ...logOf(plain, log, 9n), index: "7" }), ask, logPin), failed("inclusion"));
  const another = (client: Re4ctor) => client.receipt(`0x${"00".repeat(32)}`);
  await assert.rejects(answering(json, another, logPin), /it has another id/);
  const attested = find(({ kind, schemes }) => kind === "attested" && schemes === 3);
  await assert.rejects(answering(attested, ask), /another kind of document/);
});

test("a receipt with fewer signatures is returned where that is allowed", async () => {
  const json = find(({ kind, schemes }) => kind === "vrf" && schemes === 1);
  const id = toHex(parseDocument(json).id);
  await assert.rejects(answering(json, (client) => client.receipt(id)), /the check require failed/);
  const { report } = await answering(json, (client) => client.receipt(id, { require: "ecdsa" }));
  assert.equal(report.verdict, "valid");
});

test("a checkpoint is verified where the log's keys are pinned", async () => {
  const root = new Uint8Array(32).fill(7);
  const note = log.checkpoint(9n, root);
  const ask = (client: Re4ctor) => client.checkpoint();
  const checkpoint = { origin: log.origin, size: 9n, root };
  assert.deepEqual(await answering(note, ask, logPin), { text: note, checkpoint, verified: true });
  for (const other of [pin, null]) {
    assert.deepEqual(await answering(note, ask, other), { text: note, checkpoint, verified: false });
  }
  const refused = (error: unknown) => error instanceof VerificationError && error.report === null;
  const elsewhere = makeLog(1, "other.example.org").checkpoint(9n, root);
  const smaller = note.replace("\n9\n", "\n8\n");
  for (const wrong of [smaller, makeLog(2).checkpoint(9n, root), elsewhere]) {
    await assert.rejects(answering(wrong, ask, logPin), refused);
  }
  await assert.rejects(answering(elsewhere, ask, logPin), /the log is not the pinned one/);
  assert.equal((await answering(smaller, ask)).checkpoint.size, 8n);
  for (const none of ["", "{}", note.slice(0, -1), note.replace("\n\n", "\n")]) {
    await assert.rejects(answering(none, ask), (error) => error instanceof MalformedError && /no checkpoint/.test(error.message));
  }
});
