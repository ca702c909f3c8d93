/** Signed notes, the keys of notes, and checkpoints: what is read, and every way in which one is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

import { toHex } from "../src/bytes.js";
import { parseCheckpoint, verifySignatures } from "../src/checkpoint.js";
import { verifyEd25519 } from "../src/ed25519.js";
import { parseNote } from "../src/note.js";
import { ED25519, MLDSA44, type NoteKey as Key, parseNoteKey } from "../src/note-key.js";
import { Refusal } from "../src/refusal.js";
import { base64, cosigned, makeLog, NoteKey } from "./log.js";

/** The example of golang.org/x/mod/sumdb/note. */
const VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const LINE =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const NOTE = `${TEXT}\n${LINE}`;

const refused = (says: RegExp) => (error: unknown) => error instanceof Refusal && says.test(error.message);

function read(vkey: string, type: typeof ED25519 | typeof MLDSA44): Key {
  const key = parseNoteKey(vkey, type);
  assert.ok(key, vkey);
  return key;
}

test("the example of Go's implementation", () => {
  const key = read(VKEY, ED25519);
  const { text, signatures } = parseNote(NOTE);
  assert.equal(text, TEXT);
  const [line, ...more] = signatures;
  assert.deepEqual([line?.name, line?.keyId, more], ["PeterNeumann", key.id, []]);
  assert.equal(toHex(key.id), "0xc74f20a3");
  assert.ok(line && verifyEd25519(line.bytes, Buffer.from(text), key.publicKey));
});

test("a text may have empty lines; the last one ends it", () => {
  assert.equal(parseNote(`\n\na\n\n\n${LINE}`).text, "\n\na\n\n");
  assert.equal(parseNote(`${TEXT}\n${LINE}— other AAAAAAA=\n`).signatures.length, 2);
  assert.equal(parseNote(`${TEXT}\n${LINE.repeat(100)}`).signatures.length, 100);
});

test("what is no note", () => {
  const wrong: [string, RegExp][] = [
    ["", /empty line/], [TEXT, /empty line/], [TEXT + LINE, /empty line/], [`${TEXT}\n`, /1 to 100/],
    [`${TEXT}\n${LINE.repeat(101)}`, /1 to 100/], [NOTE.slice(0, -1), /line 1/], [`${NOTE}x`, /line 2/], [`${NOTE}\n`, /1 to 100/],
    [NOTE.replace("If", "I\tf"), /control/], [NOTE.replace("If", "I\rf"), /control/], [NOTE.replace("If", "I\0f"), /control/],
    [NOTE.replace("— ", "- "), /line 1/], [NOTE.replace("— ", "—"), /line 1/], [NOTE.replace("— ", "—  "), /line 1/],
    [NOTE.replace("PeterNeumann", "Peter+Neumann"), /line 1/], [NOTE.replace("PeterNeumann", "Peter\u0085Neumann"), /line 1/],
    [NOTE.replace("PeterNeumann", "Peter\u3000Neumann"), /line 1/], [NOTE.replace("PeterNeumann ", ""), /line 1/],
    [NOTE.replace("PeterNeumann ", "PeterNeumann  "), /line 1/], [NOTE.replace("AM=\n", "AM=\u00a0\n"), /line 1/],
    [NOTE.replace("AM=", "AM"), /line 1/], [NOTE.replace("AM=", "AN="), /line 1/], [NOTE.replace("x08go/", "x08go_"), /line 1/],
    [`${TEXT}\n— PeterNeumann x08gow==\n`, /line 1/], [`${TEXT}\n— PeterNeumann \n`, /line 1/],
  ];
  for (const [note, says] of wrong) assert.throws(() => parseNote(note), refused(says), JSON.stringify(note));
});

test("a key has one form, and is of the type that is asked for", () => {
  const [classical, postQuantum] = makeLog(1).keys.keys;
  assert.equal(read(classical, ED25519).publicKey.length, 32);
  assert.equal(read(postQuantum, MLDSA44).publicKey.length, 1312);
  const long = (length: number) => new NoteKey("n".repeat(length), 1, new Uint8Array(32)).vkey();
  assert.equal(read(long(255), ED25519).name.length, 255);
  const wrong = [
    "", "+", "++", VKEY.replace("+c74f20a3", ""), VKEY.replace("c74f20a3", "C74F20A3"), VKEY.replace("c74f20a3", "c74f20a4"),
    VKEY.replace("c74f20a3", "c74f20a"), VKEY.replace("Peter", "peter"), VKEY.replace("PeterNeumann", ""), `${VKEY}=`, `${VKEY}\n`,
    VKEY.replace("ARpc", "BRpc"), VKEY.slice(0, -4), postQuantum, long(256),
    new NoteKey("a b", 1, new Uint8Array(32)).vkey(), new NoteKey("a\0b", 1, new Uint8Array(32)).vkey(),
    new NoteKey("a+b", 1, new Uint8Array(32)).vkey(), new NoteKey("a", 1, new Uint8Array(31)).vkey(),
    new NoteKey("a", 4, new Uint8Array(32)).vkey(), new NoteKey("a", 6, new Uint8Array(1312)).vkey(),
  ];
  for (const text of wrong) assert.equal(parseNoteKey(text, ED25519), undefined, text);
  assert.equal(parseNoteKey(classical, MLDSA44), undefined);
});

const log = makeLog(1);
const ROOT = new Uint8Array(32).fill(7);
const good = log.checkpoint(9n, ROOT);
const [ed25519Key, mldsa44Key] = [read(log.keys.keys[0], ED25519), read(log.keys.keys[1], MLDSA44)];
const [ed25519Line = "", mldsa44Line = ""] = good.split("\n").slice(4);

const verifiesBoth = (text: string) => {
  const checkpoint = parseCheckpoint(text);
  for (const key of [ed25519Key, mldsa44Key]) verifySignatures(checkpoint, key);
};

test("a checkpoint says what it says", () => {
  const { origin, size, root } = parseCheckpoint(good);
  assert.deepEqual([origin, size, root], [log.origin, 9n, ROOT]);
  assert.equal(parseCheckpoint(log.checkpoint(2n ** 64n - 1n, ROOT)).size, 2n ** 64n - 1n);
  assert.equal(parseCheckpoint(log.checkpoint(0n, ROOT)).size, 0n);
});

test("what is a note but no checkpoint", () => {
  const [origin, size, root] = good.split("\n");
  const lines = `${ed25519Line}\n${mldsa44Line}\n`;
  const wrong: [string, RegExp][] = [
    [`${origin}\n${size}\n\n${lines}`, /three lines/], [`${origin}\n${size}\n${root}\nmore\n\n${lines}`, /three lines/],
    [`${origin}\n${size}\n${root}\n\n\n${lines}`, /three lines/], [`\n${size}\n${root}\n\n${lines}`, /origin/],
    [`${"o".repeat(256)}\n${size}\n${root}\n\n${lines}`, /origin/], [`${origin}\n09\n${root}\n\n${lines}`, /size/],
    [`${origin}\n\n${root}\n\n${lines}`, /size/], [`${origin}\n-1\n${root}\n\n${lines}`, /size/],
    [`${origin}\n18446744073709551616\n${root}\n\n${lines}`, /size/], [`${origin}\n9 \n${root}\n\n${lines}`, /size/],
    [`${origin}\n9\n${base64(ROOT.subarray(1))}\n\n${lines}`, /root/], [`${origin}\n9\n${root?.slice(0, -1)}\n\n${lines}`, /root/],
    [good.replaceAll("\n", "\r\n"), /control/],
  ];
  for (const [text, says] of wrong) assert.throws(() => parseCheckpoint(text), refused(says), JSON.stringify(text.slice(0, 100)));
});

test("both keys of a log sign, and every line of theirs counts", () => {
  verifiesBoth(good);
  verifiesBoth(`${good}${ed25519Line}\n`);
  verifiesBoth(`${good}${makeLog(2, "witness.example.org").checkpoint(9n, ROOT).split("\n").slice(4).join("\n")}`);
  verifiesBoth(`${good}${makeLog(2).checkpoint(9n, ROOT).split("\n").slice(4).join("\n")}`);
  const other = log.checkpoint(10n, ROOT).split("\n");
  const wrong: [string, RegExp][] = [
    [good.replace(`${ed25519Line}\n`, ""), /no signature of this key/],
    [good.replace(`${mldsa44Line}\n`, ""), /no signature of this key/],
    [good.replace("\n9\n", "\n8\n"), /does not verify/],
    [`${good}${other[4]}\n`, /does not verify/], [`${good}${other[5]}\n`, /does not verify/],
    [good.replace(ed25519Line, other[4] ?? ""), /does not verify/], [good.replace(mldsa44Line, other[5] ?? ""), /does not verify/],
    [makeLog(1, "other.example.org").checkpoint(9n, ROOT), /no signature of this key/],
    [makeLog(2).checkpoint(9n, ROOT), /no signature of this key/],
  ];
  for (const [text, says] of wrong) assert.throws(() => verifiesBoth(text), refused(says));
});

test("the time of a cosignature is signed, and is never 0 nor above 2^63 - 1", () => {
  verifiesBoth(log.checkpoint(9n, ROOT, 1n));
  verifiesBoth(log.checkpoint(9n, ROOT, 2n ** 63n - 1n));
  for (const time of [0n, 2n ** 63n, 2n ** 64n - 1n]) {
    assert.throws(() => verifiesBoth(log.checkpoint(9n, ROOT, time)), refused(/time of the signature/));
  }
  const octets = Buffer.from(mldsa44Line.split(" ")[2] ?? "", "base64");
  octets[11] = (octets[11] ?? 0) ^ 1;
  assert.throws(() => verifiesBoth(good.replace(mldsa44Line, `— ${log.origin} ${base64(octets)}`)), refused(/does not verify/));
});

test("signatures of another length are refused", () => {
  for (const [line, says] of [[ed25519Line, /has 64 bytes, not 65/], [mldsa44Line, /has 2428 bytes, not 2429/]] as const) {
    const octets = Buffer.concat([Buffer.from(line.split(" ")[2] ?? "", "base64"), Uint8Array.of(0)]);
    assert.throws(() => verifiesBoth(good.replace(line, `— ${log.origin} ${base64(octets)}`)), refused(says));
  }
});

test("a cosignature of another context, cosigner or subtree is none", () => {
  const { secretKey, publicKey } = ml_dsa44.keygen(new Uint8Array(32).fill(1));
  const key = new NoteKey(log.origin, MLDSA44, publicKey);
  const line = (message: Uint8Array, options: object = {}) => {
    const signature = ml_dsa44.sign(message, secretKey, { extraEntropy: false, ...options });
    const time = Buffer.from("000000006ab13b80", "hex");
    return good.replace(`${mldsa44Line}\n`, key.line(Buffer.concat([time, signature])));
  };
  const time = 0x6ab13b80n;
  const message = cosigned(log.origin, time, log.origin, 9n, ROOT);
  verifiesBoth(line(message));
  const subtree = Buffer.from(message);
  subtree[subtree.length - 41] = 1; // the last octet of start
  const others = [
    line(message, { context: Uint8Array.of(1) }), line(cosigned("other", time, log.origin, 9n, ROOT)),
    line(cosigned(log.origin, time, "other", 9n, ROOT)), line(cosigned(log.origin, time, log.origin, 8n, ROOT)), line(subtree),
    line(cosigned(log.origin, time + 1n, log.origin, 9n, ROOT)),
  ];
  for (const text of others) assert.throws(() => verifiesBoth(text), refused(/does not verify/));
});
