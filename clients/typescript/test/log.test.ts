/** The checks of the part `log`, of documents in a log of the test's own: what holds, and everything changed. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Pin, type Report, verify } from "../src/index.js";
import { entryOf, hex, type LogJson, logOf, makeLog, sha256, type TestLog, withLog } from "./log.js";
import { tamper } from "./tamper.js";
import { type ReceiptCase, type ReceiptVectors, vectors } from "./vectors.js";

const { trusted, cases } = vectors<ReceiptVectors>("receipts.json");

const log = makeLog(1);
const keysWith = (part: unknown) => JSON.stringify({ ...(trusted.keys as object), log: part });
const pinOf = (one: TestLog): Pin => ({ keys: keysWith(one.keys) });
const pin = pinOf(log);

const parse = (json: string) => JSON.parse(json) as Record<string, unknown>;

/** A valid case of the vectors, of whose document `says` holds. */
function find(says: (document: Record<string, unknown>) => boolean, require?: ReceiptCase["require"]): ReceiptCase {
  const found = cases.find((one) => {
    const fits = one.verdict === "valid" && one.pin === "key_hash" && (require === undefined || one.require === require);
    return fits && one.document.includes(trusted.key_hash) && says(parse(one.document));
  });
  assert.ok(found);
  return found;
}

const isReceipt = ({ random, index }: Record<string, unknown>) => random !== undefined && Number(index) < 2 ** 63;
const { document: plain } = find((document) => isReceipt(document) && document["alpha_source"] === "client", "dual");
const MORE = 1_000_000n;
const good = withLog(plain, logOf(plain, log, MORE));
const goodLog = parse(good)["log"] as LogJson;

function outcomes(report: Report): (string | undefined)[] {
  const of = (name: string) => report.checks.find((check) => check.name === name)?.outcome;
  return [report.verdict, of("inclusion"), of("checkpoint")];
}

function detail(report: Report, name: string): string {
  return report.checks.find((check) => check.name === name)?.detail ?? "";
}

test("in the log, and signed by it", () => {
  for (const require of ["dual", "ecdsa", "mldsa65"] as const) {
    for (const more of [0n, 1n, 6n, 4095n]) {
      const { document: json } = find(isReceipt, require);
      const report = verify(withLog(json, logOf(json, log, more)), { pin, require });
      assert.deepEqual(outcomes(report), ["valid", "passed", "passed"], `${require} ${more}`);
    }
  }
  const { document: first, require } = find(({ index }) => index === "0");
  const report = verify(withLog(first, logOf(first, log, 0n)), { pin, require });
  assert.deepEqual(outcomes(report), ["valid", "passed", "passed"]);
  assert.equal(detail(report, "inclusion"), "in the log at index 0 of 1 entries");
});

test("both checks come after the signatures and before the pin", () => {
  const names = verify(good, { pin }).checks.map((check) => check.name);
  assert.deepEqual(names.slice(-5), ["mldsa65", "inclusion", "checkpoint", "pin", "require"]);
  const without = verify(withLog(good, undefined), { pin }).checks.map((check) => check.name);
  assert.deepEqual(without, names.filter((name) => name !== "inclusion" && name !== "checkpoint"));
});

test("without the log's keys the checkpoint is not checked, and the verdict stands", () => {
  const pins: [Pin | undefined, string][] = [
    [undefined, "self-consistent"], [{ keyHash: trusted.key_hash }, "valid"], [{ signer: trusted.signer }, "valid"],
    [{ keys: keysWith(undefined) }, "valid"],
  ];
  for (const [other, verdict] of pins) {
    const report = verify(good, { pin: other });
    assert.deepEqual(outcomes(report), [verdict, "passed", "not checked"]);
    assert.match(detail(report, "checkpoint"), /signatures were NOT checked/);
  }
});

test("an attestation has an entry of its own kind, without random bytes", () => {
  const moved = parse(cases.find((one) => one.verdict === "valid" && parse(one.document)["unique"] === false)?.document ?? "");
  moved["index"] = "5";
  const digest = verify(JSON.stringify(moved)).checks.find((check) => check.name === "digest")?.inputs["recomputed"];
  const json = JSON.stringify({ ...moved, id: digest, msg_hash: digest });
  assert.equal(entryOf(parse(json)).length, 147);
  // Its signatures are those of another index, which must not keep the other checks from being made.
  const report = verify(withLog(json, logOf(json, log, 2n)), { pin });
  assert.deepEqual(outcomes(report), ["failed", "passed", "passed"]);
  assert.ok(!["inclusion", "checkpoint"].includes(report.failed ?? ""));
  const asReceipt = entryOf(parse(json));
  asReceipt[1] = 1;
  const leaf_hash = hex(sha256(Uint8Array.of(0), asReceipt));
  const wrong = verify(withLog(json, { ...logOf(json, log, 2n), leaf_hash }), { pin });
  assert.deepEqual(outcomes(wrong), ["failed", "failed", "passed"]);
});

test("the entry is made of recomputed values, not of those that the document states", () => {
  const id = `0x${"11".repeat(32)}`;
  const stated = JSON.stringify({ ...parse(plain), id, msg_hash: id });
  const report = verify(withLog(stated, logOf(stated, log, MORE)), { pin });
  assert.deepEqual(outcomes(report), ["failed", "failed", "passed"]);
  assert.match(detail(report, "inclusion"), /leaf_hash is not the hash of the receipt's entry/);
});

test("every field of a document in a log, changed by itself", () => {
  const dual = tamper(good);
  for (const one of dual) {
    const { verdict, failed, error } = verify(one.json, { pin });
    assert.deepEqual([verdict, failed ?? error?.field], [one.verdict, one.names], one.path);
  }
  const changed = dual.filter(({ path }) => path.startsWith("log."));
  assert.equal(changed.length, 6 + goodLog.inclusion.length);
  assert.ok(changed.every(({ names }) => names === "inclusion"));
});

/** What a changed part `log` fails at, with the log's keys pinned. */
function failure(change: Partial<LogJson>): string | null {
  const { verdict, failed, error } = verify(withLog(good, { ...goodLog, ...change }), { pin });
  return verdict === "malformed" ? (error?.field ?? null) : failed;
}

test("each hash of the proof counts, and so do their number and order", () => {
  const { inclusion } = goodLog;
  assert.ok(inclusion.length > 20);
  for (const [at, hash] of inclusion.entries()) {
    const flipped = hash.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    assert.equal(failure({ inclusion: inclusion.with(at, flipped) }), "inclusion", `${at} flipped`);
    assert.equal(failure({ inclusion: inclusion.toSpliced(at, 1) }), "inclusion", `${at} dropped`);
    assert.equal(failure({ inclusion: inclusion.toSpliced(at, 0, hash) }), "inclusion", `${at} added`);
  }
  assert.equal(failure({ inclusion: [...inclusion, hashOf(1)] }), "inclusion");
  assert.equal(failure({ inclusion: inclusion.toReversed() }), "inclusion");
  assert.equal(failure({ inclusion: [] }), "inclusion");
  assert.equal(failure({}), null);
});

const hashOf = (octet: number) => hex(new Uint8Array(32).fill(octet));

test("a place, a tree or a root that is not the checkpoint's", () => {
  const next = logOf(plain, log, MORE + 1n);
  for (const field of ["tree_size", "root", "checkpoint"]) {
    assert.equal(failure({ [field]: next[field] }), "inclusion", field);
  }
  assert.equal(failure({ tree_size: goodLog.index }), "inclusion");
  assert.equal(failure({ ...next }), null);
  // The right entry at a place that is not its own.
  assert.equal(failure({ ...logOf(plain, log, MORE, 7n) }), "inclusion");
  // Another leaf of the same tree, with its own proof, is not this receipt's.
  const index = String(BigInt(goodLog.index) - 1n);
  assert.equal(failure({ ...logOf(JSON.stringify({ ...parse(plain), index }), log, MORE + 1n) }), "inclusion");
});

test("another log's checkpoint, other keys", () => {
  const other = makeLog(2);
  const elsewhere = makeLog(1, "other.example.org/log");
  assert.equal(failure({ ...logOf(plain, other, MORE) }), "checkpoint");
  assert.equal(failure({ ...logOf(plain, elsewhere, MORE) }), "checkpoint");
  assert.equal(failure({ checkpoint: logOf(plain, elsewhere, MORE).checkpoint }), "inclusion");
  const not = verify(withLog(plain, logOf(plain, elsewhere, MORE)), { pin });
  assert.equal(detail(not, "checkpoint"), "the log is not the pinned one, random.example.org/v1/log");
  // One key of each log.
  const mixed = { origin: log.origin, keys: [log.keys.keys[0], other.keys.keys[1]] };
  assert.equal(verify(good, { pin: { keys: keysWith(mixed) } }).failed, "checkpoint");
  assert.equal(verify(good, { pin: pinOf(other) }).failed, "checkpoint");
  assert.equal(verify(good, { pin: pinOf(elsewhere) }).failed, "checkpoint");
  const renamed = verify(withLog(good, { ...goodLog, origin: "other.example.org/log" }), { pin });
  assert.deepEqual(outcomes(renamed), ["failed", "failed", "failed"]);
});

test("signature lines: both must be there and right, a stranger's counts for nothing", () => {
  const [origin, size, root, , ed25519 = "", mldsa44 = ""] = goodLog.checkpoint.split("\n");
  const note = (...lines: string[]) => ({ checkpoint: `${origin}\n${size}\n${root}\n\n${lines.map((line) => `${line}\n`).join("")}` });
  const stranger = (one: TestLog) => one.checkpoint(BigInt(size ?? ""), new Uint8Array(32)).split("\n").slice(4, 6);
  const flip = (line: string) => line.replace(/.(.{20})$/, (_, end: string) => `${line.at(-21) === "A" ? "B" : "A"}${end}`);
  assert.equal(failure(note(ed25519, mldsa44)), null);
  assert.equal(failure(note(mldsa44, ed25519)), null);
  assert.equal(failure(note(...stranger(makeLog(3, "witness.example.org")), ed25519, mldsa44)), null);
  assert.equal(failure(note(ed25519, mldsa44, ...stranger(makeLog(3)))), null);
  assert.equal(failure(note(ed25519, mldsa44, flip(ed25519).replace(log.origin, "other.example.org"))), null);
  assert.equal(failure(note(ed25519)), "checkpoint");
  assert.equal(failure(note(mldsa44)), "checkpoint");
  assert.equal(failure(note(flip(ed25519), mldsa44)), "checkpoint");
  assert.equal(failure(note(ed25519, flip(mldsa44))), "checkpoint");
  assert.equal(failure(note(ed25519, mldsa44, flip(ed25519))), "checkpoint");
  assert.equal(failure(note(ed25519, mldsa44, flip(mldsa44))), "checkpoint");
  assert.equal(failure(note()), "inclusion");
  assert.equal(failure(note(ed25519, mldsa44, "")), "inclusion");
  assert.equal(failure(note(ed25519, mldsa44.slice(2))), "inclusion");
  assert.equal(failure(note(ed25519, mldsa44.replace(/ ([^ ]+)$/, "  $1"))), "inclusion");
  assert.equal(failure({ checkpoint: goodLog.checkpoint.replace("\n\n", "\nmore\n\n") }), "inclusion");
  assert.equal(failure({ checkpoint: "" }), "inclusion");
});

test("a signature over something else is none", () => {
  const [origin = "", size = "", root = ""] = goodLog.checkpoint.split("\n");
  const other = log.checkpoint(BigInt(size) + 1n, Buffer.from(root, "base64")).split("\n").slice(4).join("\n");
  assert.equal(failure({ checkpoint: `${origin}\n${size}\n${root}\n\n${other}` }), "checkpoint");
  const unrooted = log.checkpoint(BigInt(size), new Uint8Array(32)).split("\n").slice(4).join("\n");
  assert.equal(failure({ checkpoint: `${origin}\n${size}\n${root}\n\n${unrooted}` }), "checkpoint");
});

test("the part log has one form", () => {
  const hash = hashOf(0);
  const wrong: [string, unknown][] = [
    ["log", null], ["log", []], ["log", "text"], ["log.origin", { ...goodLog, origin: "" }], ["log.origin", { ...goodLog, origin: 5 }],
    ["log.origin", { ...goodLog, origin: "ö".repeat(128) }], ["log.index", { ...goodLog, index: 5 }],
    ["log.index", { ...goodLog, index: "05" }], ["log.tree_size", { ...goodLog, tree_size: "18446744073709551616" }],
    ["log.tree_size", { ...goodLog, tree_size: Number(goodLog.tree_size) }], ["log.leaf_hash", { ...goodLog, leaf_hash: hash.slice(2) }],
    ["log.leaf_hash", { ...goodLog, leaf_hash: `0X${hash.slice(2)}` }], ["log.root", { ...goodLog, root: `${hash}00` }],
    ["log.inclusion", { ...goodLog, inclusion: hash }], ["log.inclusion", { ...goodLog, inclusion: [5] }],
    ["log.inclusion", { ...goodLog, inclusion: [null] }], ["log.inclusion", { ...goodLog, inclusion: [hash.toUpperCase()] }],
    ["log.inclusion", { ...goodLog, inclusion: [hash, hash.slice(0, -2)] }],
    ["log.inclusion", { ...goodLog, inclusion: Array<string>(65).fill(hash) }], ["log.checkpoint", { ...goodLog, checkpoint: 5 }],
    ["log.more", { ...goodLog, more: 1 }], ["log.witnesses", { ...goodLog, witnesses: [] }],
    ...Object.keys(goodLog).map((name): [string, unknown] => [`log.${name}`, { ...goodLog, [name]: undefined }]),
  ];
  for (const [field, part] of wrong) assert.equal(verify(withLog(good, part)).error?.field, field, JSON.stringify(part));
  const named = (json: string) => verify(json).error?.message;
  assert.equal(named(withLog(good, { ...goodLog, inclusion: [5] })), "the field log.inclusion must be a list of texts");
  assert.equal(named(good.replace('"log":{', '"log":{"root":"",')), "the field log.root appears twice");
  assert.equal(named(good.replace(/\}$/, ',"log":{}}')), "the field log appears twice");
  assert.equal(failure({ origin: "o".repeat(255) }), "inclusion");
  assert.equal(failure({ inclusion: Array<string>(64).fill(hash) }), "inclusion");
});
