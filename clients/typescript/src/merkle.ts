/** The Merkle tree of the log (RFC 6962 §2.1), and the proof that a leaf is in it (RFC 9162 §2.1.3). */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal } from "./bytes.js";
import { Refusal } from "./refusal.js";

/** Computes the hash of a leaf. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), entry));
}

/** Computes the hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/**
 * Checks that the leaf at `index` is in the tree of `size` leaves with this root (RFC 9162 §2.1.3.2);
 * the proof goes from the leaf to the root. Throws a {@link Refusal} that says what is wrong.
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  if (index >= size) throw new Refusal(`a tree of ${size} leaves has no leaf ${index}`);
  const wrongLength = `a proof for these sizes does not have ${proof.length} hashes`;
  let fn = index;
  let sn = size - 1n;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0n) throw new Refusal(wrongLength);
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      // A last node without a sibling is its parent too.
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) throw new Refusal(wrongLength);
  if (!equal(hash, root)) throw new Refusal("the proof does not lead to the root");
}

function isOdd(number: bigint): boolean {
  return (number & 1n) === 1n;
}
