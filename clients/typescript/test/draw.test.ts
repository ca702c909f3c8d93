/** Draws: what the vectors do not say, such as what callers give that cannot be meant. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ascii } from "../src/bytes.js";
import { drawChecks } from "../src/draw-check.js";
import { hashWeights } from "../src/draw-lists.js";
import { makeResult } from "../src/draw-result.js";
import { Stream } from "../src/draw-stream.js";
import { alphaText } from "../src/draw-spec.js";
import { participantsHash, verifyDraw, weightsHash } from "../src/index.js";
import { bytes, drawDocument, type DrawVectors, type ReceiptVectors, vectors } from "./vectors.js";

const draws = vectors<DrawVectors>("draws.json");
const pin = { keyHash: draws.trusted.key_hash };
const winners = drawDocument(draws, 'winners: {"kind":"winners","k":2,"participants"');
const random = bytes("5a".repeat(32));

/** Winners by weight as the contract says it, adding up all weights each time. */
function slowly(k: number, weights: readonly number[]): number[] {
  const stream = new Stream(random);
  const left = [...weights];
  return Array.from({ length: k }, () => {
    const ticket = stream.below(left.reduce((sum, weight) => sum + weight, 0));
    let sum = 0;
    const winner = left.findIndex((weight) => (sum += weight) > ticket);
    left[winner] = 0;
    return winner;
  });
}

test("winners by weight, for every number of participants", () => {
  const weights = [1, 2 ** 32 - 1, 1, 7, 2 ** 31, 3, 1, 1, 2 ** 32 - 1, 5];
  for (let n = 1; n <= 70; n += 1) {
    const some = Array.from({ length: n }, (_, at) => weights[(at * 7) % weights.length] as number);
    assert.deepEqual(makeResult({ kind: "winners", n, k: n }, random, some), slowly(n, some), String(n));
  }
});

test("10,000 winners by weight of 10,000 take no time", () => {
  const weights = Array.from({ length: 10_000 }, (_, at) => 1 + ((at * 2_654_435_761) % (2 ** 32 - 1)));
  const begun = performance.now();
  const result = makeResult({ kind: "winners", n: 10_000, k: 10_000 }, random, weights);
  assert.ok(performance.now() - begun < 2_000);
  assert.equal(new Set<number | string>(result).size, 10_000);
});

test("the report has the names, and none where a check failed", () => {
  const report = verifyDraw(winners, { pin });
  assert.ok(report.verdict === "valid");
  const { result, participants } = JSON.parse(winners) as { result: number[]; participants: string[] };
  assert.deepEqual(report.names, result.map((at) => participants[at]));
  assert.deepEqual(verifyDraw(new TextEncoder().encode(winners), { pin }), report);
  const failed = verifyDraw(winners.replace(/"result":\[\d+,/, '"result":[9,'), { pin });
  assert.ok(failed.verdict === "failed");
  assert.deepEqual([failed.failed, failed.names, failed.result], ["result", null, result]);
  const dice = verifyDraw(drawDocument(draws, "bare receipt: dice"), { pin });
  assert.ok(dice.verdict === "valid" && dice.spec?.kind.kind === "dice" && dice.names === null);
});

test("weights of another number fail, though their hash is signed", () => {
  const weights = [1, 5, 2, 2];
  const report = verifyDraw(drawDocument(draws, "bare receipt: dice"));
  assert.ok(report.verdict === "self-consistent");
  for (const n of [3, 5]) {
    const kind = { kind: "winners", n, k: 2 } as const;
    const spec = { kind, participantsSha256: null, weightsSha256: hashWeights(weights), label: "forged", nonce: null };
    const receipt = { ...report.document, alpha: ascii(alphaText(spec)) };
    const { checks, result } = drawChecks(null, receipt, { participants: null, weights });
    assert.deepEqual(checks.map(({ name, outcome }) => [name, outcome]), [
      ["draw", "passed"], ["weights", "failed"], ["result", "not checked"],
    ]);
    assert.equal(result, null);
  }
});

test("attested bytes and receipts of other inputs are no draws", () => {
  const { cases } = vectors<ReceiptVectors>("receipts.json");
  const attested = cases.find((one) => one.name.startsWith("attestation"))?.document ?? "";
  assert.match(verifyDraw(attested).error?.message ?? "", /not a draw/);
  const other = cases.find((one) => one.verdict === "valid" && one.require === "dual" && !one.name.startsWith("attestation"));
  const report = verifyDraw(other?.document ?? "");
  assert.equal(report.failed, "draw");
  assert.deepEqual(report.checks.at(-1)?.outcome, "not checked");
});

test("a draw may be long, a receipt not", () => {
  const says = (text: string) => verifyDraw(text).error?.message ?? "";
  assert.equal(verifyDraw(winners + " ".repeat(100_000), { pin }).verdict, "valid");
  assert.match(says(winners + " ".repeat(8 * 1024 * 1024)), /at most 8388608/);
  const receipt = drawDocument(draws, "bare receipt: dice");
  assert.equal(verifyDraw(receipt + " ".repeat(10_000), { pin }).verdict, "valid");
  assert.match(says(receipt + " ".repeat(70_000)), /at most 65536/);
  assert.match(says("x".repeat(70_000)), /at most 65536/);
  assert.match(says(`${winners}${" ".repeat(70_000)}x`), /trailing characters/);
});

test("a field at fault is named with its parents", () => {
  const field = (from: string | RegExp, to: string) => verifyDraw(winners.replace(from, to)).error?.field;
  assert.equal(field('"kind":"winners"', '"kind":"lots"'), "draw.kind");
  assert.equal(field('"k":2', '"k":-0'), "draw.k");
  assert.equal(field('"k":2', '"k":9'), "draw");
  assert.equal(field(/"suite":"[^"]+"/, '"suite":"x"'), "receipt.vrf.suite");
  assert.equal(field('"participants":[', '"participants":["",'), "participants");
});

test("lists that no draw has are the caller's mistake", () => {
  const wrong: [object, RegExp][] = [
    [{ participants: [] }, /1 to 10000 entries/], [{ participants: ["a\nb"] }, /participant 0/],
    [{ participants: ["a", ""] }, /participant 1/], [{ participants: ["é".repeat(101)] }, /200 bytes/],
    [{ participants: ["\ud800"] }, /participant 0/], [{ participants: "ab" }, /entries/],
    [{ weights: [0] }, /weight 0/], [{ weights: [1, 1.5] }, /weight 1/], [{ weights: [2 ** 32] }, /weight 0/],
    [{ participants: new Array(10_001).fill("a") }, /1 to 10000 entries/],
  ];
  for (const [lists, says] of wrong) assert.throws(() => verifyDraw(winners, lists), says);
  assert.throws(() => participantsHash([""]), TypeError);
  assert.throws(() => weightsHash([-1]), TypeError);
  assert.equal(participantsHash(["a", "b"]), "0x911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2");
});
