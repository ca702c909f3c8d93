/** Ed25519 verification (RFC 8032 §5.1.7), as strict as the strictest: all verifiers of a receipt say the same. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { concat, toNumber } from "./bytes.js";

const { Point } = ed25519;

/** Says whether a signature of 64 octets verifies: with canonical encodings, without the cofactor, no point of small order. */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  // The library refuses a key of small order, but not such an R, and multiplies both sides by the cofactor.
  if (!ed25519.verify(signature, message, publicKey, { zip215: false })) return false;
  const r = Point.fromBytes(signature.subarray(0, 32));
  const s = littleEndian(signature.subarray(32));
  const k = Point.Fn.create(littleEndian(sha512(concat(signature.subarray(0, 32), publicKey, message))));
  const right = r.add(Point.fromBytes(publicKey).multiplyUnsafe(k));
  return !r.isSmallOrder() && Point.BASE.multiplyUnsafe(s).equals(right);
}

function littleEndian(octets: Uint8Array): bigint {
  return toNumber(Uint8Array.from(octets).reverse());
}
