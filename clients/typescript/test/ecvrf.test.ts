/** ECVRF and its form for contracts: vectors of another implementation, flipped bits, encodings. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { equal, toHex } from "../src/bytes.js";
import { beta, parseProof, parsePublicKey, SUITE, verifyProof } from "../src/ecvrf.js";
import { evmProof } from "../src/evm.js";
import { Refusal } from "../src/refusal.js";
import { bytes, vectors } from "./vectors.js";

interface Case {
  public_key: string;
  alpha: string;
  counter: number;
  h: string;
  proof: string;
  evm_proof: string;
  beta: string;
}

const file = vectors<{ suite: string; cases: Case[] }>("ecvrf.json");

test("vectors", () => {
  assert.equal(file.suite, SUITE);
  assert.equal(file.cases.length, 49);
  assert.ok(file.cases.some((one) => one.counter > 4));
  for (const one of file.cases) {
    const [publicKey, alpha, pi] = [bytes(one.public_key), bytes(one.alpha), bytes(one.proof)];
    const verified = verifyProof(publicKey, alpha, pi);
    assert.equal(toHex(verified.h.toBytes(true)), `0x${one.h}`);
    assert.equal(verified.skipped.length, one.counter);
    assert.equal(toHex(beta(verified.proof)), `0x${one.beta}`);
    assert.equal(toHex(evmProof(publicKey, alpha, pi)), `0x${one.evm_proof}`);
  }
});

test("every flipped bit of a proof is refused", () => {
  const { public_key, alpha, proof } = file.cases[5] as Case;
  const good = bytes(proof);
  for (let bit = 0; bit < 8 * good.length; bit += 1) {
    const bad = Uint8Array.from(good, (octet, at) => (at === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));
    assert.throws(() => verifyProof(bytes(public_key), bytes(alpha), bad), Refusal, `bit ${bit}`);
  }
});

test("another alpha or key is refused", () => {
  const [one, two] = file.cases as [Case, Case];
  assert.throws(() => verifyProof(bytes(one.public_key), bytes("00"), bytes(one.proof)), Refusal);
  assert.throws(() => verifyProof(bytes(two.public_key), bytes(one.alpha), bytes(one.proof)), Refusal);
});

test("a proof of nonce zero, whose points U and V are the identity, verifies", () => {
  // k = 0: s = c·x, c over Y, H, Γ and two identities. From the secret key of the first case.
  const secret = vectors<{ cases: { secret_key: string }[] }>("ecvrf.json").cases[0]?.secret_key ?? "";
  const one = file.cases[0] as Case;
  const { y, h, proof } = verifyProof(bytes(one.public_key), bytes(one.alpha), bytes(one.proof));
  const pi = zeroNonceProof([y, h, proof.gamma].map((point) => point.toBytes(true)), BigInt(`0x${secret}`));
  const verified = verifyProof(bytes(one.public_key), bytes(one.alpha), pi);
  assert.ok(equal(beta(verified.proof), bytes(one.beta)));
  assert.throws(() => evmProof(bytes(one.public_key), bytes(one.alpha), pi), /has no EVM form/);
});

test("proofs and keys have one encoding", () => {
  const good = bytes((file.cases[0] as Case).proof);
  const with_ = (at: number, part: Uint8Array) => {
    const bad = Uint8Array.from(good);
    bad.set(part, at);
    return bad;
  };
  for (const tag of [0, 1, 4, 5, 6, 7, 255]) {
    assert.throws(() => parseProof(with_(0, Uint8Array.of(tag))), /gamma/);
    assert.throws(() => parsePublicKey(with_(0, Uint8Array.of(tag)).subarray(0, 33)), Refusal);
  }
  assert.throws(() => parseProof(with_(1, new Uint8Array(32).fill(255))), /gamma/);
  const order = bytes("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
  assert.throws(() => parseProof(with_(49, order)), /^Error: s, the last 32 bytes/);
  order[31] = 0x40;
  parseProof(with_(49, order));
  assert.throws(() => parsePublicKey(new Uint8Array(32)), Refusal);
});

/** Written out here, so that it does not rest on what it tests. */
function zeroNonceProof(points: Uint8Array[], secret: bigint): Uint8Array {
  const identity = Uint8Array.of(0);
  const hashed = Buffer.concat([Uint8Array.of(0xfe, 2), ...points, identity, identity, Uint8Array.of(0)]);
  const c = createHash("sha256").update(hashed).digest().subarray(0, 16);
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = ((BigInt(`0x${c.toString("hex")}`) * secret) % order).toString(16).padStart(64, "0");
  return Uint8Array.from(Buffer.concat([points[2] ?? identity, c, Buffer.from(s, "hex")]));
}
