/** What the client makes of signed answers: only one that verifies and is for the request is returned. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { toHex } from "../src/bytes.js";
import { type Document, parseDocument, Re4ctor, VerificationError, type VrfRequest } from "../src/index.js";
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

async function answering<T>(json: string, body: (client: Re4ctor, sent: string[]) => Promise<T>, pinned = true): Promise<T> {
  const server = await stub(text(json));
  try {
    return await body(new Re4ctor({ baseUrl: server.url, ...(pinned && { pin }) }), server.bodies);
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
  const { report } = await answering(json, (client) => client.vrf(requestOf(json)), false);
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
    const refused = (error: unknown) => error instanceof VerificationError && error.report.failed === one.failed;
    await assert.rejects(answering(one.document, (client) => client.vrf({ alpha: "0x00" })), refused, one.name);
  }
  assert.ok(tampered.length >= 40);
});
