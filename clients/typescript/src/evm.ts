/**
 * The form of a proof that contracts take, and the call that takes it. There is one such form for a
 * proof, so that a verifier recomputes it and compares.
 */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

import { ascii, bigEndian, concat, toNumber } from "./bytes.js";
import { type Point, verifyProof } from "./ecvrf.js";
import { Refusal } from "./refusal.js";

const { Fp, Fn } = secp256k1.Point;
const VERIFY_FULL = "verifyFull((bytes32,uint64,bytes32,bytes32,uint64,uint8),bytes,bytes,bytes,bytes)";

/**
 * Writes `π ‖ U ‖ A ‖ B ‖ λ ‖ w₁ ‖ … ‖ wₖ`: A = s·H, B = c·Γ, λ the slope of the line through A and −B,
 * and for each skipped hash that is a coordinate the even root of −(x³ + 7).
 * Throws a {@link Refusal} where the proof does not verify or has no such form.
 */
export function evmProof(publicKey: Uint8Array, alpha: Uint8Array, pi: Uint8Array): Uint8Array {
  const { proof, y, h, u, skipped } = verifyProof(publicKey, alpha, pi);
  if ([y, h, proof.gamma].some((point) => !Fn.isValid(point.x))) {
    throw new Refusal("the proof has no EVM form: the x-coordinate of Y, H or gamma is not below the order");
  }
  const points = [u, h.multiplyUnsafe(proof.s), proof.gamma.multiplyUnsafe(toNumber(proof.c))];
  if (points.some((point) => point.is0())) {
    throw new Refusal("the proof has no EVM form: one of the points U, A and B is the identity");
  }
  const [, a, b] = points as [Point, Point, Point];
  if (a.x === b.x) {
    throw new Refusal("the proof has no EVM form: the points A and B have the same x-coordinate");
  }
  const lambda = Fp.div(Fp.add(a.y, b.y), Fp.sub(a.x, b.x));
  const roots = skipped.map(toNumber).filter((x) => Fp.isValid(x)).map(root);
  const numbers = [...points.flatMap((point) => [point.x, point.y]), lambda, ...roots];
  return concat(pi, ...numbers.map(word));
}

/** What a call of `verifyFull` carries. */
export interface Call {
  keyHash: Uint8Array;
  index: bigint;
  alpha: Uint8Array;
  random: Uint8Array;
  timestamp: bigint;
  schemes: number;
  /** r ‖ s ‖ v. */
  signature: Uint8Array;
  publicKey: Uint8Array;
  /** The form for contracts. */
  proof: Uint8Array;
}

/** Writes the call of `R4ReceiptVerifier.verifyFull` (Contract ABI specification). */
export function evmCall(call: Call): Uint8Array {
  const receipt = [
    call.keyHash, word(call.index), keccak_256(call.alpha), call.random, word(call.timestamp), word(BigInt(call.schemes)),
  ];
  const tails = [call.signature, call.publicKey, call.alpha, call.proof].map(dynamic);
  let offset = 32 * (receipt.length + tails.length);
  const offsets = tails.map((tail) => {
    const at = word(BigInt(offset));
    offset += tail.length;
    return at;
  });
  return concat(keccak_256(ascii(VERIFY_FULL)).subarray(0, 4), ...receipt, ...offsets, ...tails);
}

/** The even root of −(x³ + 7); there is one where x³ + 7 has none, for −1 is no square. */
function root(x: bigint): bigint {
  const w = Fp.sqrt(Fp.neg(Fp.add(Fp.mul(Fp.sqr(x), x), 7n)));
  return w % 2n === 0n ? w : Fp.neg(w);
}

/** A `bytes` value: its length, then its octets padded to whole words. */
function dynamic(bytes: Uint8Array): Uint8Array {
  return concat(word(BigInt(bytes.length)), bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
}

function word(number: bigint): Uint8Array {
  return bigEndian(number, 32);
}
