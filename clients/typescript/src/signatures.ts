/** The signatures of a document, each checked by itself over the digest recomputed here. */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";

import { addressOf } from "./address.js";
import { ascii, concat, equal, toNumber } from "./bytes.js";
import { parsePublicKey } from "./ecvrf.js";
import type { EcdsaSignature, Envelope } from "./envelope.js";
import { Refusal } from "./refusal.js";
import { ECDSA } from "./schemes.js";

const { Fn } = secp256k1.Point;

/** Returns r ‖ s ‖ v, whose numbers are in range, with s in the lower half. */
export function encodeSignature({ r, s, v }: EcdsaSignature): Uint8Array {
  if (v !== 27 && v !== 28) throw new Refusal(`v is ${v}, not 27 or 28`);
  const numbers = [toNumber(r), toNumber(s)];
  if (!numbers.every((number) => Fn.isValidNot0(number))) throw new Refusal("r and s must be between 1 and n - 1");
  if (toNumber(s) > Fn.ORDER >> 1n) throw new Refusal("s is in the upper half of its range");
  return concat(r, s, Uint8Array.of(v));
}

/** Checks the ECDSA signature under the key in `keys` (SEC 1 §4.1.4). */
export function verifyEcdsa(envelope: Envelope, ecdsa: EcdsaSignature, digest: Uint8Array): void {
  const signature = encodeSignature(ecdsa);
  if (envelope.schemes === ECDSA && !equal(envelope.pair.signature, signature)) {
    throw new Refusal("signature is not r, s and v");
  }
  parsePublicKey(envelope.keys.ecdsa);
  const options = { prehash: false, lowS: true, format: "compact" } as const;
  if (!secp256k1.verify(signature.subarray(0, 64), digest, envelope.keys.ecdsa, options)) {
    throw new Refusal("the ECDSA signature does not verify");
  }
}

/** Recovers the key under which r, s and v are valid (SEC 1 §4.1.6), and its address. */
export function recover(ecdsa: EcdsaSignature | null, digest: Uint8Array): { publicKey: Uint8Array; address: string } {
  if (!ecdsa) throw new Refusal("there is no ECDSA signature");
  const signature = encodeSignature(ecdsa).subarray(0, 64);
  try {
    const point = secp256k1.Signature.fromBytes(signature, "compact")
      .addRecoveryBit(ecdsa.v - 27)
      .recoverPublicKey(digest);
    return { publicKey: point.toBytes(true), address: addressOf(point.toBytes(false).subarray(1)) };
  } catch {
    throw new Refusal("the ECDSA signature does not verify");
  }
}

/** The bytes that ML-DSA-65 signs: `r4/receipt/v1`, a zero octet, the digest. */
export function mldsaMessage(digest: Uint8Array): Uint8Array {
  return concat(ascii("r4/receipt/v1\0"), digest);
}

/** Checks the ML-DSA-65 signature with the empty context (FIPS 204 Algorithm 3). */
export function verifyMldsa({ signature, publicKey }: Envelope["pair"], digest: Uint8Array): void {
  if (!ml_dsa65.verify(signature, mldsaMessage(digest), publicKey)) {
    throw new Refusal("the ML-DSA-65 signature does not verify");
  }
}
