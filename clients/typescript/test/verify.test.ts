/** Verifying: every case of the vectors, pins, requirements, and what is no document. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MalformedError, parseDocument, parseKeysDocument, type Pin, PinError, verify } from "../src/index.js";
import { type ReceiptCase, type ReceiptVectors, vectors } from "./vectors.js";

const { trusted, cases } = vectors<ReceiptVectors>("receipts.json");
const keys = JSON.stringify(trusted.keys);
const pins: Record<ReceiptCase["pin"], Pin | undefined> = {
  none: undefined,
  key_hash: { keyHash: trusted.key_hash },
  keys: { keys },
  signer: { signer: trusted.signer },
};
const NAMES = "key_hash key_id alpha vrf random evm digest schemes ecdsa signer mldsa65 inclusion checkpoint pin require".split(" ");

function valid(require: string): string {
  const found = cases.find((one) => one.verdict === "valid" && one.require === require && one.pin === "key_hash");
  assert.ok(found);
  return found.document;
}

function outcomeOf(one: ReceiptCase, name: string): string | undefined {
  return verify(one.document, { pin: pins[one.pin] }).checks.find((check) => check.name === name)?.outcome;
}

test("every case of vectors/receipts.json", () => {
  assert.ok(cases.length >= 500);
  for (const one of cases) {
    const report = verify(one.document, { pin: pins[one.pin], require: one.require });
    const got = { verdict: report.verdict, failed: report.failed, field: report.error?.field ?? null };
    assert.deepEqual(got, { verdict: one.verdict, failed: one.failed, field: one.field }, one.name);
    const order = report.checks.map((check) => NAMES.indexOf(check.name));
    assert.deepEqual(order, [...order].sort((a, b) => a - b), one.name);
    assert.ok(!order.includes(-1));
  }
  for (const verdict of ["valid", "self-consistent", "failed", "malformed"]) {
    assert.ok(cases.some((one) => one.verdict === verdict), verdict);
  }
  for (const name of NAMES) assert.ok(cases.some((one) => one.failed === name), name);
  assert.ok(cases.some((one) => outcomeOf(one, "checkpoint") === "passed"));
});

test("the second form of a signature is called by its name", () => {
  const details = cases
    .filter((one) => one.failed === "ecdsa")
    .flatMap((one) => verify(one.document, { pin: pins[one.pin] }).checks.filter((check) => check.name === "ecdsa"))
    .map((check) => check.detail);
  assert.ok(details.includes("s is in the upper half of its range"));
});

test("an address that fits another key than the one in keys is refused", () => {
  const document = JSON.parse(valid("dual")) as Record<string, unknown>;
  document["v"] = 55 - Number(document["v"]);
  const signer = verify(JSON.stringify(document)).checks.find((check) => check.name === "signer");
  document["signer_addr"] = signer?.inputs["recovered"];
  const { failed, checks } = verify(JSON.stringify(document), { pin: pins.key_hash });
  assert.equal(failed, "signer");
  assert.match(checks.find((check) => check.name === "signer")?.detail ?? "", /another key/);
});

test("octets and text are the same, and a pin may be an object or a list", () => {
  const text = valid("dual");
  const octets = new TextEncoder().encode(text);
  assert.equal(verify(octets, { pin: pins.key_hash }).verdict, "valid");
  assert.equal(verify(text, { pin: { keys: parseKeysDocument(keys) } }).verdict, "valid");
  const others = [`0x${"00".repeat(32)}`, trusted.key_hash];
  assert.equal(verify(text, { pin: { keyHash: others } }).verdict, "valid");
  assert.equal(verify(text, { pin: { keyHash: others.slice(0, 1) } }).failed, "pin");
  assert.equal(verify(text, { pin: { keyHash: [] } }).failed, "pin");
  assert.equal(verify(text, { pin: { signer: trusted.signer.toLowerCase() } }).verdict, "valid");
});

test("a pin that was meant is never taken for none", () => {
  const text = valid("dual");
  const wrong: unknown[] = [
    null, {}, "0x", { key_hash: trusted.key_hash }, { keyHash: undefined }, { keyHash: trusted.key_hash.toUpperCase() },
    { keyHash: trusted.key_hash, signer: trusted.signer }, { signer: trusted.signer.slice(2) }, { signer: undefined },
    { keys: "{}" }, { keys: text }, { keys: keys.replace('"active":"0x', '"active":"0x0') },
  ];
  for (const pin of wrong) assert.throws(() => verify(text, { pin: pin as Pin }), PinError, JSON.stringify(pin));
});

test("what is asked for must make sense", () => {
  const text = valid("dual");
  assert.throws(() => verify(text, { require: "mldsa" as "dual" }), TypeError);
  assert.throws(() => verify(JSON.parse(text) as string), TypeError);
});

test("without a pin nothing is valid and nothing is required", () => {
  const report = verify(valid("ecdsa"), { require: "mldsa65" });
  assert.equal(report.verdict, "self-consistent");
  const last = report.checks.slice(-2).map(({ name, outcome }) => [name, outcome]);
  assert.deepEqual(last, [["pin", "not checked"], ["require", "not checked"]]);
  assert.equal(verify(valid("ecdsa"), { pin: pins.key_hash }).failed, "require");
});

test("what is no document", () => {
  const says = (input: string | Uint8Array): string => verify(input).error?.message ?? "";
  for (const empty of ["", " ", "\r\n\t\f "]) assert.equal(says(empty), "the input is empty");
  for (const other of ["[]", "1", '"text"', "null", "true"]) {
    assert.equal(says(other), "the input is JSON, but not an object");
  }
  const broken = [
    "{", "not JSON", '{"a":1}x', "{'a':1}", '{"a":1,}', "[1,]", '{"a" 1}', "{a:1}", '"\u0001"', '"\\x"', '"\\ud800"', '"\\udc00"',
    '"\\ud800\\u0041"', "01", "+1", ".5", "1.", "1e", "1e999", "-", "nul", "tru", "\ufeff{}", '{"a":1}\u00a0', "[1}", '"',
  ];
  for (const text of broken) assert.match(says(text), /^the input is not valid JSON: /, text);
  assert.match(says(Uint8Array.of(0xff, 0xfe)), /not UTF-8/);
  assert.match(says(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`), /recursion limit/);
  assert.match(says("[".repeat(60_000)), /recursion limit/);
  assert.equal(says("{}"), "the field version is missing");
  assert.equal(says(" ".repeat(65_537)), "the input has 65537 bytes; at most 65536 are accepted");
  assert.equal(verify("{}").error?.field, "version");
  assert.match(says('{"a":1,\n "b" 2}'), /expected a colon at line 2 column 6/);
});

test("a stranger's field name is shortened and escaped", () => {
  const text = valid("dual").replace("{", `{"\\u001b[31m\\u202e${"x".repeat(500)}":1,`);
  const field = verify(text).error?.field ?? "";
  assert.ok(field.startsWith("\\u{1b}[31m\\u{202e}xx") && field.length < 80, field);
});

test("a name spelled with escapes is the same name", () => {
  const text = valid("dual").replace("{", '{"\\u0069d":"0x00",');
  assert.equal(verify(text).error?.message, "the field id appears twice");
});

test("a document says what it says", () => {
  const document = parseDocument(valid("dual"));
  assert.equal(document.kind, "vrf");
  assert.equal(document.schemes, 3);
  assert.throws(() => parseDocument("{}"), MalformedError);
});
