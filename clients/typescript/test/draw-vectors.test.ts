/** Draws: every case of the vectors. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { type KindName, makeKind, NUMBERS, type Numbers } from "../src/draw-kind.js";
import { type DrawOrder, drawRequest } from "../src/draw-order.js";
import { makeResult } from "../src/draw-result.js";
import { alphaText, type DrawSpec, makeSpec, readAlpha } from "../src/draw-spec.js";
import { participantsHash, type Pin, verifyDraw, weightsHash } from "../src/index.js";
import { attempt, Refusal } from "../src/refusal.js";
import { bytes, type DrawVectors, type StatedDraw, vectors } from "./vectors.js";

const { trusted, algorithm, documents, malformed_alphas, requests } = vectors<DrawVectors>("draws.json");
const pins: Record<string, Pin | undefined> = {
  none: undefined,
  key_hash: { keyHash: trusted.key_hash },
  keys: { keys: JSON.stringify(trusted.keys) },
  signer: { signer: trusted.signer },
};

function specOf(draw: StatedDraw): DrawSpec {
  const hash = (digits: string | undefined) => (digits === undefined ? null : bytes(digits));
  return makeSpec({
    kind: makeKind(draw.kind as KindName, draw as unknown as Numbers),
    participantsSha256: hash(draw.participants_sha256),
    weightsSha256: hash(draw.weights_sha256),
    label: draw.label ?? null,
    nonce: hash(draw.nonce),
  });
}

test("alphas and results of every kind", () => {
  assert.deepEqual([...new Set(algorithm.map(({ draw }) => draw.kind))].sort(), Object.keys(NUMBERS).sort());
  for (const { name, random, draw, participants, weights, alpha, result, result_sha256 } of algorithm) {
    const spec = specOf(draw);
    assert.equal(Buffer.from(alphaText(spec)).toString("hex"), alpha, name);
    assert.deepEqual(readAlpha(bytes(alpha)), spec, name);
    if (participants) assert.equal(participantsHash(participants), draw.participants_sha256, name);
    if (weights) assert.equal(weightsHash(weights), draw.weights_sha256, name);
    const made = makeResult(spec.kind, bytes(random), weights ?? null);
    if (result) assert.deepEqual(made, result, name);
    else assert.equal(createHash("sha256").update(JSON.stringify(made)).digest("hex"), result_sha256, name);
  }
});

test("what is no alpha of a draw", () => {
  assert.ok(malformed_alphas.length >= 80);
  for (const alpha of malformed_alphas) assert.ok(attempt(() => readAlpha(bytes(alpha))) instanceof Refusal, alpha);
});

test("every document", () => {
  assert.ok(documents.length >= 150);
  for (const { name, document, policy, participants, weights, verdict, failed_check } of documents) {
    const { pin, require } = policy;
    const report = verifyDraw(document, { pin: pins[pin], require, participants, weights });
    assert.deepEqual([report.verdict, report.failed], [verdict, failed_check], name);
    if (report.verdict === "malformed") continue;
    const names = report.checks.map((check) => check.name);
    const last = names.slice(names.indexOf("require") + 1);
    const lists = last.filter((check) => check === "participants" || check === "weights");
    assert.deepEqual(last, ["draw", ...lists, "result"], name);
    assert.deepEqual(lists, [...lists].sort(), name);
    if (report.failed) continue;
    const stated = (JSON.parse(document) as { result?: unknown }).result;
    assert.ok(report.result, name);
    if (stated) assert.deepEqual(report.result, stated, name);
  }
  for (const check of ["pin", "draw", "participants", "weights", "result"]) {
    assert.ok(documents.some((one) => one.failed_check === check), check);
  }
});

test("orders that can be drawn, and those that cannot", () => {
  // These are a matter of the text alone, which a client does not write.
  const ofText = /^(empty|a list|no kind|kind null|unknown field|another kind's field|participants of dice|weights of a shuffle|repeated field|default null|a nonce is|hash without 0x)/;
  for (const { name, body, draw, error } of requests) {
    if (error !== undefined && ofText.test(name)) continue;
    // JSON.parse makes them whole numbers.
    if (name === "count as a fraction" || name === "count with an exponent") continue;
    const { participants_sha256: participantsSha256, ...rest } = JSON.parse(body) as Record<string, unknown>;
    const order = { ...rest, ...(participantsSha256 ? { participantsSha256 } : {}) } as unknown as DrawOrder;
    if (!draw) {
      assert.throws(() => drawRequest(order), TypeError, name);
      continue;
    }
    const { expected, body: written } = drawRequest(order);
    const stated = specOf(draw);
    assert.deepEqual({ ...expected, nonce: null }, { ...stated, nonce: null }, name);
    const again = drawRequest({ ...written, ...(participantsSha256 ? { participantsSha256 } : {}) } as unknown as DrawOrder);
    assert.deepEqual(again, { expected, body: written }, name);
  }
});
