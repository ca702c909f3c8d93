/**
 * ECVRF-SECP256K1-SHA256-TAI verification: RFC 9381 §5.3 by the rules of ECVRF-P256-SHA256-TAI, with
 * the curve secp256k1 and the suite octet 0xFE. Not the draft that some contracts implement.
 */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal, toNumber } from "./bytes.js";
import { Refusal } from "./refusal.js";

/** The suite's name, as receipts carry it. */
export const SUITE = "ECVRF-SECP256K1-SHA256-TAI";
/** Octets of a compressed point. */
export const POINT_BYTES = 33;
/** Octets of a proof: Γ 33 ‖ c 16 ‖ s 32. */
export const PROOF_BYTES = 81;

const { Point } = secp256k1;
export type Point = InstanceType<typeof Point>;

const SUITE_OCTET = 0xfe;

/** A well-formed proof. Whether it proves anything, {@link verifyProof} says. */
export interface Proof {
  gamma: Point;
  c: Uint8Array;
  s: bigint;
}

/** What a proof was checked with, which its form for contracts needs too. */
export interface Verified {
  proof: Proof;
  /** The public key. */
  y: Point;
  /** Alpha on the curve. */
  h: Point;
  /** s·B − c·Y. */
  u: Point;
  /** The hashes of the counters below the one that led to a point, in order. */
  skipped: Uint8Array[];
}

/** Decodes a proof (§5.4.4), so that each has one encoding. */
export function parseProof(octets: Uint8Array): Proof {
  const gamma = stringToPoint(octets.subarray(0, 33));
  if (!gamma) throw new Refusal("gamma, the first 33 bytes of the proof, is not a point of the curve");
  const s = toNumber(octets.subarray(49));
  if (!Point.Fn.isValid(s)) {
    throw new Refusal("s, the last 32 bytes of the proof, is not below the order of the group");
  }
  return { gamma, c: octets.subarray(33, 49), s };
}

/** Checks a proof for a public key and alpha (§5.3). Throws a {@link Refusal} that says what is wrong. */
export function verifyProof(publicKey: Uint8Array, alpha: Uint8Array, pi: Uint8Array): Verified {
  const y = parsePublicKey(publicKey);
  const proof = parseProof(pi);
  const { h, skipped } = encodeToCurve(publicKey, alpha);
  const minusC = Point.Fn.neg(toNumber(proof.c));
  const u = Point.BASE.mulAddUnsafe(proof.s, y, minusC);
  const v = h.mulAddUnsafe(proof.s, proof.gamma, minusC);
  if (!equal(challenge([y, h, proof.gamma, u, v]), proof.c)) {
    throw new Refusal("the proof does not verify for this public key and alpha");
  }
  return { proof, y, h, u, skipped };
}

/** Hashes Γ to the output (§5.2). It means something only if the proof verifies. */
export function beta(proof: Proof): Uint8Array {
  return sha256(concat(Uint8Array.of(SUITE_OCTET, 3), pointToString(proof.gamma), Uint8Array.of(0)));
}

/** Decodes a public key; the cofactor is 1 and the identity has no such encoding (§5.4.5). */
export function parsePublicKey(octets: Uint8Array): Point {
  const point = stringToPoint(octets);
  if (!point) throw new Refusal("the public key is not a compressed point of secp256k1");
  return point;
}

/** `ECVRF_encode_to_curve_try_and_increment` (§5.4.1.1): the lowest counter that leads to a point. */
function encodeToCurve(salt: Uint8Array, alpha: Uint8Array): { h: Point; skipped: Uint8Array[] } {
  const skipped: Uint8Array[] = [];
  for (let counter = 0; counter < 256; counter += 1) {
    const hash = sha256(concat(Uint8Array.of(SUITE_OCTET, 1), salt, alpha, Uint8Array.of(counter, 0)));
    const h = stringToPoint(concat(Uint8Array.of(2), hash));
    if (h) return { h, skipped };
    skipped.push(hash);
  }
  throw new Refusal("alpha cannot be encoded to the curve");
}

/** `ECVRF_challenge_generation` (§5.4.3) over Y, H, Γ, U and V; 16 octets. */
function challenge(points: Point[]): Uint8Array {
  const strings = points.map(pointToString);
  return sha256(concat(Uint8Array.of(SUITE_OCTET, 2), ...strings, Uint8Array.of(0))).subarray(0, 16);
}

/** SEC 1 §2.3.3 with compression. The identity is one zero octet. */
function pointToString(point: Point): Uint8Array {
  return point.is0() ? Uint8Array.of(0) : point.toBytes(true);
}

/** SEC 1 §2.3.4: 0x02 or 0x03 and an x-coordinate of the curve. */
function stringToPoint(octets: Uint8Array): Point | undefined {
  if (octets.length !== POINT_BYTES || (octets[0] !== 2 && octets[0] !== 3)) return undefined;
  try {
    return Point.fromBytes(octets);
  } catch {
    return undefined;
  }
}
