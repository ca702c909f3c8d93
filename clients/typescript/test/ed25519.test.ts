/** Ed25519: RFC 8032's own signatures, and the points at which libraries differ. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { verifyEd25519 } from "../src/ed25519.js";
import { bytes } from "./vectors.js";

const { Point } = ed25519;

/** RFC 8032 §7.1, tests 1 to 3: public key, message, signature. */
const RFC_8032 = [
  [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

test("signatures of RFC 8032, and none with a bit flipped", () => {
  for (const [publicKey, message, signature] of RFC_8032) {
    const [key, text, good] = [bytes(publicKey), bytes(message), bytes(signature)];
    assert.ok(verifyEd25519(good, text, key));
    assert.ok(!verifyEd25519(good, Buffer.concat([text, Uint8Array.of(0)]), key));
    for (let bit = 0; bit < 512; bit += 31) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.ok(!verifyEd25519(bad, text, key), `bit ${bit}`);
    }
  }
});

const littleEndian = (number: bigint) => bytes(number.toString(16).padStart(64, "0")).reverse();
const toNumber = (octets: Uint8Array) => BigInt(`0x${Buffer.from(octets).reverse().toString("hex")}`);
const EIGHT = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");

/** A signature of which R and the key are shifted by points of small order, with the message that makes it fit. */
function shifted(secret: bigint, nonce: bigint, ofKey: typeof EIGHT, ofR: typeof EIGHT) {
  const publicKey = (secret === 0n ? Point.ZERO : Point.BASE.multiply(secret)).add(ofKey).toBytes();
  const r = (nonce === 0n ? Point.ZERO : Point.BASE.multiply(nonce)).add(ofR).toBytes();
  const message = Buffer.from("message");
  const k = Point.Fn.create(toNumber(sha512(Buffer.concat([r, publicKey, message]))));
  const s = Point.Fn.create(nonce + k * secret);
  return { publicKey, message, signature: Buffer.concat([r, littleEndian(s)]) };
}

test("no point of small order, no cofactor, no second form of s", () => {
  const good = shifted(5n, 7n, Point.ZERO, Point.ZERO);
  assert.ok(verifyEd25519(good.signature, good.message, good.publicKey));
  const high = Buffer.concat([good.signature.subarray(0, 32), littleEndian(toNumber(good.signature.subarray(32)) + Point.Fn.ORDER)]);
  assert.ok(!verifyEd25519(high, good.message, good.publicKey));
  const refused = {
    "R is the identity": shifted(5n, 0n, Point.ZERO, Point.ZERO),
    "R is of order 8": shifted(5n, 0n, Point.ZERO, EIGHT),
    "R is of mixed order": shifted(5n, 7n, Point.ZERO, EIGHT),
    "the key is the identity": shifted(0n, 7n, Point.ZERO, Point.ZERO),
    "the key is of order 8": shifted(0n, 7n, EIGHT, Point.ZERO),
  };
  for (const [what, { signature, message, publicKey }] of Object.entries(refused)) {
    assert.ok(!verifyEd25519(signature, message, publicKey), what);
  }
  // What the library alone takes, others do not.
  const { signature, message, publicKey } = refused["R is of mixed order"];
  assert.ok(ed25519.verify(signature, message, publicKey, { zip215: false }));
});
