/** The document of /keys: what is read of it, and every way in which one is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { toHex } from "../src/bytes.js";
import { MalformedError, parseKeysDocument } from "../src/index.js";
import { trustedKeyHashes } from "../src/keys-document.js";
import { makeLog, NoteKey } from "./log.js";
import { type ReceiptVectors, vectors } from "./vectors.js";

interface KeyJson {
  [field: string]: unknown;
}
interface EpochJson {
  [field: string]: unknown;
  status: string;
  key_hash: string;
  keys: [KeyJson, KeyJson, KeyJson, KeyJson];
}
interface Keys {
  [field: string]: unknown;
  active: string;
  epochs: [EpochJson, ...EpochJson[]];
}

const good = vectors<ReceiptVectors>("receipts.json").trusted.keys as Keys;

/** The field at fault when the document is changed. */
function fault(change: (keys: Keys) => void): string | null {
  const keys = structuredClone(good);
  change(keys);
  try {
    parseKeysDocument(JSON.stringify(keys));
    return null;
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error));
    return error.field;
  }
}

test("the active and the retired epochs are trusted", () => {
  const document = parseKeysDocument(JSON.stringify(good));
  assert.deepEqual(document.epochs.map((epoch) => epoch.status), good.epochs.map((epoch) => epoch.status));
  assert.equal(document.active && toHex(document.active), good.active);
  const trusted = good.epochs.filter(({ status }) => status === "active" || status === "retired");
  assert.deepEqual(trustedKeyHashes(document).map(toHex), trusted.map((epoch) => epoch.key_hash));
  assert.ok(trusted.length >= 2 && trusted.length < good.epochs.length);
  assert.match(document.epochs[0]?.signer ?? "", /^0x/);
});

test("one epoch is active, and it is the one that is named", () => {
  const active = good.epochs.findIndex(({ status }) => status === "active");
  const other = active === 0 ? 1 : 0;
  const set = (at: number, status: string) => (keys: Keys) => void Object.assign(keys.epochs[at] as EpochJson, { status });
  assert.equal(fault(set(other, "active")), "active");
  assert.equal(fault(set(active, "retired")), "active");
  assert.equal(fault((keys) => void (keys.active = (keys.epochs[other] as EpochJson).key_hash)), "active");
  assert.equal(fault((keys) => void (keys.epochs as EpochJson[]).splice(0)), "active");
  assert.equal(fault(set(other, "unknown")), `epochs[${other}].status`);
});

test("no epoch is active after one was revoked", () => {
  const active = good.epochs.findIndex(({ status }) => status === "active");
  const keys = structuredClone(good);
  Object.assign(keys, { active: null });
  (keys.epochs[active] as EpochJson).status = "revoked";
  const document = parseKeysDocument(JSON.stringify(keys));
  assert.equal(document.active, null);
  assert.deepEqual(trustedKeyHashes(document).map(toHex), good.epochs.filter(({ status }) => status === "retired").map((epoch) => epoch.key_hash));
  assert.equal(fault((changed) => void Object.assign(changed, { active: null })), "active");
  assert.equal(fault((changed) => void Object.assign(changed.epochs[active] as EpochJson, { status: "revoked" })), "active");
});

test("no epoch is listed twice", () => {
  const twice = (at: number, status: string) => (keys: Keys) => {
    (keys.epochs as EpochJson[]).push({ ...(keys.epochs[at] as EpochJson), status });
  };
  for (const [at, { status }] of good.epochs.entries()) {
    const other = status === "revoked" ? "retired" : "revoked";
    assert.equal(fault(twice(at, other)), "epochs", status);
    if (status !== "active") assert.equal(fault(twice(at, status)), "epochs", status);
  }
  const keys = structuredClone(good);
  twice(0, "retired")(keys);
  const message = "the field epochs must be one entry for each key hash";
  assert.throws(() => parseKeysDocument(JSON.stringify(keys)), { message });
});

test("hashes and addresses belong to their keys", () => {
  const second = good.epochs[1] as EpochJson;
  const changes: [string, (epoch: EpochJson) => void][] = [
    ["key_hash", (epoch) => void (epoch.key_hash = second.key_hash)],
    ["key_id", (epoch) => void (epoch["key_id"] = second["key_id"])],
    ["key_hash", (epoch) => void (epoch.keys[0] = second.keys[0])],
    ["key_hash", (epoch) => void (epoch.keys[1] = second.keys[1])],
    ["key_hash", (epoch) => void (epoch.keys[2] = second.keys[2])],
    ["key_hash", (epoch) => void (epoch.keys[3] = second.keys[3])],
    ["keys[1].address", (epoch) => void (epoch.keys[1]["address"] = second.keys[1]["address"])],
  ];
  for (const [field, change] of changes) {
    assert.equal(fault((keys) => change(keys.epochs[0])), `epochs[0].${field}`);
  }
});

test("every field has one form", () => {
  const key = (at: 0 | 1 | 2 | 3, fields: KeyJson) => (keys: Keys) => void Object.assign(keys.epochs[0].keys[at], fields);
  const changes: [string, (keys: Keys) => void][] = [
    ["epochs[0].keys", (keys) => void keys.epochs[0].keys.pop()],
    ["epochs[0].keys[0].use", (keys) => void keys.epochs[0].keys.reverse()],
    ["epochs[0].keys[0].algorithm", key(0, { algorithm: "ECDSA-secp256k1" })],
    ["epochs[0].keys[1].encoding", key(1, { encoding: "hex" })],
    ["epochs[0].keys[1].public_key", key(1, { public_key: `0x02${"ff".repeat(32)}` })],
    ["epochs[0].keys[2].use", key(2, { use: "mldsa44" })],
    ["epochs[0].keys[2].algorithm", key(2, { algorithm: "ML-DSA-44" })],
    ["epochs[0].keys[2].public_key", key(2, { public_key: "AAAA" })],
    ["epochs[0].keys[3].reserved", key(3, { reserved: false })],
    ["epochs[0].keys[0].address", key(0, { address: "0x" })],
    ["epochs[0].keys[1].address", key(1, { address: String(good.epochs[0].keys[1]["address"]).toLowerCase() })],
    ["epochs[0].valid_from", (keys) => void (keys.epochs[0]["valid_from"] = 5)],
    ["epochs[0].valid_until", (keys) => void delete keys.epochs[0]["valid_until"]],
    ["epochs[0].more", (keys) => void (keys.epochs[0]["more"] = 1)],
    ["epochs", (keys) => void (keys["epochs"] = [1] as unknown as Keys["epochs"])],
    ["epochs", (keys) => void (keys["epochs"] = {} as Keys["epochs"])],
    ["more", (keys) => void (keys["more"] = null)],
  ];
  for (const [field, change] of changes) assert.equal(fault(change), field);
  assert.equal(fault(() => {}), null);
  assert.throws(() => parseKeysDocument(" ".repeat(2 ** 20 + 1)), /at most 1048576/);
});

test("the log's keys, where the node has a log", () => {
  const { origin, keys: [classical, postQuantum] } = makeLog(1).keys;
  const withLog = (log: unknown) => (keys: Keys) => void (keys["log"] = log);
  const { log } = parseKeysDocument(JSON.stringify({ ...good, log: { origin, keys: [classical, postQuantum] } }));
  assert.deepEqual([log?.origin, log?.ed25519.publicKey.length, log?.mldsa44.publicKey.length], [origin, 32, 1312]);
  assert.equal(parseKeysDocument(JSON.stringify({ ...good, log: undefined })).log, null);
  const other = makeLog(1, "other.example.org").keys.keys;
  const witness = new NoteKey(origin, 4, new Uint8Array(32)).vkey();
  const wrong: [string, unknown][] = [
    ["log", null], ["log", []], ["log", classical], ["log.origin", { keys: [classical, postQuantum] }],
    ["log.origin", { origin: "other.example.org", keys: [classical, postQuantum] }],
    ["log.origin", { origin: 5, keys: [classical, postQuantum] }], ["log.keys", { origin }], ["log.keys", { origin, keys: classical }],
    ["log.more", { origin, keys: [classical, postQuantum], more: 1 }],
    ...[
      [], [classical], [postQuantum], [postQuantum, classical], [classical, classical], [postQuantum, postQuantum],
      [classical, postQuantum, classical], [classical, postQuantum, "other"], ["other", classical, postQuantum],
      [classical, postQuantum, ""], [classical, 5], [witness, postQuantum], [classical, other[1]], [other[0], postQuantum],
      [classical.replace(/[0-9a-f]{8}/, "00000000"), postQuantum], [classical, `${postQuantum} `],
    ].map((keys): [string, unknown] => ["log.keys", { origin, keys }]),
  ];
  for (const [field, log] of wrong) assert.equal(fault(withLog(log)), field, JSON.stringify(log)?.slice(0, 300));
});
